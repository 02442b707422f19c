"""What mails and calls of webhooks have in common: leases, and keeping what became of each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId
from seatwright.domain.outgoing import (
    Attempt,
    Channel,
    Delivery,
    DeliveryState,
    NotTaken,
    pause_after,
)
from seatwright.postgres.deliveries import (
    Lease,
    Move,
    give_back,
    lease_deliveries,
    move_delivery,
)

LEASE: Final = timedelta(minutes=5)
"""Far longer than a chunk should take; after a kill another worker goes on when it has passed."""

SEND_TIME_MAX: Final = timedelta(minutes=2)
"""What one sending may take at most: nothing is begun that the lease may not outlast."""

ERROR_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some deliveries that this worker alone may send until the lease has passed."""

    workshop: Workshop
    tenant_id: TenantId
    lease: Lease
    deliveries: tuple[Delivery, ...]

    @property
    def is_over(self) -> bool:
        """Whether too little of the lease is left to begin something."""
        return self.workshop.clock.now() + SEND_TIME_MAX > self.lease.until

    async def keep_sent(self, one: Delivery, attempt: Attempt) -> None:
        """Keep that one was taken, the moment it was."""
        await self._move(one, attempt, state=DeliveryState.SENT)

    async def keep_failed(self, one: Delivery, attempt: Attempt, *, is_final: bool) -> None:
        """Keep that one was not taken, and when it is tried again, if it is."""
        state = DeliveryState.DEAD if is_final else DeliveryState.QUEUED
        await self._move(one, attempt, state=state)

    async def _move(self, one: Delivery, attempt: Attempt, *, state: DeliveryState) -> None:
        now = self.workshop.clock.now()
        move = Move(
            delivery_no=one.delivery_no,
            state=state,
            next_at=now + pause_after(one.attempts + 1),
            ended_at=None if state is DeliveryState.QUEUED else now,
            error=attempt.error,
        )
        async with self.workshop.database.transaction(self.tenant_id) as tx:
            await move_delivery(tx, self.lease.id, move, attempt)

    async def give_back(self, *, pause: timedelta = timedelta(0), error: str | None = None) -> None:
        """Let others have what was not tried, at once or after a pause."""
        next_at = self.workshop.clock.now() + pause
        async with self.workshop.database.transaction(self.tenant_id) as tx:
            await give_back(tx, self.lease.id, next_at=next_at, error=error)


async def take_chunk(
    workshop: Workshop, tenant_id: TenantId, channel: Channel, *, limit: int
) -> Chunk:
    """Take what is due on lease; it may be nothing."""
    now = workshop.clock.now()
    lease = Lease(id=uuid4(), until=now + LEASE)
    async with workshop.database.transaction(tenant_id) as tx:
        found = await lease_deliveries(tx, channel, lease, now=now, limit=limit)
    return Chunk(workshop=workshop, tenant_id=tenant_id, lease=lease, deliveries=found)


class Stopwatch:
    """One try being timed."""

    __slots__ = ("_at", "_began")

    def __init__(self, workshop: Workshop) -> None:
        self._at = workshop.clock.now()
        self._began = time.monotonic()

    def attempt(self, *, status: int | None = None, error: str | None = None) -> Attempt:
        """The try, as it ended just now."""
        return Attempt(
            at=self._at,
            milliseconds=int((time.monotonic() - self._began) * 1000),
            status=status,
            error=None if error is None else error[:ERROR_CHARACTERS_MAX],
        )

    def failure(self, refused: NotTaken) -> Attempt:
        """The try, which was not taken."""
        return self.attempt(status=refused.status, error=str(refused) or "It was not taken.")
