"""OpenID Connect, the side that relies on a provider: code flow with PKCE, state and nonce.

What the provider publishes about itself is kept for an hour; its keys are asked for again when a
token comes that none of them has signed, so that a change of keys stops nobody.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from seatwright.identity.id_tokens import Expected, TokenRefused, UnknownKey, check_id_token

KEPT_FOR: Final = timedelta(hours=1)
KEYS_ASKED_AGAIN_AFTER: Final = timedelta(seconds=10)
"""A wrong key name makes us ask for keys no more often than this."""

_SCOPES: Final = ("openid", "profile", "email")
_ANSWER_BYTES_MAX: Final = 1024 * 1024
_TIMEOUT: Final = httpx.Timeout(10.0)
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderAway(Exception):
    """The provider cannot be reached, or does not answer as OpenID Connect says; why, in words."""


class CodeRefused(Exception):
    """The provider does not take the code that came back: used, too old, or not for us."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in on its way: everything it is made of comes from the secret in its cookie.

    None of the parts says anything of the others: each is a digest of the secret.
    """

    secret: str = field(repr=False)

    @property
    def state(self) -> str:
        """What comes back with the code, so that no other browser's code is taken."""
        return self._part("state")

    @property
    def nonce(self) -> str:
        """What the token must hold, so that no other sign-in's token is taken."""
        return self._part("nonce")

    @property
    def verifier(self) -> str:
        """What the code is worth nothing without (PKCE, RFC 7636)."""
        return self._part("verifier")

    @property
    def challenge(self) -> str:
        """The digest of the verifier, which the provider is told beforehand."""
        return _base64url(hashlib.sha256(self.verifier.encode()).digest())

    def _part(self, name: str) -> str:
        return _base64url(hashlib.sha256(f"seatwright {name}\0{self.secret}".encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcClient:
    """What the provider knows this installation by."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    redirect_uri: str
    role_claim: str = "roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Endpoints:
    """What the provider publishes about itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    end_session: str | None
    scopes: tuple[str, ...]
    takes_basic: bool
    names_itself: bool
    read_at: datetime


class IdentityProvider:
    """One provider, and what this process knows of it; `now` is the true time."""

    __slots__ = ("_client", "_endpoints", "_keys", "_keys_read_at", "_lock", "_now")

    def __init__(self, client: OidcClient, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._endpoints: _Endpoints | None = None
        self._keys: KeySet | None = None
        self._keys_read_at: datetime | None = None
        self._lock = asyncio.Lock()

    @property
    def client(self) -> OidcClient:
        """What the provider knows this installation by."""
        return self._client

    @property
    def host(self) -> str:
        """How people know the provider."""
        return urlsplit(self._client.issuer).hostname or self._client.issuer

    async def sign_in_url(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in. Raises ProviderAway."""
        known = await self._discovered()
        scopes = [one for one in _SCOPES if not known.scopes or one in known.scopes]
        query = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": " ".join(scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return _with_query(known.authorization, query)

    async def sign_out_url(self) -> str | None:
        """Where the browser goes to sign out of the provider too; None where it has no such place.

        The provider is told which client asks, and no token: one in an address would be in logs.
        Raises ProviderAway.
        """
        known = await self._discovered()
        if known.end_session is None:
            return None
        parts = urlsplit(self._client.redirect_uri)
        query = {
            "client_id": self._client.client_id,
            "post_logout_redirect_uri": f"{parts.scheme}://{parts.netloc}/sign-in",
        }
        return _with_query(known.end_session, query)

    async def is_from_us(self, named: str | None) -> bool:
        """Whether the issuer that a callback names is this one (RFC 9207). Raises ProviderAway."""
        known = await self._discovered()
        return named == known.issuer if named is not None else not known.names_itself

    async def redeem(self, attempt: Attempt, code: str) -> Mapping[str, Any]:
        """The claims about whoever signed in.

        Raises CodeRefused, TokenRefused, or ProviderAway.
        """
        known = await self._discovered()
        answer = await self._tokens(known, attempt, code)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderAway("it answered without an ID token")
        expected = Expected(
            issuer=known.issuer, client_id=self._client.client_id, nonce=attempt.nonce
        )
        claims = await self._checked(known, token, expected)
        return await self._completed(known, claims, answer.get("access_token"))

    async def _checked(
        self, known: _Endpoints, token: str, expected: Expected
    ) -> Mapping[str, Any]:
        keys = await self._known_keys(known, is_fresh=False)
        try:
            return check_id_token(token, keys, expected, at=self._now())
        except UnknownKey:
            fresh = await self._known_keys(known, is_fresh=True)
            if fresh is keys:
                raise
            return check_id_token(token, fresh, expected, at=self._now())

    async def _completed(
        self, known: _Endpoints, claims: Mapping[str, Any], access_token: object
    ) -> Mapping[str, Any]:
        """With what the provider tells beside the token, where the token says too little."""
        wanted = {"preferred_username", "email", self._client.role_claim.partition(".")[0]}
        is_complete = wanted <= claims.keys()
        if is_complete or known.userinfo is None or not isinstance(access_token, str):
            return claims
        more = await _asked(
            "GET", known.userinfo, headers={"authorization": f"Bearer {access_token}"}
        )
        if more.get("sub") != claims["sub"]:
            raise TokenRefused("what the provider tells beside it is of somebody else")
        return {**more, **claims}

    async def _tokens(self, known: _Endpoints, attempt: Attempt, code: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers = {}
        secret = self._client.client_secret
        if secret is not None and known.takes_basic:
            # Both halves are form-encoded first (RFC 6749, 2.3.1).
            pair = f"{quote(self._client.client_id, safe='')}:{quote(secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self._client.client_id
            if secret is not None:
                form["client_secret"] = secret
        return await _asked("POST", known.token, headers=headers, form=form)

    async def _discovered(self) -> _Endpoints:
        async with self._lock:
            if self._endpoints is None or self._now() - self._endpoints.read_at >= KEPT_FOR:
                url = self._client.issuer.rstrip("/") + "/.well-known/openid-configuration"
                told = await _asked("GET", url)
                self._endpoints = _endpoints_in(told, self._client.issuer, at=self._now())
            return self._endpoints

    async def _known_keys(self, known: _Endpoints, *, is_fresh: bool) -> KeySet:
        """The provider's keys; with `is_fresh` asked for again, unless they were just now."""
        async with self._lock:
            kept_for = KEYS_ASKED_AGAIN_AFTER if is_fresh else KEPT_FOR
            read_at = self._keys_read_at
            if self._keys is None or read_at is None or self._now() - read_at >= kept_for:
                told = await _asked("GET", known.keys)
                try:
                    self._keys = KeySet.import_key_set(told)  # type: ignore[arg-type]  # Its check is the import.
                except (JoseError, ValueError, KeyError, TypeError) as error:
                    raise ProviderAway("its keys cannot be read") from error
                self._keys_read_at = self._now()
            return self._keys


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def _endpoints_in(told: Mapping[str, Any], issuer: str, *, at: datetime) -> _Endpoints:
    named = told.get("issuer")
    if not isinstance(named, str) or named.rstrip("/") != issuer.rstrip("/"):
        raise ProviderAway("it calls itself by another address than SEATWRIGHT_OIDC_ISSUER")
    ways = _names(told, "token_endpoint_auth_methods_supported")
    return _Endpoints(
        issuer=named,
        authorization=_endpoint(told, "authorization_endpoint", issuer),
        token=_endpoint(told, "token_endpoint", issuer),
        keys=_endpoint(told, "jwks_uri", issuer),
        userinfo=_optional_endpoint(told, "userinfo_endpoint", issuer),
        end_session=_optional_endpoint(told, "end_session_endpoint", issuer),
        scopes=_names(told, "scopes_supported"),
        takes_basic=not ways or "client_secret_basic" in ways,
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
        read_at=at,
    )


def _names(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = told.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def _optional_endpoint(told: Mapping[str, Any], name: str, issuer: str) -> str | None:
    return _endpoint(told, name, issuer) if told.get(name) else None


def _endpoint(told: Mapping[str, Any], name: str, issuer: str) -> str:
    """An address that the provider publishes; without TLS only where the issuer has none either."""
    url = told.get(name)
    parts = urlsplit(url if isinstance(url, str) else "")
    is_on_loopback = (
        parts.scheme == "http" and parts.hostname in _LOOPBACK and urlsplit(issuer).scheme == "http"
    )
    if parts.netloc and (parts.scheme == "https" or is_on_loopback):
        return str(url)
    raise ProviderAway(f"it publishes no address with https as its {name}")


async def _asked(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    form: Mapping[str, str] | None = None,
) -> Mapping[str, Any]:
    """What the provider answers, as JSON. Raises ProviderAway, and CodeRefused for invalid_grant.

    It follows no redirect: what is sent along, secrets among it, goes where it was meant to.
    """
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT) as client:
            request = client.build_request(
                method, url, headers={"accept": "application/json", **(headers or {})}, data=form
            )
            answer = await client.send(request, stream=True)
            try:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > _ANSWER_BYTES_MAX:
                        raise ProviderAway("it answered with more than 1 MiB")
            finally:
                await answer.aclose()
    except httpx.HTTPError as error:
        raise ProviderAway(f"it cannot be reached ({type(error).__name__})") from error
    try:
        told = json.loads(body)
    except ValueError as error:
        raise ProviderAway(f"it answered {answer.status_code} without JSON") from error
    if not isinstance(told, dict):
        raise ProviderAway(f"it answered {answer.status_code} without a JSON object")
    if answer.is_success:
        return told
    code = str(told.get("error", ""))[:40]
    if code == "invalid_grant":
        raise CodeRefused(code)
    raise ProviderAway(f"it answered {answer.status_code} {code}".strip())
