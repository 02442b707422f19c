"""`/api/imports` and `/api/exports` for people, groups and members: the directory as files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from litestar import Request, get, post
from litestar.params import FromQuery
from litestar.response import Stream

from seatwright.app.directory.exports import export_groups, export_members, export_users
from seatwright.app.directory.import_groups import import_groups
from seatwright.app.directory.import_members import import_members
from seatwright.app.directory.import_users import import_users
from seatwright.app.directory.imports import ImportChoices, ImportMode, ImportResult
from seatwright.domain.csv_text import Table, read_table
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.groups_file import GROUP_COLUMNS, GROUP_ROWS_MAX
from seatwright.domain.members_file import MEMBER_COLUMNS, MEMBER_ROWS_MAX
from seatwright.domain.people_file import PEOPLE_COLUMNS, PEOPLE_ROWS_MAX, RowNote
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload

NOTES_SHOWN_MAX = 1000
"""Errors and warnings in one answer; the counts beside them are always whole."""


class RowNoteShape(Shape, kw_only=True, frozen=True):
    """Something about a row of the file, counted as a spreadsheet does (the header is row 1)."""

    row: int
    value: str
    message: str


class ImportShape(Shape, kw_only=True, frozen=True):
    """What an import did, or in a preview would do.

    `total` = `created` + `updated` + `unchanged` + `errorCount`; `renamed` are some of `updated`.
    `warnings` are about rows that were taken all the same.
    """

    kind: str
    preview: bool
    total: int
    created: int
    updated: int
    renamed: int
    unchanged: int
    disabled: int
    removed: int
    error_count: int
    errors: list[RowNoteShape]
    warning_count: int
    warnings: list[RowNoteShape]
    ignored_columns: list[str]


def _shape(result: ImportResult) -> ImportShape:
    return ImportShape(
        kind=result.kind,
        preview=result.is_preview,
        total=result.total,
        created=result.created,
        updated=result.updated,
        renamed=result.renamed,
        unchanged=result.unchanged,
        disabled=result.disabled,
        removed=result.removed,
        error_count=len(result.errors),
        errors=_notes(result.errors),
        warning_count=len(result.warnings),
        warnings=_notes(result.warnings),
        ignored_columns=list(result.ignored_columns),
    )


def _notes(notes: Sequence[RowNote]) -> list[RowNoteShape]:
    shown = sorted(notes, key=lambda note: note.row_no)[:NOTES_SHOWN_MAX]
    return [RowNoteShape(row=note.row_no, value=note.value, message=note.message) for note in shown]


def told(request: Request[Any, Any, Any], result: ImportResult) -> ImportShape:
    """The answer, which a preview tells too."""
    return tell_result(request, _shape(result))


def _choices(mode: str | None, *, confirm: bool) -> ImportChoices:
    try:
        chosen = ImportMode((mode or "merge").strip().lower())
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, f"mode cannot be “{mode}”: give merge or replace."
        ) from None
    return ImportChoices(mode=chosen, is_confirmed=confirm)


async def table_of(
    request: Request[Any, Any, Any],
    columns: Mapping[str, Sequence[str]],
    *,
    required: Sequence[str],
    rows_max: int,
) -> Table:
    """The file of a call; read beside the event loop, because a large one takes a second."""
    content = (await read_upload(request)).content
    return await asyncio.to_thread(
        read_table, content, columns=columns, required=required, rows_max=rows_max
    )


@post(
    "/api/imports/users",
    opt=needs(Permission.WRITE_USERS),
    summary="Import people",
    status_code=200,
)
async def import_people_file(
    call: TheCall,
    *,
    request: Request[Any, Any, Any],
    mode: FromQuery[str | None] = None,
    confirm: FromQuery[bool] = False,
) -> ImportShape:
    """A CSV file of people, matched by external id, then UPN; safe to send again.

    An empty cell clears a field, a missing column leaves it. With `mode=replace` whoever is in no
    row is disabled. More than the tenant's limit is stopped unless `confirm=true`.
    """
    choices = _choices(mode, confirm=confirm)
    table = await table_of(
        request, PEOPLE_COLUMNS, required=("userPrincipalName",), rows_max=PEOPLE_ROWS_MAX
    )
    return told(request, await import_users(call, table, choices))


@post(
    "/api/imports/groups",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Import groups",
    status_code=200,
)
async def import_groups_file(
    call: TheCall,
    *,
    request: Request[Any, Any, Any],
    mode: FromQuery[str | None] = None,
) -> ImportShape:
    """A CSV file of groups, matched by external id, then by a name only one has."""
    choices = _choices(mode, confirm=False)
    table = await table_of(
        request, GROUP_COLUMNS, required=("displayName",), rows_max=GROUP_ROWS_MAX
    )
    return told(request, await import_groups(call, table, choices))


@post(
    "/api/imports/members",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Import members of groups",
    status_code=200,
)
async def import_members_file(
    call: TheCall,
    *,
    request: Request[Any, Any, Any],
    mode: FromQuery[str | None] = None,
    confirm: FromQuery[bool] = False,
) -> ImportShape:
    """A CSV file of who is in which group; licenses follow, for many people as a job.

    With `mode=replace` whoever is in no row is taken out of the groups that the file names.
    """
    choices = _choices(mode, confirm=confirm)
    table = await table_of(request, MEMBER_COLUMNS, required=(), rows_max=MEMBER_ROWS_MAX)
    return told(request, await import_members(call, table, choices))


def stream_csv(pieces: AsyncIterator[bytes], name: str) -> Stream:
    """A file that is written while it is read."""
    return Stream(
        pieces,
        media_type="text/csv; charset=utf-8; header=present",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )


@get("/api/exports/users", opt=needs(Permission.READ_DIRECTORY), summary="Export people")
async def export_people_file(call: TheCall) -> Stream:
    """Everybody who is not deleted, as a CSV file that the import takes back unchanged."""
    return stream_csv(export_users(call), "users")


@get("/api/exports/groups", opt=needs(Permission.READ_DIRECTORY), summary="Export groups")
async def export_groups_file(call: TheCall) -> Stream:
    """Every group, as a CSV file that the import takes back unchanged."""
    return stream_csv(export_groups(call), "groups")


@get("/api/exports/members", opt=needs(Permission.READ_DIRECTORY), summary="Export members")
async def export_members_file(call: TheCall) -> Stream:
    """Who is in which group, as a CSV file that the import takes back unchanged."""
    return stream_csv(export_members(call), "members")


IMPORT_ROUTES = (
    import_people_file,
    import_groups_file,
    import_members_file,
    export_people_file,
    export_groups_file,
    export_members_file,
)
