"""What error changes do to the counts of people who lack something, for a bulk job to tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from seatwright.domain.assignments import SourceKind
from seatwright.domain.reconcile.columns import (
    SOURCE_BITS,
    ErrorChanges,
    ErrorColumns,
    Flags,
    Int16s,
    Int32s,
    Int64s,
)
from seatwright.domain.reconcile.many_changes import NONE

_NUMBER = (1 << SOURCE_BITS) - 1


class Lacking(NamedTuple):
    """How many more people than before lack a product for a reason, whatever the source.

    `reason` is a position in `tuple(Reason)`.
    """

    sku_no: int
    reason: int
    people: int


class Refused(NamedTuple):
    """How many more people than before a group does not give all that it says, or one product.

    `sku_no` is None for all of them.
    """

    group_no: int
    sku_no: int | None
    people: int


class Tallies(NamedTuple):
    """The differences that are not nothing."""

    lacking: tuple[Lacking, ...]
    refused: tuple[Refused, ...]


class _Rows(NamedTuple):
    """Error rows: whose, about what, of which source, and why."""

    user_no: Int64s
    sku_no: Int64s
    source: Int64s
    reason: Int64s


def tallies_of(stored: ErrorColumns, changes: ErrorChanges) -> Tallies:
    """What the changes do, where `stored` are all errors of these people before them."""
    before = _rows(stored.user_no, stored.sku_no, stored.source, stored.reason)
    gone, new = _side(changes, changes.before), _side(changes, changes.after)
    stays = ~_is_among(before, gone)
    after = _Rows(
        *(np.concatenate((old[stays], come)) for old, come in zip(before, new, strict=True))
    )
    return Tallies(
        lacking=tuple(
            Lacking(sku_no=about >> 16, reason=about & 0xFFFF, people=people)
            for about, people in _moved(
                (before, before.sku_no << 16 | before.reason),
                (after, after.sku_no << 16 | after.reason),
            )
        ),
        refused=(
            *_refused(before, after, is_by_sku=False),
            *_refused(before, after, is_by_sku=True),
        ),
    )


def _refused(before: _Rows, after: _Rows, *, is_by_sku: bool) -> Iterator[Refused]:
    sides = []
    for rows in (before, after):
        of_group = rows.source >> SOURCE_BITS == SourceKind.GROUP
        given = _Rows(*(column[of_group] for column in rows))
        group = (given.source & _NUMBER) << 16
        sides.append((given, group | given.sku_no if is_by_sku else group))
    for about, people in _moved(*sides):
        sku = about & 0xFFFF if is_by_sku else None
        yield Refused(group_no=about >> 16, sku_no=sku, people=people)


def _moved(*sides: tuple[_Rows, Int64s]) -> Iterator[tuple[int, int]]:
    """By what is counted: how many more people after than before, each counted once."""
    counts: Counter[int] = Counter()
    for sign, (rows, about) in zip((-1, 1), sides, strict=True):
        kinds, place = np.unique(about, return_inverse=True)
        pairs = np.unique(rows.user_no * max(1, len(kinds)) + place)
        people = np.bincount(pairs % max(1, len(kinds)), minlength=len(kinds))
        for kind, many in zip(kinds.tolist(), people.tolist(), strict=True):
            counts[kind] += sign * many
    return ((kind, people) for kind, people in counts.items() if people)


def _side(changes: ErrorChanges, reason: Int16s) -> _Rows:
    """The rows of one side of the changes: those that were there, or those that are."""
    there = reason != NONE
    return _rows(
        changes.user_no[there], changes.sku_no[there], changes.source[there], reason[there]
    )


def _rows(*columns: Int16s | Int32s | Int64s) -> _Rows:
    return _Rows(*(column.astype(np.int64) for column in columns))


def _is_among(rows: _Rows, others: _Rows) -> Flags:
    """Which rows are, by person, product and source, among the others."""
    sources = np.unique(np.concatenate((rows.source, others.source)))

    def key(one: _Rows) -> Int64s:
        person = (one.user_no << 15 | one.sku_no) * max(1, len(sources))
        return person + np.searchsorted(sources, one.source)

    return np.isin(key(rows), key(others))
