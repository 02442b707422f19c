"""`/auto-claim/new` and `/auto-claim/{policy}/edit`: a policy in five steps.

Every step is a page whose address holds what was typed so far: going back keeps it, and nothing is
stored before the form of the last step is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get, post
from litestar.params import FromPath

from seatwright.app.auto_claim.apps import PolicyApp, eligible_products, require_app
from seatwright.app.auto_claim.drafting import check_name, draft_change, draft_new
from seatwright.app.auto_claim.policies import PolicySeen, add_policy, change_policy, see_policy
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.auto_claim_read import read_feature
from seatwright.postgres.groups import find_groups
from seatwright.web.portal.auto_claim.choices import bought, offered
from seatwright.web.portal.auto_claim.typed import STEPS, Typed, typed_as, typed_of
from seatwright.web.portal.frame.access import AnyRequest, TheCall, form_of, needs
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.pages import page, see


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where somebody is in the wizard: a step, what was wrong, and the policy as it is so far.

    `field` is where it was wrong, empty where that is no single field.
    """

    step: str
    error: str | None = None
    field: str = ""
    draft: PolicySeen | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """A product of the policy with its services: which of them are ticked."""

    sku: CatalogSku
    plans: tuple[tuple[str, str, bool], ...]


@get("/auto-claim/new", opt=needs(Permission.MANAGE_AUTO_CLAIM))
async def new_policy(call: TheCall, request: AnyRequest) -> Response[bytes]:
    """The step that is asked for, or the one before it that is not right yet."""
    if not (await read_feature(call.tx)).is_on:
        raise Refusal(
            Reason.FEATURE_OFF,
            gettext("Auto-claim is switched off, so no policy can be made: turn it on first."),
        )
    typed = typed_of(request.query_params.multi_items())
    place = await _place(call, typed, request.query_params.get("at"), policy=None)
    return await _show(call, request, typed, place, policy=None)


@get("/auto-claim/{policy:str}/edit", opt=needs(Permission.MANAGE_AUTO_CLAIM))
async def edit_policy(call: TheCall, request: AnyRequest, policy: FromPath[str]) -> Response[bytes]:
    """The same steps, filled in with what the policy says now."""
    stored = await see_policy(call, policy)
    typed = typed_of(request.query_params.multi_items())
    if not typed.pairs:
        typed = await _typed_as(call, stored)
    place = await _place(call, typed, request.query_params.get("at"), policy=stored)
    return await _show(call, request, typed, place, policy=stored)


@post("/auto-claim", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def make_policy(call: TheCall, request: AnyRequest) -> Response[bytes] | Response[None]:
    """Make what was reviewed (T-066)."""
    typed = typed_of(form_of(request).pairs)
    try:
        first = await _first(call, typed, await require_app(call, typed.app))
        made = await add_policy(call, app=typed.app, edit=typed.edit(STEPS, first=first))
    except Refusal as refusal:
        return await _again(call, request, typed, refusal, policy=None)
    return see(f"/auto-claim/{made.policy.policy_id}?done=made")


@post("/auto-claim/{policy:str}", opt=needs(Permission.MANAGE_AUTO_CLAIM), status_code=303)
async def save_policy(
    call: TheCall, request: AnyRequest, policy: FromPath[str]
) -> Response[bytes] | Response[None]:
    """Change a policy to what was reviewed; it counts from the next launch on."""
    typed = typed_of(form_of(request).pairs)
    stored = await see_policy(call, policy)
    try:
        edit = typed.edit(STEPS, first=await _first(call, typed, stored.app))
        await change_policy(call, policy, edit)
    except Refusal as refusal:
        return await _again(call, request, typed, refusal, policy=stored)
    return see(f"/auto-claim/{stored.policy.policy_id}?done=changed")


async def _typed_as(call: Call, stored: PolicySeen) -> Typed:
    names = [group.display_name for group in stored.groups.values()]
    return typed_as(stored, await catalog_of(call), known=await find_groups(call.tx, names))


async def _first(call: Call, typed: Typed, app: PolicyApp) -> str:
    """The product of the policy: the one that its app binds, the only one, or the chosen one.

    Raises Refusal invalidValue where none is chosen, or one that does not let people use the app.
    """
    if app.primary is not None:
        return app.primary.part_number
    fit = [sku.part_number for sku in eligible_products(app, await catalog_of(call))]
    chosen = typed.text("first")
    if chosen in fit:
        return chosen
    if len(fit) == 1:
        return fit[0]
    words = gettext("Choose the product that people get for %(app)s.") % {"app": app.name}
    raise _missing("first", words)


def _missing(field: str, words: str) -> Refusal:
    return Refusal(Reason.INVALID_VALUE, words, context={"field": field})


async def _place(call: Call, typed: Typed, at: str | None, *, policy: PolicySeen | None) -> Place:
    """The first step, up to the one that is asked for, with which something is wrong."""
    wanted = STEPS.index(at) if at in STEPS else 0
    draft = None
    for number in range(wanted):
        try:
            draft = await _draft(call, typed, STEPS[: number + 1], policy=policy)
        except Refusal as refusal:
            return _wrong(typed, STEPS[number], refusal)
    return Place(step=STEPS[wanted], draft=draft)


def _wrong(typed: Typed, step: str, refusal: Refusal) -> Place:
    field = str(refusal.context.get("field", "") if refusal.context else "")
    if field == "first" and not typed.has("first"):
        # What was not asked for yet is no fault of anybody's.
        return Place(step=step, field=field)
    return Place(step=step, error=refusal.detail, field=field)


async def _draft(
    call: Call, typed: Typed, steps: tuple[str, ...], *, policy: PolicySeen | None
) -> PolicySeen | None:
    """The policy as far as these steps say it; None before there is an app."""
    if policy is not None:
        edit = typed.edit(steps, first=await _first(call, typed, policy.app))
        return await draft_change(call, str(policy.policy.policy_id), edit)
    if "product" not in steps:
        if not typed.text("name"):
            raise _missing("name", gettext("Give the policy a name."))
        await check_name(call, typed.text("name"))
        return None
    if not typed.app:
        raise _missing("app", gettext("Choose an app."))
    first = await _first(call, typed, await require_app(call, typed.app))
    return await draft_new(call, app=typed.app, edit=typed.edit(steps, first=first))


async def _again(
    call: Call, request: AnyRequest, typed: Typed, refusal: Refusal, *, policy: PolicySeen | None
) -> Response[bytes]:
    """The step with which something was wrong when the form was sent."""
    place = await _place(call, typed, "review", policy=policy)
    if place.error is None:
        place = Place(step=place.step, error=refusal.detail, draft=place.draft)
    return await _show(call, request, typed, place, policy=policy, status=400)


async def _show(
    call: Call,
    request: AnyRequest,
    typed: Typed,
    place: Place,
    *,
    policy: PolicySeen | None,
    status: int = 200,
) -> Response[bytes]:
    catalog = await catalog_of(call)
    choice = policy.app if policy else await _chosen_app(call, typed, place)
    eligible = () if choice is None else eligible_products(choice, catalog)
    return page(
        request,
        "auto_claim_wizard.html",
        status=status,
        at=place.step,
        steps=STEPS,
        error=place.error,
        field=place.field,
        typed=typed,
        carried=typed.beside(place.step),
        policy=policy,
        draft=place.draft,
        apps=await offered(call, typed.text("find"), choice) if place.step == "product" else None,
        choice=choice,
        gives=None if choice is None else await _first_or_none(call, typed, choice),
        eligible=eligible,
        bought=await bought(call) if eligible else frozenset(),
        services=await _services(call, typed, choice) if place.step == "apps" and choice else (),
        catalog=catalog,
    )


async def _chosen_app(call: Call, typed: Typed, place: Place) -> PolicyApp | None:
    if place.step == "name" or not typed.app:
        return None
    try:
        return await require_app(call, typed.app)
    except Refusal:
        # The step of the app says what is wrong with it.
        return None


async def _first_or_none(call: Call, typed: Typed, choice: PolicyApp) -> CatalogSku | None:
    try:
        return (await catalog_of(call)).sku_by_text(await _first(call, typed, choice))
    except Refusal:
        return None


async def _services(call: Call, typed: Typed, choice: PolicyApp) -> tuple[Services, ...]:
    """The chosen products with their services; all are ticked until somebody unticked one."""
    catalog = await catalog_of(call)
    found = []
    for order in typed.products(await _first(call, typed, choice)):
        sku = catalog.sku_by_text(order.sku)
        if sku is None:
            continue
        enabled = None if order.enabled is None else set(order.enabled)
        plans = tuple(
            (plan.name, plan.display_name, enabled is None or plan.name in enabled)
            for plan in catalog.plans_of(sku.service_plans)
        )
        found.append(Services(sku=sku, plans=plans))
    return tuple(found)


AUTO_CLAIM_WIZARD_PAGES = (new_policy, edit_policy, make_policy, save_policy)
