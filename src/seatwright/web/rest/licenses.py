"""`/api/identity/licenses`: products with their seats, their holders and their waiting lists."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, get
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Stream

from seatwright.app import seats
from seatwright.app.catalog import catalog_of
from seatwright.app.history_holders import moment_of
from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.roles import Permission
from seatwright.domain.subscriptions import parse_moment
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.seats import GroupSeen, PersonSeen
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.formats import Format, wants_csv
from seatwright.web.rest.history_holders import HoldersAt, holders_file, holders_page


class PrepaidUnitsShape(Shape, kw_only=True, frozen=True):
    """Units bought, by state."""

    enabled: int
    warning: int
    suspended: int
    locked_out: int


class ServicePlanShape(Shape, kw_only=True, frozen=True):
    """A service plan."""

    service_plan_id: UUID
    name: str
    display_name: str
    applies_to: str


class ProductSeats(Shape, kw_only=True, frozen=True):
    """A product with its seats: `free` = `assignable` - `consumed` - `reserved`.

    `seatsOver` is how many more seats are in use than were bought, `resolveBy` until when that is
    tolerated; `seatsToBuy` would give everybody a seat who waits, and `hint` says so.
    """

    sku_id: UUID
    sku_part_number: str
    display_name: str
    applies_to: str
    capability_status: str
    prepaid_units: PrepaidUnitsShape
    assignable: int
    consumed: int
    reserved: int
    free: int
    waiting: int
    seats_over: int
    resolve_by: datetime | None
    seats_to_buy: int
    hint: str | None
    in_strategy_scope: bool
    scope_note: str | None
    is_legacy: bool
    subscription_ids: list[str]
    service_plans: list[ServicePlanShape]


class PersonShape(Shape, kw_only=True, frozen=True):
    """A person in a list."""

    id: UUID
    user_principal_name: str
    display_name: str
    is_enabled: bool


class SourceGroup(Shape, kw_only=True, frozen=True):
    """A group that is behind an assignment."""

    id: UUID
    display_name: str


class SourceName(Shape, kw_only=True, frozen=True):
    """What is behind an assignment: direct, group, policy or request."""

    kind: str
    group: SourceGroup | None


class HolderShape(Shape, kw_only=True, frozen=True):
    """Somebody who holds the product."""

    user: PersonShape
    since: datetime
    strategy: str
    source: SourceName
    disabled_service_plans: list[str]


class WaitingShape(Shape, kw_only=True, frozen=True):
    """Somebody who waits; `place` 1 is served first."""

    place: int
    user: PersonShape
    priority: int
    waiting_since: datetime
    sources: list[SourceName]


def service_plan_shapes(catalog: TenantCatalog, bits: ServicePlanBits) -> list[ServicePlanShape]:
    """The service plans of a set as answers show them."""
    return [
        ServicePlanShape(
            service_plan_id=plan.service_plan_id,
            name=plan.name,
            display_name=plan.display_name,
            applies_to=plan.applies_to.value,
        )
        for plan in catalog.plans_of(bits)
    ]


def _license(one: seats.SkuSeats, catalog: TenantCatalog) -> ProductSeats:
    sku, pool = one.sku, one.pool
    return ProductSeats(
        sku_id=sku.sku_id,
        sku_part_number=sku.part_number,
        display_name=sku.display_name,
        applies_to=sku.applies_to.value,
        capability_status=one.status.value,
        prepaid_units=PrepaidUnitsShape(
            enabled=one.units.enabled,
            warning=one.units.warning,
            suspended=one.units.suspended,
            locked_out=one.units.locked_out,
        ),
        assignable=pool.assignable,
        consumed=pool.consumed,
        reserved=pool.reserved,
        free=one.free,
        waiting=one.waiting,
        seats_over=pool.seats_over,
        resolve_by=one.resolve_by,
        seats_to_buy=one.seats_to_buy,
        hint=one.hint,
        in_strategy_scope=sku.in_strategy_scope,
        scope_note=sku.scope_note,
        is_legacy=sku.is_legacy,
        subscription_ids=list(one.subscription_ids),
        service_plans=service_plan_shapes(catalog, sku.service_plans),
    )


def _person(person: PersonSeen) -> PersonShape:
    return PersonShape(
        id=person.user_id,
        user_principal_name=person.upn,
        display_name=person.display_name,
        is_enabled=person.is_enabled,
    )


def _source(source: Source, groups: dict[int, GroupSeen]) -> SourceName:
    group = groups.get(source.no) if source.kind is SourceKind.GROUP else None
    return SourceName(
        kind=source.kind.name.lower(),
        group=SourceGroup(id=group.group_id, display_name=group.display_name) if group else None,
    )


@get(
    "/api/identity/licenses",
    opt=needs(Permission.READ_LICENSES),
    summary="List products with their seats",
)
async def list_licenses(
    call: TheCall,
    *,
    is_all: Annotated[bool, QueryParameter(name="all")] = False,
    search: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ProductSeats]:
    """Products that somebody bought, has or waits for; with `all=true` the whole catalogue."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    rows = await seats.list_seats(
        call, is_all=is_all, after=int(keys[0]) if keys else 0, limit=size, search=search
    )
    catalog = await catalog_of(call)
    return Page(
        value=[_license(row, catalog) for row in rows[:size]],
        next_cursor=cursor_of(rows[size - 1].sku.sku_no) if len(rows) > size else None,
    )


@get(
    "/api/identity/licenses/{sku:str}",
    opt=needs(Permission.READ_LICENSES),
    summary="Read the seats of a product",
)
async def get_license(call: TheCall, sku: FromPath[str]) -> ProductSeats:
    """By its id or part number, whatever the case."""
    return _license(await seats.get_seats(call, sku), await catalog_of(call))


@get(
    "/api/identity/licenses/{sku:str}/holders",
    opt=needs(Permission.READ_LICENSES),
    summary="List who holds a product",
)
async def list_holders(
    call: TheCall,
    sku: FromPath[str],
    *,
    request: Request[Any, Any, Any],
    strategy: FromQuery[str | None] = None,
    at: FromQuery[str | None] = None,
    is_counted: Annotated[bool, QueryParameter(name="count")] = False,
    format_: Format = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[HolderShape] | HoldersAt | Stream:
    """Each holder with what gives it and the service plans that are off.

    With `strategy` those who have it that way (`on_demand`: whoever claimed it; a claim
    that came through a group is `group`, and in the report of its policy). With `at` those
    who held it at that moment, people included who are gone; with `format=csv` all of them in one
    file.
    """
    size = page_limit(limit)
    if strategy is not None and (at is not None or is_counted or wants_csv(request, format_)):
        raise Refusal(
            Reason.INVALID_VALUE,
            "strategy is for the list of those who hold the product now: leave out at, count and"
            " format, whose rows say the strategy of each.",
        )
    if wants_csv(request, format_):
        return await holders_file(call, await moment_of(call, sku, at))
    if at is not None or is_counted:
        moment = await moment_of(call, sku, at)
        return await holders_page(call, moment, cursor=cursor, limit=size, is_counted=is_counted)
    keys = keys_of(cursor, int)
    page = await seats.list_holders(
        call, sku, strategy=strategy, after=int(keys[0]) if keys else 0, limit=size
    )
    catalog = await catalog_of(call)
    held = page.sku.service_plans
    return Page(
        value=[
            HolderShape(
                user=_person(holder.person),
                since=holder.since,
                strategy=holder.strategy.value,
                source=_source(holder.source, page.groups),
                disabled_service_plans=[
                    plan.name for plan in catalog.plans_of(ServicePlanBits(held & ~holder.enabled))
                ],
            )
            for holder in page.holders[:size]
        ],
        next_cursor=(
            cursor_of(page.holders[size - 1].person.user_no) if len(page.holders) > size else None
        ),
    )


@get(
    "/api/identity/licenses/{sku:str}/waiting-list",
    opt=needs(Permission.READ_LICENSES),
    summary="List who waits for a product",
)
async def list_waiting(
    call: TheCall,
    sku: FromPath[str],
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[WaitingShape]:
    """In the order in which seats are given out: priority, waiting since, user number."""
    size = page_limit(limit)
    keys = keys_of(cursor, int, int, str, int)
    place, after = 0, None
    if keys:
        place = int(keys[0])
        after = (int(keys[1]), parse_moment(str(keys[2]), name="cursor"), int(keys[3]))
    page = await seats.list_waiting(call, sku, after=after, limit=size)
    shown = page.waiting[:size]
    more = len(page.waiting) > size
    last = shown[-1] if shown else None
    return Page(
        value=[
            WaitingShape(
                place=number,
                user=_person(one.person),
                priority=one.priority,
                waiting_since=one.waiting_since,
                sources=[_source(source, page.groups) for source in one.sources],
            )
            for number, one in enumerate(shown, start=place + 1)
        ],
        next_cursor=(
            cursor_of(
                place + size, last.priority, last.waiting_since.isoformat(), last.person.user_no
            )
            if more and last
            else None
        ),
    )


LICENSE_ROUTES = (list_licenses, get_license, list_holders, list_waiting)
