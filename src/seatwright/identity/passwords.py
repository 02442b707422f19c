"""Passwords as they are stored: argon2id, with the library's parameters (RFC 9106, low memory).

Hashing takes tens of milliseconds and 64 MiB on purpose, so it happens beside the event loop, and
only a few at once: many guesses must not take the memory of everybody else.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE_MAX: Final = 2

_HASHER: Final = PasswordHasher()


class Passwords:
    """Hashes and checks passwords, a few at once."""

    __slots__ = ("_turns",)

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE_MAX)

    async def hash(self, password: str) -> str:
        """What is stored of a password: parameters, salt and digest in one text."""
        async with self._turns:
            return await asyncio.to_thread(_HASHER.hash, password)

    async def is_right(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one; where none is stored, as long and no."""
        async with self._turns:
            return await asyncio.to_thread(_is_right, stored, password)


def _is_right(stored: str | None, password: str) -> bool:
    try:
        _HASHER.verify(stored or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """A hash to compare with where there is none: a name that nobody has costs as much time."""
    return _HASHER.hash("a password that opens nothing")
