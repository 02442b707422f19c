"""`/api/platform/apps`, and whom each is shared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.platform import sharing, things
from seatwright.app.platform.kinds import APPS, place_filter
from seatwright.domain.platform import Need, version_text
from seatwright.domain.platform_edits import AppEdit
from seatwright.domain.platform_needs import NeedOrder, needs_of
from seatwright.domain.platform_things import App, Holder, target_of_app
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, keys_of, keyset_page, page_limit
from seatwright.web.rest.platform_things import (
    EnvironmentRefShape,
    environment_shape,
    page_of_things,
)


class NeedBody(Body, kw_only=True, frozen=True):
    """One way to be licensed: a product, or service plans that are all on."""

    sku_id: str | None = None
    sku_part_number: str | None = None
    service_plans: list[str] | None = None


class NewAppBody(Body, kw_only=True, frozen=True):
    """An app to store.

    `kind` is powerApp, desktopClient or other. `requires` lists alternatives, any one of which is
    enough; without it those of the kind count.
    """

    display_name: str
    external_id: str | None = None
    kind: str = "powerApp"
    environment: str | None = None
    premium: bool = False
    needs_security_role: bool = False
    requires: list[NeedBody] | None = None
    client_version_min: str | None = None


class AppChange(Body, kw_only=True, frozen=True):
    """What changes about an app: what is left out stays, an empty text or list clears."""

    display_name: str | None = None
    external_id: str | None = None
    kind: str | None = None
    environment: str | None = None
    premium: bool | None = None
    needs_security_role: bool | None = None
    requires: list[NeedBody] | None = None
    client_version_min: str | None = None


class SharesBody(Body, kw_only=True, frozen=True):
    """With whom an app is to be shared besides those it is shared with."""

    everyone: bool = False
    groups: list[str] | None = None
    users: list[str] | None = None


class NeedShape(Shape, kw_only=True, frozen=True):
    """One way to be licensed: a product, or service plans that are all on."""

    sku_id: UUID | None
    sku_part_number: str | None
    display_name: str
    service_plans: list[str]


class SharedWithShape(Shape, kw_only=True, frozen=True):
    """With whom an app is shared: everyone, and so many groups and people one by one."""

    everyone: bool
    group_count: int
    user_count: int


class AppShape(Shape, kw_only=True, frozen=True):
    """An app.

    `needsLicense` says whether opening it needs one; `requires` are then the alternatives, and
    `requiresByDefault` whether they are those of its kind. `autoClaimApp` is the app whose
    auto-claim policy may help.
    """

    id: UUID
    external_id: str | None
    display_name: str
    kind: str
    environment: EnvironmentRefShape | None
    premium: bool
    needs_license: bool
    requires: list[NeedShape]
    requires_by_default: bool
    needs_security_role: bool
    shared_with: SharedWithShape
    client_version_min: str | None
    auto_claim_app: str
    created_at: datetime


class ShareShape(Shape, kw_only=True, frozen=True):
    """Everyone, a group or a person with whom an app is shared."""

    kind: str
    id: UUID | None
    display_name: str | None
    user_principal_name: str | None


def need_shapes(needs_: Sequence[Need], catalog: TenantCatalog) -> list[NeedShape]:
    """Alternatives as answers show them."""
    return [_need(need, catalog) for need in needs_]


def _need(need: Need, catalog: TenantCatalog) -> NeedShape:
    plans = catalog.plans_of(need.service_plans)
    if need.sku is None:
        return NeedShape(
            sku_id=None,
            sku_part_number=None,
            display_name=" and ".join(plan.display_name for plan in plans),
            service_plans=[plan.name for plan in plans],
        )
    sku = catalog.skus[need.sku]
    return NeedShape(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        service_plans=[],
    )


def _shape(one: App, catalog: TenantCatalog) -> AppShape:
    fields, facts, target = one.fields, one.facts, target_of_app(one)
    oldest = fields.client_version_min
    return AppShape(
        id=one.id,
        external_id=fields.external_id,
        display_name=one.name,
        kind=fields.kind.value,
        environment=None if facts.environment is None else environment_shape(facts.environment),
        premium=fields.is_premium,
        needs_license=target.needs_license,
        requires=need_shapes(needs_of(target, catalog), catalog),
        requires_by_default=not fields.needs,
        needs_security_role=fields.needs_security_role,
        shared_with=SharedWithShape(
            everyone=facts.is_shared_with_everyone,
            group_count=facts.group_count,
            user_count=facts.user_count,
        ),
        client_version_min=None if oldest is None else version_text(oldest),
        auto_claim_app=target.auto_claim_apps[0].kind.value,
        created_at=one.created_at,
    )


async def _answer(call: Call, one: App) -> AppShape:
    return _shape(one, await catalog_of(call))


def _orders(bodies: Sequence[NeedBody] | None) -> list[NeedOrder] | None:
    if bodies is None:
        return None
    return [
        NeedOrder(
            sku=body.sku_id if body.sku_part_number is None else body.sku_part_number,
            service_plans=tuple(body.service_plans or ()),
        )
        for body in bodies
    ]


def _edit(data: NewAppBody | AppChange) -> AppEdit:
    return AppEdit(
        name=data.display_name,
        external_id=data.external_id,
        kind=data.kind,
        environment=data.environment,
        is_premium=data.premium,
        needs_security_role=data.needs_security_role,
        needs=_orders(data.requires),
        client_version_min=data.client_version_min,
    )


@get("/api/platform/apps", opt=needs(Permission.READ_PLATFORM), summary="List apps")
async def list_apps(
    call: TheCall,
    *,
    environment: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[AppShape]:
    """By name, of one environment or of all."""
    only, catalog = await place_filter(call, environment), await catalog_of(call)
    return await page_of_things(
        call, APPS, lambda one: _shape(one, catalog), cursor=cursor, limit=limit, only=only
    )


@post("/api/platform/apps", opt=needs(Permission.WRITE_PLATFORM), summary="Store an app")
async def create_app(call: TheCall, data: JSONBody[NewAppBody]) -> AppShape:
    """Nobody may open it until it is shared."""
    return await _answer(call, await things.add(call, APPS, _edit(data)))


@get("/api/platform/apps/{app:str}", opt=needs(Permission.READ_PLATFORM), summary="Read an app")
async def get_app(call: TheCall, app: FromPath[str]) -> AppShape:
    """By its id, the id it came with, or a name that only it has."""
    return await _answer(call, await things.require(call, APPS, app))


@patch(
    "/api/platform/apps/{app:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Change an app"
)
async def change_app(call: TheCall, app: FromPath[str], data: JSONBody[AppChange]) -> AppShape:
    """Whom it is shared with stays."""
    return await _answer(call, await things.change(call, APPS, app, _edit(data)))


@delete(
    "/api/platform/apps/{app:str}", opt=needs(Permission.WRITE_PLATFORM), summary="Delete an app"
)
async def delete_app(call: TheCall, app: FromPath[str]) -> None:
    """Licenses that people claimed by opening it stay."""
    await things.remove(call, APPS, app)


@get(
    "/api/platform/apps/{app:str}/shares",
    opt=needs(Permission.READ_PLATFORM),
    summary="List whom an app is shared with",
)
async def list_shares(
    call: TheCall,
    app: FromPath[str],
    *,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ShareShape]:
    """Everyone, then groups, then people."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, int)
    after = (int(keys[0]), int(keys[1])) if keys else (-1, -1)
    rows = await sharing.page_of_shares(call, app, after=after, limit=size)
    return keyset_page(
        rows,
        size=size,
        shape=_share,
        place=lambda row: row.place,
    )


def _share(row: Holder) -> ShareShape:
    return ShareShape(
        kind=row.kind.value,
        id=row.id,
        display_name=row.name,
        user_principal_name=row.user_principal_name,
    )


@post(
    "/api/platform/apps/{app:str}/shares",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Share an app",
    status_code=200,
)
async def share_app(call: TheCall, app: FromPath[str], data: JSONBody[SharesBody]) -> AppShape:
    """With everyone, groups or people: all of those named, or none if one is unknown."""
    shared = await sharing.share_app(
        call, app, everyone=data.everyone, groups=data.groups or (), users=data.users or ()
    )
    return await _answer(call, shared)


@delete(
    "/api/platform/apps/{app:str}/shares/{member:str}",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Stop sharing an app",
)
async def unshare_app(call: TheCall, app: FromPath[str], member: FromPath[str]) -> None:
    """With `everyone`, a group by its id, or a person."""
    await sharing.unshare_app(call, app, member)


PLATFORM_APP_ROUTES = (
    list_apps,
    create_app,
    get_app,
    change_app,
    delete_app,
    list_shares,
    share_app,
    unshare_app,
)
