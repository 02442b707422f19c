"""What is booked in the demo: fewer seats from the next billing cycle on, licenses that begin."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.subscription_life import book_seats
from seatwright.domain.ids import UserNo
from seatwright.domain.wants import Want
from seatwright.postgres.subscriptions import list_subscriptions
from seatwright.postgres.users import find_users

BEGIN_IN: Final = timedelta(days=20)
LAST_FOR: Final = timedelta(days=120)
FEWER_SEATS: Final = 200
REDUCED: Final = "STANDARDPACK"
BOOKED: Final = "POWER_BI_PRO"


async def load_time(call: Call, *, people: tuple[str, ...]) -> None:
    """Book fewer seats of one product, and another product for these people from a day on."""
    catalog = await catalog_of(call)
    (purchase,) = await list_subscriptions(call.tx, sku_nos=(catalog.require_sku(REDUCED).sku_no,))
    await book_seats(
        call, purchase.subscription_id, units=FEWER_SEATS, note="The plan for spring needs fewer."
    )
    found: dict[str, UserNo] = await find_users(call.tx, people)
    sku = catalog.require_sku(BOOKED).sku_no
    starts = call.now + BEGIN_IN
    wants = [
        Want(
            key=place,
            user=user,
            sku=sku,
            starts_at=starts,
            expires_at=starts + LAST_FOR,
            note="The harbour project",
        )
        for place, user in enumerate(found.values())
    ]
    done = await fulfil(call, wants)
    assert all(one.reason is None for one in done.results), "the demo books what can be"
