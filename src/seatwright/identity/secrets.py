"""Long-lived tokens, client secrets, sessions and sign-in links.

All are 256 random bits, so a plain SHA-256 is what is stored: nothing could be gained by a slow
hash, and a look-up by digest compares nothing secret (`architecture.md` §6).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_PREFIX = "swt_"
SECRET_PREFIX = "sws_"


def new_token() -> str:
    """A long-lived token; the prefix lets secret scanners find a leaked one."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_client_secret() -> str:
    """The secret of an API client."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def new_session() -> str:
    """What the cookie of a session in the portal holds."""
    return secrets.token_urlsafe(32)


def new_link() -> str:
    """The secret part of a link that signs somebody in once."""
    return secrets.token_urlsafe(32)


def form_proof(session: str) -> str:
    """What every form of a session carries, so that no other site can send one (CSRF).

    It says nothing about the session that it is made of, and another session has another.
    """
    return hashlib.sha256(b"seatwright form\0" + session.encode()).hexdigest()


def is_form_proof(session: str, presented: str) -> bool:
    """Whether a form was made for this session."""
    return is_same_secret(form_proof(session), presented)


def is_same_secret(secret: str, presented: str) -> bool:
    """Whether somebody knows a secret; the comparison takes the same time either way."""
    return hmac.compare_digest(secret.encode(), presented.encode())


def digest_of(secret: str) -> bytes:
    """What is stored of a secret: 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
