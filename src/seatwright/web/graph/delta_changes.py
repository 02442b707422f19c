"""What of each person or group changed, for answers that have no more than that (DLT-009)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from seatwright.postgres.changes import ChangeNoun, FeedRow
from seatwright.postgres.graph_lists import Table

Shape = dict[str, Any]
Changed = frozenset[str] | None
"""The columns that changed; None where all of a row is new."""

LICENSED: Final = frozenset({"assignedLicenses", "assignedPlans", "provisionedPlans"})
_LICENSES: Final = frozenset({"licenses"})
_MANAGER: Final = frozenset({"manager_no"})
_NOTHING: Final[Changed] = frozenset()


def changed_columns(rows: Sequence[FeedRow]) -> dict[int, Changed]:
    """What these rows say that changed, by the number of each person or group."""
    found: dict[int, Changed] = {}
    for row in rows:
        told, subjects = _told(row)
        for number in subjects:
            before = found.get(number, _NOTHING)
            found[number] = None if told is None or before is None else before | told
    return found


def _told(row: FeedRow) -> tuple[Changed, Sequence[int]]:
    match row.noun:
        case ChangeNoun.LICENSES | ChangeNoun.GROUP_LICENSES:
            return _LICENSES, row.subjects
        case ChangeNoun.UNMANAGED:
            return _MANAGER, row.subjects
        case ChangeNoun.PERSON | ChangeNoun.GROUP:
            return row.told, row.subjects
        case _:
            return _NOTHING, () if row.of is None else (row.of,)


def columns_in(table: Table, names: Sequence[str]) -> list[str]:
    """The columns of the database by their names in lists."""
    return [table.columns[name].removeprefix(f"{table.alias}.") for name in names]


def only_changed(
    shape: Shape,
    changed: Changed,
    *,
    table: Table,
    columns_for: Callable[[Sequence[str]], Sequence[str]],
) -> Shape:
    """A shape with its id, its relations that changed, and the properties that did."""
    if changed is None:
        return shape
    return {
        name: value
        for name, value in shape.items()
        if name in {"id", "members@delta"} or _of(name, table, columns_for) & changed
    }


def _of(
    name: str, table: Table, columns_for: Callable[[Sequence[str]], Sequence[str]]
) -> frozenset[str]:
    if name in LICENSED:
        return _LICENSES
    if name == "manager@delta":
        return _MANAGER
    return frozenset(columns_in(table, columns_for((name,))))
