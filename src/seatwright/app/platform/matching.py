"""Rows of files of the platform, matched with the environments, apps and flows that are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.directory.imports import ImportResult, record_import
from seatwright.app.platform.naming import Candidate, pick
from seatwright.app.record import record_all
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.people_file import RowNote
from seatwright.domain.platform import EnvironmentNo
from seatwright.domain.platform_file import filled
from seatwright.domain.platform_things import AppFields, EnvironmentFields, FlowFields
from seatwright.postgres.platform_environments import find_environments, raise_platform_version

Fields = TypeVar("Fields", bound=EnvironmentFields | AppFields | FlowFields)
Number = TypeVar("Number", bound=int)


@dataclass(frozen=True, slots=True)
class Matched(Generic[Number, Fields]):
    """A row with the thing that it is about; without a number it is a new one."""

    row: TableRow
    number: Number | None
    id: UUID
    before: Fields | None
    after: Fields


class Sorter(Generic[Number, Fields]):
    """Takes rows one by one; a row that does not fit becomes a note, and the others go on."""

    def __init__(self) -> None:
        self.matched: list[Matched[Number, Fields]] = []
        self.errors: list[RowNote] = []
        self._rows: dict[object, int] = {}

    def take(self, row: TableRow, match: Callable[[TableRow], Matched[Number, Fields]]) -> None:
        """Match a row, unless an earlier one is about the same thing."""
        try:
            one = match(row)
            key = one.number or (one.after.external_id or one.after.name).casefold()
            first = self._rows.setdefault(key, row.row_no)
            if first != row.row_no:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"Row {first} is about the same: take one of the two out.",
                    context={"value": one.after.name},
                )
        except Refusal as refusal:
            value = str(refusal.context.get("value", row.values.get("displayName", "")))
            self.errors.append(RowNote(row_no=row.row_no, value=value, message=refusal.detail))
        else:
            self.matched.append(one)

    @property
    def created(self) -> list[Matched[Number, Fields]]:
        """Rows about something new."""
        return [one for one in self.matched if one.number is None]

    @property
    def changed(self) -> list[tuple[Number, Matched[Number, Fields]]]:
        """Rows that change something that is there, with its number."""
        return [
            (one.number, one)
            for one in self.matched
            if one.number is not None and one.before != one.after
        ]

    def result(self, call: Call, table: Table, kind: str) -> ImportResult:
        """What becomes of the file."""
        created, updated = len(self.created), len(self.changed)
        total = len(table.rows)
        return ImportResult(
            kind=kind,
            total=total,
            created=created,
            updated=updated,
            unchanged=total - created - updated - len(self.errors),
            errors=tuple(self.errors),
            ignored_columns=table.ignored_columns,
            is_preview=call.is_preview,
        )


async def finish(
    call: Call, rows: Sorter[Number, Fields], result: ImportResult, noun: str
) -> ImportResult:
    """Tell the history what the file did, thing by thing and as a whole."""
    created = [(HistoryAction.PLATFORM_ADDED, one.id) for one in rows.created]
    changed = [(HistoryAction.PLATFORM_UPDATED, one.id) for _, one in rows.changed]
    await record_all(
        call,
        [
            HistoryLine(
                action=action,
                reason=ChangeReason.IMPORTED.value,
                detail={"kind": noun, "id": str(id_)},
            )
            for action, id_ in (*created, *changed)
        ],
    )
    await raise_platform_version(call.tx)
    await record_import(call, result)
    return result


def names(table: Table) -> list[str]:
    """Every text by which a row may name something that is there."""
    return sorted(
        {
            text
            for row in table.rows
            for text in (row.values["displayName"], row.values.get("externalId", ""))
            if text
        }
    )


def number_of(
    candidates: Sequence[Candidate[Number]], row: TableRow, environment: EnvironmentNo | None
) -> Number | None:
    """What a row is about: the thing with its outer id, else the one of its name and place."""
    outer = filled(row, "externalId")
    if outer is not None:
        found = pick([one for one in candidates if one[2] is not None], outer)
        if found is not None:
            return found
    named = pick(candidates, row.values["displayName"], environment=environment)
    taken = {one[0] for one in candidates if one[2] is not None}
    return None if outer is not None and named in taken else named


async def places(call: Call, table: Table) -> Mapping[str, EnvironmentNo]:
    """The environments that a file names, by the text as it was given."""
    texts = {row.values.get("environment", "") for row in table.rows} - {""}
    return await find_environments(call.tx, sorted(texts))


def place(row: TableRow, places: Mapping[str, EnvironmentNo]) -> EnvironmentNo | None:
    """The environment that a row names; None where it names none.

    Raises Refusal unknownEnvironment.
    """
    text = row.values.get("environment", "")
    if text and text not in places:
        raise Refusal(
            Reason.UNKNOWN_ENVIRONMENT,
            f"There is no environment “{text[:60]}”: import environments first.",
            context={"value": text[:60]},
        )
    return places[text] if text else None


def overtaken() -> Refusal:
    """What to say when the file could not be written as it was matched."""
    return Refusal(
        Reason.INVALID_VALUE,
        "Two rows of the file, or a row and something that is there, have one name or one"
        " externalId. Nothing was changed: correct the file and send it again.",
    )
