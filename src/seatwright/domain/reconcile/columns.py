"""A tenant as columns: what the bulk kernel reads and what it answers.

The same facts as `world.py`, one array a fact instead of one object a person. Everything is sorted
by person (and stays sorted), so that the people from x to y are one slice of every table.

**Sets of service plans are never masks here.** A tenant with a million people has a few thousand
distinct sets, so a row holds the index of its set in `PlanSets`; what the rules say of a set, or
of two, is asked once and looked up after that. Moments are microseconds since 1970 in UTC, and
`NEVER` stands for none. A source is one number: its kind in the high bits, its number in the low.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits
from seatwright.domain.reconcile.world import Catalog, Pool, Wish
from seatwright.domain.semantics import Semantics

Int16s = npt.NDArray[np.int16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER: Final = int(np.iinfo(np.int64).min)
"""The moment that stands for none: no start, no expiry."""

NOWHERE: Final = -1
"""The location that stands for none."""

SOURCE_BITS: Final = 32
"""A source is `kind << SOURCE_BITS | number`, so that sources sort as `Source` does."""

STRATEGIES: Final = tuple(Strategy)
"""A strategy is its position here."""

REASONS: Final = tuple(Reason)
"""A reason is its position here."""

_SOURCES_MAX: Final = 10_000
"""Sources that are remembered; a tenant's groups are named again and again."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def packed_source(source: Source) -> int:
    """Give the number that stands for a source."""
    return source.kind << SOURCE_BITS | source.no


@lru_cache(maxsize=_SOURCES_MAX)
def source_of(number: int) -> Source:
    """Give the source that a number stands for."""
    return Source(kind=SourceKind(number >> SOURCE_BITS), no=number & ((1 << SOURCE_BITS) - 1))


def packed_moment(moment: datetime | None) -> int:
    """Give a moment in microseconds, `NEVER` for none."""
    return NEVER if moment is None else (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime | None:
    """Give the moment that a number stands for."""
    return None if number == NEVER else _EPOCH + number * _MICROSECOND


class PlanSets:
    """The distinct sets of service plans of one snapshot, by index; it only grows.

    Index 0 is the empty set.
    """

    __slots__ = ("_index", "bits")

    def __init__(self) -> None:
        self.bits: list[ServicePlanBits] = [ServicePlanBits(0)]
        self._index: dict[int, int] = {0: 0}

    def index_of(self, bits: int) -> int:
        """Give the index of a set, a new one if it is new."""
        found = self._index.get(bits)
        if found is None:
            found = self._index[bits] = len(self.bits)
            self.bits.append(ServicePlanBits(bits))
        return found

    def find(self, bits: int) -> int | None:
        """Give the index of a set if it is here."""
        return self._index.get(bits)

    def __len__(self) -> int:
        """How many distinct sets there are."""
        return len(self.bits)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleColumns:
    """Everybody looked at, in the order of their numbers; `location` is an index or `NOWHERE`."""

    user_no: Int32s
    location: Int16s
    is_deleted: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipColumns:
    """Who is in which group, sorted by person and group; groups without licenses may be left out.

    Only direct membership: what a group inside a group brings is in `GroupWish`.
    """

    user_no: Int32s
    group_no: Int32s
    since: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupWish:
    """One license that members of a group are wished, by it or by a group that it is inside.

    `wish` is what the licensed group says (its source is that group), and `since` is from when
    the chain of nesting stands, None where the group itself is licensed. A member's wish is
    assigned at the latest of the license, the chain and the membership. When two groups of a
    person lead to the same licensed group, the earliest of those moments counts.
    """

    wish: Wish
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectColumns:
    """What people are wished themselves, sorted by person, SKU and source."""

    user_no: Int32s
    sku_no: Int16s
    disabled_set: Int32s
    strategy: Int16s
    """The position of the strategy in `tuple(Strategy)`."""
    priority: Int16s
    assigned_at: Int64s
    starts_at: Int64s
    expires_at: Int64s
    source: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldColumns:
    """What people hold, sorted by person and SKU; `source` is -1 where it is not known."""

    user_no: Int32s
    sku_no: Int16s
    enabled_set: Int32s
    source: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorColumns:
    """The stored errors, sorted by person, SKU and source.

    `reason` is the position of the reason in `tuple(Reason)`.
    """

    user_no: Int32s
    sku_no: Int16s
    source: Int64s
    reason: Int16s
    waiting_since: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnSnapshot:
    """Everything the bulk kernel may know; the counterpart of `world.Snapshot`.

    `locations` gives the codes that `PeopleColumns.location` counts. `retry_users` None: everybody
    here is tried again (what a reprocess or a change of their group does, GBL-125).
    """

    now: datetime
    semantics: Semantics
    default_usage_location: str | None
    catalog: Catalog
    pools: tuple[Pool, ...]
    plan_sets: PlanSets
    locations: Sequence[str]
    people: PeopleColumns
    memberships: MembershipColumns
    group_wishes: Mapping[GroupNo, Sequence[GroupWish]]
    direct: DirectColumns
    held: HeldColumns
    errors: ErrorColumns
    retry_users: Int32s | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseChanges:
    """The licenses that begin, change or end, sorted by person and SKU.

    A set is an index into the snapshot's `plan_sets`, -1 where there is no license. `source` and
    `strategy` are -1 where there is no giver.
    """

    user_no: Int32s
    sku_no: Int16s
    before: Int32s
    after: Int32s
    source: Int64s
    strategy: Int16s


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorChanges:
    """The error rows that appear, change or go, sorted by person, SKU and source.

    `before` and `after` are positions in `tuple(Reason)`, -1 for none; `waiting_since` is `NEVER`
    where the row goes. `priority` is what write-back stores for those who wait: the smallest of
    the person's wishes for this SKU that count, 128 where there is none or where the row goes.
    """

    user_no: Int32s
    sku_no: Int16s
    source: Int64s
    before: Int16s
    after: Int16s
    waiting_since: Int64s
    priority: Int16s
