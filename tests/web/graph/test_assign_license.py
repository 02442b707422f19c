"""`assignLicense` and what it leaves behind, with the sentences that clients match (§2.6)."""

from __future__ import annotations

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"
EXCHANGE = "efb87545-963c-4e0d-99df-69c6916d9eb0"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
F1 = "50f60901-3181-4b75-8a2c-4c8e4c1d5a72"


def order(
    *add: str, remove: tuple[str, ...] = (), disabled: tuple[str, ...] = ()
) -> dict[str, object]:
    return {
        "addLicenses": [{"skuId": sku, "disabledPlans": list(disabled)} for sku in add],
        "removeLicenses": list(remove),
    }


async def has(graph: Graph, person: str) -> dict[str, list[str]]:
    read = await graph.get(f"/users/{person}?$select=assignedLicenses")
    return {one["skuId"]: sorted(one["disabledPlans"]) for one in read["assignedLicenses"]}


async def consumed(graph: Graph) -> dict[str, int]:
    page = await graph.get("/subscribedSkus")
    return {one["skuId"]: one["consumedUnits"] for one in page["value"]}


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def test_products_are_given_changed_swapped_and_taken(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 2)
    await bought(office, "SPE_E5", 2)
    ada = await graph.person("ada")
    answer = await graph.done(
        "POST", "/users/ADA@contoso.example/assignLicense", order(E3, disabled=(EXCHANGE,))
    )
    assert answer["id"] == ada
    assert answer["assignedLicenses"] == [{"skuId": E3, "disabledPlans": [EXCHANGE]}]
    details = (await graph.get(f"/users/{ada}/licenseDetails"))["value"]
    states = {
        plan["servicePlanId"]: plan["provisioningStatus"] for plan in details[0]["servicePlans"]
    }
    assert states[EXCHANGE] == "Disabled"
    assert states[TEAMS] == "Success"
    one = await graph.get(f"/users/{ada}/licenseDetails/{details[0]['id']}")
    assert one["skuPartNumber"] == "SPE_E3"
    some = await graph.get(f"/users/{ada}/licenseDetails?$select=SkuPartNumber")
    assert some["value"] == [{"skuPartNumber": "SPE_E3"}]
    # The list that is sent replaces the one that is stored, and no second seat is used (ASN-005).
    await graph.done("POST", f"/users/{ada}/assignLicense", order(E3, disabled=(TEAMS,)))
    assert await has(graph, ada) == {E3: [TEAMS]}
    assert (await consumed(graph))[E3] == 1
    await graph.done("POST", f"/users/{ada}/assignLicense", order(E5, remove=(E3,)))
    assert await has(graph, ada) == {E5: []}
    assert await consumed(graph) == {E3: 0, E5: 1}
    await graph.done("POST", f"/users/{ada}/assignLicense", order(remove=(E5,)))
    assert await has(graph, ada) == {}


async def test_every_refusal_says_what_clients_match_and_changes_nothing(
    office: Office, graph: Graph
) -> None:
    await bought(office, "SPE_E3", 1)
    ada, bo = await graph.person("ada"), await graph.person("bo")
    nowhere = await graph.person("cy", usageLocation=None)
    await graph.done("POST", f"/users/{ada}/assignLicense", order(E3))
    unknown = "11111111-1111-4111-8111-111111111111"
    url = f"/users/{bo}/assignLicense"
    for path, body, fragment in (
        (url, {"addLicenses": []}, "missing parameters are: removeLicenses"),
        (url, {"removeLicenses": []}, "missing parameters are: addLicenses"),
        (url, order(), "No license changes provided"),
        (url, order(E3), "does not have any available licenses"),
        (url, order(unknown), "does not correspond to a valid company License"),
        (url, order(E5), "does not correspond to a valid company License"),
        (url, order(remove=(unknown,)), "does not correspond to a valid company License"),
        (url, order(remove=(E3,)), "does not have a corresponding license"),
        (url, order(E3, remove=(E3,)), "Duplicate SKU"),
        (url, order("no-guid"), "Edm.Guid"),
        (url, order(E3, disabled=(unknown,)), "does not belong to the subscription"),
        (f"/users/{nowhere}/assignLicense", order(E3), "invalid usage location"),
    ):
        status, code, message = await graph.refused("POST", path, body)
        assert (status, code) == (400, "Request_BadRequest"), body
        assert fragment in message, (fragment, message)
    assert (await graph.refused("POST", f"/users/{unknown}/assignLicense", order(E3)))[:2] == (
        404,
        "Request_ResourceNotFound",
    )
    assert await has(graph, bo) == {}
    assert (await consumed(graph))[E3] == 1


async def test_mutually_exclusive_service_plans_are_refused_by_their_ids(
    office: Office, graph: Graph
) -> None:
    await bought(office, "SPE_E3", 2)
    await bought(office, "SPE_F1", 2)
    ada = await graph.person("ada")
    await graph.done("POST", f"/users/{ada}/assignLicense", order(E3))
    skus = {
        one["skuPartNumber"]: one["skuId"] for one in (await graph.get("/subscribedSkus"))["value"]
    }
    status, _, message = await graph.refused(
        "POST", f"/users/{ada}/assignLicense", order(skus["SPE_F1"])
    )
    assert status == 400
    assert "are mutually exclusive" in message


async def test_a_group_gives_what_it_is_told_and_direct_and_group_use_one_seat(
    office: Office, graph: Graph
) -> None:
    await bought(office, "SPE_E3", 2)
    await bought(office, "SPE_E5", 2)
    ada = await graph.person("ada")
    group = await graph.group("Staff", ada)
    answer = await graph.ask(
        "POST", f"/groups/{group}/assignLicense", order(E3, disabled=(EXCHANGE,))
    )
    assert answer.status_code == 202
    assert answer.headers["location"].endswith(f"/groups/{group}")
    await graph.done("POST", f"/users/{ada}/assignLicense", order(E3, disabled=(TEAMS,)))
    # On if any source leaves it on (GBL-022), and one seat (GBL-021).
    assert await has(graph, ada) == {E3: []}
    assert (await consumed(graph))[E3] == 1
    read = await graph.get(f"/users/{ada}?$select=licenseAssignmentStates")
    states = {
        one["assignedByGroup"]: (one["state"], one["disabledPlans"])
        for one in read["licenseAssignmentStates"]
    }
    assert states == {None: ("Active", [TEAMS]), group: ("Active", [EXCHANGE])}
    await graph.done("POST", f"/users/{ada}/assignLicense", order(remove=(E3,)))
    assert await has(graph, ada) == {E3: [EXCHANGE]}
    _, _, message = await graph.refused("POST", f"/users/{ada}/assignLicense", order(remove=(E3,)))
    assert "inherited from a group membership" in message
    # A swap on the group is one change (GBL-046).
    await graph.done("POST", f"/groups/{group}/assignLicense", order(E5, remove=(E3,)))
    assert await has(graph, ada) == {E5: []}
    shown = await graph.get(f"/groups/{group}?$select=assignedLicenses,licenseProcessingState")
    assert shown["assignedLicenses"] == [{"skuId": E5, "disabledPlans": []}]
    assert shown["licenseProcessingState"] == {"state": "ProcessingComplete"}
    _, _, message = await graph.refused(
        "POST", f"/groups/{group}/assignLicense", order(remove=(E3,))
    )
    assert "corresponding license" in message


async def test_members_with_errors_are_found_and_reprocessed(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 1)
    ada, bo = await graph.person("ada"), await graph.person("bo")
    group = await graph.group("Staff", ada, bo)
    other = await graph.group("Other")
    await graph.done("POST", f"/groups/{group}/assignLicense", order(E3))
    failing = (await graph.get(f"/groups/{group}/membersWithLicenseErrors"))["value"]
    assert len(failing) == 1
    assert failing[0]["@odata.type"] == "#microsoft.graph.user"
    page = await graph.get("/groups?$filter=hasMembersWithLicenseErrors eq true")
    assert [one["id"] for one in page["value"]] == [group]
    assert "hasMembersWithLicenseErrors" not in page["value"][0]
    page = await graph.get(f"/groups?$filter=assignedLicenses/any(x:x/skuId eq {E3})")
    assert [one["id"] for one in page["value"]] == [group]
    assert other not in str(page)
    person = failing[0]["id"]
    read = await graph.get(f"/users/{person}?$select=licenseAssignmentStates")
    (state,) = read["licenseAssignmentStates"]
    assert (state["state"], state["error"]) == ("Error", "CountViolation")
    await bought(office, "SPE_E3", 1)
    again = await graph.done("POST", f"/users/{person}/reprocessLicenseAssignment")
    assert again["id"] == person
    assert await has(graph, person) == {E3: []}
