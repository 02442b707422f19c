"""What it would come to if a group gave a product: seats, errors, gains and cost (T-032)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.orders import require_group_named
from seatwright.domain.assignments import PRIORITY_DEFAULT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import (
    ServicePlanBits,
    ServicePlanNo,
    UserNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile import Wish
from seatwright.domain.reconcile.columns import (
    REASONS,
    ColumnSnapshot,
    GroupWish,
    PlanSets,
    packed_source,
)
from seatwright.domain.reconcile.many import reconcile_many
from seatwright.domain.reconcile.many_changes import NONE, ManyOutcome
from seatwright.domain.reports.prices import price_of
from seatwright.domain.roles import Permission
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.bulk_read import read_listed
from seatwright.postgres.group_read import groups_within
from seatwright.postgres.group_wishes import read_group_wishes
from seatwright.postgres.labels import GroupLabel, UserLabel, user_labels
from seatwright.postgres.moves import people_of_group
from seatwright.postgres.pools import free_seats, read_pools
from seatwright.postgres.subscriptions import subscriptions_by_sku

NAMED_MAX = 10
_CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class InError:
    """Why some members would not get the product: how many they are, and the first of them."""

    reason: Reason
    people: int
    first: tuple[UserLabel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What a group's license would come to now; nothing was written.

    `seats_needed` leaves out who holds the product already. `seats_to_buy` would serve everybody.
    `gains` counts the people who would get each service plan. `monthly_cost` is what the seats
    that are needed cost, by currency; None where the caller may not see prices.
    """

    group: GroupLabel
    sku: CatalogSku
    members: int
    already_hold: int
    seats_needed: int
    seats_free: int
    seats_to_buy: int
    errors: tuple[InError, ...]
    gains: Mapping[ServicePlanNo, int]
    monthly_cost: Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """What was counted of the members."""

    members: int
    already_hold: int
    granted: int
    gains: Counter[ServicePlanNo]
    errors: Mapping[Reason, Sequence[UserNo]]


async def impact_of_license(
    call: Call, group_text: str, sku_text: str, *, disabled: Sequence[str] | None = None
) -> Impact:
    """Decide about every member as if the group gave the product, with the kernel for many.

    Raises Refusal unknownGroup, unknownSku, servicePlanNotInSku.
    """
    group = await require_group_named(call, group_text)
    catalog = await catalog_of(call)
    sku = catalog.require_sku(sku_text)
    given = (await group_assignments(call.tx, (group.group_no,)))[group.group_no]
    held = next((row for row in given if row.sku == sku.sku_no), None)
    wish = _wish(call, group, sku, held=held)
    if disabled is not None:
        wish = replace(wish, disabled=catalog.disabled_bits(sku, disabled))
    free = await free_seats(call.tx, [sku.sku_no])
    count = await _count(call, group, wish)
    waiting = len(count.errors.get(Reason.NO_SEAT_LEFT, ()))
    return Impact(
        group=group,
        sku=sku,
        members=count.members,
        already_hold=count.already_hold,
        seats_needed=count.granted + waiting,
        seats_free=max(0, free[sku.sku_no]),
        seats_to_buy=waiting,
        errors=await _errors(call, count),
        gains=count.gains,
        monthly_cost=await _cost(call, sku, seats=count.granted + waiting),
    )


def _wish(call: Call, group: GroupLabel, sku: CatalogSku, *, held: GroupAssignment | None) -> Wish:
    """The license as the group gives it now, or as it would give it."""
    return Wish(
        sku=sku.sku_no,
        source=Source(kind=SourceKind.GROUP, no=group.group_no),
        strategy=Strategy.GROUP,
        disabled=ServicePlanBits(0) if held is None else held.disabled,
        priority=PRIORITY_DEFAULT if held is None else held.priority,
        assigned_at=call.now if held is None else held.created_at or call.now,
    )


async def _count(call: Call, group: GroupLabel, wish: Wish) -> _Count:
    snapshot = await _as_if(call, group, wish)
    outcome = reconcile_many(snapshot)
    bits = snapshot.plan_sets.bits
    lines = outcome.licenses
    is_given = (lines.sku_no == wish.sku) & (lines.after != NONE)
    pairs = Counter(_rows(lines.before[is_given], lines.after[is_given]))
    gains: Counter[ServicePlanNo] = Counter()
    for (before, after), people in pairs.items():
        new = bits[after] & ~(0 if before == NONE else bits[before])
        gains.update(dict.fromkeys(service_plan_numbers(ServicePlanBits(new)), people))
    return _Count(
        members=len(snapshot.people.user_no),
        already_hold=int((snapshot.held.sku_no == wish.sku).sum()),
        granted=sum(people for (before, _), people in pairs.items() if before == NONE),
        gains=gains,
        errors=_failing(snapshot, outcome, wish),
    )


async def _as_if(call: Call, group: GroupLabel, wish: Wish) -> ColumnSnapshot:
    """The group's members as columns, with the license among what it gives them."""
    tx, semantics = call.tx, semantics_in(call.tenant.settings)
    nested = semantics.nested_groups_count
    plan_sets = PlanSets()
    users = await people_of_group(tx, group.group_no, nested=nested)
    read = await read_listed(tx, np.array(users, dtype=np.int32), plan_sets)
    wishes = dict(await read_group_wishes(tx, nested=nested))
    for number in await groups_within(tx, (group.group_no,)) if nested else (group.group_no,):
        others = [
            one
            for one in wishes.get(number, ())
            if (one.wish.sku, one.wish.source) != (wish.sku, wish.source)
        ]
        wishes[number] = (*others, GroupWish(wish=wish))
    return ColumnSnapshot(
        now=call.now,
        semantics=semantics,
        default_usage_location=usage_location_in(call.tenant.settings),
        catalog=(await catalog_of(call)).engine,
        pools=await read_pools(tx),
        plan_sets=plan_sets,
        locations=read.locations,
        people=read.people,
        memberships=read.memberships,
        group_wishes=wishes,
        direct=read.direct,
        held=read.held,
        errors=read.errors,
    )


def _rows(
    left: NDArray[np.integer[Any]], right: NDArray[np.integer[Any]]
) -> Iterator[tuple[int, int]]:
    return zip(left.tolist(), right.tolist(), strict=True)


def _failing(
    snapshot: ColumnSnapshot, outcome: ManyOutcome, wish: Wish
) -> dict[Reason, list[UserNo]]:
    """Who would not get it from the group, and why: the errors there are, and what changes."""
    source = packed_source(wish.source)
    stored, changed = snapshot.errors, outcome.errors
    is_stored = (stored.sku_no == wish.sku) & (stored.source == source)
    reasons = dict(_rows(stored.user_no[is_stored], stored.reason[is_stored]))
    is_changed = (changed.sku_no == wish.sku) & (changed.source == source)
    reasons |= dict(_rows(changed.user_no[is_changed], changed.after[is_changed]))
    failing: dict[Reason, list[UserNo]] = defaultdict(list)
    for user, reason in sorted(reasons.items()):
        if reason != NONE:
            failing[REASONS[reason]].append(UserNo(user))
    return failing


async def _errors(call: Call, count: _Count) -> tuple[InError, ...]:
    first = [user for users in count.errors.values() for user in sorted(users)[:NAMED_MAX]]
    labels = await user_labels(call.tx, first)
    found = [
        InError(
            reason=reason,
            people=len(users),
            first=tuple(labels[user] for user in sorted(users)[:NAMED_MAX]),
        )
        for reason, users in count.errors.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.people, one.reason)))


async def _cost(call: Call, sku: CatalogSku, *, seats: int) -> Mapping[str, Decimal] | None:
    if not call.principal.may(Permission.READ_SUBSCRIPTIONS):
        return None
    bought = await subscriptions_by_sku(call.tx, (sku.sku_no,))
    prices = price_of(bought.get(sku.sku_no, ())).seat_prices
    return {currency: (price * seats).quantize(_CENTS) for currency, price in prices.items()}
