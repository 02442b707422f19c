"""A launch: somebody opens an app or runs a flow. Is a license needed, there, or to be given?

`decide` answers from what is known of the target, the person and the policies, and touches no
seat: what it offers is in order, and whoever holds the locks of the pools takes the first that the
engine lets through. Facts: `strategies.md` §1.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.auto_claim import EnvironmentScope, Policy, PolicyNo, PolicyProduct
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.platform import (
    DESKTOP_CLAIM_VERSION_MIN,
    POWER_AUTOMATE_RPA,
    AppKind,
    AutoClaimApp,
    ClientVersion,
    LaunchTarget,
    Need,
    is_old_version,
)


@unique
class LaunchEvent(StrEnum):
    """What a person did; the value is its name on the wire."""

    APP_LAUNCH = "appLaunch"
    FLOW_TRIGGER = "flowTrigger"
    FLOW_SAVE = "flowSave"
    FLOW_TURN_ON = "flowTurnOn"
    LICENSE_REQUESTED = "licenseRequested"
    GO_PREMIUM = "goPremium"
    TRIAL_RPA_USE = "trialRpaUse"

    @property
    def is_of_flow(self) -> bool:
        """Whether it is something that happens to a flow (A-43, A-45)."""
        return self in _OF_FLOWS

    @property
    def is_of_desktop(self) -> bool:
        """Whether Power Automate for desktop tells of it (A-46, A-47)."""
        return self in {LaunchEvent.GO_PREMIUM, LaunchEvent.TRIAL_RPA_USE}


_OF_FLOWS: Final = frozenset(
    {LaunchEvent.FLOW_TRIGGER, LaunchEvent.FLOW_SAVE, LaunchEvent.FLOW_TURN_ON}
)


@unique
class Outcome(StrEnum):
    """What a launch came to."""

    GRANTED = "granted"
    ALREADY_ENTITLED = "alreadyEntitled"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What happened, to what.

    `needs` are the alternatives of which any one licenses somebody for the target. `is_in_use` says
    of a trial whether attended RPA is really used (A-47); None where nobody said.
    """

    event: LaunchEvent
    target: LaunchTarget
    needs: tuple[Need, ...]
    client_version: ClientVersion | None = None
    is_in_use: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """The person as far as policies ask: what they effectively hold, and which groups they are in.

    `groups` are those of nested groups too, where the tenant counts them. `claims` says which
    policy gave a product that is held by a claim.
    """

    user_no: UserNo
    is_enabled: bool
    held: Mapping[SkuNo, ServicePlanBits]
    groups: frozenset[GroupNo] = frozenset()
    claims: Mapping[SkuNo, PolicyNo] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """The tenant's switch and policies; `claimed` counts, for policies with a cap, who holds."""

    is_on: bool
    policies: Mapping[AutoClaimApp, Policy]
    claimed: Mapping[PolicyNo, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitled:
    """The person may already; `sku` is what entitles them."""

    sku: SkuNo


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """One product that was tried and could not be given, and why."""

    sku: SkuNo
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing can be given; `policy` is the one that could have, if there is one.

    `failed` are the products that were tried, in order; `reason` is that of the first.
    """

    reason: Reason
    policy: Policy | None = None
    failed: tuple[Failed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One product that may be given, and under which policy; `backup` 0 is the primary."""

    policy: Policy
    backup: int
    product: PolicyProduct


Verdict = Entitled | Refused | tuple[Offer, ...]


class Attempts:
    """The offers of one launch as they are tried one after another.

    A backup is for when no seat is left (A-10). A product that a rule keeps from somebody has seats
    and is what they are meant to have: another would hide what an administrator can mend, and use
    up the seats of those for whom it is there. So its policy gives them nothing; the next policy of
    the app, which covers what happened by itself (A-45), is asked all the same.
    """

    def __init__(self) -> None:
        self._failed: list[tuple[Offer, Reason]] = []

    def has_ended(self, policy: Policy) -> bool:
        """Whether a rule stood against a product of this policy, so that none of it is given."""
        return any(
            offer.policy.policy_no == policy.policy_no and reason is not Reason.NO_SEAT_LEFT
            for offer, reason in self._failed
        )

    def fail(self, offer: Offer, reason: Reason) -> None:
        """Note why an offer could not be given."""
        self._failed.append((offer, reason))

    def refused(self) -> Refused:
        """What the launch came to when nothing could be given."""
        assert self._failed, "a policy has at least one product"
        first, reason = self._failed[0]
        failed = tuple(
            Failed(sku=offer.product.sku, reason=reason) for offer, reason in self._failed
        )
        return Refused(reason=reason, policy=first.policy, failed=failed)


def decide(launch: Launch, *, person: Launcher, rules: Rulebook, now: datetime) -> Verdict:
    """Say whether a launch needs nothing, can be given nothing, or what may be given, in order.

    A blocked account gets nothing, and neither does who may not open the app at all: it is shared
    with others (A-51). Whoever has what the action needs gets nothing more (A-40), whatever the
    policies say.
    """
    barred = bar_to(launch, person)
    if barred is not None:
        return barred
    policies = _policies_for(launch, rules.policies)
    sku = entitling_product(launch, person, rules.policies)
    if sku is not None:
        return Entitled(sku=sku)
    first = policies[0] if policies else None
    reason = _reason_of_event(launch, has_policy=first is not None)
    if reason is not None:
        return Refused(reason=reason, policy=first)
    if not rules.is_on:
        return Refused(reason=Reason.FEATURE_OFF, policy=first)
    offers: list[Offer] = []
    refusals: list[Refused] = []
    for policy in policies:
        refused = _reason_of_policy(policy, launch, person=person, rules=rules, now=now)
        if refused is None:
            offers += _offers(policy)
        else:
            refusals.append(Refused(reason=refused, policy=policy))
    if offers:
        return tuple(offers)
    return refusals[0] if refusals else Refused(reason=Reason.NO_POLICY)


def bar_to(launch: Launch, person: Launcher) -> Refused | None:
    """Why somebody may not open the app at all, whatever they hold; None when they may."""
    if not person.is_enabled:
        return Refused(reason=Reason.ACCOUNT_DISABLED)
    if not launch.target.sharing.includes(person.user_no, person.groups):
        return Refused(reason=Reason.NOT_IN_GROUP)
    return None


def policy_apps_of(event: LaunchEvent, target: LaunchTarget) -> tuple[AutoClaimApp, ...]:
    """The auto-claim apps whose policies may help, in the order in which they are asked.

    What the desktop client tells of is for attended RPA only, never for the per user plan (T-206).
    """
    if event.is_of_desktop:
        return (POWER_AUTOMATE_RPA,)
    return target.auto_claim_apps


def counted_person(event: LaunchEvent, target: LaunchTarget) -> UserNo | None:
    """Whose license counts, where it is somebody's whoever it was that did it; None: theirs.

    An automated or scheduled flow runs by its owner's license, an instant one by that of whoever
    triggers it (M-09). Saving or turning on a flow is what somebody does themselves.
    """
    is_run = event is LaunchEvent.FLOW_TRIGGER and target.runs_as_owner
    return target.owner if is_run else None


def _policies_for(launch: Launch, policies: Mapping[AutoClaimApp, Policy]) -> list[Policy]:
    apps = policy_apps_of(launch.event, launch.target)
    return [policies[app] for app in apps if app in policies]


def entitling_product(
    launch: Launch, person: Launcher, policies: Mapping[AutoClaimApp, Policy]
) -> SkuNo | None:
    """The product by which somebody may already; None if they may not.

    An own app that does not say what it needs takes every product of its policy for enough, and
    whatever that policy gave them before it was changed (A-13).
    """
    if launch.needs:
        met = (need for need in launch.needs if need.is_met_by(person.held))
        return next((_giving(need, person.held) for need in met), None)
    for policy in _policies_for(launch, policies):
        given = [sku for sku, number in person.claims.items() if number == policy.policy_no]
        for sku in (*(one.sku for one in policy.products), *sorted(given)):
            if person.held.get(sku):
                return sku
    return None


def _giving(need: Need, held: Mapping[SkuNo, ServicePlanBits]) -> SkuNo:
    if need.sku is not None:
        return need.sku
    return next(sku for sku in sorted(held) if held[sku] & need.service_plans)


def _reason_of_event(launch: Launch, *, has_policy: bool) -> Reason | None:
    """Why what happened is no cause to give a license to anybody; None when it is one."""
    event, target = launch.event, launch.target
    if event is LaunchEvent.LICENSE_REQUESTED:
        return None  # Asking for it is enough.
    if event.is_of_desktop:
        return _reason_of_desktop(launch)
    if target.kind is AppKind.DESKTOP_CLIENT:
        return Reason.NOT_PREMIUM  # Opening it is free: only what it tells of is a trigger.
    if target.kind is AppKind.OTHER:
        is_needed = target.needs_license or has_policy
    else:
        is_needed = target.needs_license or target.uses_attended_rpa
    if not is_needed:
        return Reason.NO_POLICY if target.kind is AppKind.OTHER else Reason.NOT_PREMIUM
    return Reason.CLIENT_TOO_OLD if _is_client_old(launch, target.client_version_min) else None


def _reason_of_desktop(launch: Launch) -> Reason | None:
    oldest = launch.target.client_version_min or DESKTOP_CLAIM_VERSION_MIN
    if _is_client_old(launch, oldest):
        return Reason.CLIENT_TOO_OLD
    if launch.event is LaunchEvent.TRIAL_RPA_USE and not _is_trial_in_use(launch):
        return Reason.TRIAL_NOT_IN_USE
    return None


def _is_client_old(launch: Launch, oldest: ClientVersion | None) -> bool:
    """Whether a client is too old to claim; one that does not say its version counts as old."""
    if oldest is None:
        return False
    return launch.client_version is None or is_old_version(launch.client_version, than=oldest)


def _is_trial_in_use(launch: Launch) -> bool:
    """Being on a trial is not enough: attended RPA is used (A-47).

    Where the caller does not say, a flow without it shows that it is not, and the event that it is.
    """
    if launch.is_in_use is not None:
        return launch.is_in_use
    return launch.target.flow is None or launch.target.uses_attended_rpa


def _reason_of_policy(
    policy: Policy, launch: Launch, *, person: Launcher, rules: Rulebook, now: datetime
) -> Reason | None:
    """Why a policy gives this person nothing now; None when it would."""
    target = launch.target
    if not policy.is_on:
        return Reason.POLICY_OFF
    if policy.effective_from > now:
        return Reason.POLICY_NOT_YET_ACTIVE
    if launch.event is LaunchEvent.LICENSE_REQUESTED and not policy.grants_requests:
        return Reason.POLICY_OFF
    # A trigger of the desktop client has no environment, so that none is out of scope.
    is_managed_only = policy.scope is EnvironmentScope.ONLY_MANAGED_ENVIRONMENTS
    if is_managed_only and target.environment is not None and not target.is_managed:
        return Reason.ENVIRONMENT_OUT_OF_SCOPE
    if policy.limited_to and policy.limited_to.isdisjoint(person.groups):
        return Reason.NOT_IN_GROUP
    if policy.claims_max is not None and rules.claimed.get(policy.policy_no, 0) >= (
        policy.claims_max
    ):
        return Reason.POLICY_CAP_REACHED
    return None


def _offers(policy: Policy) -> Iterator[Offer]:
    for backup, product in enumerate(policy.products):
        yield Offer(policy=policy, backup=backup, product=product)
