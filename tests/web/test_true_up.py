"""The true-up statement, told by hand and held against a naive sampler."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seatwright.domain.ids import SkuNo
from seatwright.domain.roles import Role
from seatwright.domain.true_up import SeatStep, month_of, months_between, parse_month
from seatwright.postgres.true_up import seats_by_month
from tests.office import Office

Json = dict[str, Any]
PATH = "/api/reports/true-up"


async def statement(office: Office, **query: str) -> list[Json]:
    answer = await office.admin.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["value"]
    return rows


async def post(office: Office, path: str, **body: Any) -> Json:
    answer = await office.admin.post(path, json=body)
    assert answer.status_code < 300, answer.text
    made: Json = answer.json()
    return made


async def add_person(office: Office, name: str) -> str:
    fields = {"displayName": name, "usageLocation": "NO"}
    upn = f"{name}@contoso.example"
    return str((await post(office, "/api/identity/users", userPrincipalName=upn, **fields))["id"])


async def test_a_month_has_its_peak_its_average_and_what_was_bought(office: Office) -> None:
    office.clock.time = datetime(2026, 12, 1, tzinfo=UTC)
    bought = await post(office, "/api/subscriptions", skuPartNumber="SPE_E3", units=5)
    people = [await add_person(office, f"p{n}") for n in range(3)]
    for person in people:
        await post(office, f"/api/identity/users/{person}/licenses", skuPartNumber="SPE_E3")
        office.clock.move(days=1)
    path = f"/api/identity/users/{people[0]}/licenses/SPE_E3"
    assert (await office.admin.delete(path)).status_code == 204
    answer = await office.admin.patch(
        f"/api/subscriptions/{bought['id']}", json={"units": 1, "external": True}
    )
    assert answer.status_code == 200, answer.text
    # Other service plans end an interval and begin another: for seats, nothing happened.
    changed = {"disabledServicePlans": ["TEAMS1"]}
    path = f"/api/identity/users/{people[1]}/licenses/SPE_E3"
    assert (await office.admin.patch(path, json=changed)).status_code == 200
    office.clock.time = datetime(2027, 1, 11, tzinfo=UTC)
    december, january = await statement(office, **{"from": "2026-12", "to": "2027-01"})
    assert (december["month"], december["peakSeats"]) == ("2026-12", 3)
    assert december["peakAt"] == "2026-12-03T00:00:00Z"
    # One day with 1, one with 2, one with 3, and 28 with 2.
    assert december["averageSeats"] == round((1 + 2 + 3 + 28 * 2) / 31, 2)
    assert (december["boughtSeats"], december["overSeats"]) == (1, 1)
    assert (december["overAt"], december["isRunning"]) == ("2026-12-04T00:00:00Z", False)
    assert (january["peakSeats"], january["averageSeats"], january["isRunning"]) == (2, 2.0, True)
    assert january["peakAt"] == "2027-01-01T00:00:00Z"
    assert [row["month"] for row in await statement(office)] == ["2027-01"]
    assert [row["month"] for row in await statement(office, to="2026-12")] == ["2026-12"]


async def test_purchases_of_a_file_count_from_their_import(office: Office) -> None:
    for units in (7, 4):
        office.clock.move(days=1)
        file = f"externalId,skuPartNumber,units\nPO-1,SPE_E3,{units}\n"
        answer = await office.admin.post(
            "/api/imports/subscriptions", content=file, headers={"content-type": "text/csv"}
        )
        assert answer.status_code == 200, answer.text
    office.clock.time = datetime(2026, 12, 15, tzinfo=UTC)
    rows = await statement(office, **{"from": "2026-10", "to": "2026-12"})
    assert [(row["month"], row["boughtSeats"], row["peakSeats"]) for row in rows] == [
        ("2026-11", 4, 0),
        ("2026-12", 4, 0),
    ]


async def test_csv_says_the_same(office: Office) -> None:
    await post(office, "/api/subscriptions", skuPartNumber="SPE_E3", units=5)
    office.clock.move(days=1)
    answer = await office.admin.get(PATH, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert (row["skuPartNumber"], row["boughtSeats"], row["isRunning"]) == ("SPE_E3", "5", "true")


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026"},
        {"to": "2026-13"},
        {"to": "2026-12"},
        {"from": "2026-11", "to": "2026-10"},
        {"from": "2020-01"},
        {"format": "xml"},
    ],
)
async def test_months_that_cannot_be_told_are_refused(
    office: Office, query: dict[str, str]
) -> None:
    answer = await office.admin.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


async def test_readers_of_reports_may_and_people_may_not(office: Office) -> None:
    assert (await (await office.as_role(Role.REPORTS_READER)).get(PATH)).status_code == 200
    assert (await (await office.as_role(Role.PERSON)).get(PATH)).status_code == 403


Stretch = tuple[int, int, datetime, datetime | None]
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def random_stretches(lot: random.Random, now: datetime) -> list[Stretch]:
    """Stretches of holding by (user, product), each on whole hours, none overlapping."""
    stretches: list[Stretch] = []
    for user in range(1, 8):
        for sku in (1, 2):
            moment = START - lot.randrange(24 * 60) * HOUR
            for _ in range(lot.randrange(6)):
                moment += lot.choice((0, 1, 30, 500)) * HOUR
                until = moment + lot.choice((0, 1, 24, 700)) * HOUR
                if until >= now:
                    break
                stretches.append((user, sku, moment, until))
                moment = until
            if lot.random() < 0.5 and moment < now:
                stretches.append((user, sku, moment, None))
    return stretches


def sampled(stretches: list[Stretch], steps: list[SeatStep], now: datetime) -> dict[Any, Any]:
    """The statement hour by hour: slow, and plainly right where everything is on whole hours."""
    seen: dict[Any, list[tuple[datetime, int, int]]] = {}
    moment = START
    while moment < now:
        for sku in (1, 2):
            held = sum(
                1
                for _, s, a, b in stretches
                if s == sku and a <= moment and (b is None or moment < b)
            )
            bought = sum(step.seats for step in steps if step.sku == sku and step.at <= moment)
            seen.setdefault((sku, month_of(moment)), []).append((moment, held, bought))
        moment += HOUR
    found = {}
    for key, hours in seen.items():
        peak, over = max(h for _, h, _ in hours), max(h - b for _, h, b in hours)
        if peak or max(b for _, _, b in hours) > 0:
            found[key] = (
                peak,
                next(at for at, h, _ in hours if h == peak),
                round(sum(h for _, h, _ in hours) / len(hours), 6),
                hours[-1][2],
                max(0, over),
                next((at for at, h, b in hours if h - b == over > 0), None),
            )
    return found


@pytest.mark.parametrize("turn", range(6))
async def test_the_sweep_says_what_a_naive_sampler_sees(office: Office, turn: int) -> None:
    seed = random.randrange(2**32) + turn
    lot = random.Random(seed)
    now = START + lot.randrange(24 * 40, 24 * 100) * HOUR
    stretches = random_stretches(lot, now)
    steps = [
        SeatStep(sku=SkuNo(sku), at=START + lot.randrange(-100, 1500) * HOUR, seats=seats)
        for sku in (1, 2)
        for seats in (lot.randrange(6), lot.randrange(3))
    ]
    months = months_between(month_of(START), month_of(now), now=now)
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        for user, sku, since, until in stretches:
            if until is None:
                await tx.connection.execute(
                    "insert into effective_license (tenant_id, user_no, sku_no, enabled_set,"
                    " source_no, source_kind, strategy, since) values (%s, %s, %s, 0, 0, 0, 1, %s)",
                    (tx.tenant_id, user, sku, since),
                )
            else:
                await tx.connection.execute(
                    "insert into license_interval (tenant_id, user_no, sku_no, enabled_set,"
                    " valid_from, valid_to) values (%s, %s, %s, 0, %s, %s)",
                    (tx.tenant_id, user, sku, since, until),
                )
        found = await seats_by_month(tx, months, bought=steps, now=now)
    told = {
        (int(one.sku), one.month): (
            one.peak_seats,
            one.peak_at,
            round(one.average_seats, 6),
            one.bought_seats,
            one.over_seats,
            one.over_at,
        )
        for one in found
    }
    assert told == sampled(stretches, steps, now), f"with the seed {seed}"
    assert [one.is_running for one in found] == [one.month == months[-1] for one in found]


def test_a_month_is_read_and_written_alike() -> None:
    month = parse_month(" 2026-12 ", name="from")
    assert (str(month), str(month.following)) == ("2026-12", "2027-01")
