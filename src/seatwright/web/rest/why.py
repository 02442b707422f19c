"""`/api/identity/users/{id}/licenses/{skuId}/why`: the chain, the rules, the smallest change."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from seatwright.app.why import (
    Answer,
    ChainLink,
    Fix,
    change_sentence,
    explain,
    others_sentence,
    sentence_of,
)
from seatwright.domain.ids import ServicePlanBits, ServicePlanNo, SkuNo
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.why import PlanState
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Shape


class FixShape(Shape, kw_only=True, frozen=True):
    """A call of this API that mends something: send it with `?preview=true`, then with If-Match.

    `names` says what the ids in it stand for: user, group, product.
    """

    method: str
    path: str
    # A body of any route: its own page of the reference says what may be in it.
    body: dict[str, Any] | None
    words: str
    names: dict[str, str]


class NamedProduct(Shape, kw_only=True, frozen=True):
    """A product."""

    sku_id: UUID
    sku_part_number: str
    display_name: str


class NamedPerson(Shape, kw_only=True, frozen=True):
    """A person."""

    id: UUID
    user_principal_name: str
    display_name: str


class StepShape(Shape, kw_only=True, frozen=True):
    """A group on the way from the person up to the licensed one; `by` added the person.

    `because` is what of the rule of a dynamic group takes them in.
    """

    id: UUID
    display_name: str
    since: datetime | None
    by: str | None
    because: str | None


class JobBehind(Shape, kw_only=True, frozen=True):
    """The job by which an assignment came about, and its template if it gave one."""

    id: UUID
    kind: str
    template: str | None


class LinkShape(Shape, kw_only=True, frozen=True):
    """One assignment that wishes the person the product, and what became of it.

    `kind` is direct, group, policy, request or hold; `path` leads from the person's own group up
    to the licensed one. `state` is gives, error, scheduled, expired or pending; `gives` are the
    service plans that are on because of it.
    """

    kind: str
    name: str
    path: list[StepShape]
    strategy: str
    priority: int
    state: str
    reason: str | None
    waiting_since: datetime | None
    gives: list[str]
    disabled_service_plans: list[str]
    assigned_at: datetime
    starts_at: datetime | None
    expires_at: datetime | None
    made_by: str | None
    made_at: datetime | None
    job: JobBehind | None
    held_change_id: UUID | None


class LocationRule(Shape, kw_only=True, frozen=True):
    """The usage location that counts, and what of the product may not be used there."""

    usage_location: str | None
    is_tenant_default: bool
    product_prohibited: bool
    prohibited_service_plans: list[str]


class ExclusionRule(Shape, kw_only=True, frozen=True):
    """Two service plans that exclude each other; `held` if the person has the other product."""

    service_plan: str
    other_service_plan: str
    other_product: NamedProduct
    held: bool


class DependencyRule(Shape, kw_only=True, frozen=True):
    """A service plan that needs any of others: what supplies it, or which products would."""

    service_plan: str
    any_of: list[str]
    met: bool
    supplied_by: list[NamedProduct]
    would_supply: list[NamedProduct]


class SeatsRule(Shape, kw_only=True, frozen=True):
    """The seats of the product; `place` is the person's in the waiting list, if they wait."""

    assignable: int
    consumed: int
    reserved: int
    free: int
    place: int | None
    waiting_before: int
    waiting_since: datetime | None


class SiblingRule(Shape, kw_only=True, frozen=True):
    """Another product of the same group that failed and so keeps this one back."""

    group: str
    product: NamedProduct
    reason: str


class RulesShape(Shape, kw_only=True, frozen=True):
    """The rules that had a say."""

    location: LocationRule
    exclusions: list[ExclusionRule]
    dependencies: list[DependencyRule]
    seats: SeatsRule
    siblings: list[SiblingRule]


class PlanShape(Shape, kw_only=True, frozen=True):
    """A service plan of the product; off because of those who switched it off."""

    service_plan_id: UUID
    name: str
    display_name: str
    enabled: bool
    switched_off_by: list[str]


class ChangeShape(Shape, kw_only=True, frozen=True):
    """The smallest change that would give the person the product, or take it from a holder.

    Without `calls` there is none: `words` says so. `searchedAll` is false if the search ended
    before every combination was tried.
    """

    words: str
    besides: str | None
    moves: int
    other_people: int
    calls: list[FixShape]
    searched_all: bool


class WhyShape(Shape, kw_only=True, frozen=True):
    """Why a person has a product or lacks it.

    `outcome` is held, waiting, denied, scheduled, pending (a job is on its way) or notWished.
    `keptBy` is all that would have to go before a holder loses it.
    """

    user: NamedPerson
    product: NamedProduct
    outcome: str
    sentence: str
    reasons: list[str]
    chain: list[LinkShape]
    kept_by: list[str]
    rules: RulesShape
    service_plans: list[PlanShape]
    smallest_change: ChangeShape


def fix_shape(fix: Fix) -> FixShape:
    """A fix as the surface shows it."""
    return FixShape(
        method=fix.method,
        path=fix.path,
        body=None if fix.body is None else dict(fix.body),
        words=fix.words,
        names=dict(fix.names),
    )


def product_shape(sku_no: SkuNo, catalog: TenantCatalog) -> NamedProduct:
    """A product as the surface names it."""
    sku = catalog.skus[sku_no]
    return NamedProduct(
        sku_id=sku.sku_id, sku_part_number=sku.part_number, display_name=sku.display_name
    )


def _plan(number: ServicePlanNo, catalog: TenantCatalog) -> str:
    return catalog.service_plans[number].display_name


def _names(bits: ServicePlanBits, catalog: TenantCatalog) -> list[str]:
    return [plan.name for plan in catalog.plans_of(bits)]


def _link(link: ChainLink, answer: Answer) -> LinkShape:
    story, wish, catalog = link.story, link.story.wish, answer.catalog
    off = ServicePlanBits(wish.disabled & answer.sku.service_plans)
    return LinkShape(
        kind=wish.source.kind.name.lower(),
        name=link.name,
        path=[
            StepShape(
                id=step.group.id,
                display_name=step.group.display_name,
                since=step.since,
                by=step.by,
                because=step.because,
            )
            for step in link.path
        ],
        strategy=wish.strategy.value,
        priority=wish.priority,
        state=story.state.value,
        reason=None if story.error is None else story.error.reason.value,
        waiting_since=None if story.error is None else story.error.waiting_since,
        gives=_names(story.gives, catalog),
        disabled_service_plans=_names(off, catalog),
        assigned_at=wish.assigned_at,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
        made_by=None if link.maker is None else link.maker.name,
        made_at=None if link.maker is None else link.maker.at,
        job=None
        if link.job is None
        else JobBehind(id=link.job.id, kind=link.job.kind, template=link.job.template),
        held_change_id=link.held_change,
    )


def _rules(answer: Answer) -> RulesShape:
    account, catalog = answer.account, answer.catalog
    return RulesShape(
        location=LocationRule(
            usage_location=account.place.location,
            is_tenant_default=account.place.is_default,
            product_prohibited=account.place.is_product_prohibited,
            prohibited_service_plans=_names(account.place.prohibited, catalog),
        ),
        exclusions=[
            ExclusionRule(
                service_plan=_plan(clash.service_plan, catalog),
                other_service_plan=_plan(clash.other_service_plan, catalog),
                other_product=product_shape(clash.other_sku, catalog),
                held=clash.is_held,
            )
            for clash in account.clashes
        ],
        dependencies=[
            DependencyRule(
                service_plan=_plan(need.service_plan, catalog),
                any_of=list(catalog.plan_names(need.any_of)),
                met=bool(need.supplied_by),
                supplied_by=[product_shape(sku, catalog) for sku in need.supplied_by],
                would_supply=[product_shape(sku, catalog) for sku in need.would_supply],
            )
            for need in account.needs
        ],
        seats=_seats(answer),
        siblings=[
            SiblingRule(
                group=_source_name(answer, sibling.source.no),
                product=product_shape(sibling.sku, catalog),
                reason=sibling.reason.value,
            )
            for sibling in account.siblings
        ],
    )


def _source_name(answer: Answer, number: int) -> str:
    names = (link.name for link in answer.chain if link.story.wish.source.no == number)
    return next(names, "a group")


def _seats(answer: Answer) -> SeatsRule:
    account, question = answer.account, answer.question
    pool = question.pool(question.sku)
    is_waiting = account.waiting_since is not None
    return SeatsRule(
        assignable=pool.assignable,
        consumed=pool.consumed,
        reserved=pool.reserved,
        free=question.free(question.sku),
        place=account.before + 1 if is_waiting else None,
        waiting_before=account.before,
        waiting_since=account.waiting_since,
    )


def _service_plan(state: PlanState, answer: Answer) -> PlanShape:
    plan = answer.catalog.service_plans[state.service_plan]
    links = (answer.link(source) for source in state.switched_off_by)
    return PlanShape(
        service_plan_id=plan.service_plan_id,
        name=plan.name,
        display_name=plan.display_name,
        enabled=state.is_on,
        switched_off_by=[link.name for link in links if link is not None],
    )


def _change(answer: Answer) -> ChangeShape:
    best = answer.search.best
    return ChangeShape(
        words=change_sentence(answer),
        besides=others_sentence(answer),
        moves=0 if best is None else len(best.moves),
        other_people=0 if best is None else best.others,
        calls=[fix_shape(fix) for fix in answer.fixes],
        searched_all=answer.search.is_whole,
    )


@get(
    "/api/identity/users/{user:str}/licenses/{sku:str}/why",
    opt=needs(Permission.READ_LICENSES),
    summary="Why a person has a product or lacks it",
)
async def why(call: TheCall, user: FromPath[str], sku: FromPath[str]) -> WhyShape:
    """The chain of assignments and groups, every rule that had a say, and the smallest change.

    The change is tried out in a copy with the engine that decides; nothing is written.
    """
    answer = await explain(call, user, sku)
    keepers = {story.wish.source for story in answer.account.keepers}
    return WhyShape(
        user=NamedPerson(
            id=answer.user.id,
            user_principal_name=answer.user.upn,
            display_name=answer.user.display_name,
        ),
        product=product_shape(answer.sku.sku_no, answer.catalog),
        outcome=answer.account.outcome.value,
        sentence=sentence_of(answer),
        reasons=[reason.value for reason in answer.account.reasons],
        chain=[_link(link, answer) for link in answer.chain],
        kept_by=[link.name for link in answer.chain if link.story.wish.source in keepers],
        rules=_rules(answer),
        service_plans=[_service_plan(state, answer) for state in answer.account.service_plans],
        smallest_change=_change(answer),
    )


WHY_ROUTES = (why,)
