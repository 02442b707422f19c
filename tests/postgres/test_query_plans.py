"""Every call on 100,000 people reaches an index, as the app role, under row-level security.

The calls are made over the API, so that each statement is the one the product sends; a new route
without a call here fails the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from seatwright.app.tenants import MadeTenant, NewTenant, create_tenant
from seatwright.bootstrap import assemble_web_app
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.reports.catalog import REPORTS
from seatwright.postgres.pool import Database, see_tenant
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.doors import doors_of
from tests.conftest import TestServer
from tests.office import HOST, MovableClock
from tests.postgres.city import City, build
from tests.postgres.plan_exceptions import COUNTS, ONE_THING, PAGED_REPORTS, READS_EVERYTHING
from tests.postgres.plan_steps import STEPS, WHOLE_STEPS, Step, try_step
from tests.postgres.plans import DECLARING, faults, read_again, watched_database, watcher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HISTORY: Final = "/api/identity/licenses/assignment-history"

READING: Final[dict[str, tuple[str, ...]]] = {
    "/api/auto-claim/apps": ("",),
    "/api/auto-claim/notices": ("",),
    "/api/auto-claim/policies": ("",),
    "/api/auto-claim/settings": ("",),
    "/api/history/head": ("",),
    "/api/history/heads": ("",),
    "/api/identity/users": (
        "",
        "?limit=1000",
        "?search=user51201",
        "?search=first7 user512",
        "?search=first7",
        "?department=Department 7",
        "?department=Department 7&search=user51",
        "?enabled=true",
        "?enabled=false",
        "?filter=department eq 'Department 7' and accountEnabled eq true",
        "?filter=startsWith(displayName,'first7')",
        "?userType=Member",
        "?deleted=true",
    ),
    "/api/identity/users/{user}": ("",),
    "/api/identity/users/{user}/licenses": ("",),
    "/api/identity/users/{user}/timeline": ("",),
    "/api/identity/users/{user}/licenses/{sku}/why": ("",),
    "/api/identity/groups": (
        "",
        "?search=group 7",
        "?licensed=true",
        "?filter=startsWith(displayName,'group 7')",
    ),
    "/api/identity/groups/{group}": ("",),
    "/api/identity/groups/{group}/errors": ("",),
    "/api/identity/groups/{group}/rule": ("",),
    "/api/identity/groups/{group}/licenses": ("",),
    "/api/identity/groups/{group}/members": ("", "?transitive=true", "?limit=1000"),
    "/api/identity/licenses": ("", "?all=true", "?search=visio"),
    "/api/identity/licenses/{sku}": ("",),
    "/api/identity/licenses/{sku}/holders": (
        "",
        "?limit=1000",
        "?at=2026-11-18T12:00Z",
        "?at=2026-11-18T12:00Z&count=true&limit=1000",
        "?strategy=on_demand&limit=1000",
    ),
    "/api/identity/licenses/{sku}/waiting-list": ("",),
    "/api/identity/licenses/{sku}/to-ask": ("",),
    HISTORY: (
        "",
        "?kind=all",
        "?limit=1000",
        "?user={upn}",
        "?user={upn}&kind=all&reason=assigned",
        "?group={group}",
        "?sku={held}",
        "?action=assigned",
        "?action=assigned,userCreated,memberAdded",
        "?principal=local administrator",
        "?correlationId={correlation}",
        "?job={job_id}",
        "?strategy=group",
        "?reason=nothing",
        "?kind=all&reason=nothing",
        "?since=2026-11-20&until=2026-11-20",
        "?until=2026-11-17",
        "?sku={held}&strategy=bulk&principal=local administrator",
    ),
    "/api/jobs": ("", "?state=completed"),
    "/api/jobs/{job_id}": ("",),
    "/api/jobs/{job_id}/rows": ("", "?outcome=failed"),
    "/api/reports/duplicate-services": ("", "?user={upn}"),
    "/api/reports": ("",),
    "/api/reports/{report}/runs": ("",),
    "/api/reports/{report}/schedules": ("",),
    "/api/catalog/products": ("", "?search=visio"),
    "/api/catalog/products/{sku}": ("",),
    "/api/clients": ("",),
    "/api/conflicts": (
        "",
        "?user={upn}",
        *(f"?kind={kind}" for kind in ConflictKind),
        *(f"?kind={kind}&product={{held}}" for kind in ConflictKind),
    ),
    "/api/held-changes": ("", "?state=pending", "?state=rejected"),
    "/api/held-changes/{held_id}": ("",),
    "/api/held-changes/{held_id}/people": ("", "?limit=1000"),
    "/api/reconcile/runs": ("",),
    "/api/platform/apps": ("", "?environment=place%2077"),
    "/api/platform/apps/{app}/access/{user}": ("",),
    "/api/platform/apps/{app}/shares": ("",),
    "/api/platform/apps/{app}/unlicensed": ("",),
    "/api/platform/environments": ("", "?managed=true"),
    "/api/platform/administrators": ("",),
    "/api/platform/default-roles": ("",),
    "/api/platform/flows": ("",),
    "/api/platform/role-tasks": ("", "?environment=Place%203"),
    "/api/platform/security-roles": ("", "?environment=Place%203"),
    "/api/platform/security-roles/{role}/holders": ("",),
    "/api/identity/users/{user}/security-roles": ("",),
    "/api/settings": ("",),
    "/api/settings/domains": ("", "?limit=1000"),
    "/api/settings/domains/{domain}": ("",),
    "/api/deliveries": ("", "?limit=1000", "?channel=webhook", "?state=dead", "?state=queued"),
    "/api/identity/users/{user}/mail-preferences": ("",),
    "/api/inbox": ("?of=administrators", "?of=administrators&unread=true&limit=1000"),
    "/api/inbox/unread": ("?of=administrators",),
    "/api/mail-templates": ("",),
    "/api/webhooks": ("",),
    "/api/license-request-policies": ("",),
    "/api/license-requests": (
        "",
        "?state=pending&limit=1000",
        "?state=completed",
        "?state=pending&product={held}",
        "?approver={upn}",
        "?person={upn}",
        "?toDecide=true",
        "?state=pending&search=user51201",
        "?state=completed&search=first7 user512",
        "?state=pending&search=first7",
        "?approver={upn}&search=user5",
        "?state=pending&order=person",
        "?state=completed&order=person&limit=1000",
        "?state=pending&order=product&limit=1000",
        "?state=pending&search=first7&order=person",
        "?approver={upn}&order=person",
        "?approver={upn}&order=product",
        "?state=pending&order=newest",
    ),
    "/api/license-requests/process": ("?product=VISIOCLIENT&person={upn}",),
    "/api/identity/invitations": ("", "?state=pending"),
    "/api/seat-changes": ("",),
    "/api/subscriptions": ("",),
    "/api/templates": ("",),
    "/api/tokens": ("",),
    "/api/accounts": ("",),
    "/api/role-assignments": ("",),
}
"""What people look at and wait for, by route: the queries to ask it with."""

WRITING: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", "/api/identity/users/{upn}/licenses", {"skuPartNumber": "PROJECTPROFESSIONAL"}),
    ("DELETE", "/api/identity/users/{upn}/licenses/PROJECTPROFESSIONAL", None),
    ("PATCH", "/api/identity/users/{upn}", {"department": "Other", "usageLocation": "SE"}),
    ("POST", "/api/identity/users/{upn}/reprocess", None),
    ("POST", "/api/identity/users", {"userPrincipalName": "new@x.example", "displayName": "New"}),
    ("DELETE", "/api/identity/users/new@x.example", None),
    ("POST", "/api/identity/groups/{group}/members", {"users": ["user77@city.example"]}),
    ("DELETE", "/api/identity/groups/{group}/members/user77@city.example", None),
    ("PATCH", "/api/identity/groups/{group}", {"description": "Other"}),
)
"""Single changes to one person or group, in an order in which each can be done."""


@pytest.fixture(scope="module")
def city(embedded_test_server: TestServer) -> Iterator[City]:
    with embedded_test_server.new_database() as database:
        made = asyncio.run(_make_tenant(database.app_url))
        yield build(
            database.owner_url,
            app_url=database.app_url,
            tenant_id=made.tenant.tenant_id,
            token=made.token,
        )


async def _make_tenant(app_url: str) -> MadeTenant:
    database = Database(app_url)
    await database.open()
    try:
        return await create_tenant(database, NewTenant(name="City"), now=MovableClock().now())
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Desk:
    """A client of the city's API, and the database that it works on."""

    city: City
    database: Database
    client: httpx.AsyncClient

    def fill(self, text: str, *, sku: str) -> str:
        """An address with the city's things in place of the template's names."""
        names = {
            "report": "per-person",
            "app": "App 2",
            "role": str(self.city.role),
            "user": self.city.upn,
            "upn": self.city.upn,
            "domain": "city.example",
            "group": str(self.city.group_id),
            "sku": sku,
            "held": self.city.held,
            "held_id": str(self.city.held_change),
            "job_id": str(self.city.job_id),
            "correlation": str(self.city.correlation),
        }
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    async def call(self, method: str, address: str, body: Any = None) -> httpx.Response:
        """Call, and have only this call's statements remembered."""
        watcher.take()
        answer = await self.client.request(method, address, json=body)
        assert answer.status_code < 300, f"{method} {address}: {answer.text}"
        return answer

    async def faults(self) -> list[str]:
        """What is wrong with the statements of the last call."""
        asked = watcher.take()
        assert asked, "a call asks the database something"
        found = []
        async with self.database.pool.connection() as connection:
            for statement, values in asked:
                words = " ".join(statement.split())
                if words.startswith(tuple(COUNTS)):
                    continue
                await see_tenant(connection, self.city.tenant_id)
                found += [
                    f"{fault}\n    {words[:300]}"
                    for fault in await faults(connection, statement, values)
                ]
                await connection.rollback()
        watcher.take()
        return found


@pytest.fixture
async def desk(city: City) -> AsyncIterator[Desk]:
    database = watched_database(city.app_url)
    await database.open()
    app: Any = assemble_web_app(database=database, clock=MovableClock(), public_host=HOST)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url=f"http://{HOST}",
        headers={"authorization": f"Bearer {city.token}"},
        timeout=60,
    )
    async with client:
        yield Desk(city, database, client)
    await database.close()


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.__name__))
async def test_upkeep_looks_at_a_page_of_what_is_pending(desk: Desk, step: Step) -> None:
    await try_step(desk.database, desk.city.tenant_id, step)
    found = await desk.faults()
    assert not found, "\n".join(found)


@pytest.mark.parametrize("step", WHOLE_STEPS, ids=lambda step: str(step.__name__))
async def test_what_is_found_in_everybody_is_read_once(desk: Desk, step: Step) -> None:
    await try_step(desk.database, desk.city.tenant_id, step)
    [(statement, values)] = [one for one in watcher.take() if one[0].startswith(DECLARING)]
    async with desk.database.pool.connection() as connection:
        await see_tenant(connection, desk.city.tenant_id)
        assert await read_again(connection, statement, values) == []
        await connection.rollback()


def test_every_route_that_reads_is_looked_at() -> None:
    paths = {door.path for door in doors_of(create_rest_application()) if door.method == "GET"}
    assert paths - set(READING) - set(READS_EVERYTHING) - ONE_THING == set()
    assert {*READING, *READS_EVERYTHING, *ONE_THING} <= paths


def test_every_report_is_looked_at_or_says_that_it_reads_everything() -> None:
    whole = {report.id for report in REPORTS.values() if report.reads_everything}
    assert whole | set(PAGED_REPORTS) == set(REPORTS)
    assert whole & set(PAGED_REPORTS) == set()


@pytest.mark.parametrize("report", sorted(PAGED_REPORTS))
async def test_a_page_of_a_report_reaches_an_index(desk: Desk, report: str) -> None:
    wrong = []
    for query in PAGED_REPORTS[report]:
        address = desk.fill(f"/api/reports/{report}{query}", sku=desk.city.held)
        answer = await desk.call("GET", address)
        wrong += [f"{address}: {fault}" for fault in await desk.faults()]
        cursor = answer.json()["nextCursor"]
        if cursor:
            joined = "&" if "?" in address else "?"
            await desk.call("GET", f"{address}{joined}cursor={cursor}")
            wrong += [f"{address} (next page): {fault}" for fault in await desk.faults()]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize("path", sorted(READING))
async def test_what_a_route_asks_reaches_an_index(desk: Desk, path: str) -> None:
    wrong = []
    sku = desk.city.awaited if path.endswith("waiting-list") else desk.city.held
    for query in READING[path]:
        address = desk.fill(path + query, sku=sku)
        answer = await desk.call("GET", address)
        wrong += [f"{address}: {fault}" for fault in await desk.faults()]
        cursor = answer.json().get("nextCursor")
        if cursor:
            joined = "&" if "?" in address else "?"
            await desk.call("GET", f"{address}{joined}cursor={cursor}")
            wrong += [f"{address} (next page): {fault}" for fault in await desk.faults()]
    assert wrong == [], "\n".join(wrong)


async def test_a_change_to_one_person_or_group_reaches_an_index(desk: Desk) -> None:
    await desk.call(
        "POST", "/api/subscriptions", {"skuPartNumber": "PROJECTPROFESSIONAL", "units": 9}
    )
    wrong = []
    for method, path, body in WRITING:
        address = desk.fill(path, sku=desk.city.held)
        await desk.call(method, address, body)
        wrong += [f"{method} {address}: {fault}" for fault in await desk.faults()]
    assert wrong == [], "\n".join(wrong)


async def test_a_launch_reaches_an_index(desk: Desk) -> None:
    app = await desk.call(
        "POST",
        "/api/platform/apps",
        {"displayName": "Wiki", "kind": "other", "requires": [{"skuPartNumber": "PROJECT_P1"}]},
    )
    await desk.call("POST", "/api/platform/apps/Wiki/shares", {"everyone": True})
    await desk.call("PATCH", "/api/auto-claim/settings", {"enabled": True})
    await desk.call("POST", "/api/subscriptions", {"skuPartNumber": "PROJECT_P1", "units": 9})
    product = {"skuPartNumber": "PROJECT_P1"}
    policy = {"name": "Wiki", "app": app.json()["id"], "products": [product], "claimsMax": 5}
    await desk.call("POST", "/api/auto-claim/policies", policy)
    opens = {"event": "appLaunch", "app": "Wiki", "user": desk.city.upn, "eventId": "one"}
    wrong = []
    for _ in range(2):
        await desk.call("POST", "/api/launch", opens)
        wrong += await desk.faults()
    assert wrong == [], "\n".join(wrong)


async def test_a_plan_without_an_index_would_be_found(desk: Desk) -> None:
    async with desk.database.pool.connection() as connection:
        await see_tenant(connection, desk.city.tenant_id)
        by_function = "select user_no from app_user where tenant_id = %s and lower(upn) = %s"
        values = (desk.city.tenant_id, desk.city.upn)
        assert await faults(connection, by_function, values) != []
        # Not leakproof, so under row-level security the index cannot help.
        by_pattern = "select user_no from search_word where tenant_id = %s and word like %s"
        assert await faults(connection, by_pattern, (desk.city.tenant_id, "user5120%")) != []
        by_key = (
            "select user_no from app_user where tenant_id = %s and upn_key = %s"
            " and deleted_at is null"
        )
        assert await faults(connection, by_key, values) == []
        await connection.rollback()
