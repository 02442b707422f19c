"""The Graph surface as an ASGI application: `/v1.0` and `/beta`, under whatever Host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import structlog
from litestar.types import Receive, Scope, Send

from seatwright.domain.clock import Clock
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer
from seatwright.web.body import Body, BodyTooLargeError, CallerGoneError
from seatwright.web.graph.edge import GraphEdge, Visit
from seatwright.web.graph.envelope import GraphError
from seatwright.web.graph.origins import headers_of, origin_of
from seatwright.web.graph.request import Sent
from seatwright.web.graph.routes import GRAPH_ROUTES
from seatwright.web.graph.routing import VERSIONS, Route, Router
from seatwright.web.graph.throttle import Throttle

log = structlog.get_logger(__name__)

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""As Microsoft Graph has it; a batch of 20 large steps fits."""

_CLIENT_REQUEST_ID: Final = re.compile(r"[\x21-\x7e]{1,128}")


class GraphApplication:
    """Parses a call, and hands it to the edge."""

    __slots__ = ("_edge",)

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        routes: Iterable[Route] = GRAPH_ROUTES,
        throttle: Throttle | None = None,
    ) -> None:
        router = Router(routes)
        self._edge = GraphEdge(
            router, database=database, clock=clock, throttle=throttle or Throttle()
        )

    @staticmethod
    def serves(path: str) -> bool:
        """Whether a path is one of this surface."""
        return path.lstrip("/").partition("/")[0].casefold() in VERSIONS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        headers = headers_of(scope)
        visit = Visit(
            authorization=headers.get("authorization", ""),
            correlation=scope["state"]["correlation"],
            client_request_id=_client_request_id(headers, str(scope["state"]["correlation"])),
        )
        try:
            answer = await self._answer(scope, receive, headers, visit)
        except CallerGoneError:
            log.info("the caller hung up before the body was complete")
            return
        _leave_marks(scope, visit)
        answer.headers.append((b"content-length", str(len(answer.body)).encode()))
        await answer.send(send)

    async def _answer(
        self, scope: Any, receive: Receive, headers: dict[str, str], visit: Visit
    ) -> Answer:
        try:
            content = b"" if scope["method"] == "GET" else await _read(receive)
        except BodyTooLargeError:
            return self._edge.told(_too_large(), visit)
        return await self._edge.answer(_sent(scope, headers, content), visit)


def _sent(scope: Any, headers: dict[str, str], content: bytes) -> Sent:
    raw = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
    version, _, rest = raw.lstrip("/").partition("/")
    sent = Sent(
        method=scope["method"],
        version=version.casefold(),
        path=f"/{rest}",
        headers=headers,
        origin=origin_of(scope, headers),
        content=content,
    )
    return sent.at(rest, scope["query_string"].decode("latin-1"))


async def _read(receive: Receive) -> bytes:
    body = Body(receive, bytes_max=BODY_BYTES_MAX)
    await body.read_some()
    return await body.read_rest()


def _client_request_id(headers: dict[str, str], otherwise: str) -> str:
    sent = headers.get("client-request-id", "")
    return sent if _CLIENT_REQUEST_ID.fullmatch(sent) else otherwise


def _leave_marks(scope: Any, visit: Visit) -> None:
    """What logs and metrics say about the call; never its path, which holds people's names."""
    scope["path_template"] = visit.template or "/v1.0/*"
    if visit.caller is not None:
        scope["state"]["caller"] = visit.caller


def _too_large() -> GraphError:
    return GraphError(
        413,
        "RequestEntityTooLarge",
        f"The body is larger than {BODY_BYTES_MAX // 2**20} MiB: send it in parts.",
        reason="bodyTooLarge",
    )
