"""RSA keys that sign access tokens as JSON Web Tokens (RFC 7519, RS256 as Entra ID signs them)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import RSAKey

_KEY_BITS: Final = 2048
_ALGORITHM: Final = "RS256"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A fresh pair: `private_key` is PEM (PKCS 8), `public_key` a JSON Web Key with its `kid`."""

    kid: str
    private_key: str = field(repr=False)
    public_key: Mapping[str, Any]


def new_key() -> NewKey:
    """Make a pair. It takes tens of milliseconds of computing: not on the event loop."""
    key = RSAKey.generate_key(_KEY_BITS, private=True)
    kid = key.thumbprint()
    public = key.as_dict(private=False)
    return NewKey(
        kid=kid,
        private_key=key.as_pem(private=True).decode("ascii"),
        public_key={**public, "kid": kid, "use": "sig", "alg": _ALGORITHM},
    )


class Signer:
    """The private half of one key, ready to sign."""

    __slots__ = ("_key", "_kid")

    def __init__(self, *, kid: str, private_key: str) -> None:
        self._kid = kid
        self._key = RSAKey.import_key(private_key)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A token of three parts that holds these claims; well below a millisecond."""
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": self._kid}
        return jwt.encode(header, dict(claims), self._key, algorithms=[_ALGORITHM])
