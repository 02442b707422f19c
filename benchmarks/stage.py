"""What every benchmark stands on: a real server on its own PostgreSQL, and a tenant in it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg

from benchmarks.floor import FloorTenant
from seatwright.demo.draft import DraftPurchase, TenantDraft
from seatwright.demo.generate import generate
from tests.served import Furnished, Served, furnish, serving

SKU = "SPE_E3"
SEED = 20261121
ROUNDS = 3


@dataclass(slots=True, kw_only=True)
class Stage:
    """A tenant of people without licenses behind a real server, and the way round it."""

    served: Served
    draft: TenantDraft
    furnished: Furnished
    floor: FloorTenant
    users: dict[str, int]
    api: httpx.Client
    database: psycopg.Connection[tuple[object, ...]]

    @property
    def addresses(self) -> list[str]:
        """Everybody's user principal name."""
        return [person.user_principal_name for person in self.draft.people]

    def numbers(self, addresses: Sequence[str]) -> list[int]:
        """The numbers by which the floor calls these people."""
        return [self.users[address] for address in addresses]


@contextlib.contextmanager
def served_directory(*, workers: int = 1) -> Iterator[Served]:
    """A server on a data directory of its own, on disk, removed afterwards."""
    root = Path(tempfile.mkdtemp(prefix="seatwright-benchmark-"))
    root.chmod(0o711)
    try:
        with serving(root / "data", workers=workers) as served:
            yield served
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def staged(people: int, *, seats: int) -> Iterator[Stage]:
    """A stage with this many people, none of them licensed, and seats of one product."""
    draft = unlicensed(people, seats=seats)
    with served_directory() as served:
        furnished = asyncio.run(furnish(served.urls.app, draft, name="Benchmark"))
        with (
            httpx.Client(
                base_url=served.url,
                headers={"authorization": f"Bearer {furnished.token}"},
                timeout=120,
            ) as api,
            psycopg.connect(served.urls.app) as database,
        ):
            floor, users = _look_up(database, furnished)
            yield Stage(
                served=served,
                draft=draft,
                furnished=furnished,
                floor=floor,
                users=users,
                api=api,
                database=database,
            )


def unlicensed(people: int, *, seats: int) -> TenantDraft:
    """A generated tenant in which nobody has anything yet."""
    draft = generate(people, SEED)
    purchase = DraftPurchase(external_id="benchmark", sku=SKU, units=seats, price=Decimal(10))
    return replace(draft, purchases=(purchase,), group_licenses=())


def _look_up(
    database: psycopg.Connection[tuple[object, ...]], furnished: Furnished
) -> tuple[FloorTenant, dict[str, int]]:
    tenant = int(furnished.tenant_id)
    database.execute("select set_config('seatwright.tenant', %s, true)", (str(tenant),))
    found = database.execute(
        "select sku_no from sku where tenant_id = %s and part_number = %s", (tenant, SKU)
    ).fetchone()
    assert found is not None, "the catalogue ships the product"
    rows = database.execute(
        "select upn, user_no from app_user where tenant_id = %s", (tenant,)
    ).fetchall()
    plan_set = database.execute(
        "select max(set_id) from service_plan_set where tenant_id = %s", (tenant,)
    ).fetchone()
    database.commit()
    set_id = 0 if plan_set is None or plan_set[0] is None else int(str(plan_set[0]))
    floor = FloorTenant(tenant_id=tenant, sku_no=int(str(found[0])), enabled_set=set_id)
    return floor, {str(upn): int(str(number)) for upn, number in rows}
