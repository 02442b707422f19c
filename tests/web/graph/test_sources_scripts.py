"""The scripts of the sources as calls of Graph: bulk, joiners, moving from direct to group."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought

FILE = "\n".join(("UserEmail", *(f"{name}@contoso.example" for name in ("ada", "BO", "no", "cy"))))
JSON = {"Content-Type": "application/json"}

Step = dict[str, Any]


@pytest.fixture
async def graph(office: Office) -> Graph:
    """A surface where Power Apps and Power Automate are bought, with few seats."""
    await bought(office, "POWERAPPS_PER_USER", 2)
    await bought(office, "FLOW_PER_USER", 5)
    await bought(office, "POWER_AUTOMATE_ATTENDED_RPA", 5)
    return Graph(office)


async def _sku(graph: Graph, part_number: str) -> str:
    """What the scripts do: read all products, and take the one with this part number."""
    found = (await graph.get("/subscribedSkus"))["value"]
    return next(str(one["skuId"]) for one in found if one["skuPartNumber"] == part_number)


def _order(*add: str, remove: tuple[str, ...] = ()) -> Step:
    adding = [{"skuId": sku, "disabledPlans": []} for sku in add]
    return {"addLicenses": adding, "removeLicenses": list(remove)}


def _post(id_: str, url: str, body: Step, *after: str, method: str = "POST") -> Step:
    step = {"id": id_, "method": method, "url": url, "headers": JSON, "body": body}
    return {**step, "dependsOn": list(after)} if after else step


async def _batch(graph: Graph, *steps: Step) -> dict[str, Step]:
    done = await graph.done("POST", "/$batch", {"requests": list(steps)})
    return {one["id"]: one for one in done["responses"]}


def _code(answer: Step) -> str:
    return str(answer["body"]["error"]["details"][0]["code"])


async def _parts(graph: Graph, person: str) -> set[str]:
    details = await graph.get(f"/users/{person}/licenseDetails")
    return {one["skuPartNumber"] for one in details["value"]}


async def test_the_bulk_script_licenses_who_is_in_its_file_and_says_what_came_of_each(
    graph: Graph,
) -> None:
    """T-020, T-021, T-024, T-026, T-027, T-029."""
    for name in ("ada", "bo", "cy"):
        await graph.person(name)
    sku = await _sku(graph, "POWERAPPS_PER_USER")
    people = [row["UserEmail"] for row in csv.DictReader(io.StringIO(FILE))]
    answers = await _batch(
        graph, *(_post(one, f"/users/{one}/assignLicense", _order(sku)) for one in people)
    )
    assert {one: answers[one]["status"] for one in people} == dict(
        zip(people, (200, 200, 404, 400), strict=True)
    )
    assert _code(answers[people[2]]) == "unknownUser"
    assert _code(answers[people[3]]) == "noSeatLeft"
    assert await _parts(graph, "bo@contoso.example") == {"POWERAPPS_PER_USER"}


async def test_joiners_come_with_all_they_need_and_a_department_moves(graph: Graph) -> None:
    """T-022, T-023."""
    apps, flow = [await _sku(graph, one) for one in ("POWERAPPS_PER_USER", "FLOW_PER_USER")]
    joiner = {
        "accountEnabled": True,
        "displayName": "Dee",
        "mailNickname": "dee",
        "userPrincipalName": "dee@contoso.example",
        "passwordProfile": {"password": "a long one"},
    }
    path = "/users/dee@contoso.example"
    answers = await _batch(
        graph,
        _post("license", f"{path}/assignLicense", _order(apps), "place"),
        _post("place", path, {"usageLocation": "NO", "department": "R&D"}, "make", method="PATCH"),
        _post("make", "/users", joiner),
    )
    assert {id_: one["status"] for id_, one in answers.items()} == {
        "make": 201,
        "place": 204,
        "license": 200,
    }
    query = "/users?$filter=department eq 'R%26D'&$select=id"
    moving = [one["id"] for one in (await graph.get(query))["value"]]
    assert len(moving) == 1
    order = _order(flow, remove=(apps,))
    await _batch(graph, *(_post(id_, f"/users/{id_}/assignLicense", order) for id_ in moving))
    assert await _parts(graph, moving[0]) == {"FLOW_PER_USER"}


async def test_the_script_that_moves_people_from_direct_to_group(graph: Graph) -> None:
    """T-116 to T-121: review, find, join, see that it is effective, drop the direct one."""
    flow, rpa = [await _sku(graph, p) for p in ("FLOW_PER_USER", "POWERAUTOMATE_ATTENDED_RPA")]
    ada, bo = await graph.person("ada"), await graph.person("bo")
    group = await graph.group("Makers")
    await graph.done("POST", f"/users/{ada}/assignLicense", _order(flow, rpa))
    await graph.done("POST", f"/groups/{group}/assignLicense", _order(flow))
    # Review: who has it by hand.
    query = f"/users?$filter=assignedLicenses/any(x:x/skuId eq {flow})&$select=id"
    assert [one["id"] for one in (await graph.get(query))["value"]] == [ada]
    assert await _sources(graph, ada, flow) == {None: "Active"}
    # Find the person by address, name and id, the group by name and id.
    for key in (ada, "ADA@contoso.example"):
        assert (await graph.get(f"/users/{key}"))["id"] == ada
    named = await graph.get("/users?$filter=displayName eq 'Ada'")
    assert [one["id"] for one in named["value"]] == [ada]
    named = await graph.get("/groups?$filter=displayName eq 'makers'")
    assert [one["id"] for one in named["value"]] == [group]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{ada}"}
    await graph.done("POST", f"/groups/{group}/members/$ref", reference)
    assert await _sources(graph, ada, flow) == {None: "Active", group: "Active"}
    await graph.done("POST", f"/users/{ada}/assignLicense", _order(remove=(flow,)))
    assert await _sources(graph, ada, flow) == {group: "Active"}
    # What the group gives is not taken from the person, and what nobody gives even less.
    for person, reason in ((ada, "inheritedAssignment"), (bo, "notAssigned")):
        path = f"/users/{person}/assignLicense"
        answer = await graph.ask("POST", path, _order(remove=(flow,)))
        assert answer.status_code == 400
        assert answer.json()["error"]["details"][0]["code"] == reason
    assert await _parts(graph, ada) == {"FLOW_PER_USER", "POWERAUTOMATE_ATTENDED_RPA"}


async def test_a_move_waits_while_the_group_has_no_seat_to_give(graph: Graph) -> None:
    """T-122: the state of the group's row says when it is effective."""
    apps = await _sku(graph, "POWERAPPS_PER_USER")
    ada, bo, cy = [await graph.person(name) for name in ("ada", "bo", "cy")]
    group = await graph.group("Makers", ada, bo, cy)
    await graph.done("POST", f"/groups/{group}/assignLicense", _order(apps))
    states = [await _sources(graph, one, apps) for one in (ada, bo, cy)]
    assert sorted(one[group] for one in states) == ["Active", "Active", "Error"]
    waiting = (ada, bo, cy)[[one[group] for one in states].index("Error")]
    holder = next(one for one in (ada, bo, cy) if one != waiting)
    await graph.done("DELETE", f"/groups/{group}/members/{holder}/$ref")
    assert await _sources(graph, waiting, apps) == {group: "Active"}


async def _sources(graph: Graph, person: str, sku: str) -> dict[str | None, str]:
    """The state of a product by what gives it: a group's id, None where it is direct."""
    read = await graph.get(f"/users/{person}?$select=licenseAssignmentStates")
    rows = read["licenseAssignmentStates"]
    return {one["assignedByGroup"]: one["state"] for one in rows if one["skuId"] == sku}


async def test_paths_name_people_groups_and_products_and_what_is_unknown_is_404(
    office: Office, graph: Graph
) -> None:
    """T-216, T-217, T-158."""
    ada, group = await graph.person("ada"), await graph.group("Makers")
    flow = await _sku(graph, "FLOW_PER_USER")
    await graph.done("POST", "/users/ada@contoso.example/assignLicense", _order(flow))
    tenant = office.made.tenant.id
    for path in (
        f"/users/{ada}",
        "/users/ada%40contoso.example",
        f"/groups/{group}",
        f"/subscribedSkus/{tenant}_{flow}",
        f"/users/{ada}/licenseDetails/{flow}",
    ):
        await graph.get(path)
    nobody = "11111111-1111-4111-8111-111111111111"
    for path, code in (
        (f"/users/{nobody}", "unknownUser"),
        ("/users/nobody@contoso.example/licenseDetails", "unknownUser"),
        (f"/groups/{nobody}", "unknownGroup"),
        (f"/subscribedSkus/{tenant}_{nobody}", "unknownPath"),
        (f"/users/{ada}/licenseDetails/{nobody}", "unknownPath"),
    ):
        answer = await graph.ask("GET", path)
        assert answer.status_code == 404, path
        assert answer.json()["error"]["code"] == "Request_ResourceNotFound"
        assert answer.json()["error"]["details"][0]["code"] == code
    # The ids of groups that came from elsewhere are Graph's ids.
    for row in (await office.admin.get("/api/identity/groups")).json()["value"]:
        assert (await graph.get(f"/groups/{row['id']}"))["displayName"] == row["displayName"]
