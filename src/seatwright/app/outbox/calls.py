"""Calling webhooks: those of one after the other, several webhooks beside each other."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from seatwright.app.call import Call
from seatwright.app.outbox.sending import Chunk, Stopwatch, take_chunk
from seatwright.app.record import record
from seatwright.app.telling.channels import WebhookCaller
from seatwright.app.telling.tell import tell
from seatwright.app.upkeep import system_call
from seatwright.app.work import Workshop
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import TenantId
from seatwright.domain.outgoing import AWAY_PAUSE, Channel, Delivery, NotTaken, WebhookCall
from seatwright.domain.settings import whole_number
from seatwright.domain.telling import EventKind, Telling
from seatwright.domain.webhooks import Webhook
from seatwright.postgres.deliveries import pause_webhook
from seatwright.postgres.delivery_lists import end_calls_of
from seatwright.postgres.webhooks import (
    find_webhook,
    note_answer,
    update_webhook,
    webhooks_by_number,
)

log = structlog.get_logger(__name__)

CALLS_AT_ONCE: Final = 40
CHUNKS_MAX: Final = 2_000

PAUSE_MAX: Final = timedelta(hours=1)
"""A receiver that asks to be left alone for a year is tried nevertheless."""

_TRY_LATER: Final = frozenset({408, 425, 429})
"""With these, and with 500 and above, a receiver says that it is busy, not that this is wrong."""


async def send_calls(workshop: Workshop, tenant_id: TenantId) -> None:
    """Make every call that is due."""
    if workshop.caller is None:
        return
    for _ in range(CHUNKS_MAX):
        chunk = await take_chunk(workshop, tenant_id, Channel.WEBHOOK, limit=CALLS_AT_ONCE)
        if not chunk.deliveries:
            return
        await _send_chunk(workshop.caller, chunk)


async def _send_chunk(caller: WebhookCaller, chunk: Chunk) -> None:
    by_webhook: dict[int, list[Delivery]] = defaultdict(list)
    for one in chunk.deliveries:
        assert one.webhook_no is not None, "a constraint says so"
        by_webhook[one.webhook_no].append(one)
    async with chunk.workshop.database.transaction(chunk.tenant_id) as tx:
        hooks = await webhooks_by_number(tx, list(by_webhook))
    async with asyncio.TaskGroup() as beside:
        for number, deliveries in by_webhook.items():
            # One that was disabled after these were worded is called no more.
            if number in hooks and hooks[number].disabled_at is None:
                beside.create_task(_call_all(caller, chunk, hooks[number], deliveries))
    await chunk.give_back()
    disabled = [hook for hook in hooks.values() if hook.disabled_at is not None]
    async with chunk.workshop.database.transaction(chunk.tenant_id) as tx:
        for hook in disabled:
            now = chunk.workshop.clock.now()
            await end_calls_of(tx, hook.webhook_no, at=now, why="The webhook is disabled.")


async def _call_all(
    caller: WebhookCaller, chunk: Chunk, hook: Webhook, deliveries: Sequence[Delivery]
) -> None:
    """The calls of one webhook, until it cannot be reached: the rest then waits a while."""
    for one in deliveries:
        if chunk.is_over:
            return
        refused = await _call_one(caller, chunk, hook, one)
        if refused is not None and (refused.is_final or _is_away(refused)):
            async with chunk.workshop.database.transaction(chunk.tenant_id) as tx:
                until = chunk.workshop.clock.now() + _pause_after(refused)
                await pause_webhook(tx, hook.webhook_no, until=until, lease=chunk.lease.id)
            return


def _pause_after(refused: NotTaken) -> timedelta:
    """For how long a receiver is left alone: as long as it asks for, within bounds."""
    asked = refused.pause or AWAY_PAUSE
    return min(max(asked, AWAY_PAUSE), PAUSE_MAX)


def _is_away(refused: NotTaken) -> bool:
    status = refused.status
    return status is None or status in _TRY_LATER or status >= 500


async def _call_one(
    caller: WebhookCaller, chunk: Chunk, hook: Webhook, one: Delivery
) -> NotTaken | None:
    """Make one call and keep what became of it; what was said if it was not taken."""
    watch = Stopwatch(chunk.workshop)
    call = WebhookCall(
        id=one.id,
        url=hook.url,
        body=one.body,
        secrets=hook.secrets_at(chunk.workshop.clock.now()),
    )
    try:
        status = await caller.call(call)
    except NotTaken as refused:
        await chunk.keep_failed(one, watch.failure(refused), is_final=False)
        await _note_failure(chunk, hook, refused)
        return refused
    await chunk.keep_sent(one, watch.attempt(status=status))
    async with chunk.workshop.database.transaction(chunk.tenant_id) as tx:
        await note_answer(tx, hook.webhook_no, failing_since=None)
    return None


async def _note_failure(chunk: Chunk, hook: Webhook, refused: NotTaken) -> None:
    """Keep since when a webhook fails; one that is gone, or fails for too long, is disabled."""
    async with chunk.workshop.database.transaction(chunk.tenant_id) as tx:
        call = await system_call(tx, chunk.workshop)
        if call is None:
            return
        await note_answer(tx, hook.webhook_no, failing_since=call.now)
        found = await find_webhook(tx, hook.id, holds=True)
        if found is None or found.disabled_at is not None or found.failing_since is None:
            return
        hours = whole_number(call.tenant.settings, "webhooksDisabledAfterHours")
        if refused.is_final or found.failing_since + timedelta(hours=hours) <= call.now:
            await _disable(call, found, said=str(refused))


async def _disable(call: Call, hook: Webhook, *, said: str) -> None:
    assert hook.failing_since is not None, "it has just failed"
    why = f"Every call has failed since {hook.failing_since:%Y-%m-%d %H:%M} UTC: {said}"[:500]
    await update_webhook(call.tx, replace(hook, disabled_at=call.now, disabled_why=why))
    await end_calls_of(call.tx, hook.webhook_no, at=call.now, why="The webhook is disabled.")
    await record(
        call,
        HistoryLine(action=HistoryAction.WEBHOOK_DISABLED, detail={"webhook": str(hook.id)}),
    )
    telling = Telling(
        kind=EventKind.WEBHOOK_DISABLED,
        key=f"{hook.id}:{call.now.isoformat()}",
        user=None,
        data={
            "webhookId": str(hook.id),
            "host": hook.host,
            "since": hook.failing_since.isoformat(),
            "error": said[:200],
        },
    )
    await tell(call, [telling])
    log.warning("a webhook was disabled", tenant=call.tx.tenant_id, webhook=hook.webhook_no)
