"""Single people read back out of the columns, for those whom the rules must look at one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np

from seatwright.domain.assignments import Source
from seatwright.domain.ids import GroupNo, SkuNo, UserNo
from seatwright.domain.reconcile.columns import (
    REASONS,
    STRATEGIES,
    ColumnSnapshot,
    GroupWish,
    Int32s,
    Int64s,
    MembershipColumns,
    moment_of,
    source_of,
)
from seatwright.domain.reconcile.world import Held, StoredError, UserState, Wish


def user_states(snapshot: ColumnSnapshot, positions: Int64s) -> Iterator[UserState]:
    """Give the people at these positions of `snapshot.people`, as `world.Snapshot` has them."""
    people = snapshot.people
    user_nos = people.user_no[positions]
    wishes = _wishes(snapshot, user_nos)
    held = _held(snapshot, user_nos)
    errors = _errors(snapshot, user_nos)
    locations = people.location[positions].tolist()
    deleted = people.is_deleted[positions].tolist()
    for index, user_no in enumerate(user_nos.tolist()):
        location = locations[index]
        yield UserState(
            user_no=UserNo(user_no),
            usage_location=None if location < 0 else snapshot.locations[location],
            is_deleted=deleted[index],
            wishes=next(wishes),
            held=next(held),
            errors=next(errors),
        )


def _rows_of(column: Int32s, user_nos: Int32s) -> Iterator[range]:
    """Give, per person, which rows of a table are theirs."""
    first = np.searchsorted(column, user_nos, side="left").tolist()
    last = np.searchsorted(column, user_nos, side="right").tolist()
    return map(range, first, last)


def _wishes(snapshot: ColumnSnapshot, user_nos: Int32s) -> Iterator[tuple[Wish, ...]]:
    inherited = _inherited(snapshot.memberships, snapshot.group_wishes, user_nos)
    direct, bits = snapshot.direct, snapshot.plan_sets.bits
    for rows in _rows_of(direct.user_no, user_nos):
        own = tuple(
            Wish(
                sku=SkuNo(int(direct.sku_no[row])),
                source=source_of(int(direct.source[row])),
                strategy=STRATEGIES[direct.strategy[row]],
                disabled=bits[direct.disabled_set[row]],
                priority=int(direct.priority[row]),
                assigned_at=_certain(direct.assigned_at[row]),
                starts_at=moment_of(int(direct.starts_at[row])),
                expires_at=moment_of(int(direct.expires_at[row])),
            )
            for row in rows
        )
        yield own + next(inherited)


def _inherited(
    memberships: MembershipColumns,
    group_wishes: Mapping[GroupNo, Sequence[GroupWish]],
    user_nos: Int32s,
) -> Iterator[tuple[Wish, ...]]:
    """Give what the groups of each person bring; of several ways to one license the earliest."""
    for rows in _rows_of(memberships.user_no, user_nos):
        found: dict[tuple[SkuNo, Source], Wish] = {}
        for row in rows:
            group_no = GroupNo(int(memberships.group_no[row]))
            for group_wish in group_wishes.get(group_no, ()):
                wish = _reaching(group_wish, since=_certain(memberships.since[row]))
                known = found.get((wish.sku, wish.source))
                if known is None or wish.assigned_at < known.assigned_at:
                    found[wish.sku, wish.source] = wish
        yield tuple(found.values())


def _reaching(group_wish: GroupWish, *, since: datetime) -> Wish:
    """Give a group's wish as it reaches one member."""
    wish = group_wish.wish
    latest = max(wish.assigned_at, group_wish.since or wish.assigned_at, since)
    return wish if latest == wish.assigned_at else replace(wish, assigned_at=latest)


def _held(snapshot: ColumnSnapshot, user_nos: Int32s) -> Iterator[tuple[Held, ...]]:
    held, bits = snapshot.held, snapshot.plan_sets.bits
    for rows in _rows_of(held.user_no, user_nos):
        yield tuple(
            Held(
                sku=SkuNo(int(held.sku_no[row])),
                enabled=bits[held.enabled_set[row]],
                given_by=source_of(int(held.source[row])) if held.source[row] >= 0 else None,
            )
            for row in rows
        )


def _errors(snapshot: ColumnSnapshot, user_nos: Int32s) -> Iterator[tuple[StoredError, ...]]:
    errors = snapshot.errors
    for rows in _rows_of(errors.user_no, user_nos):
        yield tuple(
            StoredError(
                sku=SkuNo(int(errors.sku_no[row])),
                source=source_of(int(errors.source[row])),
                reason=REASONS[errors.reason[row]],
                waiting_since=_certain(errors.waiting_since[row]),
            )
            for row in rows
        )


def _certain(moment: np.int64) -> datetime:
    """Give a moment of a column that has one in every row."""
    found = moment_of(int(moment))
    if found is None:
        raise ValueError("A column that needs a moment in every row has none in one.")
    return found
