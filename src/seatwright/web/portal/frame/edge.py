"""The edge of the portal: who is signed in, one call, one transaction, committed here.

It does for pages what `web/edge.py` does for the API, with a cookie in place of a token. A form
may be sent with `step=preview`: the change then runs, is shown and is rolled back
(`docs/decisions/0011-preview-is-the-call.md`); the button below sends it again with the digest of
what was shown, and it is done only if it still comes to the same.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, cast
from urllib.parse import quote

import psycopg
import psycopg_pool
import structlog
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.app.portal_sessions import SESSION_IDLES, keep_alive
from seatwright.app.preview import foreseen_in, look_before, preview_of
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Refusal
from seatwright.domain.tenants import TenantState
from seatwright.identity.secrets import digest_of
from seatwright.postgres.pool import Database, is_standoff
from seatwright.postgres.portal_sessions import SeenSession, authenticate_session
from seatwright.postgres.transaction import Transaction
from seatwright.web.answers import Answer, Held
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError, receive_of
from seatwright.web.connections import borrowed, run_again
from seatwright.web.portal.frame.cookie import SessionCookie
from seatwright.web.portal.frame.downloads import Download, send_download
from seatwright.web.portal.frame.forms import (
    Form,
    bytes_allowed,
    comes_from_here,
    is_own_form,
    read_form,
)
from seatwright.web.portal.frame.pages import answer_page, stranger_page
from seatwright.web.portal.frame.preview import preview_page
from seatwright.web.portal.frame.troubles import (
    BUG,
    FOREIGN_FORM,
    OLD_FORM,
    OUTCOME_UNKNOWN,
    SUSPENDED,
    TOO_BUSY,
    TOO_LARGE,
    UNAVAILABLE,
    Trouble,
)

log = structlog.get_logger(__name__)

_READING: Final = frozenset({"GET", "HEAD"})


class PortalEdge:
    """Wraps the application of the pages; see the module's words."""

    __slots__ = ("_app", "_clock", "_cookie", "_database")

    def __init__(
        self, app: ASGIApp, *, database: Database, clock: Clock, cookie: SessionCookie
    ) -> None:
        self._app = app
        self._database = database
        self._clock = clock
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        http = cast(HTTPScope, scope)
        try:
            answer = await self._serve(http, receive)
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database was away during a page", exc_info=True)
            answer = _trouble(http, UNAVAILABLE)
        except BodyTooLargeError:
            answer = _trouble(http, TOO_LARGE)
        except CallerGoneError:
            log.info("the caller hung up before the form was complete")
            return
        except Exception:
            log.exception("unhandled error")
            answer = _trouble(http, BUG)
        download: Download | None = http["state"].get("download")
        if download is None or answer.status != HTTPStatus.OK:
            await answer.send(send)
        else:
            await send_download(
                answer, download, database=self._database, receive=receive, send=send
            )

    async def _serve(self, scope: HTTPScope, receive: Receive) -> Answer:
        headers = dict(scope["headers"])
        session = self._cookie.read(headers)
        if scope["method"] in _READING:
            return await self._read(scope, session)
        body = Body(receive, bytes_max=bytes_allowed(headers, is_known=session is not None))
        await body.read_some()
        content = await body.read_rest()
        if not comes_from_here(headers):
            return _trouble(scope, FOREIGN_FORM)
        try:
            form = read_form(headers, content)
        except Refusal as refusal:
            return _trouble(scope, Trouble(400, "This form cannot be read", refusal.detail))
        if session is None:
            return self._sign_in_first(scope)
        if not is_own_form(form, session):
            return _trouble(scope, OLD_FORM)
        answer = await run_again(lambda: self._write(scope, session, form, content))
        return _trouble(scope, TOO_BUSY) if answer is None else answer

    async def _read(self, scope: HTTPScope, session: str | None) -> Answer:
        if session is None:
            return self._sign_in_first(scope)
        now = self._clock.now()
        async with borrowed(self._database) as connection:
            seen = await authenticate_session(
                connection, digest_of(session), at=now, idle=SESSION_IDLES
            )
            if seen is None:
                return self._sign_in_first(scope)
            if seen.who.tenant.state is TenantState.SUSPENDED:
                return _trouble(scope, SUSPENDED)
            self._open(scope, connection, seen, session)
            answer = await self._route(scope, b"")
            if answer.status == HTTPStatus.OK and scope["state"].get("is_kept"):
                answer = await self._commit(scope, scope["state"]["call"], answer)
        await keep_alive(self._database, session, seen, now=now)
        return answer

    async def _write(self, scope: HTTPScope, session: str, form: Form, body: bytes) -> Answer:
        """One run of a change in a transaction of its own."""
        # A run leaves its marks on the scope, so each has a copy of its own.
        attempt = cast(HTTPScope, {**scope, "state": dict(scope["state"])})
        step, digest = form.text("step"), form.text("digest")
        async with borrowed(self._database) as connection:
            seen = await authenticate_session(
                connection,
                digest_of(session),
                at=self._clock.now(),
                idle=SESSION_IDLES,
                correlation=attempt["state"]["correlation"],
            )
            if seen is None:
                return self._sign_in_first(scope)
            if seen.who.tenant.state is TenantState.SUSPENDED:
                return _trouble(scope, SUSPENDED)
            is_preview = step == "preview"
            call = self._open(
                attempt,
                connection,
                seen,
                session,
                is_preview=is_preview,
                is_foreseen=is_preview or digest is not None,
            )
            attempt["state"]["form"] = form
            before = await look_before(call) if call.is_foreseen else None
            try:
                answer = await self._route(attempt, body)
            finally:
                scope["path_template"] = attempt.get("path_template", "")
            if answer.status >= 400 or attempt["state"].get("is_sent_back"):
                return answer
            if before is not None:
                has_moved = not is_preview and (await foreseen_in(call)).digest != digest
                if is_preview or has_moved:
                    shown = await preview_of(call, before)
                    again: Form = attempt["state"]["form"]
                    return await preview_page(attempt, shown, form=again, has_moved=has_moved)
            return await self._commit(scope, call, answer)

    async def _commit(self, scope: HTTPScope, call: Call, answer: Answer) -> Answer:
        try:
            await call.tx.connection.commit()
        except psycopg.OperationalError as error:
            if is_standoff(error):
                raise
            log.warning("the database went away during a commit", exc_info=True)
            return _trouble(scope, OUTCOME_UNKNOWN)
        call.tx.remember()
        return answer

    def _open(
        self,
        scope: HTTPScope,
        connection: AsyncConnection[TupleRow],
        seen: SeenSession,
        session: str,
        *,
        is_preview: bool = False,
        is_foreseen: bool = False,
    ) -> Call:
        who = seen.who
        call = Call(
            tx=Transaction(connection, who.tenant.tenant_id, self._database.dictionary),
            tenant=who.tenant,
            principal=who.principal,
            now=self._clock.now(),
            correlation=scope["state"]["correlation"],
            is_foreseen=is_foreseen,
            is_preview=is_preview,
        )
        scope["state"]["call"] = call
        scope["state"]["session"] = session
        scope["state"]["caller"] = (who.tenant.id, who.principal.id)
        return call

    async def _route(self, scope: HTTPScope, body: bytes) -> Answer:
        """Run the route; raises whatever of the database stood in its way."""
        held = Held()
        await self._app(scope, receive_of(body), held)
        failure: BaseException | None = scope["state"].get("failure")
        if failure is not None:
            raise failure
        return held.answer()

    def _sign_in_first(self, scope: HTTPScope) -> Answer:
        """To the page that signs in, and back to where somebody was going."""
        wanted = scope["path"] if scope["method"] in _READING else "/"
        query = scope["query_string"].decode("latin-1") if scope["method"] in _READING else ""
        target = quote(f"{wanted}?{query}" if query else wanted, safe="")
        location = "/sign-in" if wanted == "/" and not query else f"/sign-in?next={target}"
        return Answer(303, [(b"location", location.encode()), self._cookie.end()], b"")


def _trouble(scope: HTTPScope, trouble: Trouble) -> Answer:
    body = stranger_page(scope, "trouble.html", trouble=trouble)
    return answer_page(trouble.status, body)
