"""Beta `cloudLicensing`: pools, wishes, rights, errors and who waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought, error_of

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
ROOT = "/beta/admin/cloudLicensing"


@pytest.fixture
async def scarce(office: Office) -> tuple[Office, list[str], str]:
    """One seat, a group of three people that asks for it, and a wish for one of them alone."""
    await bought(office, "SPE_E3", 1)
    graph = Graph(office)
    people = [await graph.person(name) for name in ("ada", "grace", "mary")]
    group = await graph.group("Analysts", *people)
    body = {"addLicenses": [{"skuId": E3, "disabledPlans": []}], "removeLicenses": []}
    await graph.done("POST", f"/groups/{group}/assignLicense", body)
    return office, people, group


async def _value(office: Office, path: str) -> list[dict[str, Any]]:
    answer = await office.admin.get(path)
    assert answer.status_code == 200, answer.text
    value: list[dict[str, Any]] = answer.json()["value"]
    return value


async def test_a_pool_says_its_units_services_and_purchases(
    scarce: tuple[Office, list[str], str],
) -> None:
    office, _, _ = scarce
    (pool,) = await _value(office, f"{ROOT}/allotments")
    assert (pool["id"], pool["skuPartNumber"]) == (E3, "SPE_E3")
    assert (pool["allottedUnits"], pool["consumedUnits"]) == (1, 1)
    assert pool["assignableTo"] == "user,group"
    assert pool["subscriptions"][0]["state"] == "active"
    assert {"planId", "planName", "assignableTo"} == pool["services"][0].keys()
    one = await office.admin.get(f"{ROOT}/allotments/{E3.upper()}")
    assert one.json()["id"] == E3
    missing = await office.admin.get(f"{ROOT}/allotments/nothing")
    assert error_of(missing)["code"] == "Request_ResourceNotFound"


async def test_wishes_rights_and_errors_tell_one_story(
    scarce: tuple[Office, list[str], str],
) -> None:
    office, people, group = scarce
    (wish,) = await _value(office, f"{ROOT}/assignments")
    assert wish["assignedTo"] == {"@odata.type": "#microsoft.graph.group", "id": group}
    assert wish["disabledServicePlanIds"] == []
    holders = [
        person
        for person in people
        if await _value(office, f"/beta/users/{person}/cloudLicensing/usageRights")
    ]
    errors = await _value(office, f"{ROOT}/assignmentErrors")
    assert len(holders) == 1
    assert {one["assignedTo"]["id"] for one in errors} == set(people) - set(holders)
    assert {one["code"] for one in errors} == {"noAvailableLicenses"}
    waiting = await _value(office, f"{ROOT}/allotments/{E3}/waitingMembers")
    assert {one["assignedTo"]["id"] for one in waiting} == set(people) - set(holders)
    (right,) = await _value(office, f"/beta/users/{holders[0]}/cloudLicensing/usageRights")
    assert right["skuId"] == E3
    assert len(right["services"]) > 10


async def test_lists_are_paged_without_repeats(scarce: tuple[Office, list[str], str]) -> None:
    office, people, _ = scarce
    for path in (f"{ROOT}/assignmentErrors", f"{ROOT}/allotments/{E3}/waitingMembers"):
        first = (await office.admin.get(f"{path}?$top=1")).json()
        assert len(first["value"]) == 1
        second = (await office.admin.get(first["@odata.nextLink"])).json()
        assert len(second["value"]) == 1
        assert "@odata.nextLink" not in second
        both = {one["assignedTo"]["id"] for one in first["value"] + second["value"]}
        assert len(both) == 2
        assert both < set(people)


async def test_a_wish_for_one_person_is_listed_under_them(
    scarce: tuple[Office, list[str], str],
) -> None:
    office, people, _ = scarce
    await bought(office, "SPE_E3", 5)
    plan = "efb87545-963c-4e0d-99df-69c6916d9eb0"
    body = {"addLicenses": [{"skuId": E3, "disabledPlans": [plan]}], "removeLicenses": []}
    await Graph(office).done("POST", f"/users/{people[0]}/assignLicense", body)
    (wish,) = await _value(office, f"/beta/users/{people[0]}/cloudLicensing/assignments")
    assert wish["disabledServicePlanIds"] == [plan]
    assert wish["assignedTo"]["id"] == people[0]
    assert await _value(office, f"/beta/users/{people[1]}/cloudLicensing/assignments") == []


@pytest.mark.parametrize(
    "query", ["$top=0", "$top=x", "$skiptoken=x", "$skiptoken=WzFd", "$filter=a"]
)
async def test_what_is_asked_badly_is_refused(office: Office, query: str) -> None:
    answer = await office.admin.get(f"{ROOT}/assignmentErrors?{query}")
    assert answer.status_code == 400
    assert error_of(answer)["code"].startswith("Request_")


async def test_it_is_beta_only(office: Office) -> None:
    assert (await office.admin.get("/v1.0/admin/cloudLicensing/allotments")).status_code == 404
