"""Tenants and the counters that number their rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.domain_names import as_domain_name
from seatwright.domain.ids import TenantId
from seatwright.domain.tenants import Tenant, TenantState
from seatwright.postgres.transaction import Transaction

_COLUMNS = "tenant_id, id, name, domain, state, is_demo, settings, catalog_version"


def tenant_of_row(row: TupleRow) -> Tenant:
    """A tenant from the columns in the order of `_COLUMNS`."""
    return Tenant(
        tenant_id=TenantId(row[0]),
        id=row[1],
        name=row[2],
        domain=row[3],
        state=TenantState(row[4]),
        is_demo=row[5],
        settings=row[6],
        catalog_version=row[7],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantRow:
    """A tenant to store."""

    id: UUID
    name: str
    domain: str
    is_demo: bool
    settings: Mapping[str, object]
    created_at: datetime


async def insert_tenant(connection: AsyncConnection[TupleRow], new: TenantRow) -> Tenant | None:
    """Make a tenant; None when its name (whatever the case) is taken."""
    cursor = await connection.execute(
        "insert into tenant (id, name, name_key, domain, is_demo, settings, created_at)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (name_key) do nothing"
        f" returning {_COLUMNS}",
        (
            new.id,
            new.name,
            new.name.casefold(),
            new.domain,
            new.is_demo,
            Jsonb(dict(new.settings)),
            new.created_at,
        ),
    )
    row = await cursor.fetchone()
    return tenant_of_row(row) if row else None


async def list_tenants(connection: AsyncConnection[TupleRow]) -> tuple[Tenant, ...]:
    """Every tenant, oldest first."""
    cursor = await connection.execute(f"select {_COLUMNS} from tenant order by tenant_id")
    return tuple(tenant_of_row(row) for row in await cursor.fetchall())


async def find_tenant(connection: AsyncConnection[TupleRow], name_or_id: str) -> Tenant | None:
    """A tenant by name (whatever the case) or UUID."""
    cursor = await connection.execute(
        f"select {_COLUMNS} from tenant where name_key = %s or id::text = lower(%s)",
        (name_or_id.casefold(), name_or_id),
    )
    row = await cursor.fetchone()
    return tenant_of_row(row) if row else None


async def find_tenant_of_sign_in(
    connection: AsyncConnection[TupleRow], domain_or_id: str
) -> Tenant | None:
    """A tenant by UUID or by a domain that it owns (whatever the case).

    What a stranger put into a path comes here as it is: nothing that is neither a UUID nor the
    name of a domain (a NUL, which PostgreSQL refuses to store) goes to the database.
    """
    domain = as_domain_name(domain_or_id)
    cursor = await connection.execute(
        f"select {_COLUMNS} from tenant where id = %s"
        " or tenant_id = (select tenant_id from domain_owners(%s))",
        (_as_uuid(domain_or_id), [] if domain is None else [domain]),
    )
    row = await cursor.fetchone()
    return tenant_of_row(row) if row else None


def _as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def read_tenant(connection: AsyncConnection[TupleRow], tenant_id: TenantId) -> Tenant | None:
    """A tenant by its number, as it is now."""
    cursor = await connection.execute(
        f"select {_COLUMNS} from tenant where tenant_id = %s", (tenant_id,)
    )
    row = await cursor.fetchone()
    return tenant_of_row(row) if row else None


async def set_tenant_state(
    connection: AsyncConnection[TupleRow], tenant_id: TenantId, state: TenantState
) -> None:
    """Suspend a tenant or let it work again."""
    await connection.execute(
        "update tenant set state = %s where tenant_id = %s", (state.value, tenant_id)
    )


NO_CASCADE = (
    "history_event",
    "license_interval",
    "license_error",
    "effective_license",
    "deleted_license",
    "assignment",
    "membership",
    "group_nesting",
    "search_word",
    "group_word",
    "app_user",
    "unlicensed_user",
    "wish_change",
    "claim",
    "launch_event",
    "history_name",
    "template_product",
    "auto_claim_policy_product",
    "subscription",
    "directory_change",
    "telling",
    "license_request_line",
    "tally",
)
"""Tables that no foreign key empties when the tenant goes."""


async def delete_tenant(connection: AsyncConnection[TupleRow], tenant_id: TenantId) -> None:
    """Remove a tenant with everything it has; the caller has set the transaction to it."""
    # Nobody will ask what changed about people who go with their tenant.
    await connection.execute("select set_config('seatwright.feed', 'off', true)")
    for table in NO_CASCADE:
        await connection.execute(f"delete from {table} where tenant_id = %s", (tenant_id,))
    await connection.execute("delete from tenant where tenant_id = %s", (tenant_id,))


async def write_settings(tx: Transaction, settings: Mapping[str, object]) -> None:
    """Store the settings that differ from their defaults, replacing what was stored."""
    await tx.connection.execute(
        "update tenant set settings = %s where tenant_id = %s",
        (Jsonb(dict(settings), dumps=_dumps), tx.tenant_id),
    )


def _dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


async def lock_settings(tx: Transaction) -> Mapping[str, object]:
    """The stored settings, locked until the transaction ends, so that two edits add up.

    Not `for update`: every insert that names its tenant would wait for that, with its pools held.
    """
    cursor = await tx.connection.execute(
        "select settings from tenant where tenant_id = %s for no key update", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, "the transaction's tenant exists"
    settings: Mapping[str, object] = row[0]
    return settings


async def take_numbers(tx: Transaction, noun: str, count: int) -> int:
    """Take `count` consecutive numbers for a noun; returns the first of them.

    The counter row stays locked until the transaction ends, so it is taken after the pools and
    the people (lock order: pools, people, counters).
    """
    cursor = await tx.connection.execute(
        "insert into tenant_counter (tenant_id, noun, last_no) values (%s, %s, %s)"
        " on conflict (tenant_id, noun) do update"
        " set last_no = tenant_counter.last_no + excluded.last_no returning last_no",
        (tx.tenant_id, noun, count),
    )
    row = await cursor.fetchone()
    assert row is not None, "an upsert that returns always has a row"
    last: int = row[0]
    tx.taken.setdefault(noun, []).append(range(last - count + 1, last + 1))
    return last - count + 1


async def raise_catalog_version(tx: Transaction) -> None:
    """Tell every process that its copy of the tenant's catalogue is old."""
    await tx.connection.execute(
        "update tenant set catalog_version = catalog_version + 1 where tenant_id = %s",
        (tx.tenant_id,),
    )
    tx.has_changed_catalog = True
