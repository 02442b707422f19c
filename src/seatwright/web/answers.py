"""Answers as values: made outside the routes, or held back until a commit is done."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from litestar.types import Message, Send

from seatwright.domain.errors import Reason
from seatwright.web.problems import STATUS_OF, problem

BODY_BYTES_MAX = 64 * 1024 * 1024
"""The largest body: an import of some 400,000 people."""


@dataclass(slots=True)
class Answer:
    """An HTTP answer as a value."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send) -> None:
        """Put it on the wire."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


@dataclass(slots=True)
class Held:
    """A `send` that keeps the answer instead of sending it."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        """Take one ASGI message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(bytes(name), bytes(value)) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            self.chunks.append(message.get("body", b""))

    def answer(self) -> Answer:
        """What was kept."""
        return Answer(self.status, self.headers, b"".join(self.chunks))


def refuse(reason: Reason, detail: str) -> Answer:
    """A problem+json answer made outside the routes."""
    return answer_problem(STATUS_OF[reason], reason.value, detail)


def answer_problem(status: int, code: str, detail: str, *extra: tuple[bytes, bytes]) -> Answer:
    """A problem+json answer with a code that is no domain reason."""
    body = msgspec.json.encode(problem(status=status, code=code, detail=detail))
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        *extra,
    ]
    return Answer(status, headers, body)


def not_signed_in(detail: str) -> Answer:
    """401, with the one scheme there is."""
    return answer_problem(401, Reason.NOT_SIGNED_IN.value, detail, (b"www-authenticate", b"Bearer"))


def unavailable() -> Answer:
    """503: the database cannot be reached, and nothing was changed."""
    return answer_problem(
        503,
        "unavailable",
        "The database cannot be reached right now. Nothing was changed: try again in a moment.",
        (b"retry-after", b"1"),
    )


def too_busy() -> Answer:
    """503: other calls stood in the way each time, and nothing was changed."""
    return answer_problem(
        503,
        "tooBusy",
        "Other calls changed the same people or products at the same moment, again and again."
        " Nothing was changed: try again in a moment.",
        (b"retry-after", b"1"),
    )


def outcome_unknown() -> Answer:
    """503: the connection broke while the change was being stored."""
    return answer_problem(
        503,
        "outcomeUnknown",
        "The database went away while the change was being stored, so it is not known whether it"
        " was. Look before you send it again; with an Idempotency-Key sending it again is safe.",
        (b"retry-after", b"1"),
    )


def too_large() -> Answer:
    """413."""
    return answer_problem(
        413,
        "bodyTooLarge",
        f"The body is larger than {BODY_BYTES_MAX // 2**20} MiB: split the file and send the"
        " parts one after another.",
    )


def internal_error() -> Answer:
    """500: a bug, logged with its trace and answered without it."""
    return answer_problem(
        500,
        "internalError",
        "seatwright could not finish this call, and nothing was changed. The correlation id in the"
        " answer's headers finds the cause in the logs.",
    )
