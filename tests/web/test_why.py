"""Why somebody has a product or lacks it; whoever sends the calls of an answer sees it turn."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.bulk import csv_of, send_csv, upn
from tests.office import Office
from tests.world import add_group, add_people, set_seats

USERS = "/api/identity/users"


async def ask(office: Office, name: str, product: str) -> dict[str, Any]:
    """The answer about one person and one product."""
    answer = await office.admin.get(f"{USERS}/{upn(name)}/licenses/{product}/why")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def send(office: Office, call: dict[str, Any]) -> httpx.Response:
    """Send one suggested call as it stands."""
    body = {} if call["body"] is None else {"json": call["body"]}
    return await office.admin.request(call["method"], call["path"], **body)


async def follow(office: Office, why: dict[str, Any]) -> None:
    """Send every call of the smallest change, in its order."""
    calls = why["smallestChange"]["calls"]
    assert calls, why["smallestChange"]["words"]
    for call in calls:
        answer = await send(office, call)
        assert answer.status_code < 300, (call, answer.text)


async def assign(office: Office, name: str, product: str, **fields: Any) -> httpx.Response:
    """Assign by hand."""
    return await office.admin.post(
        f"{USERS}/{upn(name)}/licenses", json={"skuPartNumber": product, **fields}
    )


async def license_group(office: Office, group: str, product: str, **fields: Any) -> None:
    """License a group."""
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": product, **fields}
    )
    assert answer.status_code == 202, answer.text


async def buy(office: Office, product: str, units: int) -> None:
    """Buy seats over the API, so that there is a subscription."""
    answer = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": product, "units": units}
    )
    assert answer.status_code == 201, answer.text


async def use(office: Office, preset: str) -> None:
    """Choose the tenant's semantics."""
    answer = await office.admin.patch("/api/settings", json={"preset": preset})
    assert answer.status_code == 200, answer.text


async def test_a_holder_is_told_everything_that_keeps_the_product(office: Office) -> None:
    (ada,) = await add_people(office, "ada")
    await buy(office, "VISIOCLIENT", 5)
    inner = await add_group(office, "Drawing office", [ada])
    outer = await add_group(office, "Engineers")
    nested = await office.admin.post(
        f"/api/identity/groups/{outer}/members", json={"groups": [inner]}
    )
    assert nested.status_code == 200, nested.text
    await license_group(office, outer, "VISIOCLIENT", disabledServicePlans=["ONEDRIVE_BASIC"])
    await assign(office, "ada", "VISIOCLIENT")
    why = await ask(office, "ada", "VISIOCLIENT")
    assert why["outcome"] == "held"
    assert why["keptBy"] == ["a direct assignment", "the group Engineers"]
    group = next(link for link in why["chain"] if link["kind"] == "group")
    assert [step["displayName"] for step in group["path"]] == ["Drawing office", "Engineers"]
    assert all(step["since"] for step in group["path"])
    assert group["disabledServicePlans"] == ["ONEDRIVE_BASIC"]
    assert "ONEDRIVE_BASIC" not in group["gives"]
    assert {link["madeBy"] for link in why["chain"]} == {"local administrator"}
    assert all(plan["enabled"] for plan in why["servicePlans"])
    assert "the group Engineers (through Drawing office)" in why["sentence"]
    calls = why["smallestChange"]["calls"]
    assert [call["method"] for call in calls] == ["DELETE", "DELETE"]
    assert "Take ada out of the group Drawing office." in why["smallestChange"]["words"]
    await send(office, calls[0])
    assert (await ask(office, "ada", "VISIOCLIENT"))["outcome"] == "held"
    await send(office, calls[1])
    assert (await ask(office, "ada", "VISIOCLIENT"))["outcome"] == "notWished"


async def test_who_waits_is_told_their_place_and_how_many_seats_it_takes(office: Office) -> None:
    people = await add_people(office, "ada", "bob", "cyd", "dan", "eve")
    group = await add_group(office, "HR", people)
    await buy(office, "EXCHANGESTANDARD", 2)
    await license_group(office, group, "EXCHANGESTANDARD")
    why = await ask(office, "eve", "EXCHANGESTANDARD")
    assert (why["outcome"], why["rules"]["seats"]["place"]) == ("waiting", 3)
    assert "2 of 2 are in use, and 2 people are before them" in why["sentence"]
    (call,) = why["smallestChange"]["calls"]
    assert (call["method"], call["body"]) == ("PATCH", {"units": 5})
    assert why["smallestChange"]["otherPeople"] == 2
    await follow(office, why)
    assert (await ask(office, "eve", "EXCHANGESTANDARD"))["outcome"] == "held"


async def test_fewer_seats_than_the_answer_says_are_not_enough(office: Office) -> None:
    people = await add_people(office, "ada", "bob", "cyd", "dan", "eve")
    group = await add_group(office, "HR", people)
    await buy(office, "EXCHANGESTANDARD", 2)
    await license_group(office, group, "EXCHANGESTANDARD")
    (call,) = (await ask(office, "eve", "EXCHANGESTANDARD"))["smallestChange"]["calls"]
    await send(office, call | {"body": {"units": call["body"]["units"] - 1}})
    assert (await ask(office, "eve", "EXCHANGESTANDARD"))["outcome"] == "waiting"


async def test_whom_nothing_gives_a_product_may_join_a_group_or_be_assigned(
    office: Office,
) -> None:
    ada, _ = await add_people(office, "ada", "bob")
    await buy(office, "VISIOCLIENT", 5)
    group = await add_group(office, "Engineers", [ada])
    why = await ask(office, "bob", "VISIOCLIENT")
    assert (why["outcome"], why["chain"]) == ("notWished", [])
    (call,) = why["smallestChange"]["calls"]
    assert (call["method"], call["path"].rsplit("/", 1)[1]) == ("POST", "licenses")
    await license_group(office, group, "VISIOCLIENT")
    why = await ask(office, "bob", "VISIOCLIENT")
    assert "Add bob to the group Engineers" in why["smallestChange"]["words"]
    await follow(office, why)
    assert (await ask(office, "bob", "VISIOCLIENT"))["keptBy"] == ["the group Engineers"]


async def test_two_moves_are_named_when_one_is_not_enough(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, "VISIOCLIENT", 1)
    await assign(office, "ada", "VISIOCLIENT")
    why = await ask(office, "bob", "VISIOCLIENT")
    assert why["smallestChange"]["moves"] == 2
    assert [call["method"] for call in why["smallestChange"]["calls"]] == ["PATCH", "POST"]
    await follow(office, why)
    assert (await ask(office, "bob", "VISIOCLIENT"))["outcome"] == "held"


async def test_products_that_exclude_each_other_are_both_named_with_the_service_plans(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bob", "cyd")
    for product in ("EXCHANGESTANDARD", "EXCHANGEDESKLESS"):
        await buy(office, product, 9)
    await assign(office, "ada", "EXCHANGEDESKLESS")
    group = await add_group(office, "Office", people)
    await license_group(office, group, "EXCHANGESTANDARD")
    why = await ask(office, "ada", "EXCHANGESTANDARD")
    assert (why["outcome"], why["reasons"]) == ("denied", ["conflictingServicePlans"])
    (clash,) = why["rules"]["exclusions"]
    assert clash["servicePlan"] == "Exchange Online (Plan 1)"
    assert clash["otherProduct"]["skuPartNumber"] == "EXCHANGEDESKLESS"
    assert clash["held"]
    assert "exclude each other" in why["sentence"]
    # Taking one service plan from ada touches nobody else; the group's license touches two.
    (call,) = why["smallestChange"]["calls"]
    assert (call["method"], why["smallestChange"]["otherPeople"]) == ("PATCH", 0)
    assert call["body"] == {"disabledServicePlans": ["EXCHANGE_S_DESKLESS"]}
    await follow(office, why)
    assert (await ask(office, "ada", "EXCHANGESTANDARD"))["outcome"] == "held"


async def test_a_missing_prerequisite_is_named_with_what_would_supply_it(office: Office) -> None:
    (ada,) = await add_people(office, "ada")
    await buy(office, "MCOMEETADV", 5)
    await buy(office, "SPE_E3", 5)
    group = await add_group(office, "Callers", [ada])
    await license_group(office, group, "MCOMEETADV")
    why = await ask(office, "ada", "MCOMEETADV")
    assert why["reasons"] == ["dependencyMissing"]
    (need,) = why["rules"]["dependencies"]
    assert not need["met"]
    assert [one["skuPartNumber"] for one in need["wouldSupply"]] == ["SPE_E3"]
    await follow(office, why)
    after = await ask(office, "ada", "MCOMEETADV")
    assert after["outcome"] == "held"


async def test_a_missing_usage_location_is_set_to_where_the_others_are(office: Office) -> None:
    await add_people(office, "bob", "cyd", location="SE")
    await add_people(office, "ada", location=None)
    await buy(office, "VISIOCLIENT", 5)
    why = await ask(office, "ada", "VISIOCLIENT")
    assert why["smallestChange"]["moves"] == 2
    first, second = why["smallestChange"]["calls"]
    assert first["body"] == {"usageLocation": "SE"}
    assert second["method"] == "POST"
    await follow(office, why)
    assert (await ask(office, "ada", "VISIOCLIENT"))["rules"]["location"]["usageLocation"] == "SE"


async def test_a_later_start_and_a_past_end_are_told_with_their_dates(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, "VISIOCLIENT", 5)
    await assign(office, "ada", "VISIOCLIENT", startsAt="2026-12-24T08:00:00Z")
    why = await ask(office, "ada", "VISIOCLIENT")
    assert (why["outcome"], why["chain"][0]["state"]) == ("scheduled", "scheduled")
    assert "2026-12-24" in why["sentence"]
    await follow(office, why)
    assert (await ask(office, "ada", "VISIOCLIENT"))["outcome"] == "held"
    await assign(office, "bob", "VISIOCLIENT", expiresAt="2026-11-22T08:00:00Z")
    office.clock.move(days=2)
    why = await ask(office, "bob", "VISIOCLIENT")
    assert why["chain"][0]["state"] == "expired"


async def test_under_entra_a_free_seat_comes_with_looking_again(office: Office) -> None:
    people = await add_people(office, "ada", "bob")
    await buy(office, "SPE_E3", 1)
    await use(office, "entra")
    group = await add_group(office, "HR", people)
    await license_group(office, group, "SPE_E3")
    await set_seats(office, "SPE_E3", 2)
    why = await ask(office, "bob", "SPE_E3")
    assert why["outcome"] == "waiting"
    (call,) = why["smallestChange"]["calls"]
    assert call["path"].endswith("/reprocess")
    await follow(office, why)
    assert (await ask(office, "bob", "SPE_E3"))["outcome"] == "held"


async def test_under_entra_a_failed_sibling_is_named(office: Office) -> None:
    (ada,) = await add_people(office, "ada")
    await buy(office, "SPE_E3", 5)
    await use(office, "entra")
    group = await add_group(office, "HR", [ada])
    await license_group(office, group, "SPE_E3")
    other = await add_group(office, "Sales", [])
    await license_group(office, other, "VISIOCLIENT")
    await license_group(office, other, "POWERAPPS_PER_USER")
    await buy(office, "VISIOCLIENT", 1)
    joined = await office.admin.post(
        f"/api/identity/groups/{other}/members", json={"users": [upn("ada")]}
    )
    assert joined.status_code == 200, joined.text
    why = await ask(office, "ada", "VISIOCLIENT")
    assert why["reasons"] == ["siblingFailed"]
    (sibling,) = why["rules"]["siblings"]
    assert sibling["product"]["skuPartNumber"] == "POWERAPPS_PER_USER"
    await follow(office, why)
    assert (await ask(office, "ada", "VISIOCLIENT"))["outcome"] == "held"


async def test_what_a_bulk_job_gave_names_the_job(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, "VISIOCLIENT", 5)
    job = await send_csv(office, csv_of(f"{upn('ada')},VISIOCLIENT"))
    (link,) = (await ask(office, "ada", "VISIOCLIENT"))["chain"]
    assert (link["strategy"], link["job"]["kind"]) == ("bulk", "bulk")
    assert link["job"]["id"] == job["jobId"]


async def test_a_product_for_the_whole_organisation_has_no_change_that_would_do(
    office: Office,
) -> None:
    await add_people(office, "ada")
    why = await ask(office, "ada", "POWERAPPS_PER_APP")
    assert why["smallestChange"]["calls"] == []
    assert "whole organisation" in why["smallestChange"]["words"]


@pytest.mark.parametrize(
    ("name", "product", "code"),
    [("nobody", "SPE_E3", "unknownUser"), ("ada", "NO_SUCH", "unknownSku")],
)
async def test_what_does_not_exist_is_not_found(
    office: Office, name: str, product: str, code: str
) -> None:
    await add_people(office, "ada")
    answer = await office.admin.get(f"{USERS}/{upn(name)}/licenses/{product}/why")
    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_asking_writes_nothing(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, "VISIOCLIENT", 5)
    await ask(office, "ada", "VISIOCLIENT")
    held = await office.admin.get(f"{USERS}/{upn('ada')}/licenses")
    assert held.json()["value"] == []
