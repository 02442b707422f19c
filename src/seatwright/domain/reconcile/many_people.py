"""Single people read back out of the columns, for those whom the rules must look at one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from seatwright.domain.assignments import Source
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.columns import (
    REASONS,
    STRATEGIES,
    ColumnSnapshot,
    GroupWish,
    Int32s,
    Int64s,
    moment_of,
    source_of,
)
from seatwright.domain.reconcile.many_sets import owned
from seatwright.domain.reconcile.world import Held, StoredError, UserState, Wish

_Thing = TypeVar("_Thing")
_Column = npt.NDArray[np.int16] | Int32s | Int64s


def user_states(snapshot: ColumnSnapshot, positions: Int64s) -> Iterator[UserState]:
    """Give the people at these positions of `snapshot.people`, as `world.Snapshot` has them."""
    if not len(positions):
        return
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


def _told(
    make: Callable[..., _Thing], columns: Sequence[_Column], *, user_no: Int32s, users: Int32s
) -> Iterator[tuple[_Thing, ...]]:
    """Give, per person, what is made of each of their rows of a table.

    The columns become lists at once: asking an array for one number after the other is slow.
    """
    theirs = owned(user_no, users=users)
    made = map(make, *(column[theirs.rows].tolist() for column in columns))
    for count in np.bincount(theirs.owner, minlength=len(users)).tolist():
        yield tuple(islice(made, count))


def _wishes(snapshot: ColumnSnapshot, users: Int32s) -> Iterator[tuple[Wish, ...]]:
    direct, memberships = snapshot.direct, snapshot.memberships
    own = _told(
        _direct_wish(snapshot.plan_sets.bits),
        (
            direct.sku_no,
            direct.disabled_set,
            direct.strategy,
            direct.priority,
            direct.assigned_at,
            direct.starts_at,
            direct.expires_at,
            direct.source,
        ),
        user_no=direct.user_no,
        users=users,
    )
    groups = _told(
        _group_wishes(snapshot.group_wishes),
        (memberships.group_no, memberships.since),
        user_no=memberships.user_no,
        users=users,
    )
    for wishes, inherited in zip(own, groups, strict=True):
        yield wishes + _without_ways(inherited)


def _direct_wish(bits: Sequence[ServicePlanBits]) -> Callable[..., Wish]:
    def make(*row: int) -> Wish:
        sku_no, disabled_set, strategy, priority, assigned_at, starts_at, expires_at, source = row
        return Wish(
            sku=SkuNo(sku_no),
            source=source_of(source),
            strategy=STRATEGIES[strategy],
            disabled=bits[disabled_set],
            priority=priority,
            assigned_at=_certain(assigned_at),
            starts_at=moment_of(starts_at),
            expires_at=moment_of(expires_at),
        )

    return make


def _group_wishes(
    group_wishes: Mapping[GroupNo, Sequence[GroupWish]],
) -> Callable[[int, int], tuple[Wish, ...]]:
    def make(group_no: int, since: int) -> tuple[Wish, ...]:
        found = group_wishes.get(GroupNo(group_no), ())
        joined = _certain(since)
        return tuple(_reaching(one, since=joined) for one in found)

    return make


def _reaching(group_wish: GroupWish, *, since: datetime) -> Wish:
    """Give a group's wish as it reaches one member."""
    wish = group_wish.wish
    latest = max(wish.assigned_at, group_wish.since or wish.assigned_at, since)
    if latest == wish.assigned_at:
        return wish
    # Written out, for `replace` takes several times as long, and there are very many.
    return Wish(
        sku=wish.sku,
        source=wish.source,
        strategy=wish.strategy,
        disabled=wish.disabled,
        priority=wish.priority,
        assigned_at=latest,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
    )


def _without_ways(inherited: Sequence[Sequence[Wish]]) -> tuple[Wish, ...]:
    """Leave one wish where several ways lead to one license: since the earliest of them."""
    found: dict[tuple[SkuNo, int, int], Wish] = {}
    for wishes in inherited:
        for wish in wishes:
            key = wish.sku, wish.source.kind, wish.source.no
            known = found.get(key)
            if known is None or wish.assigned_at < known.assigned_at:
                found[key] = wish
    return tuple(found.values())


def _held(snapshot: ColumnSnapshot, users: Int32s) -> Iterator[tuple[Held, ...]]:
    held, bits = snapshot.held, snapshot.plan_sets.bits

    def make(sku_no: int, enabled_set: int, source: int) -> Held:
        return Held(sku=SkuNo(sku_no), enabled=bits[enabled_set], given_by=_source_or_none(source))

    return _told(
        make, (held.sku_no, held.enabled_set, held.source), user_no=held.user_no, users=users
    )


def _source_or_none(source: int) -> Source | None:
    return None if source < 0 else source_of(source)


def _errors(snapshot: ColumnSnapshot, users: Int32s) -> Iterator[tuple[StoredError, ...]]:
    errors = snapshot.errors

    def make(sku_no: int, source: int, reason: int, waiting_since: int) -> StoredError:
        return StoredError(
            sku=SkuNo(sku_no),
            source=source_of(source),
            reason=REASONS[reason],
            waiting_since=_certain(waiting_since),
        )

    return _told(
        make,
        (errors.sku_no, errors.source, errors.reason, errors.waiting_since),
        user_no=errors.user_no,
        users=users,
    )


def _certain(moment: int) -> datetime:
    """Give a moment of a column that has one in every row."""
    found = moment_of(moment)
    if found is None:
        raise ValueError("A column that needs a moment in every row has none in one.")
    return found
