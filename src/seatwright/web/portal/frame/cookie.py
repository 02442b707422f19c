"""The cookie of a session: who reads it, and how it is set and taken away."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from typing import Final

from seatwright.app.portal_sessions import ATTEMPT_LIVES, SESSION_LIVES

_NAME: Final = "seatwright"
_ATTEMPT: Final = "seatwright-sign-in"
_SECRET_LENGTH_MAX: Final = 100


class SessionCookie:
    """Behind TLS the name says that it came by TLS and from this host alone (`__Host-`)."""

    __slots__ = ("_attributes", "_name")

    def __init__(self, *, is_secure: bool) -> None:
        self._name = f"__Host-{_NAME}" if is_secure else _NAME
        self._attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_secure else "")

    def read(self, headers: dict[bytes, bytes]) -> str | None:
        """The session that a call came with; None without one that could be ours."""
        return _read(headers, self._name)

    def set(self, session: str) -> tuple[bytes, bytes]:
        """The header that begins a session."""
        seconds = int(SESSION_LIVES.total_seconds())
        text = f"{self._name}={session}; Max-Age={seconds}; {self._attributes}"
        return b"set-cookie", text.encode()

    def end(self) -> tuple[bytes, bytes]:
        """The header that ends it."""
        return b"set-cookie", f"{self._name}=; Max-Age=0; {self._attributes}".encode()


class AttemptCookie:
    """What binds a sign-in at an identity provider to the browser that began it, for minutes.

    Lax and not Strict: the browser comes back from another site, and must bring it.
    """

    __slots__ = ("_attributes", "_name")

    def __init__(self, *, is_secure: bool) -> None:
        self._name = f"__Host-{_ATTEMPT}" if is_secure else _ATTEMPT
        self._attributes = "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if is_secure else "")

    def read(self, headers: dict[bytes, bytes]) -> str | None:
        """The attempt that a browser came back with."""
        return _read(headers, self._name)

    def set(self, secret: str) -> tuple[bytes, bytes]:
        """The header that begins an attempt."""
        seconds = int(ATTEMPT_LIVES.total_seconds())
        text = f"{self._name}={secret}; Max-Age={seconds}; {self._attributes}"
        return b"set-cookie", text.encode()

    def end(self) -> tuple[bytes, bytes]:
        """The header that ends it."""
        return b"set-cookie", f"{self._name}=; Max-Age=0; {self._attributes}".encode()


def _read(headers: dict[bytes, bytes], name: str) -> str | None:
    try:
        cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1"))
    except CookieError:
        return None
    found = cookies.get(name)
    if found is None or not 0 < len(found.value) <= _SECRET_LENGTH_MAX:
        return None
    return found.value
