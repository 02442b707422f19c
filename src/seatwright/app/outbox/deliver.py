"""Sending what the outbox holds: on lease, one after the other, each with its outcome kept at once.

Nothing is sent inside a transaction. A worker takes some rows on lease, sends one, commits what
became of it, and goes on. Whoever is killed leaves rows whose lease runs out, and another worker
takes them: what was answered and committed is never sent again. Only between the answer of the
other side and our commit a crash sends a mail or call a second time, under the same id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from seatwright.app.call import Call
from seatwright.app.outbox.calls import send_calls
from seatwright.app.outbox.digest import send_one_digest
from seatwright.app.outbox.mails import send_mails
from seatwright.app.telling.route import route_page
from seatwright.app.tick import Tick
from seatwright.app.upkeep import system_call
from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId
from seatwright.domain.settings import whole_number
from seatwright.postgres.deliveries import end_those_tried_since
from seatwright.postgres.queue import wake_deliveries
from seatwright.postgres.tellings import has_something_due

log = structlog.get_logger(__name__)

AT_ONCE: Final = 2_000
"""Rows that one transaction gives up."""

Step = Callable[[Call], Awaitable[bool]]


async def deliver(workshop: Workshop, tenant_id: TenantId) -> None:
    """Word what was told, and send what is due; a suspended tenant is left alone.

    Mails that cannot be made keep no webhook from being called, and the other way round. Raises
    ExceptionGroup with what failed, once all had its turn.
    """
    tick = Tick(tenant_id)
    for step in (route_page, send_one_digest, give_up_old):
        await tick.run(step.__name__, partial(_step, workshop, tenant_id, step))
    for send in (send_mails, send_calls):
        await tick.run(send.__name__, partial(send, workshop, tenant_id))
    tick.end()


async def _step(workshop: Workshop, tenant_id: TenantId, step: Step) -> bool:
    async with workshop.database.transaction(tenant_id) as tx:
        call = await system_call(tx, workshop)
        return False if call is None else await step(call)


async def give_up_old(call: Call) -> bool:
    """Give up what was tried for as long as the organization wants it tried."""
    hours = timedelta(hours=whole_number(call.tenant.settings, "deliveriesTriedHours"))
    ended = await end_those_tried_since(call.tx, call.now - hours, now=call.now, limit=AT_ONCE)
    if ended:
        log.warning("deliveries were given up", tenant=call.tx.tenant_id, deliveries=ended)
    return ended == AT_ONCE


async def wake_if_due(workshop: Workshop, tenant_id: TenantId) -> None:
    """Have the outbox looked at when there is something in it: the minute's catching up.

    What fell due by time, what the queue lost, and what a killed worker had.
    """
    async with workshop.database.transaction(tenant_id) as tx:
        if await has_something_due(tx, now=workshop.clock.now()):
            await wake_deliveries(tx)
