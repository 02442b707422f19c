"""Small seeded worlds with real groups, told twice: as objects and as columns.

The objects are told the slow and obvious way, so that the columns have something to answer to.
Few service plans, SKUs and seats, so that everything touches everything.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Catalog,
    Dependency,
    Held,
    Pool,
    SkuFacts,
    Snapshot,
    StoredError,
    UserState,
    Wish,
)
from seatwright.domain.reconcile.columns import (
    NOWHERE,
    REASONS,
    STRATEGIES,
    ColumnSnapshot,
    DirectColumns,
    ErrorColumns,
    GroupWish,
    HeldColumns,
    MembershipColumns,
    PeopleColumns,
    PlanSets,
    packed_moment,
    packed_source,
)
from seatwright.domain.semantics import ENTRA, NATIVE, ExclusionOrder, Semantics
from tests.domain.reconcile.worlds import NOW, STRATEGY_OF

LOCATIONS = ("NO", "XX", "YY")


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Somebody, or a group, in a group."""

    member: int
    group_no: GroupNo
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A world whose people have no wish of a group of their own; the groups bring those."""

    snapshot: Snapshot
    licenses: Mapping[GroupNo, Sequence[Wish]]
    memberships: tuple[Membership, ...]
    nesting: tuple[Membership, ...] = ()

    def objects(self) -> Snapshot:
        """Give the world as `reconcile` takes it: every wish on the person whom it reaches."""
        users = tuple(
            replace(user, wishes=user.wishes + tuple(self._inherited(user.user_no)))
            for user in self.snapshot.users
        )
        return replace(self.snapshot, users=users)

    def _inherited(self, user_no: UserNo) -> Iterator[Wish]:
        ways: dict[tuple[SkuNo, Source], list[Wish]] = {}
        for one in self.memberships:
            if one.member == user_no:
                for wish in self._reached(one.group_no, since=one.since):
                    ways.setdefault((wish.sku, wish.source), []).append(wish)
        for wishes in ways.values():
            yield min(wishes, key=lambda wish: wish.assigned_at)

    def _reached(self, group_no: GroupNo, *, since: datetime) -> Iterator[Wish]:
        for wish in self.licenses.get(group_no, ()):
            yield replace(wish, assigned_at=max(wish.assigned_at, since))
        for one in self.nesting:
            if one.member == group_no:
                yield from self._reached(one.group_no, since=max(since, one.since))

    def group_wishes(self) -> Mapping[GroupNo, Sequence[GroupWish]]:
        """Give what each group brings its members, one entry for every way up."""
        groups = {one.group_no for one in self.memberships} | self.licenses.keys()
        return {group_no: tuple(self._ways_up(group_no, since=None)) for group_no in groups}

    def _ways_up(self, group_no: GroupNo, *, since: datetime | None) -> Iterator[GroupWish]:
        for wish in self.licenses.get(group_no, ()):
            yield GroupWish(wish=wish, since=since)
        for one in self.nesting:
            if one.member == group_no:
                later = one.since if since is None else max(since, one.since)
                yield from self._ways_up(one.group_no, since=later)

    def columns(self, *, are_all_tried: bool = False) -> ColumnSnapshot:
        """Give the world as `reconcile_many` takes it."""
        return columns_of(
            self.snapshot,
            memberships=self.memberships,
            group_wishes=self.group_wishes(),
            are_all_tried=are_all_tried,
        )


def columns_of(
    snapshot: Snapshot,
    *,
    memberships: Sequence[Membership] = (),
    group_wishes: Mapping[GroupNo, Sequence[GroupWish]] | None = None,
    are_all_tried: bool = False,
) -> ColumnSnapshot:
    """Give a world as columns; what its people are wished themselves are the direct rows."""
    users = sorted(snapshot.users, key=lambda user: user.user_no)
    plan_sets = PlanSets()
    members = sorted(memberships, key=lambda one: (one.member, one.group_no))
    return ColumnSnapshot(
        now=snapshot.now,
        semantics=snapshot.semantics,
        default_usage_location=snapshot.default_usage_location,
        catalog=snapshot.catalog,
        pools=snapshot.pools,
        plan_sets=plan_sets,
        locations=LOCATIONS,
        people=_people(users),
        memberships=MembershipColumns(
            user_no=np.array([one.member for one in members], np.int32),
            group_no=np.array([one.group_no for one in members], np.int32),
            since=np.array([packed_moment(one.since) for one in members], np.int64),
        ),
        group_wishes=group_wishes or {},
        direct=_direct(users, plan_sets),
        held=_held(users, plan_sets),
        errors=_errors(users),
        retry_users=None if are_all_tried else np.array(sorted(snapshot.retry_users), np.int32),
    )


def _people(users: Sequence[UserState]) -> PeopleColumns:
    return PeopleColumns(
        user_no=np.array([user.user_no for user in users], np.int32),
        location=np.array(
            [
                LOCATIONS.index(user.usage_location) if user.usage_location else NOWHERE
                for user in users
            ],
            np.int16,
        ),
        is_deleted=np.array([user.is_deleted for user in users], np.bool_),
    )


def _direct(users: Sequence[UserState], plan_sets: PlanSets) -> DirectColumns:
    rows = [
        (user.user_no, wish)
        for user in users
        for wish in sorted(user.wishes, key=lambda wish: (wish.sku, wish.source))
    ]
    return DirectColumns(
        user_no=np.array([no for no, _ in rows], np.int32),
        sku_no=np.array([wish.sku for _, wish in rows], np.int16),
        disabled_set=np.array([plan_sets.index_of(wish.disabled) for _, wish in rows], np.int32),
        strategy=np.array([STRATEGIES.index(wish.strategy) for _, wish in rows], np.int16),
        priority=np.array([wish.priority for _, wish in rows], np.int16),
        assigned_at=np.array([packed_moment(wish.assigned_at) for _, wish in rows], np.int64),
        starts_at=np.array([packed_moment(wish.starts_at) for _, wish in rows], np.int64),
        expires_at=np.array([packed_moment(wish.expires_at) for _, wish in rows], np.int64),
        source=np.array([packed_source(wish.source) for _, wish in rows], np.int64),
    )


def _held(users: Sequence[UserState], plan_sets: PlanSets) -> HeldColumns:
    rows = [
        (user.user_no, held) for user in users for held in sorted(user.held, key=lambda h: h.sku)
    ]
    return HeldColumns(
        user_no=np.array([no for no, _ in rows], np.int32),
        sku_no=np.array([held.sku for _, held in rows], np.int16),
        enabled_set=np.array([plan_sets.index_of(held.enabled) for _, held in rows], np.int32),
        source=np.array(
            [-1 if held.given_by is None else packed_source(held.given_by) for _, held in rows],
            np.int64,
        ),
    )


def _errors(users: Sequence[UserState]) -> ErrorColumns:
    rows = [
        (user.user_no, error)
        for user in users
        for error in sorted(user.errors, key=lambda e: (e.sku, e.source))
    ]
    return ErrorColumns(
        user_no=np.array([no for no, _ in rows], np.int32),
        sku_no=np.array([error.sku for _, error in rows], np.int16),
        source=np.array([packed_source(error.source) for _, error in rows], np.int64),
        reason=np.array([REASONS.index(error.reason) for _, error in rows], np.int16),
        waiting_since=np.array([packed_moment(e.waiting_since) for _, e in rows], np.int64),
    )


def crowd(seed: int) -> Crowd:
    """Give the world of a seed: another catalogue, other rules, people, groups and seats."""
    rng = random.Random(seed)
    catalog = _catalog(rng)
    skus = tuple(catalog.skus)
    groups = tuple(GroupNo(n) for n in range(1, rng.randint(1, 5) + 1))
    users = tuple(
        _user(rng, UserNo(3 * n + rng.randrange(3)), skus=skus)
        for n in range(1, rng.choice([1, 4, 8, 14]) + 1)
    )
    default_location = rng.choice([None, *LOCATIONS])
    return Crowd(
        snapshot=Snapshot(
            now=NOW,
            semantics=_semantics(rng),
            default_usage_location=default_location,
            catalog=catalog,
            pools=tuple(pools(rng, users, skus=skus)),
            users=users,
            retry_users=frozenset(u.user_no for u in users if rng.random() < 0.5),
        ),
        licenses={group: licenses_of(rng, group, skus=skus) for group in groups},
        memberships=memberships_of(rng, users, groups),
        nesting=_nesting(rng, groups),
    )


def _semantics(rng: random.Random) -> Semantics:
    preset = rng.choice([NATIVE, NATIVE, ENTRA])
    if rng.random() < 0.6:
        return preset
    return replace(
        preset,
        siblings_fail_together=rng.random() < 0.5,
        seats_refill_by_themselves=rng.random() < 0.5,
        prerequisite_in_same_group=rng.random() < 0.5,
        exclusion_order=rng.choice(list(ExclusionOrder)),
    )


def _catalog(rng: random.Random) -> Catalog:
    """A catalogue that nobody would print: chains, circles, suites that exclude each other."""
    plans = rng.choice([5, 6, 8, 70])
    strictness = rng.random()
    skus = {
        SkuNo(number): SkuFacts(
            sku=SkuNo(number),
            part_number=f"SKU{number}",
            service_plans=_some_plans(rng, plans, among=rng.choice([2, 3, 5])),
            is_assignable_to_users=rng.random() > 0.05,
            prohibited_locations=frozenset({"XX"}) if rng.random() < 0.1 else frozenset(),
        )
        for number in rng.sample(range(1, 40), rng.randint(1, 7))
    }
    return Catalog(
        skus=skus,
        exclusions=tuple(
            (_one_plan(rng, plans), _some_plans(rng, plans, among=2))
            for _ in range(rng.randint(0, 3))
            if rng.random() < strictness
        ),
        dependencies=tuple(
            Dependency(service_plans=_one_plan(rng, plans), any_of=_some_plans(rng, plans, among=2))
            for _ in range(rng.randint(0, 5))
            if rng.random() < strictness
        ),
        prohibited_service_plans={"YY": _one_plan(rng, plans)} if rng.random() < 0.3 else {},
    )


def _one_plan(rng: random.Random, plans: int) -> ServicePlanBits:
    return ServicePlanBits(1 << rng.randrange(plans))


def _some_plans(rng: random.Random, plans: int, *, among: int) -> ServicePlanBits:
    bits = 0
    for _ in range(rng.randint(1, among)):
        bits |= _one_plan(rng, plans)
    return ServicePlanBits(bits)


def wish_of(rng: random.Random, sku: SkuNo, source: Source) -> Wish:
    return Wish(
        sku=sku,
        source=source,
        strategy=STRATEGY_OF[source.kind],
        disabled=ServicePlanBits(rng.getrandbits(8) if rng.random() < 0.4 else 0),
        priority=rng.choice([0, 128, 128, 128, 255]),
        assigned_at=some_past(rng),
        starts_at=_moment(rng) if rng.random() < 0.1 else None,
        expires_at=_moment(rng) if rng.random() < 0.1 else None,
    )


def some_past(rng: random.Random) -> datetime:
    return NOW - timedelta(days=rng.randrange(4), microseconds=rng.choice([0, 0, 1]))


def _moment(rng: random.Random) -> datetime:
    return NOW + timedelta(days=rng.randint(-2, 2))


def licenses_of(rng: random.Random, group: GroupNo, *, skus: Sequence[SkuNo]) -> tuple[Wish, ...]:
    source = Source(kind=SourceKind.GROUP, no=group)
    return tuple(wish_of(rng, sku, source) for sku in skus if rng.random() < 0.4)


def _user(rng: random.Random, user_no: UserNo, *, skus: Sequence[SkuNo]) -> UserState:
    sources = (
        DIRECT,
        Source(kind=SourceKind.POLICY, no=3),
        Source(kind=SourceKind.REQUEST, no=7),
    )
    keys = [(sku, source) for sku in skus for source in sources]
    stale = [*keys, *((sku, Source(kind=SourceKind.GROUP, no=n)) for sku in skus for n in (1, 2))]
    return UserState(
        user_no=user_no,
        usage_location=rng.choice([None, *LOCATIONS]),
        is_deleted=rng.random() < 0.08,
        wishes=tuple(
            wish_of(rng, *key) for key in keys if rng.random() < rng.choice([0.05, 0.1, 0.3])
        ),
        held=tuple(
            Held(
                sku=sku,
                enabled=ServicePlanBits(rng.getrandbits(8)),
                given_by=rng.choice([None, *sources]),
            )
            for sku in skus
            if rng.random() < 0.2
        ),
        errors=tuple(
            StoredError(
                sku=sku,
                source=source,
                reason=rng.choice([Reason.NO_SEAT_LEFT, Reason.NO_SEAT_LEFT, Reason.NOT_ASSIGNED]),
                waiting_since=some_past(rng),
            )
            for sku, source in stale
            if rng.random() < 0.15
        ),
    )


def memberships_of(
    rng: random.Random, users: Sequence[UserState], groups: Sequence[GroupNo]
) -> tuple[Membership, ...]:
    return tuple(
        Membership(member=user.user_no, group_no=group, since=some_past(rng))
        for user in users
        for group in groups
        if rng.random() < 0.4
    )


def _nesting(rng: random.Random, groups: Sequence[GroupNo]) -> tuple[Membership, ...]:
    """Groups inside groups with larger numbers, so that there are no circles."""
    return tuple(
        Membership(member=inner, group_no=outer, since=some_past(rng))
        for inner in groups
        for outer in groups
        if inner < outer and rng.random() < 0.15
    )


def pools(
    rng: random.Random, users: Sequence[UserState], *, skus: Sequence[SkuNo]
) -> Iterator[Pool]:
    """Few seats, many, less than none; some held outside, some reserved, some SKUs without."""
    abundance = rng.choice([0, 2, 5, 20])
    for sku in skus:
        if rng.random() < 0.95:
            held = sum(1 for user in users for one in user.held if one.sku == sku)
            consumed = held + rng.randint(0, 1)
            free = rng.randint(-1, abundance)
            yield Pool(
                sku=sku,
                assignable=max(0, consumed + free),
                consumed=consumed,
                reserved=rng.choice([0, 0, 1]),
            )
