"""Everybody opens an app at once, while jobs, groups and purchases want the same few seats.

Meanwhile seats are cut from outside below what is in use, and two administrators change the
policies.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.concurrency.conftest import Arena, arena
from tests.served import Served, serving

WORKERS = 4
CALLERS = 64
"""Of each worker: so many connections are open to it."""

APP = "Power Automate per User Plan"
ROUNDS = int(os.environ.get("SEATWRIGHT_TEST_ROUNDS", "1"))
PEOPLE = 500
APPS, FLOWS, RPA = "POWERAPPS_PER_USER", "FLOW_PER_USER", "POWERAUTOMATE_ATTENDED_RPA"
SEATS = {APPS: 160, FLOWS: 90, RPA: 60}
LAUNCHES = (
    {"event": "appLaunch", "app": "Expenses"},
    {"event": "flowTrigger", "flow": "Invoices"},
    {"event": "flowSave", "flow": "Robot"},
)


@pytest.fixture(scope="module")
def four_workers() -> Iterator[Served]:
    """A server with four web workers and the job worker."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-test-launches-"))
    root.chmod(0o711)
    try:
        with serving(root / "data", workers=WORKERS) as served:
            yield served
    finally:
        shutil.rmtree(root, ignore_errors=True)


async def set_up(tenant: Arena) -> None:
    """A managed environment, two apps and flows, and a policy with a backup for each kind."""

    async def make(path: str, method: str = "POST", **body: Any) -> None:
        answer = await tenant.api.request(method, f"/api/{path}", json=body)
        assert answer.status_code in {200, 201, 409}, answer.text

    await make("auto-claim/settings", "PATCH", enabled=True)
    await make("platform/environments", displayName="Field")
    await make("platform/apps", displayName="Expenses", environment="Field", premium=True)
    await make("platform/apps/Expenses/shares", everyone=True)
    await make("platform/flows", displayName="Invoices", environment="Field", premium=True)
    await make(
        "platform/flows", displayName="Robot", environment="Field", premium=True, attendedRpa=True
    )
    for app, products in (
        ("powerApps", [APPS]),
        ("powerAutomatePerUser", [FLOWS, RPA]),
        ("powerAutomateRpaAttended", [RPA]),
    ):
        wanted = [{"skuPartNumber": product} for product in products]
        url = f"auto-claim/policies/Auto-Created Policy for {_NAMES[app]}"
        answer = await tenant.api.patch(
            f"/api/{url}", json={"products": wanted, "environmentScope": "allEnvironments"}
        )
        if answer.status_code == 404:
            await make("auto-claim/policies", name=app, app=app, products=wanted)


_NAMES = {
    "powerApps": "PowerApps",
    "powerAutomatePerUser": "Power Automate",
    "powerAutomateRpaAttended": "Power Automate RPA",
}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("_", range(ROUNDS))
async def test_launches_beside_jobs_groups_and_cuts_oversell_nothing(
    four_workers: Served, _: int
) -> None:
    seed = random.randrange(10_000)
    print(f"seed {seed}")  # noqa: T201  To repeat a failure.
    async with arena(four_workers, PEOPLE, **SEATS) as tenant:
        await set_up(tenant)
        chance = random.Random(seed)
        knocks = [
            {"user": address, **launch}
            for address in tenant.addresses
            for launch in LAUNCHES
            for _ in range(2)
        ]
        chance.shuffle(knocks)
        answers: list[tuple[dict[str, Any], httpx.Response]] = []
        queue = iter(knocks)

        async def call(api: httpx.AsyncClient) -> None:
            for knock in queue:
                answers.append((knock, await api.post("/api/launch", json=knock)))  # noqa: PERF401

        async with contextlib.AsyncExitStack() as stack:
            apis = [await stack.enter_async_context(_client(tenant)) for _ in range(WORKERS)]
            tenant.api = await stack.enter_async_context(_client(tenant))
            disturbances = [
                asyncio.create_task(one)
                for one in (
                    _disturb(tenant, chance),
                    _cut_from_outside(tenant, random.Random(seed + 1)),
                    _edit_policies(tenant, random.Random(seed + 2)),
                    _edit_policies(tenant, random.Random(seed + 3)),
                )
            ]
            await asyncio.gather(*(call(api) for api in apis for _ in range(CALLERS)))
            await asyncio.gather(*disturbances)
            assert tenant.audit(is_cut=True) == []
            await _buy_back(tenant)

        statuses = Counter(answer.status_code for _, answer in answers)
        assert set(statuses) <= {200, 403, 409}, statuses
        refusals = {a.json()["reason"] for _, a in answers if a.status_code != 200}
        assert refusals <= {"noSeatLeft", "accountDisabled", "policyOff", "noPolicy"}, refusals
        granted = Counter(
            (knock["user"], answer.json()["skuPartNumber"])
            for knock, answer in answers
            if answer.json()["outcome"] == "granted"
        )
        assert max(granted.values()) == 1, "somebody was told twice that they were given a product"
        assert _claims(four_workers, tenant) == granted
        assert tenant.audit() == []


def _client(tenant: Arena) -> httpx.AsyncClient:
    """For the callers of one worker; each call has a connection of its own.

    Where this process is starved, a connection that it would use again may have been idle for so
    long that the server ends it.
    """
    return httpx.AsyncClient(
        base_url=tenant.api.base_url,
        headers=tenant.api.headers,
        timeout=120,
        limits=httpx.Limits(max_connections=CALLERS, max_keepalive_connections=0),
    )


async def _bought(tenant: Arena) -> dict[str, str]:
    """The purchases by their products."""
    rows = (await tenant.api.get("/api/subscriptions")).json()["value"]
    return {row["skuPartNumber"]: row["id"] for row in rows}


async def _cut_from_outside(tenant: Arena, chance: random.Random) -> None:
    """The seller takes seats away that people have, and gives some back."""
    bought = await _bought(tenant)
    for _ in range(12):
        sku = chance.choice((FLOWS, RPA))
        units = chance.randrange(SEATS[sku] // 3, SEATS[sku])
        answer = await tenant.api.patch(
            f"/api/subscriptions/{bought[sku]}", json={"units": units, "external": True}
        )
        assert answer.status_code == 200, answer.text
        await asyncio.sleep(chance.uniform(0.02, 0.15))


async def _buy_back(tenant: Arena) -> None:
    """Buy as many seats as are in use at least."""
    bought = await _bought(tenant)
    for sku, id_ in bought.items():
        seen = (await tenant.api.get(f"/api/identity/licenses/{sku}")).json()
        units = max(SEATS[sku], seen["consumed"])
        answer = await tenant.api.patch(f"/api/subscriptions/{id_}", json={"units": units})
        assert answer.status_code == 200, answer.text


async def _edit_policies(tenant: Arena, chance: random.Random) -> None:
    """One of two administrators: reorder, change, turn off and on, delete and make anew."""
    url = "/api/auto-claim/policies"
    for _ in range(15):
        rows = (await tenant.api.get(url)).json()["value"]
        flows = next((row["id"] for row in rows if row["app"] == APP), None)
        edit = chance.choice(("backup", "none", "off", "alert", "delete"))
        flow_products = [{"skuPartNumber": sku} for sku in (FLOWS, RPA)]
        if flows is None or edit == "delete":
            if flows is not None:
                await tenant.api.delete(f"{url}/{flows}")
            made = {"name": "Flows", "app": "powerAutomatePerUser", "products": flow_products}
            answer = await tenant.api.post(url, json=made)
        else:
            edits: dict[str, dict[str, Any]] = {
                "backup": {"products": flow_products, "status": "on"},
                "none": {"products": flow_products[:1], "status": "on"},
                "off": {"status": "off"},
                "alert": {"alertBelow": chance.randrange(1, 9), "status": "on"},
            }
            answer = await tenant.api.patch(f"{url}/{flows}", json=edits[edit])
        # The other one may have deleted it, or made one already.
        assert answer.status_code in {200, 201, 400, 404}, answer.text
        await asyncio.sleep(chance.uniform(0.01, 0.1))
    await tenant.api.post(url, json={"name": "Flows", "app": "powerAutomatePerUser"})


async def _disturb(tenant: Arena, chance: random.Random) -> None:
    """Bulk jobs, a licensed group whose members come and go, and seats that are bought and cut."""
    group = await tenant.group("Makers")
    assert (await tenant.license_group(group, APPS)).status_code == 202
    url = f"/api/identity/groups/{group}/members"
    bought = await _bought(tenant)
    for _ in range(6):
        some = chance.sample(tenant.addresses, 25)
        answers = [
            await tenant.api.post(
                "/api/identity/licenses/bulk-assign", json={"users": some, "skuPartNumber": FLOWS}
            ),
            await tenant.api.post(url, json={"users": some[:10]}),
            await tenant.api.patch(
                f"/api/subscriptions/{bought[APPS]}",
                json={"units": SEATS[APPS] + chance.randrange(-5, 20)},
            ),
            *[await tenant.api.delete(f"{url}/{one}") for one in some[:5]],
        ]
        assert all(answer.status_code < 500 for answer in answers), answers
        await asyncio.sleep(0.2)
    for _ in range(600):
        jobs = (await tenant.api.get("/api/jobs")).json()["value"]
        if all(job["state"] in {"completed", "failed", "cancelled"} for job in jobs):
            return
        await asyncio.sleep(0.2)
    raise AssertionError("the jobs did not end")


def _claims(served: Served, tenant: Arena) -> Counter[tuple[str, str]]:
    """How often each person claimed each product, as it is stored."""
    with psycopg.connect(served.urls.owner) as connection:
        rows = connection.execute(
            "select u.upn, s.part_number from claim c"
            " join app_user u using (tenant_id, user_no) join sku s using (tenant_id, sku_no)"
            " where c.tenant_id = %s",
            (tenant.furnished.tenant_id,),
        ).fetchall()
    return Counter((str(upn), str(part_number)) for upn, part_number in rows)
