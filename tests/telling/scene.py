"""Telling something in an office, and working its outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seatwright.app.outbox.deliver import deliver
from seatwright.app.telling.channels import Mailer, WebhookCaller
from seatwright.app.telling.tell import tell
from seatwright.app.work import Workshop
from seatwright.domain.ids import UserNo
from seatwright.domain.telling import EventKind, FieldValue, Telling
from seatwright.domain.telling_fields import FIELDS
from tests.office import Office
from tests.world import call_of


def telling(
    key: str,
    user: int | None = None,
    *,
    kind: EventKind = EventKind.ASSIGNMENT_EXPIRING,
    **data: FieldValue,
) -> Telling:
    """A telling with the sample data of its kind, but for what is given."""
    return Telling(
        kind=kind,
        key=key,
        user=None if user is None else UserNo(user),
        data={**FIELDS[kind], **data},
    )


async def tell_all(office: Office, *tellings: Telling) -> None:
    """Tell these in one call."""
    async with call_of(office) as call:
        await tell(call, tellings)


async def work_outbox(
    office: Office, mailer: Mailer | None = None, caller: WebhookCaller | None = None
) -> None:
    """Send what is due, as a worker does."""
    workshop = Workshop(database=office.database, clock=office.clock, mailer=mailer, caller=caller)
    await deliver(workshop, office.made.tenant.tenant_id)


async def states(office: Office, *, channel: str = "mail") -> list[tuple[str, str]]:
    """Address and state of every delivery, oldest first."""
    rows = await deliveries(office, channel=channel)
    return [(row["address"], row["state"]) for row in rows]


async def deliveries(office: Office, *, channel: str = "mail") -> list[dict[str, Any]]:
    """Every delivery as it is stored, oldest first."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select to_jsonb(d) from delivery d where tenant_id = %s and channel = %s"
            " order by delivery_no",
            (call.tx.tenant_id, channel),
        )
        return [row[0] for row in await cursor.fetchall()]


async def set_settings(office: Office, **values: object) -> None:
    """Change settings of the organization."""
    answer = await office.admin.patch("/api/settings", json=values)
    assert answer.status_code == 200, answer.text


def addresses(names: Sequence[str]) -> list[str]:
    """The addresses of people whom `add_people` made."""
    return [f"{name}@contoso.example" for name in names]
