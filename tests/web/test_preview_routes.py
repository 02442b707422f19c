"""Every writing route is previewed, leaves no row of any table behind, and does what it said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.doors import doors_of
from tests.bulk import DONE, send_json
from tests.conftest import Database
from tests.moves import give, license_group
from tests.office import Office
from tests.previews import (
    BULK,
    E3,
    GROUPS,
    USERS,
    VISIO,
    administrator,
    ask,
    contents,
    licenses,
    send,
    upn,
)
from tests.reports import work_runs
from tests.world import add_group, add_people, set_seats
from tests.writes import READING_POSTS, WRITES, Write
from tests.writes_of_accounts import ACCOUNT_WRITES, set_accounts
from tests.writes_of_auto_claim import AUTO_CLAIM_WRITES, set_claims
from tests.writes_of_platform import PLATFORM_WRITES, set_platform
from tests.writes_of_requests import REQUEST_WRITES, set_requests
from tests.writes_of_telling import TELLING_WRITES, set_telling
from tests.writes_of_time import TIME_WRITES, set_time

CROWD = tuple(f"p{number:02}" for number in range(14))
"""More people than the brake lets by at once."""

ALL = (
    *WRITES,
    *PLATFORM_WRITES,
    *AUTO_CLAIM_WRITES,
    *TIME_WRITES,
    *REQUEST_WRITES,
    *TELLING_WRITES,
    *ACCOUNT_WRITES,
)


async def made(office: Office, path: str, body: object) -> dict[str, Any]:
    """What a call made, which must be one that is done."""
    answer = await office.admin.post(path, json=body)
    assert answer.status_code < 300, f"{path}: {answer.text}"
    found: dict[str, Any] = answer.json() if answer.content else {}
    return {**found, "correlation": answer.headers["x-correlation-id"]}


@pytest.fixture
async def scene(office: Office) -> dict[str, str]:
    """People, groups, purchases, jobs, held changes and reports; what each is called."""
    await add_people(office, "ada", "bob", "cid", "gone", "waits")
    crowd = await add_people(office, *CROWD)
    for sku in ("SPE_E3", "SPE_E5", "VISIOCLIENT", "POWER_BI_PRO"):
        await made(office, "/api/subscriptions", {"skuPartNumber": sku, "units": 30})
    names: dict[str, str] = {"team": await add_group(office, "Team")}
    names["empty"] = await add_group(office, "Empty")
    await license_group(office, names["team"], "SPE_E3")
    await made(office, f"{GROUPS}/{names['team']}/members", {"users": [upn("ada")]})
    await give(office, "ada", "SPE_E3")
    bulk = await send_json(office, {"users": [upn("cid")], "skuPartNumber": "POWER_BI_PRO"})
    names["done_job"] = bulk["id"]
    await give(office, "gone", "SPE_E3")
    names["correlation"] = (await made(office, licenses("bob"), VISIO))["correlation"]
    person = {"userPrincipalName": upn("erased"), "displayName": "Erased"}
    names["erased"] = (await made(office, USERS, person))["id"]
    for name in ("gone", "erased"):
        assert (await office.admin.delete(f"{USERS}/{upn(name)}")).status_code == 204
    names |= await held_changes(office, crowd)
    names |= await things(office)
    names |= await set_platform(office)
    names |= await set_claims(office)
    names |= await set_telling(office)
    names |= await set_accounts(office)
    names |= await set_time(office)
    names |= await set_requests(office)
    return names


async def held_changes(office: Office, crowd: list[int]) -> dict[str, str]:
    """Two removals that wait, each of a product that a group stopped giving."""
    group = await add_group(office, "Crowd", crowd)
    for sku in ("SPE_E5", "VISIOCLIENT"):
        await license_group(office, group, sku)
        answer = await office.admin.delete(f"{GROUPS}/{group}/licenses/{sku}")
        assert answer.status_code == 202, answer.text
    held = (await office.admin.get("/api/held-changes")).json()["value"]
    assert [one["people"] for one in held] == [len(CROWD), len(CROWD)]
    return {"held": held[0]["id"], "other_held": held[1]["id"]}


async def things(office: Office) -> dict[str, str]:
    """One of everything that has a name of its own, and somebody who waits for a seat."""
    await made(
        office,
        "/api/catalog/products",
        {
            "skuPartNumber": "OWN_ONE",
            "displayName": "Own one",
            "servicePlans": [{"name": "OWN_PLAN", "displayName": "Own plan"}],
        },
    )
    # One who waits, while a seat comes free that nobody was told of.
    waiting = {"users": [upn("waits")], "skuPartNumber": "OWN_ONE", "fillPolicy": "wait"}
    await send_json(office, waiting)
    await set_seats(office, "OWN_ONE", 1)
    run = await made(office, "/api/reports/inventory/runs", {})
    await work_runs(office)
    queued = await made(office, BULK, {"users": [upn("cid")], **E3})
    daily = {"cadence": "daily", "at": "05:00"}
    return {
        "client": (await made(office, "/api/clients", reader("robot")))["clientId"],
        "token": (await made(office, "/api/tokens", reader("script")))["id"],
        "run": run["id"],
        "schedule": (await made(office, "/api/reports/inventory/schedules", daily))["id"],
        "queued_job": queued["jobId"],
        "template": (await made(office, "/api/templates", {"name": "Basic", "products": [E3]}))[
            "id"
        ],
        "subscription": (
            await made(office, "/api/subscriptions", {"skuPartNumber": "STANDARDPACK", "units": 3})
        )["id"],
    }


def reader(name: str) -> dict[str, object]:
    return {"name": name, "roles": ["global-reader"]}


def test_every_writing_route_is_walked() -> None:
    doors = {
        f"{door.method} {door.path}"
        for door in doors_of(create_rest_application())
        if door.is_writing
    }
    doors -= READING_POSTS
    assert {one.route for one in ALL} == doors, "add a call of each new route to tests/writes*.py"
    assert len(ALL) == len({one.route for one in ALL}), "each once"


@pytest.mark.timeout(300)
async def test_a_preview_of_any_route_leaves_every_row_as_it_was_and_is_then_done(
    office: Office, database: Database, scene: dict[str, str]
) -> None:
    async with await administrator(office, "Noor") as another:
        for one in ALL:
            client = another if one.by_another else office.admin
            method, path = one.route.split()[0], one.path.format(**scene)
            before = contents(database)
            body = filled(one.body, scene)
            seen = await ask(client, method, path, body)
            assert seen.status_code == 200, f"{one.route}: {seen.text}"
            assert differing(before, contents(database)) == [], one.route
            await applied(client, replace(one, body=body), path, seen.json()["digest"])
            assert differing(before, contents(database)) != [], f"{one.route} changes nothing"


def filled(body: object, scene: dict[str, str]) -> object:
    """A body with the scene's names in it."""
    if body is None:
        return None
    text = json.dumps(body)
    for name, value in scene.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(text)


async def applied(client: httpx.AsyncClient, one: Write, path: str, digest: str) -> None:
    """Do what was previewed; a digest that is not the call's would be a 412."""
    headers = {"if-match": f'"{digest}"', **DONE}
    done = await send(client, one.route.split()[0], path, one.body, headers=headers)
    assert done.status_code < 300, f"{one.route}: {done.text}"


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not as they were."""
    return [table for table, checksum in after.items() if before[table] != checksum]
