"""Refusals on the spot, and the sentences in which they are said."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    GroupNo,
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    UserNo,
    service_plan_bits,
)
from seatwright.domain.reconcile import (
    Action,
    Catalog,
    Dependency,
    DirectChange,
    GroupLicense,
    Held,
    Names,
    Pool,
    Shortfall,
    SkuFacts,
    Snapshot,
    UserState,
    Wish,
    check_direct_change,
    check_group_licenses,
    check_group_licensing,
    refusal,
)
from seatwright.domain.semantics import ENTRA, NATIVE

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
E1, E3, VISIO, CAPACITY = SkuNo(1), SkuNo(2), SkuNo(3), SkuNo(4)
SMALL, LARGE, DRAW, STORAGE = (ServicePlanNo(n) for n in range(4))
TEAM = Source(kind=SourceKind.GROUP, no=7)
NAMES = Names(
    user="Ada Lovelace",
    products={
        E1: "Office 365 E1",
        E3: "Office 365 E3",
        VISIO: "Visio Plan 2",
        CAPACITY: "Capacity",
    },
    service_plans={SMALL: "SharePoint 1", LARGE: "SharePoint 2", DRAW: "Visio Web"},
    groups={GroupNo(7): "All Employees"},
)


def facts(sku: SkuNo, *plans: ServicePlanNo, is_assignable: bool = True) -> SkuFacts:
    return SkuFacts(
        sku=sku,
        part_number=f"SKU{sku}",
        service_plans=service_plan_bits(*plans),
        is_assignable_to_users=is_assignable,
    )


CATALOG = Catalog(
    skus={
        E1: facts(E1, SMALL),
        E3: facts(E3, LARGE),
        VISIO: facts(VISIO, DRAW),
        CAPACITY: facts(CAPACITY, STORAGE, is_assignable=False),
    },
    exclusions=((service_plan_bits(SMALL), service_plan_bits(LARGE)),),
    dependencies=(
        Dependency(service_plans=service_plan_bits(DRAW), any_of=service_plan_bits(SMALL, LARGE)),
    ),
    prohibited_service_plans={"XX": service_plan_bits(DRAW)},
)


def wish(
    sku: SkuNo, source: Source = DIRECT, *, disabled: ServicePlanBits = NO_SERVICE_PLANS
) -> Wish:
    return Wish(
        sku=sku, source=source, strategy=Strategy.MANUAL, disabled=disabled, assigned_at=NOW
    )


def ada(*wishes: Wish, location: str | None = "NO") -> UserState:
    """Give a person who holds all that is wished."""
    held = tuple(
        Held(sku=sku, enabled=CATALOG.skus[sku].service_plans) for sku in {w.sku for w in wishes}
    )
    return UserState(user_no=UserNo(1), usage_location=location, wishes=wishes, held=held)


def world(user: UserState, *, seats: int = 5) -> Snapshot:
    holders = {sku: sum(h.sku == sku for h in user.held) for sku in CATALOG.skus}
    return Snapshot(
        now=NOW,
        semantics=NATIVE,
        default_usage_location=None,
        catalog=CATALOG,
        pools=tuple(Pool(sku=s, assignable=seats, consumed=n) for s, n in holders.items()),
        users=(user,),
    )


def refused(
    user: UserState, *adds: Wish, removes: tuple[SkuNo, ...] = (), seats: int = 5
) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_direct_change(
            world(user, seats=seats),
            user_no=user.user_no,
            change=DirectChange(adds=adds, removes=removes),
            names=NAMES,
        )
    return caught.value


def test_an_accepted_change_is_given_as_a_change_set() -> None:
    user = ada()
    changes = check_direct_change(
        world(user), user_no=user.user_no, change=DirectChange(adds=(wish(E1),)), names=NAMES
    )
    assert [(c.sku, c.action) for c in changes.changes] == [(E1, Action.GRANT)]


def test_an_empty_change_is_refused() -> None:
    assert refused(ada()).reason is Reason.NO_CHANGE


def test_a_conflict_names_both_products_and_both_service_plans() -> None:
    error = refused(ada(wish(E1)), wish(E3))
    assert error.reason is Reason.CONFLICTING_SERVICE_PLANS
    assert error.detail == (
        "Ada Lovelace cannot have Office 365 E3 beside Office 365 E1: the service plans "
        "SharePoint 2 (in Office 365 E3) and SharePoint 1 (in Office 365 E1) exclude each other. "
        "Switch one of the two off, or remove Office 365 E1 in the same call."
    )
    assert error.context == {"sku": E3, "otherSku": E1, "servicePlans": (LARGE, SMALL)}


def test_a_missing_prerequisite_names_all_that_would_do() -> None:
    error = refused(ada(), wish(VISIO))
    assert error.reason is Reason.DEPENDENCY_MISSING
    assert "Visio Web depends on SharePoint 1 or SharePoint 2" in error.detail
    assert error.context == {"sku": VISIO, "servicePlan": DRAW, "anyOf": (SMALL, LARGE)}


def test_a_removal_that_would_orphan_something_names_it() -> None:
    error = refused(ada(wish(E1), wish(VISIO)), removes=(E1,))
    assert error.reason is Reason.DEPENDENCY_MISSING
    assert "Office 365 E1 cannot be taken from Ada Lovelace" in error.detail
    assert "Visio Web (in Visio Plan 2) depends on SharePoint 1 or SharePoint 2" in error.detail
    assert error.context["otherSku"] == VISIO


def test_removing_both_in_one_call_is_fine() -> None:
    user = ada(wish(E1), wish(VISIO))
    change = DirectChange(removes=(E1, VISIO))
    changes = check_direct_change(world(user), user_no=user.user_no, change=change, names=NAMES)
    assert [c.action for c in changes.changes] == [Action.REVOKE, Action.REVOKE]


def test_a_missing_seat_is_told_in_numbers() -> None:
    error = refused(ada(), wish(E1), seats=0)
    assert error.reason is Reason.NO_SEAT_LEFT
    assert "there are none to assign. Buy seats, or renew a subscription" in error.detail
    assert error.context == {"sku": E1, "assignable": 0, "consumed": 0, "reserved": 0}


def test_who_may_wait_is_not_refused_for_a_seat() -> None:
    user = ada()
    changes = check_direct_change(
        world(user, seats=0),
        user_no=user.user_no,
        change=DirectChange(adds=(wish(E1),)),
        names=NAMES,
        may_wait=True,
    )
    assert [e.after for e in changes.error_changes] == [Reason.NO_SEAT_LEFT]


def test_a_usage_location_is_required_and_may_prohibit() -> None:
    assert refused(ada(location=None), wish(E1)).reason is Reason.USAGE_LOCATION_MISSING
    error = refused(ada(wish(E1), location="XX"), wish(VISIO))
    assert error.reason is Reason.USAGE_LOCATION_PROHIBITED
    assert "Visio Web (in Visio Plan 2) may not be used in XX" in error.detail


def test_what_people_cannot_have_is_refused() -> None:
    assert refused(ada(), wish(CAPACITY)).reason is Reason.NOT_ASSIGNABLE_TO_USERS
    error = refused(ada(), wish(E1, disabled=service_plan_bits(DRAW)))
    assert error.reason is Reason.SERVICE_PLAN_NOT_IN_SKU
    assert "Office 365 E1 has no service plan Visio Web" in error.detail


def test_only_ones_own_assignments_are_removed() -> None:
    error = refused(ada(wish(E1, TEAM)), removes=(E1,))
    assert error.reason is Reason.INHERITED_ASSIGNMENT
    assert "inherited from a group membership (All Employees)" in error.detail
    assert refused(ada(), removes=(E1,)).reason is Reason.NOT_ASSIGNED


def test_what_was_claimed_is_removed_like_what_was_assigned() -> None:
    user = ada(wish(E1, Source(kind=SourceKind.POLICY, no=3)))
    change = DirectChange(removes=(E1,))
    changes = check_direct_change(world(user), user_no=user.user_no, change=change, names=NAMES)
    assert [c.action for c in changes.changes] == [Action.REVOKE]


def test_an_add_on_alone_on_a_group_is_refused_where_the_group_must_have_all() -> None:
    names = replace(NAMES, user="All Employees")
    alone = (GroupLicense(sku=VISIO),)
    with pytest.raises(Refusal, match="which no product of this group gives"):
        check_group_licenses(CATALOG, licenses=alone, semantics=ENTRA, names=names)
    check_group_licenses(CATALOG, licenses=alone, semantics=NATIVE, names=names)
    both = (*alone, GroupLicense(sku=E1))
    check_group_licenses(CATALOG, licenses=both, semantics=ENTRA, names=names)


def test_group_licensing_without_entra_p1_is_refused_or_warned_about() -> None:
    with pytest.raises(Refusal) as caught:
        check_group_licensing(ENTRA, has_entra_p1=False)
    assert caught.value.reason is Reason.PREREQUISITE_MISSING
    assert check_group_licensing(NATIVE, has_entra_p1=False) == caught.value.detail
    assert check_group_licensing(ENTRA, has_entra_p1=True) is None


@pytest.mark.parametrize(
    "reason",
    [
        Reason.NO_SEAT_LEFT,
        Reason.CONFLICTING_SERVICE_PLANS,
        Reason.DEPENDENCY_MISSING,
        Reason.USAGE_LOCATION_MISSING,
        Reason.USAGE_LOCATION_PROHIBITED,
        Reason.NOT_ASSIGNABLE_TO_USERS,
        Reason.SIBLING_FAILED,
    ],
)
def test_every_reason_of_the_engine_has_a_sentence(reason: Reason) -> None:
    user = ada()
    shortfall = Shortfall(
        user=user, sku=E1, bits=service_plan_bits(SMALL), snapshot=world(user), names=NAMES
    )
    said = refusal(shortfall, reason)
    assert said.reason is reason
    assert "Office 365 E1" in said.detail and said.detail.endswith(".")


def test_other_reasons_are_not_the_engines() -> None:
    user = ada()
    shortfall = Shortfall(
        user=user, sku=E1, bits=NO_SERVICE_PLANS, snapshot=world(user), names=NAMES
    )
    with pytest.raises(ValueError, match="roleMissing"):
        refusal(shortfall, Reason.ROLE_MISSING)
