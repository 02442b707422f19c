"""`/exports`: every list as a file, with the filters of its page; safe to open in a spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import page_of_groups
from seatwright.app.directory.members import page_of_members
from seatwright.app.directory.users import page_of_users
from seatwright.app.people_filter import people_filter_of
from seatwright.app.reports.files import csv_of
from seatwright.app.seats import list_holders, list_seats, list_waiting
from seatwright.domain.directory import text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.reports.columns import Cells, ColumnKind, ReportColumn
from seatwright.domain.roles import Permission
from seatwright.postgres.user_read import held_by
from seatwright.spreadsheets.workbook import Heading, workbook_bytes
from seatwright.web.portal.frame.access import AnyRequest, TheCall, needs, require
from seatwright.web.portal.frame.pages import SECURITY_HEADERS, page
from seatwright.web.portal.history.file import HISTORY_COLUMNS, history_rows

CSV_ROWS_MAX: Final = 100_000
XLSX_ROWS_MAX: Final = 10_000
"""A page's answer is made whole before it is sent; a longer list is for a filter or the API."""

SLICE_ROWS: Final = 2_000
PRODUCTS_MAX: Final = 1_000

Asked = Mapping[str, str]
Slices = AsyncIterator[Sequence[Cells]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A list as a file: what it is called, who may have it, its columns, and its rows."""

    title: str
    permission: Permission
    columns: tuple[ReportColumn, ...]
    slices: Callable[[Call, Asked], Slices]


def _columns(*names: str | tuple[str, ColumnKind]) -> tuple[ReportColumn, ...]:
    pairs = [(one, ColumnKind.TEXT) if isinstance(one, str) else one for one in names]
    return tuple(ReportColumn(name=name, title=name, kind=kind) for name, kind in pairs)


async def _users(call: Call, asked: Asked) -> Slices:
    query = (await people_filter_of(call, asked)).query
    names = {no: sku.part_number for no, sku in (await catalog_of(call)).skus.items()}
    after: tuple[str, int] | None = None
    while True:
        found = await page_of_users(call, query, after=after, limit=SLICE_ROWS)
        rows = found[:SLICE_ROWS]
        held = await held_by(call.tx, [one.user_no for one in rows])
        yield [
            (
                one.user_principal_name,
                one.display_name,
                one.mail,
                one.department,
                one.job_title,
                one.usage_location,
                one.account_enabled,
                None if one.manager is None else one.manager.user_principal_name,
                " ".join(names[sku] for sku in held.get(one.user_no, ())),
                one.last_sign_in_at,
            )
            for one in rows
        ]
        if len(found) <= SLICE_ROWS:
            return
        after = text_key(rows[-1].display_name), rows[-1].user_no


async def _licenses(call: Call, asked: Asked) -> Slices:
    seats = await list_seats(
        call,
        is_all=asked.get("every") == "yes",
        after=0,
        limit=PRODUCTS_MAX,
        search=asked.get("search") or None,
    )
    yield [
        (
            one.sku.part_number,
            one.sku.display_name,
            one.pool.assignable,
            one.pool.consumed,
            one.pool.reserved,
            one.free,
            one.waiting,
            one.seats_to_buy,
        )
        for one in seats[:PRODUCTS_MAX]
    ]


async def _groups(call: Call, asked: Asked) -> Slices:
    after: tuple[str, int] | None = None
    licensed = {"yes": True, "no": False}.get(asked.get("licensed", ""))
    search = asked.get("search") or None
    while True:
        found = await page_of_groups(
            call, search=search, is_licensed=licensed, after=after, limit=SLICE_ROWS
        )
        rows = found[:SLICE_ROWS]
        yield [
            (
                str(one.group.id),
                one.group.display_name,
                " ".join(sku.part_number for sku in one.skus),
                one.member_count,
                one.error_count,
                one.status,
            )
            for one in rows
        ]
        if len(found) <= SLICE_ROWS:
            return
        last = rows[-1].group
        after = text_key(last.display_name), last.group_no


async def _members(call: Call, asked: Asked) -> Slices:
    after: tuple[str, int] | None = None
    while True:
        found = await page_of_members(
            call, _needed(asked, "group"), transitive=False, after=after, limit=SLICE_ROWS
        )
        rows = found.people[:SLICE_ROWS]
        yield [(one.user_principal_name, one.display_name) for one in rows]
        if len(found.people) <= SLICE_ROWS:
            return
        after = text_key(rows[-1].display_name), rows[-1].user_no


async def _holders(call: Call, asked: Asked) -> Slices:
    after = 0
    while True:
        found = await list_holders(call, _needed(asked, "product"), after=after, limit=SLICE_ROWS)
        rows = found.holders[:SLICE_ROWS]
        groups = found.groups
        yield [
            (
                one.person.upn,
                one.person.display_name,
                one.person.is_enabled,
                one.strategy.value,
                groups[one.source.no].display_name if one.source.no in groups else None,
                one.since,
            )
            for one in rows
        ]
        if len(found.holders) <= SLICE_ROWS:
            return
        after = rows[-1].person.user_no


async def _waiting(call: Call, asked: Asked) -> Slices:
    found = await list_waiting(call, _needed(asked, "product"), after=None, limit=XLSX_ROWS_MAX)
    yield [
        (place, one.person.upn, one.person.display_name, one.priority, one.waiting_since)
        for place, one in enumerate(found.waiting, start=1)
    ]


def _needed(asked: Asked, name: str) -> str:
    text = asked.get(name)
    if not text:
        raise Refusal(Reason.INVALID_VALUE, f"The address lacks {name}: export it from its page.")
    return text


_COUNT, _FLAG, _MOMENT = ColumnKind.COUNT, ColumnKind.FLAG, ColumnKind.MOMENT
LISTS: Final[Mapping[str, ListFile]] = {
    "users": ListFile(
        title="Users",
        permission=Permission.READ_DIRECTORY,
        columns=_columns(
            "userPrincipalName",
            "displayName",
            "mail",
            "department",
            "jobTitle",
            "usageLocation",
            ("accountEnabled", _FLAG),
            "manager",
            "products",
            ("lastSignInAt", _MOMENT),
        ),
        slices=_users,
    ),
    "licenses": ListFile(
        title="Licenses",
        permission=Permission.READ_LICENSES,
        columns=_columns(
            "skuPartNumber",
            "displayName",
            ("bought", _COUNT),
            ("assigned", _COUNT),
            ("reserved", _COUNT),
            ("free", _COUNT),
            ("waiting", _COUNT),
            ("seatsToBuy", _COUNT),
        ),
        slices=_licenses,
    ),
    "groups": ListFile(
        title="Groups",
        permission=Permission.READ_DIRECTORY,
        columns=_columns(
            "id", "displayName", "licenses", ("members", _COUNT), ("errors", _COUNT), "status"
        ),
        slices=_groups,
    ),
    "members": ListFile(
        title="Members",
        permission=Permission.READ_DIRECTORY,
        columns=_columns("userPrincipalName", "displayName"),
        slices=_members,
    ),
    "holders": ListFile(
        title="Holders",
        permission=Permission.READ_LICENSES,
        columns=_columns(
            "userPrincipalName",
            "displayName",
            ("accountEnabled", _FLAG),
            "strategy",
            "group",
            ("since", _MOMENT),
        ),
        slices=_holders,
    ),
    "waiting": ListFile(
        title="Waiting list",
        permission=Permission.READ_LICENSES,
        columns=_columns(
            ("place", _COUNT),
            "userPrincipalName",
            "displayName",
            ("priority", _COUNT),
            ("waitingSince", _MOMENT),
        ),
        slices=_waiting,
    ),
    "history": ListFile(
        title="History",
        permission=Permission.READ_HISTORY,
        columns=_columns(("at", _MOMENT), *HISTORY_COLUMNS),
        slices=history_rows,
    ),
}
"""Every list that can be had as a file, by its name in the address."""


@get("/exports/{file:str}", opt=needs(None))
async def export(call: TheCall, request: AnyRequest, file: FromPath[str]) -> Response[bytes]:
    """A list as CSV or XLSX: `users.csv`, with the query of its page."""
    name, _, kind = file.partition(".")
    wanted = LISTS.get(name)
    if wanted is None or kind not in _MAKERS:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no file “{file[:60]}” here: take the links of the pages.",
        )
    require(call, wanted.permission)
    make, media_type, rows_max = _MAKERS[kind]
    rows: list[Cells] = []
    async for part in wanted.slices(call, request.query_params):
        rows += part
        if len(rows) > rows_max:
            return page(request, "export_large.html", title=wanted.title, most=rows_max, kind=kind)
    stamp = call.now.astimezone(UTC).strftime("%Y-%m-%d")
    return Response(
        await make(call, wanted, rows),
        media_type=media_type,
        headers={
            **SECURITY_HEADERS,
            "content-disposition": f'attachment; filename="{name}-{stamp}.{kind}"',
        },
    )


async def _csv(_call: Call, wanted: ListFile, rows: Sequence[Cells]) -> bytes:
    async def slices() -> Slices:
        yield rows

    return b"".join([piece async for piece in csv_of(wanted.columns, slices())])


async def _xlsx(call: Call, wanted: ListFile, rows: Sequence[Cells]) -> bytes:
    facts = (
        ("List", wanted.title),
        ("Tenant", call.tenant.name),
        ("Made at", f"{call.now:%Y-%m-%d %H:%M} UTC"),
    )
    heading = Heading(title=wanted.title, columns=wanted.columns, facts=facts, made_at=call.now)
    # Ten thousand rows take a second, in which others want their pages.
    return await asyncio.to_thread(workbook_bytes, heading, rows)


_Maker = Callable[[Call, ListFile, Sequence[Cells]], Awaitable[bytes]]
_MAKERS: Final[Mapping[str, tuple[_Maker, str, int]]] = {
    "csv": (_csv, "text/csv; charset=utf-8; header=present", CSV_ROWS_MAX),
    "xlsx": (
        _xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        XLSX_ROWS_MAX,
    ),
}

EXPORT_PAGES = (export,)
