"""The wishes of a chunk's people: what their groups bring, and what they are wished themselves.

A wish is a person and an **offer**. What a group brings is one offer, however many members it
has; a person's own row is one as well. So a wish is a person, the number of an offer and since
when it stands: everything else is looked up when it is asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from seatwright.domain.assignments import SourceKind
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.reconcile.columns import (
    NEVER,
    SOURCE_BITS,
    STRATEGIES,
    ColumnSnapshot,
    DirectColumns,
    Flags,
    GroupWish,
    Int16s,
    Int32s,
    Int64s,
    MembershipColumns,
    packed_moment,
    packed_source,
)
from seatwright.domain.reconcile.many_grants import GrantNumbers
from seatwright.domain.reconcile.many_sets import owned, spans, starts_of

_SET_BITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What can be wished to people, one entry an offer; `at` is when it was first made."""

    grant: Int32s
    source: Int64s
    priority: Int16s
    strategy: Int16s
    at: Int64s

    @property
    def is_inherited(self) -> Flags:
        """Whether a group is behind it; see `rows.is_inherited`."""
        is_inherited: Flags = self.source >> SOURCE_BITS == SourceKind.GROUP
        return is_inherited


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOffers:
    """What each group brings: the offers from `first[group_no]` on, `counts[group_no]` of them.

    `license_no` is the same on two offers that are one license reached on two ways through
    nested groups; `has_ways` says whether there are several.
    """

    first: Int64s
    counts: Int64s
    offers: Offers
    license_no: Int32s
    has_ways: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectGrants:
    """The grant of each distinct pair of SKU and switched-off set among the direct rows."""

    pairs: Int64s
    grant: Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The wishes that count now of a chunk's people: one entry a wish, in no order.

    `owner` is the position of the person in the chunk; `offer` counts `offers`.
    """

    owner: Int32s
    offer: Int32s
    at: Int64s
    offers: Offers


def group_offers(snapshot: ColumnSnapshot, numbers: GrantNumbers) -> GroupOffers:
    """Lay out what the groups bring, without what has not begun or has ended."""
    group_no = snapshot.memberships.group_no
    last = max(snapshot.group_wishes, default=0)
    counts = np.zeros(max(last, int(group_no.max(initial=0))) + 1, np.int64)
    found: list[GroupWish] = []
    for number, wishes in sorted(snapshot.group_wishes.items()):
        counting = [one for one in wishes if one.wish.counts_at(snapshot.now)]
        counts[number] = len(counting)
        found.extend(counting)
    licenses = [(one.wish.sku, one.wish.source) for one in found]
    number_of = {license_: number for number, license_ in enumerate(dict.fromkeys(licenses))}
    ways = Counter(licenses)
    return GroupOffers(
        first=np.cumsum(counts) - counts,
        counts=counts,
        offers=_offers(found, numbers),
        license_no=np.array([number_of[license_] for license_ in licenses], np.int32),
        has_ways=np.array([ways[license_] > 1 for license_ in licenses], np.bool_),
    )


def _offers(found: Sequence[GroupWish], numbers: GrantNumbers) -> Offers:
    wishes = [one.wish for one in found]
    since = [packed_moment(one.since) for one in found]
    assigned = [packed_moment(wish.assigned_at) for wish in wishes]
    return Offers(
        grant=np.array([numbers.number_of(w.sku, disabled=w.disabled) for w in wishes], np.int32),
        source=np.array([packed_source(wish.source) for wish in wishes], np.int64),
        priority=np.array([wish.priority for wish in wishes], np.int16),
        strategy=np.array([STRATEGIES.index(wish.strategy) for wish in wishes], np.int16),
        at=np.maximum(np.array(assigned, np.int64), np.array(since, np.int64)),
    )


def direct_grants(
    direct: DirectColumns, numbers: GrantNumbers, *, bits: Sequence[ServicePlanBits], chunk: int
) -> DirectGrants:
    """Number the grants of the direct rows, a slice at a time to save memory."""
    pairs = np.zeros(0, np.int64)
    for first in range(0, len(direct.user_no), chunk):
        part = _sku_and_set(direct, slice(first, first + chunk))
        pairs = np.union1d(pairs, part)
    grant = [
        numbers.number_of(SkuNo(pair >> _SET_BITS), disabled=bits[pair & (1 << _SET_BITS) - 1])
        for pair in pairs.tolist()
    ]
    return DirectGrants(pairs=pairs, grant=np.array(grant, np.int32))


def _sku_and_set(direct: DirectColumns, rows: slice | Int64s) -> Int64s:
    return direct.sku_no[rows].astype(np.int64) << _SET_BITS | direct.disabled_set[rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class WishSource:
    """Everything that the wishes of any chunk are made of."""

    snapshot: ColumnSnapshot
    groups: GroupOffers
    direct: DirectGrants

    def wishes_of(self, people: slice) -> Wishes:
        """Give the wishes of a chunk's people that count now; deleted people have none."""
        inherited = self._inherited(people)
        own = self._own(people)
        return Wishes(
            owner=np.concatenate([inherited.owner, own.owner]),
            offer=np.concatenate([inherited.offer, own.offer]),
            at=np.concatenate([inherited.at, own.at]),
            offers=own.offers,
        )

    def _inherited(self, people: slice) -> Wishes:
        snapshot, groups = self.snapshot, self.groups
        memberships: MembershipColumns = snapshot.memberships
        rows, owner = owned(memberships.user_no, users=snapshot.people.user_no[people])
        group_no = memberships.group_no[rows]
        counts = np.where(snapshot.people.is_deleted[people][owner], 0, groups.counts[group_no])
        offer = spans(groups.first[group_no], counts).astype(np.int32)
        since = np.repeat(memberships.since[rows], counts)
        wishes = Wishes(
            owner=np.repeat(owner, counts),
            offer=offer,
            at=np.maximum(groups.offers.at[offer], since),
            offers=groups.offers,
        )
        return self._without_ways(wishes) if groups.has_ways.any() else wishes

    def _without_ways(self, wishes: Wishes) -> Wishes:
        """Leave one wish where several ways lead to one license: since the earliest of them."""
        has_ways = self.groups.has_ways[wishes.offer]
        rest, ways = np.flatnonzero(~has_ways), np.flatnonzero(has_ways)
        license_no = self.groups.license_no[wishes.offer[ways]]
        order = ways[np.lexsort((license_no, wishes.owner[ways]))]
        license_no = self.groups.license_no[wishes.offer[order]]
        starts = starts_of(wishes.owner[order].astype(np.int64) << 32 | license_no)
        first = order[starts]
        earliest = wishes.at[order]
        if len(starts):
            earliest = np.minimum.reduceat(earliest, starts)
        return Wishes(
            owner=np.concatenate([wishes.owner[rest], wishes.owner[first]]),
            offer=np.concatenate([wishes.offer[rest], wishes.offer[first]]),
            at=np.concatenate([wishes.at[rest], earliest]),
            offers=wishes.offers,
        )

    def _own(self, people: slice) -> Wishes:
        """Give the chunk's direct rows as offers behind those of the groups."""
        snapshot, offers = self.snapshot, self.groups.offers
        direct = snapshot.direct
        rows, owner = owned(direct.user_no, users=snapshot.people.user_no[people])
        own = Offers(
            grant=self.direct.grant[np.searchsorted(self.direct.pairs, _sku_and_set(direct, rows))],
            source=direct.source[rows],
            priority=direct.priority[rows],
            strategy=direct.strategy[rows],
            at=direct.assigned_at[rows],
        )
        now = packed_moment(snapshot.now)
        starts_at, expires_at = direct.starts_at[rows], direct.expires_at[rows]
        counts_now = (starts_at <= now) & ((expires_at == NEVER) | (expires_at > now))
        counting = np.flatnonzero(counts_now & ~snapshot.people.is_deleted[people][owner])
        return Wishes(
            owner=owner[counting],
            offer=(counting + len(offers.grant)).astype(np.int32),
            at=own.at[counting],
            offers=_joined(offers, own),
        )


def _joined(left: Offers, right: Offers) -> Offers:
    return Offers(
        **{
            field.name: np.concatenate([getattr(left, field.name), getattr(right, field.name)])
            for field in fields(Offers)
        }
    )


def group_wish_counts(groups: GroupOffers, group_no: Int32s) -> Int64s:
    """Give how many wishes each offer makes to all members of its group."""
    members = np.bincount(group_no, minlength=len(groups.counts))
    return np.repeat(members, groups.counts)
