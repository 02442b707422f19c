"""Subscriptions: what was bought, and the seats that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import refill
from seatwright.app.record import record
from seatwright.app.seat_changes import book_reduction
from seatwright.app.subscription_words import (
    SeatsMoved,
    over_assigned_told,
    purchase_line,
    seats_in_use,
    state_told,
)
from seatwright.app.telling.tell import tell
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo
from seatwright.domain.seat_changes import SeatChange
from seatwright.domain.settings import semantics_in
from seatwright.domain.subscription_life import in_state, lasts_until
from seatwright.domain.subscription_states import (
    PurchaseAction,
    require_allowed,
    units_assignable,
)
from seatwright.domain.subscriptions import (
    SUBSCRIPTIONS_MAX,
    Subscription,
    check_subscription,
    prepaid_units,
)
from seatwright.postgres.seat_changes import scheduled_changes
from seatwright.postgres.subscriptions import (
    PoolSeats,
    count_subscriptions,
    delete_subscription,
    find_subscription,
    insert_subscriptions,
    is_external_id_taken,
    list_subscriptions,
    lock_pools,
    set_assignable,
    subscriptions_by_sku,
    update_subscriptions,
)


async def list_page(
    call: Call, *, after: tuple[int, UUID] | None, limit: int
) -> list[Subscription]:
    """Purchases in order, one more than `limit` if there are more."""
    return await list_subscriptions(call.tx, after=after, limit=limit + 1)


async def booked_for(call: Call, purchases: Sequence[Subscription]) -> tuple[SeatChange, ...]:
    """What is booked for these purchases, first due first."""
    return await scheduled_changes(call.tx, [one.subscription_id for one in purchases])


async def get_subscription(call: Call, subscription_id: UUID) -> Subscription:
    """One purchase.

    Raises Refusal unknownSubscription.
    """
    found = await find_subscription(call.tx, subscription_id)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_SUBSCRIPTION,
            f"There is no subscription {subscription_id}: GET /api/subscriptions lists them.",
        )
    return found


async def add_subscription(call: Call, new: Subscription) -> Subscription:
    """Store a purchase; its seats are there once it starts, and go first to whoever waits for them.

    Raises Refusal invalidValue or belowOfferMinimum, as `check_subscription` says, and
    invalidValue for an external id that is taken or too many subscriptions.
    """
    new = dated(check_subscription(new), now=call.now)
    pools = await lock_pools(call.tx, (new.sku_no,))
    if await count_subscriptions(call.tx) >= SUBSCRIPTIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The tenant has {SUBSCRIPTIONS_MAX} subscriptions, which is the most there can be:"
            " delete one that has ended.",
        )
    if await insert_subscriptions(call.tx, [new]) == 0:
        raise _taken(new)
    await record(call, purchase_line(HistoryAction.SUBSCRIPTION_CREATED, before=None, after=new))
    await recount(call, pools)
    return new


def dated(one: Subscription, *, now: datetime) -> Subscription:
    """A purchase with what follows from its dates: whether it has started, when its state ends."""
    started = replace(one, has_started=one.starts_at <= now)
    if one.next_lifecycle_at is not None:
        return started
    return replace(started, next_lifecycle_at=lasts_until(one, since=max(now, one.starts_at)))


async def change_subscription(
    call: Call,
    subscription_id: UUID,
    edit: Callable[[Subscription], Subscription],
    *,
    is_external: bool,
) -> Subscription:
    """Store what a purchase is from now on: what `edit` makes of what it is under the lock.

    More units are there at once. Fewer are booked for the next billing cycle (T-138, T-141) and
    nothing else waits. `is_external` says that the change happened outside, at the seller: fewer
    units than are in use are then taken as a fact, at once, and the product is over-assigned
    (SKU-014). A change of status is always such a fact.

    Raises Refusal seatsInUse if our own change would leave fewer seats than are in use,
    subscriptionSuspended where the state allows no change of units, and what `check_subscription`
    raises.
    """
    stored, pools = await lock_subscription(call, subscription_id)
    wanted = check_subscription(
        dated_again(edit(stored), stored, call.now), is_external=is_external
    )
    if wanted.external_id not in (None, stored.external_id) and await is_external_id_taken(
        call.tx, str(wanted.external_id)
    ):
        raise _taken(wanted)
    if not is_external and stored.has_started and wanted.units != stored.units:
        is_less = wanted.units < stored.units
        require_allowed(stored, PurchaseAction.REDUCE if is_less else PurchaseAction.RAISE)
        if is_less:
            await book_reduction(call, stored, pools[stored.sku_no], units=wanted.units)
            wanted = replace(wanted, units=stored.units)
    await write_purchase(call, stored, wanted)
    moved = await recount(call, pools)
    if not is_external and wanted.status is stored.status:
        await _refuse_cut_below_use(call, moved)
    return wanted


def dated_again(wanted: Subscription, stored: Subscription, now: datetime) -> Subscription:
    """A purchase whose start or state was changed, with what follows from that."""
    if wanted.starts_at != stored.starts_at:
        wanted = replace(wanted, has_started=wanted.starts_at <= now)
    is_same_end = wanted.next_lifecycle_at == stored.next_lifecycle_at
    if wanted.status is not stored.status and is_same_end:
        return in_state(wanted, wanted.status, since=now)
    return wanted


async def lock_subscription(
    call: Call, subscription_id: UUID
) -> tuple[Subscription, dict[SkuNo, PoolSeats]]:
    """A purchase as it is under the lock of its product's pool.

    Raises Refusal unknownSubscription.
    """
    sku_no = (await get_subscription(call, subscription_id)).sku_no
    pools = await lock_pools(call.tx, (sku_no,))
    return await get_subscription(call, subscription_id), pools


async def write_purchase(
    call: Call, before: Subscription, after: Subscription, *, at: datetime | None = None
) -> None:
    """Store a changed purchase with its history, and tell whoever wants to know of a new state.

    `at` is when it was due, where that is not now. The caller holds the pool's lock and recounts.
    """
    if before == after:
        return
    await update_subscriptions(call.tx, [after])
    line = purchase_line(HistoryAction.SUBSCRIPTION_UPDATED, before=before, after=after)
    if at is not None and at != call.now:
        line = replace(line, detail={**(line.detail or {}), "dueAt": at.isoformat()})
    await record(call, line)
    if before.status is not after.status:
        name = (await catalog_of(call)).sku_name(after.sku_no)
        await tell(call, [state_told(before, after, product=name, at=at or call.now)])


async def remove_subscription(call: Call, subscription_id: UUID, *, is_external: bool) -> None:
    """Forget a purchase, and its seats with it.

    Raises Refusal unknownSubscription, and seatsInUse as `change_subscription` does.
    """
    stored, pools = await lock_subscription(call, subscription_id)
    await delete_subscription(call.tx, subscription_id)
    await record(call, purchase_line(HistoryAction.SUBSCRIPTION_DELETED, before=stored, after=None))
    moved = await recount(call, pools)
    if not is_external:
        await _refuse_cut_below_use(call, moved)


async def recount(call: Call, pools: dict[SkuNo, PoolSeats]) -> list[SeatsMoved]:
    """Give locked pools the seats that their purchases cover now, and fill the waiting lists."""
    semantics = semantics_in(call.tenant.settings)
    purchases = await subscriptions_by_sku(call.tx, list(pools))
    assignable = {
        sku_no: units_assignable(
            prepaid_units(purchases.get(sku_no, ())),
            warning_counts=semantics.warning_units_are_assignable,
        )
        for sku_no in pools
    }
    await set_assignable(call.tx, assignable, at=call.now)
    await refill(call, [no for no, pool in pools.items() if assignable[no] > pool.assignable])
    await settle_defaults(call)
    moved = [SeatsMoved(before=pool, assignable=assignable[no]) for no, pool in pools.items()]
    catalog = await catalog_of(call)
    await tell(
        call,
        [
            over_assigned_told(one, product=catalog.sku_name(one.before.sku_no), at=call.now)
            for one in moved
            if one.seats_over > 0 and one.before.seats_over == 0
        ],
    )
    return moved


async def recount_all(call: Call) -> list[SeatsMoved]:
    """Count the seats of every product anew: a setting decides whether units in grace count."""
    catalog = await catalog_of(call)
    return await recount(call, await lock_pools(call.tx, catalog.skus))


async def _refuse_cut_below_use(call: Call, moved: Sequence[SeatsMoved]) -> None:
    """Refuse after the fact: the caller's transaction is rolled back with the refusal."""
    catalog = await catalog_of(call)
    for one in moved:
        if one.assignable < one.before.assignable and one.seats_over > 0:
            raise seats_in_use(
                one.before, one.assignable, product=catalog.sku_name(one.before.sku_no)
            )


def _taken(one: Subscription) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"A subscription has the external id “{one.external_id}” already: change that one.",
    )
