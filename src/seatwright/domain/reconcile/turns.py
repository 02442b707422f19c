"""The places of those who wait: the priority that each should have in the line, for many people.

A priority that was changed since somebody began to wait (that of their group, say) moves them. Only
products of which a wish or a stored place has another priority than the default are looked at, so
that this costs nothing where nobody uses priorities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seatwright.domain.assignments import PRIORITY_DEFAULT
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo
from seatwright.domain.reconcile.columns import (
    NEVER,
    REASONS,
    ColumnSnapshot,
    Flags,
    GroupWish,
    Int16s,
    Int32s,
    packed_moment,
)

NO_SEAT_LEFT = REASONS.index(Reason.NO_SEAT_LEFT)
_NO_WISH = np.iinfo(np.int16).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Priorities that must change, one row for each person and product that waits."""

    user_no: Int32s
    sku_no: Int16s
    priority: Int16s


def turns_of(snapshot: ColumnSnapshot, *, stored: Int16s) -> Turns:
    """Give the priorities that must change; `stored` is that of each row of the errors."""
    errors = snapshot.errors
    waits = errors.reason == NO_SEAT_LEFT
    found: list[Turns] = []
    for sku in np.unique(errors.sku_no[waits]).tolist():
        chosen = waits & (errors.sku_no == sku)
        if _is_plain(snapshot, sku, stored[chosen]):
            continue
        users, first = np.unique(errors.user_no[chosen], return_index=True)
        lowest = np.minimum.reduceat(stored[chosen], first)
        highest = np.maximum.reduceat(stored[chosen], first)
        wanted = _priorities(snapshot, sku, users)
        moved = (wanted != _NO_WISH) & ((lowest != wanted) | (highest != wanted))
        found.append(
            Turns(
                user_no=users[moved],
                sku_no=np.full(int(moved.sum()), sku, dtype=np.int16),
                priority=wanted[moved],
            )
        )
    return Turns(
        user_no=np.concatenate([np.empty(0, np.int32), *(one.user_no for one in found)]),
        sku_no=np.concatenate([np.empty(0, np.int16), *(one.sku_no for one in found)]),
        priority=np.concatenate([np.empty(0, np.int16), *(one.priority for one in found)]),
    )


def _is_plain(snapshot: ColumnSnapshot, sku: int, stored: Int16s) -> bool:
    direct = snapshot.direct
    return bool(
        (stored == PRIORITY_DEFAULT).all()
        and (direct.priority[direct.sku_no == sku] == PRIORITY_DEFAULT).all()
        and all(
            given.wish.priority == PRIORITY_DEFAULT
            for wishes in snapshot.group_wishes.values()
            for given in wishes
            if given.wish.sku == sku
        )
    )


def _priorities(snapshot: ColumnSnapshot, sku: int, users: Int32s) -> Int16s:
    """Give the smallest priority of each person's wishes for a product that count now."""
    wanted = np.full(len(users), _NO_WISH, dtype=np.int16)
    direct, members = snapshot.direct, snapshot.memberships
    own = (direct.sku_no == sku) & _counts(snapshot) & np.isin(direct.user_no, users)
    np.minimum.at(wanted, np.searchsorted(users, direct.user_no[own]), direct.priority[own])
    of_group = _group_priorities(snapshot, snapshot.group_wishes, sku)
    groups, priorities = np.array(list(of_group), np.int32), np.array(list(of_group.values()))
    order = np.argsort(groups)
    rows = np.isin(members.group_no, groups) & np.isin(members.user_no, users)
    place = np.searchsorted(groups[order], members.group_no[rows])
    np.minimum.at(
        wanted,
        np.searchsorted(users, members.user_no[rows]),
        priorities[order][place].astype(np.int16),
    )
    return wanted


def _counts(snapshot: ColumnSnapshot) -> Flags:
    direct, now = snapshot.direct, packed_moment(snapshot.now)
    # NEVER is the smallest number, so that a wish without a start has always started.
    counts: Flags = direct.starts_at <= now
    counts &= (direct.expires_at == NEVER) | (direct.expires_at > now)
    return counts


def _group_priorities(
    snapshot: ColumnSnapshot, wishes: Mapping[GroupNo, Sequence[GroupWish]], sku: int
) -> dict[GroupNo, int]:
    found: dict[GroupNo, int] = {}
    for group, given in wishes.items():
        counting = [
            one.wish.priority
            for one in given
            if one.wish.sku == sku and one.wish.counts_at(snapshot.now)
        ]
        if counting:
            found[group] = min(counting)
    return found
