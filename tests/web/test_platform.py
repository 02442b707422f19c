"""Environments, apps and flows over the API, and what a launch finds of them."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.platform import (
    DESKTOP_CLIENT,
    POWER_APPS,
    POWER_AUTOMATE,
    POWER_AUTOMATE_RPA,
    AutoClaimKind,
)
from seatwright.postgres.platform_read import read_launch_target
from tests.office import Office
from tests.power_platform import get, group_of, names, person, post


async def test_an_environment_is_managed_or_standard(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Sales", managed=True)
    await post(office.admin, "platform/environments", displayName="Sandbox")
    page = await get(office.admin, "platform/environments")
    assert [(row["displayName"], row["managed"]) for row in page["value"]] == [
        ("Sales", True),
        ("Sandbox", False),
    ]
    assert names(await get(office.admin, "platform/environments?managed=true")) == ["Sales"]
    assert names(await get(office.admin, "platform/environments?managed=false")) == ["Sandbox"]


async def test_an_environment_goes_by_its_id_its_outer_id_or_its_name(office: Office) -> None:
    made = await post(
        office.admin, "platform/environments", displayName="Sales", externalId="Default-42"
    )
    for text in (made["id"], made["id"].upper(), "default-42", "SALES"):
        assert (await get(office.admin, f"platform/environments/{text}"))["id"] == made["id"]
    missing = await office.admin.get("/api/platform/environments/Marketing")
    assert missing.status_code == 404
    assert missing.json()["code"] == "unknownEnvironment"
    assert "Marketing" in missing.json()["detail"]


async def test_lists_are_paged_by_name_without_a_gap_or_a_repeat(office: Office) -> None:
    for name in ("beta", "Alpha", "gamma", "Delta", "epsilon"):
        await post(office.admin, "platform/environments", displayName=name)
        await post(office.admin, "platform/apps", displayName=name)
        await post(office.admin, "platform/apps", displayName=name)
        await post(office.admin, "platform/flows", displayName=name, environment=name)
    for noun, count in (("environments", 5), ("apps", 10), ("flows", 5)):
        whole = await get(office.admin, f"platform/{noun}")
        assert names(whole) == sorted(names(whole), key=str.casefold)
        seen: list[str] = []
        query, page = "", whole
        for _ in range((count + 1) // 2):
            page = await get(office.admin, f"platform/{noun}?limit=2{query}")
            seen += [row["id"] for row in page["value"]]
            query = f"&cursor={page['nextCursor']}"
        assert page["nextCursor"] is None
        assert seen == [row["id"] for row in whole["value"]]
        assert len(seen) == count


async def test_what_is_left_out_of_a_change_stays(office: Office) -> None:
    await post(
        office.admin,
        "platform/environments",
        displayName="Sales",
        externalId="x-1",
        solutions=["Sales Hub", "customer service hub", "sales hub"],
    )
    changed = await office.admin.patch("/api/platform/environments/sales", json={"managed": True})
    assert changed.status_code == 200
    assert changed.json()["externalId"] == "x-1"
    assert changed.json()["solutions"] == ["customer service hub", "Sales Hub"]
    cleared = await office.admin.patch("/api/platform/environments/sales", json={"externalId": ""})
    assert (cleared.json()["externalId"], cleared.json()["managed"]) == (None, True)


async def test_an_environment_with_an_app_in_it_is_not_deleted(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Sales")
    await post(office.admin, "platform/apps", displayName="Visits", environment="Sales")
    refused = await office.admin.delete("/api/platform/environments/Sales")
    assert (refused.status_code, refused.json()["code"]) == (409, "stillInUse")
    assert (await office.admin.delete("/api/platform/apps/Visits")).status_code == 204
    assert (await office.admin.delete("/api/platform/environments/Sales")).status_code == 204
    assert names(await get(office.admin, "platform/environments")) == []


@pytest.mark.parametrize(
    ("noun", "body", "word"),
    [
        ("environments", {"displayName": " "}, "0 characters"),
        ("environments", {"displayName": "x" * 201}, "201 characters"),
        ("environments", {"displayName": "Sales"}, "already"),
        ("environments", {"displayName": "Other", "externalId": "OUTER"}, "already"),
        ("apps", {"displayName": "A", "kind": "website"}, "powerApp, desktopClient, other"),
        ("apps", {"displayName": "A", "needsSecurityRole": True}, "in which environment"),
        ("apps", {"displayName": "A", "requires": [{}]}, "servicePlans"),
        ("apps", {"displayName": "A", "requires": [{"servicePlans": ["NOPE"]}]}, "NOPE"),
        ("apps", {"displayName": "A", "clientVersionMin": "new"}, "no version"),
        ("flows", {"displayName": "F", "environment": "Sales", "trigger": "x"}, "scheduled"),
        ("flows", {"displayName": "F", "environment": "Sales", "attendedRpa": True}, "premium"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_value(
    office: Office, noun: str, body: dict[str, Any], word: str
) -> None:
    await post(office.admin, "platform/environments", displayName="Sales", externalId="outer")
    refused = await office.admin.post(f"/api/platform/{noun}", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue"), refused.text
    assert word in refused.json()["detail"]


async def test_an_app_says_what_it_needs_and_who_may_help(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Sales", managed=True)
    premium = await post(office.admin, "platform/apps", displayName="Visits", premium=True)
    assert premium["needsLicense"]
    assert premium["requiresByDefault"]
    assert "Power Apps per user" in [need["displayName"] for need in premium["requires"]]
    assert premium["autoClaimApp"] == "powerApps"
    standard = await post(office.admin, "platform/apps", displayName="Lunch")
    assert (standard["needsLicense"], standard["requires"]) == (False, [])
    managed = await post(office.admin, "platform/apps", displayName="Tea", environment="Sales")
    assert managed["needsLicense"]
    own = await post(
        office.admin,
        "platform/apps",
        displayName="Design studio",
        kind="other",
        requires=[{"skuPartNumber": "VISIOCLIENT"}, {"servicePlans": ["visioonline"]}],
    )
    assert (own["needsLicense"], own["autoClaimApp"]) == (True, "own")
    assert [need["skuPartNumber"] for need in own["requires"]] == ["VISIOCLIENT", None]
    assert own["requires"][1]["servicePlans"] == ["VISIOONLINE"]


async def test_an_app_is_shared_with_everyone_groups_and_people(office: Office) -> None:
    upn = await person(office, "ada")
    group = await group_of(office, "Sales", upn)
    await post(office.admin, "platform/apps", displayName="Visits", premium=True)
    await post(office.admin, "platform/apps/Visits/shares", groups=[group], users=[upn])
    shared = await post(office.admin, "platform/apps/Visits/shares", everyone=True, users=[upn])
    assert shared["sharedWith"] == {"everyone": True, "groupCount": 1, "userCount": 1}
    rows = (await get(office.admin, "platform/apps/Visits/shares"))["value"]
    assert [(row["kind"], row["userPrincipalName"]) for row in rows] == [
        ("everyone", None),
        ("group", None),
        ("user", upn),
    ]
    paged: list[str] = []
    cursor = ""
    for _ in range(3):
        page = await get(office.admin, f"platform/apps/Visits/shares?limit=1{cursor}")
        paged += [row["kind"] for row in page["value"]]
        cursor = f"&cursor={page['nextCursor']}"
    assert paged == ["everyone", "group", "user"]
    for member in ("everyone", group, upn):
        path = f"/api/platform/apps/Visits/shares/{member}"
        assert (await office.admin.delete(path)).status_code == 204
        again = await office.admin.delete(path)
        assert (again.status_code, again.json()["code"]) == (404, "notAssigned")


async def test_sharing_with_somebody_unknown_shares_with_nobody(office: Office) -> None:
    upn = await person(office, "ada")
    await post(office.admin, "platform/apps", displayName="Visits")
    refused = await office.admin.post(
        "/api/platform/apps/Visits/shares", json={"users": [upn, "nobody@x.example"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "unknownUser")
    assert (await get(office.admin, "platform/apps/Visits/shares"))["value"] == []


async def test_a_launch_finds_its_target_with_everything_that_decides(office: Office) -> None:
    upn = await person(office, "ada")
    group = await group_of(office, "Sales", upn)
    await post(office.admin, "platform/environments", displayName="Sales", managed=True)
    app = await post(
        office.admin,
        "platform/apps",
        displayName="Visits",
        externalId="App-7",
        environment="Sales",
        clientVersionMin="3.1.2",
    )
    await post(office.admin, "platform/apps/Visits/shares", groups=[group], users=[upn])
    await post(
        office.admin,
        "platform/flows",
        displayName="Invoices",
        environment="Sales",
        premium=True,
        attendedRpa=True,
        trigger="scheduled",
        owner=upn,
    )
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        by_text = [
            await read_launch_target(tx, app=text) for text in (app["id"], "APP-7", "visits")
        ]
        target = by_text[0]
        assert target is not None
        assert str(target.id) == app["id"]
        assert by_text == [target, target, target]
        assert (target.is_managed, target.is_premium, target.needs_license) == (True, False, True)
        assert (len(target.sharing.groups), len(target.sharing.users)) == (1, 1)
        assert target.client_version_min == (3, 1, 2)
        assert target.auto_claim_apps == (POWER_APPS,)
        flow = await read_launch_target(tx, flow="invoices")
        assert flow is not None
        assert flow.auto_claim_apps == (POWER_AUTOMATE_RPA,)
        assert (flow.runs_as_owner, flow.owner is not None) == (True, True)
        assert await read_launch_target(tx, app="nothing") is None


async def test_the_desktop_client_is_there_in_every_tenant(office: Office) -> None:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        target = await read_launch_target(tx, app=DESKTOP_CLIENT)
    assert target is not None
    assert target.client_version_min == (2, 43)
    assert target.auto_claim_apps == (POWER_AUTOMATE_RPA,)
    assert target.needs_license


async def test_a_standard_flow_may_be_helped_by_either_policy(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Sales", managed=True)
    await post(office.admin, "platform/flows", displayName="Mail", environment="Sales")
    own = await post(office.admin, "platform/apps", displayName="Studio", kind="other")
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        flow = await read_launch_target(tx, flow="Mail")
        studio = await read_launch_target(tx, app=own["id"])
    assert flow is not None
    assert flow.auto_claim_apps == (POWER_AUTOMATE, POWER_AUTOMATE_RPA)
    assert (flow.needs_license, flow.is_premium) == (True, False)
    assert studio is not None
    assert studio.auto_claim_apps[0].kind is AutoClaimKind.OWN
    assert studio.auto_claim_apps[0].app_no == studio.app
    assert not studio.needs_license


async def test_every_change_of_the_platform_is_in_the_history(office: Office) -> None:
    await post(office.admin, "platform/environments", displayName="Sales")
    await office.admin.patch("/api/platform/environments/Sales", json={"managed": True})
    await office.admin.delete("/api/platform/environments/Sales")
    page = await get(office.admin, "identity/licenses/assignment-history?kind=all")
    rows = [row for row in page["value"] if row["action"].startswith("platform")]
    assert [row["action"] for row in rows] == [
        "platformRemoved",
        "platformUpdated",
        "platformAdded",
    ]


async def test_a_preview_of_a_change_leaves_nothing_behind(office: Office) -> None:
    answer = await office.admin.post(
        "/api/platform/environments?preview=true", json={"displayName": "Sales"}
    )
    assert answer.status_code == 200
    assert names(await get(office.admin, "platform/environments")) == []
