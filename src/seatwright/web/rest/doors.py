"""The doors of the REST application: every method of every route, as the application has them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from seatwright.domain.roles import Permission


@dataclass(frozen=True)
class Door:
    """One method of one route; `path` is its template, as OpenAPI writes it."""

    method: str
    path: str
    handler: HTTPRouteHandler

    @property
    def permission(self) -> Permission | None:
        """What a caller needs; None would be a mistake, and a test looks for it."""
        permission: Permission | None = self.handler.opt.get("permission")
        return permission

    @property
    def is_writing(self) -> bool:
        """Whether the call changes something, and so may carry an Idempotency-Key."""
        return self.method != "GET" and not self.is_bare

    @property
    def is_bare(self) -> bool:
        """Whether it is answered before this application, without what the edge adds."""
        return bool(self.handler.opt.get("is_bare", False))

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in the template, in order."""
        return tuple(re.findall(r"{(\w+)}", self.path))


def doors_of(app: Litestar) -> tuple[Door, ...]:
    """Every door, by path and then by method."""
    doors = [
        Door(method, route.path_format, handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        # Litestar adds OPTIONS by itself; the guard refuses it like any method that is not there.
        if method != "OPTIONS"
    ]
    return tuple(sorted(doors, key=lambda door: (door.path, door.method)))


class AllowedMethods:
    """Which methods a path answers, for the `Allow` header of a 405 (RFC 9110, 15.5.6)."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self._doors = tuple(doors)

    @cached_property
    def _patterns(self) -> tuple[tuple[re.Pattern[str], frozenset[str]], ...]:
        """Literal paths before those with parameters, as the router prefers them."""
        methods: dict[str, set[str]] = {}
        for door in self._doors:
            methods.setdefault(door.path, set()).add(door.method)
        paths = sorted(methods, key=lambda path: (path.count("{"), path))
        return tuple((_pattern(path), frozenset(methods[path])) for path in paths)

    def at(self, path: str) -> str:
        """The methods of a path as the header has them; empty for a path that is none."""
        for pattern, methods in self._patterns:
            if pattern.fullmatch(path):
                return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))
        return ""


def _pattern(path: str) -> re.Pattern[str]:
    literals = re.split(r"{\w+}", path)
    return re.compile("[^/]+".join(map(re.escape, literals)) + "/?")
