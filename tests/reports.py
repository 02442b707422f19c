"""A company small enough to work out every figure of a report by hand.

| person | department | cost center | last sign-in | holds |
|---|---|---|---|---|
| ada | Sales | CC1 | 5 days ago | E3, directly and from Nordics inside Sales |
| bob | sales | CC1 | 120 days ago | E3 from Nordics inside Sales |
| cid | HR | CC2 | 150 days ago | E5 |
| dea | HR | | never | E5 and Power BI Pro |
| eve | | | 5 days ago | Power BI Pro |
| fay | | | never | nothing: waits for E5 by the group Board |
| gus | | | never | nothing, and the account is disabled |

Bought: E3 3 at 30 EUR and 1 at 40 USD, E5 2 at 50 USD, Power BI Pro 5 without a price.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.ids import JobNo
from tests.office import Office
from tests.world import add_group, add_people, call_of

E3, E5, PBI = "SPE_E3", "SPE_E5", "POWER_BI_PRO"
NAMES = ("ada", "bob", "cid", "dea", "eve", "fay", "gus")
DAYS_AGO = {"ada": 5, "bob": 120, "cid": 150, "eve": 5}
UNITS = {
    "ada": ("Sales", "CC1"),
    "bob": ("sales", "CC1"),
    "cid": ("HR", "CC2"),
    "dea": ("HR", None),
}


async def settle_company(office: Office) -> None:
    """Found the company, and let 200 days pass."""
    numbers = dict(zip(NAMES, await add_people(office, *NAMES), strict=True))
    for sku, units, price, currency in (
        (E3, 3, "30.00", "EUR"),
        (E3, 1, "40.00", "USD"),
        (E5, 2, "50.00", "USD"),
        (PBI, 5, None, None),
    ):
        await done(
            office,
            "/api/subscriptions",
            {"skuPartNumber": sku, "units": units, "unitPrice": price, "currency": currency},
        )
    for name, sku in (("ada", E3), ("cid", E5), ("dea", E5), ("dea", PBI), ("eve", PBI)):
        await done(
            office, f"/api/identity/users/{name}@contoso.example/licenses", {"skuPartNumber": sku}
        )
    sales = await add_group(office, "Sales")
    await add_group(office, "Nordics", [numbers["ada"], numbers["bob"]])
    board = await add_group(office, "Board", [numbers["fay"]])
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into group_nesting (tenant_id, child_no, parent_no, since)"
            " select c.tenant_id, c.group_no, p.group_no, %s from app_group c, app_group p"
            " where c.display_name = 'Nordics' and p.display_name = 'Sales'",
            (call.now,),
        )
    for group, sku in ((sales, E3), (board, E5)):
        await done(office, f"/api/identity/groups/{group}/licenses", {"skuPartNumber": sku})
    office.clock.move(days=200)
    await _describe_people(office, numbers)


async def _describe_people(office: Office, numbers: dict[str, int]) -> None:
    async with call_of(office) as call:
        for name, number in numbers.items():
            department, cost_center = UNITS.get(name, (None, None))
            days = DAYS_AGO.get(name)
            await call.tx.connection.execute(
                "update app_user set department = %s, department_key = %s, cost_center = %s,"
                " last_sign_in_at = %s, is_enabled = %s, manager_no = %s"
                " where tenant_id = %s and user_no = %s",
                (
                    department,
                    None if department is None else department.casefold(),
                    cost_center,
                    None if days is None else call.now - timedelta(days=days),
                    name != "gus",
                    numbers["cid"] if name in {"ada", "bob"} else None,
                    call.tx.tenant_id,
                    number,
                ),
            )


async def done(office: Office, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """A call of the administrator that must succeed."""
    answer = await office.admin.post(path, json=body)
    assert answer.status_code < 300, f"{path}: {answer.text}"
    found: dict[str, Any] = answer.json()
    return found


async def rows_of(office: Office, report: str, **query: str | int) -> list[dict[str, Any]]:
    """Every row of a report, over as many pages as it takes."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params: dict[str, str | int] = {**query, **({} if cursor is None else {"cursor": cursor})}
        answer = await office.admin.get(f"/api/reports/{report}", params=params)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["value"]
        cursor = answer.json()["nextCursor"]
        if cursor is None:
            return rows


def cells(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Only these columns."""
    return [tuple(row[name] for name in names) for row in rows]


def workshop(office: Office) -> Workshop:
    """A worker's bench in the office."""
    return Workshop(database=office.database, clock=office.clock)


async def tick(office: Office) -> None:
    """What the worker does each minute."""
    await tend_tenant(workshop(office), office.made.tenant.tenant_id)


async def work_runs(office: Office, *, slices: int | None = None) -> None:
    """Work every open job of a report, or so many slices of each as a killed worker would."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select job_no from job where kind = 'report' and state in ('queued', 'running')"
        )
        numbers = [row[0] for row in await cursor.fetchall()]
    for number in numbers:
        left = iter(range(slices)) if slices is not None else itertools.repeat(0)
        await work_job(
            workshop(office),
            office.made.tenant.tenant_id,
            JobNo(number),
            goes_on=partial(_has_more, left),
        )


def _has_more(left: Iterator[int]) -> bool:
    return next(left, None) is not None
