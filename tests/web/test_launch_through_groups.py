"""Policies that deliver by adding people to a group: in a transaction of their own, and as true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from seatwright.postgres.group_licenses import hold_groups
from tests.launching import APPS, FLOWS, Stage, set_stage
from tests.office import Office
from tests.world import add_group, add_people, call_of, counts_agree, set_seats

POLICIES = "/api/auto-claim/policies"


@pytest.fixture
async def stage(office: Office) -> Stage:
    """Ada, Bo and Cy, and things to launch."""
    await add_people(office, "ada", "bo", "cy")
    return await set_stage(office)


async def _deliver_by_group(stage: Stage, **fields: Any) -> tuple[str, dict[str, Any]]:
    """A group that gives Power Apps, and a policy that adds people to it."""
    group = await add_group(stage.office, "Makers")
    answer = await stage.office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": APPS}
    )
    assert answer.status_code == 202, answer.text
    return group, await stage.policy("powerApps", group=group, **fields)


@asynccontextmanager
async def _holding_all_groups(stage: Stage) -> AsyncIterator[None]:
    """As somebody who changes what groups give: nobody can join one until the block ends."""
    async with call_of(stage.office) as call:
        cursor = await call.tx.connection.execute("select group_no from app_group")
        numbers = [row[0] for row in await cursor.fetchall()]
        await hold_groups(call.tx, numbers, is_exclusive=True)
        yield


async def _until_waiting(stage: Stage, *, kind: str = "advisory") -> None:
    """Until a session waits for somebody else's lock: on a group, or on a row (transactionid)."""
    query = "select count(*) from pg_locks where locktype = %s and not granted"
    async with asyncio.timeout(30):
        while not await stage.count(query, kind):  # noqa: ASYNC110  The server tells no event.
            await asyncio.sleep(0.02)


async def _outcome(launch: Awaitable[httpx.Response]) -> tuple[str, str | None]:
    body = (await launch).json()
    return body["outcome"], body["reason"]


async def test_who_launches_every_day_keeps_what_came_through_a_group(stage: Stage) -> None:
    await _deliver_by_group(stage, releaseAfterDays=30, noticeDays=7)
    outcomes = []
    for _ in range(33):
        outcomes.append(await _outcome(stage.launch("ada")))
        stage.office.clock.move(days=1)
        await tend_tenant(
            Workshop(database=stage.office.database, clock=stage.office.clock),
            stage.office.made.tenant.tenant_id,
        )

    assert outcomes == [("granted", None)] + [("alreadyEntitled", None)] * 32
    assert APPS in await stage.holds("ada")


async def test_who_joins_while_the_group_gets_a_product_gets_it_too(stage: Stage) -> None:
    group, _ = await _deliver_by_group(stage)
    await set_seats(stage.office, FLOWS, 10)
    async with call_of(stage.office) as call:
        await call.tx.connection.execute(
            "select from sku_pool p join sku s using (tenant_id, sku_no)"
            " where part_number = %s for update of p",
            (FLOWS,),
        )
        licensing = asyncio.create_task(
            stage.office.admin.post(
                f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": FLOWS}
            )
        )
        await _until_waiting(stage, kind="transactionid")
        launching = asyncio.create_task(_outcome(stage.launch("ada")))
        await _until_waiting(stage)
    assert (await licensing).status_code == 202
    assert await launching == ("granted", None)

    assert set(await stage.holds("ada")) == {APPS, FLOWS}
    assert await counts_agree(stage.office)


async def test_a_policy_that_is_turned_off_while_a_launch_waits_gives_nothing(
    stage: Stage,
) -> None:
    _, policy = await _deliver_by_group(stage)
    async with _holding_all_groups(stage):
        launching = asyncio.create_task(_outcome(stage.launch("ada")))
        await _until_waiting(stage)
        await stage.change(policy, status="off")

    assert await launching == ("denied", "policyOff")
    assert await stage.holds("ada") == {}


async def test_a_token_that_is_revoked_while_its_launch_waits_gives_nothing(stage: Stage) -> None:
    await _deliver_by_group(stage)
    async with _holding_all_groups(stage):
        launching = asyncio.create_task(stage.launch("ada"))
        await _until_waiting(stage)
        async with call_of(stage.office) as call:
            await call.tx.connection.execute(
                "update credential set revoked_at = %s from principal p"
                " where p.tenant_id = credential.tenant_id"
                "   and p.principal_no = credential.principal_no and 'app-gateway' = any(p.roles)",
                (call.now,),
            )
            await call.tx.connection.commit()

    assert (await launching).status_code == 401
    assert await stage.holds("ada") == {}


async def test_deliveries_through_a_group_keep_nobody_else_waiting(stage: Stage) -> None:
    await _deliver_by_group(stage)
    await stage.policy("powerAutomatePerUser")
    async with _holding_all_groups(stage):
        delivering = asyncio.create_task(_outcome(stage.launch("ada")))
        await _until_waiting(stage)

        direct = await _outcome(stage.launch("bo", "flowTrigger", flow="Premium flow"))

        assert direct == ("granted", None)
        assert not delivering.done()
    assert await delivering == ("granted", None)


async def test_who_was_put_into_the_group_by_hand_is_entitled_and_claims_nothing(
    stage: Stage,
) -> None:
    group, policy = await _deliver_by_group(stage)
    await set_seats(stage.office, "AAD_PREMIUM", 5)
    answer = await stage.office.admin.patch("/api/settings", json={"preset": "entra"})
    assert answer.status_code == 200, answer.text
    stage.office.clock.move(hours=3)
    await set_seats(stage.office, APPS, 0)
    added = await stage.office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": ["ada@contoso.example"]}
    )
    assert added.status_code == 200, added.text
    await set_seats(stage.office, APPS, 3)
    assert await stage.holds("ada") == {}, "under entra nobody is given what comes free"

    assert await _outcome(stage.launch("ada")) == ("alreadyEntitled", None)

    assert APPS in await stage.holds("ada")
    assert await stage.count("select count(*) from claim") == 0
    await stage.office.admin.post(
        f"{POLICIES}/{policy['id']}/unassign", json={"users": ["ada@contoso.example"]}
    )
    assert APPS in await stage.holds("ada")


async def test_the_history_of_a_claim_through_a_group_says_app_event_and_backup(
    stage: Stage,
) -> None:
    await _deliver_by_group(stage)
    assert await _outcome(stage.launch("ada")) == ("granted", None)

    async with call_of(stage.office) as call:
        cursor = await call.tx.connection.execute(
            "select detail from history_event where reason = 'claimed' and detail ? 'event'"
        )
        [(detail,)] = await cursor.fetchall()
    app = (await stage.office.admin.get("/api/platform/apps/Premium app")).json()["id"]
    assert detail == {"event": "appLaunch", "app": app, "backup": 0}


async def test_no_policy_delivers_through_a_group_whose_members_follow_a_rule(
    stage: Stage,
) -> None:
    group = await add_group(stage.office, "Followers")
    admin = stage.office.admin
    await admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": APPS})
    ruled = await admin.patch(
        f"/api/identity/groups/{group}", json={"membershipRule": 'user.department -eq "Sales"'}
    )
    assert ruled.status_code == 200, ruled.text

    answer = await admin.post(
        POLICIES,
        json={
            "name": "By rule",
            "app": "powerApps",
            "products": [{"skuPartNumber": APPS}],
            "group": group,
        },
    )

    assert answer.json()["code"] == "membersFollowRule", answer.text
