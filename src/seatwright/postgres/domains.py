"""The domains of tenants, and whose a domain is before the tenant is known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import TenantId
from seatwright.domain.tenants import TenantDomain
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "d.name, d.name = t.domain, d.is_initial, d.added_at"
    " from tenant_domain d join tenant t on t.tenant_id = d.tenant_id"
)


async def list_domains(tx: Transaction, *, after: str, limit: int) -> tuple[TenantDomain, ...]:
    """The tenant's domains after this one, in the order of their names."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} where d.tenant_id = %s and d.name > %s order by d.name limit %s",
        (tx.tenant_id, after, limit),
    )
    return tuple(_domain_of_row(row) for row in await cursor.fetchall())


async def find_domain(tx: Transaction, name: str) -> TenantDomain | None:
    """One of the tenant's domains."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} where d.tenant_id = %s and d.name = %s", (tx.tenant_id, name)
    )
    row = await cursor.fetchone()
    return _domain_of_row(row) if row else None


def _domain_of_row(row: TupleRow) -> TenantDomain:
    return TenantDomain(name=row[0], is_default=row[1], is_initial=row[2], added_at=row[3])


async def count_domains(tx: Transaction) -> int:
    """How many domains the tenant has."""
    cursor = await tx.connection.execute(
        "select count(*) from tenant_domain where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    assert row is not None, "count(*) always has a row"
    return int(row[0])


async def insert_domain(
    tx: Transaction, name: str, *, at: datetime, is_initial: bool = False
) -> bool:
    """Give the tenant a domain; False when it has an owner, who may be another tenant.

    While another tenant is adding the same domain, this waits for how that ends.
    """
    cursor = await tx.connection.execute(
        "insert into tenant_domain (tenant_id, name, is_initial, added_at)"
        " values (%s, %s, %s, %s) on conflict do nothing returning name",
        (tx.tenant_id, name, is_initial, at),
    )
    return await cursor.fetchone() is not None


async def delete_domain(tx: Transaction, name: str) -> None:
    """Take a domain from the tenant; its default one cannot go (a constraint holds it)."""
    await tx.connection.execute(
        "delete from tenant_domain where tenant_id = %s and name = %s", (tx.tenant_id, name)
    )


async def write_default_domain(tx: Transaction, name: str) -> None:
    """Make one of the tenant's domains its default."""
    await tx.connection.execute(
        "update tenant set domain = %s where tenant_id = %s", (name, tx.tenant_id)
    )


async def count_people_in(tx: Transaction, spellings: Sequence[str]) -> int:
    """How many people have a user principal name in a domain, deleted ones left out.

    It looks at everybody: no index is kept for what is asked when a domain goes.
    """
    cursor = await tx.connection.execute(
        "select count(*) from app_user where tenant_id = %s and deleted_at is null"
        " and split_part(upn_key, '@', 2) = any(%s)",
        (tx.tenant_id, list(spellings)),
    )
    row = await cursor.fetchone()
    assert row is not None, "count(*) always has a row"
    return int(row[0])


async def is_domain_of_others(tx: Transaction, spellings: Sequence[str]) -> bool:
    """Whether people of another tenant have a domain in their names or mail addresses.

    Guests do not count. It looks at everybody of the installation.
    """
    cursor = await tx.connection.execute(
        "select is_domain_of_others(%s, %s)", (tx.tenant_id, list(spellings))
    )
    row = await cursor.fetchone()
    assert row is not None, "a function answers"
    return bool(row[0])


async def domain_owners(
    connection: AsyncConnection[TupleRow], names: Sequence[str]
) -> tuple[TenantId, ...]:
    """Which tenants own these domains, in the order of the domains."""
    cursor = await connection.execute("select tenant_id from domain_owners(%s)", (list(names),))
    return tuple(TenantId(row[0]) for row in await cursor.fetchall())
