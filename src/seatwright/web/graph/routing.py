"""Routes of the Graph surface, and finding the one that a path means.

A tree of segments in lower case; a `{name}` takes any segment where no literal one fits. Function
and action names may come with their namespace (`microsoft.graph.delta`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from seatwright.domain.graph_permissions import GraphPermission
from seatwright.domain.roles import Permission
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import BAD_REQUEST, GraphError
from seatwright.web.graph.paths import not_found
from seatwright.web.graph.request import GraphRequest, Sent

Handler = Callable[[GraphRequest], Awaitable[Answer]]

V1: Final = "v1.0"
BETA: Final = "beta"
VERSIONS: Final = (V1, BETA)

_NAMESPACE: Final = "microsoft.graph."


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path: who may call it, and what it does.

    `needs` are permissions of our roles, of which the caller has one; `accepts` are Graph's, the
    least privileged first, of which a client made with `--permission` has one.
    """

    method: str
    path: str
    handler: Handler
    needs: tuple[Permission, ...]
    accepts: tuple[GraphPermission, ...]
    versions: tuple[str, ...] = VERSIONS

    @property
    def template(self) -> str:
        """The path as logs and metrics show it."""
        return f"/{self.versions[0]}/{self.path}"


def route(
    method: str,
    path: str,
    *,
    needs: Permission | tuple[Permission, ...],
    accepts: tuple[GraphPermission, ...],
    versions: tuple[str, ...] = VERSIONS,
) -> Callable[[Handler], Route]:
    """Make a route of a function: `@route("GET", "users/{user}", needs=…, accepts=(…))`."""

    def made(handler: Handler) -> Route:
        return Route(
            method=method,
            path=path,
            handler=handler,
            needs=needs if isinstance(needs, tuple) else (needs,),
            accepts=accepts,
            versions=versions,
        )

    return made


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)


class Router:
    """Every route of both versions."""

    __slots__ = ("_roots",)

    def __init__(self, routes: Iterable[Route]) -> None:
        """Build the trees; a path that stands twice is a mistake and raises ValueError."""
        self._roots = {version: _Node() for version in VERSIONS}
        for one in routes:
            for version in one.versions:
                self._add(self._roots[version], one)

    def _add(self, node: _Node, one: Route) -> None:
        for segment in one.path.split("/"):
            if segment.startswith("{"):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literal.setdefault(segment.casefold(), _Node())
        if one.method in node.routes:
            message = f"{one.method} {one.path} stands twice"
            raise ValueError(message)
        node.routes[one.method] = one

    def find(self, sent: Sent) -> tuple[Route, Mapping[str, str]]:
        """The route that a call means, and what its parameters stand for.

        Raises GraphError: 404 for a path that is none, 405 for a method that a path has not.
        """
        found = _walk(self._roots[sent.version], sent.segments)
        if found is None:
            raise not_found(f"/{sent.version}{sent.path}")
        node, values = found
        one = node.routes.get(sent.method)
        if one is None:
            raise only(sent.method, *sorted(node.routes))
        names = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
        return one, dict(zip(names, values, strict=True))


def only(method: str, *methods: str) -> GraphError:
    """405 for a method that a path has not, with those that it has."""
    allowed = ", ".join(methods)
    return GraphError(
        405,
        BAD_REQUEST,
        "Specified HTTP method is not allowed for the request target.",
        reason="methodNotAllowed",
        detail=f"This path answers {allowed}, not {method[:20]}.",
        headers=((b"allow", allowed.encode()),),
    )


def _walk(node: _Node, segments: tuple[str, ...]) -> tuple[_Node, tuple[str, ...]] | None:
    """The node at the end of the segments, literals before parameters; and the parameters."""
    if not segments:
        return (node, ()) if node.routes else None
    head, rest = segments[0], segments[1:]
    name = head.casefold()
    literal = node.literal.get(name) or node.literal.get(name.removeprefix(_NAMESPACE))
    if literal is not None:
        found = _walk(literal, rest)
        if found is not None:
            return found
    if node.parameter is not None:
        found = _walk(node.parameter, rest)
        if found is not None:
            return found[0], (head, *found[1])
    return None
