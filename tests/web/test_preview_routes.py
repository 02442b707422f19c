"""Every writing route is previewed, leaves no row of any table behind, and does what it said."""

from __future__ import annotations

from dataclasses import dataclass
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

CROWD = tuple(f"p{number:02}" for number in range(14))
"""More people than the brake lets by at once."""

MICROSOFTS_TABLE = (
    "Product_Display_Name,String_Id,GUID,Service_Plan_Name,Service_Plan_Id,"
    "Service_Plans_Included_Friendly_Names\n"
    "A NEW PRODUCT,NEW_ONE,11111111-2222-4333-8444-555555555555,NEW_PLAN,"
    "21111111-2222-4333-8444-555555555555,A NEW PLAN\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A call of a route that changes something; `{names}` of its path and body are the scene's."""

    route: str
    path: str
    body: object = None
    by_another: bool = False


def write(route: str, path: str, body: object = None, *, by_another: bool = False) -> Write:
    return Write(route=route, path=path, body=body, by_another=by_another)


# In an order in which each finds what it needs, for each is also done after it was looked at.
WRITES = (
    write(
        "POST /api/catalog/products",
        "/api/catalog/products",
        {
            "skuPartNumber": "OWN_TWO",
            "displayName": "Own two",
            "servicePlans": [{"name": "OWN_PLAN_TWO", "displayName": "Own plan two"}],
        },
    ),
    write(
        "PATCH /api/catalog/products/{sku}",
        "/api/catalog/products/OWN_ONE",
        {"displayName": "Own, and renamed"},
    ),
    write(
        "PUT /api/catalog/products/{sku}/prohibited-locations",
        "/api/catalog/products/POWER_BI_PRO/prohibited-locations",
        {"locations": ["SE"]},
    ),
    write("POST /api/clients", "/api/clients", {"name": "sync", "roles": ["global-reader"]}),
    write("POST /api/clients/{principal_id}/rotate", "/api/clients/{client}/rotate"),
    write("DELETE /api/clients/{principal_id}", "/api/clients/{client}"),
    write("POST /api/tokens", "/api/tokens", {"name": "night", "roles": ["global-reader"]}),
    write("POST /api/tokens/{principal_id}/rotate", "/api/tokens/{token}/rotate"),
    write("DELETE /api/tokens/{principal_id}", "/api/tokens/{token}"),
    write(
        "POST /api/held-changes/{held_id}/approve",
        "/api/held-changes/{held}/approve",
        {},
        by_another=True,
    ),
    write(
        "POST /api/held-changes/{held_id}/reject",
        "/api/held-changes/{other_held}/reject",
        {},
        by_another=True,
    ),
    write(
        "POST /api/history/changes/{correlation_id}/undo",
        "/api/history/changes/{correlation}/undo",
    ),
    write("POST /api/jobs/{job_id}/undo", "/api/jobs/{done_job}/undo"),
    write("POST /api/jobs/{job_id}/cancel", "/api/jobs/{queued_job}/cancel"),
    write("POST /api/identity/groups", GROUPS, {"displayName": "New group"}),
    write(
        "PATCH /api/identity/groups/{group}", f"{GROUPS}/{{empty}}", {"description": "For nobody"}
    ),
    write("DELETE /api/identity/groups/{group}", f"{GROUPS}/{{empty}}"),
    write("POST /api/identity/groups/{group}/licenses", f"{GROUPS}/{{team}}/licenses", VISIO),
    write(
        "DELETE /api/identity/groups/{group}/licenses/{sku}",
        f"{GROUPS}/{{team}}/licenses/VISIOCLIENT",
    ),
    write(
        "POST /api/identity/groups/{group}/members",
        f"{GROUPS}/{{team}}/members",
        {"users": [upn("bob")]},
    ),
    write(
        "DELETE /api/identity/groups/{group}/members/{member}",
        f"{GROUPS}/{{team}}/members/{upn('bob')}",
    ),
    write("POST /api/identity/groups/{group}/reprocess", f"{GROUPS}/{{team}}/reprocess"),
    write("POST /api/identity/licenses/bulk-assign", BULK, {"users": [upn("bob")], **E3}),
    write(
        "POST /api/identity/users",
        USERS,
        {
            "userPrincipalName": upn("new"),
            "displayName": "New",
            "usageLocation": "NO",
            "licenses": [E3],
        },
    ),
    write("PATCH /api/identity/users/{user}", f"{USERS}/{upn('ada')}", {"department": "Sales"}),
    write("POST /api/identity/users/{user}/licenses", licenses("ada"), VISIO),
    write(
        "PATCH /api/identity/users/{user}/licenses/{sku}",
        f"{licenses('bob')}/SPE_E3",
        {"disabledServicePlans": ["SWAY"]},
    ),
    write("DELETE /api/identity/users/{user}/licenses/{sku}", f"{licenses('bob')}/SPE_E3"),
    write("POST /api/identity/users/{user}/reprocess", f"{USERS}/{upn('waits')}/reprocess"),
    write("DELETE /api/identity/users/{user}", f"{USERS}/{upn('bob')}"),
    write("POST /api/identity/users/{user}/restore", f"{USERS}/{upn('gone')}/restore"),
    write("POST /api/identity/users/{user}/erase-names", f"{USERS}/{{erased}}/erase-names"),
    write("POST /api/imports/catalog", "/api/imports/catalog", MICROSOFTS_TABLE),
    write("POST /api/imports/groups", "/api/imports/groups", "displayName\nFrom a file\n"),
    write(
        "POST /api/imports/holdings",
        "/api/imports/holdings",
        f"UserPrincipalName,SkuPartNumber\n{upn('cid')},VISIOCLIENT\n",
    ),
    write(
        "POST /api/imports/members",
        "/api/imports/members",
        f"group,userPrincipalName\nTeam,{upn('cid')}\n",
    ),
    write(
        "POST /api/imports/subscriptions",
        "/api/imports/subscriptions",
        "SkuPartNumber,Units\nSPE_E5,10\n",
    ),
    write(
        "POST /api/imports/users",
        "/api/imports/users",
        f"userPrincipalName,displayName\n{upn('file')},From a file\n",
    ),
    write(
        "POST /api/moves",
        "/api/moves",
        {
            "kind": "productToProduct",
            "fromSku": "VISIOCLIENT",
            "toSku": "SPE_E5",
            "users": [upn("ada")],
        },
    ),
    write("POST /api/reconcile", "/api/reconcile"),
    write("POST /api/reports/{report}/runs", "/api/reports/inventory/runs", {}),
    write("DELETE /api/reports/{report}/runs/{run_id}", "/api/reports/inventory/runs/{run}"),
    write(
        "POST /api/reports/{report}/schedules",
        "/api/reports/inventory/schedules",
        {"cadence": "daily", "at": "06:00"},
    ),
    write(
        "PATCH /api/reports/{report}/schedules/{schedule_id}",
        "/api/reports/inventory/schedules/{schedule}",
        {"paused": True},
    ),
    write(
        "DELETE /api/reports/{report}/schedules/{schedule_id}",
        "/api/reports/inventory/schedules/{schedule}",
    ),
    write("PATCH /api/settings", "/api/settings", {"usageLocation": "NO"}),
    write("POST /api/subscriptions", "/api/subscriptions", {**VISIO, "units": 5}),
    write(
        "PATCH /api/subscriptions/{subscription_id}",
        "/api/subscriptions/{subscription}",
        {"units": 4},
    ),
    write(
        "DELETE /api/subscriptions/{subscription_id}",
        "/api/subscriptions/{subscription}",
    ),
    write("POST /api/templates", "/api/templates", {"name": "Other", "products": [E3]}),
    write(
        "PATCH /api/templates/{template}", "/api/templates/{template}", {"description": "For you"}
    ),
    write(
        "POST /api/templates/{template}/apply",
        "/api/templates/{template}/apply",
        {"users": [upn("cid")]},
    ),
    write("DELETE /api/templates/{template}", "/api/templates/{template}"),
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
        if door.method != "GET"
    }
    assert {one.route for one in WRITES} == doors
    assert len(WRITES) == len({one.route for one in WRITES}), "each once"


@pytest.mark.timeout(300)
async def test_a_preview_of_any_route_leaves_every_row_as_it_was_and_is_then_done(
    office: Office, database: Database, scene: dict[str, str]
) -> None:
    async with await administrator(office, "Noor") as another:
        for one in WRITES:
            client = another if one.by_another else office.admin
            method, path = one.route.split()[0], one.path.format(**scene)
            before = contents(database)
            seen = await ask(client, method, path, one.body)
            assert seen.status_code == 200, f"{one.route}: {seen.text}"
            assert differing(before, contents(database)) == [], one.route
            await applied(client, one, path, seen.json()["digest"])
            assert differing(before, contents(database)) != [], f"{one.route} changes nothing"


async def applied(client: httpx.AsyncClient, one: Write, path: str, digest: str) -> None:
    """Do what was previewed; a digest that is not the call's would be a 412."""
    headers = {"if-match": f'"{digest}"', **DONE}
    done = await send(client, one.route.split()[0], path, one.body, headers=headers)
    assert done.status_code < 300, f"{one.route}: {done.text}"


def differing(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """The tables that are not as they were."""
    return [table for table, checksum in after.items() if before[table] != checksum]
