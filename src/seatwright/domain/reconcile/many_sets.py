"""Sets of service plans while the bulk kernel works, and slices of columns by person."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np

from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.reconcile.columns import Int32s, Int64s, PlanSets

_Numbers = TypeVar("_Numbers", Int32s, Int64s)


class WorkingSets:
    """The snapshot's sets of service plans, and those that come up on the way.

    The latter get indices above the snapshot's. Most of them never reach the answer, so they are
    kept apart until the end. What is equal has one index throughout.
    """

    __slots__ = ("_known", "_known_count", "_new", "_new_bits", "_unions")

    def __init__(self, known: PlanSets) -> None:
        """Begin with the sets of a snapshot, which must not grow until the end."""
        self._known = known
        self._known_count = len(known)
        self._new: dict[int, int] = {}
        self._new_bits: list[ServicePlanBits] = []
        self._unions: dict[int, int] = {}

    def index_of(self, bits: ServicePlanBits) -> int:
        """Give the index of a set, a new one if it is new."""
        found = self._known.find(bits)
        if found is None:
            found = self._new.get(bits)
        if found is None:
            found = self._new[bits] = self._known_count + len(self._new_bits)
            self._new_bits.append(bits)
        return found

    def bits_of(self, index: int) -> ServicePlanBits:
        """Give the set of an index."""
        if index < self._known_count:
            return self._known.bits[index]
        return self._new_bits[index - self._known_count]

    def unions(self, left: Int32s, right: Int32s) -> Int32s:
        """Give the union of each pair of sets; every distinct pair is joined once."""
        pairs, where = np.unique(left.astype(np.int64) << 32 | right, return_inverse=True)
        found = np.fromiter((self._union(pair) for pair in pairs.tolist()), np.int32, len(pairs))
        return found[where]

    def _union(self, pair: int) -> int:
        found = self._unions.get(pair)
        if found is None:
            left, right = self.bits_of(pair >> 32), self.bits_of(pair & 0xFFFF_FFFF)
            found = self._unions[pair] = self.index_of(ServicePlanBits(left | right))
        return found

    def published(self, indices: Int32s) -> Int32s:
        """Give indices into the snapshot's sets, to which the new sets among these are added."""
        is_new = indices >= self._known_count
        if not is_new.any():
            return indices
        new, where = np.unique(indices[is_new], return_inverse=True)
        added = [self._known.index_of(self.bits_of(index)) for index in new.tolist()]
        published = indices.copy()
        published[is_new] = np.array(added, np.int32)[where]
        return published


class Owned(NamedTuple):
    """The rows of a table that are some people's: which rows, and whose, by position."""

    rows: slice | Int64s
    owner: Int32s


def owned(user_no: Int32s, *, users: Int32s) -> Owned:
    """Find the rows of these people in a table that is sorted by person.

    Rows of people between them who are not among them are left out; there are rarely any.
    """
    # Asked in the column's own type: numbers of another would have the whole column copied.
    start = np.searchsorted(user_no, users[0], side="left")
    stop = np.searchsorted(user_no, users[-1], side="right")
    part = user_no[start:stop]
    first = np.searchsorted(part, users, side="left")
    counts = np.searchsorted(part, users, side="right") - first
    owner = np.repeat(np.arange(len(users), dtype=np.int32), counts)
    if len(owner) == stop - start:
        return Owned(slice(start, stop), owner)
    return Owned(start + spans(first, counts), owner)


def spans(first: Int64s, counts: Int64s) -> Int64s:
    """Give the numbers from `first` on, `counts` of them, of each span after the other."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - ends + counts, counts) + np.arange(total)


def find(values: _Numbers, *, among: _Numbers) -> Int64s:
    """Give the place of each value among sorted different values, -1 where it is not there."""
    if not len(among):
        return np.full(len(values), -1)
    place = np.searchsorted(among, values)
    place[place == len(among)] = 0
    place[among[place] != values] = -1
    return place


def starts_of(sorted_values: Int32s | Int64s) -> Int64s:
    """Give where each run of equal values begins."""
    is_start = np.empty(len(sorted_values), np.bool_)
    is_start[:1] = True
    np.not_equal(sorted_values[1:], sorted_values[:-1], out=is_start[1:])
    return np.flatnonzero(is_start)
