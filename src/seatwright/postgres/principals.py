"""Principals and their credentials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, TenantId, UserNo
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind, Tenant, TenantState
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "principal_no, id, kind, name, roles, permissions, is_scim, user_no, created_at, revoked_at"
)


def principal_of_row(row: TupleRow) -> Principal:
    """A principal from the columns in the order of `_COLUMNS`."""
    return Principal(
        principal_no=PrincipalNo(row[0]),
        id=row[1],
        kind=PrincipalKind(row[2]),
        name=row[3],
        roles=tuple(Role(role) for role in row[4]),
        graph_permissions=None if row[5] is None else tuple(row[5]),
        is_scim=row[6],
        user_no=None if row[7] is None else UserNo(row[7]),
        created_at=row[8],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """Whom a credential belongs to."""

    tenant: Tenant
    principal: Principal


async def authenticate(
    connection: AsyncConnection[TupleRow],
    digest: bytes,
    *,
    at: datetime,
    correlation: UUID | None = None,
) -> Authenticated | None:
    """Who presented a secret with this SHA-256 digest; the transaction then sees their tenant.

    A secret whose time is over `at` is nobody's. With a `correlation` the journal of wishes is
    written under it (`journal.py`). One round trip, BEGIN included: the connection is in pipeline
    mode while it runs. The digest is looked up by equality in an index: its bytes are not
    secret-dependent in any way that a timing could use, because an attacker cannot choose a digest
    without knowing its pre-image.
    """
    async with connection.pipeline():
        cursor = await connection.execute(
            "select set_config('seatwright.tenant', a.tenant_id::text, true), a.*,"
            " set_config('seatwright.correlation', %s, true),"
            " set_config('seatwright.at', %s, true),"
            " set_config('seatwright.principal', a.principal_no::text, true)"
            " from authenticate(%s, %s) a",
            (str(correlation or ""), at.isoformat(), digest, at),
        )
    row = await cursor.fetchone()
    return None if row is None else authenticated_of_row(row)


def authenticated_of_row(row: TupleRow) -> Authenticated:
    """Who a secret belongs to, from the columns of `authenticate` after that of the setting."""
    return Authenticated(
        tenant=Tenant(
            tenant_id=TenantId(row[1]),
            id=row[2],
            name=row[3],
            domain=row[4],
            state=TenantState(row[5]),
            is_demo=row[6],
            settings=row[7],
            catalog_version=row[8],
        ),
        principal=Principal(
            principal_no=PrincipalNo(row[9]),
            id=row[10],
            kind=PrincipalKind(row[11]),
            name=row[12],
            roles=tuple(Role(role) for role in row[13]),
            graph_permissions=None if row[14] is None else tuple(row[14]),
            is_scim=row[15],
            user_no=None if row[16] is None else UserNo(row[16]),
        ),
    )


async def insert_principal(
    tx: Transaction, principal: Principal, *, created_at: datetime, created_by: PrincipalNo | None
) -> bool:
    """Make a principal; False when a living one of its kind has the name."""
    cursor = await tx.connection.execute(
        "insert into principal (tenant_id, principal_no, id, kind, name, name_key, roles,"
        " permissions, is_scim, user_no, created_at, created_by)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict do nothing returning principal_no",
        (
            tx.tenant_id,
            principal.principal_no,
            principal.id,
            principal.kind.value,
            principal.name,
            principal.name.casefold(),
            [role.value for role in principal.roles],
            None if principal.graph_permissions is None else list(principal.graph_permissions),
            principal.is_scim,
            principal.user_no,
            created_at,
            created_by,
        ),
    )
    return await cursor.fetchone() is not None


async def insert_credential(
    tx: Transaction, principal: PrincipalNo, *, digest: bytes, created_at: datetime
) -> None:
    """Give a principal one more secret, by the SHA-256 digest of it."""
    await tx.connection.execute(
        "insert into credential (tenant_id, digest, principal_no, created_at)"
        " values (%s, %s, %s, %s)",
        (tx.tenant_id, digest, principal, created_at),
    )


async def revoke_credentials(tx: Transaction, principal: PrincipalNo, *, at: datetime) -> None:
    """Make every secret of a principal worthless at once.

    The principal's row is held first, so that of two who rotate at once the second also ends the
    secret that the first has just given.
    """
    await tx.connection.execute(
        "select from principal where tenant_id = %s and principal_no = %s for no key update",
        (tx.tenant_id, principal),
    )
    await tx.connection.execute(
        "update credential set revoked_at = %s"
        " where tenant_id = %s and principal_no = %s and revoked_at is null",
        (at, tx.tenant_id, principal),
    )


async def revoke_principal(tx: Transaction, principal: PrincipalNo, *, at: datetime) -> None:
    """End a principal and all its secrets; its name becomes free."""
    await tx.connection.execute(
        "update principal set revoked_at = %s where tenant_id = %s and principal_no = %s",
        (at, tx.tenant_id, principal),
    )
    await revoke_credentials(tx, principal, at=at)


async def list_principals(
    tx: Transaction, kind: PrincipalKind, *, after: int = 0, limit: int = 100
) -> tuple[Principal, ...]:
    """Living principals of one kind in the order of their numbers."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and kind = %s"
        " and revoked_at is null and principal_no > %s order by principal_no limit %s",
        (tx.tenant_id, kind.value, after, limit),
    )
    return tuple(principal_of_row(row) for row in await cursor.fetchall())


async def find_principal(tx: Transaction, kind: PrincipalKind, id_: UUID) -> Principal | None:
    """A living principal by its id."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and kind = %s and id = %s"
        " and revoked_at is null",
        (tx.tenant_id, kind.value, id_),
    )
    row = await cursor.fetchone()
    return principal_of_row(row) if row else None


async def principal_names(
    tx: Transaction, numbers: Sequence[PrincipalNo]
) -> dict[PrincipalNo, tuple[UUID, str]]:
    """Id and name of each principal, revoked ones included: the history names them."""
    cursor = await tx.connection.execute(
        "select principal_no, id, name from principal"
        " where tenant_id = %s and principal_no = any(%s)",
        (tx.tenant_id, list(numbers)),
    )
    return {PrincipalNo(row[0]): (row[1], row[2]) for row in await cursor.fetchall()}


async def principal_by_number(tx: Transaction, number: PrincipalNo) -> Principal | None:
    """A principal by its number: a job works on behalf of the one who started it."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from principal where tenant_id = %s and principal_no = %s",
        (tx.tenant_id, number),
    )
    row = await cursor.fetchone()
    return principal_of_row(row) if row else None


async def made_after(tx: Transaction, maker: PrincipalNo, at: datetime) -> frozenset[PrincipalNo]:
    """Who was made after a time by this principal, or by somebody so made; revoked ones too."""
    cursor = await tx.connection.execute(
        "with recursive late as ("
        " select principal_no from principal"
        "  where tenant_id = %(tenant)s and created_by = %(maker)s and created_at > %(at)s"
        " union select p.principal_no from principal p"
        "  join late on p.created_by = late.principal_no"
        "  where p.tenant_id = %(tenant)s and p.created_at > %(at)s)"
        " select principal_no from late",
        {"tenant": tx.tenant_id, "maker": maker, "at": at},
    )
    return frozenset(PrincipalNo(row[0]) for row in await cursor.fetchall())


async def principals_with_roles(tx: Transaction, roles: Sequence[str]) -> frozenset[PrincipalNo]:
    """Every living token, client and person with one of these roles."""
    cursor = await tx.connection.execute(
        "select principal_no from principal"
        " where tenant_id = %s and revoked_at is null and kind <> 'system'"
        " and exists (select from unnest(roles) role where role = any(%s))",
        (tx.tenant_id, list(roles)),
    )
    return frozenset(PrincipalNo(row[0]) for row in await cursor.fetchall())
