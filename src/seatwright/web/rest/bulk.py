"""`/api/identity/licenses/bulk-assign` and applying a template: many people in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from seatwright.app.bulk.cautions import Caution
from seatwright.app.bulk.forecast import Forecast, foresee_bulk
from seatwright.app.bulk.orders import BulkCall, BulkLine, Resolved, fill_policy, resolve
from seatwright.app.bulk.start import start_bulk
from seatwright.app.bulk.tables import read_bulk_table
from seatwright.app.call import Call
from seatwright.app.jobs import list_job_rows
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Job
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Shape, cursor_of
from seatwright.web.rest.jobs import JobRowShape, JobShape, job_row_shape, job_shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload
from seatwright.web.rest.waiting import answer_when_done, wait_seconds

ROWS_ANSWERED_MAX = 10_000


class BulkRowBody(Body, kw_only=True, frozen=True):
    """One row: a person by id, user principal name or mail address, and a product.

    `action` is add (default), remove or replace, which takes all other products of the person's
    own away in the same change.
    """

    user: str
    sku: str | None = None
    action: str | None = None
    disabled_service_plans: list[str] | None = None
    usage_location: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None


class BulkBody(Body, kw_only=True, frozen=True):
    """Rows that say each what to do, or people who all get the same.

    Where rows name no product, `skuId`, `skuPartNumber` or `templateId` does; the fields beside
    `users` hold for all of them.
    """

    rows: list[BulkRowBody] | None = None
    users: list[str] | None = None
    sku_id: str | None = None
    sku_part_number: str | None = None
    template_id: str | None = None
    action: str | None = None
    disabled_service_plans: list[str] | None = None
    usage_location: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None
    fill_policy: str | None = None


class TemplateApplication(Body, kw_only=True, frozen=True):
    """The people who get everything of a template, from a day on or until one where it says so."""

    users: list[str]
    starts_at: str | None = None
    expires_at: str | None = None
    fill_policy: str | None = None


class StartedShape(JobShape, kw_only=True, frozen=True):
    """A job that was started; `ignoredColumns` are headers of the file that mean nothing here."""

    ignored_columns: list[str]


class EndedShape(JobShape, kw_only=True, frozen=True):
    """A job that has ended, with its first 10,000 rows; `rowsCursor` leads to the others."""

    rows: list[JobRowShape]
    rows_cursor: str | None
    ignored_columns: list[str]


class OutcomeCount(Shape, kw_only=True, frozen=True):
    """How many rows would end so."""

    outcome: str
    reason: str | None
    rows: int


class CautionRow(Shape, kw_only=True, frozen=True):
    """A row that a caution is about; `products` are those that its person has."""

    row: int
    user: str
    products: list[str]


class CautionShape(Shape, kw_only=True, frozen=True):
    """Something to know before the rows are done, which they are all the same if you want.

    `kind` is accountDisabled, covered (they have all of it already) or makesNeedless (something
    that they have is not needed beside it). `count` counts rows, of which `rows` are the first
    1,000.
    """

    kind: str
    count: int
    sentence: str
    rows: list[CautionRow]


class BulkForecast(Shape, kw_only=True, frozen=True):
    """What would become of the rows, as the `result` of a preview. `rows` are the first 1,000."""

    fill_policy: str
    total: int
    succeeded: int
    unchanged: int
    failed: int
    waiting: int
    is_refused: bool
    outcomes: list[OutcomeCount]
    rows: list[JobRowShape]
    ignored_columns: list[str]
    cautions: list[CautionShape]


@post(
    "/api/identity/licenses/bulk-assign",
    opt=needs(Permission.BULK_ASSIGN),
    summary="Assign products to many people",
    status_code=202,
)
async def bulk_assign(call: TheCall, request: Request[Any, Any, Any]) -> Response[StartedShape]:
    """CSV as text/csv or as `file` of a form, or JSON. With `Prefer: wait=10` 200 when done."""
    return await _serve(call, request, await resolve(call, await _read_call(request)))


@post(
    "/api/templates/{template:str}/apply",
    opt=needs(Permission.BULK_ASSIGN),
    summary="Assign a template to many people",
    status_code=202,
)
async def apply_template(
    call: TheCall,
    request: Request[Any, Any, Any],
    template: FromPath[str],
    data: JSONBody[TemplateApplication],
) -> Response[StartedShape]:
    """Each person gets every product of the template, or none and the reason."""
    sent = BulkCall(
        lines=_same_for_all(data.users, dates=(data.starts_at, data.expires_at)),
        fill=fill_policy(data.fill_policy),
        template=template,
    )
    return await _serve(call, request, await resolve(call, sent))


async def _serve(
    call: Call, request: Request[Any, Any, Any], resolved: Resolved
) -> Response[StartedShape]:
    if call.is_foreseen:
        tell_result(request, forecast_shape(resolved, await foresee_bulk(call, resolved)))
    job = await start_bulk(call, resolved)
    shape = partial(ended_shape, resolved.ignored_columns)
    answer_when_done(request, call, job, seconds=wait_seconds(request), shape=shape)
    return Response(
        started_shape(job, resolved.ignored_columns),
        status_code=202,
        headers={"location": f"/api/jobs/{job.id}"},
    )


def started_shape(job: Job, ignored_columns: tuple[str, ...]) -> StartedShape:
    """The answer of a call that has started a job."""
    return StartedShape(
        **msgspec.structs.asdict(job_shape(job)), ignored_columns=list(ignored_columns)
    )


async def ended_shape(ignored_columns: tuple[str, ...], call: Call, job: Job) -> EndedShape:
    """The answer of a call that has waited for its job."""
    rows = await list_job_rows(call, job, after=None, limit=ROWS_ANSWERED_MAX)
    shown = rows[:ROWS_ANSWERED_MAX]
    return EndedShape(
        **msgspec.structs.asdict(job_shape(job)),
        rows=[job_row_shape(row) for row in shown],
        rows_cursor=cursor_of(shown[-1].row_no) if len(rows) > len(shown) else None,
        ignored_columns=list(ignored_columns),
    )


async def _read_call(request: Request[Any, Any, Any]) -> BulkCall:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _call_of_body(_json_body(await request.body()))
    upload = await read_upload(request)
    asked = {**request.query_params, **upload.fields}
    # A large file takes a second to read, in which others want their answers.
    table = await asyncio.to_thread(read_bulk_table, upload.content)
    return BulkCall(
        lines=table.lines,
        fill=fill_policy(asked.get("fillPolicy")),
        sku=_one_sku(asked.get("skuId"), asked.get("skuPartNumber")),
        template=asked.get("templateId") or None,
        ignored_columns=table.ignored_columns,
    )


def _json_body(content: bytes) -> BulkBody:
    try:
        return msgspec.json.decode(content, type=BulkBody)
    except msgspec.DecodeError as error:
        raise Refusal(Reason.INVALID_VALUE, f"The call does not fit: {error}.") from None


def _call_of_body(body: BulkBody) -> BulkCall:
    if (body.rows is None) == (body.users is None):
        raise Refusal(
            Reason.INVALID_VALUE,
            "Give either rows, each with what to do, or users, who all get the same.",
        )
    if body.rows is not None:
        lines = [_line(number, row, body) for number, row in enumerate(body.rows, start=1)]
    else:
        lines = _same_for_all(body.users or (), body)
    return BulkCall(
        lines=lines,
        fill=fill_policy(body.fill_policy),
        sku=_one_sku(body.sku_id, body.sku_part_number),
        template=body.template_id or None,
    )


def _line(number: int, row: BulkRowBody, body: BulkBody) -> BulkLine:
    return BulkLine(
        row_no=number,
        user=row.user,
        sku=row.sku,
        action=row.action or body.action,
        disabled=_texts(row.disabled_service_plans, body.disabled_service_plans),
        usage_location=row.usage_location or body.usage_location,
        starts_at=row.starts_at or body.starts_at,
        expires_at=row.expires_at or body.expires_at,
    )


def _same_for_all(
    users: list[str] | tuple[()],
    body: BulkBody | None = None,
    dates: tuple[str | None, str | None] = (None, None),
) -> list[BulkLine]:
    if body is None:
        starts, expires = dates
        return [
            BulkLine(row_no=n, user=user, starts_at=starts, expires_at=expires)
            for n, user in enumerate(users, start=1)
        ]
    disabled = _texts(body.disabled_service_plans)
    return [
        BulkLine(
            row_no=number,
            user=user,
            action=body.action,
            disabled=disabled,
            usage_location=body.usage_location,
            starts_at=body.starts_at,
            expires_at=body.expires_at,
        )
        for number, user in enumerate(users, start=1)
    ]


def _texts(*choices: list[str] | None) -> tuple[str, ...] | None:
    chosen = next((choice for choice in choices if choice is not None), None)
    return None if chosen is None else tuple(chosen)


def _one_sku(sku_id: str | None, sku_part_number: str | None) -> str | None:
    if sku_id and sku_part_number:
        raise Refusal(Reason.INVALID_VALUE, "Name one product: give either skuId or skuPartNumber.")
    return sku_id or sku_part_number or None


def forecast_shape(resolved: Resolved, forecast: Forecast) -> BulkForecast:
    """What would become of the rows, as an answer."""
    by_outcome: dict[str, int] = {}
    for (outcome, _), rows in forecast.counts.items():
        by_outcome[outcome.value] = by_outcome.get(outcome.value, 0) + rows
    return BulkForecast(
        fill_policy=resolved.order.fill.value,
        total=forecast.total,
        succeeded=by_outcome.get("succeeded", 0),
        unchanged=forecast.unchanged,
        failed=by_outcome.get("failed", 0),
        waiting=by_outcome.get("waiting", 0),
        is_refused=forecast.is_refused,
        outcomes=_outcome_counts(forecast),
        rows=[
            JobRowShape(
                row=row.row_no,
                user=row.user_text,
                sku=row.sku_text,
                action=row.kind.value,
                outcome=result.outcome.value,
                reason=None if result.reason is None else result.reason.value,
                message=result.message,
                effect=None if result.effect is None else result.effect.value,
            )
            for row, result in forecast.rows
        ],
        ignored_columns=list(resolved.ignored_columns),
        cautions=[_caution_shape(one) for one in forecast.cautions],
    )


def _caution_shape(caution: Caution) -> CautionShape:
    return CautionShape(
        kind=caution.kind.value,
        count=caution.count,
        sentence=caution.sentence,
        rows=[
            CautionRow(row=row.row_no, user=row.user_text, products=list(products))
            for row, products in caution.rows
        ],
    )


def _outcome_counts(forecast: Forecast) -> list[OutcomeCount]:
    counts: Mapping[tuple[Any, Any], int] = forecast.counts
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0][0], one[0][1] or ""))
    return [
        OutcomeCount(outcome=outcome.value, reason=reason and reason.value, rows=rows)
        for (outcome, reason), rows in ordered
    ]


BULK_ROUTES = (bulk_assign, apply_template)
