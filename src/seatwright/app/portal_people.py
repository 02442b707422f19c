"""Signing in as somebody: a person of the directory, or one whose roles the provider names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.call import Call
from seatwright.app.portal_sessions import begin_session
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.identities import (
    Identity,
    address_keys,
    domain_of,
    role_mapping,
    roles_claimed,
)
from seatwright.domain.ids import PrincipalNo, UserNo
from seatwright.domain.roles import Role
from seatwright.domain.settings import setting_value
from seatwright.domain.tenants import (
    SYSTEM_PRINCIPAL,
    Principal,
    PrincipalKind,
    Tenant,
    TenantState,
)
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.portal_people import (
    DirectoryEntry,
    entry_named,
    principal_named,
    principal_of_user,
    rename_principal,
    tenants_for,
)
from seatwright.postgres.portal_sessions import CameBy
from seatwright.postgres.principals import insert_principal, principal_by_number
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.transaction import Transaction

_PERSON: Final = (Role.PERSON,)


async def sign_in_by_identity(database: Database, identity: Identity, *, now: datetime) -> str:
    """Begin a session for whom a provider vouches for: the secret of its cookie.

    Raises Refusal roleMissing for a disabled account, and for somebody who is neither in the
    directory nor has a role by what the provider says.
    """
    async with database.connection() as connection:
        domains = [one for one in map(domain_of, identity.names) if one is not None]
        tenants = await tenants_for(connection, domains)
        # Who has a name in the domains of several is of the first whose directory has them.
        for tenant in tenants:
            tx = await _opened(database, connection, tenant)
            entry = await _entry_of(tx, identity)
            if entry is not None:
                return await _come_in(tx, tenant, identity, entry, now=now)
        if not tenants:
            raise _nobody(identity)
        tx = await _opened(database, connection, tenants[0])
        return await _come_in(tx, tenants[0], identity, None, now=now)


async def _opened(
    database: Database, connection: AsyncConnection[TupleRow], tenant: Tenant
) -> Transaction:
    await see_tenant(connection, tenant.tenant_id)
    return Transaction(connection, tenant.tenant_id, database.dictionary)


async def _come_in(
    tx: Transaction,
    tenant: Tenant,
    identity: Identity,
    entry: DirectoryEntry | None,
    *,
    now: datetime,
) -> str:
    if tenant.state is TenantState.SUSPENDED:
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{tenant.name}” is suspended: nobody signs in until the operator lets it work"
            " again with “seatwright tenant resume”.",
        )
    call = await _door_call(tx, tenant, now=now)
    principal, roles = await _admitted(call, identity, entry)
    return await begin_session(
        replace(call, principal=principal), came_by=CameBy.PROVIDER, roles=roles
    )


async def _door_call(tx: Transaction, tenant: Tenant, *, now: datetime) -> Call:
    system = await principal_by_number(tx, SYSTEM_PRINCIPAL)
    assert system is not None, "every tenant is made with its system principal"
    return Call(tx=tx, tenant=tenant, principal=system, now=now, correlation=uuid4())


async def _admitted(
    call: Call, identity: Identity, entry: DirectoryEntry | None
) -> tuple[Principal, tuple[Role, ...]]:
    roles = roles_claimed(identity, _mapping(call.tenant.settings))
    if entry is not None:
        if not entry.is_enabled:
            raise Refusal(
                Reason.ROLE_MISSING,
                f"The account of {entry.upn} is disabled. Ask an administrator to enable it.",
            )
        return await person(call, entry), roles
    if not roles or not identity.names:
        raise _nobody(identity)
    return await outsider(call, identity.names[0]), roles


def _mapping(settings: Mapping[str, object]) -> Mapping[str, Role]:
    mapping = role_mapping(setting_value(settings, "roleClaimValues"))
    assert mapping is not None, "its check lets nothing else by"
    return mapping


async def _entry_of(tx: Transaction, identity: Identity) -> DirectoryEntry | None:
    for name in identity.names:
        for key in address_keys(name):
            entry = await entry_named(tx, key)
            if entry is not None:
                return entry
    return None


def _nobody(identity: Identity) -> Refusal:
    name = identity.names[0] if identity.names else None
    who = f"You are signed in there as {name}, and" if name else "The identity provider gave no"
    words = (
        f"{who} nobody of that name is in the directory here, nor does the identity provider give"
        " you a role here. Ask an administrator to add you, or sign in as somebody else."
        if name
        else f"{who} name by which to know you (preferred_username or email). Ask whoever runs it."
    )
    return Refusal(Reason.ROLE_MISSING, words)


async def person(call: Call, entry: DirectoryEntry) -> Principal:
    """What somebody of the directory acts as; made when they first come, named as they are now."""
    found = await principal_of_user(call.tx, entry.user_no)
    if found is None:
        await _make(call, entry.display_name, roles=_PERSON, user=entry.user_no)
        found = await principal_of_user(call.tx, entry.user_no)
        assert found is not None, "it was made, or somebody else has made it"
    if found.name != entry.display_name:
        await rename_principal(call.tx, found.principal_no, entry.display_name)
    return replace(found, name=entry.display_name)


async def outsider(call: Call, name: str) -> Principal:
    """What somebody acts as who is in no directory; made when they first come."""
    key = name.casefold()
    found = await principal_named(call.tx, key)
    if found is None:
        await _make(call, name, roles=(), user=None)
        found = await principal_named(call.tx, key)
        assert found is not None, "it was made, or somebody else has made it"
    return found


async def _make(call: Call, name: str, *, roles: tuple[Role, ...], user: UserNo | None) -> None:
    principal = Principal(
        principal_no=PrincipalNo(await take_numbers(call.tx, "principal", 1)),
        id=uuid4(),
        kind=PrincipalKind.PERSON,
        name=name,
        roles=roles,
        user_no=user,
        created_at=call.now,
    )
    # Of two who come in at once as the same person one makes it, and both then find it.
    await insert_principal(call.tx, principal, created_at=call.now, created_by=None)
