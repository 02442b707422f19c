"""The same for what time brings: purchases that are renewed and cancelled, and booked changes."""

from __future__ import annotations

from typing import Final

from tests.office import Office
from tests.power_platform import post
from tests.writes import write

SUBSCRIPTIONS: Final = "/api/subscriptions"
INVITATIONS: Final = "/api/identity/invitations"
GUEST: Final = {
    "mail": "new@partner.example",
    "displayName": "New guest",
    "usageLocation": "NO",
    "licenses": [{"skuPartNumber": "INTUNE_A"}],
}


async def set_time(office: Office) -> dict[str, str]:
    """A purchase with a change that is booked, and two who are invited; their ids."""
    made = await post(office.admin, "subscriptions", skuPartNumber="DESKLESSPACK", units=9)
    booked = await post(office.admin, f"subscriptions/{made['id']}/seat-changes", units=8)
    await post(office.admin, "subscriptions", skuPartNumber="INTUNE_A", units=9)
    ids = {"timed": str(made["id"]), "booked": str(booked["id"])}
    for name in ("guest", "leaving"):
        mail = f"{name}@partner.example"
        invited = await post(office.admin, "identity/invitations", **{**GUEST, "mail": mail})
        ids[name] = str(invited["id"])
    return ids


TIME_WRITES = (
    write("POST /api/identity/invitations", INVITATIONS, GUEST),
    write(
        "POST /api/identity/invitations/{invitation_id}/resend", f"{INVITATIONS}/{{guest}}/resend"
    ),
    write(
        "POST /api/identity/invitations/{invitation_id}/accept", f"{INVITATIONS}/{{guest}}/accept"
    ),
    write(
        "POST /api/identity/invitations/{invitation_id}/withdraw",
        f"{INVITATIONS}/{{leaving}}/withdraw",
    ),
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
