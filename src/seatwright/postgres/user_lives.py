"""The ends of a person's life in the directory: delete, restore, purge, and erasing their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.postgres.codes import STRATEGY_OF_CODE
from seatwright.postgres.erased_tellings import forget_told
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.user_details import DETAIL_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLicense:
    """What a deleted person held."""

    sku: SkuNo
    enabled: ServicePlanBits
    source: Source
    strategy: Strategy


async def held_skus_of(tx: Transaction, users: Sequence[UserNo]) -> tuple[SkuNo, ...]:
    """The products that any of these people holds now."""
    cursor = await tx.connection.execute(
        "select distinct sku_no from effective_license"
        " where tenant_id = %s and user_no = any(%s) order by 1",
        (tx.tenant_id, list(users)),
    )
    return tuple(SkuNo(row[0]) for row in await cursor.fetchall())


async def mark_deleted(tx: Transaction, user: UserNo, *, at: datetime) -> None:
    """Delete a person so that they can be restored; what they hold is kept beside it."""
    key = (tx.tenant_id, user)
    await tx.connection.execute(
        "insert into deleted_license (tenant_id, user_no, sku_no, enabled_set, source_kind,"
        " source_no, strategy) select tenant_id, user_no, sku_no, enabled_set, source_kind,"
        " source_no, strategy from effective_license where tenant_id = %s and user_no = %s",
        key,
    )
    await tx.connection.execute(
        "update app_user set deleted_at = %s where tenant_id = %s and user_no = %s", (at, *key)
    )


async def unmark_deleted(tx: Transaction, user: UserNo) -> None:
    """Let a deleted person be one of the directory again; their names must be free."""
    await tx.connection.execute(
        "update app_user set deleted_at = null where tenant_id = %s and user_no = %s",
        (tx.tenant_id, user),
    )


async def kept_licenses(tx: Transaction, user: UserNo) -> tuple[KeptLicense, ...]:
    """What a deleted person held, in SKU order."""
    cursor = await tx.connection.execute(
        "select sku_no, enabled_set, source_kind, source_no, strategy from deleted_license"
        " where tenant_id = %s and user_no = %s order by sku_no",
        (tx.tenant_id, user),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits(row[1] for row in rows)
    return tuple(
        KeptLicense(
            sku=SkuNo(sku),
            enabled=bits[enabled],
            source=Source(kind=SourceKind(kind), no=no),
            strategy=STRATEGY_OF_CODE[strategy],
        )
        for sku, enabled, kind, no, strategy in rows
    )


async def forget_kept_licenses(tx: Transaction, user: UserNo) -> None:
    """They were given back, or never will be."""
    await tx.connection.execute(
        "delete from deleted_license where tenant_id = %s and user_no = %s", (tx.tenant_id, user)
    )


async def users_deleted_before(
    tx: Transaction, before: datetime, *, limit: int
) -> tuple[UserNo, ...]:
    """People whose time to be restored is over, longest gone first, locked.

    Whom another session holds is left out: they are being restored, or purged there.
    """
    cursor = await tx.connection.execute(
        "select user_no from app_user where tenant_id = %s and deleted_at <= %s"
        " order by deleted_at, user_no limit %s for update skip locked",
        (tx.tenant_id, before, limit),
    )
    return tuple(UserNo(row[0]) for row in await cursor.fetchall())


_OF_A_PERSON = (
    "assignment",
    "membership",
    "group_owner",
    "license_error",
    "search_word",
    "deleted_license",
    "telling",
    "delivery",
    "mail_preference",
    "invitation",
    "app_user",
)


async def purge_users(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Remove deleted people for good; the history keeps their numbers and last known names."""
    key = (tx.tenant_id, list(users))
    await tx.connection.execute(
        "update app_user set manager_no = null where tenant_id = %s and manager_no = any(%s)", key
    )
    await forget_told(tx, users)
    await _blank_requests(tx, users)
    await _close_accounts(tx, users)
    for table in _OF_A_PERSON:
        await tx.connection.execute(
            f"delete from {table} where tenant_id = %s and user_no = any(%s)", key
        )


async def _close_accounts(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Nobody signs in as people who are gone, and what they were given here goes with them."""
    await tx.connection.execute(
        "delete from account a using principal p where a.tenant_id = %s and p.user_no = any(%s)"
        " and p.tenant_id = a.tenant_id and p.principal_no = a.principal_no and p.kind = 'person'",
        (tx.tenant_id, list(users)),
    )
    await tx.connection.execute(
        "update principal set roles = '{}'"
        " where tenant_id = %s and user_no = any(%s) and kind = 'person'",
        (tx.tenant_id, list(users)),
    )


async def _blank_requests(tx: Transaction, users: Sequence[UserNo]) -> None:
    """Blank what people wrote when they asked, and what was written to them or about them.

    That there was a request stays counted; one that is pending is ended by time, for a seat may be
    held for it. What is asked for others too is explained to whoever decides about those.
    """
    values = {"tenant": tx.tenant_id, "users": list(users)}
    await tx.connection.execute(
        "update license_request r set justification = null where r.tenant_id = %(tenant)s"
        " and r.justification is not null and r.request_no in (select l.request_no"
        "   from license_request_line l where l.tenant_id = %(tenant)s"
        "    and (l.user_no = any(%(users)s) or l.requestor_no = any(%(users)s)))"
        " and (r.requestor_no = any(%(users)s) or not exists (select from license_request_line o"
        "   where o.tenant_id = %(tenant)s and o.request_no = r.request_no"
        "    and o.user_no <> all(%(users)s)))",
        values,
    )
    await tx.connection.execute(
        "update license_request_line set message = null, blocked_detail = null"
        " where tenant_id = %(tenant)s and user_no = any(%(users)s)",
        values,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A person as the history knows them, whether or not they are still in the directory."""

    user_no: UserNo
    id: UUID
    is_erased: bool
    is_living: bool
    is_stored: bool


async def find_remembered(tx: Transaction, id_: UUID) -> Remembered | None:
    """Somebody who is, or once was, in the directory."""
    cursor = await tx.connection.execute(
        "select n.subject_no, n.id, n.erased_at is not null,"
        " u.user_no is not null and u.deleted_at is null, u.user_no is not null"
        " from history_name n left join app_user u"
        " on u.tenant_id = n.tenant_id and u.user_no = n.subject_no"
        " where n.tenant_id = %s and n.noun = 'user' and n.id = %s",
        (tx.tenant_id, id_),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Remembered(
        user_no=UserNo(row[0]), id=row[1], is_erased=row[2], is_living=row[3], is_stored=row[4]
    )


_ANONYMISE = f"""
update app_user set upn = 'erased-' || user_no || '@erased.invalid',
       upn_key = 'erased-' || user_no || '@erased.invalid',
       display_name = 'Erased person', display_name_key = 'erased person',
       mail = null, mail_key = null, given_name = null, surname = null, job_title = null,
       employee_id = null, external_id = null,
       {", ".join(f"{column.name} = null" for column in DETAIL_COLUMNS)}
 where tenant_id = %s and user_no = %s
"""


async def erase_names(tx: Transaction, user: UserNo, *, id_: UUID, at: datetime) -> None:
    """Blank a person's names and addresses wherever the database keeps them.

    Rows of jobs name people as the caller wrote them, so they get the id instead. Answers kept
    for repeated calls go by themselves after a day.
    """
    await forget_told(tx, (user,))
    await tx.connection.execute(
        "update history_name set name = null, display_name = null, erased_at = %s"
        " where tenant_id = %s and noun = 'user' and subject_no = %s",
        (at, tx.tenant_id, user),
    )
    await tx.connection.execute(_ANONYMISE, (tx.tenant_id, user))
    await tx.connection.execute(
        "delete from search_word where tenant_id = %s and user_no = %s", (tx.tenant_id, user)
    )
    await _blank_requests(tx, (user,))
    await _close_accounts(tx, (user,))
    await tx.connection.execute(
        "update principal set name = 'Erased person', name_key = 'erased person'"
        " where tenant_id = %s and user_no = %s and kind = 'person'",
        (tx.tenant_id, user),
    )
    await tx.connection.execute(
        "update job_row set user_text = %s, message = null where tenant_id = %s and user_no = %s",
        (str(id_), tx.tenant_id, user),
    )
