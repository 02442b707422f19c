"""The same for inboxes, mails and webhooks."""

from __future__ import annotations

from typing import Final

from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.power_platform import post
from tests.previews import upn
from tests.telling.scene import deliveries, tell_all, telling, work_outbox
from tests.world import call_of
from tests.writes import write

WEBHOOKS: Final = "/api/webhooks"
TEMPLATE: Final = "/api/mail-templates/assignmentExpiring"


async def set_telling(office: Office) -> dict[str, str]:
    """Something told to the administrators and to a person, a mail that was shown, a webhook."""
    hook = await post(office.admin, "webhooks", url="https://hooks.example.com/licenses")
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select user_no from app_user where tenant_id = %s and upn_key = %s",
            (call.tx.tenant_id, upn("ada")),
        )
        row = await cursor.fetchone()
        assert row is not None
    await tell_all(
        office,
        telling("walk", row[0]),
        telling("walk", kind=EventKind.SEATS_RUNNING_OUT),
        telling("walk again", kind=EventKind.SEATS_RUNNING_OUT),
    )
    await work_outbox(office)
    [mail] = [one for one in await deliveries(office) if one["event_key"] == "walk"]
    inbox = (await office.admin.get("/api/inbox")).json()["value"]
    return {"hook": str(hook["id"]), "mail": str(mail["id"]), "told": inbox[0]["id"]}


TELLING_WRITES = (
    write("POST /api/webhooks", WEBHOOKS, {"url": "https://hooks.example.com/more"}),
    write(
        "PATCH /api/webhooks/{webhook_id}",
        f"{WEBHOOKS}/{{hook}}",
        {"kinds": ["assignmentExpiring"]},
    ),
    write("POST /api/webhooks/{webhook_id}/rotate", f"{WEBHOOKS}/{{hook}}/rotate"),
    write("POST /api/webhooks/{webhook_id}/test", f"{WEBHOOKS}/{{hook}}/test"),
    write("DELETE /api/webhooks/{webhook_id}", f"{WEBHOOKS}/{{hook}}"),
    write("POST /api/deliveries/{delivery_id}/send", "/api/deliveries/{mail}/send"),
    write("POST /api/deliveries/test-mail", "/api/deliveries/test-mail", {"to": upn("ada")}),
    write("POST /api/inbox/{telling_id}/read", "/api/inbox/{told}/read"),
    write("POST /api/inbox/read", "/api/inbox/read?of=administrators"),
    write(
        "PATCH /api/identity/users/{user}/mail-preferences",
        f"/api/identity/users/{upn('ada')}/mail-preferences",
        {"daily": True},
    ),
    write("PATCH /api/mail-templates/{kind}", TEMPLATE, {"subject": "It ends: {{ product }}"}),
    write("DELETE /api/mail-templates/{kind}", TEMPLATE),
)
