"""Signing in elsewhere: to the identity provider, back from it, and out of it."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, quote

import structlog
from litestar.types import HTTPScope

from seatwright.app.portal_people import sign_in_by_identity
from seatwright.app.portal_sessions import begin_attempt, use_attempt
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Refusal
from seatwright.domain.identities import identity_of
from seatwright.identity.id_tokens import TokenRefused
from seatwright.identity.oidc import Attempt, CodeRefused, IdentityProvider, ProviderAway
from seatwright.identity.secrets import is_same_secret
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer
from seatwright.web.portal.frame.cookie import AttemptCookie, SessionCookie
from seatwright.web.portal.frame.pages import answer_page, own_path, stranger_page
from seatwright.web.portal.frame.troubles import Trouble

log = structlog.get_logger(__name__)

_TEXT_LENGTH_MAX: Final = 200
_PARAMETERS_MAX: Final = 20
_CODE_LENGTH_MAX: Final = 4096

_LOST: Final = Trouble(
    400,
    "This sign-in cannot be finished",
    "It was begun in another browser or more than ten minutes ago, or it was finished already."
    " Nobody was signed in. Begin again.",
)
_CODE_REFUSED: Final = Trouble(
    400,
    "This sign-in came too late",
    "The identity provider no longer takes what it sent along: it was used already, or is too old."
    " Nobody was signed in. Begin again.",
)
_TOKEN_REFUSED: Final = Trouble(
    400,
    "What the identity provider said cannot be trusted",
    "Its answer failed a check that protects you. Nobody was signed in. Begin again; if it stays"
    " so, whoever runs seatwright finds the check in its log.",
)
_AWAY: Final = Trouble(
    502,
    "The identity provider does not answer",
    "It cannot be reached, or does not accept this installation. Nobody was signed in. Try again in"
    " a moment; if it stays so, whoever runs seatwright finds the cause in its log.",
)


class Elsewhere:
    """The pages around an identity provider."""

    __slots__ = ("_attempts", "_clock", "_database", "_provider")

    def __init__(
        self,
        provider: IdentityProvider,
        *,
        database: Database,
        clock: Clock,
        attempts: AttemptCookie,
    ) -> None:
        self._provider = provider
        self._database = database
        self._clock = clock
        self._attempts = attempts

    @property
    def host(self) -> str:
        """How people know the provider."""
        return self._provider.host

    async def start(self, scope: HTTPScope) -> Answer:
        """Off to the provider; the cookie is how this browser is known when it comes back."""
        target = wanted_path(scope)
        try:
            # Asked before anything is kept: a provider that is away leaves nothing behind.
            await self._provider.is_from_us(None)
            secret = await begin_attempt(self._database, target=target, now=self._clock.now())
            url = await self._provider.sign_in_url(Attempt(secret))
        except ProviderAway as away:
            return self._away(scope, away)
        return Answer(303, [(b"location", url.encode()), self._attempts.set(secret)], b"")

    async def back(self, scope: HTTPScope, cookie: SessionCookie) -> Answer:
        """Back from the provider, with a code or an error."""
        answer = await self._finished(scope, cookie)
        answer.headers.append(self._attempts.end())
        return answer

    async def _finished(self, scope: HTTPScope, cookie: SessionCookie) -> Answer:
        told = _query(scope)
        secret = self._attempts.read(dict(scope["headers"]))
        if secret is None or not is_same_secret(Attempt(secret).state, told.get("state", "")):
            return _trouble(scope, _LOST)
        target = await use_attempt(self._database, secret, now=self._clock.now())
        if target is None:
            return _trouble(scope, _LOST)
        try:
            return await self._signed_in(scope, Attempt(secret), told, target=target, cookie=cookie)
        except CodeRefused:
            return _trouble(scope, _CODE_REFUSED)
        except TokenRefused as refused:
            log.warning("a token of the identity provider was refused", why=str(refused))
            return _trouble(scope, _TOKEN_REFUSED)
        except ProviderAway as away:
            return self._away(scope, away)
        except Refusal as refusal:
            trouble = Trouble(403, "You cannot come in", refusal.detail, refusal.reason.value)
            return _trouble(scope, trouble)

    async def _signed_in(
        self,
        scope: HTTPScope,
        attempt: Attempt,
        told: dict[str, str],
        *,
        target: str,
        cookie: SessionCookie,
    ) -> Answer:
        if not await self._provider.is_from_us(told.get("iss")):
            raise TokenRefused("the callback names another issuer")
        if "error" in told:
            return _trouble(scope, _told_error(told))
        code = told.get("code", "")
        if not 0 < len(code) <= _CODE_LENGTH_MAX:
            return _trouble(scope, _LOST)
        claims = await self._provider.redeem(attempt, code)
        identity = identity_of(claims, role_claim=self._provider.client.role_claim)
        session = await sign_in_by_identity(self._database, identity, now=self._clock.now())
        return Answer(303, [(b"location", location_of(target)), cookie.set(session)], b"")

    async def left(self, scope: HTTPScope) -> Answer:
        """Signed out here; on to the provider, where it has a place to sign out."""
        try:
            url = await self._provider.sign_out_url()
        except ProviderAway as away:
            log.warning("the identity provider is away", why=str(away))
            url = None
        body = stranger_page(scope, "signed_out.html", url=url, provider=self.host)
        return answer_page(200, body)

    def _away(self, scope: HTTPScope, away: ProviderAway) -> Answer:
        log.warning("the identity provider is away", why=str(away))
        return _trouble(scope, _AWAY)


def wanted_path(scope: HTTPScope) -> str:
    """Where somebody was going before they were asked to sign in."""
    return own_path(_query(scope).get("next", "/"))


def location_of(path: str) -> bytes:
    """A path of this portal as a header holds it."""
    return quote(path, safe="/?&=%#+,;:@!$'()*~[]").encode()


def _query(scope: HTTPScope) -> dict[str, str]:
    """The parameters of a call; those that cannot be read count as none."""
    text = scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_PARAMETERS_MAX)
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for name, value in pairs:
        # A parameter that comes twice means one thing to one reader and another to the next.
        found[name] = "" if name in found else value
    return found


def _told_error(told: dict[str, str]) -> Trouble:
    code = _shown(told["error"])
    if code == "access_denied":
        title = "You did not sign in"
        text = "The identity provider was not allowed to let you in."
    else:
        title = "The identity provider reported an error"
        text = "Nobody was signed in."
    description = _shown(told.get("error_description", ""))
    said = f"It said: {description} ({code})." if description else f"It said: {code}."
    return Trouble(403 if code == "access_denied" else 400, title, f"{text} {said}")


def _shown(text: str) -> str:
    """Words from elsewhere, short and in one line."""
    return "".join(one if one.isprintable() else " " for one in text)[:_TEXT_LENGTH_MAX].strip(" .")


def _trouble(scope: HTTPScope, trouble: Trouble) -> Answer:
    body = stranger_page(scope, "trouble.html", trouble=trouble)
    return answer_page(trouble.status, body)
