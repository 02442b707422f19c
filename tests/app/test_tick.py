"""A tick of a worker: one step that fails keeps none of the others from running."""

from __future__ import annotations

import psycopg
import pytest

from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.telling.hooks import caller, receiver
from tests.telling.scene import deliveries, tell_all, telling, work_outbox
from tests.timing import after, buy, give, told
from tests.world import add_people, call_of

GUEST = {
    "mail": "gina@partner.example",
    "displayName": "Gina",
    "usageLocation": "SE",
    "licenses": [{"skuPartNumber": "SPE_E3"}],
}


async def test_a_step_that_fails_stops_no_other_and_whoever_ticks_hears_of_it(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await buy(office, 2)
    await give(office, "ada", expiresAt="2026-12-24T00:00:00Z")
    invited = await office.admin.post("/api/identity/invitations", json=GUEST)
    assert invited.status_code == 201, invited.text
    async with call_of(office) as call:
        # No pool counts the guest's seat now: giving it back breaks a constraint, each minute.
        await call.tx.connection.execute("update sku_pool set reserved = 0 where reserved > 0")
    await tell_all(office, telling("old"))
    with pytest.raises(ExceptionGroup) as failed:
        await after(office, days=20)
    assert failed.group_contains(psycopg.errors.CheckViolation)
    assert len(await told(office, "assignmentExpiring")) == 2, "told and warned before it"
    with pytest.raises(ExceptionGroup):
        await after(office, days=200)
    assert await told(office, "assignmentExpired"), "dates pass"
    assert not await told(office, "assignmentExpiring"), "what is old is forgotten, far behind it"


async def test_a_telling_that_cannot_be_worded_stops_nothing(
    office: Office,
) -> None:
    with receiver() as served:
        made = (await office.admin.post("/api/webhooks", json={"url": served.url})).json()
        await office.admin.post(f"/api/webhooks/{made['id']}/test")
        await tell_all(office, telling("x", kind=EventKind.REPORT_READY, runId="no number"))
        calls = caller()
        await work_outbox(office, caller=calls)
        await calls.close()
        rows = await deliveries(office, channel="webhook")
        assert [row["state"] for row in rows] == ["sent"] * len(served.arrived)
        assert "webhookTest" in {row["kind"] for row in rows}
