"""A sender that is killed in the middle: others go on, and nothing that was kept is sent again."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.office import Office
from tests.telling.mailbox import Mailbox, free_port, mail_server
from tests.telling.scene import states, tell_all, telling, work_outbox
from tests.world import add_people

PEOPLE = 120
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.kill


async def test_a_killed_sender_leaves_the_rest_to_another_and_repeats_one_mail_at_most(
    office: Office,
) -> None:
    people = await add_people(office, *(f"p{number:03}" for number in range(PEOPLE)))
    await tell_all(office, *(telling("x", one) for one in people))
    with mail_server(Mailbox(port=free_port(), seconds=0.01)) as mailbox:
        for killed in range(1, 3):
            sender = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.telling.sender"),
                str(office.database.pool.conninfo),
                str(office.made.tenant.tenant_id),
                *(str(mailbox.port), office.clock.now().isoformat()),
                cwd=ROOT,
            )
            for _ in range(1000):
                if len(mailbox.arrived) >= 30 * killed:
                    break
                await asyncio.sleep(0.02)
            os.kill(sender.pid, signal.SIGKILL)
            await sender.wait()
            assert len(mailbox.arrived) < PEOPLE, "it was killed in the middle"
            office.clock.move(minutes=1)
        await work_outbox(office, mailbox.mailer())
        left = [state for _, state in await states(office)].count("queued")
        assert left > 0, "what the killed one had on lease is not touched before that has run out"
        office.clock.move(minutes=5)
        await work_outbox(office, mailbox.mailer())
        counts = Counter(mailbox.addresses)
        assert len(counts) == PEOPLE
        repeated = [address for address, count in counts.items() if count > 1]
        assert len(repeated) <= 2
        ids = {str(one["Message-ID"]) for one in mailbox.arrived}
        assert len(ids) == PEOPLE, "a mail that is repeated has the id that it had"
    assert {state for _, state in await states(office)} == {"sent"}
