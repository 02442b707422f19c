"""Who comes to the portal: people of the directory, and others whom a provider or link names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind, Tenant
from seatwright.postgres.domains import domain_owners
from seatwright.postgres.principals import principal_of_row
from seatwright.postgres.tenants import list_tenants
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "principal_no, id, kind, name, roles, permissions, is_scim, user_no, created_at, revoked_at"
)


async def tenants_for(
    connection: AsyncConnection[TupleRow], domains: Sequence[str]
) -> tuple[Tenant, ...]:
    """The tenants that own these domains, in their order; where there is only one, that."""
    owners = await domain_owners(connection, domains)
    tenants = await list_tenants(connection)
    if len(tenants) == 1:
        return tenants
    by_number = {tenant.tenant_id: tenant for tenant in tenants}
    return tuple(by_number[owner] for owner in owners if owner in by_number)


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """Somebody in the directory, as far as signing in asks."""

    user_no: UserNo
    upn: str
    display_name: str
    is_enabled: bool


async def entry_named(tx: Transaction, key: str) -> DirectoryEntry | None:
    """Whose UPN this is, else whose mail alone; an address that several have is nobody's."""
    for column in ("upn_key", "mail_key"):
        cursor = await tx.connection.execute(
            "select user_no, upn, display_name, is_enabled from app_user"
            f" where tenant_id = %s and {column} = %s and deleted_at is null limit 2",
            (tx.tenant_id, key),
        )
        rows = await cursor.fetchall()
        if len(rows) == 1:
            return DirectoryEntry(
                user_no=UserNo(rows[0][0]),
                upn=rows[0][1],
                display_name=rows[0][2],
                is_enabled=rows[0][3],
            )
    return None


async def principal_of_user(tx: Transaction, user: UserNo) -> Principal | None:
    """What a person of the directory acts as, once they have."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and user_no = %s"
        " and kind = 'person' and revoked_at is null",
        (tx.tenant_id, user),
    )
    row = await cursor.fetchone()
    return principal_of_row(row) if row else None


async def principal_named(tx: Transaction, name_key: str) -> Principal | None:
    """Whoever acts under this name and is in no directory."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and kind = 'person'"
        " and name_key = %s and user_no is null and revoked_at is null",
        (tx.tenant_id, name_key),
    )
    row = await cursor.fetchone()
    return principal_of_row(row) if row else None


async def rename_principal(tx: Transaction, principal: PrincipalNo, name: str) -> None:
    """Call a person as the directory does now."""
    await tx.connection.execute(
        "update principal set name = %s, name_key = %s where tenant_id = %s and principal_no = %s",
        (name, name.casefold(), tx.tenant_id, principal),
    )


async def lock_principal(tx: Transaction, principal: PrincipalNo) -> None:
    """Let nobody else change this principal until the transaction ends."""
    await tx.connection.execute(
        "select from principal where tenant_id = %s and principal_no = %s for no key update",
        (tx.tenant_id, principal),
    )


async def write_roles(tx: Transaction, principal: PrincipalNo, roles: Sequence[Role]) -> None:
    """What a principal is from now on."""
    await tx.connection.execute(
        "update principal set roles = %s where tenant_id = %s and principal_no = %s",
        ([role.value for role in roles], tx.tenant_id, principal),
    )


async def people_with_roles(tx: Transaction, *, after: int, limit: int) -> tuple[Principal, ...]:
    """People who were given more than what everybody has, in the order of their numbers."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and kind = %s"
        " and revoked_at is null and principal_no > %s and roles <> '{}' and roles <> '{person}'"
        " order by principal_no limit %s",
        (tx.tenant_id, PrincipalKind.PERSON.value, after, limit),
    )
    return tuple(principal_of_row(row) for row in await cursor.fetchall())


async def begin_attempt(
    connection: AsyncConnection[TupleRow],
    digest: bytes,
    *,
    target: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Keep that a browser is on its way to the provider; those that never came back go."""
    await connection.execute("delete from sign_in_attempt where expires_at <= %s", (at,))
    await connection.execute(
        "insert into sign_in_attempt (digest, target, expires_at) values (%s, %s, %s)",
        (digest, target, expires_at),
    )


async def use_attempt(
    connection: AsyncConnection[TupleRow], digest: bytes, *, at: datetime
) -> str | None:
    """Use an attempt up: where its browser wanted to go, or None for one of no use any more."""
    cursor = await connection.execute(
        "delete from sign_in_attempt where digest = %s and expires_at > %s returning target",
        (digest, at),
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]
