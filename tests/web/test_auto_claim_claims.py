"""What policies gave: the report and its periods, taking it back, and moving people to a group."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from seatwright.domain.roles import Role
from tests.auto_claim import URL, buy, give_claim, make, turn_on
from tests.bulk import DONE
from tests.launching import set_stage
from tests.moves import license_group
from tests.office import Office
from tests.world import add_group, add_people, counts_agree

APPS = "POWERAPPS_PER_USER"


@pytest.fixture
async def makers(office: Office) -> dict[str, Any]:
    """Power Apps for anybody, ten seats, and four people."""
    await add_people(office, "ada", "bob", "cid", "dot")
    await turn_on(office)
    made = await make(office)
    await buy(office, APPS, 10)
    return made


async def report(office: Office, policy: str = "Makers", **asked: Any) -> dict[str, Any]:
    answer = await office.admin.get(f"{URL}/{policy}/claims", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def people(found: dict[str, Any]) -> list[str]:
    return [row["user"]["displayName"] for row in found["value"]]


async def licenses(office: Office, name: str) -> list[str]:
    answer = await office.admin.get(f"/api/identity/users/{name}@contoso.example/licenses")
    return [one["skuPartNumber"] for one in answer.json()["value"]]


async def unassign(office: Office, *names: str) -> dict[str, str]:
    answer = await office.admin.post(
        f"{URL}/Makers/unassign", json={"users": [f"{name}@contoso.example" for name in names]}
    )
    assert answer.status_code == 200, answer.text
    return {one["user"]["displayName"]: one["outcome"] for one in answer.json()["value"]}


async def test_the_report_says_who_got_what_when_through_which_event(
    office: Office, makers: dict[str, Any]
) -> None:
    await give_claim(office, "Makers", "ada", event="licenseRequested")
    (row,) = (await report(office))["value"]
    user = row.pop("user")
    assert user.pop("id")
    assert user == {"userPrincipalName": "ada@contoso.example", "displayName": "ada"}
    assert row.pop("skuId") == makers["products"][0]["skuId"]
    assert row == {
        "at": "2026-11-21T09:00:00Z",
        "skuPartNumber": APPS,
        "product": "Power Apps Premium",
        "backup": 0,
        "event": "licenseRequested",
        "delivered": "direct",
        "group": None,
        "state": "held",
    }
    assert (await office.admin.get(f"{URL}/Makers")).json()["holders"] == 1


@pytest.mark.usefixtures("makers")
async def test_the_period_is_90_days_unless_another_is_chosen_and_says_so(office: Office) -> None:
    await give_claim(office, "Makers", "ada")
    office.clock.move(days=60)
    await give_claim(office, "Makers", "bob")
    office.clock.move(days=29)
    await give_claim(office, "Makers", "cid")
    office.clock.move(days=1)
    whole = await report(office)
    assert (whole["days"], whole["period"]) == (90, "Past 90 days")
    assert people(whole) == ["cid", "bob", "ada"]
    assert (whole["since"], whole["until"]) == ("2026-11-21T09:00:00Z", "2027-02-19T09:00:00Z")
    for days, label, names in (
        (1, "Past 1 day", ["cid"]),
        (7, "Past 7 days", ["cid"]),
        (30, "Past 30 days", ["cid", "bob"]),
        (90, "Past 90 days", ["cid", "bob", "ada"]),
    ):
        found = await report(office, days=days)
        assert (found["days"], found["period"], people(found)) == (days, label, names)
    office.clock.move(days=1)
    # Day 91 is past every period.
    assert people(await report(office)) == ["cid", "bob"]


@pytest.mark.usefixtures("makers")
@pytest.mark.parametrize("days", ["0", "2", "14", "60", "91", "365", "-1", "ninety"])
async def test_no_other_period_is_accepted(office: Office, days: str) -> None:
    for part in ("claims", "claims-a-day"):
        answer = await office.admin.get(f"{URL}/Makers/{part}?days={days}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")


@pytest.mark.usefixtures("makers")
async def test_pages_follow_one_another_without_a_gap(office: Office) -> None:
    await give_claim(office, "Makers", "ada", "bob")
    office.clock.move(hours=1)
    await give_claim(office, "Makers", "cid", "dot")
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        page = await report(office, limit=1, **({"cursor": cursor} if cursor else {}))
        seen += people(page)
        cursor = page["nextCursor"]
    assert cursor is None
    assert (sorted(seen[:2]), sorted(seen[2:])) == (["cid", "dot"], ["ada", "bob"])


@pytest.mark.usefixtures("makers")
async def test_the_report_is_a_file_that_a_spreadsheet_may_open(office: Office) -> None:
    await office.admin.patch(f"{URL}/Makers", json={"name": "=Makers"})
    await give_claim(office, "=Makers", "ada", "bob")
    answer = await office.admin.get(f"{URL}/=Makers/claims?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["userPrincipalName"] for row in rows] == [
        "bob@contoso.example",
        "ada@contoso.example",
    ]
    assert {row["policy"] for row in rows} == {"'=Makers"}
    assert {(row["skuPartNumber"], row["event"], row["state"]) for row in rows} == {
        (APPS, "appLaunch", "held")
    }


@pytest.mark.usefixtures("makers")
async def test_claims_are_counted_a_day(office: Office) -> None:
    await give_claim(office, "Makers", "ada", "bob")
    office.clock.move(days=2)
    await give_claim(office, "Makers", "cid")
    found = (await office.admin.get(f"{URL}/Makers/claims-a-day?days=7")).json()
    assert found["claims"] == 3
    assert len(found["value"]) == 8
    assert [(one["day"], one["claims"]) for one in found["value"][-3:]] == [
        ("2026-11-21", 2),
        ("2026-11-22", 0),
        ("2026-11-23", 1),
    ]


async def test_what_was_claimed_stays_when_a_policy_is_turned_off_or_deleted(
    office: Office, makers: dict[str, Any]
) -> None:
    await give_claim(office, "Makers", "ada")
    await office.admin.patch(f"{URL}/Makers", json={"status": "off"})
    assert await licenses(office, "ada") == [APPS]
    await office.admin.patch("/api/auto-claim/settings", json={"enabled": False})
    assert (await office.admin.delete(f"{URL}/Makers")).status_code == 204
    assert await licenses(office, "ada") == [APPS]
    # By its id the report of a deleted policy is still there.
    assert people(await report(office, makers["id"])) == ["ada"]


@pytest.mark.usefixtures("makers")
async def test_selected_people_are_unassigned_and_their_seats_free(office: Office) -> None:
    await give_claim(office, "Makers", "ada", "bob")
    assert await unassign(office, "ada", "dot") == {"ada": "unassigned", "dot": "notClaimed"}
    assert await licenses(office, "ada") == []
    assert await licenses(office, "bob") == [APPS]
    assert {
        row["user"]["displayName"]: row["state"] for row in (await report(office))["value"]
    } == {
        "ada": "gone",
        "bob": "held",
    }
    (row,) = (
        await office.admin.get(
            "/api/identity/licenses/assignment-history?action=removed&strategy=on_demand"
        )
    ).json()["value"]
    assert (row["reason"], row["user"]["displayName"]) == ("unassigned", "ada")
    seats = (await office.admin.get(f"/api/identity/licenses/{APPS}")).json()
    assert (seats["consumed"], seats["free"]) == (1, 9)
    await counts_agree(office)


@pytest.mark.usefixtures("makers")
async def test_only_the_claim_is_taken_and_not_what_others_gave(office: Office) -> None:
    await give_claim(office, "Makers", "ada")
    group = await add_group(office, "Licensed makers")
    await license_group(office, group, APPS)
    joined = await office.admin.post(
        f"/api/identity/groups/{group}/members", json={"users": ["ada@contoso.example"]}
    )
    assert joined.status_code < 300, joined.text
    assert await unassign(office, "ada") == {"ada": "stillGiven"}
    assert await licenses(office, "ada") == [APPS]


@pytest.mark.usefixtures("makers")
async def test_taking_from_nobody_who_has_it_or_nobody_at_all_is_refused(office: Office) -> None:
    await give_claim(office, "Makers", "ada")
    for body, status, code in (
        ({"users": ["bob@contoso.example"]}, 404, "notAssigned"),
        ({"users": ["ada@contoso.example", "nobody@x.example"]}, 400, "unknownUser"),
        ({"users": []}, 400, "invalidValue"),
    ):
        answer = await office.admin.post(f"{URL}/Makers/unassign", json=body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await licenses(office, "ada") == [APPS]


@pytest.mark.usefixtures("makers")
async def test_more_than_the_brake_lets_by_keep_what_they_have(office: Office) -> None:
    crowd = [f"p{number:02}" for number in range(12)]
    await add_people(office, *crowd)
    await buy(office, APPS, 10)
    await give_claim(office, "Makers", *crowd)
    users = [f"{name}@contoso.example" for name in crowd]
    answer = await office.admin.post(f"{URL}/Makers/unassign", json={"users": users})
    assert (answer.status_code, answer.json()["reason"]) == (202, "heldForApproval")
    taken = answer.json()["answer"]["value"]
    assert {one["outcome"] for one in taken} == {"heldForApproval"}
    assert await licenses(office, "p00") == [APPS]


@pytest.mark.usefixtures("makers")
async def test_selected_people_move_to_a_licensed_group_without_a_gap(office: Office) -> None:
    await give_claim(office, "Makers", "ada", "bob")
    await license_group(office, await add_group(office, "Licensed makers"), APPS)
    body = {"users": ["ada@contoso.example"], "group": "Licensed makers"}
    answer = await office.admin.post(f"{URL}/Makers/move", json=body, headers=DONE)
    assert answer.status_code == 200, answer.text
    assert [row["outcome"] for row in answer.json()["rows"]] == ["succeeded"]
    (one,) = (await office.admin.get("/api/identity/users/ada@contoso.example/licenses")).json()[
        "value"
    ]
    assert {source["kind"] for source in one["sources"]} == {"group"}
    assert {
        row["user"]["displayName"]: row["state"] for row in (await report(office))["value"]
    } == {
        "ada": "gone",
        "bob": "held",
    }
    history = (
        await office.admin.get(
            "/api/identity/licenses/assignment-history?user=ada@contoso.example&action=revoked"
        )
    ).json()
    assert history["value"] == []
    await counts_agree(office)


async def test_what_came_through_a_group_is_reported_and_taken_back_there(office: Office) -> None:
    stage = await set_stage(office)
    await add_people(office, "ada", "bob")
    group = await add_group(office, "Licensed makers")
    await license_group(office, group, APPS)
    await stage.policy("powerApps", group=group)
    assert (await stage.launch("ada")).json()["outcome"] == "granted"
    name = "Policy of powerApps"
    (row,) = (await report(office, name))["value"]
    assert (row["delivered"], row["group"], row["state"]) == ("group", "Licensed makers", "held")
    assert (await office.admin.get(f"{URL}/{name}")).json()["holders"] == 1
    taken = await office.admin.post(
        f"{URL}/{name}/unassign", json={"users": ["ada@contoso.example"]}
    )
    assert [one["outcome"] for one in taken.json()["value"]] == ["unassigned"]
    members = (await office.admin.get(f"/api/identity/groups/{group}/members")).json()["value"]
    assert members == []
    assert await licenses(office, "ada") == []
    assert (await report(office, name))["value"][0]["state"] == "gone"


async def test_a_claim_never_turns_into_a_group_by_itself(
    office: Office, makers: dict[str, Any]
) -> None:
    await give_claim(office, makers["name"], "ada")
    await license_group(office, await add_group(office, "Licensed makers"), APPS)
    office.clock.move(days=30)
    assert (await report(office))["value"][0]["state"] == "held"


@pytest.mark.usefixtures("makers")
async def test_reports_are_for_those_who_read_reports(office: Office) -> None:
    await give_claim(office, "Makers", "ada")
    for role, status in (
        (Role.LICENSE_ADMINISTRATOR, 200),
        (Role.REPORTS_READER, 200),
        (Role.HELPDESK_ADMINISTRATOR, 403),
        (Role.PERSON, 403),
    ):
        async with await office.as_role(role) as reader:
            assert (await reader.get(f"{URL}/Makers/claims")).status_code == status
    async with await office.as_role(Role.REPORTS_READER) as reader:
        answer = await reader.post(f"{URL}/Makers/unassign", json={"users": ["ada"]})
        assert answer.status_code == 403
