"""What is refused on the spot: changes of one person's direct licenses, and of a group's.

A direct change is refused whole or done whole, and the answer tells the truth (GBL-100). So the
check is the engine itself, run on the person as they would be; only what the engine takes in
silence (a service plan of another product, an empty change) is looked at before.
"""

from dataclasses import dataclass, replace

from seatwright.domain.assignments import DIRECT, SourceKind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    ServicePlanBits,
    SkuNo,
    UserNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile.changes import ChangeSet
from seatwright.domain.reconcile.differences import change_set
from seatwright.domain.reconcile.rounds import settle
from seatwright.domain.reconcile.rows import Decision, RowKey, is_inherited, union
from seatwright.domain.reconcile.sentences import (
    Names,
    Shortfall,
    first_gap,
    group_lacks_prerequisite,
    not_assignable,
    refusal,
    usage_location_missing,
)
from seatwright.domain.reconcile.world import Catalog, Held, Snapshot, UserState, Wish
from seatwright.domain.semantics import Semantics


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectChange:
    """What one call asks for one person: adds and removes are one change (ASN-004).

    `adds` are direct wishes; one for a product that the person already has directly replaces
    its service plan choice (ASN-005).
    """

    adds: tuple[Wish, ...] = ()
    removes: tuple[SkuNo, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLicense:
    """One product on a group, with the service plans that the group switches off."""

    sku: SkuNo
    disabled: ServicePlanBits = NO_SERVICE_PLANS


def after_direct_change(user: UserState, change: DirectChange) -> UserState:
    """Give the person with the changed wishes.

    Removing takes every assignment that is not inherited: what was claimed or approved on
    request is shown as the person's own, and an administrator takes it back like any other.
    """
    replaced = {wish.sku for wish in change.adds}
    kept = tuple(
        wish
        for wish in user.wishes
        if is_inherited(wish.source)
        or (wish.sku not in change.removes and not (wish.sku in replaced and wish.source == DIRECT))
    )
    return replace(user, wishes=kept + change.adds)


def check_direct_change(
    snapshot: Snapshot,
    *,
    user_no: UserNo,
    change: DirectChange,
    names: Names,
    may_wait: bool = False,
) -> ChangeSet:
    """Give the change set of a direct change, or raise the `Refusal` that says why not.

    `snapshot` holds the person as they are. With `may_wait` a missing seat is no refusal: the
    person joins the waiting list. An assignment that begins later is checked when it begins.
    """
    user = next(user for user in snapshot.users if user.user_no == user_no)
    _check_shape(snapshot, user=user, change=change, names=names)
    changed = after_direct_change(user, change)
    users = tuple(changed if u.user_no == user_no else u for u in snapshot.users)
    # Whoever is handled by name is tried again, even where waiting people are not (GBL-125).
    after = replace(snapshot, users=users, retry_users=snapshot.retry_users | {user_no})
    settlement = settle(after)
    case = next(case for case in settlement.cases if case.user.user_no == user_no)
    decision = case.decision
    held = tuple(Held(sku=sku, enabled=bits) for sku, bits in decision.licenses.items())
    given = replace(changed, held=held)
    for sku in (*(wish.sku for wish in change.adds), *change.removes):
        reason = _reason_against(sku, decision)
        if reason is not None and not (may_wait and reason is Reason.NO_SEAT_LEFT):
            is_anyones = sku in decision.retained
            bits = union(
                row.bits
                for row in case.rows
                if row.sku == sku and (is_anyones or row.source == DIRECT)
            )
            raise refusal(
                Shortfall(user=given, sku=sku, bits=bits, snapshot=snapshot, names=names), reason
            )
    return change_set(settlement, pools=snapshot.pools)


def _reason_against(sku: SkuNo, decision: Decision) -> Reason | None:
    if sku in decision.retained:
        return Reason.DEPENDENCY_MISSING
    return decision.errors.get(RowKey(sku, DIRECT))


def _check_shape(
    snapshot: Snapshot, *, user: UserState, change: DirectChange, names: Names
) -> None:
    if not change.adds and not change.removes:
        raise Refusal(
            Reason.NO_CHANGE,
            "The call neither adds nor removes a product. Name at least one (ERR-019).",
        )
    for wish in change.adds:
        check_choice(snapshot.catalog, sku=wish.sku, disabled=wish.disabled, names=names)
        if not user.usage_location:
            shortfall = Shortfall(
                user=user, sku=wish.sku, bits=NO_SERVICE_PLANS, snapshot=snapshot, names=names
            )
            raise usage_location_missing(shortfall)
    for sku in change.removes:
        check_is_own(user, sku=sku, names=names)


def check_choice(catalog: Catalog, *, sku: SkuNo, disabled: ServicePlanBits, names: Names) -> None:
    """Refuse a product that people cannot have, or a service plan that it lacks (ASN-006, 014)."""
    facts = catalog.skus[sku]
    if not facts.is_assignable_to_users:
        raise not_assignable(sku, names=names)
    foreign = service_plan_numbers(ServicePlanBits(disabled & ~facts.service_plans))
    if foreign:
        raise Refusal(
            Reason.SERVICE_PLAN_NOT_IN_SKU,
            f"{names.product(sku)} has no service plan {names.service_plan(foreign[0])}, so it "
            "cannot be switched off there. Name only service plans of the product.",
            context={"sku": sku, "servicePlans": foreign},
        )


def check_is_own(user: UserState, *, sku: SkuNo, names: Names) -> None:
    """Refuse to change or remove what the person does not have by themselves (ERR-020, 022)."""
    wished = [wish.source for wish in user.wishes if wish.sku == sku]
    sources = [source for source in wished if source.kind is not SourceKind.HOLD]
    if any(not is_inherited(source) for source in sources):
        return
    product = names.product(sku)
    if sources:
        groups = names.group_list(sources)
        raise Refusal(
            Reason.INHERITED_ASSIGNMENT,
            f"{product} of {names.user} is inherited from a group membership ({groups}) and "
            "cannot be changed on the person. Change the license of the group, or take "
            f"{names.user} out of it.",
            context={"sku": sku, "groups": tuple(source.no for source in sources)},
        )
    raise Refusal(
        Reason.NOT_ASSIGNED,
        f"{names.user} does not have {product}. See what they have, and name one of those.",
        context={"sku": sku},
    )


def check_group_licenses(
    catalog: Catalog, *, licenses: tuple[GroupLicense, ...], semantics: Semantics, names: Names
) -> None:
    """Refuse products that a group cannot have, given all that it shall have (GBL-090, 091).

    Where a prerequisite may come from anywhere on the person, its lack is found per person.
    `names.user` is the name of the group here.
    """
    available = 0
    for license_ in licenses:
        check_choice(catalog, sku=license_.sku, disabled=license_.disabled, names=names)
        available |= catalog.skus[license_.sku].service_plans & ~license_.disabled
    if not semantics.prerequisite_in_same_group:
        return
    for license_ in licenses:
        bits = catalog.skus[license_.sku].service_plans & ~license_.disabled
        gap = first_gap(
            catalog,
            sku=license_.sku,
            bits=ServicePlanBits(bits),
            available=ServicePlanBits(available),
        )
        if gap is not None:
            raise group_lacks_prerequisite(gap, names=names)


def check_group_licensing(semantics: Semantics, *, has_entra_p1: bool) -> str | None:
    """Refuse group licensing without Entra ID P1, or give the warning to show (T-159)."""
    if has_entra_p1:
        return None
    detail = (
        "Licensing by group needs a product with Microsoft Entra ID P1 or higher in the tenant, "
        "and there is none with a seat. Add a subscription of one."
    )
    if semantics.group_licensing_needs_entra_p1:
        raise Refusal(Reason.PREREQUISITE_MISSING, detail)
    return detail
