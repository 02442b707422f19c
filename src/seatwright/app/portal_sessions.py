"""Signing in to the portal by a link that works once, and signing out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.app.tenants import LOCAL_ADMINISTRATOR
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.roles import Role
from seatwright.domain.tenants import Principal, PrincipalKind
from seatwright.identity.secrets import digest_of, new_link, new_session
from seatwright.postgres import portal_people as attempts
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.portal_sessions import (
    CameBy,
    NewSession,
    OpenSession,
    SeenSession,
    end_session,
    insert_link,
    insert_session,
    list_sessions,
    note_seen,
    use_link,
)
from seatwright.postgres.principals import list_principals, principal_by_number
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

LINK_LIVES: Final = timedelta(hours=24)
"""A link that nobody opened within a day is worthless."""

SESSION_LIVES: Final = timedelta(hours=12)
"""A working day: then people sign in again, whatever they did meanwhile."""

SESSION_IDLES: Final = timedelta(hours=2)
"""A session without a call for so long is over."""

ATTEMPT_LIVES: Final = timedelta(minutes=10)
"""Who is not back from the identity provider by then begins again."""

_NOTED_EVERY: Final = timedelta(minutes=5)


async def make_link(call: Call, principal: Principal) -> str:
    """A new secret that signs a principal in once, within a day; it is stored nowhere."""
    secret = new_link()
    await insert_link(
        call.tx,
        principal.principal_no,
        digest=digest_of(secret),
        at=call.now,
        expires_at=call.now + LINK_LIVES,
    )
    detail = {"principal": str(principal.id)}
    await record(call, HistoryLine(action=HistoryAction.SIGN_IN_LINK_MADE, detail=detail))
    return secret


async def link_for_administrator(call: Call) -> str:
    """A link for the local administrator of the call's tenant.

    Raises Refusal unknownPrincipal when that one was revoked.
    """
    after = 0
    while page := await list_principals(call.tx, PrincipalKind.TOKEN, after=after):
        for principal in page:
            if principal.name == LOCAL_ADMINISTRATOR:
                return await make_link(call, principal)
        after = page[-1].principal_no
    raise Refusal(
        Reason.UNKNOWN_PRINCIPAL,
        f"“{call.tenant.name}” has no local administrator any more: somebody revoked it. Sign in"
        " another way.",
    )


async def sign_in_by_link(database: Database, link: str, *, now: datetime) -> str | None:
    """Use a link and begin a session: the secret of its cookie, or None for a link of no use."""
    async with database.connection() as connection:
        used = await use_link(connection, digest_of(link), at=now)
        if used is None:
            return None
        tenant_id, number = used
        await see_tenant(connection, tenant_id)
        tx = Transaction(connection, tenant_id, database.dictionary)
        tenant = await read_tenant(connection, tenant_id)
        principal = await principal_by_number(tx, number)
        assert tenant is not None, "a link is of a tenant"
        assert principal is not None, "a link is of a principal"
        call = Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=uuid4())
        return await begin_session(call, came_by=CameBy.LINK)


async def begin_session(call: Call, *, came_by: CameBy, roles: tuple[Role, ...] = ()) -> str:
    """Begin a session of the call's principal: the secret of its cookie.

    `roles` are what an identity provider said, which hold for as long as the session does.
    """
    secret = new_session()
    await insert_session(
        call.tx,
        call.principal.principal_no,
        NewSession(
            digest=digest_of(secret),
            at=call.now,
            expires_at=call.now + SESSION_LIVES,
            came_by=came_by,
            roles=roles,
        ),
    )
    detail: dict[str, object] = {"by": came_by.value}
    if roles:
        detail["roles"] = [role.value for role in roles]
    await record(call, HistoryLine(action=HistoryAction.SIGNED_IN, detail=detail))
    return secret


async def sign_out(call: Call, session: str) -> CameBy | None:
    """End the session that a call came with; how it began."""
    came_by = await end_session(call.tx, digest_of(session), at=call.now)
    await record(call, HistoryLine(action=HistoryAction.SIGNED_OUT))
    return came_by


async def open_sessions(call: Call, *, limit: int) -> tuple[OpenSession, ...]:
    """Who is signed in to the tenant, the last one who came first."""
    return await list_sessions(call.tx, at=call.now, idle=SESSION_IDLES, limit=limit)


async def end_open_session(call: Call, named: str) -> None:
    """Sign somebody out, by the digest of their session in hexadecimal.

    Raises Refusal invalidValue for a text that is no such digest; one that is over stays over.
    """
    try:
        digest = bytes.fromhex(named)
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, "The form names no session: open the page again."
        ) from None
    if await end_session(call.tx, digest, at=call.now) is not None:
        detail: dict[str, object] = {"byAdministrator": True}
        await record(call, HistoryLine(action=HistoryAction.SIGNED_OUT, detail=detail))


async def keep_alive(database: Database, session: str, seen: SeenSession, *, now: datetime) -> None:
    """Note every few minutes that somebody is still there."""
    if now - seen.seen_at < _NOTED_EVERY:
        return
    async with database.transaction(seen.who.tenant.tenant_id) as tx:
        await note_seen(tx, digest_of(session), at=now)


async def begin_attempt(database: Database, *, target: str, now: datetime) -> str:
    """Keep where a browser wants to go that signs in elsewhere first: the secret of its cookie."""
    secret = new_session()
    async with database.connection() as connection:
        await attempts.begin_attempt(
            connection,
            digest_of(secret),
            target=target,
            at=now,
            expires_at=now + ATTEMPT_LIVES,
        )
    return secret


async def use_attempt(database: Database, secret: str, *, now: datetime) -> str | None:
    """Use an attempt up, whatever comes of it: where its browser wanted to go; None if too late."""
    async with database.connection() as connection:
        return await attempts.use_attempt(connection, digest_of(secret), at=now)
