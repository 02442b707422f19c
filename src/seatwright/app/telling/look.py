"""Looking at what was sent, and having something sent again."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from seatwright.app.call import Call
from seatwright.app.telling.webhooks import list_webhooks
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.outgoing import Attempt, Channel, Delivery, DeliveryState
from seatwright.postgres.delivery_lists import (
    Wanted,
    attempts_of,
    find_delivery,
    list_deliveries,
    queue_again,
)
from seatwright.postgres.queue import wake_deliveries

ATTEMPTS_SHOWN: Final = 100


async def deliveries_page(
    call: Call, wanted: Wanted, *, before: int | None, limit: int
) -> list[Delivery]:
    """What was sent or is to be, newest first; one more than `limit` if there are more."""
    return await list_deliveries(call.tx, wanted, before=before, limit=limit + 1)


async def get_delivery(
    call: Call, delivery_id: UUID, *, holds: bool = False
) -> tuple[Delivery, list[Attempt]]:
    """Something that was sent or is to be, with the tries of it, newest first.

    Raises Refusal unknownDelivery.
    """
    found = await find_delivery(call.tx, delivery_id, holds=holds)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_DELIVERY,
            f"There is no mail or call of a webhook {delivery_id}: GET /api/deliveries lists them.",
            context={"delivery": str(delivery_id)},
        )
    return found, await attempts_of(call.tx, found.delivery_no, limit=ATTEMPTS_SHOWN)


async def send_again(call: Call, delivery_id: UUID) -> Delivery:
    """Have something sent that was given up or only shown; it is tried as if it were new.

    Raises Refusal unknownDelivery, alreadyDecided for what was sent, stillRunning for what waits,
    and invalidValue for the call of a webhook that is disabled.
    """
    found, _ = await get_delivery(call, delivery_id, holds=True)
    if found.state is DeliveryState.SENT:
        raise Refusal(
            Reason.ALREADY_DECIDED,
            f"{found.id} was sent already, and nothing is sent twice by us.",
        )
    if found.state is DeliveryState.QUEUED:
        raise Refusal(
            Reason.STILL_RUNNING,
            f"{found.id} waits to be sent; it is tried next at {found.next_at.isoformat()}.",
        )
    if found.channel is Channel.WEBHOOK and await _is_disabled(call, found):
        raise Refusal(
            Reason.INVALID_VALUE,
            "The webhook of this call is disabled: enable it first (PATCH with enabled: true).",
        )
    await queue_again(call.tx, found.delivery_no, at=call.now)
    await wake_deliveries(call.tx)
    again, _ = await get_delivery(call, delivery_id)
    return again


async def _is_disabled(call: Call, found: Delivery) -> bool:
    hooks = {one.webhook_no: one for one in await list_webhooks(call)}
    return found.webhook_no not in hooks or hooks[found.webhook_no].disabled_at is not None
