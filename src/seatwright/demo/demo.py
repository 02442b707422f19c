"""The demo tenant on a server: made once, found again, removed in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from seatwright.app.access import is_valid_token, list_all, rotate
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.catalog_changes import (
    ProductEdit,
    ProductOrder,
    ServicePlanOrder,
    add_product,
    change_product,
)
from seatwright.app.tenants import (
    LOCAL_ADMINISTRATOR,
    NewTenant,
    all_tenants,
    calling,
    founding,
    remove_tenant,
)
from seatwright.demo.fjordline import DEMO_DOMAIN, DEMO_NAME, OWN_PRODUCT, draft_demo
from seatwright.demo.load import load_draft
from seatwright.demo.platform import load_platform
from seatwright.demo.requests import load_requests
from seatwright.demo.time import load_time
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.tenants import PrincipalKind, Tenant
from seatwright.postgres.pool import Database

FOUNDED_DAYS: Final = 440
"""How many days ago the demo tenant is said to have been made: before all that it bought."""

PLATFORM_DAYS: Final = 50
"""How many days ago it is said to have got its environments, apps and flows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The demo tenant, and a token of its administrator if a new one was made."""

    tenant: Tenant
    token: str | None


async def load_demo(database: Database, *, now: datetime, kept_token: str | None) -> Demo:
    """Make the demo tenant unless it is there; a token unless the one that was kept still works.

    Raises Refusal invalidValue when another tenant has its name.
    """
    tenant = await find_demo(database)
    is_token_good = kept_token is not None and await is_valid_token(database, kept_token, at=now)
    if tenant is None:
        made = await _make_demo(database, now=now)
        return replace(made, token=None) if is_token_good else made
    if is_token_good:
        return Demo(tenant=tenant, token=None)
    return Demo(tenant=tenant, token=await _new_token(database, tenant, now=now))


async def find_demo(database: Database) -> Tenant | None:
    """The demo tenant of this server."""
    return next((one for one in await all_tenants(database) if one.is_demo), None)


async def remove_demo(database: Database) -> Tenant:
    """Remove the demo tenant with everything in it; the caller is the owner of the tables.

    Raises Refusal invalidValue when there is none.
    """
    tenant = await find_demo(database)
    if tenant is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "There is no demo tenant here: `seatwright tenant list` shows which there are.",
        )
    return await remove_tenant(database, str(tenant.id))


async def _make_demo(database: Database, *, now: datetime) -> Demo:
    day = now.replace(microsecond=0)
    new = NewTenant(name=DEMO_NAME, domain=DEMO_DOMAIN, usage_location="NO", is_demo=True)
    async with founding(database, new, now=day - timedelta(days=FOUNDED_DAYS)) as founded:
        call = await _with_own_catalog(founded.call)
        draft = draft_demo(day)
        await load_draft(call, draft)
        await load_platform(replace(call, now=day - timedelta(days=PLATFORM_DAYS)))
        await load_requests(call, draft)
        booked_for = tuple(one.user_principal_name for one in draft.people[-2:])
        await load_time(replace(call, now=day), people=booked_for)
        return Demo(tenant=founded.call.tenant, token=founded.token)


async def _with_own_catalog(call: Call) -> Call:
    """Add a product that is not Microsoft's, and name one as source 004 prints it."""
    await add_product(
        call,
        ProductOrder(
            part_number=OWN_PRODUCT,
            display_name="Fjordline Route Studio",
            service_plans=(
                ServicePlanOrder(name="ROUTE_EDITOR", display_name="Route editor"),
                ServicePlanOrder(name="ROUTE_SIMULATION", display_name="Route simulation"),
            ),
            aliases=("Route Studio",),
            in_strategy_scope=False,
            scope_note="Sold by Fjordline's own software house.",
        ),
    )
    await change_product(
        call, "EXCHANGESTANDARD", ProductEdit(display_name="Exchange Online Plan 1")
    )
    version = (await catalog_of(call)).version
    return replace(call, tenant=replace(call.tenant, catalog_version=version))


async def _new_token(database: Database, tenant: Tenant, *, now: datetime) -> str | None:
    """A new secret for the local administrator; the one that was lost stops working.

    None when somebody revoked that administrator: then others look after the tenant.
    """
    async with calling(database, tenant, now=now) as call:
        # It was made with the tenant, so it is the first of all.
        for principal in await list_all(call, PrincipalKind.TOKEN, after=0, limit=1):
            if principal.name == LOCAL_ADMINISTRATOR:
                return (await rotate(call, PrincipalKind.TOKEN, principal.id)).secret
    return None
