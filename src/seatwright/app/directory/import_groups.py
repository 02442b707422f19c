"""Importing groups from a file: matched by external id, then by a name that only one group has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.directory.imports import (
    ImportChoices,
    ImportMode,
    ImportResult,
    record_import,
)
from seatwright.app.directory.named import groups_named
from seatwright.app.record import record_all
from seatwright.domain.csv_text import Table
from seatwright.domain.directory import GroupFields, text_key
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.group_changes import (
    ChangedGroup,
    GroupMatch,
    fields_of_group,
    match_groups,
)
from seatwright.domain.groups_file import GroupRow, read_groups_file
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo
from seatwright.postgres.assignments import group_assignments
from seatwright.postgres.group_read import read_groups
from seatwright.postgres.group_write import (
    GroupRecord,
    insert_groups,
    lock_groups,
    update_groups,
)
from seatwright.postgres.groups import groups_by_external_id, groups_by_name
from seatwright.postgres.tenants import take_numbers


async def import_groups(call: Call, table: Table, choices: ImportChoices) -> ImportResult:
    """Create and change groups as a file says; an import never deletes a group.

    Raises Refusal invalidValue for the mode replace.
    """
    if choices.mode is ImportMode.REPLACE:
        raise Refusal(
            Reason.INVALID_VALUE,
            "An import of groups deletes none, so mode=replace means nothing here: leave it out,"
            " and delete groups one by one.",
        )
    rows, errors = read_groups_file(table)
    match = await _match(call, rows)
    result = ImportResult(
        kind="groups",
        total=len(table.rows),
        created=len(match.created),
        updated=len(match.changed),
        unchanged=match.unchanged,
        errors=(*errors, *match.errors),
        ignored_columns=table.ignored_columns,
        is_preview=call.is_preview,
    )
    created = await _create(call, match.created)
    await _change(call, match.changed)
    await record_import(call, result)
    return replace(result, named=groups_named(created, match.changed))


async def _match(call: Call, rows: Sequence[GroupRow]) -> GroupMatch:
    by_external = await groups_by_external_id(
        call.tx, [row.external_id for row in rows if row.external_id]
    )
    by_name = await groups_by_name(call.tx, [text_key(row.name) for row in rows])
    numbers = {*by_external.values(), *(group for named in by_name.values() for group in named)}
    await lock_groups(call.tx, sorted(numbers))
    groups = await read_groups(call.tx, sorted(numbers))
    licensed = await group_assignments(call.tx, sorted(numbers))
    return match_groups(
        rows,
        by_external={text: groups[no] for text, no in by_external.items() if no in groups},
        by_name={
            key: [groups[no] for no in named if no in groups] for key, named in by_name.items()
        },
        licensed={number for number, given in licensed.items() if given},
    )


async def _create(call: Call, created: Sequence[GroupFields]) -> Sequence[GroupRecord]:
    if not created:
        return ()
    first = await take_numbers(call.tx, "group", len(created))
    records = [
        GroupRecord(group_no=GroupNo(first + place), id=uuid4(), fields=fields)
        for place, fields in enumerate(created)
    ]
    if not await insert_groups(call.tx, records, at=call.now):
        raise _overtaken()
    lines = [
        HistoryLine(
            action=HistoryAction.GROUP_CREATED,
            reason=ChangeReason.IMPORTED.value,
            group=record.group_no,
        )
        for record in records
    ]
    await record_all(call, lines)
    return records


async def _change(call: Call, changed: Sequence[ChangedGroup]) -> None:
    records = [
        GroupRecord(group_no=one.group.group_no, id=one.group.id, fields=one.after)
        for one in changed
    ]
    if not await update_groups(call.tx, records):
        raise _overtaken()
    await record_all(call, [_line(one) for one in changed])


def _line(one: ChangedGroup) -> HistoryLine:
    before = fields_of_group(one.group)
    names = sorted(field.value for field in before if before[field] != one.after[field])
    return HistoryLine(
        action=HistoryAction.GROUP_UPDATED,
        reason=ChangeReason.IMPORTED.value,
        group=one.group.group_no,
        detail={"changed": names},
    )


def _overtaken() -> Refusal:
    return Refusal(
        Reason.ADDRESS_NOT_UNIQUE,
        "While the file was being read somebody else gave one of its external ids to another"
        " group. Nothing was changed: send the file again.",
    )
