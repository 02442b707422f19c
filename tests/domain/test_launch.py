"""Every trigger and every refusal of a launch, case by case, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from seatwright.domain.auto_claim import EnvironmentScope, PolicyNo
from seatwright.domain.errors import Reason
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo, ServicePlanBits, SkuNo
from seatwright.domain.launch import (
    Entitled,
    Launch,
    Launcher,
    LaunchEvent,
    Offer,
    Refused,
    Rulebook,
    Verdict,
    decide,
)
from seatwright.domain.platform import (
    POWER_APPS,
    POWER_AUTOMATE,
    POWER_AUTOMATE_RPA,
    AppKind,
    LaunchTarget,
    Sharing,
)
from tests.domain.launches import (
    APPS_PLAN,
    ATTENDED_RPA,
    BACKUP,
    DESKTOP,
    FLOW_EVENTS,
    FLOW_PER_USER,
    FLOW_PLAN,
    MANAGED_APP,
    MANAGED_FLOW,
    NOW,
    OWN,
    POLICIES,
    POWERAPPS_PER_USER,
    PREMIUM_APP,
    PREMIUM_FLOW,
    RPA_FLOW,
    RPA_PLAN,
    SOMEBODY,
    STANDARD_APP,
    STANDARD_FLOW,
    app,
    needs_of,
    only,
    policy,
)

ALL = Rulebook(is_on=True, policies=POLICIES)


def ask(
    event: LaunchEvent,
    target: LaunchTarget,
    *,
    person: Launcher = SOMEBODY,
    rules: Rulebook = ALL,
    **launch: Any,
) -> Verdict:
    made = Launch(event=event, target=target, needs=needs_of(target))
    return decide(replace(made, **launch), person=person, rules=rules, now=NOW)


def offered(verdict: Verdict) -> list[SkuNo]:
    assert isinstance(verdict, tuple), verdict
    assert all(isinstance(offer, Offer) for offer in verdict)
    return [offer.product.sku for offer in verdict]


def refused(verdict: Verdict) -> Reason:
    assert isinstance(verdict, Refused), verdict
    return verdict.reason


class Trigger(NamedTuple):
    rows: str
    event: LaunchEvent
    target: LaunchTarget
    gives: tuple[SkuNo, ...]
    launch: Mapping[str, Any] = MappingProxyType({})


PER_USER = (FLOW_PER_USER, ATTENDED_RPA)
TRIGGERS = [
    Trigger(
        "T-046, T-056: a premium app",
        LaunchEvent.APP_LAUNCH,
        PREMIUM_APP,
        (POWERAPPS_PER_USER, BACKUP),
    ),
    Trigger(
        "T-057: any app in a managed environment",
        LaunchEvent.APP_LAUNCH,
        MANAGED_APP,
        (POWERAPPS_PER_USER, BACKUP),
    ),
    *(
        Trigger(f"T-084 ... T-086: {event} of a premium flow", event, PREMIUM_FLOW, PER_USER)
        for event in FLOW_EVENTS
    ),
    *(
        Trigger(f"T-087: {event} of a standard flow, managed", event, MANAGED_FLOW, PER_USER)
        for event in FLOW_EVENTS
    ),
    *(
        Trigger(f"T-090: {event} of a flow with attended RPA", event, RPA_FLOW, (ATTENDED_RPA,))
        for event in FLOW_EVENTS
    ),
    Trigger("T-088: asking", LaunchEvent.LICENSE_REQUESTED, STANDARD_FLOW, PER_USER),
    Trigger("T-091: asking for premium", LaunchEvent.LICENSE_REQUESTED, RPA_FLOW, (ATTENDED_RPA,)),
    Trigger(
        "C-32: asking for an app",
        LaunchEvent.LICENSE_REQUESTED,
        STANDARD_APP,
        (POWERAPPS_PER_USER, BACKUP),
    ),
    *(
        Trigger(
            f"T-092 ... T-094: {event} with {version}",
            event,
            DESKTOP,
            (ATTENDED_RPA,),
            {"client_version": version},
        )
        for event in (LaunchEvent.GO_PREMIUM, LaunchEvent.TRIAL_RPA_USE)
        for version in ((2, 43), (2, 43, 204), (2, 100), (3,))
    ),
]


@pytest.mark.parametrize("case", TRIGGERS, ids=lambda case: case.rows)
def test_a_trigger_offers_the_products_of_its_policy_in_order(case: Trigger) -> None:
    verdict = ask(case.event, case.target, **case.launch)
    assert offered(verdict) == list(case.gives)


class Denial(NamedTuple):
    name: str
    reason: Reason
    event: LaunchEvent
    target: LaunchTarget
    ask: Mapping[str, Any] = MappingProxyType({})


APP, DESK = LaunchEvent.APP_LAUNCH, {"client_version": (2, 44)}
DENIALS = [
    Denial(
        "a blocked account",
        Reason.ACCOUNT_DISABLED,
        APP,
        PREMIUM_APP,
        {"person": replace(SOMEBODY, is_enabled=False)},
    ),
    Denial(
        "the feature is off",
        Reason.FEATURE_OFF,
        APP,
        PREMIUM_APP,
        {"rules": replace(ALL, is_on=False)},
    ),
    Denial(
        "no policy for the app", Reason.NO_POLICY, APP, PREMIUM_APP, {"rules": only(POWER_AUTOMATE)}
    ),
    Denial(
        "T-072: the policy is off",
        Reason.POLICY_OFF,
        APP,
        PREMIUM_APP,
        {"rules": only(POWER_APPS, is_on=False)},
    ),
    Denial(
        "T-124: the policy begins later",
        Reason.POLICY_NOT_YET_ACTIVE,
        APP,
        PREMIUM_APP,
        {"rules": only(POWER_APPS, effective_from=NOW + timedelta(seconds=1))},
    ),
    Denial(
        "the cap is reached",
        Reason.POLICY_CAP_REACHED,
        APP,
        PREMIUM_APP,
        {"rules": replace(only(POWER_APPS, claims_max=3), claimed={PolicyNo(1): 3})},
    ),
    Denial(
        "not in a group of the policy",
        Reason.NOT_IN_GROUP,
        APP,
        PREMIUM_APP,
        {"rules": only(POWER_APPS, limited_to=frozenset({GroupNo(7)}))},
    ),
    Denial(
        "A-51: not shared with them",
        Reason.NOT_IN_GROUP,
        APP,
        app(is_premium=True, sharing=Sharing(groups=frozenset({GroupNo(7)}))),
    ),
    Denial(
        "T-070: managed environments only",
        Reason.ENVIRONMENT_OUT_OF_SCOPE,
        APP,
        PREMIUM_APP,
        {"rules": only(POWER_APPS, scope=EnvironmentScope.ONLY_MANAGED_ENVIRONMENTS)},
    ),
    Denial("a standard app outside", Reason.NOT_PREMIUM, APP, STANDARD_APP),
    *(
        Denial(
            f"T-087: {event} of a standard flow outside", Reason.NOT_PREMIUM, event, STANDARD_FLOW
        )
        for event in FLOW_EVENTS
    ),
    Denial("opening the desktop client", Reason.NOT_PREMIUM, APP, DESKTOP, DESK),
    *(
        Denial(
            f"T-092: {event} with {version}",
            Reason.CLIENT_TOO_OLD,
            event,
            DESKTOP,
            {"client_version": version},
        )
        for event in (LaunchEvent.GO_PREMIUM, LaunchEvent.TRIAL_RPA_USE)
        for version in ((2, 42, 999), (2,), (1, 99), None)
    ),
    Denial(
        "T-094: a trial alone",
        Reason.TRIAL_NOT_IN_USE,
        LaunchEvent.TRIAL_RPA_USE,
        DESKTOP,
        {**DESK, "is_in_use": False},
    ),
    Denial(
        "T-094: a trial with a flow that uses no RPA",
        Reason.TRIAL_NOT_IN_USE,
        LaunchEvent.TRIAL_RPA_USE,
        PREMIUM_FLOW,
        DESK,
    ),
    Denial(
        "C-32: a policy that gives nothing for asking",
        Reason.POLICY_OFF,
        LaunchEvent.LICENSE_REQUESTED,
        PREMIUM_APP,
        {"rules": only(POWER_APPS, grants_requests=False)},
    ),
    Denial(
        "T-206: Go Premium is never for the per user plan",
        Reason.NO_POLICY,
        LaunchEvent.GO_PREMIUM,
        DESKTOP,
        {**DESK, "rules": only(POWER_AUTOMATE)},
    ),
    Denial(
        "T-090: RPA is never for the per user plan",
        Reason.NO_POLICY,
        LaunchEvent.FLOW_TRIGGER,
        RPA_FLOW,
        {"rules": only(POWER_AUTOMATE)},
    ),
    Denial(
        "an own app without needs or policy",
        Reason.NO_POLICY,
        APP,
        app(kind=AppKind.OTHER, auto_claim_apps=(OWN,)),
        {"needs": ()},
    ),
]


@pytest.mark.parametrize("case", DENIALS, ids=lambda case: case.name)
def test_a_refusal_names_its_cause(case: Denial) -> None:
    assert refused(ask(case.event, case.target, **case.ask)) is case.reason


@pytest.mark.parametrize(
    ("held", "event", "target"),
    [
        ({POWERAPPS_PER_USER: APPS_PLAN}, APP, PREMIUM_APP),
        ({FLOW_PER_USER: FLOW_PLAN}, LaunchEvent.FLOW_SAVE, PREMIUM_FLOW),
        ({ATTENDED_RPA: RPA_PLAN}, LaunchEvent.FLOW_TRIGGER, PREMIUM_FLOW),
        ({ATTENDED_RPA: RPA_PLAN}, LaunchEvent.GO_PREMIUM, DESKTOP),
    ],
)
def test_a_holder_gets_nothing_whatever_the_policies_say(
    held: dict[SkuNo, ServicePlanBits], event: LaunchEvent, target: LaunchTarget
) -> None:
    person = replace(SOMEBODY, held=held)
    for rules in (ALL, Rulebook(is_on=False, policies={})):
        assert ask(event, target, person=person, rules=rules) == Entitled(sku=next(iter(held)))


def test_per_user_does_not_entitle_to_attended_rpa() -> None:
    person = replace(SOMEBODY, held={FLOW_PER_USER: FLOW_PLAN})
    assert offered(ask(LaunchEvent.FLOW_TRIGGER, RPA_FLOW, person=person)) == [ATTENDED_RPA]


def test_a_product_with_the_needed_service_plan_off_entitles_to_nothing() -> None:
    person = replace(SOMEBODY, held={POWERAPPS_PER_USER: NO_SERVICE_PLANS})
    assert offered(ask(APP, PREMIUM_APP, person=person))[0] == POWERAPPS_PER_USER


def test_premium_helps_a_flow_where_it_is_the_only_policy() -> None:
    rules = only(POWER_AUTOMATE_RPA)
    assert offered(ask(LaunchEvent.FLOW_SAVE, PREMIUM_FLOW, rules=rules)) == [ATTENDED_RPA]


def test_a_policy_that_is_off_leaves_the_flow_to_the_other() -> None:
    off = replace(POLICIES[POWER_AUTOMATE], is_on=False)
    rules = Rulebook(is_on=True, policies={**POLICIES, POWER_AUTOMATE: off})
    assert offered(ask(LaunchEvent.FLOW_SAVE, PREMIUM_FLOW, rules=rules)) == [ATTENDED_RPA]


def test_members_of_a_group_of_the_policy_claim() -> None:
    rules = only(POWER_APPS, limited_to=frozenset({GroupNo(7), GroupNo(8)}))
    member = replace(SOMEBODY, groups=frozenset({GroupNo(8)}))
    assert POWERAPPS_PER_USER in offered(ask(APP, PREMIUM_APP, person=member, rules=rules))


def test_the_policy_of_managed_environments_gives_in_them_and_to_the_desktop_client() -> None:
    scope = EnvironmentScope.ONLY_MANAGED_ENVIRONMENTS
    assert offered(ask(APP, MANAGED_APP, rules=only(POWER_APPS, scope=scope)))
    rules = only(POWER_AUTOMATE_RPA, scope=scope)
    assert offered(ask(LaunchEvent.GO_PREMIUM, DESKTOP, rules=rules, client_version=(2, 43)))


def test_a_cap_that_is_not_reached_stands_in_nobodys_way() -> None:
    rules = replace(only(POWER_APPS, claims_max=3), claimed={PolicyNo(1): 2})
    assert offered(ask(APP, PREMIUM_APP, rules=rules))


def test_an_own_app_takes_the_products_of_its_policy_for_enough() -> None:
    target = app(kind=AppKind.OTHER, environment=None, auto_claim_apps=(OWN,))
    rules = Rulebook(is_on=True, policies={OWN: policy(OWN, BACKUP)})
    assert offered(ask(APP, target, rules=rules, needs=())) == [BACKUP]
    holder = replace(SOMEBODY, held={BACKUP: ServicePlanBits(8)})
    assert ask(APP, target, rules=rules, person=holder, needs=()) == Entitled(sku=BACKUP)


def test_the_first_of_several_needs_that_is_met_names_the_product() -> None:
    person = replace(SOMEBODY, held={BACKUP: APPS_PLAN, FLOW_PER_USER: FLOW_PLAN})
    assert ask(APP, PREMIUM_APP, person=person) == Entitled(sku=BACKUP)


def test_offers_say_which_backup_they_are() -> None:
    verdict = ask(APP, PREMIUM_APP)
    assert isinstance(verdict, tuple)
    assert [offer.backup for offer in verdict] == [0, 1]
