"""Webhooks: made, looked at, changed, given a new secret, tried and removed."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.app.telling.route import webhook_call
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.outgoing import Channel, Delivery
from seatwright.domain.webhooks import (
    OLD_SECRET_SIGNS,
    TEST_KIND,
    WEBHOOKS_MAX,
    Webhook,
    check_kinds,
    check_url,
)
from seatwright.postgres.deliveries import insert_deliveries
from seatwright.postgres.delivery_lists import (
    Wanted,
    end_calls_of,
    find_delivery,
    lead_calls_to,
    list_deliveries,
)
from seatwright.postgres.queue import wake_deliveries
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.webhooks import (
    delete_webhook,
    find_webhook,
    insert_webhook,
    read_webhooks,
    update_webhook,
)

SECRET_BYTES: Final = 32
"""Standard Webhooks ask for 24 to 64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """What is to change about a webhook; None leaves it.

    `all_kinds` has it called for every kind; `is_enabled` True has it called again.
    """

    url: str | None = None
    kinds: list[str] | None = None
    all_kinds: bool = False
    is_enabled: bool | None = None


def new_secret() -> str:
    """A secret in the form that the libraries of Standard Webhooks read."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def add_webhook(call: Call, url: str, *, kinds: list[str] | None) -> Webhook:
    """Have events posted to an address from now on; the secret is shown this once.

    Raises Refusal invalidValue for an address or kind that does not fit, or one webhook too many.
    """
    wanted, at = check_kinds(kinds), check_url(url)
    number = await take_numbers(call.tx, "webhook", 1)
    if len(await read_webhooks(call.tx)) >= WEBHOOKS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There are {WEBHOOKS_MAX} webhooks already, and no more may be: remove one first.",
        )
    new = Webhook(
        webhook_no=number,
        id=uuid4(),
        url=at,
        kinds=wanted,
        secret=new_secret(),
        secret_before=None,
        secret_before_until=None,
        created_at=call.now,
        failing_since=None,
        disabled_at=None,
        disabled_why=None,
    )
    await insert_webhook(call.tx, new, by=call.principal.principal_no)
    await _record(call, HistoryAction.WEBHOOK_CREATED, new, kinds=kinds)
    return new


async def list_webhooks(call: Call) -> tuple[Webhook, ...]:
    """Every webhook, oldest first."""
    return await read_webhooks(call.tx)


async def get_webhook(call: Call, webhook_id: UUID, *, holds: bool = False) -> Webhook:
    """A webhook.

    Raises Refusal unknownWebhook.
    """
    found = await find_webhook(call.tx, webhook_id, holds=holds)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_WEBHOOK,
            f"There is no webhook {webhook_id}: GET /api/webhooks lists them.",
            context={"webhook": str(webhook_id)},
        )
    return found


async def change_webhook(call: Call, webhook_id: UUID, change: WebhookChange) -> Webhook:
    """Change where or for what a webhook is called, or whether it is.

    Raises Refusal unknownWebhook and invalidValue.
    """
    found = await get_webhook(call, webhook_id, holds=True)
    wanted = None if change.all_kinds else check_kinds(change.kinds)
    changed = replace(
        found,
        url=found.url if change.url is None else check_url(change.url),
        kinds=wanted if change.kinds is not None or change.all_kinds else found.kinds,
    )
    if change.is_enabled is True and found.disabled_at is not None:
        changed = replace(changed, disabled_at=None, disabled_why=None, failing_since=None)
    if change.is_enabled is False and found.disabled_at is None:
        changed = replace(changed, disabled_at=call.now, disabled_why="Disabled by hand.")
        await end_calls_of(
            call.tx, found.webhook_no, at=call.now, why="The webhook was disabled by hand."
        )
    if changed.url != found.url:
        await lead_calls_to(call.tx, found.webhook_no, host=changed.host)
    await update_webhook(call.tx, changed)
    await _record(call, HistoryAction.WEBHOOK_UPDATED, changed, enabled=changed.disabled_at is None)
    return changed


async def rotate_secret(call: Call, webhook_id: UUID) -> Webhook:
    """Give a webhook a new secret; for a day both sign, so that no call is refused.

    Raises Refusal unknownWebhook.
    """
    found = await get_webhook(call, webhook_id, holds=True)
    rotated = replace(
        found,
        secret=new_secret(),
        secret_before=found.secret,
        secret_before_until=call.now + OLD_SECRET_SIGNS,
    )
    await update_webhook(call.tx, rotated)
    await _record(call, HistoryAction.WEBHOOK_UPDATED, rotated, rotated=True)
    return rotated


async def remove_webhook(call: Call, webhook_id: UUID) -> None:
    """Call a webhook no more, and forget its secret and its calls.

    Raises Refusal unknownWebhook.
    """
    found = await get_webhook(call, webhook_id, holds=True)
    await delete_webhook(call.tx, found.webhook_no)
    await _record(call, HistoryAction.WEBHOOK_REMOVED, found)


async def try_webhook(call: Call, webhook_id: UUID) -> Delivery:
    """Have a test event posted, as any other is: by a worker, with its tries kept.

    Raises Refusal unknownWebhook, and invalidValue for a disabled one.
    """
    found = await get_webhook(call, webhook_id)
    if found.disabled_at is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The webhook {webhook_id} is disabled: enable it first (PATCH with enabled: true).",
        )
    key = str(uuid4())
    new = webhook_call(
        call,
        found,
        kind=TEST_KIND,
        key=key,
        body={
            "timestamp": call.now.astimezone(UTC).isoformat(),
            "data": {"message": "This is a test.", "askedBy": call.principal.name},
        },
    )
    await insert_deliveries(call.tx, [new], at=call.now)
    await wake_deliveries(call.tx)
    stored = await find_delivery(call.tx, new.id)
    assert stored is not None, "it was stored above"
    return stored


async def calls_page(
    call: Call, webhook_id: UUID, *, before: int | None, limit: int
) -> list[Delivery]:
    """The calls of a webhook, newest first; one more than `limit` if there are more.

    Raises Refusal unknownWebhook.
    """
    found = await get_webhook(call, webhook_id)
    wanted = Wanted(channel=Channel.WEBHOOK, webhook_no=found.webhook_no)
    return await list_deliveries(call.tx, wanted, before=before, limit=limit + 1)


async def _record(call: Call, action: HistoryAction, hook: Webhook, **detail: object) -> None:
    await record(call, HistoryLine(action=action, detail={"webhook": str(hook.id), **detail}))
