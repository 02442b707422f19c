"""`/api/conflicts`: what is at odds, each with its fix; and who has a service from two products."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromQuery, JSONBody

from seatwright.app import conflicts
from seatwright.app.catalog import catalog_of
from seatwright.app.conflicts.finding import find_all
from seatwright.app.conflicts.mending import Mendable, Mended, mend
from seatwright.app.conflicts.rows import Named
from seatwright.domain.conflicts import ServiceOverlap
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.bulk import BulkForecast, StartedShape, ended_shape, forecast_shape
from seatwright.web.rest.jobs import job_shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.waiting import answer_when_done, wait_seconds
from seatwright.web.rest.why import FixShape, NamedPerson, NamedProduct, fix_shape, product_shape


class OverlapShape(Shape, kw_only=True, frozen=True):
    """A service plan that another product covers, by the same one or a higher tier of it."""

    service_plan: str
    product: NamedProduct
    covered_by_service_plan: str
    covered_by_product: NamedProduct


class DuplicatesShape(Shape, kw_only=True, frozen=True):
    """What a person has twice; `removable` could go without a service being lost."""

    user_id: UUID
    user_principal_name: str
    display_name: str
    overlaps: list[OverlapShape]
    removable: list[NamedProduct]
    advice: str


def _overlap(one: ServiceOverlap, catalog: TenantCatalog) -> OverlapShape:
    return OverlapShape(
        service_plan=catalog.service_plans[one.service_plan].display_name,
        product=product_shape(one.sku, catalog),
        covered_by_service_plan=catalog.service_plans[one.covered_by].display_name,
        covered_by_product=product_shape(one.covering_sku, catalog),
    )


def _shape(one: conflicts.Duplicates, catalog: TenantCatalog) -> DuplicatesShape:
    removable = [product_shape(sku_no, catalog) for sku_no in one.removable]
    names = " and ".join(product.display_name for product in removable)
    advice = (
        f"{names} can be taken away: the other products of this person cover it."
        if removable
        else "Each product gives something that no other does: switch off the service plans that"
        " are covered, if they are in the way."
    )
    return DuplicatesShape(
        user_id=one.person.user_id,
        user_principal_name=one.person.upn,
        display_name=one.person.display_name,
        overlaps=[_overlap(overlap, catalog) for overlap in one.overlaps],
        removable=removable,
        advice=advice,
    )


@get(
    "/api/reports/duplicate-services",
    opt=needs(Permission.READ_LICENSES),
    summary="List who has a service twice",
)
async def list_duplicates(
    call: TheCall,
    user: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[DuplicatesShape]:
    """A warning with a suggestion; nothing is ever taken away by itself."""
    size = page_limit(limit)
    keys = keys_of(cursor, int)
    if user is not None:
        page = await conflicts.duplicates_of(call, user)
    else:
        page = await conflicts.list_duplicates(call, after=int(keys[0]) if keys else 0, limit=size)
    catalog = await catalog_of(call)
    return Page(
        value=[_shape(one, catalog) for one in page.found],
        next_cursor=None if page.after is None else cursor_of(page.after),
    )


class ClashShape(Shape, kw_only=True, frozen=True):
    """A service plan of the product and one of another that exclude each other."""

    service_plan: str
    other_service_plan: str
    other_product: NamedProduct


class MissingShape(Shape, kw_only=True, frozen=True):
    """A service plan that needs any of others, and bought products that would supply one."""

    service_plan: str
    any_of: list[str]
    would_supply: list[NamedProduct]


class GiverBackShape(Shape, kw_only=True, frozen=True):
    """Somebody who could give a seat back: disabled, or not signed in for 90 days."""

    user: NamedPerson
    account_enabled: bool
    last_sign_in_at: datetime | None
    fix: FixShape


class ShortageShape(Shape, kw_only=True, frozen=True):
    """Too few seats: the first who wait for one; `waitingListPath` is the list of all."""

    waiting: int
    seats_to_buy: int
    first: list[NamedPerson]
    waiting_list_path: str
    could_give_back: list[GiverBackShape]


class ConflictShape(Shape, kw_only=True, frozen=True):
    """One conflict. `fixes` are alternatives, the gentlest first; each ends it by itself.

    Without a fix no single call would do: ask why. `user` is null where a product is concerned.
    """

    kind: str
    user: NamedPerson | None
    product: NamedProduct
    sentence: str
    overlaps: list[OverlapShape]
    exclusions: list[ClashShape]
    missing: list[MissingShape]
    surplus_service_plans: list[str]
    seats: ShortageShape | None
    fixes: list[FixShape]


class KindCount(Shape, kw_only=True, frozen=True):
    """How many conflicts of one kind there are."""

    kind: str
    count: int


class SummaryShape(Shape, kw_only=True, frozen=True):
    """How many conflicts there are, and over all products who waits and how many seats lack."""

    kinds: list[KindCount]
    people_waiting: int
    seats_to_buy: int


def _person(one: Named) -> NamedPerson:
    return NamedPerson(id=one.id, user_principal_name=one.upn, display_name=one.display_name)


def _shortage(one: conflicts.Conflict, catalog: TenantCatalog) -> ShortageShape | None:
    shortage = one.shortage
    if shortage is None:
        return None
    sku_id = catalog.skus[one.sku].sku_id
    return ShortageShape(
        waiting=shortage.waiting,
        seats_to_buy=shortage.seats_to_buy,
        first=[_person(who) for who in shortage.first],
        waiting_list_path=f"/api/identity/licenses/{sku_id}/waiting-list",
        could_give_back=[
            GiverBackShape(
                user=_person(giver.person),
                account_enabled=giver.is_enabled,
                last_sign_in_at=giver.last_sign_in_at,
                fix=fix_shape(giver.fix),
            )
            for giver in shortage.could_give_back
        ],
    )


def _conflict(one: conflicts.Conflict, catalog: TenantCatalog) -> ConflictShape:
    plans = catalog.service_plans
    return ConflictShape(
        kind=one.kind.value,
        user=None if one.person is None else _person(one.person),
        product=product_shape(one.sku, catalog),
        sentence=one.sentence,
        overlaps=[_overlap(overlap, catalog) for overlap in one.overlaps],
        exclusions=[
            ClashShape(
                service_plan=plans[clash.service_plan].display_name,
                other_service_plan=plans[clash.other_service_plan].display_name,
                other_product=product_shape(clash.other_sku, catalog),
            )
            for clash in one.clashes
        ],
        missing=[
            MissingShape(
                service_plan=plans[need.service_plan].display_name,
                any_of=list(catalog.plan_names(need.any_of)),
                would_supply=[product_shape(sku, catalog) for sku in need.would_supply],
            )
            for need in one.needs
        ],
        surplus_service_plans=[plan.name for plan in catalog.plans_of(one.surplus)],
        seats=_shortage(one, catalog),
        fixes=[fix_shape(fix) for fix in one.fixes],
    )


@get(
    "/api/conflicts",
    opt=needs(Permission.READ_LICENSES),
    summary="List conflicts with their fixes",
)
async def list_conflicts(
    call: TheCall,
    *,
    kind: FromQuery[str | None] = None,
    user: FromQuery[str | None] = None,
    product: FromQuery[str | None] = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[ConflictShape]:
    """Too few seats, exclusions, what is missing, duplicates, and own beside a group's.

    A page may hold fewer than `limit` and still not be the last. Every fix is a call to preview
    and send; none is ever made by itself.
    """
    keys = keys_of(cursor, str, int, int)
    resume = None
    if keys is not None:
        resume = conflicts.Place(
            kind=conflicts.conflict_kind(str(keys[0])), after=(int(keys[1]), int(keys[2]))
        )
    page = await conflicts.list_conflicts(
        call,
        conflicts.About(
            kind=None if kind is None else conflicts.conflict_kind(kind),
            person=user,
            product=product,
        ),
        resume=resume,
        limit=page_limit(limit),
    )
    catalog = await catalog_of(call)
    place = page.resume
    return Page(
        value=[_conflict(one, catalog) for one in page.found],
        next_cursor=None if place is None else cursor_of(place.kind.value, *place.after),
    )


@get(
    "/api/conflicts/summary",
    opt=needs(Permission.READ_LICENSES),
    summary="Count conflicts by kind",
)
async def summarize_conflicts(call: TheCall) -> SummaryShape:
    """How many conflicts of each kind there are in the whole tenant."""
    summary = await conflicts.summarize(call)
    return SummaryShape(
        kinds=[KindCount(kind=one.value, count=many) for one, many in summary.counts.items()],
        people_waiting=summary.people_waiting,
        seats_to_buy=summary.seats_to_buy,
    )


class MendBody(Body, kw_only=True, frozen=True):
    """Which conflicts are mended: all of `kind`, of a product (id, part number or name) or of any.

    `kind` is directBesideInherited or duplicate; of the others somebody has to choose.
    """

    kind: str
    product: str | None = None


class KeptThrough(Shape, kw_only=True, frozen=True):
    """A product that people keep, and the groups that go on giving it."""

    product: str
    groups: list[str]


class MendForecast(BulkForecast, kw_only=True, frozen=True):
    """What would become of the rows. `losing` are left out: they would lose service plans.

    `hasMore`: these are as many as one job takes, and there are more to be mended after them.
    `searchEndedAfter`: so many were looked at and not all; name a product to look at its others.
    """

    losing: int
    has_more: bool
    search_ended_after: int | None
    kept_through: list[KeptThrough]


class MendingShape(StartedShape, kw_only=True, frozen=True):
    """The job that mends; `losing`, `hasMore` and `searchEndedAfter` as in its preview."""

    losing: int
    has_more: bool
    search_ended_after: int | None


@post(
    "/api/conflicts/mend",
    opt=needs(Permission.BULK_ASSIGN),
    summary="Mend all conflicts of a kind",
    status_code=202,
)
async def mend_conflicts(
    call: TheCall, request: Request[Any, Any, Any], data: JSONBody[MendBody]
) -> Response[MendingShape]:
    """Take away every direct assignment that can go without a loss, as one job with one undo.

    Nobody's service plans change but those that the preview names. Whoever comes to need an
    assignment before the job looks at them is left out, and their row says so.
    """
    kind = conflicts.conflict_kind(data.kind)
    mendable = await find_all(call, kind, product=data.product)
    mended = await mend(call, mendable)
    told = _mend_forecast(mendable, mended)
    if told is not None:
        tell_result(request, told)
    shape = partial(ended_shape, ())
    answer_when_done(request, call, mended.job, seconds=wait_seconds(request), shape=shape)
    answer = MendingShape(
        **msgspec.structs.asdict(job_shape(mended.job)),
        ignored_columns=[],
        losing=mendable.losing,
        has_more=mendable.has_more,
        search_ended_after=mendable.ended_after,
    )
    headers = {"location": f"/api/jobs/{mended.job.id}"}
    return Response(answer, status_code=202, headers=headers)


def _mend_forecast(mendable: Mendable, mended: Mended) -> MendForecast | None:
    if mended.forecast is None:
        return None
    return MendForecast(
        **msgspec.structs.asdict(forecast_shape(mended.resolved, mended.forecast)),
        losing=mendable.losing,
        has_more=mendable.has_more,
        search_ended_after=mendable.ended_after,
        kept_through=[
            KeptThrough(product=product, groups=list(groups))
            for product, groups in mendable.keeping
        ],
    )


CONFLICT_ROUTES = (list_conflicts, summarize_conflicts, mend_conflicts, list_duplicates)
