"""Running a writing call once for each `Idempotency-Key`: a repeated one gets the first answer."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping

from litestar.types import HTTPScope

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.idempotency import (
    IDEMPOTENCY_KEY_LENGTH_MAX,
    KeptAnswer,
    find_answer,
    keep_answer,
    try_hold_key,
)
from seatwright.web.answers import Answer, refuse

Route = Callable[[], Awaitable[Answer]]


def key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The key that a call carries; raises Refusal invalidValue for one that cannot be kept."""
    header = headers.get(b"idempotency-key")
    if header is None:
        return None
    key = header.decode("latin-1")
    if not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH_MAX or not key.isprintable():
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The Idempotency-Key has {len(key)} characters: give 1 to"
            f" {IDEMPOTENCY_KEY_LENGTH_MAX} printable ones.",
        )
    return key


async def answer_once(scope: HTTPScope, body: bytes, key: str, route: Route) -> Answer:
    """Run the route unless this key was seen: then the first answer again."""
    call: Call = scope["state"]["call"]
    address = _route_of(scope)
    digest = hashlib.sha256(body).digest()
    principal = call.principal.principal_no
    if not await try_hold_key(call.tx, principal=principal, route=address, key=key):
        return refuse(
            Reason.CALL_IN_PROGRESS,
            f"The first call with Idempotency-Key “{key}” is still running: ask again later.",
        )
    kept = await find_answer(call.tx, principal=principal, route=address, key=key, now=call.now)
    if kept is not None:
        return _replay(kept, digest=digest, key=key)
    answer = await route()
    if answer.status < 400:
        kept_answer = _secret_was_shown() if _shows_secret(scope) else answer
        await keep_answer(
            call.tx,
            KeptAnswer(
                body_digest=digest,
                status=kept_answer.status,
                headers=[(n.decode(), v.decode("latin-1")) for n, v in kept_answer.headers],
                body=kept_answer.body,
            ),
            principal=principal,
            route=address,
            key=key,
            at=call.now,
        )
    return answer


def _route_of(scope: HTTPScope) -> str:
    """What a key belongs to beside its principal: the method and the whole address.

    A digest of the address, because it may be longer than an index takes, and hold characters
    that no text of the database does.
    """
    address = scope["path"].encode(errors="surrogatepass") + b"?" + scope["query_string"]
    return f"{scope['method']} {hashlib.sha256(address).hexdigest()}"


def _shows_secret(scope: HTTPScope) -> bool:
    """Whether the route said that its answer holds a secret, which is stored nowhere."""
    return bool(scope["state"].get("shows_secret"))


def _secret_was_shown() -> Answer:
    """What a repeated call is told instead of a secret that is shown once."""
    return refuse(
        Reason.ALREADY_DECIDED,
        "The first call with this Idempotency-Key was done, and its secret is shown once and kept"
        " nowhere. Rotate the token or client to get a new secret.",
    )


def _replay(kept: KeptAnswer, *, digest: bytes, key: str) -> Answer:
    if kept.body_digest != digest:
        return refuse(
            Reason.KEY_REUSED,
            f"Idempotency-Key “{key}” came with another body before: use a new key for a new call.",
        )
    headers = [(name.encode(), value.encode("latin-1")) for name, value in kept.headers]
    return Answer(kept.status, [*headers, (b"idempotency-replayed", b"true")], kept.body)
