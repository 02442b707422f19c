"""Purchases pass their states by the clock, are renewed and cancelled, and shrink on their day."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from seatwright.domain.offers import OFFERS, OfferType, months_after, next_cycle
from seatwright.domain.subscription_states import RIGHTS, PurchaseAction
from seatwright.domain.subscriptions import SubscriptionStatus
from tests.office import Office
from tests.timing import (
    SUBSCRIPTIONS,
    after,
    bought,
    buy,
    give,
    history,
    seats,
    tick,
    told,
)
from tests.world import add_people, counts_agree

NEXT_DAY = "2026-11-22T09:00:00Z"
NEXT_YEAR = "2027-01-31T09:00:00Z"


@pytest.mark.parametrize(
    ("offer", "grace", "disabled"),
    [
        ("trial", 30, 90),
        ("business", 30, 90),
        ("enterprise", 90, 90),
        ("volume", 90, 60),
        ("open", 30, 90),
    ],
)
async def test_a_purchase_passes_every_state_in_the_days_of_its_offer(
    office: Office, offer: str, grace: int, disabled: int
) -> None:
    made = await buy(office, offerType=offer, nextLifecycleAt=NEXT_DAY)
    seen = []
    for days in (0.9, 0.2, grace - 0.2, 0.2, disabled - 30.2, 0.2, 29.8, 0.2):
        await after(office, days=days)
        seen.append(((await bought(office, made))["status"], (await seats(office))[0]))
    assert seen == [
        ("Enabled", 10),
        ("Warning", 10),
        ("Warning", 10),
        ("Suspended", 0),
        ("Suspended", 0),
        ("LockedOut", 0),
        ("LockedOut", 0),
        ("Deleted", 0),
    ]
    assert (await bought(office, made))["nextLifecycleAt"] is None


def test_durations_name_the_facts_they_come_from() -> None:
    assert all(offer.source.startswith("L-0") for offer in OFFERS.values())
    assert set(OFFERS) == set(OfferType)


async def test_after_an_outage_every_state_is_passed_recorded_and_told_once(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    made = await buy(office, 2, nextLifecycleAt=NEXT_DAY)
    await give(office, "ada", "bob")
    office.clock.move(days=400)
    await asyncio.gather(tick(office), tick(office))
    states = ["Warning", "Suspended", "LockedOut", "Deleted"]
    assert [one["state"] for one in await told(office, "subscriptionChanged")] == states
    rows = await history(office, "subscriptionUpdated")
    assert [row["detail"]["changed"]["status"]["after"] for row in rows] == states
    assert rows[1]["detail"]["dueAt"] == "2026-12-22T09:00:00+00:00"
    assert await seats(office) == (0, 2, -2)
    (over,) = await told(office, "overAssigned")
    assert (over["holders"], over["seatsOver"]) == (2, 2)
    gone = await office.admin.post(f"{SUBSCRIPTIONS}/{made['id']}/renew", json={})
    assert (gone.status_code, gone.json()["code"]) == (409, "subscriptionSuspended")
    assert await counts_agree(office)


async def test_one_that_renews_begins_term_after_term(office: Office) -> None:
    made = await buy(office, renews=True, termMonths=1, nextLifecycleAt="2026-12-31T00:00:00Z")
    await after(office, days=100)
    found = await bought(office, made)
    assert found["status"] == "Enabled"
    assert found["nextLifecycleAt"] == "2027-03-31T00:00:00Z"
    assert found["nextStatus"] == "Enabled"
    assert await told(office, "subscriptionChanged") == []


async def test_seats_of_a_future_purchase_are_there_on_its_day_and_go_to_who_waits(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, 1)
    made = await buy(office, 1, startsAt="2026-12-01T00:00:00Z")
    assert (made["started"], await seats(office)) == (False, (1, 0, 1))
    graph = (await office.admin.get("/v1.0/subscribedSkus")).json()["value"]
    assert [row["prepaidUnits"]["enabled"] for row in graph] == [1]
    group = await office.admin.post("/api/identity/groups", json={"displayName": "Both"})
    members = {"users": ["ada@contoso.example", "bob@contoso.example"]}
    place = f"/api/identity/groups/{group.json()['id']}"
    await office.admin.post(f"{place}/members", json=members)
    await office.admin.post(f"{place}/licenses", json={"skuPartNumber": "SPE_E3"})
    assert await seats(office) == (1, 1, 0)
    await after(office, days=10)
    assert await seats(office) == (2, 2, 0)
    assert (await bought(office, made))["started"] is True


async def test_a_state_set_by_hand_lasts_as_long_as_the_offer_says(office: Office) -> None:
    made = await buy(office)
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    expired = (await office.admin.patch(url, json={"status": "Warning"})).json()
    assert (expired["nextStatus"], expired["nextLifecycleAt"]) == (
        "Suspended",
        "2026-12-21T09:00:00Z",
    )
    fixed = {"status": "Suspended", "nextLifecycleAt": "2027-06-01"}
    suspended = (await office.admin.patch(url, json=fixed)).json()
    assert suspended["nextLifecycleAt"] == "2027-06-01T00:00:00Z"


@pytest.mark.parametrize("status", list(SubscriptionStatus))
async def test_each_state_allows_what_the_table_says(
    office: Office, status: SubscriptionStatus
) -> None:
    await add_people(office, "ada")
    made = await buy(office, status=status.value)
    rights = RIGHTS[status]
    assert made["allows"] == {
        "servesPeople": rights.serves,
        "takesPeople": rights.assigns,
        "actions": sorted(action.name.lower() for action in rights.actions),
    }
    given = await office.admin.post(
        "/api/identity/users/ada@contoso.example/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert (given.status_code == 201) is rights.assigns
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    calls = {
        PurchaseAction.RAISE: office.admin.patch(url, json={"units": 11}),
        PurchaseAction.REDUCE: office.admin.post(f"{url}/seat-changes", json={"units": 9}),
        PurchaseAction.CANCEL: office.admin.post(f"{url}/cancel?external=true"),
        PurchaseAction.RENEW: office.admin.post(f"{url}/renew", json={}),
    }
    for action, call in calls.items():
        # What ends it comes after what needs it as it is, and a renewal last of all.
        answer = await call
        if status is SubscriptionStatus.ENABLED and action is PurchaseAction.RENEW:
            assert answer.status_code == 200
        elif action in rights.actions:
            assert answer.status_code in {200, 201}, (action, answer.text)
        else:
            assert answer.json()["code"] == "subscriptionSuspended", (action, answer.text)


async def test_whether_units_in_grace_take_new_people_is_a_setting(office: Office) -> None:
    await add_people(office, "ada", "bob")
    made = await buy(office, 2)
    await give(office, "ada")
    await office.admin.patch("/api/settings", json={"warningUnitsAreAssignable": False})
    await office.admin.patch(f"{SUBSCRIPTIONS}/{made['id']}", json={"status": "Warning"})
    assert (await bought(office, made))["allows"]["takesPeople"] is False
    refused = await office.admin.post(
        "/api/identity/users/bob@contoso.example/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert refused.json()["code"] == "noSeatLeft"
    assert (await seats(office))[1] == 1


async def test_what_has_expired_comes_back_with_a_renewal(office: Office) -> None:
    made = await buy(office, termMonths=3, nextLifecycleAt=NEXT_DAY, currency="EUR")
    await after(office, days=11)
    url = f"{SUBSCRIPTIONS}/{made['id']}/renew"
    back = (await office.admin.post(url, json={})).json()
    # The new term follows the old one: there was no gap in the service.
    assert (back["status"], back["nextLifecycleAt"]) == ("Enabled", "2027-02-22T09:00:00Z")
    await after(office, days=83 + 40)
    assert (await bought(office, made))["status"] == "Suspended"
    again = (await office.admin.post(url, json={"units": 12, "unitPrice": 9})).json()
    assert (again["status"], again["units"]) == ("Enabled", 12)
    over = await office.admin.post(url, json={"until": "2026-01-01"})
    assert over.json()["code"] == "invalidValue"


async def test_a_renewal_with_fewer_seats_leaves_people_over_assigned_for_ninety_days(
    office: Office,
) -> None:
    await office.admin.patch("/api/settings", json={"tellingsKeptDays": 365})
    await add_people(office, "ada", "bob", "cid")
    made = await buy(office, 3, nextLifecycleAt=NEXT_DAY)
    await give(office, "ada", "bob", "cid")
    renewed = await office.admin.post(f"{SUBSCRIPTIONS}/{made['id']}/renew", json={"units": 1})
    assert renewed.status_code == 200, renewed.text
    found = (await office.admin.get("/api/identity/licenses/SPE_E3")).json()
    assert (found["consumed"], found["seatsOver"]) == (3, 2)
    assert found["resolveBy"] == "2027-02-19T09:00:00Z"
    (over,) = await told(office, "overAssigned")
    assert over["until"] == "2027-02-19T09:00:00+00:00"
    await after(office, days=89)
    assert len(await told(office, "overAssigned")) == 1
    await after(office, days=2)
    await tick(office)
    assert [one["seatsOver"] for one in await told(office, "overAssigned")] == [2, 2]
    assert (await seats(office))[1] == 3


async def test_cancelling_in_the_first_week_skips_grace_and_later_waits_for_the_end(
    office: Office,
) -> None:
    end = "2027-11-21T09:00:00Z"
    early = await buy(office, nextLifecycleAt=end)
    late = await buy(office, nextLifecycleAt=end, renews=True)
    gone = (await office.admin.post(f"{SUBSCRIPTIONS}/{early['id']}/cancel")).json()
    assert (gone["status"], gone["nextLifecycleAt"]) == ("LockedOut", "2027-02-19T09:00:00Z")
    await after(office, days=8)
    kept = (await office.admin.post(f"{SUBSCRIPTIONS}/{late['id']}/cancel")).json()
    assert (kept["status"], kept["nextLifecycleAt"]) == ("Enabled", end)
    assert (kept["renews"], kept["nextStatus"]) == (False, "Warning")
    await after(office, days=400)
    states = {(await bought(office, one))["status"] for one in (early, late)}
    assert states == {"Deleted", "Suspended"}


async def test_a_renewal_that_is_given_back_before_it_begins_leaves_the_term_before_it(
    office: Office,
) -> None:
    await add_people(office, "ada")
    made = await buy(office, 1, startsAt="2026-01-31T09:00:00Z", nextLifecycleAt=NEXT_YEAR)
    await give(office, "ada")
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    renewed = (await office.admin.post(f"{url}/renew", json={})).json()
    assert renewed["nextLifecycleAt"] == "2028-01-31T09:00:00Z"
    back = await office.admin.post(f"{url}/cancel")
    assert back.status_code == 200, back.text
    kept = back.json()
    assert (kept["status"], kept["nextLifecycleAt"]) == ("Enabled", NEXT_YEAR)
    assert (kept["renews"], kept["nextStatus"]) == (False, "Warning")
    assert await seats(office) == (1, 1, 0)
    again = (await office.admin.post(f"{url}/renew", json={})).json()
    assert again["nextLifecycleAt"] == "2028-01-31T09:00:00Z"
    await after(office, days=72)
    begun = (await office.admin.post(f"{url}/cancel?external=true")).json()
    assert begun["status"] == "LockedOut", "within seven days of its beginning"


async def test_cancelling_does_not_take_seats_that_are_in_use(office: Office) -> None:
    await add_people(office, "ada")
    made = await buy(office)
    await give(office, "ada")
    refused = await office.admin.post(f"{SUBSCRIPTIONS}/{made['id']}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "seatsInUse")
    assert "with “external”" in refused.json()["detail"]
    booked = await office.admin.post(
        f"{SUBSCRIPTIONS}/{made['id']}/seat-changes",
        json={"units": 0, "effectiveAt": "2027-01-01T00:00:00Z"},
    )
    assert (booked.status_code, booked.json()["code"]) == (409, "seatsInUse")
    assert "external" not in booked.json()["detail"], "what is booked never came from outside"
    assert (await bought(office, made))["status"] == "Enabled"


async def test_fewer_seats_take_effect_when_the_next_billing_cycle_begins(
    office: Office,
) -> None:
    made = await buy(office, startsAt="2026-01-31T00:00:00Z", billingMonths=1)
    url = f"{SUBSCRIPTIONS}/{made['id']}"
    asked = (
        await office.admin.patch(url, json={"units": 8, "unitPrice": 5, "currency": "EUR"})
    ).json()
    assert (asked["units"], asked["unitPrice"]) == (10, "5")
    (booked,) = asked["scheduled"]
    assert (booked["units"], booked["effectiveAt"]) == (8, "2026-11-30T00:00:00Z")
    assert (await office.admin.patch(url, json={"units": 8})).json()["scheduled"] == [booked]
    other = await office.admin.patch(url, json={"units": 7})
    assert (other.status_code, other.json()["code"]) == (409, "seatChangeScheduled")
    await after(office, days=8)
    assert await seats(office) == (10, 0, 10)
    await after(office, days=1)
    assert await seats(office) == (8, 0, 8)
    (change,) = (await office.admin.get(f"/api/seat-changes?subscription={made['id']}")).json()[
        "value"
    ]
    assert (change["state"], change["unitsBefore"]) == ("done", 10)
    (news,) = await told(office, "seatChangeEffective")
    assert (news["seatsBefore"], news["seatsAfter"]) == (10, 8)
    late = await office.admin.delete(f"/api/seat-changes/{change['id']}")
    assert (late.status_code, late.json()["code"]) == (409, "alreadyDecided")


async def test_a_booked_change_is_looked_at_again_on_its_day(office: Office) -> None:
    await add_people(office, "ada", "bob")
    made = await buy(office, 2)
    url = f"{SUBSCRIPTIONS}/{made['id']}/seat-changes"
    booked = await office.admin.post(url, json={"units": 1, "note": "fewer people in spring"})
    assert booked.status_code == 201, booked.text
    await give(office, "ada", "bob")
    await after(office, days=40)
    found = (await office.admin.get(f"/api/seat-changes/{booked.json()['id']}")).json()
    assert (found["state"], found["reason"]) == ("refused", "seatsInUse")
    assert "2 are in use" in found["message"]
    assert await seats(office) == (2, 2, 0)
    (news,) = await told(office, "seatChangeEffective")
    assert (news["seatsAfter"], news["message"]) == (2, found["message"])
    assert [row["action"] for row in await history(office, "seatChangeRefused")]


async def test_what_is_booked_is_refused_too_early_too_low_or_without_effect(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    made = await buy(office, 10, offerMinimum=5, includedUnits=6)
    await give(office, "ada", "bob")
    url = f"{SUBSCRIPTIONS}/{made['id']}/seat-changes"
    for body, code in (
        ({"units": 9, "effectiveAt": "2026-11-25"}, "invalidValue"),
        ({"units": 5}, "belowOfferMinimum"),
        ({"units": 10}, "noChange"),
        ({"units": 12, "effectiveAt": "2026-01-01"}, "invalidValue"),
        ({"units": 9, "note": "x" * 501}, "invalidValue"),
    ):
        refused = await office.admin.post(url, json=body)
        assert refused.json()["code"] == code, (body, refused.text)
    more = await office.admin.post(url, json={"units": 12, "effectiveAt": "2026-11-25"})
    assert more.status_code == 201
    assert (await office.admin.delete(f"/api/seat-changes/{more.json()['id']}")).status_code == 204
    await after(office, days=10)
    assert (await seats(office))[0] == 10
    unknown = await office.admin.get(f"/api/seat-changes/{made['id']}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknownSeatChange")


async def test_of_two_administrators_who_reduce_at_once_only_one_finds_room(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob")
    first, second = await buy(office, 2), await buy(office, 2)
    await give(office, "ada", "bob")
    answers = await asyncio.gather(
        *(
            office.admin.patch(f"{SUBSCRIPTIONS}/{one['id']}", json={"units": 0})
            for one in (first, second)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert (refused.json()["code"], refused.json()["assignable"]) == ("seatsInUse", 0)
    await after(office, days=60)
    assert await seats(office) == (2, 2, 0)


async def test_booked_changes_are_listed_page_by_page(office: Office) -> None:
    made = await buy(office, 100)
    for month, units in ((1, 90), (2, 80), (3, 70)):
        body = {"units": units, "effectiveAt": f"2027-0{month}-21"}
        url = f"{SUBSCRIPTIONS}/{made['id']}/seat-changes"
        assert (await office.admin.post(url, json=body)).status_code == 201
    first = (await office.admin.get("/api/seat-changes?limit=2")).json()
    rest = (await office.admin.get(f"/api/seat-changes?cursor={first['nextCursor']}")).json()
    assert [row["units"] for row in first["value"] + rest["value"]] == [70, 80, 90]
    await after(office, days=400)
    assert (await bought(office, made))["units"] == 70


@pytest.mark.parametrize(
    ("after_", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2026-02-28", 1, "2026-03-31"),
        ("2026-03-30", 1, "2026-03-31"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-02-01", 12, "2027-01-31"),
        ("2027-01-31", 12, "2028-01-31"),
        ("2025-06-01", 3, "2026-04-30"),
    ],
)
def test_billing_cycles_begin_on_the_day_of_the_month_or_its_last(
    after_: str, months: int, expected: str
) -> None:
    def day(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert next_cycle(day("2026-01-31"), months=months, after=day(after_)) == day(expected)
    assert months_after(day("2026-01-31"), 13) == day("2027-02-28")
