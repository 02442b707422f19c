"""The edge of the REST surface: one call, one connection, one transaction, committed here.

An ASGI layer around the REST routes. It finds out who calls (one round trip that also opens the
transaction onto their tenant), answers a repeated `Idempotency-Key` with the first answer, runs
the route, and commits if the answer is a success and rolls back if it is not. Answers of writing
calls are held back until the commit is done: nobody is told of a change that is not durable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
import psycopg
import psycopg_pool
import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Reason
from seatwright.domain.tenants import TenantState
from seatwright.identity.secrets import digest_of
from seatwright.postgres.idempotency import (
    IDEMPOTENCY_KEY_LENGTH_MAX,
    KeptAnswer,
    find_answer,
    keep_answer,
    try_hold_key,
)
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import Authenticated, authenticate
from seatwright.postgres.transaction import Transaction
from seatwright.web.problems import STATUS_OF, problem

log = structlog.get_logger(__name__)

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BODY_BYTES_MAX = 64 * 1024 * 1024
"""The largest body: an import of some 400,000 people."""

AfterCommit = Callable[[], Awaitable["Answer | None"]]
"""Work that must see the commit (waiting for a job); it may replace the answer."""


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


class Edge:
    """Wraps the REST application; see the module's words."""

    __slots__ = ("_app", "_clock", "_database")

    def __init__(self, app: ASGIApp, *, database: Database, clock: Clock) -> None:
        self._app = app
        self._database = database
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        headers = {name.lower(): value for name, value in scope["headers"]}
        correlation = _correlation(headers)
        structlog.contextvars.bind_contextvars(correlation=str(correlation))
        try:
            async with self._database.pool.connection() as connection:
                await self._serve(scope, receive, send, connection, headers, correlation)
        except psycopg_pool.PoolTimeout:
            log.warning("no database connection was free in time")
            await _unavailable().send(send)
        except (psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database went away during a call", exc_info=True)
            await _unavailable().send(send)
        finally:
            structlog.contextvars.unbind_contextvars("correlation")

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        connection: AsyncConnection[TupleRow],
        headers: dict[bytes, bytes],
        correlation: UUID,
    ) -> None:
        who = await _who(connection, headers)
        if isinstance(who, Answer):
            await connection.rollback()
            await who.send(send)
            return
        call = Call(
            tx=Transaction(connection, who.tenant.tenant_id, self._database.dictionary),
            tenant=who.tenant,
            principal=who.principal,
            now=self._clock.now(),
            correlation=correlation,
        )
        scope["state"]["call"] = call
        if scope["method"] in READING_METHODS:
            await self._app(scope, receive, send)
            await connection.rollback()
            return
        await self._write(scope, receive, send, call, headers)

    async def _write(
        self, scope: Scope, receive: Receive, send: Send, call: Call, headers: dict[bytes, bytes]
    ) -> None:
        key = headers.get(b"idempotency-key")
        if key is None:
            answer = await self._run(scope, receive, call)
        else:
            answer = await self._run_once(scope, receive, call, key.decode("latin-1"))
        if answer.status < 400:
            await call.tx.connection.commit()
            call.tx.remember()
            after: AfterCommit | None = scope["state"].get("after_commit")
            if after is not None:
                answer = await after() or answer
        else:
            await call.tx.connection.rollback()
        answer.headers.append((b"x-correlation-id", str(call.correlation).encode()))
        await answer.send(send)

    async def _run(self, scope: Scope, receive: Receive, call: Call) -> Answer:
        held = Held()
        await self._app(scope, receive, held)
        return held.answer()

    async def _run_once(self, scope: Scope, receive: Receive, call: Call, key: str) -> Answer:
        """Run the route unless this key was seen: then the first answer again."""
        if not key or len(key) > IDEMPOTENCY_KEY_LENGTH_MAX:
            return refuse(
                Reason.INVALID_VALUE,
                f"The Idempotency-Key has {len(key)} characters: give 1 to"
                f" {IDEMPOTENCY_KEY_LENGTH_MAX}.",
            )
        body = await _read_body(receive)
        if body is None:
            return _too_large()
        route = f"{scope['method']} {scope['path']}?{scope.get('query_string', b'').decode()}"
        digest = hashlib.sha256(body).digest()
        principal = call.principal.principal_no
        if not await try_hold_key(call.tx, principal=principal, route=route, key=key):
            return refuse(
                Reason.CALL_IN_PROGRESS,
                f"The first call with Idempotency-Key “{key}” is still running: ask again later.",
            )
        kept = await find_answer(call.tx, principal=principal, route=route, key=key, now=call.now)
        if kept is not None:
            return _replay(kept, digest=digest, key=key)
        answer = await self._run(scope, _receive_of(body), call)
        if answer.status < 400:
            await keep_answer(
                call.tx,
                KeptAnswer(
                    body_digest=digest,
                    status=answer.status,
                    headers=[(n.decode(), v.decode("latin-1")) for n, v in answer.headers],
                    body=answer.body,
                ),
                principal=principal,
                route=route,
                key=key,
                at=call.now,
            )
        return answer


async def _who(
    connection: AsyncConnection[TupleRow], headers: dict[bytes, bytes]
) -> Authenticated | Answer:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return _not_signed_in(
            "This needs a token. Send it as “Authorization: Bearer TOKEN”;"
            " `seatwright token create NAME --role ROLE` makes one."
        )
    who = await authenticate(connection, digest_of(token.strip()))
    if who is None:
        return _not_signed_in(
            "The token is unknown or was revoked."
            " `seatwright token create NAME --role ROLE` makes a new one."
        )
    if who.tenant.state is TenantState.SUSPENDED:
        return refuse(
            Reason.ROLE_MISSING,
            f"The tenant “{who.tenant.name}” is suspended: every call is refused until the"
            " operator lets it work again with `seatwright tenant resume`.",
        )
    return who


def refuse(reason: Reason, detail: str) -> Answer:
    """A problem+json answer made outside the routes."""
    return _problem(STATUS_OF[reason], reason.value, detail)


def _problem(status: int, code: str, detail: str, *extra: tuple[bytes, bytes]) -> Answer:
    body = msgspec.json.encode(problem(status=status, code=code, detail=detail))
    return Answer(status, [(b"content-type", b"application/problem+json"), *extra], body)


def _not_signed_in(detail: str) -> Answer:
    return _problem(401, Reason.NOT_SIGNED_IN.value, detail, (b"www-authenticate", b"Bearer"))


def _unavailable() -> Answer:
    return _problem(
        503,
        "unavailable",
        "The database cannot be reached right now. Nothing was changed: try again in a moment.",
        (b"retry-after", b"1"),
    )


def _too_large() -> Answer:
    return _problem(
        413,
        "bodyTooLarge",
        f"The body is larger than {BODY_BYTES_MAX // 2**20} MiB: split the file and send the"
        " parts one after another.",
    )


def _replay(kept: KeptAnswer, *, digest: bytes, key: str) -> Answer:
    if kept.body_digest != digest:
        return refuse(
            Reason.KEY_REUSED,
            f"Idempotency-Key “{key}” came with another body before: use a new key for a new call.",
        )
    headers = [(name.encode(), value.encode("latin-1")) for name, value in kept.headers]
    return Answer(kept.status, [*headers, (b"idempotency-replayed", b"true")], kept.body)


def _correlation(headers: dict[bytes, bytes]) -> UUID:
    try:
        return UUID(headers.get(b"x-correlation-id", b"").decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return uuid4()


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None when it is larger than a body may be."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(chunks)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_BYTES_MAX:
            return None
        if not message.get("more_body", False):
            return b"".join(chunks)


def _receive_of(body: bytes) -> Receive:
    """A `receive` that hands a body over that was read already."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive
