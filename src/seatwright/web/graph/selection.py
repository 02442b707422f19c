"""`$select` for resources that are read whole: products, subscriptions, the organization."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from seatwright.web.graph.envelope import bad_request
from seatwright.web.graph.request import GraphRequest


def cut(
    request: GraphRequest, shapes: Iterable[Mapping[str, Any]], *, kind: str
) -> list[Mapping[str, Any]]:
    """The shapes with only the properties that `$select` names, whatever the case.

    Raises GraphError for a property that the shapes do not have.
    """
    rows = list(shapes)
    text = request.option("$select")
    if text is None or text.strip() in {"", "*"}:
        return rows
    wanted = {name.strip().casefold(): name.strip() for name in text.split(",") if name.strip()}
    for row in rows:
        known = {name.casefold() for name in row}
        unknown = [name for key, name in wanted.items() if key not in known]
        if unknown:
            raise bad_request(
                f"Could not find a property named '{unknown[0][:80]}' on type"
                f" 'microsoft.graph.{kind}'."
            )
    return [
        {name: value for name, value in row.items() if name.casefold() in wanted} for row in rows
    ]
