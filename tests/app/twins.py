"""Two tenants with the same people, groups and licenses, and what an owner sees in their tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from seatwright.app.call import Call
from seatwright.app.tenants import NewTenant, calling, founding
from seatwright.demo.generate import generate
from seatwright.demo.load import load_draft
from seatwright.domain.clock import StoppedClock
from seatwright.domain.ids import TenantId, UserNo
from seatwright.domain.semantics import Preset
from seatwright.domain.tenants import Tenant
from seatwright.postgres.pool import Database
from seatwright.postgres.tenants import read_tenant

NOW: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PEOPLE: Final = 700
"""More than the door for few takes, so that a full reconcile plans."""

# Sets of service plans have other numbers in each tenant, so they are compared by what is in them.
_SET = "(select s.bits from service_plan_set s where s.tenant_id = t.tenant_id and s.set_id = t.{})"
_TABLES: Final[Mapping[str, str]] = {
    "effective_license": f"user_no, sku_no, source_kind, source_no, strategy, since,"
    f" {_SET.format('enabled_set')}",
    "license_error": "user_no, sku_no, source_kind, source_no, reason, priority, waiting_since",
    "license_interval": f"user_no, sku_no, valid_from, valid_to, {_SET.format('enabled_set')}",
    "history_event": f"at, action, reason, strategy, principal_no, user_no, sku_no, source_kind,"
    f" source_no, {_SET.format('before_set')}, {_SET.format('after_set')}",
    "sku_pool": "sku_no, assignable, consumed, reserved, seats_over",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """Tenants that are alike, and the ways to them."""

    database: Database
    owner_url: str
    tenants: tuple[Tenant, ...]
    clock: StoppedClock

    @asynccontextmanager
    async def call(self, place: int) -> AsyncIterator[Call]:
        """A call of seatwright itself in one of them, committed at the end."""
        tenant_id = self.tenants[place].tenant_id
        async with self.database.transaction(tenant_id) as tx:
            tenant = await read_tenant(tx.connection, tenant_id)
        assert tenant is not None
        async with calling(self.database, tenant, now=self.clock.now()) as call:
            yield call

    async def everybody(self, place: int) -> list[UserNo]:
        """The people of one of them."""
        async with self.call(place) as call:
            cursor = await call.tx.connection.execute(
                "select user_no from app_user where tenant_id = %s order by 1",
                (call.tx.tenant_id,),
            )
            return [UserNo(row[0]) for row in await cursor.fetchall()]

    def disturb(self, statement: str, **values: Any) -> None:
        """Write past every use case, in all of them alike, so that there is something to mend."""
        with psycopg.connect(self.owner_url, autocommit=True) as owner:
            for tenant in self.tenants:
                owner.execute(statement.encode(), {"tenant": tenant.tenant_id, **values})

    def contents(self, place: int) -> dict[str, list[tuple[object, ...]]]:
        """The rows that a reconcile writes, of one of them."""
        return contents(self.owner_url, self.tenants[place].tenant_id)


def contents(owner_url: str, tenant_id: TenantId) -> dict[str, list[tuple[object, ...]]]:
    """The rows that a reconcile writes; the order of the history counts only within a person."""
    with psycopg.connect(owner_url) as owner:
        return {
            table: owner.execute(
                f"select {columns} from {table} t where tenant_id = %s order by {columns}".encode(),
                (tenant_id,),
            ).fetchall()
            for table, columns in _TABLES.items()
        }


@asynccontextmanager
async def twins(
    database: Any, *, preset: Preset = Preset.NATIVE, count: int = 2, people: int = PEOPLE
) -> AsyncIterator[Twins]:
    """Make tenants from one draft, with groups inside groups and too few seats of some products."""
    opened = Database(database.app_url)
    await opened.open()
    try:
        tenants = []
        draft = replace(generate(people, 7), at=NOW)
        for number in range(count):
            new = NewTenant(name=f"Twin {number}", preset=preset)
            async with founding(opened, new, now=NOW) as founded:
                await load_draft(founded.call, draft)
            tenants.append(founded.call.tenant)
        yield Twins(
            database=opened,
            owner_url=database.owner_url,
            tenants=tuple(tenants),
            clock=StoppedClock(NOW.replace(hour=10)),
        )
    finally:
        await opened.close()
