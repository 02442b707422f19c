"""Accounts with passwords, the links that set one, and how often passwords were guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, TenantId, UserNo
from seatwright.domain.roles import Role
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAccount:
    """Whose name somebody wrote at the door."""

    tenant_id: TenantId
    principal_no: PrincipalNo
    password_hash: str | None = field(repr=False)


async def find_account(
    connection: AsyncConnection[TupleRow], key: str, *, domain: str | None
) -> FoundAccount | None:
    """The account that a name means, in whichever tenant; disabled people have none.

    `domain` is what stands behind its @, as tenants own it.
    """
    cursor = await connection.execute("select * from find_account(%s, %s)", (key, domain))
    row = await cursor.fetchone()
    if row is None:
        return None
    return FoundAccount(
        tenant_id=TenantId(row[0]), principal_no=PrincipalNo(row[1]), password_hash=row[2]
    )


async def has_accounts(connection: AsyncConnection[TupleRow]) -> bool:
    """Whether anybody signs in with a password."""
    cursor = await connection.execute("select has_accounts()")
    row = await cursor.fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLabel:
    """Whose password a link sets."""

    tenant: str
    name: str
    login: str


async def look_at_account_link(
    connection: AsyncConnection[TupleRow], digest: bytes, *, at: datetime
) -> AccountLabel | None:
    """Whose password a link sets that can still be used."""
    cursor = await connection.execute("select * from look_at_account_link(%s, %s)", (digest, at))
    row = await cursor.fetchone()
    return None if row is None else AccountLabel(tenant=row[0], name=row[1], login=row[2])


async def use_account_link(
    connection: AsyncConnection[TupleRow], digest: bytes, *, at: datetime
) -> tuple[TenantId, PrincipalNo] | None:
    """Use a link up; None for one that was used, is over, or never was."""
    cursor = await connection.execute("select * from use_account_link(%s, %s)", (digest, at))
    row = await cursor.fetchone()
    return None if row is None else (TenantId(row[0]), PrincipalNo(row[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who may sign in with a password; `password_set_at` None: nobody has set one yet."""

    principal_no: PrincipalNo
    id: UUID
    login: str
    name: str
    roles: tuple[Role, ...]
    user_no: UserNo | None
    password_set_at: datetime | None
    made_at: datetime


_ACCOUNT = (
    "select a.principal_no, p.id, a.login, p.name, p.roles, p.user_no, a.password_set_at,"
    " a.made_at from account a"
    " join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.principal_no"
    " where a.tenant_id = %s and p.revoked_at is null"
)


def _account_of_row(row: TupleRow) -> Account:
    return Account(
        principal_no=PrincipalNo(row[0]),
        id=row[1],
        login=row[2],
        name=row[3],
        roles=tuple(Role(one) for one in row[4]),
        user_no=None if row[5] is None else UserNo(row[5]),
        password_set_at=row[6],
        made_at=row[7],
    )


async def list_accounts(tx: Transaction, *, after: int, limit: int) -> tuple[Account, ...]:
    """Accounts in the order of their principals' numbers."""
    cursor = await tx.connection.execute(
        f"{_ACCOUNT} and a.principal_no > %s order by a.principal_no limit %s",
        (tx.tenant_id, after, limit),
    )
    return tuple(_account_of_row(row) for row in await cursor.fetchall())


async def account_by_id(tx: Transaction, id_: UUID) -> Account | None:
    """An account by the id of its principal."""
    cursor = await tx.connection.execute(f"{_ACCOUNT} and p.id = %s", (tx.tenant_id, id_))
    row = await cursor.fetchone()
    return None if row is None else _account_of_row(row)


async def account_of(tx: Transaction, principal: PrincipalNo) -> Account | None:
    """The account of a principal, if it has one."""
    cursor = await tx.connection.execute(
        f"{_ACCOUNT} and a.principal_no = %s", (tx.tenant_id, principal)
    )
    row = await cursor.fetchone()
    return None if row is None else _account_of_row(row)


async def account_by_login(tx: Transaction, key: str) -> Account | None:
    """An account by what its owner signs in with."""
    cursor = await tx.connection.execute(f"{_ACCOUNT} and a.login_key = %s", (tx.tenant_id, key))
    row = await cursor.fetchone()
    return None if row is None else _account_of_row(row)


async def insert_account(
    tx: Transaction, principal: PrincipalNo, *, login: str, key: str, at: datetime
) -> bool:
    """Let somebody sign in with a password; False when they may, or the name is taken."""
    cursor = await tx.connection.execute(
        "insert into account (tenant_id, principal_no, login, login_key, made_at)"
        " values (%s, %s, %s, %s, %s) on conflict do nothing returning principal_no",
        (tx.tenant_id, principal, login, key, at),
    )
    return await cursor.fetchone() is not None


async def password_hash_of(tx: Transaction, principal: PrincipalNo) -> str | None:
    """What is stored of somebody's password."""
    cursor = await tx.connection.execute(
        "select password_hash from account where tenant_id = %s and principal_no = %s",
        (tx.tenant_id, principal),
    )
    row = await cursor.fetchone()
    return None if row is None else row[0]


async def write_password(
    tx: Transaction, principal: PrincipalNo, *, password_hash: str, at: datetime
) -> None:
    """Keep a new password; links that would set another one are worth nothing any more."""
    await tx.connection.execute(
        "update account set password_hash = %s, password_set_at = %s"
        " where tenant_id = %s and principal_no = %s",
        (password_hash, at, tx.tenant_id, principal),
    )
    await forget_links(tx, principal)


async def forget_links(tx: Transaction, principal: PrincipalNo) -> None:
    """Make every link of an account worthless."""
    await tx.connection.execute(
        "delete from account_link where tenant_id = %s and principal_no = %s",
        (tx.tenant_id, principal),
    )


async def insert_account_link(
    tx: Transaction, principal: PrincipalNo, *, digest: bytes, at: datetime, expires_at: datetime
) -> None:
    """Store a link that sets a password; an older one of the account is worth nothing any more."""
    await forget_links(tx, principal)
    await tx.connection.execute(
        "insert into account_link (tenant_id, digest, principal_no, made_at, expires_at)"
        " values (%s, %s, %s, %s, %s)",
        (tx.tenant_id, digest, principal, at, expires_at),
    )


async def delete_account(tx: Transaction, principal: PrincipalNo) -> None:
    """Let somebody sign in with a password no more."""
    await tx.connection.execute(
        "delete from account where tenant_id = %s and principal_no = %s", (tx.tenant_id, principal)
    )


async def count_guesses(
    connection: AsyncConnection[TupleRow],
    digests: Sequence[bytes],
    *,
    at: datetime,
    window: timedelta,
) -> dict[bytes, int]:
    """Count one more guess for each digest, and say how many there were within the window.

    Counted before the password is looked at, so that many guesses at once are many. In one order,
    so that two that share digests wait for each other and never crosswise.
    """
    await connection.execute(
        "delete from sign_in_guess where digest in (select digest from sign_in_guess"
        " where began_at <= %s limit 1000 for update skip locked)",
        (at - window,),
    )
    cursor = await connection.execute(
        "insert into sign_in_guess (digest, guesses, began_at)"
        " select one, 1, %(at)s from unnest(%(digests)s::bytea[]) one order by one"
        " on conflict (digest) do update set"
        " guesses = case when sign_in_guess.began_at <= %(before)s then 1"
        "  else sign_in_guess.guesses + 1 end,"
        " began_at = case when sign_in_guess.began_at <= %(before)s then excluded.began_at"
        "  else sign_in_guess.began_at end"
        " returning digest, guesses",
        {"at": at, "digests": sorted(set(digests)), "before": at - window},
    )
    return {bytes(row[0]): row[1] for row in await cursor.fetchall()}


async def take_back_guesses(
    connection: AsyncConnection[TupleRow], digests: Sequence[bytes]
) -> None:
    """A guess that was right was none."""
    await connection.execute(
        "update sign_in_guess set guesses = greatest(guesses - 1, 0) where digest in ("
        " select digest from sign_in_guess where digest = any(%s) order by digest for update)",
        (list(digests),),
    )
