"""Steps of upkeep whose statements are looked at, and how one is tried out on the city."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from seatwright.app.call import Call
from seatwright.app.requests.following import (
    drop_needless,
    follow_policies,
    go_round,
    route_again,
)
from seatwright.app.requests.time import (
    escalate_requests,
    expire_requests,
    give_back_lapsed_holds,
    hold_for_next,
)
from seatwright.app.upkeep import system_call
from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId
from seatwright.postgres.pool import Database
from tests.office import MovableClock
from tests.postgres.plans import watcher

Step = Callable[[Call], Awaitable[bool]]

STEPS: Final[tuple[Step, ...]] = (
    follow_policies,
    drop_needless,
    route_again,
    go_round,
    expire_requests,
    escalate_requests,
    give_back_lapsed_holds,
    hold_for_next,
)


class _Enough(Exception):
    """Ends a step without leaving anything of it."""


async def try_step(database: Database, tenant_id: TenantId, step: Step) -> None:
    """Have a step ask what it asks, and have that remembered."""
    with suppress(_Enough):
        async with database.transaction(tenant_id) as tx:
            call = await system_call(tx, Workshop(database=database, clock=MovableClock()))
            assert call is not None, "the city is not suspended"
            watcher.take()
            await step(call)
            raise _Enough
