"""Tenants: making, listing, suspending and deleting them, by commands and not by routes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.app.access import NewPrincipal, issue
from seatwright.app.call import Call
from seatwright.app.catalog import load_shipped_catalog
from seatwright.app.domains import domain_taken
from seatwright.app.platform.default_roles import load_shipped_default_roles
from seatwright.domain.domain_names import parse_domain_name
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.locations import parse_location
from seatwright.domain.roles import Role
from seatwright.domain.semantics import Preset
from seatwright.domain.tenants import (
    SYSTEM_PRINCIPAL,
    Principal,
    PrincipalKind,
    Tenant,
    TenantState,
)
from seatwright.postgres.domains import insert_domain, write_default_domain
from seatwright.postgres.pool import Database, see_tenant
from seatwright.postgres.principals import insert_principal, principal_by_number
from seatwright.postgres.tenants import (
    TenantRow,
    delete_tenant,
    find_tenant,
    insert_tenant,
    list_tenants,
    set_tenant_state,
)
from seatwright.postgres.transaction import Transaction

LOCAL_ADMINISTRATOR = "local administrator"
NAME_LENGTH_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTenant:
    """What a tenant is made from; without a domain it gets one below `.example`."""

    name: str
    domain: str | None = None
    usage_location: str | None = None
    preset: Preset = Preset.NATIVE
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeTenant:
    """A new tenant and the token of its local administrator, shown this once."""

    tenant: Tenant
    token: str


async def create_tenant(database: Database, new: NewTenant, *, now: datetime) -> MadeTenant:
    """Make a tenant with its catalogue, its templates and a local administrator.

    Raises Refusal invalidValue for a name that is empty, too long or taken, a domain that is
    none, or an unknown usage location, and domainTaken for a domain of another tenant.
    """
    async with founding(database, new, now=now) as founded:
        return MadeTenant(tenant=founded.call.tenant, token=founded.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A tenant that is being made: seatwright's own call in it, and its administrator's token."""

    call: Call
    token: str


@asynccontextmanager
async def founding(database: Database, new: NewTenant, *, now: datetime) -> AsyncIterator[Founded]:
    """Make a tenant and whatever the block adds to it in one transaction: all of it, or nothing.

    Raises what `create_tenant` raises.
    """
    name, domain, settings = _checked(new)
    async with database.connection() as connection:
        row = TenantRow(
            id=uuid4(),
            name=name,
            domain=domain,
            is_demo=new.is_demo,
            settings=settings,
            created_at=now,
        )
        tenant = await insert_tenant(connection, row)
        if tenant is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"There is a tenant named “{name}” already: choose another name.",
            )
        await see_tenant(connection, tenant.tenant_id)
        tx = Transaction(connection, tenant.tenant_id, database.dictionary)
        tenant = await _with_domain(tx, tenant, at=now, is_given=new.domain is not None)
        call = await _system_call(tx, tenant, now=now)
        await load_shipped_catalog(call)
        await load_shipped_default_roles(call)
        issued = await issue(
            call,
            NewPrincipal(
                kind=PrincipalKind.TOKEN,
                name=LOCAL_ADMINISTRATOR,
                roles=(Role.GLOBAL_ADMINISTRATOR,),
            ),
        )
        yield Founded(call=call, token=issued.secret)
        await connection.commit()
        tx.remember()


@asynccontextmanager
async def calling(database: Database, tenant: Tenant, *, now: datetime) -> AsyncIterator[Call]:
    """A call of seatwright itself in a tenant; committed at the end, or rolled back."""
    async with database.transaction(tenant.tenant_id) as tx:
        principal = await principal_by_number(tx, SYSTEM_PRINCIPAL)
        assert principal is not None, "every tenant is made with its system principal"
        yield Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=uuid4())


async def _with_domain(tx: Transaction, tenant: Tenant, *, at: datetime, is_given: bool) -> Tenant:
    """Give a new tenant its first domain; one that was made up from its name yields to others."""
    if await insert_domain(tx, tenant.domain, at=at, is_initial=True):
        return tenant
    if is_given:
        raise domain_taken(tenant.domain)
    label = tenant.domain.partition(".")[0][:26].rstrip("-")
    other = f"{label}-{tenant.id}.example"
    is_new = await insert_domain(tx, other, at=at, is_initial=True)
    assert is_new, "no two tenants have one id"
    await write_default_domain(tx, other)
    return replace(tenant, domain=other)


async def _system_call(tx: Transaction, tenant: Tenant, *, now: datetime) -> Call:
    principal = system_principal(now)
    await insert_principal(tx, principal, created_at=now, created_by=None)
    return Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=uuid4())


def system_principal(now: datetime) -> Principal:
    """seatwright itself, as the history names it."""
    return Principal(
        principal_no=SYSTEM_PRINCIPAL,
        id=uuid4(),
        kind=PrincipalKind.SYSTEM,
        name="seatwright",
        roles=(Role.GLOBAL_ADMINISTRATOR,),
        created_at=now,
    )


def _checked(new: NewTenant) -> tuple[str, str, Mapping[str, object]]:
    name = new.name.strip()
    if not name or len(name) > NAME_LENGTH_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The tenant's name has {len(name)} characters: give 1 to {NAME_LENGTH_MAX}.",
        )
    domain = parse_domain_name(new.domain or _domain_of(name))
    settings: dict[str, object] = {}
    if new.preset is not Preset.NATIVE:
        settings["preset"] = new.preset.value
    if new.usage_location is not None:
        location = parse_location(new.usage_location)
        if location is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{new.usage_location}” is no usage location: give a two-letter ISO 3166-1 code"
                " such as NO.",
            )
        settings["usageLocation"] = location
    return name, domain, settings


def _domain_of(name: str) -> str:
    label = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60].strip("-")
    return f"{label or 'tenant'}.example"


async def all_tenants(database: Database) -> tuple[Tenant, ...]:
    """Every tenant, oldest first."""
    async with database.connection() as connection:
        return await list_tenants(connection)


async def choose_tenant(database: Database, name_or_id: str | None) -> Tenant:
    """The tenant a command means: the one named, else the only one, else the demo.

    Raises Refusal invalidValue when none or several could be meant.
    """
    async with database.connection() as connection:
        if name_or_id is not None:
            return await _named(connection, name_or_id)
        tenants = await list_tenants(connection)
    demos = [tenant for tenant in tenants if tenant.is_demo]
    if len(tenants) == 1 or len(demos) == 1:
        return tenants[0] if len(tenants) == 1 else demos[0]
    names = ", ".join(tenant.name for tenant in tenants)
    raise Refusal(
        Reason.INVALID_VALUE,
        f"Say which tenant with --tenant: there are {names}."
        if tenants
        else "There is no tenant yet: `seatwright tenant create NAME` makes one.",
    )


async def _named(connection: AsyncConnection[TupleRow], name_or_id: str) -> Tenant:
    tenant = await find_tenant(connection, name_or_id)
    if tenant is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There is no tenant “{name_or_id}”: `seatwright tenant list` shows which there are.",
        )
    return tenant


async def change_tenant_state(database: Database, name_or_id: str, state: TenantState) -> Tenant:
    """Suspend a tenant, or let it work again."""
    async with database.connection() as connection:
        tenant = await _named(connection, name_or_id)
        await set_tenant_state(connection, tenant.tenant_id, state)
    return tenant


async def remove_tenant(database: Database, name_or_id: str) -> Tenant:
    """Delete a tenant with its people, licenses and history. Nothing brings it back."""
    async with database.connection() as connection:
        tenant = await _named(connection, name_or_id)
        await see_tenant(connection, tenant.tenant_id)
        await delete_tenant(connection, tenant.tenant_id)
    return tenant
