"""Signing in: the page that says how, and the links that do it once."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import psycopg
import psycopg_pool
import structlog
from litestar.types import HTTPScope, Receive, Send

from seatwright.app.portal_sessions import sign_in_by_link
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Refusal
from seatwright.identity.secrets import digest_of
from seatwright.postgres.pool import Database
from seatwright.postgres.portal_sessions import look_at_link
from seatwright.web.answers import Answer
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError
from seatwright.web.portal.entry.elsewhere import Elsewhere, wanted_path
from seatwright.web.portal.entry.passwords import PasswordPages
from seatwright.web.portal.frame.cookie import SessionCookie
from seatwright.web.portal.frame.forms import FORM_BYTES_MAX, Form, comes_from_here, read_form
from seatwright.web.portal.frame.pages import answer_page, own_path, stranger_page
from seatwright.web.portal.frame.troubles import BUG, FOREIGN_FORM, TOO_LARGE, UNAVAILABLE, Trouble

log = structlog.get_logger(__name__)

_PASSWORD: Final = "/sign-in/password"
_PATHS: Final = frozenset(
    {"/sign-in", _PASSWORD, "/sign-in/start", "/sign-in/left", "/auth/callback"}
)
_PASSWORD_LINK: Final = "/sign-in/password/"
_LINK: Final = "/sign-in/link/"
_LINK_LENGTH_MAX: Final = 100

_NO_LINK: Final = Trouble(
    404,
    "This link does not work any more",
    "A link signs in once, and within a day of being made. Whoever runs seatwright makes a new one"
    " with “seatwright sign-in-link”.",
)
_NO_PAGE: Final = Trouble(404, "There is no such page", "Sign in from the start page.")


class SignInPages:
    """The pages for those who are not signed in yet."""

    __slots__ = ("_clock", "_cookie", "_database", "_elsewhere", "_passwords")

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        cookie: SessionCookie,
        elsewhere: Elsewhere | None,
    ) -> None:
        self._database = database
        self._elsewhere = elsewhere
        self._passwords = PasswordPages(database=database, clock=clock, cookie=cookie)
        self._clock = clock
        self._cookie = cookie

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        try:
            answer = await self._answer(scope, receive)
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database was away during a sign-in", exc_info=True)
            answer = _trouble(scope, UNAVAILABLE)
        except BodyTooLargeError:
            answer = _trouble(scope, TOO_LARGE)
        except CallerGoneError:
            return
        except Exception:
            log.exception("unhandled error")
            answer = _trouble(scope, BUG)
        await answer.send(send)

    async def _answer(self, scope: HTTPScope, receive: Receive) -> Answer:
        path, method = scope["path"], scope["method"]
        for head, kind in ((_LINK, self._link), (_PASSWORD_LINK, self._password_link)):
            if path.startswith(head):
                # The path holds the secret: what is logged is the template alone.
                scope["path_template"] = f"{head}{{link}}"
                return await kind(scope, receive, path.removeprefix(head))
        scope["path_template"] = path if path in _PATHS else "/sign-in/*"
        if path not in _PATHS or method != ("POST" if path == _PASSWORD else "GET"):
            return _trouble(scope, _NO_PAGE)
        if path == _PASSWORD:
            sent = await self._sent(scope, receive)
            if isinstance(sent, Answer):
                return sent
            ways = await self._ways(own_path(sent.text("next") or "/"))
            return await self._passwords.sign_in(scope, sent, ways)
        if path != "/sign-in":
            return await self._away(scope)
        ways = await self._ways(wanted_path(scope))
        return answer_page(200, stranger_page(scope, "sign_in.html", **ways))

    async def _ways(self, target: str) -> dict[str, object]:
        """What the page that signs in offers."""
        elsewhere = self._elsewhere
        return {
            "target": target,
            "next": quote(target, safe="/"),
            "provider": None if elsewhere is None else elsewhere.host,
            "has_passwords": await self._passwords.are_in_use(),
            "problem": "",
            "name": "",
        }

    async def _sent(self, scope: HTTPScope, receive: Receive) -> Form | Answer:
        """A form that a page of this site sent, or why it is none."""
        body = Body(receive, bytes_max=FORM_BYTES_MAX)
        await body.read_some()
        content = await body.read_rest()
        headers = dict(scope["headers"])
        if not comes_from_here(headers):
            return _trouble(scope, FOREIGN_FORM)
        try:
            return read_form(headers, content)
        except Refusal as refusal:
            return _trouble(scope, Trouble(400, "This form cannot be read", refusal.detail))

    async def _away(self, scope: HTTPScope) -> Answer:
        """To the identity provider, and back from it."""
        if self._elsewhere is None:
            return _trouble(scope, _NO_PAGE)
        match scope["path"]:
            case "/sign-in/start":
                return await self._elsewhere.start(scope)
            case "/sign-in/left":
                return await self._elsewhere.left(scope)
            case _:
                return await self._elsewhere.back(scope, self._cookie)

    async def _link(self, scope: HTTPScope, receive: Receive, link: str) -> Answer:
        if not 0 < len(link) <= _LINK_LENGTH_MAX:
            return _trouble(scope, _NO_LINK)
        if scope["method"] == "GET":
            # A mail scanner opens every link: only the button below uses it up.
            async with self._database.connection() as connection:
                label = await look_at_link(connection, digest_of(link), at=self._clock.now())
            if label is None:
                return _trouble(scope, _NO_LINK)
            return answer_page(200, stranger_page(scope, "sign_in_link.html", label=label))
        body = Body(receive, bytes_max=FORM_BYTES_MAX)
        await body.read_some()
        await body.read_rest()
        if not comes_from_here(dict(scope["headers"])):
            return _trouble(scope, FOREIGN_FORM)
        session = await sign_in_by_link(self._database, link, now=self._clock.now())
        if session is None:
            return _trouble(scope, _NO_LINK)
        return Answer(303, [(b"location", b"/"), self._cookie.set(session)], b"")

    async def _password_link(self, scope: HTTPScope, receive: Receive, link: str) -> Answer:
        if scope["method"] == "GET":
            return await self._passwords.show_link(scope, link)
        sent = await self._sent(scope, receive)
        return (
            sent if isinstance(sent, Answer) else await self._passwords.use_link(scope, link, sent)
        )


def _trouble(scope: HTTPScope, trouble: Trouble) -> Answer:
    return answer_page(trouble.status, stranger_page(scope, "trouble.html", trouble=trouble))
