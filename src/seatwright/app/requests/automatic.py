"""What nobody needs to decide: while seats stay free, and while the budget lasts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from seatwright.app.call import Call
from seatwright.domain.ids import SkuNo
from seatwright.domain.reports.prices import NO_PRICE, ProductPrice, price_of
from seatwright.domain.requests.lines import LicenseRequest, Line
from seatwright.domain.requests.policy import RequestPolicy
from seatwright.postgres.pools import free_seats
from seatwright.postgres.request_people import requested_seats
from seatwright.postgres.subscriptions import subscriptions_by_sku


async def approves_by_itself(
    call: Call, policy: RequestPolicy, request: LicenseRequest, lines: Sequence[Line]
) -> Sequence[Line]:
    """Those of the lines that the policy approves by itself, the first of them.

    Both limits hold where both are said, and count what begins later as given. More time costs
    nothing anew, but somebody wanted an end to it, so that is always decided.
    """
    if request.is_extension:
        return ()
    if policy.approves_while_free is None and policy.approves_within is None:
        return ()
    free = (await free_seats(call.tx, [request.sku])).get(request.sku, 0)
    price = (await price_now(call, request.sku)).one_price
    most = await approvable(call, policy, request.sku, free=free, price=price)
    return lines[: max(0, most)]


async def approvable(
    call: Call, policy: RequestPolicy, sku: SkuNo, *, free: int, price: Decimal | None
) -> int:
    """How many more licenses a policy that says so approves by itself now."""
    given = await requested_seats(call.tx, sku, now=call.now)
    most = free - given.later
    if policy.approves_while_free is not None:
        most -= policy.approves_while_free
    budget = policy.approves_within
    if budget is None:
        return most
    if price is None or price <= 0:
        # Without one price nobody knows what would be left of the budget.
        return 0
    return min(most, int((budget - price * given.all) // price))


async def price_now(call: Call, sku: SkuNo) -> ProductPrice:
    """What a seat of a product costs a month now."""
    found = await subscriptions_by_sku(call.tx, [sku])
    return price_of(found[sku]) if sku in found else NO_PRICE
