"""Importing who is in which group from a file; licenses follow at once or as a job."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.directory.imports import (
    ImportChoices,
    ImportMode,
    ImportResult,
    record_import,
    stop_large_removals,
)
from seatwright.app.directory.members import nest_groups
from seatwright.app.directory.named import members_named
from seatwright.app.dynamic.memberships import follow_memberships, hold_members
from seatwright.app.record import record_all
from seatwright.domain.csv_text import Table
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.members_file import (
    GROUP,
    GROUP_ID,
    MembersWanted,
    Nesting,
    Pair,
    group_texts,
    member_texts,
    resolve_members,
)
from seatwright.domain.people_file import RowNote
from seatwright.postgres.dynamic_read import dynamic_among, groups_that_feed
from seatwright.postgres.group_read import nestings_of, read_groups
from seatwright.postgres.group_write import Membership, add_members, remove_members
from seatwright.postgres.groups import find_groups
from seatwright.postgres.people_import import groups_that_give, members_of_groups
from seatwright.postgres.users import find_users, users_by_external_id

WRITTEN_AT_ONCE = 100_000
"""Memberships in one statement: arrays beyond this only cost memory."""

NESTINGS_MAX = 1000
"""Groups put into groups by one file; each is looked at for circles by itself."""


async def import_members(call: Call, table: Table, choices: ImportChoices) -> ImportResult:
    """Put people, and groups, into groups as a file says.

    With `replace`, whoever is in a group that the file names and in none of its rows is taken
    out of it; groups that the file does not name, and groups inside groups, stay as they are.

    Raises Refusal importStopped where more would be removed than the tenant allows, and
    invalidValue for a circle of groups.
    """
    wanted = await _wanted(call, table)
    await hold_members(call, sorted(wanted.groups), with_nesting=bool(wanted.nestings))
    present = await members_of_groups(call.tx, sorted(wanted.groups))
    joining = sorted(wanted.pairs - present)
    is_replace = choices.mode is ImportMode.REPLACE
    leaving = wanted.leaving(present) if is_replace else []
    # Members of dynamic groups are those of their rules: a file is taken for what else it says.
    ruled = await dynamic_among(call.tx, wanted.groups)
    notes = _notes_on_rules(ruled, [*joining, *leaving])
    joining = [pair for pair in joining if pair[1] not in ruled]
    leaving = [pair for pair in leaving if pair[1] not in ruled]
    nesting = sorted(wanted.nestings - await nestings_of(call.tx, sorted(wanted.groups)))
    added = len(joining) + len(nesting)
    result = ImportResult(
        kind="members",
        total=len(table.rows),
        created=added,
        unchanged=len(table.rows) - added - len(wanted.errors),
        removed=len(leaving),
        errors=tuple(wanted.errors),
        warnings=(*notes, *(await _doubts(call, wanted) if is_replace else ())),
        ignored_columns=table.ignored_columns,
        is_preview=call.is_preview,
        named=await members_named(call, joining=joining, nesting=nesting, leaving=leaving),
    )
    result = stop_large_removals(call, result, choices, there_are=len(present))
    await _write(call, joining, leaving)
    await _nest(call, nesting)
    await record_import(call, result)
    return result


def _notes_on_rules(ruled: Mapping[GroupNo, str], pairs: Sequence[Pair]) -> tuple[RowNote, ...]:
    """What is told of dynamic groups whose members would have to come or go (DYN-004)."""
    return tuple(
        RowNote(
            row_no=0,
            value=name,
            message="The group is dynamic and its rule alone says who is in it: its members were"
            " left as they are.",
        )
        for group, name in ruled.items()
        if any(pair[1] == group for pair in pairs)
    )


async def _wanted(call: Call, table: Table) -> MembersWanted:
    if not table.columns & {GROUP, GROUP_ID}:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The header lacks the column {GROUP} or {GROUP_ID}: each row names a group.",
        )
    groups = await find_groups(call.tx, sorted(group_texts(table)))
    texts = sorted(member_texts(table))
    users = await find_users(call.tx, texts)
    users |= await users_by_external_id(call.tx, [text for text in texts if text not in users])
    return await asyncio.to_thread(resolve_members, table, groups=groups, users=users)


async def _doubts(call: Call, wanted: MembersWanted) -> tuple[RowNote, ...]:
    """Where nobody is removed, because a row could not be read."""
    groups = await read_groups(call.tx, sorted(wanted.in_doubt))
    return tuple(
        RowNote(
            row_no=0,
            value=group.display_name,
            message="Nobody is taken out of this group, because a row of it names nobody known:"
            " correct that row and send the file again.",
        )
        for group in groups.values()
    )


async def _write(call: Call, joining: Sequence[Pair], leaving: Sequence[Pair]) -> None:
    groups = sorted({group for _, group in (*joining, *leaving)})
    giving = await groups_that_give(call.tx, groups) | await groups_that_feed(call.tx, groups)
    people = sorted({user for user, group in (*joining, *leaving) if group in giving})
    async with follow_memberships(
        call, people, groups=sorted(giving), reason=ChangeReason.IMPORTED
    ):
        for start in range(0, len(joining), WRITTEN_AT_ONCE):
            pairs = [Membership(*pair) for pair in joining[start : start + WRITTEN_AT_ONCE]]
            await add_members(call.tx, pairs, since=call.now)
            await _tell(call, HistoryAction.MEMBER_ADDED, pairs)
        for start in range(0, len(leaving), WRITTEN_AT_ONCE):
            pairs = [Membership(*pair) for pair in leaving[start : start + WRITTEN_AT_ONCE]]
            await remove_members(call.tx, pairs)
            await _tell(call, HistoryAction.MEMBER_REMOVED, pairs)


async def _tell(call: Call, action: HistoryAction, members: Sequence[Membership]) -> None:
    reason = ChangeReason.IMPORTED.value
    lines = [
        HistoryLine(action=action, reason=reason, user=UserNo(one.user), group=one.group)
        for one in members
    ]
    await record_all(call, lines)


async def _nest(call: Call, nesting: Sequence[Nesting]) -> None:
    if len(nesting) > NESTINGS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The file puts {len(nesting)} groups into groups; {NESTINGS_MAX} is the most of one"
            " file: split it.",
        )
    for child, parent in nesting:
        group = (await read_groups(call.tx, (parent,)))[parent]
        await nest_groups(call, group, (child,))
