"""The same for what time brings: purchases that are renewed and cancelled, and booked changes."""

from __future__ import annotations

from typing import Final

from tests.office import Office
from tests.power_platform import post
from tests.writes import write

SUBSCRIPTIONS: Final = "/api/subscriptions"


async def set_time(office: Office) -> dict[str, str]:
    """A purchase, and a change that is booked for it; their ids."""
    made = await post(office.admin, "subscriptions", skuPartNumber="DESKLESSPACK", units=9)
    booked = await post(office.admin, f"subscriptions/{made['id']}/seat-changes", units=8)
    return {"timed": str(made["id"]), "booked": str(booked["id"])}


TIME_WRITES = (
    write("DELETE /api/seat-changes/{change_id}", "/api/seat-changes/{booked}"),
    write(
        "POST /api/subscriptions/{subscription_id}/seat-changes",
        f"{SUBSCRIPTIONS}/{{timed}}/seat-changes",
        {"units": 7},
    ),
    write(
        "POST /api/subscriptions/{subscription_id}/renew",
        f"{SUBSCRIPTIONS}/{{timed}}/renew",
        {"units": 12},
    ),
    write(
        "POST /api/subscriptions/{subscription_id}/cancel",
        f"{SUBSCRIPTIONS}/{{timed}}/cancel",
    ),
)
