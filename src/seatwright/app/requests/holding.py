"""Holding seats for what is pending: at once while there is room, else in turn, for some days."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from seatwright.app.call import Call
from seatwright.app.reservations import reserve
from seatwright.domain.ids import SkuNo
from seatwright.domain.requests.lines import Hold, Line
from seatwright.domain.requests.policy import hold_share, hold_time
from seatwright.domain.reservations import Reservation, ReservationKind
from seatwright.postgres.pools import lock_pools
from seatwright.postgres.requests import store_holds
from seatwright.postgres.reservations import reservations_of


async def hold_seats(call: Call, lines: Sequence[Line]) -> frozenset[int]:
    """Hold a seat for each of these, in their order, as far as room goes; who now has one."""
    time = hold_time(call.tenant.settings)
    if not lines or not time:
        return frozenset()
    wanted = [
        Reservation(
            kind=ReservationKind.LICENSE_REQUEST,
            ref=line.line_no,
            sku=line.sku,
            user=line.user,
            until=min(line.due_at, call.now + time),
        )
        for line in lines
    ]
    held = await reserve(call, wanted, share_max=hold_share(call.tenant.settings))
    await store_holds(call.tx, sorted(held), Hold.HELD)
    return held


async def hold_pools(call: Call, lines: Sequence[Line], skus: Collection[SkuNo]) -> None:
    """Lock the held seats of these lines, and then their pools and these others, in order.

    Who gives back and gives in one call takes all locks first, so that no two calls cross.
    """
    held = [line for line in lines if line.hold is Hold.HELD]
    kind = ReservationKind.LICENSE_REQUEST
    await reservations_of(call.tx, kind, (line.line_no for line in held))
    await lock_pools(call.tx, sorted({*skus, *(line.sku for line in held)}))
