"""Products with their seats, and who holds one and who waits for one, in order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from seatwright.domain.ids import service_plan_bits
from seatwright.domain.roles import Role
from tests.office import Office

URL = "/api/identity/licenses"


async def buy(office: Office, part_number: str, units: int, **fields: Any) -> None:
    """Store a purchase."""
    body = {"skuPartNumber": part_number, "units": units, **fields}
    answer = await office.admin.post("/api/subscriptions", json=body)
    assert answer.status_code == 201, answer.text


async def run(office: Office, statement: str, *values: object) -> None:
    """Change the database as other rooms would have."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(statement, (tx.tenant_id, *values))


async def add_person(office: Office, number: int) -> UUID:
    """A person with this number."""
    person = uuid4()
    upn = f"person{number}@contoso.example"
    await run(
        office,
        "insert into app_user (tenant_id, user_no, id, upn, upn_key, display_name,"
        " display_name_key, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
        number,
        person,
        upn,
        upn,
        f"Person {number}",
        f"person {number}",
        office.clock.now(),
    )
    return person


async def wait(office: Office, number: int, *, priority: int = 128, minutes: int = 0) -> None:
    """Let a person wait for Microsoft 365 E3."""
    await run(
        office,
        "insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason,"
        " priority, waiting_since) select %s, %s, sku_no, 0, 0, 'noSeatLeft', %s, %s"
        " from sku where part_number = 'SPE_E3'",
        number,
        priority,
        office.clock.now() + timedelta(minutes=minutes),
    )


async def row(office: Office, sku: str) -> dict[str, Any]:
    """One product."""
    answer = await office.admin.get(f"{URL}/{sku}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_product_shows_what_was_bought_by_state(office: Office) -> None:
    await buy(office, "SPE_E3", 400)
    await buy(office, "SPE_E3", 25, status="Warning")
    await buy(office, "SPE_E3", 5, status="Suspended")
    found = await row(office, "spe_e3")
    assert found["prepaidUnits"] == {"enabled": 400, "warning": 25, "suspended": 5, "lockedOut": 0}
    assert (found["assignable"], found["consumed"], found["free"]) == (425, 0, 425)
    assert (found["capabilityStatus"], found["seatsToBuy"], found["hint"]) == ("Enabled", 0, None)
    assert len(found["subscriptionIds"]) == 3
    assert await row(office, found["skuId"].upper()) == found


@pytest.mark.parametrize(
    ("status", "expected"),
    [("Warning", "Warning"), ("Suspended", "Suspended"), ("LockedOut", "LockedOut")],
)
async def test_the_state_of_a_product_is_its_best_units(
    office: Office, status: str, expected: str
) -> None:
    await buy(office, "SPE_E3", 1, status=status)
    assert (await row(office, "SPE_E3"))["capabilityStatus"] == expected


async def test_only_products_in_use_are_listed_unless_all_are_asked_for(office: Office) -> None:
    await buy(office, "SPE_E3", 4)
    await buy(office, "EXCHANGESTANDARD", 4)
    some = (await office.admin.get(URL)).json()
    assert {one["skuPartNumber"] for one in some["value"]} == {"SPE_E3", "EXCHANGESTANDARD"}
    whole = (await office.admin.get(URL, params={"all": "true"})).json()
    assert len(whole["value"]) >= 45


async def test_products_are_found_by_words_of_their_names(office: Office) -> None:
    found = (await office.admin.get(URL, params={"all": "true", "search": "visio 2"})).json()
    assert [one["displayName"] for one in found["value"]] == ["Visio Plan 2"]


async def test_products_are_listed_page_by_page(office: Office) -> None:
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(20):
        params = {"all": "true", "limit": "10"} | ({"cursor": cursor} if cursor else {})
        page = (await office.admin.get(URL, params=params)).json()
        seen += [one["skuId"] for one in page["value"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) >= 45


async def test_a_product_says_whether_the_strategies_apply_and_why(office: Office) -> None:
    per_app = await row(office, "POWERAPPS_PER_APP")
    assert per_app["inStrategyScope"] is False
    assert "allocated to an environment" in per_app["scopeNote"]
    assert (await row(office, "POWERAPPS_PER_USER"))["inStrategyScope"] is True


async def test_too_few_seats_say_how_many_to_buy(office: Office) -> None:
    await buy(office, "SPE_E3", 1)
    await run(office, "update sku_pool set consumed = 1 where tenant_id = %s and assignable = 1")
    for number in (1, 2, 3):
        await add_person(office, number)
        await wait(office, number)
    found = await row(office, "SPE_E3")
    assert (found["waiting"], found["seatsToBuy"]) == (3, 3)
    assert found["hint"] == (
        "Microsoft 365 E3: 3 people wait for a seat. Buy 3 more seats, or take licenses back."
    )


async def test_an_over_assigned_product_says_until_when(office: Office) -> None:
    await buy(office, "SPE_E3", 5)
    await run(office, "update sku_pool set consumed = 5 where tenant_id = %s and assignable = 5")
    (bought,) = (await office.admin.get("/api/subscriptions")).json()["value"]
    cut = {"units": 3, "external": True}
    assert (
        await office.admin.patch(f"/api/subscriptions/{bought['id']}", json=cut)
    ).status_code == 200
    found = await row(office, "SPE_E3")
    assert (found["free"], found["seatsOver"], found["seatsToBuy"]) == (-2, 2, 2)
    assert found["resolveBy"] == "2027-02-19T09:00:00Z"


async def test_the_waiting_list_stands_in_the_order_of_serving(office: Office) -> None:
    people = {number: await add_person(office, number) for number in range(1, 6)}
    await wait(office, 5, priority=0, minutes=9)
    await wait(office, 4, minutes=1)
    await wait(office, 3, minutes=1)
    await wait(office, 2, minutes=2)
    await wait(office, 1, priority=200)
    listed: list[tuple[int, str]] = []
    cursor: str | None = None
    for _ in range(3):
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await office.admin.get(f"{URL}/SPE_E3/waiting-list", params=params)).json()
        listed += [(one["place"], one["user"]["id"]) for one in page["value"]]
        cursor = page["nextCursor"]
    expected = [people[5], people[3], people[4], people[2], people[1]]
    assert listed == [(place, str(one)) for place, one in enumerate(expected, start=1)]
    assert cursor is None


async def test_holders_are_listed_with_what_is_off(office: Office) -> None:
    people = [await add_person(office, number) for number in (1, 2, 3)]
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select sku_no, array_agg(service_plan_no), max(service_plan_no)"
            " filter (where p.name = 'TEAMS1') from sku_service_plan join service_plan p"
            " using (tenant_id, service_plan_no) join sku using (tenant_id, sku_no)"
            " where part_number = 'SPE_E3' group by sku_no"
        )
        found = await cursor.fetchone()
        assert found is not None
        sku_no, plans, teams = found
        enabled = await tx.plan_set_id(service_plan_bits(*(no for no in plans if no != teams)))
        await tx.connection.execute(
            "insert into effective_license (tenant_id, user_no, enabled_set, source_no, sku_no,"
            " source_kind, strategy, since) select %s, unnest(array[1, 2, 3]), %s, 0, %s, 0, 1, %s",
            (tx.tenant_id, enabled, sku_no, office.clock.now()),
        )
    first = (await office.admin.get(f"{URL}/SPE_E3/holders", params={"limit": 2})).json()
    last = (
        await office.admin.get(f"{URL}/SPE_E3/holders", params={"cursor": first["nextCursor"]})
    ).json()
    rows = first["value"] + last["value"]
    assert [one["user"]["id"] for one in rows] == [str(person) for person in people]
    assert rows[0]["disabledServicePlans"] == ["TEAMS1"]
    assert (rows[0]["strategy"], rows[0]["source"]["kind"]) == ("manual", "direct")
    assert last["nextCursor"] is None


@pytest.mark.parametrize("path", ["", "/holders", "/waiting-list"])
async def test_an_unknown_product_is_not_found(office: Office, path: str) -> None:
    refused = await office.admin.get(f"{URL}/SPE_E9{path}")
    assert (refused.status_code, refused.json()["code"]) == (404, "unknownSku")


async def test_who_may_not_read_licenses_is_told(office: Office) -> None:
    gateway = await office.as_role(Role.APP_GATEWAY)
    assert (await gateway.get(URL)).status_code == 403
