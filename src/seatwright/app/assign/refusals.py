"""From what the engine denied to sentences with names and ids of the outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from seatwright.app.assign.fulfil import Fulfilment
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import (
    GroupNo,
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
)
from seatwright.domain.reconcile import (
    Names,
    Shortfall,
    Snapshot,
    UserState,
    check_is_own,
    refusal,
)
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.wants import Want, moves, wanted_state
from seatwright.postgres.labels import group_labels


async def refusals_of(
    call: Call, denied: Iterable[tuple[Fulfilment, str]], *, snapshot: Snapshot
) -> list[Refusal]:
    """The refusal of each denied want; each comes with what to call its person."""
    catalog = await catalog_of(call)
    rows = list(denied)
    groups = await _group_names(call, (result for result, _ in rows))
    products, plans = _catalog_names(catalog)
    return [
        _refusal(
            result,
            Names(user=person, products=products, service_plans=plans, groups=groups),
            snapshot=snapshot,
            catalog=catalog,
        )
        for result, person in rows
    ]


def _refusal(
    result: Fulfilment, names: Names, *, snapshot: Snapshot, catalog: TenantCatalog
) -> Refusal:
    want, reason = result.want, result.reason
    assert reason is not None, "only denied wants have a refusal"
    if result.user is None or reason is Reason.UNKNOWN_USER:
        return Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{names.user}”. Give the id or user principal name of one who was"
            " not deleted.",
        )
    if reason is Reason.INVALID_VALUE:
        return _misfit(result.user, want, names)
    try:
        if reason in {Reason.INHERITED_ASSIGNMENT, Reason.NOT_ASSIGNED}:
            check_is_own(result.user, sku=want.sku, names=names)
        plans = catalog.skus[want.sku].service_plans & ~(want.disabled or 0)
        shortfall = Shortfall(
            user=wanted_state(result.user, (want,), now=snapshot.now),
            sku=want.sku,
            bits=ServicePlanBits(plans),
            snapshot=replace(snapshot, users=()),
            names=names,
        )
        said = refusal(shortfall, reason)
    except Refusal as raised:
        said = raised
    return Refusal(said.reason, said.detail, context=public_context(said.context, catalog))


def _misfit(user: UserState, want: Want, names: Names) -> Refusal:
    """Why a want does not go with what is stored: another place, or dates that cross."""
    if moves(want, user.usage_location):
        return Refusal(
            Reason.INVALID_VALUE,
            f"usageLocation is {want.usage_location}, but {names.user} uses services in"
            f" {user.usage_location}, and an assignment never overwrites that. Leave usageLocation"
            " out, or change it on the person first: PATCH /api/identity/users/{id}.",
            context={"usageLocation": user.usage_location},
        )
    return Refusal(
        Reason.INVALID_VALUE,
        f"With these dates {names.product(want.sku)} would end for {names.user} before it begins."
        " Give an expiresAt after startsAt; the date that you leave out stays as it is stored.",
    )


async def _group_names(call: Call, results: Iterable[Fulfilment]) -> Mapping[GroupNo, str]:
    numbers = {
        GroupNo(wish.source.no)
        for result in results
        if result.reason is Reason.INHERITED_ASSIGNMENT and result.user is not None
        for wish in result.user.wishes
        if wish.source.kind is SourceKind.GROUP and wish.sku == result.want.sku
    }
    labels = await group_labels(call.tx, sorted(numbers))
    return {number: label.display_name for number, label in labels.items()}


def _catalog_names(
    catalog: TenantCatalog,
) -> tuple[Mapping[SkuNo, str], Mapping[ServicePlanNo, str]]:
    return (
        {no: sku.display_name for no, sku in catalog.skus.items()},
        {no: plan.display_name for no, plan in catalog.service_plans.items()},
    )


def public_context(context: Mapping[str, object], catalog: TenantCatalog) -> dict[str, object]:
    """The facts of a refusal with ids of the outside instead of our numbers."""
    public: dict[str, object] = {}
    for name, value in context.items():
        match name, value:
            case (("sku" | "otherSku" | "skus"), int()):
                sku = catalog.skus.get(SkuNo(value))
                if sku is not None:
                    public[f"{name}Id"] = str(sku.sku_id)
                    public[f"{name}PartNumber"] = sku.part_number
            case (("servicePlan" | "servicePlans" | "anyOf"), int()):
                public[name] = _plan_ids(catalog, (ServicePlanNo(value),))
            case (("servicePlan" | "servicePlans" | "anyOf"), tuple()):
                public[name] = _plan_ids(catalog, value)
            case "groups", _:
                pass
            case _:
                public[name] = value
    return public


def _plan_ids(catalog: TenantCatalog, numbers: Iterable[ServicePlanNo]) -> list[str]:
    return [
        str(catalog.service_plans[no].service_plan_id)
        for no in numbers
        if no in catalog.service_plans
    ]
