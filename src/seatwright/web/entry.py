"""The front door: one small ASGI dispatcher before every surface.

It picks the surface by path, answers what needs no surface (health, metrics), and refuses Hosts
that are not ours outside of the Graph surface (`interfaces.md`, "Set-up and settings").
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger(__name__)

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


class Entry:
    """Dispatches on the first segment of the path; the rest is each surface's own matter.

    `doors` are whole paths that are answered before their surface; `guest` is what serves a path
    under whatever Host, or None (`interfaces.md`, "Links and hosts").
    """

    __slots__ = ("_doors", "_fallback", "_guest", "_host", "_lifespan", "_surfaces")

    def __init__(
        self,
        *,
        surfaces: Mapping[str, ASGIApp],
        doors: Mapping[str, ASGIApp],
        fallback: ASGIApp,
        public_host: str,
        lifespan: Callable[[Any, Any], Awaitable[None]],
        guest: Callable[[str], ASGIApp | None] = lambda _: None,
    ) -> None:
        self._surfaces = dict(surfaces)
        self._doors = dict(doors)
        self._fallback = fallback
        self._host = public_host.lower()
        self._lifespan = lifespan
        self._guest = guest

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        scope.setdefault("state", {})
        path: str = scope["path"]
        guest = self._guest(path)
        if guest is not None:
            await _served(guest, scope, receive, send)
            return
        if path not in OPEN_PATHS and not self._is_our_host(scope):
            await _misdirected(send)
            return
        # Not every path begins with a slash: OPTIONS asks for "*" (RFC 9110, 9.3.7).
        head = "/" + path.removeprefix("/").partition("/")[0]
        surface = self._doors.get(path) or self._surfaces.get(head, self._fallback)
        await _served(surface, scope, receive, send)

    def _is_our_host(self, scope: Scope) -> bool:
        host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").lower()
        if host == self._host:
            return True
        name, port = split_host(host)
        our_name, our_port = split_host(self._host)
        return name in LOOPBACK_HOSTS and our_name in LOOPBACK_HOSTS and port == our_port


async def _served(surface: ASGIApp, scope: Any, receive: Receive, send: Send) -> None:
    if scope["method"] == "HEAD":
        await _head(surface, scope, receive, send)
    else:
        await surface(scope, receive, send)


async def _head(surface: ASGIApp, scope: Any, receive: Receive, send: Send) -> None:
    """The answer to GET without its body (RFC 9110, 9.3.2), for every surface alike."""
    scope["method"] = "GET"

    async def bodiless(message: Message) -> None:
        if message["type"] == "http.response.body":
            message["body"] = b""
        await send(message)

    await surface(scope, receive, bodiless)


def split_host(host: str) -> tuple[str, str]:
    """`[::1]:8080` as (`[::1]`, `8080`); the port is empty when none is given."""
    name, bracket, rest = host.partition("]")
    if bracket:
        return name + bracket, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name, port


async def _misdirected(send: Send) -> None:
    body = (
        b'{"type":"/docs/errors#misdirected","title":"Misdirected","status":421,"code":"misdirected",'
        b'"detail":"This server does not answer under that Host. Set SEATWRIGHT_PUBLIC_URL to the'
        b' address by which people reach it."}'
    )
    headers = [(b"content-type", b"application/problem+json")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
