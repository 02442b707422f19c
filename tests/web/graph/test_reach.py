"""What lists reach: filters of purchases, relations of groups, and people who are gone for good."""

from __future__ import annotations

import pytest

from seatwright.domain.history import HistoryAction
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought
from tests.web.graph.test_delta import round_of


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def test_purchases_are_filtered_by_what_the_table_has(office: Office, graph: Graph) -> None:
    small, large = await bought(office, "SPE_E3", 5), await bought(office, "SPE_E5", 70)
    await office.admin.patch(
        f"/api/subscriptions/{small['id']}", json={"status": "Suspended", "external": True}
    )
    for filter_, found in {
        "status eq 'enabled'": [large],
        "not (status eq 'Enabled') and isTrial eq false": [small],
        "totalLicenses gt 5": [large],
        "totalLicenses le 70 and startsWith(skuPartNumber, 'spe_')": [small, large],
        f"id in ({small['id']}, {large['id']})": [small, large],
        "skuId eq '05e9a617-0261-4cee-bb44-138d3ef5d965'": [small],
        "createdDateTime gt 2027-01-01": [],
    }.items():
        read = await graph.get(f"/directory/subscriptions?$filter={filter_}&$select=id")
        assert {one["id"] for one in read["value"]} == {one["id"] for one in found}, filter_
    for query in ("$filter=ownerType eq 'User'", "$filter=skuPartNumber gt 'a'", "$top=1",
                  "$filter=serviceStatus/any(s:s/servicePlanName eq 'x')"):  # fmt: skip
        status, code, _ = await graph.refused("GET", f"/directory/subscriptions?{query}")
        assert (status, code) == (400, "Request_UnsupportedQuery"), query


async def test_a_list_of_groups_brings_members_and_owners_along(graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    url = "https://graph.microsoft.com/v1.0/users/"
    staff = await graph.group("Staff", ada, bo, **{"owners@odata.bind": [f"{url}{bo}"]})
    inner = await graph.group("Inner")
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{inner}"}
    await graph.done("POST", f"/groups/{staff}/members/$ref", body)
    read = await graph.get("/groups?$select=displayName&$expand=members($select=id),owners")
    by_name = {one["displayName"]: one for one in read["value"]}
    user, group = "#microsoft.graph.user", "#microsoft.graph.group"
    assert by_name["Staff"]["members"] == [
        {"@odata.type": user, "id": ada},
        {"@odata.type": user, "id": bo},
        {"@odata.type": group, "id": inner},
    ]
    assert [one["displayName"] for one in by_name["Staff"]["owners"]] == ["Bo"]
    assert (by_name["Inner"]["members"], by_name["Inner"]["owners"]) == ([], [])
    one = await graph.get(f"/groups/{staff}?$expand=members($select=id)")
    assert one["members"] == by_name["Staff"]["members"]
    await graph.done("DELETE", f"/users/{bo}")
    one = await graph.get(f"/groups/{staff}?$expand=owners,members")
    assert (one["owners"], len(one["members"])) == ([], 2)
    read = await graph.get(f"/users/{ada}/memberOf?$expand=members($select=id)")
    assert [len(one["members"]) for one in read["value"]] == [2]


async def test_twenty_members_come_along_and_no_more(graph: Graph) -> None:
    people = [await graph.person(f"p{number:02}") for number in range(22)]
    await graph.group("Many", *people[:20])
    group = (await graph.get("/groups"))["value"][0]["id"]
    for one in people[20:]:
        body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{one}"}
        await graph.done("POST", f"/groups/{group}/members/$ref", body)
    (read,) = (await graph.get("/groups?$expand=members($select=id)"))["value"]
    assert [one["id"] for one in read["members"]] == people[:20]


async def test_a_deleted_person_can_be_removed_for_good(office: Office, graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    url = f"https://graph.microsoft.com/v1.0/users/{ada}"
    group = await graph.group("Staff", ada, bo, **{"owners@odata.bind": [url]})
    path = f"/directory/deletedItems/{ada}"
    assert (await graph.refused("DELETE", path))[0] == 404, "a living person is no deleted item"
    await graph.done("DELETE", f"/users/{ada}")
    _, link = await round_of(graph, "/users/delta")
    assert (await graph.refused("DELETE", "/directory/deletedItems/ada@contoso.example"))[0] == 404
    assert await graph.done("DELETE", path) is None
    for method, again in (("GET", path), ("DELETE", path), ("POST", f"{path}/restore")):
        assert (await graph.refused(method, again))[0] == 404
    told, _ = await round_of(graph, link)
    assert told == [{"id": ada, "@removed": {"reason": "deleted"}}]
    members = (await graph.get(f"/groups/{group}/members"))["value"]
    assert [one["id"] for one in members] == [bo]
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select (select count(*) from group_owner),"
            " (select count(*) from history_event where action = %s)",
            (HistoryAction.USER_PURGED,),
        )
        assert await cursor.fetchone() == (0, 1)
    # The address is free for somebody new.
    assert await graph.person("ada") != ada
