"""What delta queries tell is what is: memberships, managers, restores, filters and selections."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest

from seatwright.postgres.backup import restore_backup, write_backup
from seatwright.postgres.binaries import wheel_binaries
from seatwright.postgres.graph_lists import GROUPS, USERS
from seatwright.postgres.pool import see_tenant
from seatwright.postgres.server import prepare_database
from seatwright.web.graph.delta_tokens import read_token
from tests.conftest import Database
from tests.office import Office
from tests.web.graph.contract import Graph
from tests.web.graph.test_delta import round_of

GROUP_MEMBERS = "/groups/delta?$select=displayName,members"


@pytest.fixture
def graph(office: Office) -> Graph:
    return Graph(office)


def members_told(told: list[dict[str, Any]], group: str) -> list[tuple[str, bool]]:
    """Who is told of in a group, and whether as one who is in it."""
    return [
        (member["id"], "@removed" not in member)
        for one in told
        if one["id"] == group
        for member in one.get("members@delta", ())
    ]


async def test_memberships_that_commit_crosswise_end_as_they_are(
    office: Office, graph: Graph
) -> None:
    """Who began first may join or leave last: the order of transactions says nothing."""
    ada, bo = await graph.person("ada"), await graph.person("bo")
    group = await graph.group("Staff", ada)
    _, link = await round_of(graph, GROUP_MEMBERS)
    take = "delete from membership where user_no = (select user_no from app_user where id = %s)"
    put = (
        "insert into membership (tenant_id, user_no, group_no, since)"
        " select u.tenant_id, u.user_no, g.group_no, now() from app_user u, app_group g"
        " where u.id = %s and g.id = %s"
    )
    tenant_id = office.made.tenant.tenant_id
    async with office.database.connection() as first:
        await see_tenant(first, tenant_id)
        await first.execute("select pg_current_xact_id()")
        async with office.database.connection() as second:
            await see_tenant(second, tenant_id)
            await second.execute(take, (ada,))
            await second.execute(put, (bo, group))
        # The older transaction now undoes what the younger one did, and commits last.
        await first.execute(put, (ada, group))
        await first.execute(take, (bo,))
    told, _ = await round_of(graph, link)
    assert dict(members_told(told, group)) == {ada: True, bo: False}


async def test_a_deleted_person_leaves_their_groups_and_a_restored_one_is_in_them(
    graph: Graph,
) -> None:
    ada, bo = await graph.person("ada"), await graph.person("bo")
    group = await graph.group("Staff", ada, bo)
    await graph.done("DELETE", f"/users/{ada}")
    told, link = await round_of(graph, GROUP_MEMBERS)
    assert members_told(told, group) == [(bo, True)]
    await graph.done("POST", f"/directory/deletedItems/{ada}/restore")
    await graph.done("DELETE", f"/users/{bo}")
    told, link = await round_of(graph, link)
    assert dict(members_told(told, group)) == {ada: True, bo: False}


async def test_a_manager_who_is_taken_away_is_told_as_removed(graph: Graph) -> None:
    ada, bo, cy = [await graph.person(name) for name in ("ada", "bo", "cy")]

    async def manage(manager: str) -> None:
        body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{manager}"}
        await graph.done("PUT", f"/users/{ada}/manager/$ref", body)

    await manage(bo)
    told, link = await round_of(graph, "/users/delta?$select=manager")
    (shown,) = [one["manager@delta"] for one in told if one["id"] == ada]
    assert [one["id"] for one in shown] == [bo]
    await manage(cy)
    (one,), link = await round_of(graph, link)
    assert {m["id"]: "@removed" not in m for m in one["manager@delta"]} == {bo: False, cy: True}
    await graph.done("DELETE", f"/users/{ada}/manager/$ref")
    (one,), link = await round_of(graph, link)
    assert {m["id"]: "@removed" not in m for m in one["manager@delta"]} == {cy: False}


async def test_a_first_round_tells_every_group_inside_another_page_by_page(graph: Graph) -> None:
    ada = await graph.person("ada")
    outer = [await graph.group(f"Outer {number}", ada) for number in range(2)]
    inner = [await graph.group(f"Inner {number}") for number in range(3)]
    for one in outer:
        for member in inner:
            body = {"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{member}"}
            await graph.done("POST", f"/groups/{one}/members/$ref", body)
    told, _ = await round_of(graph, GROUP_MEMBERS, page=2)
    for one in outer:
        assert sorted(members_told(told, one)) == sorted((m, True) for m in (ada, *inner))


async def test_a_filtered_round_is_about_those_groups_and_tells_when_they_are_gone(
    office: Office, graph: Graph
) -> None:
    ada = await graph.person("ada")
    others = [await graph.group(f"Other {number}", ada) for number in range(6)]
    wanted = await graph.group("Wanted", ada)
    path = f"/groups/delta?$filter=id eq '{wanted}'"
    first = (await graph.ask("GET", path, headers={"prefer": "odata.maxpagesize=1"})).json()
    pages = 0
    while "@odata.nextLink" in first:
        headers = {"prefer": "odata.maxpagesize=1"}
        first = (await graph.ask("GET", first["@odata.nextLink"], headers=headers)).json()
        pages += 1
    assert pages <= 3, "memberships of other groups are no pages of this round"
    link = first["@odata.deltaLink"]
    for one in (others[0], wanted):
        await graph.done("DELETE", f"/groups/{one}")
    told, _ = await round_of(graph, link)
    assert {"id": wanted, "@removed": {"reason": "deleted"}} in told
    assert {one["id"] for one in told} == {wanted}


async def test_a_round_that_takes_longer_than_a_week_begins_anew(
    office: Office, graph: Graph
) -> None:
    """Its pages say what there is, and the feed no more knows what changed since it began."""
    for name in ("ada", "bo", "cy"):
        await graph.person(name)
    headers = {"prefer": "odata.maxpagesize=1"}
    body = (await graph.ask("GET", "/users/delta", headers=headers)).json()
    office.clock.move(days=4)
    body = (await graph.ask("GET", body["@odata.nextLink"], headers=headers)).json()
    office.clock.move(days=4)
    assert (await graph.refused("GET", body["@odata.nextLink"]))[0] == 410


async def test_a_selection_narrows_what_is_told_of(graph: Graph) -> None:
    ada = await graph.person("ada")
    group = await graph.group("Staff")
    _, titles = await round_of(graph, "/users/delta?$select=jobTitle")
    _, everything = await round_of(graph, "/users/delta")
    _, names = await round_of(graph, "/groups/delta?$select=displayName")
    await graph.done("PATCH", f"/users/{ada}", {"city": "Oslo"})
    await graph.done("PATCH", f"/groups/{group}", {"description": "All of them"})
    assert (await round_of(graph, titles))[0] == []
    assert (await round_of(graph, names))[0] == []
    assert [one["id"] for one in (await round_of(graph, everything))[0]] == [ada]
    await graph.done("PATCH", f"/users/{ada}", {"jobTitle": "Baker"})
    assert (await round_of(graph, titles))[0] == [{"id": ada, "jobTitle": "Baker"}]


async def test_what_nobody_sees_of_a_group_is_no_change_of_it(office: Office, graph: Graph) -> None:
    await graph.group("Staff")
    _, link = await round_of(graph, "/groups/delta")
    _, states = await round_of(graph, "/groups/delta?$select=licenseProcessingState")
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update app_group set processing = 'queued', members_changed_at = %s",
            (office.clock.now(),),
        )
    assert (await round_of(graph, link))[0] == []
    (told,) = (await round_of(graph, states))[0]
    assert told["licenseProcessingState"] == {"state": "QueuedForProcessing"}


async def test_a_minimal_answer_has_what_changed_and_no_more(graph: Graph) -> None:
    ada = await graph.person("ada")
    _, link = await round_of(graph, "/users/delta")
    await graph.done("PATCH", f"/users/{ada}", {"jobTitle": "Baker", "mobilePhone": "+47 1"})
    answer = await graph.ask("GET", link, headers={"prefer": "return=minimal"})
    assert answer.json()["value"] == [{"id": ada, "jobTitle": "Baker", "mobilePhone": "+47 1"}]
    assert answer.headers["preference-applied"] == "return=minimal"
    whole = (await graph.ask("GET", link)).json()["value"]
    assert whole[0]["displayName"] == "Ada"
    bo = await graph.person("bo")
    answer = await graph.ask("GET", link, headers={"prefer": "return=minimal"})
    new = {one["id"]: one for one in answer.json()["value"]}[bo]
    assert new["displayName"] == "Bo"


async def test_every_column_that_is_shown_is_told_when_it_changes(
    office: Office, graph: Graph
) -> None:
    """A column that the trigger does not know would change, and nobody would ever be told."""
    await graph.person("ada")
    await graph.group("Staff")
    new = {"text": "'XX'", "boolean": "not coalesce({0}, false)", "integer": "77",
           "timestamp with time zone": "now()"}  # fmt: skip
    words = {"user_type": "'Guest'", "kind": "'microsoft365'", "processing": "'running'"}
    missing = []
    for table in (USERS, GROUPS):
        name, _, alias = table.name.partition(" ")
        columns = {sql.removeprefix(f"{alias}.") for sql in table.columns.values()}
        # An identity never changes, a rule brings its state along, a deletion tells everything.
        columns -= {"id", "created_at", "deleted_at", "membership_rule", "rule_state"}
        for column in sorted(columns):
            async with office.database.transaction(office.made.tenant.tenant_id) as tx:
                cursor = await tx.connection.execute(
                    "select data_type from information_schema.columns"
                    " where table_name = %s and column_name = %s",
                    (name, column),
                )
                row = await cursor.fetchone()
                assert row is not None, column
                value = words.get(column) or new[row[0]].format(column)
                await tx.connection.execute(f"update {name} set {column} = {value}")
                cursor = await tx.connection.execute(
                    "select told from directory_change where noun in (1, 3)"
                    " order by xid desc, change_no desc limit 1"
                )
                if await cursor.fetchone() != ([column],):
                    missing.append(f"{name}.{column}")
    assert not missing


async def test_after_a_restore_every_token_begins_anew(
    office: Office,
    graph: Graph,
    database: Database,
    tmp_path: Path,
) -> None:
    ada = await graph.person("ada")
    file = tmp_path / "all.backup"
    write_backup(database.owner_url, file=file, binaries=wheel_binaries())
    await graph.done("PATCH", f"/users/{ada}", {"city": "Oslo"})
    _, link = await round_of(graph, "/users/delta")
    restore_backup(database.owner_url, file=file, binaries=wheel_binaries(), may_replace=True)
    prepare_database(database.app_url, owner_url=database.owner_url)
    answer = await graph.ask("GET", link)
    assert answer.status_code == 410, "what the restore took back is in no feed"
    error = answer.json()["error"]
    assert error["code"] == "syncStateNotFound"
    assert "restored from a backup" in error["message"]
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select count(*) from directory_change")
        assert await cursor.fetchone() == (0,)
    told, link = await round_of(graph, answer.headers["location"])
    assert [one["id"] for one in told] == [ada]
    await graph.done("PATCH", f"/users/{ada}", {"city": "Rome"})
    assert [one["id"] for one in (await round_of(graph, link))[0]] == [ada]


async def test_a_token_from_ahead_of_the_feed_begins_anew(office: Office, graph: Graph) -> None:
    """Somebody put the files of the database back without telling seatwright."""
    await graph.person("ada")
    _, link = await round_of(graph, "/users/delta")
    token = parse_qs(urlsplit(link).query)["$deltatoken"][0]
    read = read_token(token)
    assert read is not None
    ahead = read.moved(xid=read.xid + 1_000_000).text()
    assert (await graph.refused("GET", f"/users/delta?$deltatoken={ahead}"))[0] == 410
    other = read.moved(epoch=str(uuid4())).text()
    assert (await graph.refused("GET", f"/users/delta?$deltatoken={other}"))[0] == 410
