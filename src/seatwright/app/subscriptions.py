"""Subscriptions: what was bought, and the seats that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import refill
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.subscriptions import (
    SUBSCRIPTIONS_MAX,
    Subscription,
    check_subscription,
    prepaid_units,
    units_assignable,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatsMoved:
    """The seats of one SKU before and after its purchases changed."""

    before: PoolSeats
    assignable: int

    @property
    def seats_over(self) -> int:
        """How many more seats are in use than are covered now."""
        return max(0, self.before.in_use - self.assignable)


async def list_page(
    call: Call, *, after: tuple[int, UUID] | None, limit: int
) -> list[Subscription]:
    """Purchases in order, one more than `limit` if there are more."""
    return await list_subscriptions(call.tx, after=after, limit=limit + 1)


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
    """Store a purchase; its seats are there at once, and go to whoever waits for them.

    Raises Refusal invalidValue or belowOfferMinimum, as `check_subscription` says, and
    invalidValue for an external id that is taken or too many subscriptions.
    """
    check_subscription(new)
    pools = await lock_pools(call.tx, (new.sku_no,))
    if await count_subscriptions(call.tx) >= SUBSCRIPTIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The tenant has {SUBSCRIPTIONS_MAX} subscriptions, which is the most there can be:"
            " delete one that has ended.",
        )
    if await insert_subscriptions(call.tx, [new]) == 0:
        raise _taken(new)
    await _record(call, HistoryAction.SUBSCRIPTION_CREATED, before=None, after=new)
    await recount(call, pools)
    return new


async def change_subscription(
    call: Call,
    subscription_id: UUID,
    edit: Callable[[Subscription], Subscription],
    *,
    is_external: bool,
) -> Subscription:
    """Store what a purchase is from now on: what `edit` makes of what it is under the lock.

    `is_external` says that the change happened outside, at the seller: fewer units than are in use
    are then taken as a fact, and the product is over-assigned (SKU-014). A change of status is
    always such a fact.

    Raises Refusal seatsInUse if our own change would leave fewer seats than are in use, and what
    `check_subscription` raises.
    """
    sku_no = (await get_subscription(call, subscription_id)).sku_no
    pools = await lock_pools(call.tx, (sku_no,))
    stored = await get_subscription(call, subscription_id)
    wanted = check_subscription(edit(stored), is_external=is_external)
    if stored == wanted:
        return stored
    if wanted.external_id not in (None, stored.external_id) and await is_external_id_taken(
        call.tx, str(wanted.external_id)
    ):
        raise _taken(wanted)
    await update_subscriptions(call.tx, [wanted])
    await _record(call, HistoryAction.SUBSCRIPTION_UPDATED, before=stored, after=wanted)
    moved = await recount(call, pools)
    if not is_external and wanted.units < stored.units:
        await _refuse_cut_below_use(call, moved)
    return wanted


async def remove_subscription(call: Call, subscription_id: UUID, *, is_external: bool) -> None:
    """Forget a purchase, and its seats with it.

    Raises Refusal unknownSubscription, and seatsInUse as `change_subscription` does.
    """
    sku_no = (await get_subscription(call, subscription_id)).sku_no
    pools = await lock_pools(call.tx, (sku_no,))
    stored = await get_subscription(call, subscription_id)
    await delete_subscription(call.tx, subscription_id)
    await _record(call, HistoryAction.SUBSCRIPTION_DELETED, before=stored, after=None)
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
    return [SeatsMoved(before=pool, assignable=assignable[no]) for no, pool in pools.items()]


async def recount_all(call: Call) -> list[SeatsMoved]:
    """Count the seats of every product anew: a setting decides whether units in grace count."""
    catalog = await catalog_of(call)
    return await recount(call, await lock_pools(call.tx, catalog.skus))


async def _refuse_cut_below_use(call: Call, moved: Sequence[SeatsMoved]) -> None:
    """Refuse after the fact: the caller's transaction is rolled back with the refusal."""
    catalog = await catalog_of(call)
    for one in moved:
        if one.assignable < one.before.assignable and one.seats_over > 0:
            name = catalog.sku_name(one.before.sku_no)
            raise Refusal(
                Reason.SEATS_IN_USE,
                f"{name} would have {one.assignable} seats, but {one.before.in_use} are in use"
                f" ({one.before.consumed} held, {one.before.reserved} reserved): take"
                f" {one.seats_over} licenses back first, or say that the change came from outside"
                " with “external”.",
                context={
                    "assignable": one.assignable,
                    "consumed": one.before.consumed,
                    "reserved": one.before.reserved,
                    "seatsOver": one.seats_over,
                },
            )


def _taken(one: Subscription) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"A subscription has the external id “{one.external_id}” already: change that one.",
    )


async def _record(
    call: Call,
    action: HistoryAction,
    *,
    before: Subscription | None,
    after: Subscription | None,
) -> None:
    await record(call, purchase_line(action, before=before, after=after))


def purchase_line(
    action: HistoryAction, *, before: Subscription | None, after: Subscription | None
) -> HistoryLine:
    """The history row of a purchase that was made, changed or deleted."""
    subject = after or before
    assert subject is not None, "one side of a change exists"
    return HistoryLine(
        action=action,
        sku=subject.sku_no,
        detail={
            "subscriptionId": str(subject.subscription_id),
            "changed": changed_fields(before, after),
        },
    )


_RECORDED = {
    "units": "units",
    "status": "status",
    "startsAt": "starts_at",
    "nextLifecycleAt": "next_lifecycle_at",
    "unitPrice": "unit_price",
    "currency": "currency",
    "offerMinimum": "offer_minimum",
    "includedUnits": "included_units",
    "isTrial": "is_trial",
    "externalId": "external_id",
}
"""Fields of a purchase by their name on the wire."""


def changed_fields(
    before: Subscription | None, after: Subscription | None
) -> dict[str, dict[str, str | None]]:
    """What differs between two states of a purchase, as text, by the names of the wire."""
    changed = {}
    for name, attribute in _RECORDED.items():
        old = None if before is None else getattr(before, attribute)
        new = None if after is None else getattr(after, attribute)
        if old != new:
            changed[name] = {"before": _text(old), "after": _text(new)}
    return changed


def _text(value: object) -> str | None:
    return None if value is None else str(value)
