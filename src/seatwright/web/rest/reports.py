"""`/api/reports`: the catalogue of reports, and any of them now, as pages, CSV or a workbook."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from litestar import Request, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from seatwright.app.reports.files import csv_of, json_row, workbook_now
from seatwright.app.reports.reading import SOURCES, all_rows, ask, columns_for, read_slice
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.reports.catalog import REPORTS, Report, require_report
from seatwright.domain.reports.columns import ReportColumn
from seatwright.domain.reports.parameters import ReportParameter
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit, page_of

CSV_TYPE: Final = "text/csv; charset=utf-8; header=present"
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON_TYPE: Final = "application/json"

FormatText: TypeAlias = Annotated[str | None, QueryParameter(name="format")]

NOT_PARAMETERS: Final = frozenset({"format", "cursor", "limit"})
"""What a query may hold beside the parameters of the report."""


class ReportColumnShape(Shape, kw_only=True, frozen=True):
    """A column: `kind` is text, count, percent, money, moment or flag."""

    name: str
    title: str
    kind: str
    meaning: str


class ReportParameterShape(Shape, kw_only=True, frozen=True):
    """A parameter: a number from `low` to `high`, one of `choices`, or a text."""

    name: str
    kind: str
    meaning: str
    default: str | int | None
    low: int | None
    high: int | None
    choices: list[str] | None


class ReportShape(Shape, kw_only=True, frozen=True):
    """A report with the columns that the caller may see.

    `readsEverything`: even one page of it is made of everybody's rows, so it is for now and then.
    """

    id: str
    title: str
    meaning: str
    columns: list[ReportColumnShape]
    parameters: list[ReportParameterShape]
    reads_everything: bool


class ReportPage(Shape, kw_only=True, frozen=True):
    """Rows of a report: each an object with the names of its columns.

    Amounts are decimal numbers in text. A page may hold fewer rows than `limit` and still have a
    `nextCursor`, when many people had to be looked at for it.
    """

    report: str
    at: datetime
    parameters: dict[str, Any]
    columns: list[str]
    value: list[dict[str, Any]]
    next_cursor: str | None = None


def _column(column: ReportColumn) -> ReportColumnShape:
    return ReportColumnShape(
        name=column.name, title=column.title, kind=column.kind.value, meaning=column.meaning
    )


def _parameter(one: ReportParameter) -> ReportParameterShape:
    has_limits = one.high > 0
    return ReportParameterShape(
        name=one.name,
        kind=one.kind.value,
        meaning=one.meaning,
        default=one.default,
        low=one.low if has_limits else None,
        high=one.high if has_limits else None,
        choices=list(one.choices) or None,
    )


@get("/api/reports", opt=needs(Permission.READ_REPORTS), summary="List reports")
async def list_reports(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[ReportShape]:
    """Every report with its columns and parameters."""
    shapes = [
        ReportShape(
            id=report.id,
            title=report.title,
            meaning=report.meaning,
            columns=[_column(one) for one in columns_for(report, call.principal)],
            parameters=[_parameter(one) for one in report.parameters],
            reads_everything=report.reads_everything,
        )
        for report in REPORTS.values()
    ]
    return page_of(shapes, cursor=cursor, limit=limit)


@get("/api/reports/{report:str}", opt=needs(Permission.READ_REPORTS), summary="Run a report now")
async def run_report(
    call: TheCall,
    report: FromPath[str],
    *,
    request: Request[Any, Any, Any],
    file_format: FormatText = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> ReportPage | Stream:
    """As a page of JSON; `format=csv` streams every row, `format=xlsx` up to 10,000 of them.

    The other parameters are those of the report (`GET /api/reports`).
    """
    wanted = require_report(report)
    size = page_limit(limit)
    given = {n: v for n, v in request.query_params.items() if n not in NOT_PARAMETERS}
    question = ask(wanted, given, reader=call.principal)
    match read_format(file_format):
        case "csv":
            pieces = csv_of(question.columns, await all_rows(call, question))
            return as_file(pieces, named=file_name(wanted, call.now, "csv"), kind=CSV_TYPE)
        case "xlsx":
            content = await workbook_now(call, question)
            return as_file(once(content), named=file_name(wanted, call.now, "xlsx"), kind=XLSX_TYPE)
    after = keys_of(cursor, *SOURCES[wanted.id].place)
    found = await read_slice(call, question, after=after, limit=size)
    names = [one.name for one in question.columns]
    return ReportPage(
        report=wanted.id,
        at=call.now,
        parameters=dict(question.asked),
        columns=names,
        value=[dict(json_row(names, row)) for row in found.rows],
        next_cursor=None if found.place is None else cursor_of(*found.place),
    )


def read_format(text: str | None) -> str:
    """`json`, `csv` or `xlsx`; json when nobody says.

    Raises Refusal invalidValue for another word.
    """
    word = (text or "json").strip().lower()
    if word not in {"json", "csv", "xlsx"}:
        raise Refusal(
            Reason.INVALID_VALUE, f"format is “{word[:40]}”: give one of json, csv, xlsx."
        )
    return word


def file_name(report: Report, at: datetime, ending: str) -> str:
    """`per-person-2026-11-21.csv`, say."""
    return f"{report.id}-{at:%Y-%m-%d}.{ending}"


async def once(content: bytes) -> AsyncIterator[bytes]:
    """One piece, as a stream of it."""
    yield content


def as_file(pieces: AsyncIterator[bytes], *, named: str, kind: str) -> Stream:
    """An answer that a browser saves under a name."""
    return Stream(
        pieces,
        headers={
            "content-type": kind,
            "content-disposition": f'attachment; filename="{named}"',
        },
    )


REPORT_ROUTES = (list_reports, run_report)
