"""A made-up company as columns, from a seed: the world in which the bulk kernel is measured.

Its shape is that of the world in which the design was chosen: per person five group memberships,
drawn by Zipf's law from 2,000 groups of one or two products each, a tenth of the people with a
product of their own, 30 products of up to 40 of 150 service plans, half of the choices with some
of them off, a few exclusions, dependencies and prohibited places, and a fifth of the products
with half the seats that are wanted. So one person has seven or eight wishes for six products,
and two in three people wait for a seat of something.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from seatwright.domain.assignments import PRIORITY_DEFAULT, Source, SourceKind, Strategy
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo
from seatwright.domain.reconcile.columns import (
    NEVER,
    NOWHERE,
    STRATEGIES,
    ColumnSnapshot,
    DirectColumns,
    ErrorColumns,
    GroupWish,
    HeldColumns,
    Int32s,
    Int64s,
    MembershipColumns,
    PeopleColumns,
    PlanSets,
    packed_moment,
)
from seatwright.domain.reconcile.many_changes import ManyOutcome
from seatwright.domain.reconcile.world import Catalog, Dependency, Pool, SkuFacts, Wish
from seatwright.domain.semantics import NATIVE, Semantics

NOW: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
GROUPS: Final = 2_000
SKUS: Final = 30
PLANS: Final = 150
LOCATIONS: Final = tuple(f"{a}{b}" for a in "ABCD" for b in "VWXYZ")
MEMBERSHIPS_EACH: Final = 5
SHORT_SHARE: Final = 0.2
_DAY: Final = 86_400_000_000


def company(users: int, *, seed: int = 1, semantics: Semantics = NATIVE) -> ColumnSnapshot:
    """Give a company in which nobody holds anything yet."""
    rng, dice = np.random.default_rng(seed), random.Random(seed)
    catalog = _catalog(dice)
    plan_sets = PlanSets()
    group_wishes = _group_wishes(dice, catalog)
    memberships = _memberships(rng, users)
    direct = _direct(rng, users, _choices(dice, catalog, plan_sets))
    wanted = _wanted(memberships, group_wishes, direct)
    return ColumnSnapshot(
        now=NOW,
        semantics=semantics,
        default_usage_location=LOCATIONS[0],
        catalog=catalog,
        pools=tuple(_pools(dice, wanted, users=users)),
        plan_sets=plan_sets,
        locations=LOCATIONS,
        people=_people(rng, users),
        memberships=memberships,
        group_wishes=group_wishes,
        direct=direct,
        held=_nothing_held(),
        errors=_no_errors(),
    )


def applied(world: ColumnSnapshot, outcome: ManyOutcome) -> ColumnSnapshot:
    """Give the world after the outcome was written."""
    consumed = {change.sku: change.consumed_after for change in outcome.seat_changes}
    return replace(
        world,
        held=_held_after(world.held, outcome),
        errors=_errors_after(world.errors, outcome),
        pools=tuple(
            replace(pool, consumed=consumed.get(pool.sku, pool.consumed)) for pool in world.pools
        ),
    )


def moved_on(world: ColumnSnapshot, *, seed: int = 2, share: float = 0.02) -> ColumnSnapshot:
    """Give the world after a share of the memberships went to other groups."""
    rng = np.random.default_rng(seed)
    memberships = world.memberships
    moves = rng.random(len(memberships.user_no)) < share
    group_no = memberships.group_no.copy()
    group_no[moves] = _drawn_groups(rng, int(moves.sum()))
    since = memberships.since.copy()
    since[moves] = packed_moment(world.now - timedelta(hours=1))
    kept = _first_of_each(memberships.user_no, group_no)
    return replace(
        world,
        memberships=MembershipColumns(
            user_no=memberships.user_no[kept], group_no=group_no[kept], since=since[kept]
        ),
    )


def first_people(world: ColumnSnapshot, count: int) -> ColumnSnapshot:
    """Give the world of the first people alone, with their share of the seats."""
    last = int(world.people.user_no[count - 1])
    share = count / len(world.people.user_no)
    held = _up_to(world.held, last)
    consumed = np.bincount(held.sku_no, minlength=SKUS + 1)
    return replace(
        world,
        people=_up_to(world.people, last),
        memberships=_up_to(world.memberships, last),
        direct=_up_to(world.direct, last),
        held=held,
        errors=_up_to(world.errors, last),
        pools=tuple(
            replace(
                pool, assignable=round(pool.assignable * share), consumed=int(consumed[pool.sku])
            )
            for pool in world.pools
        ),
    )


_Table = TypeVar(
    "_Table", PeopleColumns, MembershipColumns, DirectColumns, HeldColumns, ErrorColumns
)


def _up_to(table: _Table, last: int) -> _Table:
    """Give the rows of a table that speak of people up to the last one."""
    return _picked(table, slice(0, int(np.searchsorted(table.user_no, last, side="right"))))


def _picked(table: _Table, rows: slice | Int64s | npt.NDArray[np.bool_]) -> _Table:
    return type(table)(**{f.name: getattr(table, f.name)[rows] for f in fields(table)})


def _catalog(dice: random.Random) -> Catalog:
    plans_of = [set(dice.sample(range(PLANS), dice.randint(5, 40))) for _ in range(SKUS)]
    for plans in plans_of:
        plans.update(n for n in range(5) if dice.random() < 0.8)
    skus = {
        SkuNo(n): SkuFacts(
            sku=SkuNo(n),
            part_number=f"SKU{n}",
            service_plans=_bits(plans),
            prohibited_locations=frozenset(
                {LOCATIONS[-1 - dice.randrange(6)]} if dice.random() < 0.15 else set()
            ),
        )
        for n, plans in enumerate(plans_of, start=1)
    }
    return Catalog(
        skus=skus,
        exclusions=tuple(_rare_exclusions(plans_of)),
        # Ten rare service plans that need one of the five that nearly every product has.
        dependencies=tuple(
            Dependency(service_plans=_bits({10 + 4 * n}), any_of=_bits({n % 5})) for n in range(10)
        ),
        prohibited_service_plans={
            LOCATIONS[-1 - dice.randrange(6)]: _bits({dice.randrange(PLANS)}) for _ in range(10)
        },
    )


def _rare_exclusions(
    plans_of: Sequence[set[int]],
) -> Sequence[tuple[ServicePlanBits, ServicePlanBits]]:
    """Two pairs of rare service plans that no product has together."""
    counts = {n: sum(n in plans for plans in plans_of) for n in range(PLANS)}
    rare = sorted((n for n in counts if counts[n]), key=lambda n: counts[n])[:30]
    pairs = [
        (_bits({a}), _bits({b}))
        for a in rare
        for b in rare
        if a < b and not any(a in plans and b in plans for plans in plans_of)
    ]
    return pairs[:2]


def _bits(numbers: set[int]) -> ServicePlanBits:
    return ServicePlanBits(sum(1 << n for n in numbers))


def _some_off(dice: random.Random, service_plans: int) -> int:
    """Switch up to five service plans off, in half of the cases none."""
    numbers = [n for n in range(PLANS) if service_plans >> n & 1]
    if dice.random() < 0.5:
        return 0
    return _bits(set(dice.sample(numbers, dice.randint(1, min(5, len(numbers))))))


def _group_wishes(dice: random.Random, catalog: Catalog) -> Mapping[GroupNo, Sequence[GroupWish]]:
    return {
        GroupNo(group): tuple(
            GroupWish(
                wish=Wish(
                    sku=sku,
                    source=Source(kind=SourceKind.GROUP, no=group),
                    strategy=Strategy.GROUP,
                    disabled=ServicePlanBits(_some_off(dice, catalog.skus[sku].service_plans)),
                    priority=dice.choice([64, PRIORITY_DEFAULT, PRIORITY_DEFAULT, 192]),
                    assigned_at=NOW - timedelta(days=dice.randint(1, 900)),
                )
            )
            for sku in sorted(dice.sample(sorted(catalog.skus), dice.randint(1, 2)))
        )
        for group in range(1, GROUPS + 1)
    }


def _drawn_groups(rng: np.random.Generator, count: int) -> Int32s:
    """Draw groups by Zipf's law: the first group has a hundred times the people of the last."""
    weights = 1 / np.arange(1, GROUPS + 1)
    drawn = rng.choice(GROUPS, size=count, p=weights / weights.sum())
    return (drawn + 1).astype(np.int32)


def _memberships(rng: np.random.Generator, users: int) -> MembershipColumns:
    member = np.sort(rng.integers(1, users + 1, users * MEMBERSHIPS_EACH)).astype(np.int32)
    group_no = _drawn_groups(rng, len(member))
    kept = _first_of_each(member, group_no)
    return MembershipColumns(
        user_no=member[kept], group_no=group_no[kept], since=_pasts(rng, len(kept))
    )


def _first_of_each(user_no: Int32s, other_no: Int32s) -> Int64s:
    """Give the rows, in order of person and the other, without the doubles."""
    _, rows = np.unique(user_no.astype(np.int64) << 32 | other_no, return_index=True)
    found: Int64s = rows.astype(np.int64)
    return found


def _pasts(rng: np.random.Generator, count: int) -> Int64s:
    ago: Int64s = rng.integers(1, 900 * _DAY, count)
    return packed_moment(NOW) - ago


def _choices(dice: random.Random, catalog: Catalog, plan_sets: PlanSets) -> Int32s:
    """Give, per product, eight sets of service plans that are switched off."""
    return np.array(
        [
            [plan_sets.index_of(_some_off(dice, facts.service_plans)) for _ in range(8)]
            for facts in catalog.skus.values()
        ],
        np.int32,
    )


def _direct(rng: np.random.Generator, users: int, choices: Int32s) -> DirectColumns:
    count = users * 13 // 100
    user_no = np.sort(rng.integers(1, users + 1, count)).astype(np.int32)
    sku_no = rng.integers(1, SKUS + 1, count).astype(np.int32)
    kept = _first_of_each(user_no, sku_no)
    user_no, sku_no = user_no[kept], sku_no[kept]
    count = len(kept)
    return DirectColumns(
        user_no=user_no,
        sku_no=sku_no.astype(np.int16),
        disabled_set=choices[sku_no - 1, rng.integers(0, 8, count)],
        strategy=np.full(count, STRATEGIES.index(Strategy.MANUAL), np.int16),
        priority=rng.choice(np.array([64, 128, 128, 192], np.int16), count),
        assigned_at=_pasts(rng, count),
        starts_at=np.full(count, NEVER, np.int64),
        expires_at=np.full(count, NEVER, np.int64),
        source=np.zeros(count, np.int64),
    )


def _wanted(
    memberships: MembershipColumns,
    group_wishes: Mapping[GroupNo, Sequence[GroupWish]],
    direct: DirectColumns,
) -> Mapping[SkuNo, int]:
    """Give how many wishes there are for each product."""
    members = np.bincount(memberships.group_no, minlength=GROUPS + 1)
    wanted = np.bincount(direct.sku_no, minlength=SKUS + 1)
    for group_no, wishes in group_wishes.items():
        for one in wishes:
            wanted[one.wish.sku] += members[group_no]
    return {SkuNo(n): int(wanted[n]) for n in range(1, SKUS + 1)}


def _pools(dice: random.Random, wanted: Mapping[SkuNo, int], *, users: int) -> Sequence[Pool]:
    short = set(dice.sample(sorted(wanted), round(SKUS * SHORT_SHARE)))
    return [
        Pool(sku=sku, assignable=min(count, users) // 2 if sku in short else users, consumed=0)
        for sku, count in wanted.items()
    ]


def _people(rng: np.random.Generator, users: int) -> PeopleColumns:
    """Most people at the head office, one in twenty without a location, a few deleted."""
    location = np.minimum(rng.geometric(0.3, users) - 1, len(LOCATIONS) - 1).astype(np.int16)
    location[rng.random(users) < 0.05] = NOWHERE
    return PeopleColumns(
        user_no=np.arange(1, users + 1, dtype=np.int32),
        location=location,
        is_deleted=rng.random(users) < 0.002,
    )


def _nothing_held() -> HeldColumns:
    return HeldColumns(
        user_no=np.zeros(0, np.int32),
        sku_no=np.zeros(0, np.int16),
        enabled_set=np.zeros(0, np.int32),
        source=np.zeros(0, np.int64),
    )


def _no_errors() -> ErrorColumns:
    return ErrorColumns(
        user_no=np.zeros(0, np.int32),
        sku_no=np.zeros(0, np.int16),
        source=np.zeros(0, np.int64),
        reason=np.zeros(0, np.int16),
        waiting_since=np.zeros(0, np.int64),
    )


def _held_after(held: HeldColumns, outcome: ManyOutcome) -> HeldColumns:
    changed = outcome.licenses
    both = HeldColumns(
        user_no=np.concatenate([changed.user_no, held.user_no]),
        sku_no=np.concatenate([changed.sku_no, held.sku_no]),
        enabled_set=np.concatenate([changed.after, held.enabled_set]),
        source=np.concatenate([changed.source, held.source]),
    )
    _, rows = np.unique(both.user_no.astype(np.int64) << 16 | both.sku_no, return_index=True)
    return _picked(both, rows[both.enabled_set[rows] >= 0])


def _errors_after(errors: ErrorColumns, outcome: ManyOutcome) -> ErrorColumns:
    changed = outcome.errors
    both = ErrorColumns(
        user_no=np.concatenate([changed.user_no, errors.user_no]),
        sku_no=np.concatenate([changed.sku_no, errors.sku_no]),
        source=np.concatenate([changed.source, errors.source]),
        reason=np.concatenate([changed.after, errors.reason]),
        waiting_since=np.concatenate([changed.waiting_since, errors.waiting_since]),
    )
    # A stable sort leaves the changed row before the stored one that it replaces.
    order = np.lexsort((both.source, both.sku_no, both.user_no))
    key = np.stack([both.user_no[order], both.sku_no[order], both.source[order]])
    is_first = np.append(True, (key[:, 1:] != key[:, :-1]).any(axis=0))[: len(order)]
    rows = order[is_first]
    return _picked(both, rows[both.reason[rows] >= 0])
