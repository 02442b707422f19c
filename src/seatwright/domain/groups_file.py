"""Groups as the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import GroupField, GroupFields
from seatwright.domain.errors import Refusal
from seatwright.domain.people_file import RowNote
from seatwright.domain.person_fields import group_field

GROUP_ROWS_MAX: Final = 100_000

GROUP_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    GroupField.EXTERNAL_ID.value: ("Immutable id",),
    GroupField.DISPLAY_NAME.value: ("Name", "Group name", "Group"),
    GroupField.DESCRIPTION.value: (),
    GroupField.MAIL_NICKNAME.value: ("Alias",),
    GroupField.KIND.value: ("Type", "Group type"),
    GroupField.SECURITY_ENABLED.value: (),
}
"""The columns of an import and an export of groups, with other spellings of their headers."""

_KEPT_WHEN_EMPTY: Final = frozenset(
    {GroupField.EXTERNAL_ID, GroupField.KIND, GroupField.SECURITY_ENABLED}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group of a file."""

    row_no: int
    name: str
    external_id: str | None
    fields: GroupFields


def read_groups_file(table: Table) -> tuple[tuple[GroupRow, ...], tuple[RowNote, ...]]:
    """The groups of a file; a row that does not fit becomes an error, and the others go on."""
    rows: list[GroupRow] = []
    errors: list[RowNote] = []
    fields = [field for field in GroupField if field.value in table.columns]
    for row in table.rows:
        try:
            rows.append(_group(row, fields))
        except Refusal as refusal:
            value = str(refusal.context.get("value", ""))
            errors.append(RowNote(row_no=row.row_no, value=value, message=refusal.detail))
    return tuple(rows), tuple(errors)


def _group(row: TableRow, fields: Sequence[GroupField]) -> GroupRow:
    given = {
        field: group_field(field, row.values[field.value])
        for field in fields
        if row.values[field.value] or field not in _KEPT_WHEN_EMPTY
    }
    external = given.get(GroupField.EXTERNAL_ID)
    return GroupRow(
        row_no=row.row_no,
        name=str(given[GroupField.DISPLAY_NAME]),
        external_id=external if isinstance(external, str) else None,
        fields=given,
    )
