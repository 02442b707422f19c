"""The edge of the REST surface: one call, one connection, one transaction, committed here.

An ASGI layer around the REST routes. It finds out who calls (one round trip that also opens the
transaction onto their tenant), answers a repeated `Idempotency-Key` with the first answer, runs
the route, and commits if the answer is a success and rolls back if it is not. Answers of writing
calls are held back until the commit is done: nobody is told of a change that is not durable. A
writing call that another one stood in the way of (deadlock, serialization) is run again whole.

A preview is the call itself, rolled back (`docs/decisions/0011-preview-is-the-call.md`): it takes
the same way up to the commit, and is answered from the ledger of what it did.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from uuid import UUID

import psycopg
import psycopg_pool
import structlog
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.app.preview import look_before, preview_of
from seatwright.app.preview_difference import remember_preview
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Reason, Refusal
from seatwright.postgres.pool import Database, is_standoff
from seatwright.postgres.principals import Authenticated
from seatwright.postgres.transaction import Transaction
from seatwright.web.answers import (
    BODY_BYTES_MAX,
    Answer,
    Held,
    internal_error,
    not_signed_in,
    outcome_unknown,
    refuse,
    too_busy,
    too_large,
    unavailable,
)
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError, receive_of
from seatwright.web.connections import borrowed, run_again
from seatwright.web.failures import Failures
from seatwright.web.foresight import AS_IT_IS, Asked, asked_of
from seatwright.web.held import told_held
from seatwright.web.once import answer_once, key_of
from seatwright.web.rest.preview import preview_answer
from seatwright.web.rest.world_moved import answer_if_same
from seatwright.web.who import Stranger, only_for_graph, who_calls

log = structlog.get_logger(__name__)

READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

AfterCommit = Callable[[Database], Awaitable[Answer | None]]
"""Work that must see the commit (waiting for a job); it may replace the answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a writing call came to, once it is committed or rolled back."""

    answer: Answer
    after: AfterCommit | None = None


class Edge:
    """Wraps the REST application; see the module's words.

    `public_url` is where people reach seatwright: what is mailed leads there, whatever Host asked.
    """

    __slots__ = ("_app", "_clock", "_database", "_public_url")

    def __init__(
        self, app: ASGIApp, *, database: Database, clock: Clock, public_url: str = ""
    ) -> None:
        self._app = app
        self._database = database
        self._clock = clock
        self._public_url = public_url.rstrip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        cast(HTTPScope, scope)["state"]["public_url"] = self._public_url
        sender = _Sender(send)
        try:
            await self._serve(cast(HTTPScope, scope), receive, sender)
        except psycopg_pool.PoolTimeout:
            log.warning("no database connection was free in time")
            await sender.instead(unavailable())
        except (psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database went away during a call", exc_info=True)
            await sender.instead(unavailable())
        except CallerGoneError:
            log.info("the caller hung up before the body was complete")
        except Exception:
            log.exception("unhandled error")
            await sender.instead(internal_error())

    async def _serve(self, scope: HTTPScope, receive: Receive, send: _Sender) -> None:
        headers = dict(scope["headers"])
        if scope["method"] in READING_METHODS:
            await self._read(scope, receive, send, headers)
            return
        written = await self._write(scope, receive, headers)
        # The connection is back in the pool: waiting for a job must not keep it from others.
        answer = written.answer
        if written.after is not None:
            try:
                answer = await written.after(self._database) or answer
            except Failures:
                # What the call changed is committed: its own answer is the true one.
                log.warning("work after a commit lost the database", exc_info=True)
        await answer.send(send)

    async def _read(
        self, scope: HTTPScope, receive: Receive, send: _Sender, headers: dict[bytes, bytes]
    ) -> None:
        async with borrowed(self._database) as connection:
            who = await _who(connection, headers, at=self._clock.now())
            if isinstance(who, Authenticated):
                scope["state"]["call"] = self._call(scope, connection, who)
                await self._app(scope, receive, send)
        if isinstance(who, Answer):
            await who.send(send)

    def _call(
        self,
        scope: HTTPScope,
        connection: AsyncConnection[TupleRow],
        who: Authenticated,
        asked: Asked = AS_IT_IS,
    ) -> Call:
        correlation: UUID = scope["state"]["correlation"]
        call = Call(
            tx=Transaction(connection, who.tenant.tenant_id, self._database.dictionary),
            tenant=who.tenant,
            principal=who.principal,
            now=self._clock.now(),
            correlation=correlation,
            is_foreseen=asked.is_foreseen,
            is_preview=asked.is_preview,
        )
        scope["state"]["caller"] = (who.tenant.id, who.principal.id)
        return call

    async def _write(
        self, scope: HTTPScope, receive: Receive, headers: dict[bytes, bytes]
    ) -> Written:
        body = Body(receive)
        try:
            _refuse_announced_size(headers)
            await body.read_some()
            if not body.is_complete:
                # No connection is held while a slow body arrives, and no stranger's is read whole.
                stranger = await self._stranger(headers)
                if stranger is not None:
                    return Written(stranger)
            content = await body.read_rest()
        except BodyTooLargeError:
            return Written(too_large())
        written = await run_again(lambda: self._run(scope, headers, content))
        return Written(too_busy()) if written is None else written

    async def _stranger(self, headers: dict[bytes, bytes]) -> Answer | None:
        """The refusal of someone who may not call at all; None for those who may."""
        async with borrowed(self._database) as connection:
            who = await _who(connection, headers, at=self._clock.now())
        return who if isinstance(who, Answer) else None

    async def _run(self, scope: HTTPScope, headers: dict[bytes, bytes], body: bytes) -> Written:
        """One run of a writing call in a transaction of its own."""
        async with borrowed(self._database) as connection:
            correlation = scope["state"]["correlation"]
            who = await _who(connection, headers, correlation=correlation, at=self._clock.now())
            if isinstance(who, Answer):
                return Written(who)
            return await self._run_as(who, connection, scope, headers=headers, body=body)

    async def _run_as(
        self,
        who: Authenticated,
        connection: AsyncConnection[TupleRow],
        scope: HTTPScope,
        *,
        headers: dict[bytes, bytes],
        body: bytes,
    ) -> Written:
        # A run leaves its marks on the scope, so each has a copy of its own.
        attempt = cast(HTTPScope, {**scope, "state": dict(scope["state"])})
        state = attempt["state"]
        asked, key = AS_IT_IS, None
        try:
            asked = asked_of(attempt, headers)
            key = key_of(headers)
        except Refusal as refusal:
            # Told by the route, after a path or method that is none and a role that is missing.
            state["refused"] = refusal
        call = self._call(scope, connection, who, asked)
        state["call"] = call
        try:
            if asked.is_preview:
                return await self._preview(attempt, body)
            answer = await self._answer(attempt, body, asked, key)
        finally:
            scope["path_template"] = attempt.get("path_template", "")
        if answer.status >= 400:
            return Written(answer)
        try:
            await connection.commit()
        except psycopg.OperationalError as error:
            if is_standoff(error):
                raise
            log.warning("the database went away during a commit", exc_info=True)
            return Written(outcome_unknown())
        call.tx.remember()
        return Written(answer, state.get("after_commit"))

    async def _preview(self, scope: HTTPScope, body: bytes) -> Written:
        """Run the route for its ledger alone: whoever runs this rolls it back."""
        call: Call = scope["state"]["call"]
        before = await look_before(call)
        answer = await self._route(scope, body)
        if answer.status >= 400:
            return Written(answer)
        preview = await preview_of(call, before)

        async def remember(database: Database) -> None:
            async with database.transaction(call.tenant.tenant_id) as tx:
                await remember_preview(tx, call, preview.foreseen)

        return Written(preview_answer(preview, scope["state"].get("result")), remember)

    async def _answer(self, scope: HTTPScope, body: bytes, asked: Asked, key: str | None) -> Answer:
        """The answer of the route, of its first run under this key, or that the world moved."""

        async def route() -> Answer:
            answer = await told_held(await self._route(scope, body), scope["state"]["call"])
            if asked.digest is None:
                return answer
            return await answer_if_same(scope["state"]["call"], asked.digest, answer)

        if key is None:
            return await route()
        return await answer_once(scope, body, key, route)

    async def _route(self, scope: HTTPScope, body: bytes) -> Answer:
        """Run the route; raises whatever of the database stood in its way."""
        held = Held()
        await self._app(scope, receive_of(body), held)
        failure: BaseException | None = scope["state"].get("failure")
        if failure is not None:
            raise failure
        return held.answer()


class _Sender:
    """A `send` that knows whether an answer has begun."""

    __slots__ = ("_has_begun", "_send")

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_begun = False

    async def __call__(self, message: Message) -> None:
        self._has_begun = True
        await self._send(message)

    async def instead(self, answer: Answer) -> None:
        """Send this if nothing was sent; else the answer just ends, incomplete."""
        if not self._has_begun:
            await answer.send(self._send)


async def _who(
    connection: AsyncConnection[TupleRow],
    headers: dict[bytes, bytes],
    *,
    at: datetime,
    correlation: UUID | None = None,
) -> Authenticated | Answer:
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    who = await who_calls(connection, authorization, correlation=correlation, at=at)
    if not isinstance(who, Stranger):
        refused = only_for_graph(who.principal)
        return who if refused is None else refuse(Reason.ROLE_MISSING, refused)
    if who.reason is Reason.NOT_SIGNED_IN:
        return not_signed_in(who.detail)
    return refuse(who.reason, who.detail)


def _refuse_announced_size(headers: dict[bytes, bytes]) -> None:
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > BODY_BYTES_MAX:
        raise BodyTooLargeError
