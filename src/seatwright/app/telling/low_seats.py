"""Telling administrators that few seats of a product are free, before somebody gets none."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.telling.tell import tell
from seatwright.domain.settings import setting_value, whole_number
from seatwright.domain.telling import EventKind, Telling
from seatwright.postgres.low_seats import note_low_seats


async def tell_of_low_seats(call: Call) -> bool:
    """A step of upkeep: tell of products whose free seats have become few; there is no more.

    Once for each fall, and once a day at most: who assigns and unassigns the last seat all day
    makes no news each time.
    """
    at = setting_value(call.tenant.settings, "seatsLowAt")
    if at is None:
        return False
    percent = whole_number(call.tenant.settings, "seatsLowPercent")
    low = await note_low_seats(call.tx, at=int(at), percent=percent, now=call.now)
    if not low:
        return False
    catalog = await catalog_of(call)
    tellings = [
        Telling(
            kind=EventKind.SEATS_RUNNING_OUT,
            key=f"{one.sku}:{call.now:%Y-%m-%d}",
            user=None,
            data={"product": catalog.sku_name(one.sku), "seatsFree": one.free, "app": None},
        )
        for one in low
    ]
    await tell(call, tellings)
    return False
