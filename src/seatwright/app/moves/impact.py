"""What it would come to if a group gave a product: seats, errors, gains and cost (T-032)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.decide import reconcile_as_if
from seatwright.app.moves.orders import require_group_named
from seatwright.app.moves.people import people_now
from seatwright.domain.assignments import PRIORITY_DEFAULT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import (
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    UserNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile import ChangeSet, Pool, Snapshot, UserState, Wish
from seatwright.domain.reports.prices import price_of
from seatwright.domain.roles import Permission
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.assignments import GroupAssignment, group_assignments
from seatwright.postgres.labels import GroupLabel, UserLabel, user_labels
from seatwright.postgres.moves import people_of_group
from seatwright.postgres.pools import read_pools
from seatwright.postgres.subscriptions import subscriptions_by_sku

CHUNK_USERS = 10_000
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


@dataclass(slots=True, kw_only=True)
class _Count:
    """What was counted so far."""

    members: int = 0
    already_hold: int = 0
    granted: int = 0
    gains: Counter[ServicePlanNo] = field(default_factory=Counter)
    errors: dict[Reason, list[UserNo]] = field(default_factory=lambda: defaultdict(list))


async def impact_of_license(
    call: Call, group_text: str, sku_text: str, *, disabled: Sequence[str] | None = None
) -> Impact:
    """Decide about every member as if the group gave the product, ten thousand at a time.

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
    pools = {pool.sku: pool for pool in await read_pools(call.tx)}
    free = _free(pools[sku.sku_no])
    count = await _count(call, group, wish, pools)
    waiting = len(count.errors.get(Reason.NO_SEAT_LEFT, ()))
    return Impact(
        group=group,
        sku=sku,
        members=count.members,
        already_hold=count.already_hold,
        seats_needed=count.granted + waiting,
        seats_free=free,
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


async def _count(call: Call, group: GroupLabel, wish: Wish, pools: dict[SkuNo, Pool]) -> _Count:
    nested = semantics_in(call.tenant.settings).nested_groups_count
    users = await people_of_group(call.tx, group.group_no, nested=nested)
    count = _Count(members=len(users))
    for start in range(0, len(users), CHUNK_USERS):
        found = await people_now(
            call, users[start : start + CHUNK_USERS], pools=tuple(pools.values())
        )
        wished = replace(found, users=tuple(_wished(user, wish) for user in found.users))
        changes = reconcile_as_if(wished)
        _add(count, found, changes, wish)
        for seats in changes.seat_changes:
            pools[seats.sku] = replace(pools[seats.sku], consumed=seats.consumed_after)
    return count


def _wished(user: UserState, wish: Wish) -> UserState:
    others = tuple(w for w in user.wishes if (w.sku, w.source) != (wish.sku, wish.source))
    return replace(user, wishes=(*others, wish))


def _add(count: _Count, found: Snapshot, changes: ChangeSet, wish: Wish) -> None:
    count.already_hold += sum(any(one.sku == wish.sku for one in user.held) for user in found.users)
    for change in changes.changes:
        if change.sku == wish.sku and change.after is not None:
            count.granted += change.before is None
            new = ServicePlanBits(change.after & ~(change.before or 0))
            count.gains.update(service_plan_numbers(new))
    failing = {
        user.user_no: error.reason
        for user in found.users
        for error in user.errors
        if (error.sku, error.source) == (wish.sku, wish.source)
    }
    for error in changes.error_changes:
        if (error.sku, error.source) == (wish.sku, wish.source):
            failing.pop(error.user_no, None)
            if error.after is not None:
                failing[error.user_no] = error.after
    for user, reason in failing.items():
        count.errors[reason].append(user)


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


def _free(pool: Pool) -> int:
    return max(0, pool.assignable - pool.consumed - pool.reserved)


async def _cost(call: Call, sku: CatalogSku, *, seats: int) -> Mapping[str, Decimal] | None:
    if not call.principal.may(Permission.READ_SUBSCRIPTIONS):
        return None
    bought = await subscriptions_by_sku(call.tx, (sku.sku_no,))
    prices = price_of(bought.get(sku.sku_no, ())).seat_prices
    return {currency: (price * seats).quantize(_CENTS) for currency, price in prices.items()}
