"""What is true of launches besides triggers and refusals: entitlement, backups, repeated events,
owners of flows, and who may open an app at all.
"""

from __future__ import annotations

import pytest

from tests.launching import APPS, FLOWS, RPA, Stage, set_stage
from tests.office import Office
from tests.web.test_launch_cases import PAIRS, delete_policies, share_with_nobody
from tests.world import add_people, set_seats


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with the three policies of the sources, and two people."""
    await add_people(office, "applaunch", "other")
    made = await set_stage(office, seats=20)
    for app in PAIRS:
        await made.policy(app)
    return made


async def test_power_apps_of_microsoft_365_is_no_standalone_license(stage: Stage) -> None:
    """A-41: what Microsoft 365 has of Power Apps does not open premium apps (S1)."""
    await set_seats(stage.office, "SPE_E3", 1)
    url = "/api/identity/users/other@contoso.example/licenses"
    answer = await stage.office.admin.post(url, json={"skuPartNumber": "SPE_E3"})
    assert answer.status_code == 201, answer.text
    assert (await stage.launch("other")).json()["outcome"] == "granted"
    assert set(await stage.holds("other")) == {"SPE_E3", APPS}


async def test_premium_is_given_to_who_has_per_user_and_runs_attended_rpa(stage: Stage) -> None:
    """S2: attended RPA is Premium's, whatever else somebody has."""
    for flow, product in (("Premium flow", FLOWS), ("RPA flow", RPA)):
        answer = await stage.launch("other", "flowTrigger", flow=flow)
        assert answer.json()["skuPartNumber"] == product, answer.text
    again = await stage.launch("other", "flowSave", flow="Premium flow")
    assert again.json()["outcome"] == "alreadyEntitled"
    assert set(await stage.holds("other")) == {FLOWS, RPA}


async def test_an_automated_flow_counts_its_owner(stage: Stage) -> None:
    """M-09: the owner's license runs automated and scheduled flows."""
    await stage.make(
        "platform/flows",
        displayName="Nightly",
        environment="Default",
        premium=True,
        trigger="scheduled",
        owner="other@contoso.example",
    )
    answer = await stage.launch("applaunch", "flowTrigger", flow="Nightly")
    assert answer.json()["outcome"] == "granted", answer.text
    assert "other@contoso.example" in answer.json()["message"]
    assert (await stage.holds("applaunch"), set(await stage.holds("other"))) == ({}, {FLOWS})
    saved = await stage.launch("applaunch", "flowSave", flow="Nightly")
    assert saved.json()["outcome"] == "granted"
    assert set(await stage.holds("applaunch")) == {FLOWS}


async def test_a_backup_is_for_want_of_seats_and_not_for_a_rule(stage: Stage) -> None:
    await delete_policies(stage)
    await stage.policy("powerAutomatePerUser", FLOWS, RPA)
    url = f"/api/catalog/products/{FLOWS}/prohibited-locations"
    await stage.office.admin.put(url, json={"locations": ["NO"]})
    answer = await stage.launch("other", "flowSave", flow="Premium flow")
    assert (answer.status_code, answer.json()["reason"]) == (403, "usageLocationProhibited")
    assert await stage.holds("other") == {}
    await stage.office.admin.put(url, json={"locations": []})
    await set_seats(stage.office, FLOWS, 0)
    given = await stage.launch("other", "flowSave", flow="Premium flow")
    assert (given.json()["outcome"], given.json()["backup"]) == ("granted", 1)


async def test_a_refusal_for_want_of_seats_says_why_the_backup_was_no_help(stage: Stage) -> None:
    await delete_policies(stage)
    await stage.policy("powerAutomatePerUser", FLOWS, RPA)
    await set_seats(stage.office, FLOWS, 0)
    url = f"/api/catalog/products/{RPA}/prohibited-locations"
    await stage.office.admin.put(url, json={"locations": ["NO"]})
    answer = await stage.launch("other", "flowSave", flow="Premium flow")
    assert (answer.status_code, answer.json()["reason"]) == (409, "noSeatLeft")
    message = answer.json()["message"]
    assert "No seat is left of Power Automate per user" in message
    assert "Power Automate Premium is no help: it may not be used where they are" in message


async def test_an_event_that_comes_again_is_answered_with_what_is_true_now(stage: Stage) -> None:
    first = await stage.launch("other", eventId="e1")
    assert first.json()["outcome"] == "granted"
    assert (await stage.launch("other", eventId="e1")).json()["outcome"] == "alreadyEntitled"
    await stage.office.admin.delete(f"/api/identity/users/other@contoso.example/licenses/{APPS}")
    gone = await stage.launch("other", eventId="e1")
    assert (gone.status_code, gone.json()["reason"]) == (403, "notAssigned")
    assert "taken back since" in gone.json()["message"]
    assert await stage.holds("other") == {}
    await set_seats(stage.office, APPS, 0)
    assert (await stage.launch("other", eventId="e2")).json()["reason"] == "noSeatLeft"
    await set_seats(stage.office, APPS, 5)
    assert (await stage.launch("other", eventId="e2")).json()["reason"] == "noSeatLeft"
    assert (await stage.launch("other", eventId="e3")).json()["outcome"] == "granted"
    assert (await stage.launch("other", eventId="e2")).json()["outcome"] == "alreadyEntitled"


async def test_who_may_not_open_an_app_is_let_in_by_no_license(stage: Stage) -> None:
    """A-51, and what `apps access` says."""
    assert (await stage.launch("other")).json()["outcome"] == "granted"
    await share_with_nobody(stage)
    assert (await stage.launch("other")).json()["reason"] == "notInGroup"
    url = "/api/platform/apps/Premium app/access/other@contoso.example"
    access = (await stage.office.admin.get(url)).json()
    assert (access["canOpen"], access["licensed"]) == (False, True)
    asked = await stage.gateway.get(
        "/api/launch/authorize",
        params={"app": "Premium app"},
        headers={"x-seatwright-user": "other@contoso.example"},
    )
    assert (asked.status_code, asked.headers["x-seatwright-reason"]) == (403, "notInGroup")
    shares = {"users": ["other@contoso.example"]}
    await stage.office.admin.post("/api/platform/apps/Premium app/shares", json=shares)
    assert (await stage.launch("other")).json()["outcome"] == "alreadyEntitled"


async def test_a_token_of_a_tenant_that_is_no_more_is_nobodys(stage: Stage) -> None:
    assert (await stage.launch("other")).json()["outcome"] == "granted"
    async with stage.office.database.transaction(stage.office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update tenant set state = 'suspended' where tenant_id = %s", (tx.tenant_id,)
        )
    suspended = await stage.launch("other")
    assert (suspended.status_code, suspended.json()["code"]) == (403, "roleMissing")
    assert "suspended" in suspended.json()["detail"]
