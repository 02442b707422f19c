"""The query of a call: only what the route knows, and each thing once.

A filter that is misspelled and ignored would show everything, or remove more than was meant; so it
is an error, as an unknown field of a body is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Any, Union, get_args, get_origin
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.typing import FieldDefinition

from seatwright.domain.errors import Reason, Refusal
from seatwright.web.rest.bodies import Page
from seatwright.web.rest.descriptions import ALSO_ASKS

QUERY_PARAMETERS_MAX = 100


def query_fields(handler: BaseRouteHandler) -> Iterator[tuple[str, FieldDefinition]]:
    """The parameters of a route's function that come from the path or the query, by wire name."""
    for name, field in handler.parsed_fn_signature.parameters.items():
        if name not in {"call", "data", "request"}:
            yield getattr(field.kwarg_definition, "name", None) or name, field


@lru_cache(maxsize=1024)
def _known(handler: HTTPRouteHandler) -> dict[str, bool]:
    """The names that a route knows, each with whether its value is any text."""
    known = {
        name: str in _options(field.annotation)
        for name, field in query_fields(handler)
        if not any(f"{{{name}:" in path for path in handler.paths)
    }
    if get_origin(handler.parsed_return_field.annotation) is Page:
        # Every list takes them, and one that has no second page has nothing to do with them.
        known = {"limit": False, "cursor": True} | known
    return known | dict.fromkeys(ALSO_ASKS.get(handler.handler_name, {}), True)


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


async def guard_query(
    connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
) -> None:
    """Refuse a query with a name that the route does not know, or with one name twice."""
    query = connection.scope["query_string"]
    if query and isinstance(handler, HTTPRouteHandler):
        _check(query.decode("latin-1"), _known(handler))


def _check(query: str, known: dict[str, bool]) -> None:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=QUERY_PARAMETERS_MAX)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, f"The query has more than {QUERY_PARAMETERS_MAX} parameters."
        ) from None
    seen = set()
    for name, value in pairs:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise Refusal(
                Reason.INVALID_VALUE,
                f"The query has “{name[:60]}”, which means nothing here. Known are: {names}.",
            )
        if name in seen:
            raise Refusal(Reason.INVALID_VALUE, f"The query has “{name}” twice: give it once.")
        # msgspec would read it as no value at all.
        if not known[name] and value.strip().lower() == "null":
            raise Refusal(
                Reason.INVALID_VALUE, f"{name} is “{value}”: give a value, or leave it out."
            )
        seen.add(name)
