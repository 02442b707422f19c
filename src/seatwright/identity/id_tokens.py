"""Checking an ID token (OpenID Connect Core 1.0, 3.1.3.7): who made it, for whom, when, for what.

The library does the cryptography and the times; what only OpenID Connect asks for is here.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519",
)  # fmt: skip
"""Signatures by a key of which the provider alone has the private half, and no others."""

LEEWAY: Final = timedelta(seconds=60)
"""How far the provider's clock may be from ours."""

TOKEN_LENGTH_MAX: Final = 100_000
_SUBJECT_LENGTH_MAX: Final = 255


class TokenRefused(Exception):
    """A token that says nothing we may believe; the message says which check it failed."""


class UnknownKey(TokenRefused):
    """It is signed by a key that is not among those known, or no longer under that name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a token must say: from whom, for whom, and in answer to what."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)


def check_id_token(
    token: str, keys: KeySet, expected: Expected, *, at: datetime
) -> Mapping[str, Any]:
    """The claims of a token that passes every check; `at` is the true time, never a moved clock.

    Raises UnknownKey when no known key made its signature, and TokenRefused for anything else.
    """
    if len(token) > TOKEN_LENGTH_MAX:
        raise TokenRefused("it is too long")
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
        _registry(expected, at).validate(claims)
    except (InvalidKeyIdError, BadSignatureError) as error:
        raise UnknownKey(f"its signature is by no known key ({error.error})") from error
    except (JoseError, ValueError) as error:
        raise TokenRefused(str(error)) from error
    _check_party(claims, expected.client_id)
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(
        nonce.encode(), expected.nonce.encode()
    ):
        raise TokenRefused("its nonce answers another sign-in")
    if not 0 < len(claims["sub"]) <= _SUBJECT_LENGTH_MAX:
        raise TokenRefused("its subject is no name")
    return claims


def _registry(expected: Expected, at: datetime) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=int(LEEWAY.total_seconds()),
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """A token for several says which of them asked for it, and that must be us."""
    party = claims.get("azp")
    is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (party is not None or is_for_several) and party != client_id:
        raise TokenRefused("another party asked for it (azp)")
