"""The demo tenant: the group table of source 004, seats to try things with, made once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from seatwright.bootstrap import assemble_web_app
from seatwright.demo.demo import Demo, load_demo, remove_demo
from seatwright.domain.errors import Refusal
from seatwright.postgres.pool import Database
from tests.conftest import TestServer
from tests.office import HOST, MovableClock

LONG = httpx.Timeout(60)
SOURCE_004 = [
    ("All Employees", "Microsoft 365 E3", 4234, "Active"),
    ("Executive Team", "Microsoft 365 E5", 156, "Active"),
    ("Contractors", "Exchange Online Plan 1", 89, "3 Errors"),
]


@dataclass(slots=True, kw_only=True)
class DemoOffice:
    """The demo tenant behind its REST surface."""

    database: Database
    clock: MovableClock
    api: httpx.AsyncClient
    token: str
    owner_url: str

    async def list_of(self, path: str, **params: str | int) -> list[dict[str, Any]]:
        """Every row of a list, over all its pages."""
        rows: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"limit": 200, **params}
        while True:
            answer = await self.api.get(path, params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            rows += page["value"]
            if page["nextCursor"] is None:
                return rows
            query["cursor"] = page["nextCursor"]

    async def product(self, part_number: str) -> dict[str, Any]:
        """The seats of one product."""
        answer = await self.api.get(f"/api/identity/licenses/{part_number}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def group(self, name: str) -> dict[str, Any]:
        """One group of the group list."""
        found = await self.list_of("/api/identity/groups", search=name)
        return next(row for row in found if row["displayName"] == name)


@pytest.fixture(scope="module")
def loaded(embedded_test_server: TestServer) -> Iterator[tuple[str, str]]:
    """A database with the demo in it, to be cloned, and its token."""
    with embedded_test_server.new_database() as made:
        demo = asyncio.run(_load(made.app_url))
        assert demo.token is not None
        yield made.name, demo.token


async def _load(app_url: str) -> Demo:
    opened = Database(app_url)
    await opened.open()
    try:
        return await load_demo(opened, now=MovableClock().now(), kept_token=None)
    finally:
        await opened.close()


@pytest.fixture
async def demo(
    embedded_test_server: TestServer, loaded: tuple[str, str]
) -> AsyncIterator[DemoOffice]:
    """The demo as it is after the first start, for one test alone."""
    template, token = loaded
    with embedded_test_server.new_database(template=template) as made:
        clock = MovableClock()
        opened = Database(made.app_url)
        await opened.open()
        app: Any = assemble_web_app(database=opened, clock=clock, public_host=HOST)
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app),
            base_url=f"http://{HOST}",
            headers={"authorization": f"Bearer {token}"},
            timeout=LONG,
        ) as api:
            yield DemoOffice(
                database=opened, clock=clock, api=api, token=token, owner_url=made.owner_url
            )
        await opened.close()


async def test_the_group_table_of_source_004_stands_as_printed(demo: DemoOffice) -> None:
    shown = []
    for name, *_ in SOURCE_004:
        row = await demo.group(name)
        (license_,) = row["licenses"]
        shown.append((name, license_["displayName"], row["memberCount"], row["status"]))
    assert shown == SOURCE_004


async def test_the_three_errors_are_people_who_wait_for_a_seat(demo: DemoOffice) -> None:
    contractors = await demo.group("Contractors")
    errors = await demo.list_of(f"/api/identity/groups/{contractors['id']}/errors")
    waiting = await demo.list_of("/api/identity/licenses/EXCHANGESTANDARD/waiting-list")
    assert {row["reason"] for row in errors} == {"noSeatLeft"}
    assert {row["user"]["id"] for row in errors} == {row["user"]["id"] for row in waiting}
    assert [row["place"] for row in waiting] == [1, 2, 3]
    since = [row["waitingSince"] for row in waiting]
    assert since == sorted(set(since)), "each came on a day of their own"
    seats = await demo.product("EXCHANGESTANDARD")
    assert (seats["assignable"], seats["consumed"], seats["free"]) == (86, 86, 0)


async def test_everybody_in_hr_has_power_apps_per_user(demo: DemoOffice) -> None:
    hr = await demo.group("Human Resources")
    seats = await demo.product("POWERAPPS_PER_USER")
    assert hr["status"] == "Active"
    assert seats["consumed"] == hr["memberCount"] > 0
    assert 5 <= seats["free"] <= 40


async def test_people_of_groups_inside_a_licensed_group_are_licensed(demo: DemoOffice) -> None:
    sales = await demo.group("Sales")
    seats = await demo.product("POWER_BI_PRO")
    assert seats["consumed"] == sales["memberCount"] > 100
    assert seats["free"] >= 200


async def test_one_licensed_contractor_has_exchange_from_two_products(demo: DemoOffice) -> None:
    suite = {
        row["user"]["id"]
        for row in await demo.list_of("/api/identity/licenses/SPE_E3/holders")
        if row["strategy"] == "manual"
    }
    standalone = {
        row["user"]["id"]
        for row in await demo.list_of("/api/identity/licenses/EXCHANGESTANDARD/holders")
    }
    assert len(standalone) == 86
    assert len(suite) == len(suite & standalone) == 1


async def test_there_are_seats_to_try_things_with(demo: DemoOffice) -> None:
    products = {row["skuPartNumber"]: row for row in await demo.list_of("/api/identity/licenses")}
    enabled = [
        row
        for row in products.values()
        if row["capabilityStatus"] == "Enabled"
        and row["appliesTo"] == "User"
        and len(row["servicePlans"]) >= 2
        and row["free"] >= 200
    ]
    assert {row["skuPartNumber"] for row in enabled} >= {"SPE_E3", "STANDARDPACK", "ENTERPRISEPACK"}
    assert products["VISIOCLIENT"]["capabilityStatus"] == "Warning"
    assert products["FJORDLINE_ROUTE_STUDIO"]["consumed"] > 0
    for row in products.values():
        assert row["consumed"] + row["free"] + row["reserved"] == row["assignable"]


async def test_two_products_of_the_demo_exclude_each_other(demo: DemoOffice) -> None:
    # Guests hold nothing, so only the two products meet.
    guests = await demo.group("Guests")
    members = await demo.list_of(f"/api/identity/groups/{guests['id']}/members")
    person = f"/api/identity/users/{members[0]['id']}/licenses"
    first = await demo.api.post(person, json={"skuPartNumber": "STANDARDPACK"})
    second = await demo.api.post(person, json={"skuPartNumber": "ENTERPRISEPACK"})
    assert first.status_code == 201, first.text
    assert second.status_code == 409
    assert second.json()["code"] == "conflictingServicePlans"


async def test_managed_and_standard_environments_have_premium_and_standard_things(
    demo: DemoOffice,
) -> None:
    environments = await demo.list_of("/api/platform/environments")
    assert {one["managed"] for one in environments} == {True, False}
    for noun in ("apps", "flows"):
        rows = await demo.list_of(f"/api/platform/{noun}")
        placed = [one for one in rows if one["environment"] is not None]
        kinds = {(one["environment"]["managed"], one["premium"]) for one in placed}
        assert kinds == {
            (managed, premium) for managed in (True, False) for premium in (True, False)
        }
    assert {one["kind"] for one in await demo.list_of("/api/platform/apps")} == {
        "powerApp",
        "desktopClient",
        "other",
    }
    assert any(one["attendedRpa"] for one in await demo.list_of("/api/platform/flows"))


async def test_the_demo_shows_who_lacks_a_role_and_who_a_license(demo: DemoOffice) -> None:
    tasks = await demo.list_of("/api/platform/role-tasks")
    people = {one["user"]["id"] for one in tasks}
    members = await demo.list_of(
        f"/api/identity/groups/{(await demo.group('Human Resources'))['id']}/members"
    )
    assert {tuple(one["apps"]) for one in tasks} == {("Onboarding",)}
    assert people == {one["id"] for one in members}
    lacking = await demo.list_of("/api/platform/apps/Customer visits/unlicensed")
    sales = await demo.group("Sales")
    assert 0 < len(lacking) <= sales["memberCount"]


async def test_people_share_one_domain_and_have_managers(demo: DemoOffice) -> None:
    people = await demo.list_of("/api/identity/users")
    assert len(people) == 4234 + 156 + 89 + 12
    domains = {person["userPrincipalName"].partition("@")[2] for person in people}
    assert domains == {"demo.example"}
    assert sum(person["manager"] is None for person in people) == 1
    assert all(person["department"] and person["costCenter"] for person in people)
    assert sum(person["lastSignInAt"] is not None for person in people) > 4000


async def test_a_second_start_changes_nothing(demo: DemoOffice) -> None:
    before = await demo.list_of("/api/identity/licenses")
    again = await load_demo(demo.database, now=demo.clock.now(), kept_token=demo.token)
    assert again.token is None
    assert await demo.list_of("/api/identity/licenses") == before


async def test_a_lost_token_is_replaced_and_the_old_one_ends(demo: DemoOffice) -> None:
    again = await load_demo(demo.database, now=demo.clock.now(), kept_token=None)
    assert again.token not in (None, demo.token)
    assert (await demo.api.get("/api/identity/licenses")).status_code == 401
    fresh = {"authorization": f"Bearer {again.token}"}
    assert (await demo.api.get("/api/identity/licenses", headers=fresh)).status_code == 200


async def test_the_demo_is_removed_in_one_go_and_can_come_back(demo: DemoOffice) -> None:
    owner = Database(demo.owner_url)
    await owner.open()
    try:
        removed = await remove_demo(owner)
        assert removed.is_demo
        with pytest.raises(Refusal, match="no demo tenant"):
            await remove_demo(owner)
    finally:
        await owner.close()
    later = demo.clock.now() + timedelta(days=1)
    again = await load_demo(demo.database, now=later, kept_token=demo.token)
    assert again.token is not None


async def test_people_have_asked_for_licenses_and_nobody_has_decided(demo: DemoOffice) -> None:
    rows = await demo.list_of("/api/license-requests", state="pending")
    assert [(one["product"]["skuPartNumber"], one["state"]) for one in rows] == [
        *[("VISIOCLIENT", "pending")] * 3,
        *[("PROJECTPROFESSIONAL", "pending")] * 2,
    ]
    assert all(one["approvers"] and one["justification"] for one in rows)
    assert {one["hold"]["state"] for one in rows} == {"none"}
