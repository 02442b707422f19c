"""What a list is as a file: its columns, who may have it, and its rows slice by slice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, TypeVar

from seatwright.app.call import Call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells, ColumnKind, ReportColumn
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission

PRODUCTS_MAX: Final = 10_000
"""More products than any catalogue has: lists of them are read whole."""

COUNT: Final = ColumnKind.COUNT
FLAG: Final = ColumnKind.FLAG
MOMENT: Final = ColumnKind.MOMENT
MONEY: Final = ColumnKind.MONEY

Asked: TypeAlias = Mapping[str, str]
"""What the address of a page says, without what is empty."""

SliceReader: TypeAlias = Callable[[Call, Asked, Place | None, int], Awaitable[ReportSlice]]
"""Reads rows after a place, at most so many; raises Refusal for what an address names in vain."""

Row = TypeVar("Row")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A list as a file. `filters` are what its address may say; no `permission`: everybody's."""

    name: ListName
    permission: Permission | None
    columns: tuple[ReportColumn, ...]
    filters: tuple[str, ...]
    read: SliceReader

    def asked_of(self, given: Mapping[str, str]) -> Asked:
        """The filters that an address has, without empty ones and those that are none."""
        return {name: text for name in self.filters if (text := (given.get(name) or "").strip())}


def columns_of(*names: str | tuple[str, ColumnKind]) -> tuple[ReportColumn, ...]:
    """Columns with the names of the API; one without a kind holds texts."""
    pairs = [(one, ColumnKind.TEXT) if isinstance(one, str) else one for one in names]
    return tuple(ReportColumn(name=name, title=name, kind=kind) for name, kind in pairs)


def needed(asked: Asked, name: str) -> str:
    """What an address must say. Raises Refusal invalidValue."""
    text = asked.get(name)
    if not text:
        raise Refusal(
            Reason.INVALID_VALUE, f"The address lacks {name}: export the list from its page."
        )
    return text


def whole(rows: Iterable[Cells]) -> ReportSlice:
    """A list that is short enough to be read at once."""
    return ReportSlice(rows=tuple(rows), place=None)


def page_of_list(
    found: Sequence[Row],
    limit: int,
    *,
    cells: Callable[[Row], Cells],
    place: Callable[[Row], Place],
) -> ReportSlice:
    """The rows of a page that was asked one more than `limit` of."""
    rows = found[:limit]
    return ReportSlice(
        rows=tuple(cells(row) for row in rows),
        place=place(rows[-1]) if len(found) > limit else None,
    )


def number_after(place: Place | None, at: int = 0) -> int:
    """A number of a place; 0 before the first row."""
    return 0 if place is None else int(place[at])


def number_before(place: Place | None) -> int | None:
    """The number of a place in a list that goes down; None before its first row."""
    return None if place is None else int(place[0])


def name_after(place: Place | None) -> tuple[str, int] | None:
    """The place in a list by name."""
    return None if place is None else (str(place[0]), int(place[1]))


def number_of_moment(at: datetime) -> int:
    """A moment as places keep it: microseconds, so that none is lost."""
    return (at - _EPOCH) // _MICROSECOND


def moment_of_number(number: int | str) -> datetime:
    """The moment that a place keeps."""
    return _EPOCH + int(number) * _MICROSECOND
