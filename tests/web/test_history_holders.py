"""Who held a product at a moment."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest

from seatwright.domain.assignments import DIRECT, Strategy
from seatwright.domain.ids import ServicePlanBits, UserNo
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet, SeatChange
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.world_write import write_change_set
from tests.office import Office
from tests.web.past import HOLDERS, NINE, add_person, ask, assign, at, lay_past, names, unassign
from tests.world import call_of, set_seats


@pytest.fixture
async def past(office: Office) -> Office:
    await lay_past(office)
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
    # Twelve removals one by one are more than the brake lets pass; it is not what is tried here.
    answer = await office.admin.patch("/api/settings", json={"brakeOnRemovals": False})
    assert answer.status_code == 200, answer.text
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
            had, has = int(one.before is not None), int(one.after is not None)
            seats = SeatChange(sku=sku, consumed_before=had, consumed_after=has)
            changes = ChangeSet(changes=(one,), seat_changes=(seats,))
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
