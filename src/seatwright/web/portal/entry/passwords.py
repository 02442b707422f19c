"""Signing in with a password, and the link that sets one."""

from __future__ import annotations

from typing import Final

from litestar.types import HTTPScope

from seatwright.app import accounts
from seatwright.app.accounts import Presented, TooManyGuesses
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Refusal
from seatwright.domain.passwords import LENGTH_MAX, LENGTH_MIN
from seatwright.identity.passwords import Passwords
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer
from seatwright.web.portal.entry.elsewhere import location_of
from seatwright.web.portal.frame.cookie import SessionCookie
from seatwright.web.portal.frame.forms import Form
from seatwright.web.portal.frame.pages import answer_page, own_path, stranger_page
from seatwright.web.portal.frame.troubles import Trouble

_LINK_LENGTH_MAX: Final = 100
_NAME_SHOWN_MAX: Final = 320

_NO_LINK: Final = Trouble(
    404,
    "This link does not work any more",
    "A link sets a password once, and within three days of being made. An administrator makes a new"
    " one under Settings.",
)


class PasswordPages:
    """The pages around passwords, for those who are not signed in."""

    __slots__ = ("_clock", "_cookie", "_database", "_passwords")

    def __init__(self, *, database: Database, clock: Clock, cookie: SessionCookie) -> None:
        self._database = database
        self._clock = clock
        self._cookie = cookie
        self._passwords = Passwords()

    async def are_in_use(self) -> bool:
        """Whether the page that signs in asks for one."""
        return await accounts.are_in_use(self._database)

    async def sign_in(self, scope: HTTPScope, form: Form, ways: dict[str, object]) -> Answer:
        """Come in, or see the page again with what is wrong; never which of the two was."""
        presented = Presented(
            login=form.text("name") or "",
            password=_raw(form, "password"),
            address=(scope.get("client") or ("", 0))[0],
        )
        try:
            session = await accounts.sign_in_by_password(
                self._database, self._passwords, presented, now=self._clock.now()
            )
        except TooManyGuesses:
            return self._again(scope, 429, presented, ways, problem="many")
        if session is None:
            return self._again(scope, 403, presented, ways, problem="wrong")
        target = own_path(form.text("next") or "/")
        return Answer(303, [(b"location", location_of(target)), self._cookie.set(session)], b"")

    def _again(
        self,
        scope: HTTPScope,
        status: int,
        presented: Presented,
        ways: dict[str, object],
        *,
        problem: str,
    ) -> Answer:
        shown = {**ways, "problem": problem, "name": presented.login[:_NAME_SHOWN_MAX]}
        return answer_page(status, stranger_page(scope, "sign_in.html", **shown))

    async def show_link(self, scope: HTTPScope, link: str, *, problem: str = "") -> Answer:
        """The form that sets a password; only sending it uses the link up."""
        label = None
        if 0 < len(link) <= _LINK_LENGTH_MAX:
            label = await accounts.look_at_link(self._database, link, now=self._clock.now())
        if label is None:
            body = stranger_page(scope, "trouble.html", trouble=_NO_LINK)
            return answer_page(_NO_LINK.status, body)
        body = stranger_page(
            scope,
            "password_link.html",
            label=label,
            problem=problem,
            least=LENGTH_MIN,
            most=LENGTH_MAX,
        )
        return answer_page(400 if problem else 200, body)

    async def use_link(self, scope: HTTPScope, link: str, form: Form) -> Answer:
        """Set the password and come in with it."""
        password = _raw(form, "password")
        if password != _raw(form, "again"):
            return await self.show_link(scope, link, problem="The two are not the same.")
        try:
            session = await accounts.set_password_by_link(
                self._database, self._passwords, link[:_LINK_LENGTH_MAX], password,
                now=self._clock.now(),
            )  # fmt: skip
        except Refusal as refusal:
            return await self.show_link(scope, link, problem=refusal.detail)
        if session is None:
            return await self.show_link(scope, "")
        return Answer(303, [(b"location", b"/"), self._cookie.set(session)], b"")


def _raw(form: Form, name: str) -> str:
    """A password exactly as it was written: blanks at its ends are part of it."""
    return next((value for key, value in form.pairs if key == name), "")
