"""The token endpoint, and what its clients read first: OpenID configuration and public keys.

`POST /{tenant}/oauth2/v2.0/token` gives an API client an access token for its id and secret (RFC
6749, 4.4), as Entra ID does: errors carry an AADSTS number, and whatever else a library sends is
ignored (`interfaces.md`, "Token endpoint"). `{tenant}` is the tenant's id, its domain or `common`.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
import psycopg
import psycopg_pool
import structlog
from litestar.types import Receive, Scope, Send
from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.app.graph_tokens import issue_access_token
from seatwright.domain.clock import Clock
from seatwright.domain.tenants import PrincipalKind, Tenant, TenantState
from seatwright.identity.secrets import SECRET_PREFIX, digest_of
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import Authenticated, authenticate
from seatwright.postgres.signing_keys import published_keys
from seatwright.postgres.tenants import find_tenant_of_sign_in
from seatwright.postgres.transaction import Transaction
from seatwright.web.answers import Answer
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError
from seatwright.web.connections import borrowed, run_again
from seatwright.web.graph.guesses import Guesses
from seatwright.web.graph.origins import headers_of, origin_of
from seatwright.web.graph.sign_in_errors import (
    SignInError,
    bug,
    nobody_signs_in_here,
    only_post,
    too_large,
    too_many_guesses,
    unavailable,
    unknown_tenant,
    wrong_client,
)
from seatwright.web.graph.token_request import TokenRequest, token_request_of

log = structlog.get_logger(__name__)

_PATH: Final = re.compile(
    r"/+(?P<tenant>[^/]{1,255})/+"
    r"(?P<what>oauth2/v2\.0/(?:token|authorize)|v2\.0/\.well-known/openid-configuration|discovery/v2\.0/keys"
    r"|discovery/instance)/?",
    re.IGNORECASE,
)
_ANY_TENANT: Final = frozenset({"common", "organizations"})
_BODY_BYTES_MAX: Final = 64 * 1024


class SignIn:
    """Answers the paths of signing in, under whatever Host."""

    __slots__ = ("_clock", "_database", "_guesses")

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._guesses = Guesses()

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is one of these."""
        return _PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        found = _PATH.fullmatch(scope["path"])
        assert found is not None, "the front door asks first"
        what = found["what"].casefold()
        scope["path_template"] = f"/{{tenant}}/{what}"
        visit = _Visit(scope, tenant=found["tenant"])
        try:
            answer = await self._answer(visit, what, receive)
        except SignInError as error:
            answer = error.answer(visit.correlation, now=self._clock.now())
        except CallerGoneError:
            log.info("the caller hung up before the body was complete")
            return
        except (psycopg_pool.PoolTimeout, psycopg.OperationalError, psycopg.InterfaceError):
            log.warning("the database went away while somebody signed in", exc_info=True)
            answer = unavailable().answer(visit.correlation, now=self._clock.now())
        except Exception:
            log.exception("unhandled error")
            answer = bug().answer(visit.correlation, now=self._clock.now())
        length = (b"content-length", str(len(answer.body)).encode())
        answer.headers += [length, (b"client-request-id", visit.correlation.encode())]
        await answer.send(send)

    async def _answer(self, visit: _Visit, what: str, receive: Receive) -> Answer:
        if what == "oauth2/v2.0/token":
            if visit.method != "POST":
                raise only_post(visit.method)
            return await self._token(visit, receive)
        if what == "oauth2/v2.0/authorize":
            raise nobody_signs_in_here()
        if visit.method != "GET":
            raise only_post(visit.method, others=("GET", "HEAD"))
        if what == "discovery/instance":
            return _json(_instance(visit))
        tenant = await self._tenant(visit.tenant)
        if what == "discovery/v2.0/keys":
            async with borrowed(self._database) as connection:
                of = None if tenant is None else tenant.id
                keys = await published_keys(connection, of, at=self._clock.now())
            return _json({"keys": keys})
        return _json(_configuration(visit, tenant))

    async def _tenant(self, named: str) -> Tenant | None:
        """The tenant of a path, None for `common`.

        Raises SignInError for one that does not exist.
        """
        if named.casefold() in _ANY_TENANT:
            return None
        if not named.isprintable():
            raise unknown_tenant(named)
        async with borrowed(self._database) as connection:
            tenant = await find_tenant_of_sign_in(connection, named)
        if tenant is None:
            raise unknown_tenant(named)
        return tenant

    async def _token(self, visit: _Visit, receive: Receive) -> Answer:
        body = Body(receive, bytes_max=_BODY_BYTES_MAX)
        try:
            await body.read_some()
            content = await body.read_rest()
        except BodyTooLargeError:
            raise too_large() from None
        asked = token_request_of(content, visit.headers)
        guesser = (visit.address, asked.client_id)
        wait = self._guesses.wait_seconds(guesser)
        if wait:
            raise too_many_guesses(wait)
        try:
            answer = await run_again(lambda: self._sign_in(visit, asked))
        except SignInError as error:
            if error.is_wrong_guess:
                self._guesses.note(guesser)
            raise
        if answer is None:
            raise unavailable()
        return answer

    async def _sign_in(self, visit: _Visit, asked: TokenRequest) -> Answer:
        """Recognise a client, and give it a token that it is told of once it is stored."""
        now = self._clock.now()
        async with borrowed(self._database) as connection:
            who = await authenticate(
                connection, digest_of(asked.client_secret), at=now, correlation=visit.id
            )
            if who is None or not _is_client(who, asked):
                raise wrong_client(asked.client_id)
            if not await _is_of(connection, who.tenant, visit.tenant):
                raise unknown_tenant(visit.tenant)
            if who.tenant.state is TenantState.SUSPENDED:
                raise wrong_client(asked.client_id, is_suspended=True)
            visit.scope["state"]["caller"] = (who.tenant.id, who.principal.id)
            call = Call(
                tx=Transaction(connection, who.tenant.tenant_id, self._database.dictionary),
                tenant=who.tenant,
                principal=who.principal,
                now=now,
                correlation=visit.id,
            )
            issuer = f"{visit.origin}/{who.tenant.id}/v2.0"
            issued = await issue_access_token(call, audience=asked.audience, issuer=issuer)
            await connection.commit()
        body = {
            "token_type": "Bearer",
            "expires_in": issued.seconds,
            "ext_expires_in": issued.seconds,
            "access_token": issued.token,
        }
        return _json(body)


class _Visit:
    """One call to these paths."""

    __slots__ = (
        "address",
        "correlation",
        "headers",
        "id",
        "method",
        "origin",
        "scope",
        "tenant",
    )

    def __init__(self, scope: Any, *, tenant: str) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.headers = headers_of(scope)
        self.origin = origin_of(scope, self.headers)
        self.tenant = tenant
        self.id = scope["state"]["correlation"]
        self.correlation = str(self.id)
        client = scope.get("client")
        self.address: str = client[0] if client else ""


def _is_client(who: Authenticated, asked: TokenRequest) -> bool:
    """Whether a secret is that client's own; an access token is no secret to get another one by."""
    return (
        who.principal.kind is PrincipalKind.CLIENT
        and str(who.principal.id) == asked.client_id
        and asked.client_secret.startswith(SECRET_PREFIX)
    )


async def _is_of(connection: AsyncConnection[TupleRow], tenant: Tenant, named: str) -> bool:
    """Whether a path names this tenant: as any, by its id, or by a domain that it owns."""
    if named.casefold() in {*_ANY_TENANT, str(tenant.id), tenant.domain}:
        return True
    found = await find_tenant_of_sign_in(connection, named)
    return found is not None and found.tenant_id == tenant.tenant_id


def _json(body: dict[str, Any]) -> Answer:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        # RFC 6749, 5.1: no cache may keep a token.
        (b"cache-control", b"no-store"),
        (b"pragma", b"no-cache"),
    ]
    return Answer(200, headers, msgspec.json.encode(body))


def _configuration(visit: _Visit, tenant: Tenant | None) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, 3: every endpoint on the origin that the caller used.

    Libraries read no configuration without a page to sign in on; the one that is named says that
    nobody does.
    """
    name = visit.tenant.casefold() if tenant is None else str(tenant.id)
    origin = visit.origin
    return {
        "issuer": f"{origin}/{'{tenantid}' if tenant is None else name}/v2.0",
        "authorization_endpoint": f"{origin}/{name}/oauth2/v2.0/authorize",
        "token_endpoint": f"{origin}/{name}/oauth2/v2.0/token",
        "jwks_uri": f"{origin}/{name}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "offline_access"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "oid"],
    }


def _instance(visit: _Visit) -> dict[str, Any]:
    """What MSAL asks when it does not know the host: that this host is the only one."""
    host = visit.origin.partition("://")[2]
    return {
        "tenant_discovery_endpoint": (
            f"{visit.origin}/common/v2.0/.well-known/openid-configuration"
        ),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
