"""`/api/imports/subscriptions` and its export: purchases as a file."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post

from seatwright.app.subscription_file import export_subscriptions, import_subscriptions
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload


class SubscriptionImportShape(Shape, kw_only=True, frozen=True):
    """What an import did; columns that were not understood are named."""

    rows: int
    created: int
    updated: int
    unchanged: int
    ignored_columns: list[str]


@post(
    "/api/imports/subscriptions",
    opt=needs(Permission.WRITE_SUBSCRIPTIONS),
    summary="Import subscriptions",
    status_code=200,
)
async def import_file(call: TheCall, request: Request[Any, Any, Any]) -> SubscriptionImportShape:
    """A CSV file: taken whole, or refused with every row that does not fit; safe to repeat."""
    upload = await read_upload(request)
    done = await import_subscriptions(call, upload.content)
    shape = SubscriptionImportShape(
        rows=done.rows,
        created=done.created,
        updated=done.updated,
        unchanged=done.unchanged,
        ignored_columns=list(done.ignored_columns),
    )
    return tell_result(request, shape)


@get(
    "/api/exports/subscriptions",
    opt=needs(Permission.READ_SUBSCRIPTIONS),
    summary="Export subscriptions",
    media_type="text/csv",
)
async def export_file(call: TheCall) -> Response[bytes]:
    """Every subscription as a CSV file that the import takes back unchanged."""
    content = b"".join(await export_subscriptions(call))
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="subscriptions.csv"'},
    )


SUBSCRIPTION_FILE_ROUTES = (import_file, export_file)
