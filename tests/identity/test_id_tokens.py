"""What an ID token must say before anybody is let in by it, and what is refused."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from seatwright.identity.id_tokens import Expected, TokenRefused, UnknownKey, check_id_token

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
KEY = RSAKey.generate_key(2048, {"kid": "one"})
ELLIPTIC = ECKey.generate_key("P-256", {"kid": "two"})
KEYS = KeySet(
    [
        RSAKey.import_key(KEY.as_dict(private=False)),
        ECKey.import_key(ELLIPTIC.as_dict(private=False)),
    ]
)
EXPECTED = Expected(issuer="https://login.example.com", client_id="seatwright", nonce="n" * 43)
CLAIMS: dict[str, Any] = {
    "iss": EXPECTED.issuer,
    "aud": EXPECTED.client_id,
    "sub": "7",
    "iat": AT,
    "exp": AT + 300,
    "nonce": EXPECTED.nonce,
    "preferred_username": "ada@contoso.example",
}


def token_of(
    claims: dict[str, Any], *, key: Any = KEY, alg: str = "RS256", kid: str = "one"
) -> str:
    """A token as a provider signs it."""
    return jwt.encode({"alg": alg, "kid": kid}, dict(claims), key, algorithms=[alg])


@pytest.mark.parametrize(
    "token",
    [
        token_of(CLAIMS),
        token_of(CLAIMS, alg="PS256"),
        token_of(CLAIMS, key=ELLIPTIC, alg="ES256", kid="two"),
        token_of({**CLAIMS, "aud": ["other", "seatwright"], "azp": "seatwright"}),
        # Clocks are apart a little.
        token_of({**CLAIMS, "iat": AT + 50, "exp": AT - 50}),
    ],
)
def test_a_token_that_answers_this_sign_in_is_taken(token: str) -> None:
    claims = check_id_token(token, KEYS, EXPECTED, at=NOW)
    assert claims["preferred_username"] == "ada@contoso.example"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": EXPECTED.issuer + "/"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": ["other", "another"]}, "aud"),
        ({"aud": ["other", "seatwright"]}, "azp"),
        ({"azp": "other"}, "azp"),
        ({"exp": AT - 61}, "expired"),
        ({"exp": "tomorrow"}, "exp"),
        ({"iat": AT + 120}, "future"),
        ({"nbf": AT + 120}, "not yet"),
        ({"nonce": "m" * 43}, "nonce"),
        ({"nonce": 7}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": "x" * 300}, "subject"),
    ],
)
def test_a_token_that_says_something_else_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        check_id_token(token_of({**CLAIMS, **change}), KEYS, EXPECTED, at=NOW)
    assert says in str(refused.value)


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp", "iat", "nonce"])
def test_a_token_that_leaves_something_out_is_refused(missing: str) -> None:
    claims = {name: value for name, value in CLAIMS.items() if name != missing}
    with pytest.raises(TokenRefused):
        check_id_token(token_of(claims), KEYS, EXPECTED, at=NOW)


def test_a_signature_by_an_unknown_key_is_told_apart() -> None:
    stranger = RSAKey.generate_key(2048)
    for kid in ("three", "one"):
        with pytest.raises(UnknownKey):
            check_id_token(token_of(CLAIMS, key=stranger, kid=kid), KEYS, EXPECTED, at=NOW)


def test_a_token_that_nobody_signed_or_everybody_could_is_refused() -> None:
    parts = [json.dumps({"alg": "none"}), json.dumps(CLAIMS)]
    encoded = [base64.urlsafe_b64encode(one.encode()).rstrip(b"=").decode() for one in parts]
    unsigned = ".".join([*encoded, ""])
    # The public key taken for a shared secret: the oldest confusion of algorithms.
    secret = OctKey.import_key(str(KEY.as_dict(private=False)["n"]))
    shared = jwt.encode({"alg": "HS256", "kid": "one"}, dict(CLAIMS), secret, algorithms=["HS256"])
    bent = token_of(CLAIMS)
    head, body, signature = bent.split(".")
    bent = f"{head}.{body[:-2]}{'AA' if body[-2:] != 'AA' else 'BB'}.{signature}"
    for token in (unsigned, shared, bent, "", "a.b.c", "x" * 200_000):
        with pytest.raises(TokenRefused):
            check_id_token(token, KEYS, EXPECTED, at=NOW)
