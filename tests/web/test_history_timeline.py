"""One person's time line: what they held, waited for or were refused, and why it changed."""

from __future__ import annotations

import pytest

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop
from seatwright.domain.roles import Role
from tests.office import Office
from tests.web.past import (
    HOLDERS,
    USERS,
    add_person,
    ask,
    assign,
    at,
    group_with_license,
    lay_past,
    names,
    unassign,
)
from tests.world import set_seats


async def tend(office: Office) -> None:
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)


@pytest.fixture
async def past(office: Office) -> Office:
    await lay_past(office)
    return office


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
