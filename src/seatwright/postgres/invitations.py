"""Invitations and the products that they promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from psycopg.errors import UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, SkuNo, UserNo
from seatwright.domain.invitations import Invitation, InvitationState, InvitedLicense
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "invitation_no, id, mail, display_name, usage_location, message, state, invited_at, sent_at,"
    " times_sent, expires_at, created_by, ended_at, user_no"
)


def _invitation(row: TupleRow) -> Invitation:
    return Invitation(
        invitation_no=row[0],
        id=row[1],
        mail=row[2],
        display_name=row[3],
        usage_location=row[4],
        message=row[5],
        state=InvitationState(row[6]),
        invited_at=row[7],
        sent_at=row[8],
        times_sent=row[9],
        expires_at=row[10],
        created_by=PrincipalNo(row[11]),
        ended_at=row[12],
        user=None if row[13] is None else UserNo(row[13]),
    )


async def insert_invitation(tx: Transaction, one: Invitation, *, mail_key: str) -> bool:
    """Store an invitation with its products; False when that address has an open one."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                f"insert into invitation (tenant_id, mail_key, {_COLUMNS})"
                " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    tx.tenant_id,
                    mail_key,
                    one.invitation_no,
                    one.id,
                    one.mail,
                    one.display_name,
                    one.usage_location,
                    one.message,
                    one.state.value,
                    one.invited_at,
                    one.sent_at,
                    one.times_sent,
                    one.expires_at,
                    one.created_by,
                    one.ended_at,
                    one.user,
                ),
            )
    except UniqueViolation:
        return False
    sets = await tx.plan_set_ids(license_.disabled for license_ in one.licenses)
    await tx.connection.execute(
        "insert into invitation_license (tenant_id, invitation_no, sku_no, disabled_set, seat_no)"
        " select %s, %s, line.* from unnest(%s::int2[], %s::int4[], %s::int4[]) line",
        (
            tx.tenant_id,
            one.invitation_no,
            [license_.sku for license_ in one.licenses],
            [sets[license_.disabled] for license_ in one.licenses],
            [license_.seat_no for license_ in one.licenses],
        ),
    )
    return True


async def find_invitation(
    tx: Transaction, invitation_id: UUID, *, for_update: bool = False
) -> Invitation | None:
    """One invitation by its id, with its products."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from invitation where tenant_id = %s and id = %s"
        + (" for update" if for_update else ""),
        (tx.tenant_id, invitation_id),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    (found,) = await with_licenses(tx, [_invitation(row)])
    return found


async def open_invitation(tx: Transaction, mail_key: str) -> Invitation | None:
    """The open invitation of an address, locked, with its products."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from invitation"
        " where tenant_id = %s and mail_key = %s and state = 'pending' for update",
        (tx.tenant_id, mail_key),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    (found,) = await with_licenses(tx, [_invitation(row)])
    return found


async def with_licenses(tx: Transaction, found: Sequence[Invitation]) -> tuple[Invitation, ...]:
    """Invitations with the products that they promise, in SKU order."""
    cursor = await tx.connection.execute(
        "select invitation_no, sku_no, disabled_set, seat_no from invitation_license"
        " where tenant_id = %s and invitation_no = any(%s) order by invitation_no, sku_no",
        (tx.tenant_id, [one.invitation_no for one in found]),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits(row[2] for row in rows)
    licenses: dict[int, list[InvitedLicense]] = {one.invitation_no: [] for one in found}
    for number, sku, disabled, seat_no in rows:
        licenses[number].append(
            InvitedLicense(sku=SkuNo(sku), disabled=bits[disabled], seat_no=seat_no)
        )
    return tuple(replace(one, licenses=tuple(licenses[one.invitation_no])) for one in found)


async def list_invitations(
    tx: Transaction,
    *,
    state: InvitationState | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> tuple[Invitation, ...]:
    """Invitations, the newest first, of one state or of all."""
    of_state = "" if state is None else " and state = %(state)s"
    further = "" if after is None else " and (invited_at, invitation_no) < (%(at)s, %(no)s)"
    at, number = after or (None, None)
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from invitation where tenant_id = %(tenant)s{of_state}{further}"
        " order by invited_at desc, invitation_no desc limit %(limit)s",
        {
            "tenant": tx.tenant_id,
            "state": None if state is None else state.value,
            "at": at,
            "no": number,
            "limit": limit,
        },
    )
    return await with_licenses(tx, [_invitation(row) for row in await cursor.fetchall()])


async def lapsed_invitations(
    tx: Transaction, *, now: datetime, limit: int
) -> tuple[Invitation, ...]:
    """Open invitations whose time is over, locked; those that another session has are left out."""
    return await _locked(tx, "expires_at <= %s", (now,), limit=limit)


async def invitations_to_warn_of(
    tx: Transaction, *, now: datetime, until: datetime, limit: int
) -> tuple[Invitation, ...]:
    """Open invitations that end soon and whose inviter was not told, locked."""
    return await _locked(
        tx,
        "expires_at > %s and expires_at <= %s and warned_for is distinct from expires_at",
        (now, until),
        limit=limit,
    )


async def _locked(
    tx: Transaction, condition: str, values: tuple[datetime, ...], *, limit: int
) -> tuple[Invitation, ...]:
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from invitation where tenant_id = %s and state = 'pending'"
        f" and {condition} order by expires_at, invitation_no limit %s for update skip locked",
        (tx.tenant_id, *values, limit),
    )
    return await with_licenses(tx, [_invitation(row) for row in await cursor.fetchall()])


async def end_invitations(
    tx: Transaction,
    numbers: Sequence[int],
    state: InvitationState,
    *,
    at: datetime,
    user: UserNo | None = None,
) -> None:
    """Store what became of invitations, which the caller has locked."""
    await tx.connection.execute(
        "update invitation set state = %s, ended_at = %s, user_no = %s"
        " where tenant_id = %s and invitation_no = any(%s)",
        (state.value, at, user, tx.tenant_id, list(numbers)),
    )


async def send_again(tx: Transaction, number: int, *, at: datetime, expires_at: datetime) -> None:
    """Issue an invitation anew."""
    await tx.connection.execute(
        "update invitation set sent_at = %s, expires_at = %s, times_sent = times_sent + 1"
        " where tenant_id = %s and invitation_no = %s",
        (at, expires_at, tx.tenant_id, number),
    )


async def note_warned(tx: Transaction, numbers: Sequence[int]) -> None:
    """Keep that the inviters of these were told of their end."""
    await tx.connection.execute(
        "update invitation set warned_for = expires_at"
        " where tenant_id = %s and invitation_no = any(%s)",
        (tx.tenant_id, list(numbers)),
    )


async def forget_ended(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget invitations that ended long ago, and the addresses in them; how many.

    Among the oldest, by which they are kept in order: one that ended began before it did.
    """
    cursor = await tx.connection.execute(
        "delete from invitation where tenant_id = %(tenant)s and invitation_no in ("
        " select invitation_no from invitation where tenant_id = %(tenant)s"
        "    and invited_at < %(before)s and ended_at < %(before)s"
        "  order by invited_at limit %(limit)s)",
        {"tenant": tx.tenant_id, "before": before, "limit": limit},
    )
    return cursor.rowcount


async def ids_of_guests(tx: Transaction, users: Sequence[UserNo]) -> dict[UserNo, UUID]:
    """The ids of people who accepted; who was purged since is left out."""
    cursor = await tx.connection.execute(
        "select user_no, id from app_user where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(user): id_ for user, id_ in await cursor.fetchall()}
