"""Environments, apps and flows from files: matched by outer id, then by name; safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.directory.imports import ImportResult, record_import
from seatwright.app.platform.kinds import APPS, ENVIRONMENTS, FLOWS
from seatwright.app.platform.sharing import (
    ShareColumn,
    differing_shares,
    read_share_column,
    replace_shares,
)
from seatwright.app.platform.things import Kind, look_up
from seatwright.app.record import record_all
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import text_key
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.people_file import RowNote
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_edits import Known, ThingEdit
from seatwright.domain.platform_file import app_edit, environment_edit, flow_edit
from seatwright.domain.platform_names import Candidates
from seatwright.domain.platform_things import Facts, Fields, Shares, Thing
from seatwright.postgres.platform_things import (
    ThingRecord,
    Written,
    find_things,
    insert_things,
    lock_import,
    lock_things,
    raise_platform_version,
    things_by_number,
    update_things,
)
from seatwright.postgres.tenants import take_numbers


async def import_environments(call: Call, table: Table) -> ImportResult:
    """Create and change environments as a file says; none is deleted.

    Raises Refusal invalidValue where somebody else took a name meanwhile.
    """
    return await _import(call, ENVIRONMENTS, table, environment_edit)


async def import_flows(call: Call, table: Table) -> ImportResult:
    """Create and change flows as a file says; none is deleted.

    Raises Refusal invalidValue where somebody else took an outer id meanwhile.
    """
    return await _import(call, FLOWS, table, flow_edit)


async def import_apps(call: Call, table: Table) -> ImportResult:
    """Create and change apps, and whom they are shared with, as a file says; none is deleted.

    Where the file has the column sharedWith, it says everything about whom an app is shared with.
    Raises Refusal invalidValue where somebody else took an outer id meanwhile.
    """
    return await _import(call, APPS, table, app_edit, shares=await read_share_column(call, table))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched(Generic[Fields]):
    """A row with the thing that it is about, which is new where there was nothing before."""

    number: int
    id: UUID
    before: Fields | None
    after: Fields
    shares: Shares | None

    @property
    def record(self) -> ThingRecord[Fields]:
        """What is to be written."""
        return ThingRecord(number=self.number, id=self.id, fields=self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matcher(Generic[Fields, Facts]):
    """Everything that says which stored thing a row is about, and what the row makes of it."""

    kind: Kind[Fields, Facts]
    known: Known
    candidates: Candidates
    stored: Mapping[int, Thing[Fields, Facts]]
    shares: ShareColumn | None

    def match(self, row: TableRow, edit: ThingEdit[Fields]) -> _Matched[Fields]:
        """The thing of a row; number 0 where it is new.

        Raises Refusal for a row that cannot be taken.
        """
        number = self.candidates.of_row(
            outer=edit.external_id, name=edit.name or "", places=edit.places(self.known)
        )
        found = None if number is None else self.stored.get(number)
        after = edit.over(self.kind.blank if found is None else found.fields, self.known)
        if found is not None:
            self.kind.check(found, after)
        return _Matched(
            number=0 if found is None else found.number,
            id=uuid4() if found is None else found.id,
            before=None if found is None else found.fields,
            after=after,
            shares=None if self.shares is None else self.shares.wanted(row),
        )


async def _import(
    call: Call,
    kind: Kind[Fields, Facts],
    table: Table,
    edit_of: Callable[[TableRow], ThingEdit[Fields]],
    *,
    shares: ShareColumn | None = None,
) -> ImportResult:
    await lock_import(call.tx, kind.table)
    errors: list[RowNote] = []
    edits: list[tuple[TableRow, ThingEdit[Fields]]] = []
    for row in table.rows:
        try:
            edits.append((row, edit_of(row)))
        except Refusal as refusal:
            errors.append(_note(row, refusal))
    matcher = await _matcher(call, kind, edits, shares)
    matched: list[_Matched[Fields]] = []
    rows_by_thing: dict[object, int] = {}
    for row, edit in edits:
        try:
            one = matcher.match(row, edit)
            _refuse_repeated(row, rows_by_thing.setdefault(_key(one, edit, matcher), row.row_no))
        except Refusal as refusal:
            errors.append(_note(row, refusal))
        else:
            matched.append(one)
    created, changed = await _write(call, kind, matched)
    result = ImportResult(
        kind=f"{kind.noun}s",
        total=len(table.rows),
        created=created,
        updated=changed,
        unchanged=len(matched) - created - changed,
        errors=tuple(errors),
        ignored_columns=table.ignored_columns,
        is_preview=call.is_preview,
    )
    await record_import(call, result)
    return result


async def _matcher(
    call: Call,
    kind: Kind[Fields, Facts],
    edits: list[tuple[TableRow, ThingEdit[Fields]]],
    shares: ShareColumn | None,
) -> _Matcher[Fields, Facts]:
    known = await look_up(call, [edit for _, edit in edits])
    texts = {edit.name for _, edit in edits} | {edit.external_id for _, edit in edits}
    candidates = await find_things(call.tx, kind.table, [text for text in texts if text])
    await lock_things(call.tx, kind.table, candidates.numbers)
    stored = await things_by_number(call.tx, kind.table, candidates.numbers)
    return _Matcher(kind=kind, known=known, candidates=candidates, stored=stored, shares=shares)


def _key(
    one: _Matched[Fields], edit: ThingEdit[Fields], matcher: _Matcher[Fields, Facts]
) -> object:
    """What two rows have in common that are about the same thing."""
    if one.number:
        return one.number
    if one.after.external_id is not None:
        return ("outer", text_key(one.after.external_id))
    return (text_key(one.after.name), edit.places(matcher.known))


def _refuse_repeated(row: TableRow, first: int) -> None:
    if first != row.row_no:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Row {first} is about the same: take one of the two out.",
            context={"value": row.values["displayName"]},
        )


def _note(row: TableRow, refusal: Refusal) -> RowNote:
    value = str(refusal.context.get("value", row.values["displayName"]))
    return RowNote(row_no=row.row_no, value=value, message=refusal.detail)


async def _write(
    call: Call, kind: Kind[Fields, Facts], matched: list[_Matched[Fields]]
) -> tuple[int, int]:
    """Write what is new and what differs; how many of each."""
    wanted = {AppNo(one.number): one.shares for one in matched if one.number and one.shares}
    differing = await differing_shares(call, wanted) if wanted else {}
    changed = [one for one in matched if one.before is not None and one.before != one.after]
    fresh = [one for one in matched if one.before is None]
    first = await take_numbers(call.tx, kind.noun, len(fresh)) if fresh else 0
    new = [
        ThingRecord(number=number, id=one.id, fields=one.after)
        for number, one in enumerate(fresh, start=first)
    ]
    done = [
        await update_things(call.tx, kind.table, [one.record for one in changed]),
        await insert_things(call.tx, kind.table, new, at=call.now),
    ]
    if done != [Written.DONE, Written.DONE]:
        raise _overtaken()
    shared = {
        AppNo(record.number): one.shares
        for record, one in zip(new, fresh, strict=True)
        if one.shares
    }
    await replace_shares(call, {**differing, **shared})
    others = [one for one in matched if one.before == one.after and one.number in differing]
    if new or changed or others:
        await raise_platform_version(call.tx)
        if kind.settle is not None:
            await kind.settle(call, [record.number for record in new])
        await record_all(
            call,
            [_line(kind.noun, one.id, HistoryAction.PLATFORM_ADDED) for one in fresh]
            + [
                _line(kind.noun, one.id, HistoryAction.PLATFORM_UPDATED)
                for one in (*changed, *others)
            ],
        )
    return len(new), len(changed) + len(others)


def _line(noun: str, id_: UUID, action: HistoryAction) -> HistoryLine:
    return HistoryLine(
        action=action,
        reason=ChangeReason.IMPORTED.value,
        detail={"kind": noun, "id": str(id_)},
    )


def _overtaken() -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        "Two rows of the file, or a row and something that is there, have one name or one"
        " externalId, or something that a row names was deleted meanwhile. Nothing was changed:"
        " correct the file and send it again.",
    )
