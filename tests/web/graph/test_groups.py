"""`/groups`: groups, who is in them, who owns them, and questions about membership."""

from __future__ import annotations

import pytest

from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"
NOBODY = "11111111-1111-4111-8111-111111111111"


def at(id_: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{id_}"}


def ids(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [one["id"] for one in page["value"]]


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def test_a_group_is_made_read_changed_and_deleted(graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    url = "https://graph.microsoft.com/v1.0/users/"
    team = await graph.group(
        "Team",
        ada,
        groupTypes=["Unified"],
        mailEnabled=True,
        securityEnabled=False,
        visibility="Private",
        **{"owners@odata.bind": [url + bo]},
    )
    read = await graph.get(f"/groups/{team.upper()}")
    assert (read["groupTypes"], read["mailEnabled"], read["mailNickname"]) == (
        ["Unified"],
        True,
        "Team",
    )
    assert "assignedLicenses" not in read
    assert ids(await graph.get(f"/groups/{team}/Members")) == [ada]
    assert ids(await graph.get(f"/groups/{team}/Owners")) == [bo]
    await graph.done("PATCH", f"/groups/{team}", {"description": "Ours", "displayName": "Team A"})
    page = await graph.get("/groups?$filter=groupTypes/any(c:c eq 'Unified')&$expand=")
    assert [one["description"] for one in page["value"]] == ["Ours"]
    found = await graph.get("/groups?$filter=displayName eq 'team a' and mailNickname eq 'team'")
    assert ids(found) == [team]
    with_members = await graph.get(f"/groups/{team}?$select=id&$expand=members")
    assert [one["id"] for one in with_members["members"]] == [ada]
    await graph.done("DELETE", f"/groups/{team}")
    assert (await graph.refused("GET", f"/groups/{team}"))[0] == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"displayName": None}, "displayName"),
        ({"mailEnabled": True}, "mailEnabled"),
        ({"groupTypes": ["Other"]}, "groupTypes"),
        ({"groupTypes": "Unified"}, "groupTypes"),
        ({"hairColor": "red"}, "hairColor"),
        ({"theme": "blue"}, "theme"),
        ({"members@odata.bind": ["x"] * 21}, "20 is the most"),
        ({"members@odata.bind": ["https://x/v1.0/devices/1"]}, "Unsupported resource type"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_name(
    graph: Graph, change: dict[str, object], said: str
) -> None:
    body = {
        "displayName": "Team",
        "mailEnabled": False,
        "mailNickname": "team",
        "securityEnabled": True,
        **change,
    }
    status, code, message = await graph.refused("POST", "/groups", body)
    assert (status, code) == (400, "Request_BadRequest")
    assert said.casefold() in message.casefold()


async def test_members_join_and_leave_and_any_error_adds_nobody(
    office: Office, graph: Graph
) -> None:
    await bought(office, "SPE_E3", 5)
    ada, bo, cy = [await graph.person(name) for name in ("ada", "bo", "cy")]
    group = await graph.group("Staff", ada)
    order = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
    await graph.done("POST", f"/groups/{group}/assignLicense", order)
    await graph.done("POST", f"/groups/{group}/members/$ref", at(bo))
    read = await graph.get(f"/users/{bo}?$select=assignedLicenses")
    assert [one["skuId"] for one in read["assignedLicenses"]] == [E3]
    again = await graph.refused("POST", f"/groups/{group}/members/$ref", at(bo))
    assert again[0] == 400
    assert "already exist" in again[2]
    assert (await graph.refused("POST", f"/groups/{group}/members/$ref", at(NOBODY)))[0] == 404
    bind = {"members@odata.bind": [at(one)["@odata.id"] for one in (cy, NOBODY)]}
    assert (await graph.refused("PATCH", f"/groups/{group}", bind))[0] == 404
    assert ids(await graph.get(f"/groups/{group}/members")) == [ada, bo]
    await graph.done(
        "PATCH", f"/groups/{group}", {"members@odata.bind": bind["members@odata.bind"][:1]}
    )
    page = await graph.get(f"/groups/{group}/members/microsoft.graph.user?$select=id&$top=2")
    assert ids(page) == [ada, bo]
    rest = (await graph.ask("GET", page["@odata.nextLink"])).json()
    assert ids(rest) == [cy]
    await graph.done("DELETE", f"/groups/{group}/members/{bo}/$ref")
    assert (await graph.get(f"/users/{bo}?$select=assignedLicenses"))["assignedLicenses"] == []
    assert (await graph.refused("DELETE", f"/groups/{group}/members/{bo}/$ref"))[0] == 404
    refused = await graph.refused("DELETE", f"/groups/{group}")
    assert refused[:2] == (400, "Request_BadRequest")
    assert "product license assigned" in refused[2]


async def test_groups_inside_groups_are_members_and_are_followed(graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    inner = await graph.group("Inner", bo)
    outer = await graph.group("Outer", ada)
    await graph.done("POST", f"/groups/{outer}/members/$ref", at(inner))
    first = await graph.get(f"/groups/{outer}/members?$top=1")
    second = (await graph.ask("GET", first["@odata.nextLink"])).json()
    assert ids(first) + ids(second) == [ada, inner]
    assert second["value"][0]["@odata.type"] == "#microsoft.graph.group"
    assert ids(await graph.get(f"/groups/{outer}/members/microsoft.graph.group")) == [inner]
    assert ids(await graph.get(f"/groups/{outer}/transitiveMembers")) == [ada, bo, inner]
    assert ids(await graph.get(f"/users/{bo}/memberOf")) == [inner]
    assert ids(await graph.get(f"/users/{bo}/transitiveMemberOf")) == [inner, outer]
    assert ids(await graph.get(f"/groups/{inner}/memberOf")) == [outer]
    answer = await graph.done("POST", f"/users/{bo}/getMemberGroups", {"securityEnabledOnly": True})
    assert answer["value"] == [inner, outer]
    asked = {"groupIds": [outer, NOBODY]}
    for path in (f"/users/{bo}", f"/directoryObjects/{bo}"):
        assert (await graph.done("POST", f"{path}/checkMemberGroups", asked))["value"] == [outer]
    many = {"groupIds": [NOBODY] * 21}
    assert (await graph.refused("POST", f"/users/{bo}/checkMemberGroups", many))[0] == 400


async def test_owners_come_and_go(graph: Graph) -> None:
    ada = await graph.person("ada")
    group = await graph.group("Staff")
    await graph.done("POST", f"/groups/{group}/owners/$ref", at(ada))
    assert (await graph.refused("POST", f"/groups/{group}/owners/$ref", at(ada)))[0] == 400
    assert ids(await graph.get(f"/users/{ada}/ownedObjects")) == [group]
    await graph.done("DELETE", f"/groups/{group}/owners/{ada}/$ref")
    assert ids(await graph.get(f"/groups/{group}/owners")) == []
    assert (await graph.refused("DELETE", f"/groups/{group}/owners/{ada}/$ref"))[0] == 404


async def test_objects_are_found_by_id_whatever_they_are(graph: Graph) -> None:
    ada, group = await graph.person("ada"), await graph.group("Staff")
    assert (await graph.get(f"/directoryObjects/{ada}"))["@odata.type"] == "#microsoft.graph.user"
    both = await graph.done("POST", "/directoryObjects/getByIds", {"ids": [ada, group, NOBODY]})
    assert sorted(ids(both)) == sorted([ada, group])
    only = {"ids": [ada, group], "types": ["group"]}
    assert ids(await graph.done("POST", "/directoryObjects/getByIds", only)) == [group]
    assert (await graph.refused("GET", f"/directoryObjects/{NOBODY}"))[0] == 404


async def test_a_group_is_dynamic_as_long_as_it_has_a_rule(office: Office, graph: Graph) -> None:
    await bought(office, "AAD_PREMIUM", 5)
    ada = await graph.person("ada", department="Math")
    bo = await graph.person("bo", department="Art")
    rule = 'user.department -eq "Math"'
    group = await graph.group(
        "Math",
        groupTypes=["DynamicMembership"],
        membershipRule=rule,
        membershipRuleProcessingState="On",
        **{"members@odata.bind": []},
    )
    read = await graph.get(f"/groups/{group}")
    assert (read["groupTypes"], read["membershipRule"]) == (["DynamicMembership"], rule)
    assert read["membershipRuleProcessingState"] == "On"
    assert ids(await graph.get(f"/groups/{group}/members")) == [ada]
    assert (await graph.refused("POST", f"/groups/{group}/members/$ref", at(bo)))[0] == 400
    found = await graph.get("/groups?$filter=groupTypes/any(c:c eq 'DynamicMembership')")
    assert ids(found) == [group]
    paused = {"membershipRuleProcessingState": "Paused"}
    await graph.done("PATCH", f"/groups/{group}", paused)
    await graph.done("PATCH", f"/users/{bo}", {"department": "Math"})
    assert ids(await graph.get(f"/groups/{group}/members")) == [ada]
    await graph.done("PATCH", f"/groups/{group}", {"membershipRuleProcessingState": "On"})
    assert ids(await graph.get(f"/groups/{group}/members")) == [ada, bo]
    status, _, said = await graph.refused(
        "PATCH", f"/groups/{group}", {"membershipRule": "user.department -eq"}
    )
    assert status == 400, said
    await graph.done("PATCH", f"/groups/{group}", {"groupTypes": []})
    read = await graph.get(f"/groups/{group}")
    assert (read["groupTypes"], read["membershipRule"]) == ([], None)
    assert (await graph.refused("PATCH", f"/groups/{group}", {"membershipRule": rule}))[0] == 400
