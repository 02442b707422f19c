"""Delta queries: everything that changed is told, nothing is lost, tokens live seven days."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import urlsplit

import pytest

from seatwright.postgres.changes import forget_old_changes
from seatwright.postgres.pool import see_tenant
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.desk import bought

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


async def round_of(
    graph: Graph, path: str, *, page: int | None = None
) -> tuple[list[dict[str, Any]], str]:
    """Everything that a round tells, and the link of the next."""
    headers = {} if page is None else {"prefer": f"odata.maxpagesize={page}"}
    told: list[dict[str, Any]] = []
    for _ in range(1000):
        answer = await graph.ask("GET", path, headers=headers)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        told += body["value"]
        if "@odata.deltaLink" in body:
            return told, body["@odata.deltaLink"]
        path = body["@odata.nextLink"]
    raise AssertionError("a round without an end")


async def test_a_round_tells_all_and_the_next_what_changed(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 5)
    ada, bo, cy = [await graph.person(name) for name in ("ada", "bo", "cy")]
    told, link = await round_of(
        graph, "/users/delta()?$select=displayName,assignedLicenses", page=2
    )
    assert sorted(one["id"] for one in told) == sorted([ada, bo, cy])
    assert urlsplit(link).path == "/v1.0/users/delta()"
    assert "$deltatoken=" in link
    told, link = await round_of(graph, link)
    assert told == []
    await graph.done("PATCH", f"/users/{ada}", {"displayName": "Ada L"})
    order = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
    await graph.done("POST", f"/users/{bo}/assignLicense", order)
    await graph.done("DELETE", f"/users/{cy}")
    dee = await graph.person("dee")
    told, link = await round_of(graph, link)
    changed = {one["id"]: one for one in told}
    assert changed[ada]["displayName"] == "Ada L"
    assert changed[bo]["assignedLicenses"] == [{"skuId": E3, "disabledPlans": []}]
    assert changed[cy] == {"id": cy, "@removed": {"reason": "changed"}}
    assert changed.keys() == {ada, bo, cy, dee}
    await graph.done("POST", f"/directory/deletedItems/{cy}/restore")
    told, link = await round_of(graph, link)
    assert [one["id"] for one in told] == [cy]
    assert "@removed" not in told[0]


async def test_a_second_source_of_the_same_is_no_change_of_the_person(
    office: Office, graph: Graph
) -> None:
    await bought(office, "SPE_E3", 5)
    ada = await graph.person("ada")
    order = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
    await graph.done("POST", f"/users/{ada}/assignLicense", order)
    _, link = await round_of(graph, "/users/delta")
    group = await graph.group("Staff", ada)
    await graph.done("POST", f"/groups/{group}/assignLicense", order)
    assert (await round_of(graph, link))[0] == []


async def test_groups_tell_who_joined_and_who_left(office: Office, graph: Graph) -> None:
    await bought(office, "SPE_E3", 5)
    ada, bo = await graph.person("ada"), await graph.person("bo")
    group = await graph.group("Staff", ada, bo)
    other = await graph.group("Other")
    told, link = await round_of(graph, "/groups/microsoft.graph.delta", page=1)
    members = {
        member["id"]
        for one in told
        for member in one.get("members@delta", ())
        if one["id"] == group
    }
    assert members == {ada, bo}
    assert {one["id"] for one in told} == {group, other}
    await graph.done("DELETE", f"/groups/{group}/members/{bo}/$ref")
    order = {"addLicenses": [{"skuId": E3}], "removeLicenses": []}
    await graph.done("POST", f"/groups/{other}/assignLicense", order)
    told, link = await round_of(graph, link)
    changed = {one["id"]: one for one in told}
    assert changed[group]["members@delta"] == [
        {"@odata.type": "#microsoft.graph.user", "id": bo, "@removed": {"reason": "deleted"}}
    ]
    assert [one["skuId"] for one in changed[other]["assignedLicenses"]] == [E3]
    await graph.done("DELETE", f"/groups/{group}")
    told, _ = await round_of(graph, link)
    assert {"id": group, "@removed": {"reason": "deleted"}} in told


async def test_tokens_live_seven_days(office: Office, graph: Graph) -> None:
    await graph.person("ada")
    _, link = await round_of(graph, "/users/delta")
    office.clock.move(days=7)
    assert (await graph.ask("GET", link)).status_code == 200
    office.clock.move(seconds=1)
    answer = await graph.ask("GET", link)
    assert answer.status_code == 410
    assert answer.json()["error"]["code"] == "syncStateNotFound"
    told, _ = await round_of(graph, answer.headers["location"])
    assert len(told) == 1


async def test_what_a_delta_query_does_not_take_is_refused(graph: Graph) -> None:
    for query in ("$top=1", "$expand=manager", "$orderby=displayName", "$search=x", "$deltatoken=x",
                  "$skiptoken=e30", "$filter=displayName eq 'a'"):  # fmt: skip
        assert (await graph.refused("GET", f"/users/delta?{query}"))[0] == 400, query


async def test_a_filter_narrows_a_round_to_some(graph: Graph) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    told, link = await round_of(graph, f"/users/delta?$filter=id eq '{ada}'")
    assert [one["id"] for one in told] == [ada]
    for one in (ada, bo):
        await graph.done("DELETE", f"/users/{one}")
    assert [one["id"] for one in (await round_of(graph, link))[0]] == [ada]


async def test_from_now_on_tells_nothing_of_what_was(graph: Graph) -> None:
    ada = await graph.person("ada")
    told, link = await round_of(graph, "/users/delta?$deltatoken=latest")
    assert told == []
    await graph.done("PATCH", f"/users/{ada}", {"city": "Oslo"})
    assert [one["id"] for one in (await round_of(graph, link))[0]] == [ada]


async def test_changes_that_commit_out_of_order_are_all_told(office: Office, graph: Graph) -> None:
    """Writers that begin and end in any order, beside a reader that follows its links."""
    people = [await graph.person(f"p{number}") for number in range(12)]
    _, link = await round_of(graph, "/users/delta?$select=jobTitle")
    chance = random.Random(20261121)
    told: dict[str, str | None] = {}
    done = asyncio.Event()

    async def write(person: str, turn: int) -> None:
        async with office.database.connection() as connection:
            await see_tenant(connection, office.made.tenant.tenant_id)
            await connection.execute(
                "update app_user set job_title = %s where id = %s", (f"turn {turn}", person)
            )
            # Whoever wrote first may well commit last.
            await asyncio.sleep(chance.uniform(0, 0.05))

    async def read(link: str) -> str:
        while True:
            was_done = done.is_set()
            found, link = await round_of(graph, link, page=chance.choice((1, 3, 200)))
            told.update({one["id"]: one["jobTitle"] for one in found})
            if was_done:
                return link

    reader = asyncio.create_task(read(link))
    for turn in range(10):
        await asyncio.gather(*(write(one, turn) for one in chance.sample(people, 3)))
    done.set()
    link = await reader
    page = await graph.get("/users?$select=id,jobTitle")
    stored = {one["id"]: one["jobTitle"] for one in page["value"] if one["jobTitle"]}
    assert told == stored


async def test_a_change_that_is_not_committed_yet_holds_back_what_came_after_it(
    office: Office, graph: Graph
) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    _, link = await round_of(graph, "/users/delta")
    async with office.database.connection() as slow:
        await see_tenant(slow, office.made.tenant.tenant_id)
        await slow.execute("update app_user set city = 'Oslo' where id = %s", (ada,))
        await graph.done("PATCH", f"/users/{bo}", {"city": "Rome"})
        told, link = await round_of(graph, link)
        assert told == []
    told, _ = await round_of(graph, link)
    assert {one["id"] for one in told} == {ada, bo}


async def test_old_changes_are_forgotten_and_new_ones_kept(office: Office, graph: Graph) -> None:
    ada = await graph.person("ada")
    office.clock.move(days=9)
    _, link = await round_of(graph, "/users/delta")
    await graph.done("PATCH", f"/users/{ada}", {"city": "Oslo"})
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await forget_old_changes(tx, before=office.clock.now())
        cursor = await tx.connection.execute("select count(*) from directory_change")
        assert await cursor.fetchone() == (1,)
    assert [one["id"] for one in (await round_of(graph, link))[0]] == [ada]
