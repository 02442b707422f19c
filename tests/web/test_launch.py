"""Launches through the API: triggers, refusals, what is answered, and what is left behind."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.launching import APPS, DESKTOP, FIELDS, FLOWS, RPA, Stage, set_stage
from tests.office import Office
from tests.world import add_group, add_people, counts_agree, set_seats


@pytest.fixture
async def stage(office: Office) -> Stage:
    """A stage with one person on it."""
    await add_people(office, "ada", "bo", "cy")
    return await set_stage(office)


async def test_a_premium_app_gives_the_product_of_its_policy_at_once(stage: Stage) -> None:
    made = await stage.policy("powerApps")
    answer = await stage.launch("ada")
    body = answer.json()
    assert answer.status_code == 200
    assert set(body) == FIELDS
    assert body["outcome"] == "granted"
    assert (body["reason"], body["requestUrl"]) == (None, None)
    assert (body["skuPartNumber"], body["policyId"], body["backup"]) == (APPS, made["id"], 0)
    assert "Power Apps" in body["message"] and "Policy of powerApps" in body["message"]
    assert await stage.holds("ada") == {APPS: (2, 5)}
    licenses = await stage.office.admin.get("/api/identity/users/ada@contoso.example/licenses")
    assert licenses.json()["value"][0]["skuPartNumber"] == APPS


async def test_the_second_launch_finds_the_first(stage: Stage) -> None:
    made = await stage.policy("powerApps")
    first = (await stage.launch("ada")).json()
    for _ in range(3):
        again = await stage.launch("ada")
        assert again.status_code == 200
        assert again.json()["outcome"] == "alreadyEntitled"
        assert again.json()["skuId"] == first["skuId"]
        assert again.json()["policyId"] == made["id"]
        assert again.json()["backup"] == 0
    assert await stage.count("select count(*) from claim") == 1
    assert await stage.count("select count(*) from history_event where reason = 'claimed'") == 1
    assert await counts_agree(stage.office)


@pytest.mark.parametrize(
    ("event", "named", "gives"),
    [
        ("appLaunch", {"app": "Managed app"}, APPS),
        ("licenseRequested", {"app": "Standard app"}, APPS),
        *(
            (event, {"flow": flow}, FLOWS)
            for event in ("flowTrigger", "flowSave", "flowTurnOn")
            for flow in ("Premium flow", "Managed flow")
        ),
        *(
            (event, {"flow": "RPA flow"}, RPA)
            for event in ("flowTrigger", "flowSave", "flowTurnOn", "licenseRequested")
        ),
        ("licenseRequested", {"flow": "Standard flow"}, FLOWS),
        ("licenseRequested", {"app": "Power Automate RPA Attended"}, RPA),
        ("goPremium", {"clientVersion": "2.43"}, RPA),
        ("goPremium", {"app": DESKTOP, "clientVersion": "2.43.204.25107"}, RPA),
        ("trialRpaUse", {"clientVersion": "2.50"}, RPA),
        ("trialRpaUse", {"flow": "RPA flow", "clientVersion": "2.50"}, RPA),
    ],
)
async def test_a_trigger_gives_its_product(
    stage: Stage, event: str, named: dict[str, Any], gives: str
) -> None:
    for app in ("powerApps", "powerAutomatePerUser", "powerAutomateRpaAttended"):
        await stage.policy(app)
    answer = await stage.launch("ada", event, **named)
    assert answer.json()["outcome"] == "granted", answer.text
    assert list(await stage.holds("ada")) == [gives]
    row = "select count(*) from claim where event = %s and delivered = 'direct'"
    assert await stage.count(row, event) == 1


@pytest.mark.parametrize(
    ("reason", "event", "named"),
    [
        ("notPremium", "appLaunch", {"app": "Standard app"}),
        ("notPremium", "flowSave", {"flow": "Standard flow"}),
        ("notPremium", "appLaunch", {"app": DESKTOP, "clientVersion": "2.43"}),
        ("clientTooOld", "goPremium", {"clientVersion": "2.42.9"}),
        ("clientTooOld", "goPremium", {}),
        ("clientTooOld", "trialRpaUse", {"clientVersion": "2.42"}),
        ("trialNotInUse", "trialRpaUse", {"clientVersion": "2.43", "isInUse": False}),
        ("trialNotInUse", "trialRpaUse", {"clientVersion": "2.43", "flow": "Premium flow"}),
        ("noPolicy", "flowTrigger", {"flow": "RPA flow"}),
        ("noPolicy", "goPremium", {"clientVersion": "2.43"}),
    ],
)
async def test_what_is_no_trigger_is_refused_with_its_reason(
    stage: Stage, reason: str, event: str, named: dict[str, Any]
) -> None:
    await stage.policy("powerApps")
    await stage.policy("powerAutomatePerUser")
    answer = await stage.launch("ada", event, **named)
    assert (answer.status_code, answer.json()["reason"]) == (403, reason), answer.text
    assert answer.json()["outcome"] == "denied"
    assert set(answer.json()) >= FIELDS
    assert answer.json()["requestUrl"].startswith("http://127.0.0.1:8080/requests/new")
    assert await stage.holds("ada") == {}


async def test_the_feature_and_the_policy_can_be_off_and_on_again(stage: Stage) -> None:
    assert (await stage.launch("ada")).json()["reason"] == "noPolicy"
    made = await stage.policy("powerApps")
    await stage.turn(on=False)
    assert (await stage.launch("ada")).json()["reason"] == "featureOff"
    await stage.turn(on=True)
    await stage.change(made, status="off")
    off = await stage.launch("ada")
    assert (off.status_code, off.json()["reason"]) == (403, "policyOff")
    assert off.json()["policyId"] == made["id"]
    await stage.change(made, status="on")
    assert (await stage.launch("ada")).json()["outcome"] == "granted"


async def test_a_claim_outlives_its_policy(stage: Stage) -> None:
    made = await stage.policy("powerApps")
    await stage.launch("ada")
    await stage.change(made, status="off")
    assert (await stage.launch("ada")).json()["outcome"] == "alreadyEntitled"
    await stage.office.admin.delete(f"/api/auto-claim/policies/{made['id']}")
    assert (await stage.launch("ada")).json()["outcome"] == "alreadyEntitled"
    assert (await stage.launch("bo")).json()["reason"] == "noPolicy"
    assert await stage.holds("ada") == {APPS: (2, 5)}


async def test_the_scope_is_widened_from_managed_to_all_environments(stage: Stage) -> None:
    made = await stage.policy("powerApps", environmentScope="onlyManagedEnvironments")
    refused = await stage.launch("ada")
    assert refused.json()["reason"] == "environmentOutOfScope"
    assert "Default" in refused.json()["message"]
    assert (await stage.launch("bo", app="Managed app")).json()["outcome"] == "granted"
    await stage.change(made, environmentScope="allEnvironments")
    assert (await stage.launch("ada")).json()["outcome"] == "granted"


async def test_groups_and_caps_of_a_policy_hold(stage: Stage) -> None:
    (number,) = await add_people(stage.office, "member")
    group = await add_group(stage.office, "Makers", [number])
    made = await stage.policy("powerApps", limitedTo=[group], claimsMax=1)
    assert (await stage.launch("ada")).json()["reason"] == "notInGroup"
    assert (await stage.launch("member")).json()["outcome"] == "granted"
    await stage.change(made, limitedTo=[])
    capped = await stage.launch("ada")
    assert (capped.status_code, capped.json()["reason"]) == (403, "policyCapReached")
    await stage.change(made, claimsMax=2)
    assert (await stage.launch("ada")).json()["outcome"] == "granted"
    assert (await stage.launch("bo")).json()["reason"] == "policyCapReached"


async def test_a_policy_begins_when_the_tenant_lets_it(stage: Stage) -> None:
    await stage.office.admin.patch("/api/settings", json={"preset": "entra"})
    await set_seats(stage.office, APPS, 1)
    await stage.policy("powerApps")
    early = await stage.launch("ada")
    assert early.json()["reason"] == "policyNotYetActive"
    stage.office.clock.move(hours=2)
    given = (await stage.launch("ada")).json()
    assert given["outcome"] == "granted"
    assert "counts at once; another page may show them without it" in given["message"]


async def test_backups_are_used_in_order_and_then_nothing_is_left(stage: Stage) -> None:
    await stage.policy("powerAutomatePerUser", FLOWS, RPA)
    await set_seats(stage.office, FLOWS, 1)
    await set_seats(stage.office, RPA, 1)
    answers = [
        (await stage.launch(name, "flowSave", flow="Premium flow")) for name in ("ada", "bo", "cy")
    ]
    assert [one.json()["outcome"] for one in answers] == ["granted", "granted", "denied"]
    assert [one.json()["backup"] for one in answers[:2]] == [0, 1]
    assert [one.json()["skuPartNumber"] for one in answers[:2]] == [FLOWS, RPA]
    assert answers[2].status_code == 409
    assert answers[2].json()["reason"] == "noSeatLeft"
    assert await stage.holds("cy") == {}
    assert await stage.count("select count(*) from license_error") == 0
    assert await counts_agree(stage.office)


async def test_a_rule_of_licensing_refuses_with_its_own_reason(stage: Stage) -> None:
    await stage.policy("powerApps")
    await add_people(stage.office, "nowhere", location=None)
    answer = await stage.launch("nowhere")
    assert (answer.status_code, answer.json()["reason"]) == (403, "usageLocationMissing")
    url = f"/api/catalog/products/{APPS}/prohibited-locations"
    await stage.office.admin.put(url, json={"locations": ["NO"]})
    assert (await stage.launch("ada")).json()["reason"] == "usageLocationProhibited"


async def test_a_blocked_account_gets_nothing(stage: Stage) -> None:
    await stage.policy("powerApps")
    await stage.office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"accountEnabled": False}
    )
    answer = await stage.launch("ada")
    assert (answer.status_code, answer.json()["reason"]) == (403, "accountDisabled")


async def test_a_holder_by_hand_or_through_a_group_is_left_as_they_are(stage: Stage) -> None:
    await stage.policy("powerApps")
    url = "/api/identity/users/ada@contoso.example/licenses"
    assert (await stage.office.admin.post(url, json={"skuPartNumber": APPS})).status_code == 201
    answer = await stage.launch("ada")
    assert answer.json()["outcome"] == "alreadyEntitled"
    assert (answer.json()["policyId"], answer.json()["backup"]) == (None, None)
    assert await stage.holds("ada") == {APPS: (0, 1)}
    assert await stage.count("select count(*) from assignment") == 1


async def test_what_was_unassigned_can_be_claimed_again(stage: Stage) -> None:
    await stage.policy("powerApps")
    await stage.launch("ada")
    url = f"/api/identity/users/ada@contoso.example/licenses/{APPS}"
    assert (await stage.office.admin.delete(url)).status_code == 204
    assert await stage.holds("ada") == {}
    assert (await stage.launch("ada")).json()["outcome"] == "granted"
    assert await stage.count("select count(*) from claim") == 2


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({}, 400, "invalidValue"),
        ({"event": "open", "app": "x", "user": "ada@contoso.example"}, 400, "invalidValue"),
        ({"event": "appLaunch", "user": "ada@contoso.example"}, 400, "invalidValue"),
        ({"event": "flowSave", "app": "Premium app", "user": "a"}, 400, "invalidValue"),
        ({"event": "appLaunch", "app": "a", "flow": "b", "user": "a"}, 400, "invalidValue"),
        ({"event": "appLaunch", "app": "Premium app", "user": ""}, 400, "invalidValue"),
        ({"event": "appLaunch", "app": "Premium app"}, 400, "invalidValue"),
        ({"event": "appLaunch", "app": "Premium app", "user": "a", "x": 1}, 400, "invalidValue"),
        (
            {"event": "goPremium", "clientVersion": "new", "user": "ada@contoso.example"},
            400,
            "invalidValue",
        ),
        ({"event": "appLaunch", "app": "Premium app", "user": "nobody"}, 404, "unknownUser"),
        ({"event": "appLaunch", "app": "no", "user": "ada@contoso.example"}, 404, "unknownApp"),
        (
            {
                "event": "appLaunch",
                "app": "Premium app",
                "environment": "no",
                "user": "ada@contoso.example",
            },
            404,
            "unknownEnvironment",
        ),
        (
            {
                "event": "appLaunch",
                "app": "Premium app",
                "environment": "Managed",
                "user": "ada@contoso.example",
            },
            400,
            "invalidValue",
        ),
    ],
)
async def test_what_is_malformed_or_unknown_has_the_same_fields(
    stage: Stage, body: dict[str, Any], status: int, reason: str
) -> None:
    answer = await stage.gateway.post("/api/launch", json=body)
    assert (answer.status_code, answer.json()["reason"]) == (status, reason), answer.text
    assert answer.json()["outcome"] == "denied"
    assert set(answer.json()) >= FIELDS
    assert answer.json()["code"] == reason
    assert answer.headers["content-type"] == "application/problem+json"


async def test_somebody_is_named_by_upn_id_or_mail_and_by_none_that_they_had(stage: Stage) -> None:
    await stage.policy("powerApps")
    url = "/api/identity/users/ada@contoso.example"
    ada = (await stage.office.admin.patch(url, json={"mail": "a.l@contoso.example"})).json()
    for user in ("ADA@contoso.example", ada["id"], "a.l@contoso.example"):
        body = {"event": "appLaunch", "app": "Premium app", "user": user}
        assert (await stage.gateway.post("/api/launch", json=body)).status_code == 200
    assert await stage.count("select count(*) from claim") == 1
    renamed = {"userPrincipalName": "lovelace@contoso.example"}
    assert (await stage.office.admin.patch(url, json=renamed)).status_code == 200
    assert (await stage.launch("ada")).json()["reason"] == "unknownUser"
    assert (await stage.launch("lovelace")).json()["outcome"] == "alreadyEntitled"


async def test_a_deleted_person_is_nobody(stage: Stage) -> None:
    await stage.policy("powerApps")
    await stage.launch("ada")
    await stage.office.admin.delete("/api/identity/users/ada@contoso.example")
    assert (await stage.launch("ada")).status_code == 404


async def test_an_event_is_taken_once_however_often_it_comes(stage: Stage) -> None:
    await stage.policy("powerApps")
    first = await stage.launch("ada", eventId="e1")
    assert first.json()["outcome"] == "granted"
    again = await stage.launch("ada", eventId="e1")
    assert again.json()["outcome"] == "alreadyEntitled"
    url = f"/api/identity/users/ada@contoso.example/licenses/{APPS}"
    await stage.office.admin.delete(url)
    await stage.launch("ada", eventId="e1")
    assert await stage.holds("ada") == {}
    assert (await stage.launch("ada", eventId="e2")).json()["outcome"] == "granted"
    assert (await stage.launch("bo", eventId="e2")).status_code == 400


async def test_people_launch_for_themselves_only(stage: Stage) -> None:
    await stage.policy("powerApps")
    person = await stage.office.as_role(Role.PERSON)
    other = await stage.launch("ada", by=person)
    assert (other.status_code, other.json()["code"]) == (403, "roleMissing")
    assert other.json()["rolesNeeded"] == ["global-administrator", "app-gateway"]
    async with stage.office.database.transaction(stage.office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update principal set user_no = u.user_no from app_user u"
            " where u.upn_key = 'ada@contoso.example' and principal.name = 'test person'"
        )
    fresh = stage.office.client(stage.office.tokens[Role.PERSON])
    mine = await stage.launch("ada", by=fresh)
    assert mine.json()["outcome"] == "granted", mine.text
    assert (await stage.launch("bo", by=fresh)).status_code == 403
    assert (await stage.launch(None, by=fresh)).json()["outcome"] == "alreadyEntitled"


async def test_a_revoked_token_is_refused_at_once(stage: Stage) -> None:
    await stage.policy("powerApps")
    assert (await stage.launch("ada")).status_code == 200
    tokens = (await stage.office.admin.get("/api/tokens")).json()["value"]
    gateway = next(one["id"] for one in tokens if one["name"] == "test app-gateway")
    await stage.office.admin.delete(f"/api/tokens/{gateway}")
    for name in ("ada", "bo"):
        answer = await stage.launch(name)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_an_organization_says_its_own_words_when_nothing_is_given(stage: Stage) -> None:
    own = {"requestMessage": "Ask the service desk.", "requestUrl": "https://desk.example/new"}
    assert (await stage.office.admin.patch("/api/settings", json=own)).status_code == 200
    answer = (await stage.launch("ada")).json()
    assert answer["message"].endswith("Ask the service desk.")
    assert answer["requestUrl"] == "https://desk.example/new"


async def test_a_claim_through_a_group_is_allowed_at_once(stage: Stage) -> None:
    group = await add_group(stage.office, "Makers")
    given = await stage.office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": APPS}
    )
    assert given.status_code == 202
    made = await stage.policy("powerApps", group=group)
    body = (await stage.launch("ada")).json()
    assert (body["outcome"], body["policyId"], body["skuPartNumber"]) == (
        "granted",
        made["id"],
        APPS,
    )
    assert await stage.holds("ada") == {APPS: (1, 3)}
    assert await stage.count("select count(*) from claim where delivered = 'group'") == 1
    assert (await stage.launch("ada")).json()["outcome"] == "alreadyEntitled"
    await set_seats(stage.office, APPS, 1)
    denied = await stage.launch("bo")
    assert denied.json()["reason"] == "noSeatLeft"
    assert await stage.count("select count(*) from membership") == 1
    assert await stage.count("select count(*) from license_error") == 0
    assert await counts_agree(stage.office)


async def test_a_launch_takes_no_preview_and_no_other_method(stage: Stage) -> None:
    await stage.policy("powerApps")
    body = {"event": "appLaunch", "app": "Premium app", "user": "ada@contoso.example"}
    assert (await stage.gateway.post("/api/launch?preview=true", json=body)).status_code == 400
    assert await stage.holds("ada") == {}
    answer = await stage.gateway.get("/api/launch")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
