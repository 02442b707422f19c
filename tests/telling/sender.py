"""A worker in a process of its own, which sends what a tenant's outbox holds and can be killed.

`python -m tests.telling.sender DATABASE_URL TENANT MAIL_PORT MOMENT`
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from seatwright.app.outbox.deliver import deliver
from seatwright.app.work import Workshop
from seatwright.domain.clock import StoppedClock
from seatwright.domain.ids import TenantId
from seatwright.postgres.pool import Database
from tests.telling.mailbox import Mailbox


async def main(url: str, tenant: str, port: str, moment: str) -> None:
    """Send until nothing is due."""
    database = Database(url)
    await database.open()
    workshop = Workshop(
        database=database,
        clock=StoppedClock(datetime.fromisoformat(moment)),
        mailer=Mailbox(port=int(port)).mailer(),
    )
    await deliver(workshop, TenantId(int(tenant)))
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
