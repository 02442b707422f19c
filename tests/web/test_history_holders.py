"""Who held a product at a moment, and one person's time line."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from seatwright.domain.assignments import DIRECT, Strategy
from seatwright.domain.ids import ServicePlanBits, UserNo
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet
from seatwright.domain.roles import Role
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.world_write import write_change_set
from tests.office import Office
from tests.world import call_of, set_seats

Json = dict[str, Any]
USERS = "/api/identity/users"
HOLDERS = "/api/identity/licenses/SPE_E3/holders"
NINE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def at(**after: float) -> str:
    """A moment after nine o'clock on the first day."""
    return (NINE + timedelta(**after)).isoformat()


async def add_person(office: Office, name: str) -> str:
    answer = await office.admin.post(
        USERS,
        json={
            "userPrincipalName": f"{name}@contoso.example",
            "displayName": name.title(),
            "usageLocation": "NO",
        },
    )
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def assign(office: Office, user: str, *off: str) -> None:
    answer = await office.admin.post(
        f"{USERS}/{user}/licenses",
        json={"skuPartNumber": "SPE_E3", "disabledServicePlans": list(off)},
    )
    assert answer.status_code in {200, 201}, answer.text


async def change(office: Office, user: str, *off: str) -> None:
    answer = await office.admin.patch(
        f"{USERS}/{user}/licenses/SPE_E3", json={"disabledServicePlans": list(off)}
    )
    assert answer.status_code == 200, answer.text


async def unassign(office: Office, user: str) -> None:
    answer = await office.admin.delete(f"{USERS}/{user}/licenses/SPE_E3")
    assert answer.status_code == 204, answer.text


async def ask(office: Office, **query: str | int) -> Json:
    answer = await office.admin.get(HOLDERS, params=query)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def names(office: Office, moment: str) -> list[str]:
    """Who held the product, by given name; a count that differs from the rows would fail."""
    body = await ask(office, at=moment, count="true")
    assert body["count"] == len(body["value"])
    return [row["user"]["displayName"] for row in body["value"]]


async def tend(office: Office) -> None:
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)


@pytest.fixture
async def past(office: Office) -> Office:
    """Ada holds from nine on, Bob from ten to twelve, Cleo from eleven, changed at one."""
    await set_seats(office, "SPE_E3", 10)
    for name in ("ada", "bob", "cleo"):
        await add_person(office, name)
    await assign(office, "ada@contoso.example")
    office.clock.move(hours=1)
    await assign(office, "bob@contoso.example", "TEAMS1")
    office.clock.move(hours=1)
    await assign(office, "cleo@contoso.example")
    office.clock.move(hours=1)
    await unassign(office, "bob@contoso.example")
    office.clock.move(hours=1)
    await change(office, "cleo@contoso.example", "TEAMS1")
    office.clock.move(hours=1)
    return office


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({}, ["Ada"]),
        ({"hours": 1}, ["Ada", "Bob"]),
        ({"hours": 1, "microseconds": -1}, ["Ada"]),
        ({"hours": 2}, ["Ada", "Bob", "Cleo"]),
        ({"hours": 3, "microseconds": -1}, ["Ada", "Bob", "Cleo"]),
        ({"hours": 3}, ["Ada", "Cleo"]),
        ({"hours": 4, "microseconds": -1}, ["Ada", "Cleo"]),
        ({"hours": 4}, ["Ada", "Cleo"]),
        ({"hours": 5}, ["Ada", "Cleo"]),
    ],
)
async def test_a_moment_has_whoever_had_begun_and_not_ended(
    past: Office, after: dict[str, float], expected: list[str]
) -> None:
    assert await names(past, at(**after)) == expected


async def test_a_past_holder_has_the_service_plans_and_the_source_of_then(past: Office) -> None:
    rows = {row["user"]["displayName"]: row for row in (await ask(past, at=at(hours=2)))["value"]}
    assert rows["Ada"]["until"] is None
    assert rows["Bob"]["disabledServicePlans"] == ["TEAMS1"]
    assert (rows["Bob"]["since"], rows["Bob"]["until"]) == (
        "2026-11-21T10:00:00Z",
        "2026-11-21T12:00:00Z",
    )
    assert (rows["Bob"]["strategy"], rows["Bob"]["source"]["kind"]) == ("manual", "direct")
    assert rows["Cleo"]["disabledServicePlans"] == []
    now = {row["user"]["displayName"]: row for row in (await ask(past))["value"]}
    assert now["Cleo"]["disabledServicePlans"] == ["TEAMS1"]


async def test_pages_hold_every_past_holder_once_also_when_many_ended_at_once(
    office: Office,
) -> None:
    await set_seats(office, "SPE_E3", 100)
    people = [await add_person(office, f"p{n:02}") for n in range(15)]
    for person in people:
        await assign(office, person)
    office.clock.move(hours=1)
    for person in people[3:]:
        await unassign(office, person)
    office.clock.move(hours=1)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        place = {"cursor": cursor} if cursor else {}
        page = await ask(office, at=at(minutes=30), limit=4, **place)
        seen += [row["user"]["id"] for row in page["value"]]
        cursor = page["nextCursor"]
    assert sorted(seen) == sorted(people)
    assert seen[:3] == people[:3]


async def test_csv_has_everybody_of_that_moment(past: Office) -> None:
    answer = await past.admin.get(HOLDERS, params={"at": at(hours=2), "format": "csv"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["displayName"] for row in rows] == ["Ada", "Bob", "Cleo"]
    assert rows[1]["until"] == "2026-11-21T12:00:00Z"
    answer = await past.admin.get(HOLDERS, headers={"accept": "text/csv"})
    assert len(list(csv.DictReader(io.StringIO(answer.text)))) == 2


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-22", "still to come"),
        ("2026-11-21T14:00:01Z", "still to come"),
        ("2026-11-21", "nothing is known of that time"),
        ("2026-11-21T08:59:59Z", "begins on 2026-11-21 09:00:00 UTC"),
        ("soon", "no time"),
    ],
)
async def test_a_moment_that_cannot_be_known_is_refused_with_what_can(
    past: Office, moment: str, words: str
) -> None:
    answer = await past.admin.get(HOLDERS, params={"at": moment})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0", "WzEsMiwtM10", "WzEsMiw5OTk5OTk5OTk5OTk5XQ"])
async def test_a_cursor_of_another_list_is_refused(past: Office, cursor: str) -> None:
    answer = await past.admin.get(HOLDERS, params={"at": at(hours=1), "cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


async def test_a_call_older_than_what_it_changes_makes_no_overlap(office: Office) -> None:
    """A call takes its time when it begins, and may wait for locks behind a younger one."""
    await set_seats(office, "SPE_E3", 10)
    await add_person(office, "ada")
    sku = (await _catalog_sku(office))[0]

    async def write(action: Action, minutes: float) -> None:
        async with call_of(office) as call:
            one = Change(
                user_no=UserNo(1),
                sku=sku,
                action=action,
                before=None if action is Action.GRANT else ServicePlanBits(1),
                after=None if action is Action.REVOKE else ServicePlanBits(1),
                source=DIRECT,
                strategy=Strategy.MANUAL,
            )
            moment = NINE + timedelta(minutes=minutes)
            changes = ChangeSet(changes=(one,))
            await write_change_set(call.tx, changes, priorities={}, at=moment)

    await write(Action.GRANT, 10)
    await write(Action.UPDATE, 5)
    await write(Action.REVOKE, 30)
    await write(Action.GRANT, 20)
    await write(Action.REVOKE, 15)
    await write(Action.GRANT, 14)
    office.clock.move(hours=1)
    for minutes in range(60):
        moment = NINE + timedelta(minutes=minutes)
        held = (await ask(office, at=moment.isoformat(), count="true"))["count"]
        assert held == (1 if minutes >= 10 else 0), minutes


async def _catalog_sku(office: Office) -> list[Any]:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        catalog = await read_catalog(tx)
    return [catalog.require_sku("SPE_E3").sku_no]


# One person's time line.


async def spans(office: Office, user: str) -> list[tuple[str, str, str | None]]:
    """A person's spans of the product as kind, hour of begin and of end."""
    answer = await office.admin.get(f"{USERS}/{user}/timeline")
    assert answer.status_code == 200, answer.text
    products = answer.json()["products"]
    assert [one["skuPartNumber"] for one in products] in ([], ["SPE_E3"])
    return [
        (one["kind"], one["since"][8:16], one["until"] and one["until"][8:16])
        for product in products
        for one in product["spans"]
    ]


async def test_a_timeline_has_each_change_of_service_plans(past: Office) -> None:
    answer = await past.admin.get(f"{USERS}/cleo@contoso.example/timeline")
    [product] = answer.json()["products"]
    first, second = product["spans"]
    assert (first["kind"], first["since"], first["until"]) == (
        "held",
        "2026-11-21T11:00:00Z",
        "2026-11-21T13:00:00Z",
    )
    assert (first["disabledServicePlans"], second["disabledServicePlans"]) == ([], ["TEAMS1"])
    assert "TEAMS1" in first["enabledServicePlans"]
    assert (first["began"], first["ended"], second["until"]) == ("assigned", "assigned", None)
    assert (first["strategy"], first["source"]["kind"]) == ("manual", "direct")
    assert await spans(past, "bob@contoso.example") == [("held", "21T10:00", "21T12:00")]
    assert await spans(past, "ada@contoso.example") == [("held", "21T09:00", None)]


async def group_with_license(office: Office, *members: str) -> str:
    """A group of these people that gives them the product."""
    made = await office.admin.post("/api/identity/groups", json={"displayName": "Sales"})
    group: str = made.json()["id"]
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": list(members)}
    )
    assert answer.status_code < 300, answer.text
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert answer.status_code < 300, answer.text
    return group


async def test_waiting_is_a_span_that_ends_with_the_seat(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    ada, bob = await add_person(office, "ada"), await add_person(office, "bob")
    await assign(office, ada)
    office.clock.move(hours=1)
    await group_with_license(office, bob)
    assert await spans(office, bob) == [("waiting", "21T10:00", None)]
    office.clock.move(hours=1)
    await unassign(office, ada)
    assert await spans(office, bob) == [
        ("waiting", "21T10:00", "21T11:00"),
        ("held", "21T11:00", None),
    ]
    answer = await office.admin.get(f"{USERS}/{bob}/timeline")
    waiting, held = answer.json()["products"][0]["spans"]
    assert (waiting["reason"], waiting["ended"]) == ("noSeatLeft", "seatFreed")
    assert held["source"]["group"]["displayName"] == "Sales"
    assert (held["strategy"], held["began"]) == ("group", "seatFreed")


async def test_an_error_is_a_span_that_ends_when_it_is_resolved(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    where = "/api/catalog/products/SPE_E3/prohibited-locations"
    answer = await office.admin.put(where, json={"locations": ["NO"]})
    assert answer.status_code == 200, answer.text
    ada = await add_person(office, "ada")
    await group_with_license(office, ada)
    found = await spans(office, ada)
    assert found == [("failed", "21T09:00", None)]
    office.clock.move(hours=1)
    answer = await office.admin.patch(f"{USERS}/{ada}", json={"usageLocation": "SE"})
    assert answer.status_code == 200
    assert await spans(office, ada) == [
        ("failed", "21T09:00", "21T10:00"),
        ("held", "21T10:00", None),
    ]


async def test_the_history_of_a_person_outlives_the_person_and_the_name(office: Office) -> None:
    await set_seats(office, "SPE_E3", 1)
    ada, bob = await add_person(office, "ada"), await add_person(office, "bob")
    await assign(office, ada)
    office.clock.move(hours=1)
    await unassign(office, ada)
    await group_with_license(office, ada, bob)
    office.clock.move(hours=1)
    assert (await office.admin.delete(f"{USERS}/{ada}")).status_code == 204
    office.clock.move(hours=1)
    told = [("held", "21T09:00", "21T10:00"), ("held", "21T10:00", "21T11:00")]
    assert await spans(office, ada) == told
    office.clock.move(days=31)
    await tend(office)
    assert (await office.admin.get(f"{USERS}/{ada}")).status_code == 404
    assert (await office.admin.get(f"{USERS}?deleted=true")).json()["value"] == []
    # Purged: the time line, the holders of then and the history still know who it was.
    assert await spans(office, ada) == told
    assert await names(office, at(minutes=90)) == ["Ada"]
    rows = (
        await office.admin.get(
            "/api/identity/licenses/assignment-history", params={"user": ada, "kind": "all"}
        )
    ).json()["value"]
    assert [row["action"] for row in rows][:2] == ["userPurged", "revoked"]
    assert {row["user"]["displayName"] for row in rows} == {"Ada"}
    answer = await office.admin.post(f"{USERS}/{ada}/erase-names")
    assert answer.status_code == 204
    # Erased: what happened stays, and nothing says any more to whom but the id.
    assert await spans(office, ada) == told
    [row] = (await ask(office, at=at(minutes=90)))["value"]
    assert row["user"] == {"id": ada, "userPrincipalName": None, "displayName": None}
    answer = await office.admin.get(f"{USERS}/{ada}/timeline")
    assert answer.json()["user"] == row["user"]
    export = (await office.admin.get("/api/identity/licenses/assignment-history?format=csv")).text
    assert ada in export
    assert "ada@" not in export.lower()


async def test_somebody_who_never_was_has_no_timeline(office: Office) -> None:
    answer = await office.admin.get(f"{USERS}/nobody@contoso.example/timeline")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknownUser")


async def test_a_person_without_licenses_has_an_empty_timeline(office: Office) -> None:
    ada = await add_person(office, "ada")
    answer = await office.admin.get(f"{USERS}/{ada}/timeline")
    assert (answer.json()["products"], answer.json()["isComplete"]) == ([], True)


async def test_reports_readers_may_look_back_and_people_may_not(past: Office) -> None:
    path = f"{USERS}/ada@contoso.example/timeline"
    assert (await (await past.as_role(Role.REPORTS_READER)).get(path)).status_code == 200
    assert (await (await past.as_role(Role.PERSON)).get(path)).status_code == 403
    assert (await (await past.as_role(Role.PERSON)).get(HOLDERS)).status_code == 403


async def test_an_assignment_that_expires_beside_a_group_leaves_one_row(office: Office) -> None:
    await set_seats(office, "SPE_E3", 2)
    ada, bob = await add_person(office, "ada"), await add_person(office, "bob")
    await group_with_license(office, ada)
    office.clock.move(hours=1)
    for person in (ada, bob):
        answer = await office.admin.post(
            f"{USERS}/{person}/licenses",
            json={"skuPartNumber": "SPE_E3", "expiresAt": at(hours=2)},
        )
        assert answer.status_code in {200, 201}, answer.text
    office.clock.move(hours=2)
    await tend(office)
    await tend(office)
    told = {}
    for person in (ada, bob):
        answer = await office.admin.get(
            "/api/identity/licenses/assignment-history", params={"user": person}
        )
        told[person] = [(row["action"], row["reason"]) for row in answer.json()["value"]]
    # What Ada has she keeps by her group; what Bob had goes, and that row says it all.
    assert told[ada][0] == ("removed", "expired")
    assert [action for action, _ in told[ada]].count("removed") == 1
    assert [row for row in told[bob] if row[1] == "expired"] == [("revoked", "expired")]
    assert (await spans(office, ada))[-1][2] is None
