"""Long-lived tokens and client secrets.

Both are 256 random bits, so a plain SHA-256 is what is stored: nothing could be gained by a slow
hash, and a look-up by digest compares nothing secret (`architecture.md` §6).
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_PREFIX = "swt_"
SECRET_PREFIX = "sws_"


def new_token() -> str:
    """A long-lived token; the prefix lets secret scanners find a leaked one."""
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def new_client_secret() -> str:
    """The secret of an API client."""
    return SECRET_PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> bytes:
    """What is stored of a secret: 32 bytes."""
    return hashlib.sha256(secret.encode()).digest()
