"""The directory as files that the imports take back unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from seatwright.app.call import Call
from seatwright.domain.csv_text import row_writer
from seatwright.domain.directory import FieldValue, Group, GroupField, User, UserField
from seatwright.domain.group_changes import fields_of_group
from seatwright.domain.groups_file import GROUP_COLUMNS
from seatwright.domain.members_file import GROUP, GROUP_ID, MEMBER, MEMBER_GROUP
from seatwright.domain.people_file import PEOPLE_COLUMNS
from seatwright.domain.person_changes import fields_of
from seatwright.postgres.group_read import (
    MemberLine,
    groups_after,
    members_after,
    nested_groups_after,
)
from seatwright.postgres.user_read import users_after

ROWS_AT_ONCE = 2000

PEOPLE_HEADER = tuple(PEOPLE_COLUMNS)
GROUPS_HEADER = tuple(GROUP_COLUMNS)
MEMBERS_HEADER = (GROUP_ID, GROUP, MEMBER, MEMBER_GROUP)


def _header(names: Sequence[str]) -> bytes:
    return row_writer()(names).encode()


async def export_users(call: Call) -> AsyncIterator[bytes]:
    """Everybody who is not deleted, as CSV in UTF-8."""
    line_of = row_writer()
    yield _header(PEOPLE_HEADER)
    after = 0
    while users := await users_after(call.tx, after, limit=ROWS_AT_ONCE):
        yield "".join(line_of(_person_cells(user)) for user in users).encode()
        after = users[-1].user_no


def _person_cells(user: User) -> list[str]:
    fields = fields_of(user)
    # A deleted manager comes back with a restore; a file could not name them.
    manager = None if user.manager is None or user.manager.is_deleted else user.manager
    fields[UserField.MANAGER] = None if manager is None else manager.user_principal_name
    return [_cell(fields[UserField(name)]) for name in PEOPLE_HEADER]


def _cell(value: FieldValue) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case str():
            return value


async def export_groups(call: Call) -> AsyncIterator[bytes]:
    """Every group, as CSV in UTF-8."""
    line_of = row_writer()
    yield _header(GROUPS_HEADER)
    after = 0
    while groups := await groups_after(call.tx, after, limit=ROWS_AT_ONCE):
        yield "".join(line_of(_group_cells(group)) for group in groups).encode()
        after = groups[-1].group_no


def _group_cells(group: Group) -> list[str]:
    fields = fields_of_group(group)
    return [_cell(fields[GroupField(name)]) for name in GROUPS_HEADER]


_Page = Callable[[Call, tuple[int, int]], Awaitable[tuple[MemberLine, ...]]]


async def _people(call: Call, after: tuple[int, int]) -> tuple[MemberLine, ...]:
    return await members_after(call.tx, after, limit=ROWS_AT_ONCE)


async def _inner_groups(call: Call, after: tuple[int, int]) -> tuple[MemberLine, ...]:
    return await nested_groups_after(call.tx, after, limit=ROWS_AT_ONCE)


async def export_members(call: Call) -> AsyncIterator[bytes]:
    """Who is in which group: people first, then groups inside groups; as CSV in UTF-8."""
    line_of = row_writer()
    yield _header(MEMBERS_HEADER)
    pages: tuple[_Page, ...] = (_people, _inner_groups)
    for page in pages:
        after = (0, 0)
        while lines := await page(call, after):
            yield "".join(line_of(_member_cells(line)) for line in lines).encode()
            after = (lines[-1].group_no, lines[-1].member_no)


def _member_cells(line: MemberLine) -> list[str]:
    child = "" if line.child_id is None else str(line.child_id)
    return [str(line.group_id), line.group_name, line.upn or "", child]
