"""The REST surface as one Litestar application; `web/edge.py` wraps it."""

from __future__ import annotations

from typing import Any

import psycopg
import structlog
from litestar import Litestar, Request, Response
from litestar.config.app import AppConfig
from litestar.di import Provide
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.types import ControllerRouterHandler

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.web.answers import BODY_BYTES_MAX
from seatwright.web.failures import Failures
from seatwright.web.problems import problem, status_of
from seatwright.web.rest.access import call_of, guard
from seatwright.web.rest.doors import AllowedMethods, doors_of
from seatwright.web.rest.queries import guard_query
from seatwright.web.rest.routes import ROUTES

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"


def create_rest_application(routes: tuple[ControllerRouterHandler, ...] = ROUTES) -> Litestar:
    """Every route under `/api`, with problem+json for whatever goes wrong."""
    app = Litestar(
        route_handlers=list(routes),
        guards=[guard, guard_query],
        dependencies={"call": Provide(provide_call, sync_to_thread=False)},
        exception_handlers={
            Refusal: answer_refusal,
            HTTPException: answer_http_error,
            psycopg.DataError: answer_unstorable,
            UnicodeDecodeError: answer_unreadable,
            RecursionError: answer_unreadable,
            **dict.fromkeys(Failures, answer_failure),
            Exception: answer_bug,
        },
        request_max_body_size=BODY_BYTES_MAX,
        # The description is our own (`openapi.py`): Litestar's does not say that bodies are strict.
        openapi_config=None,
        logging_config=None,
        on_app_init=[_without_signature_noise],
    )
    app.state.allowed_methods = AllowedMethods(doors_of(app))
    return app


def provide_call(request: Request[Any, Any, Any]) -> Call:
    """The call that the edge opened: routes take it as their `call` parameter.

    Raises the Refusal of a call whose `preview` or `If-Match` cannot be read.
    """
    refused: Refusal | None = request.scope["state"].get("refused")
    if refused is not None:
        raise refused
    return call_of(request)


def _without_signature_noise(config: AppConfig) -> AppConfig:
    config.signature_namespace["Call"] = Call
    return config


def answer_refusal(_: Request[Any, Any, Any], refusal: Refusal) -> Response[dict[str, object]]:
    """A domain refusal: status from the reasons table, sentences and facts in the body."""
    status = status_of(refusal)
    body = problem(
        status=status, code=refusal.reason.value, detail=refusal.detail, extra=refusal.context
    )
    return Response(body, status_code=status, media_type=PROBLEM_JSON)


def answer_http_error(
    request: Request[Any, Any, Any], error: HTTPException
) -> Response[dict[str, object]]:
    """What Litestar itself refuses: unknown paths, methods, and bodies that do not parse."""
    code, detail = _code_and_detail(request, error)
    body = problem(status=error.status_code, code=code, detail=detail)
    headers = dict(error.headers or {})
    if isinstance(error, MethodNotAllowedException):
        headers["allow"] = request.app.state.allowed_methods.at(request.url.path)
    return Response(body, status_code=error.status_code, media_type=PROBLEM_JSON, headers=headers)


def _code_and_detail(request: Request[Any, Any, Any], error: HTTPException) -> tuple[str, str]:
    path = request.url.path
    if isinstance(error, NotFoundException):
        return "unknownPath", f"There is nothing at {path}. GET /openapi.json lists every path."
    if isinstance(error, MethodNotAllowedException):
        return "methodNotAllowed", f"{path} does not answer {request.method}."
    if isinstance(error, ValidationException):
        return Reason.INVALID_VALUE.value, _validation_detail(error)
    if error.status_code == 413:
        return "bodyTooLarge", f"The body is larger than {BODY_BYTES_MAX // 2**20} MiB: split it."
    return Reason.INVALID_VALUE.value if error.status_code == 400 else "refused", error.detail


def _validation_detail(error: ValidationException) -> str:
    parts = [
        f"{one['key']}: {one['message']}" if one.get("key") else str(one["message"])
        for one in (error.extra if isinstance(error.extra, list) else [])
        if isinstance(one, dict) and "message" in one
    ]
    return f"The call does not fit: {'; '.join(parts)}." if parts else error.detail


def answer_failure(
    request: Request[Any, Any, Any], error: Exception
) -> Response[dict[str, object]]:
    """The database went away or another call stood in the way: the edge decides what is next.

    What is answered here reaches only those who read; a writing call is the edge's to run again.
    """
    request.scope["state"]["failure"] = error
    body = problem(
        status=503,
        code="unavailable",
        detail="The database cannot be reached right now. Try again in a moment.",
    )
    return Response(body, status_code=503, media_type=PROBLEM_JSON, headers={"retry-after": "1"})


def answer_unstorable(
    _: Request[Any, Any, Any], error: psycopg.DataError
) -> Response[dict[str, object]]:
    """A value that PostgreSQL has no room for, and that no rule before it caught."""
    log.warning("a value could not be stored", exc_info=error)
    body = problem(
        status=400,
        code=Reason.INVALID_VALUE.value,
        detail="A value of the call cannot be stored: a text with a NUL character, a number that is"
        " too large, or a time that is no time. Correct it and call again.",
    )
    return Response(body, status_code=400, media_type=PROBLEM_JSON)


def answer_unreadable(
    _: Request[Any, Any, Any], error: UnicodeDecodeError | RecursionError
) -> Response[dict[str, object]]:
    """A body that is no UTF-8, or nested deeper than the decoder goes: it says so by these."""
    log.warning("a body could not be read", cause=type(error).__name__)
    body = problem(
        status=400,
        code=Reason.INVALID_VALUE.value,
        detail="The body cannot be read: send JSON in UTF-8 that is not nested deeper than any"
        " call needs.",
    )
    return Response(body, status_code=400, media_type=PROBLEM_JSON)


def answer_bug(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, object]]:
    """A bug: logged with its trace, answered without it."""
    log.error("unhandled error", path=request.url.path, exc_info=error)
    body = problem(
        status=500,
        code="internalError",
        detail="seatwright could not finish this call, and nothing was changed. The correlation id"
        " in the answer's headers finds the cause in the logs.",
    )
    return Response(body, status_code=500, media_type=PROBLEM_JSON)
