"""The portal as one ASGI application: its pages behind its edge, sign-in and static files."""

from __future__ import annotations

from typing import Any, Final, cast

import psycopg
import structlog
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.exceptions import HTTPException, NotFoundException
from litestar.types import ControllerRouterHandler, HTTPScope, Receive, Scope, Send

from seatwright.app.call import Call
from seatwright.domain.clock import Clock
from seatwright.domain.errors import Reason, Refusal
from seatwright.identity.oidc import IdentityProvider
from seatwright.postgres.pool import Database
from seatwright.web.answers import Answer
from seatwright.web.failures import Failures
from seatwright.web.portal import (
    auto_claim,
    bulk,
    exports,
    groups,
    history,
    me,
    people,
    requests,
    seats,
    settings,
)
from seatwright.web.portal.bulk.progress import ProgressStream, job_of_stream
from seatwright.web.portal.conflicts import CONFLICT_PAGES
from seatwright.web.portal.entry.elsewhere import Elsewhere
from seatwright.web.portal.entry.sign_in import SignInPages
from seatwright.web.portal.entry.sign_out import SIGN_OUT_PAGES
from seatwright.web.portal.find import FIND_PAGES
from seatwright.web.portal.frame.access import AnyRequest, call_of, form_of, guard
from seatwright.web.portal.frame.cookie import AttemptCookie, SessionCookie
from seatwright.web.portal.frame.edge import PortalEdge
from seatwright.web.portal.frame.forms import NothingTicked
from seatwright.web.portal.frame.language import speaking
from seatwright.web.portal.frame.languages import Languages
from seatwright.web.portal.frame.offers import name_change, offer_undo
from seatwright.web.portal.frame.pages import back_to, languages_asked, page
from seatwright.web.portal.frame.rendering import static_files
from seatwright.web.portal.frame.troubles import BUG, Trouble
from seatwright.web.portal.held import HELD_PAGES
from seatwright.web.portal.overview import OVERVIEW_PAGES
from seatwright.web.portal.strategies import STRATEGY_PAGES
from seatwright.web.portal.templates_ import TEMPLATE_PAGES
from seatwright.web.portal.undo import UNDO_PAGES
from seatwright.web.problems import status_of

log = structlog.get_logger(__name__)

PAGES: Final[tuple[ControllerRouterHandler, ...]] = (
    *OVERVIEW_PAGES,
    *FIND_PAGES,
    *people.PAGES,
    *seats.PAGES,
    *groups.PAGES,
    *bulk.PAGES,
    *auto_claim.PAGES,
    *requests.PAGES,
    *history.PAGES,
    *me.PAGES,
    *settings.PAGES,
    *TEMPLATE_PAGES,
    *CONFLICT_PAGES,
    *STRATEGY_PAGES,
    *HELD_PAGES,
    *exports.PAGES,
    *SIGN_OUT_PAGES,
    *UNDO_PAGES,
)

_OUTSIDE: Final = frozenset({"/sign-in", "/auth"})
"""Pages for those who are not signed in."""

_FOREVER: Final = b"public, max-age=31536000, immutable"


class Portal:
    """Serves every path of the portal; `serves` says which those are."""

    __slots__ = (
        "_edge",
        "_heads",
        "_languages",
        "_progress",
        "_provider",
        "_public_url",
        "_sign_in",
    )

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        public_url: str,
        provider: IdentityProvider | None = None,
        languages: Languages | None = None,
    ) -> None:
        is_secure = public_url.startswith("https://")
        cookie = SessionCookie(is_secure=is_secure)
        self._progress = ProgressStream(database=database, clock=clock, cookie=cookie)
        app = create_portal_application()
        self._edge = PortalEdge(app, database=database, clock=clock, cookie=cookie)
        elsewhere = None
        if provider is not None:
            attempts = AttemptCookie(is_secure=is_secure)
            elsewhere = Elsewhere(provider, database=database, clock=clock, attempts=attempts)
        self._languages = languages or Languages()
        self._provider = provider
        self._public_url = public_url.rstrip("/")
        self._sign_in = SignInPages(
            database=database, clock=clock, cookie=cookie, elsewhere=elsewhere
        )
        heads = frozenset(_head(route.path) for route in app.routes)
        self._heads = heads | _OUTSIDE | {"/static"}

    @property
    def heads(self) -> frozenset[str]:
        """The first segments of its paths."""
        return self._heads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call, in the language that its browser asks for."""
        path: str = scope["path"]
        if path.startswith("/static/"):
            await _static(cast(HTTPScope, scope)).send(send)
            return
        language = self._languages.asked_for(languages_asked(cast(HTTPScope, scope)))
        with speaking(language):
            await self._serve(path, scope, receive, send)

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if _head(path) in _OUTSIDE:
            await self._sign_in(cast(HTTPScope, scope), receive, send)
        elif (job := job_of_stream(path)) is not None:
            await self._progress(cast(HTTPScope, scope), receive, send, job_id=job)
        else:
            scope["state"]["provider"] = self._provider
            scope["state"]["public_url"] = self._public_url
            await self._edge(scope, receive, send)


def _head(path: str) -> str:
    return "/" + path.removeprefix("/").partition("/")[0]


def _static(scope: HTTPScope) -> Answer:
    name = scope["path"].removeprefix("/static/")
    scope["path_template"] = "/static/*"
    for file in static_files().values():
        if file.name == name and scope["method"] == "GET":
            headers = [
                (b"content-type", file.media_type.encode()),
                (b"content-length", str(len(file.content)).encode()),
                (b"cache-control", _FOREVER),
                (b"x-content-type-options", b"nosniff"),
            ]
            return Answer(200, headers, file.content)
    return Answer(404, [(b"content-type", b"text/plain"), (b"content-length", b"0")], b"")


def create_portal_application() -> Litestar:
    """Every page that needs a session, with a page for whatever goes wrong."""
    return Litestar(
        route_handlers=list(PAGES),
        guards=[guard],
        before_request=offer_undo,
        before_send=[name_change],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers={
            Refusal: answer_refusal,
            HTTPException: answer_http_error,
            **dict.fromkeys(Failures, note_failure),
            psycopg.DataError: answer_unstorable,
            Exception: answer_bug,
        },
        openapi_config=None,
        logging_config=None,
        on_app_init=[_with_names],
    )


def provide_call(request: AnyRequest) -> Call:
    """The call that the edge opened: pages take it as their `call` parameter."""
    return call_of(request)


def _with_names(config: AppConfig) -> AppConfig:
    config.signature_namespace["Call"] = Call
    return config


def answer_refusal(request: AnyRequest, refusal: Refusal) -> Response[bytes] | Response[None]:
    """What a rule refused: which, why, and what to do."""
    if isinstance(refusal, NothingTicked) and (back := form_of(request).text("back")):
        request.scope["state"]["is_sent_back"] = True
        return back_to(back, unticked="yes")
    status = status_of(refusal)
    trouble = Trouble(
        status,
        "This cannot be done",
        refusal.detail,
        refusal.reason.value,
        is_told=refusal.reason is not Reason.OWN_PROCESS,
    )
    return page(request, "refused.html", status=status, trouble=trouble)


def answer_http_error(request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Paths that are none, and values in them that are none."""
    if isinstance(error, NotFoundException):
        words = Trouble(404, "There is no such page", "Look for it from one of the pages here.")
    else:
        words = Trouble(
            error.status_code,
            "This page cannot be shown",
            "Its address, or the form that was sent, is not one that it takes. Open it again from"
            " one of the pages here.",
        )
    return page(request, "refused.html", status=error.status_code, trouble=words)


def note_failure(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The database went away or another call stood in the way: the edge decides what is next."""
    request.scope["state"]["failure"] = error
    return Response(b"", status_code=503)


def answer_unstorable(request: AnyRequest, error: psycopg.DataError) -> Response[bytes]:
    """A value that PostgreSQL has no room for, and that no rule before it caught."""
    log.warning("a value could not be stored", exc_info=error)
    words = Trouble(
        400,
        "A value cannot be stored",
        "A text is too long or has characters that no text may have. Nothing was changed.",
    )
    return page(request, "refused.html", status=400, trouble=words)


def answer_bug(request: AnyRequest, error: Exception) -> Response[bytes]:
    """Anything else is a bug: logged with its trace, and told without it."""
    log.error("unhandled error in a page", exc_info=error)
    return page(request, "refused.html", status=500, trouble=BUG)
