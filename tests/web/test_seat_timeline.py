"""What is booked and known decides the seats of the months to come, and whom to ask for one."""

from __future__ import annotations

from typing import Any

from tests.office import Office
from tests.timing import SUBSCRIPTIONS, after, buy, give
from tests.world import add_group, add_people

TIMELINE = "/api/identity/licenses/SPE_E3/seat-timeline"
ASK = "/api/identity/licenses/SPE_E3/to-ask"


async def timeline(office: Office, months: int = 12) -> dict[str, Any]:
    answer = await office.admin.get(TIMELINE, params={"months": months})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def points(found: dict[str, Any]) -> list[tuple[str, int, int, list[str]]]:
    return [
        (
            one["at"][:10],
            one["seats"],
            one["needed"],
            [event["kind"] for event in one["events"]],
        )
        for one in found["points"]
    ]


async def test_everything_that_is_booked_is_on_the_line_and_comes_true(office: Office) -> None:
    people = await add_people(office, "ada", "bob", "cid", "dan", "eve")
    made = await buy(office, 3, nextLifecycleAt="2027-03-01")
    await buy(office, 2, startsAt="2026-12-15", renews=True)
    await give(office, "ada")
    await give(office, "bob", expiresAt="2027-01-10T00:00:00Z")
    await give(office, "cid", "dan", startsAt="2026-12-20T00:00:00Z")
    await give(office, "eve", expiresAt="2027-01-20T00:00:00Z")
    group = await add_group(office, "Keeps", people[4:])
    keeps = f"/api/identity/groups/{group}/licenses"
    assert (await office.admin.post(keeps, json={"skuPartNumber": "SPE_E3"})).status_code == 202
    url = f"{SUBSCRIPTIONS}/{made['id']}/seat-changes"
    body = {"units": 2, "effectiveAt": "2027-02-01"}
    booked = await office.admin.post(url, json=body)
    assert booked.status_code == 409  # Three are in use, and the others have not started.
    await after(office, days=25)
    assert (await office.admin.post(url, json=body)).status_code == 201
    found = await timeline(office)
    assert points(found) == [
        ("2026-12-16", 5, 3, []),
        ("2026-12-20", 5, 5, ["licensesStart"]),
        ("2027-01-10", 5, 4, ["licensesEnd"]),
        ("2027-02-01", 4, 4, ["seatChange"]),
        ("2027-03-01", 4, 4, ["subscriptionState"]),
        ("2027-03-31", 2, 4, ["subscriptionState"]),
        ("2027-05-30", 2, 4, ["subscriptionState"]),
        ("2027-06-29", 2, 4, ["subscriptionState"]),
    ]
    assert found["shortFrom"] == "2027-03-31T00:00:00Z"
    for moment, seats, needed, _ in points(found)[1:]:
        await until(office, moment)
        now = await timeline(office, 1)
        assert (now["points"][0]["seats"], now["points"][0]["needed"]) == (seats, needed), moment


async def until(office: Office, day: str) -> None:
    """Move the clock to a day at nine."""
    year, month, number = map(int, day.split("-"))
    target = office.clock.time.replace(year=year, month=month, day=number)
    await after(office, seconds=(target - office.clock.time).total_seconds())


async def test_held_seats_and_booked_changes_are_on_the_line(office: Office) -> None:
    made = await buy(office, 9)
    guest = {
        "mail": "gina@partner.example",
        "displayName": "Gina",
        "usageLocation": "SE",
        "licenses": [{"skuPartNumber": "SPE_E3"}],
    }
    assert (await office.admin.post("/api/identity/invitations", json=guest)).status_code == 201
    await office.admin.patch(f"{SUBSCRIPTIONS}/{made['id']}", json={"units": 7})
    assert points(await timeline(office)) == [
        ("2026-11-21", 9, 1, []),
        ("2026-12-05", 9, 0, ["holdsEnd"]),
        ("2026-12-21", 7, 0, ["seatChange"]),
    ]
    for months, code in ((0, "invalidValue"), (37, "invalidValue")):
        refused = await office.admin.get(TIMELINE, params={"months": months})
        assert refused.json()["code"] == code
    assert (await office.admin.get(TIMELINE.replace("SPE_E3", "NONE"))).status_code == 404


async def test_who_signed_in_longest_ago_is_asked_first_with_their_manager(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob", "cid", "boss")
    made = await buy(office, 3)
    await give(office, "ada", "bob", "cid")
    assert (await office.admin.get(ASK)).json()["value"] == []
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update app_user set last_sign_in_at = case display_name when 'ada' then"
            " timestamptz '2026-11-01Z' when 'bob' then timestamptz '2026-05-01Z' end,"
            " manager_no = (select user_no from app_user where display_name = 'boss')"
            " where display_name <> 'boss'"
        )
    cut = {"units": 1, "external": True}
    await office.admin.patch(f"{SUBSCRIPTIONS}/{made['id']}", json=cut)
    first = (await office.admin.get(ASK, params={"limit": 2})).json()
    rest = (await office.admin.get(ASK, params={"cursor": first["nextCursor"]})).json()
    asked = [row["user"]["displayName"] for row in first["value"] + rest["value"]]
    assert asked == ["cid", "bob", "ada"]
    assert (first["seatsOver"], first["resolveBy"]) == (2, "2027-02-19T09:00:00Z")
    assert first["value"][0]["manager"]["displayName"] == "boss"
    assert first["value"][0]["lastSignInAt"] is None
