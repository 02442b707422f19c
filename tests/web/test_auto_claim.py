"""Auto-claim policies over the API: the switch, making one, and who may."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.auto_claim import (
    PREMIUM_PLAN,
    SWITCH,
    URL,
    buy,
    buy_first,
    make,
    try_to_make,
    turn_on,
)
from tests.office import Office


async def test_the_feature_starts_off_and_no_policy_can_be_made(office: Office) -> None:
    assert (await office.admin.get(SWITCH)).json() == {"enabled": False, "changedAt": None}
    refused = await try_to_make(office)
    assert (refused.status_code, refused.json()["code"]) == (403, "featureOff")
    await turn_on(office)
    assert (await try_to_make(office)).status_code == 201


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.GLOBAL_ADMINISTRATOR])
async def test_only_a_global_administrator_makes_and_changes(office: Office, role: Role) -> None:
    await turn_on(office)
    await make(office)
    async with await office.as_role(role) as other:
        for method, path, body in (
            ("POST", URL, {"name": "Mine", "app": "powerAutomatePerUser"}),
            ("PATCH", f"{URL}/Makers", {"status": "off"}),
            ("DELETE", f"{URL}/Makers", None),
            ("PATCH", SWITCH, {"enabled": False}),
        ):
            answer = await other.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "roleMissing")
    assert (await office.admin.get(f"{URL}/Makers")).json()["status"] == "on"


@pytest.mark.parametrize("role", [Role.LICENSE_ADMINISTRATOR, Role.GLOBAL_READER])
async def test_policies_are_read_by_who_works_with_licenses(office: Office, role: Role) -> None:
    await turn_on(office)
    made = await make(office)
    async with await office.as_role(role) as reader:
        assert (await reader.get(f"{URL}/{made['id']}")).json() == made


async def test_the_list_has_five_columns(office: Office) -> None:
    await buy(office, "FLOW_PER_USER", 7)
    await turn_on(office)
    made = await make(office, app="powerAutomatePerUser", name="Flows")
    (row,) = (await office.admin.get(URL)).json()["value"]
    assert row == {
        "id": made["id"],
        "name": "Flows",
        "app": "Power Automate per User Plan",
        "product": "Power Automate per user",
        "availableLicenses": 7,
        "status": "on",
    }


async def test_a_preview_is_the_review_and_makes_nothing(office: Office) -> None:
    await turn_on(office)
    body = {"name": "Makers", "app": "powerApps"}
    seen = (await office.admin.post(f"{URL}?preview=true", json=body)).json()
    assert seen["result"]["products"][0]["skuPartNumber"] == "POWERAPPS_PER_USER"
    assert (await office.admin.get(URL)).json()["value"] == []
    digest = {"if-match": f'"{seen["digest"]}"'}
    assert (await office.admin.post(URL, json=body, headers=digest)).status_code == 201
    assert len((await office.admin.get(URL)).json()["value"]) == 1


async def test_the_detail_has_an_id_and_every_field(office: Office) -> None:
    await buy_first(office, "POWERAPPS_PER_USER", 3)
    await turn_on(office)
    group = (await office.admin.post("/api/identity/groups", json={"displayName": "Makers"})).json()
    made = await make(
        office,
        environmentScope="onlyManagedEnvironments",
        limitedTo=[group["id"]],
        claimsMax=10,
        releaseAfterDays=30,
        noticeDays=5,
        alertBelow=4,
        grantsRequests=False,
    )
    assert (await office.admin.get(f"{URL}/mAKERS")).json() == made
    plans = made["products"][0].pop("servicePlans")
    assert {plan["name"] for plan in plans if plan["enabled"]} >= {PREMIUM_PLAN}
    assert made.pop("products")[0]["availableLicenses"] == 3
    assert made.pop("id")
    assert made == {
        "name": "Makers",
        "app": {"id": "powerApps", "name": "Power Apps per User Plan"},
        "status": "on",
        "environmentScope": "onlyManagedEnvironments",
        "group": None,
        "limitedTo": [{"id": group["id"], "displayName": "Makers"}],
        "grantsRequests": False,
        "claimsMax": 10,
        "holders": 0,
        "noticeDays": 5,
        "releaseAfterDays": 30,
        "alertBelow": 4,
        "isLow": True,
        "effectiveFrom": "2026-11-21T09:00:00Z",
        "origin": "administrator",
        "createdAt": "2026-11-21T09:00:00Z",
    }


async def test_an_app_has_one_policy_and_a_name_one_owner(office: Office) -> None:
    await turn_on(office)
    made = await make(office)
    second = await try_to_make(office, name="More makers")
    assert (second.status_code, second.json()["policyId"]) == (400, made["id"])
    twin = await try_to_make(office, name="mAKERS", app="powerAutomatePerUser")
    assert (twin.status_code, twin.json()["code"]) == (400, "invalidValue")
    await make(office, name="Flows", app="powerAutomatePerUser")
    renamed = await office.admin.patch(f"{URL}/Flows", json={"name": "Makers"})
    assert (renamed.status_code, renamed.json()["code"]) == (400, "invalidValue")


async def test_a_policy_is_turned_off_and_on_and_deleted(office: Office) -> None:
    await turn_on(office)
    made = await make(office)
    off = await office.admin.patch(f"{URL}/Makers", json={"status": "off"})
    assert off.json() == {**made, "status": "off"}
    assert (await office.admin.get(URL)).json()["value"][0]["status"] == "off"
    on = await office.admin.patch(f"{URL}/Makers", json={"status": "on"})
    assert on.json() == made
    await office.admin.patch(SWITCH, json={"enabled": False})
    assert (await office.admin.get(URL)).json()["value"][0]["status"] == "feature off"
    assert (await office.admin.delete(f"{URL}/Makers")).status_code == 204
    gone = await office.admin.get(f"{URL}/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknownPolicy")
    await turn_on(office)
    # The app and the name are free again.
    assert (await make(office))["id"] != made["id"]


async def test_under_the_preset_entra_a_new_policy_waits_two_hours(office: Office) -> None:
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    await turn_on(office)
    assert (await make(office))["effectiveFrom"] == "2026-11-21T11:00:00Z"


async def test_the_scope_is_changed_and_the_history_says_from_what(office: Office) -> None:
    await turn_on(office)
    made = await make(office, environmentScope="onlyManagedEnvironments")
    changed = await office.admin.patch(
        f"{URL}/{made['id']}", json={"environmentScope": "allEnvironments"}
    )
    assert changed.json()["environmentScope"] == "allEnvironments"
    rows = (
        await office.admin.get(
            "/api/identity/licenses/assignment-history?kind=all&action=autoClaimPolicyUpdated"
        )
    ).json()["value"]
    assert [row["detail"]["changed"] for row in rows] == [
        {"environmentScope": {"before": "onlyManagedEnvironments", "after": "allEnvironments"}}
    ]


async def test_delivery_through_a_group_asks_that_the_group_gives_the_product(
    office: Office,
) -> None:
    await buy_first(office, "POWERAPPS_PER_USER", 3)
    await turn_on(office)
    group = (
        await office.admin.post("/api/identity/groups", json={"displayName": "Licensed makers"})
    ).json()
    refused = await try_to_make(office, group="Licensed makers")
    assert (refused.status_code, refused.json()["code"]) == (404, "notAssigned")
    given = await office.admin.post(
        f"/api/identity/groups/{group['id']}/licenses", json={"skuPartNumber": "POWERAPPS_PER_USER"}
    )
    assert given.status_code == 202, given.text
    made = await make(office, group=group["id"])
    assert made["group"] == {"id": group["id"], "displayName": "Licensed makers"}
    back = await office.admin.patch(f"{URL}/Makers", json={"group": None})
    assert back.json()["group"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": "3b241101-e2bb-4255-8caf-4136c566a962"},
        {"environmentScope": "someEnvironments"},
        {"claimsMax": 0},
        {"releaseAfterDays": 7},
        {"releaseAfterDays": 5, "noticeDays": 5},
        {"noticeDays": 0},
        {"alertBelow": -1},
        {"status": "feature off"},
        {"products": [{"skuPartNumber": "POWERAPPS_PER_USER", "skuId": "x"}]},
        {"products": [{}]},
        {"priority": 1},
    ],
)
async def test_what_does_not_fit_is_refused(office: Office, fields: dict[str, Any]) -> None:
    await turn_on(office)
    refused = await try_to_make(office, **fields)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert (await office.admin.get(URL)).json()["value"] == []


async def test_unknown_apps_products_and_groups_are_named(office: Office) -> None:
    await turn_on(office)
    unknown = await try_to_make(office, app="payroll")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknownApp")
    for fields, code in (
        ({"products": [{"skuPartNumber": "NO_SUCH"}]}, "unknownSku"),
        ({"limitedTo": ["nobody"]}, "unknownGroup"),
        (
            {"products": [{"skuPartNumber": "POWERAPPS_PER_USER", "disabledServicePlans": ["X"]}]},
            "servicePlanNotInSku",
        ),
    ):
        refused = await try_to_make(office, **fields)
        assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_each_edit_has_a_digest_of_its_own_and_only_that_edit_is_applied(
    office: Office,
) -> None:
    await turn_on(office)
    await make(office)

    async def preview(**fields: Any) -> str:
        url = f"{URL}/Makers?preview=true"
        answer = await office.admin.patch(url, json=fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["digest"])

    capped = await preview(claimsMax=5)
    assert capped == await preview(claimsMax=5)
    assert len({capped, await preview(claimsMax=6), await preview(status="off")}) == 3
    other = await office.admin.patch(
        f"{URL}/Makers", json={"claimsMax": 6}, headers={"if-match": f'"{capped}"'}
    )
    assert (other.status_code, other.json()["code"]) == (412, "worldMoved")
    assert "something else than then" in other.json()["detail"]
    await office.admin.patch(f"{URL}/Makers", json={"claimsMax": 3})
    late = await office.admin.patch(
        f"{URL}/Makers", json={"claimsMax": 5}, headers={"if-match": f'"{capped}"'}
    )
    assert late.status_code == 412, late.text
    again = await preview(claimsMax=5)
    done = await office.admin.patch(
        f"{URL}/Makers", json={"claimsMax": 5}, headers={"if-match": f'"{again}"'}
    )
    assert (done.status_code, done.json()["claimsMax"]) == (200, 5)
