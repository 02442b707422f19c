"""Purchases give seats; seats in use are not cut away by us, and stay shown when they are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from seatwright.domain.roles import Role
from tests.office import Office
from tests.world import add_group, add_people, counts_agree

URL = "/api/subscriptions"


async def buy(office: Office, units: int = 100, **fields: Any) -> dict[str, Any]:
    """Store a purchase of Microsoft 365 E3."""
    answer = await office.admin.post(
        URL, json={"skuPartNumber": "SPE_E3", "units": units, **fields}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def seats(office: Office) -> tuple[int, int, int]:
    """Assignable and consumed seats of Microsoft 365 E3, and how many are too many."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select p.assignable, p.consumed, p.seats_over from sku_pool p join sku s"
            " using (tenant_id, sku_no) where s.part_number = 'SPE_E3'"
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0], row[1], row[2]


async def use_seats(office: Office, count: int) -> None:
    """Let this many seats of Microsoft 365 E3 be in use, as a bulk job leaves them."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update sku_pool p set consumed = %s from sku s where s.tenant_id = p.tenant_id"
            " and s.sku_no = p.sku_no and s.part_number = 'SPE_E3'",
            (count,),
        )


async def test_a_purchase_is_seats_at_once(office: Office) -> None:
    made = await buy(office, 100, unitPrice="36.00", currency="EUR", offerMinimum=10)
    assert made["displayName"] == "Microsoft 365 E3"
    assert made["unitPrice"] == "36.00"
    assert (made["status"], made["units"]) == ("Enabled", 100)
    assert await seats(office) == (100, 0, 0)
    await buy(office, 25, status="Warning")
    await buy(office, 40, status="Suspended")
    assert await seats(office) == (125, 0, 0)


async def test_units_in_grace_are_no_seats_where_the_tenant_says_so(office: Office) -> None:
    settings = {"warningUnitsAreAssignable": False}
    assert (await office.admin.patch("/api/settings", json=settings)).status_code == 200
    await buy(office, 100)
    await buy(office, 25, status="Warning")
    assert await seats(office) == (100, 0, 0)


async def test_fewer_units_than_are_in_use_are_refused_with_the_numbers(office: Office) -> None:
    made = await buy(office, 100)
    await use_seats(office, 95)
    refused = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 80})
    assert refused.status_code == 409, refused.text
    assert refused.json()["code"] == "seatsInUse"
    assert refused.json()["seatsOver"] == 15
    assert await seats(office) == (100, 95, 0)
    kept = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 95})
    assert kept.status_code == 200
    assert [one["units"] for one in kept.json()["scheduled"]] == [95]
    assert await seats(office) == (100, 95, 0)


async def test_a_cut_that_came_from_outside_is_represented(office: Office) -> None:
    made = await buy(office, 100)
    await use_seats(office, 95)
    cut = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 80, "external": True})
    assert cut.status_code == 200, cut.text
    assert await seats(office) == (80, 95, 15)


async def test_a_status_that_takes_seats_away_is_a_fact(office: Office) -> None:
    made = await buy(office, 100)
    await use_seats(office, 95)
    suspended = await office.admin.patch(f"{URL}/{made['id']}", json={"status": "Suspended"})
    assert suspended.status_code == 200, suspended.text
    assert await seats(office) == (0, 95, 95)
    enabled = await office.admin.patch(f"{URL}/{made['id']}", json={"status": "Enabled"})
    assert enabled.status_code == 200
    assert await seats(office) == (100, 95, 0)


async def test_fewer_units_than_the_offer_asks_for_are_refused(office: Office) -> None:
    made = await buy(office, 300, offerMinimum=300)
    refused = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 299})
    assert refused.status_code == 409
    assert refused.json()["code"] == "belowOfferMinimum"


async def test_a_purchase_is_deleted_unless_its_seats_are_in_use(office: Office) -> None:
    made = await buy(office, 10)
    await use_seats(office, 1)
    assert (await office.admin.delete(f"{URL}/{made['id']}")).json()["code"] == "seatsInUse"
    assert (await office.admin.delete(f"{URL}/{made['id']}?external=true")).status_code == 204
    assert await seats(office) == (0, 1, 1)
    gone = await office.admin.get(f"{URL}/{made['id']}")
    assert (gone.status_code, gone.json()["code"]) == (404, "unknownSubscription")


async def test_only_what_is_named_changes_and_null_empties(office: Office) -> None:
    made = await buy(office, 10, unitPrice=5, currency="EUR", externalId="A-1")
    changed = (
        await office.admin.patch(
            f"{URL}/{made['id']}", json={"unitPrice": None, "nextLifecycleAt": "2027-11-21"}
        )
    ).json()
    assert changed["unitPrice"] is None
    assert changed["nextLifecycleAt"] == "2027-11-21T00:00:00Z"
    assert (changed["currency"], changed["externalId"], changed["units"]) == ("EUR", "A-1", 10)
    assert (await office.admin.get(f"{URL}/{made['id']}")).json() == changed


async def test_an_external_id_stands_for_one_purchase(office: Office) -> None:
    await buy(office, 10, externalId="A-1")
    other = await buy(office, 10, externalId="A-2")
    body = {"skuPartNumber": "SPE_E5", "units": 1, "externalId": "A-1"}
    assert (await office.admin.post(URL, json=body)).json()["code"] == "invalidValue"
    taken = await office.admin.patch(f"{URL}/{other['id']}", json={"externalId": "A-1"})
    assert (taken.status_code, taken.json()["code"]) == (400, "invalidValue")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"units": 1}, "invalidValue"),
        ({"skuPartNumber": "SPE_E3", "skuId": str(uuid4()), "units": 1}, "invalidValue"),
        ({"skuPartNumber": "SPE_E9", "units": 1}, "unknownSku"),
        ({"skuPartNumber": "SPE_E3", "units": -1}, "invalidValue"),
        ({"skuPartNumber": "SPE_E3", "units": 1, "status": "paused"}, "invalidValue"),
        ({"skuPartNumber": "SPE_E3", "units": 1, "startsAt": "tomorrow"}, "invalidValue"),
        ({"skuPartNumber": "SPE_E3", "units": 1, "seats": 5}, "invalidValue"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused(
    office: Office, body: dict[str, Any], code: str
) -> None:
    refused = await office.admin.post(URL, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_purchases_are_listed_page_by_page(office: Office) -> None:
    made = {(await buy(office, units))["id"] for units in (1, 2, 3)}
    first = (await office.admin.get(URL, params={"limit": 2})).json()
    second = (
        await office.admin.get(URL, params={"limit": 2, "cursor": first["nextCursor"]})
    ).json()
    assert len(first["value"]) == 2
    assert {row["id"] for row in first["value"] + second["value"]} == made
    assert second["nextCursor"] is None


async def test_only_billing_may_buy(office: Office) -> None:
    body = {"skuPartNumber": "SPE_E3", "units": 1}
    licenses = await office.as_role(Role.LICENSE_ADMINISTRATOR)
    assert (await licenses.post(URL, json=body)).status_code == 403
    assert (await licenses.get(URL)).status_code == 200
    billing = await office.as_role(Role.BILLING_ADMINISTRATOR)
    assert (await billing.post(URL, json=body)).status_code == 201


async def test_every_change_of_a_purchase_is_in_the_history(office: Office) -> None:
    made = await buy(office, 10)
    await office.admin.patch(f"{URL}/{made['id']}", json={"units": 12})
    await office.admin.patch(f"{URL}/{made['id']}", json={"units": 12})
    await office.admin.delete(f"{URL}/{made['id']}")
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select action, detail -> 'changed' -> 'units' from history_event"
            " where action between 60 and 62 order by event_no"
        )
        rows = await cursor.fetchall()
    assert rows == [
        (60, {"before": None, "after": "10"}),
        (61, {"before": "10", "after": "12"}),
        (62, {"before": "12", "after": None}),
    ]


async def waiting_group(office: Office, members: int) -> None:
    """A group with Microsoft 365 E3 of which nobody has a seat yet."""
    people = await add_people(office, *(f"member{number}" for number in range(members)))
    group = await add_group(office, "Everyone", people)
    answer = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert answer.status_code == 202, answer.text


async def test_bought_seats_go_to_whoever_waits_at_once_and_in_order(office: Office) -> None:
    await waiting_group(office, 5)
    made = await buy(office, 2)
    assert await seats(office) == (2, 2, 0)
    left = (await office.admin.get("/api/identity/licenses/SPE_E3/waiting-list")).json()["value"]
    assert [one["user"]["displayName"] for one in left] == ["member2", "member3", "member4"]
    assert [one["sources"][0]["group"]["displayName"] for one in left] == ["Everyone"] * 3
    more = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 4})
    assert more.status_code == 200
    assert await seats(office) == (4, 4, 0)
    assert await counts_agree(office)


async def test_seats_that_come_back_from_grace_go_to_whoever_waits(office: Office) -> None:
    made = await buy(office, 2, status="Suspended")
    await waiting_group(office, 3)
    assert await seats(office) == (0, 0, 0)
    await office.admin.patch(f"{URL}/{made['id']}", json={"status": "Warning"})
    assert await seats(office) == (2, 2, 0)


async def test_nobody_loses_a_license_when_seats_are_cut_outside(office: Office) -> None:
    made = await buy(office, 3)
    await waiting_group(office, 3)
    cut = await office.admin.patch(f"{URL}/{made['id']}", json={"units": 1, "external": True})
    assert cut.status_code == 200
    assert await seats(office) == (1, 3, 2)
    assert await counts_agree(office)
    holders = (await office.admin.get("/api/identity/licenses/SPE_E3/holders")).json()["value"]
    assert len(holders) == 3
    assert {one["source"]["group"]["displayName"] for one in holders} == {"Everyone"}


async def test_under_entra_semantics_bought_seats_wait_for_a_reprocess(office: Office) -> None:
    preset = {"preset": "entra", "groupLicensingNeedsEntraP1": False}
    assert (await office.admin.patch("/api/settings", json=preset)).status_code == 200
    await waiting_group(office, 2)
    await buy(office, 2)
    assert await seats(office) == (2, 0, 0)
