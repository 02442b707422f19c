"""Licenses that are booked for a day and that end: each rule of time, with the clock moved."""

from __future__ import annotations

import asyncio

import pytest

from tests.bulk import DONE, csv_of, send_csv, send_json
from tests.office import Office
from tests.timing import after, buy, give, history, seats, tick, told
from tests.world import add_people, counts_agree

START, END = "2026-12-01T00:00:00Z", "2027-01-31T00:00:00Z"


def url(name: str) -> str:
    return f"/api/identity/users/{name}@contoso.example/licenses"


async def state(office: Office, name: str) -> str | None:
    rows = (await office.admin.get(url(name))).json()["value"]
    return rows[0]["state"] if rows else None


async def test_a_booked_license_begins_on_its_day_and_holds_no_seat_before(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    await give(office, "ada", startsAt=START, expiresAt=END)
    assert (await state(office, "ada"), await seats(office)) == ("Scheduled", (1, 0, 1))
    await after(office, days=9)
    assert await seats(office) == (1, 0, 1)
    await after(office, days=1)
    assert (await state(office, "ada"), await seats(office)) == ("Active", (1, 1, 0))
    (begun,) = await told(office, "assignmentStarted")
    assert (begun["person"], begun["product"]) == ("ada", "Microsoft 365 E3")
    await after(office, days=61)
    assert (await state(office, "ada"), await seats(office)) == (None, (1, 0, 1))
    (ended,) = await told(office, "assignmentExpired")
    assert ended["expiredAt"] == "2027-01-31T00:00:00+00:00"


async def test_where_no_seat_is_free_on_the_day_its_person_waits_and_gets_the_next(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, 1)
    await give(office, "bob", expiresAt="2026-12-10T00:00:00Z")
    await give(office, "ada", startsAt=START)
    await after(office, days=10)
    assert await state(office, "ada") == "Waiting"
    assert await told(office, "assignmentStarted") == []
    await after(office, days=10)
    assert (await state(office, "ada"), await state(office, "bob")) == ("Active", None)
    assert await counts_agree(office)


async def test_people_are_warned_thirty_and_seven_days_before_once_each(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    await give(office, "ada", expiresAt=END)
    seen = []
    for days in (40.5, 0.3, 22.0, 0.9, 6.0):
        await after(office, days=days)
        await tick(office)
        seen.append([one["days"] for one in await told(office, "assignmentExpiring")])
    assert seen == [[], [30], [30], [30, 7], [30, 7]]
    (first, _) = await told(office, "assignmentExpiring")
    assert first["howToExtend"].startswith("POST /api/license-requests")


async def test_after_an_outage_only_the_nearest_warning_is_given(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await buy(office, 3)
    for name, end in (("ada", END), ("bob", "2027-02-20"), ("cid", "2027-01-10")):
        await give(office, name, expiresAt=f"{end[:10]}T00:00:00Z")
    office.clock.move(days=66)
    await asyncio.gather(tick(office), tick(office))
    warned = {one["person"]: one["days"] for one in await told(office, "assignmentExpiring")}
    assert warned == {"ada": 5, "bob": 25}, "the days that are left"
    assert len(await told(office, "assignmentExpiring")) == 2
    assert [one["person"] for one in await told(office, "assignmentExpired")] == ["cid"]


async def test_an_end_that_is_moved_is_warned_of_anew(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    await give(office, "ada", expiresAt="2026-11-26T00:00:00Z")
    await tick(office)
    longer = await office.admin.patch(f"{url('ada')}/SPE_E3", json={"expiresAt": END})
    assert longer.status_code == 200, longer.text
    await after(office, days=30)
    assert await state(office, "ada") == "Active"
    await after(office, days=36)
    assert [one["days"] for one in await told(office, "assignmentExpiring")] == [5, 5]
    forever = await office.admin.patch(f"{url('ada')}/SPE_E3", json={"expiresAt": None})
    assert forever.status_code == 200
    await after(office, days=100)
    assert await state(office, "ada") == "Active"


async def test_a_license_that_ends_within_a_day_has_a_day_left(office: Office) -> None:
    await add_people(office, "ada")
    await buy(office, 1)
    await give(office, "ada", expiresAt="2026-11-22T00:00:00Z")
    await tick(office)
    (warned,) = await told(office, "assignmentExpiring")
    assert (warned["days"], warned["timeLeft"]) == (1, "1 day")


@pytest.mark.parametrize(
    ("value", "fits"),
    [("14", True), ("", True), ("1,2,3,4,5", True), ("0", False), ("1,,2", False), ("a", False)],
)
async def test_when_people_are_warned_is_a_setting(office: Office, value: str, fits: bool) -> None:
    answer = await office.admin.patch("/api/settings", json={"expiryWarningDays": value})
    assert (answer.status_code == 200) is fits, answer.text
    await add_people(office, "ada")
    await buy(office, 1)
    await give(office, "ada", expiresAt="2026-11-26T00:00:00Z")
    await tick(office)
    expected = {"14": 1, "": 0, "1,2,3,4,5": 1}.get(value, 1)
    assert len(await told(office, "assignmentExpiring")) == expected


async def test_rows_of_a_file_and_a_template_book_dates(office: Office) -> None:
    await add_people(office, "ada", "bob", "cid")
    await buy(office, 3)
    header = "UserPrincipalName,SkuPartNumber,Start date,Expiry"
    file = csv_of(f"ada@contoso.example,SPE_E3,{START},{END}", header=header)
    assert (await send_csv(office, file))["succeeded"] == 1
    body = {"users": ["bob@contoso.example"], "skuPartNumber": "SPE_E3", "startsAt": START}
    assert (await send_json(office, body))["succeeded"] == 1
    products = [{"skuPartNumber": "SPE_E3"}]
    made = await office.admin.post("/api/templates", json={"name": "Summer", "products": products})
    applied = await office.admin.post(
        f"/api/templates/{made.json()['id']}/apply",
        json={"users": ["cid@contoso.example"], "startsAt": START, "expiresAt": END},
        headers=DONE,
    )
    assert applied.status_code == 200, applied.text
    assert [await state(office, name) for name in ("ada", "bob", "cid")] == ["Scheduled"] * 3
    await after(office, days=10)
    assert await seats(office) == (3, 3, 0)
    await after(office, days=61)
    assert await seats(office) == (3, 1, 2)
    wrong = {**body, "expiresAt": "2026-11-30T00:00:00Z"}
    refused = await office.admin.post("/api/identity/licenses/bulk-assign", json=wrong)
    assert refused.json()["code"] == "invalidValue"
    assert "Row 1" in refused.json()["detail"]


async def test_two_workers_and_one_that_is_killed_see_to_each_date_once(office: Office) -> None:
    names = [f"p{number}" for number in range(40)]
    await add_people(office, *names)
    await buy(office, 60)
    await give(office, *names[:20], expiresAt="2026-12-05T00:00:00Z")
    await give(office, *names[20:], startsAt=START)
    office.clock.move(days=30)
    killed = asyncio.create_task(tick(office))
    await asyncio.sleep(0.05)
    killed.cancel()
    await asyncio.gather(killed, tick(office), tick(office), return_exceptions=True)
    await tick(office)
    assert await seats(office) == (60, 20, 40)
    ended = [row for row in await history(office, "revoked") if row["reason"] == "expired"]
    begun = [row for row in await history(office, "granted") if row["reason"] == "started"]
    assert len({row["user"]["id"] for row in ended}) == len(ended) == 20
    assert len({row["user"]["id"] for row in begun}) == len(begun) == 20
    assert len(await told(office, "assignmentExpired")) == 20
    assert await counts_agree(office)
