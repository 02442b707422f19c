"""Answers in another form than JSON: who wants CSV, and the heads of such an answer."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter

from seatwright.domain.errors import Reason, Refusal

Format = Annotated[str | None, QueryParameter(name="format")]
"""The query's `format`: json or csv."""


def wants_csv(request: Request[Any, Any, Any], format_: str | None) -> bool:
    """Whether the caller asks for CSV, by the query or by the Accept header.

    Raises Refusal invalidValue for a format that there is not.
    """
    if format_ not in {None, "json", "csv"}:
        raise Refusal(Reason.INVALID_VALUE, f"format is “{format_}”: give json or csv.")
    accepted = request.headers.get("accept", "").partition(",")[0].partition(";")[0].strip()
    return format_ == "csv" or (format_ is None and accepted.lower() == "text/csv")


def csv_headers(filename: str) -> dict[str, str]:
    """The headers of a streamed CSV file; Litestar prefers a route's media type to a Stream's."""
    return {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": f'attachment; filename="{filename}"',
    }
