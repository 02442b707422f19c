"""What a person reads when they launch something: one whole sentence, and where to ask for more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from seatwright.app.launch.book import Book
from seatwright.app.launch.orders import LaunchAnswer, no_launch
from seatwright.domain.assignments import SourceKind
from seatwright.domain.auto_claim import Policy, PolicyNo
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import SkuNo
from seatwright.domain.launch import (
    Launch,
    Launcher,
    LaunchEvent,
    Outcome,
    Refused,
    bar_to,
    entitling_product,
)
from seatwright.domain.platform import DESKTOP_CLAIM_VERSION_MIN, version_text
from seatwright.domain.reconcile import UserState
from seatwright.domain.semantics import Preset
from seatwright.domain.settings import setting_value
from seatwright.postgres.launch_read import SeenEvent, Someone

_BACKUPS: Final = ("", " as its first backup", " as its second backup", " as its third backup") + (
    " as its fourth backup",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A product that a policy gave just now; `group` is the name of the group it came through."""

    policy: Policy
    backup: int
    sku: SkuNo
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Says what a launch came to, in one tenant; `public_url` is where people reach seatwright."""

    book: Book
    public_url: str

    def granted(self, launch: Launch, someone: Someone, given: Given) -> LaunchAnswer:
        """Somebody was given a product."""
        name = self.book.catalog.sku_name(given.sku)
        way = "" if given.group is None else f", through the group “{given.group}”"
        return LaunchAnswer(
            outcome=Outcome.GRANTED,
            message=f"{someone.upn} now has {name}: the auto-claim policy “{given.policy.name}”"
            f" gave it{_BACKUPS[given.backup]}{way} for “{launch.target.name}”."
            f"{self._lag(given)}",
            sku=self.book.catalog.skus.get(given.sku),
            policy_id=given.policy.policy_id,
            backup=given.backup,
            user_id=someone.id,
            upn=someone.upn,
        )

    def _lag(self, given: Given) -> str:
        """What Microsoft's own pages may show for a while (A-37, A-62); it is true at once here."""
        semantics = self.book.semantics
        if semantics.preset is not Preset.ENTRA:
            return ""
        hours = int(semantics.claim_group_delivery_delay.total_seconds() // 3600)
        while_ = "for a while" if given.group is None else f"for up to {hours} hours"
        return f" It counts at once; another page may show them without it {while_}."

    def entitled(
        self, launch: Launch, someone: Someone, sku: SkuNo, *, policy: Policy | None
    ) -> LaunchAnswer:
        """Somebody may already; `policy` is the one that gave it once, if one did."""
        name = self.book.catalog.sku_name(sku)
        return LaunchAnswer(
            outcome=Outcome.ALREADY_ENTITLED,
            message=f"{someone.upn} has {name}, which is enough for “{launch.target.name}”.",
            sku=self.book.catalog.skus.get(sku),
            policy_id=None if policy is None else policy.policy_id,
            backup=None if policy is None else policy.backup_of(sku),
            user_id=someone.id,
            upn=someone.upn,
        )

    def denied(self, launch: Launch, someone: Someone, refused: Refused) -> LaunchAnswer:
        """Nothing could be given, and what the person can do about it."""
        policy = refused.policy
        sku = None if policy is None else self.book.catalog.skus.get(policy.products[0].sku)
        wanted = "a license" if sku is None else sku.display_name
        settings = self.book.tenant.settings
        own_words = setting_value(settings, "requestMessage")
        own_url = setting_value(settings, "requestUrl")
        tried = [(self.book.catalog.sku_name(one.sku), one.reason) for one in refused.failed]
        facts = _Facts(policy=policy, wanted=wanted, tried=tuple(tried))
        words = _sentence(refused.reason, launch, someone, facts)
        return LaunchAnswer(
            outcome=Outcome.DENIED,
            reason=refused.reason,
            message=words if own_words is None else f"{words} {own_words}",
            sku=sku,
            policy_id=None if policy is None else policy.policy_id,
            request_url=self._request_url(launch, None if sku is None else sku.sku_id)
            if own_url is None
            else str(own_url),
            user_id=someone.id,
            upn=someone.upn,
        )

    def repeated(self, launch: Launch, someone: Someone, seen: SeenEvent) -> LaunchAnswer:
        """The answer to an event that was taken before: nothing is given, and it is true now.

        Whoever may already is told so, and whoever was refused is refused again. What was given and
        then taken back is not given again by the same event.
        """
        if seen.user_no != someone.state.user_no:
            return no_launch(
                Refusal(
                    Reason.INVALID_VALUE,
                    "This eventId was used before, for somebody else: every event needs its own.",
                )
            )
        person = launcher_of(someone)
        barred = bar_to(launch, person)
        sku = entitling_product(launch, person, self.book.policies)
        if barred is not None:
            answer = self.denied(launch, someone, barred)
        elif sku is not None:
            policy = policy_by_number(self.book, person.claims.get(sku))
            answer = self.entitled(launch, someone, sku, policy=policy)
        else:
            policy = policy_by_number(self.book, seen.policy)
            reason = seen.reason or Reason.NOT_ASSIGNED
            answer = self.denied(launch, someone, Refused(reason=reason, policy=policy))
        return replace(answer, is_repeated=True)

    def _request_url(self, launch: Launch, sku_id: UUID | None) -> str:
        asked = {} if sku_id is None else {"skuId": str(sku_id)}
        if launch.target.id != UUID(int=0):
            asked["flow" if launch.target.flow is not None else "app"] = str(launch.target.id)
        return f"{self.public_url}/requests/new?{urlencode(asked)}"


def launcher_of(someone: Someone) -> Launcher:
    """Somebody as far as policies ask."""
    return Launcher(
        user_no=someone.state.user_no,
        is_enabled=someone.is_enabled,
        held={one.sku: one.enabled for one in someone.state.held},
        groups=someone.groups,
        claims=claims_of(someone.state),
    )


def claims_of(state: UserState) -> dict[SkuNo, PolicyNo]:
    """Which products a person has by a claim, and by which policy's."""
    return {
        wish.sku: PolicyNo(wish.source.no)
        for wish in state.wishes
        if wish.source.kind is SourceKind.POLICY
    }


def is_use_of_claim(book: Book, state: UserState, sku: SkuNo) -> bool:
    """Whether opening something uses a product that a policy gave, itself or through its group.

    Who is in that group for another reason is noted too: that releases nothing and keeps nothing.
    """
    groups = {
        policy.group
        for policy in book.policies.values()
        if policy.group is not None and policy.backup_of(sku) is not None
    }
    return any(
        wish.source.kind is SourceKind.POLICY
        or (wish.source.kind is SourceKind.GROUP and wish.source.no in groups)
        for wish in state.wishes
        if wish.sku == sku
    )


def policy_by_number(book: Book, number: PolicyNo | None) -> Policy | None:
    """A policy of the book; None for one that was deleted."""
    return next((one for one in book.policies.values() if one.policy_no == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """`tried` are the products that could not be given, by name, and why."""

    policy: Policy | None
    wanted: str
    tried: tuple[tuple[str, Reason], ...] = ()


def _sentence(reason: Reason, launch: Launch, someone: Someone, facts: _Facts) -> str:
    """Why nothing was given: what, whom it concerns, and what to do."""
    target, upn, wanted = launch.target, someone.upn, facts.wanted
    policy = "the policy" if facts.policy is None else f"the policy “{facts.policy.name}”"
    match reason:
        case Reason.NO_SEAT_LEFT:
            return (
                f"{_no_seat(facts)}, so {upn} was not given a license for “{target.name}”."
                " Ask for one, or have seats bought or freed."
            )
        case Reason.ACCOUNT_DISABLED:
            return f"The account of {upn} is disabled. An administrator can enable it."
        case Reason.NOT_ASSIGNED:
            return (
                f"This event was taken before and gave {upn} a license for “{target.name}”, which"
                " was taken back since. Opening it anew is a new event, with an eventId of its own."
            )
        case Reason.FEATURE_OFF | Reason.NO_POLICY | Reason.POLICY_OFF:
            return _nobody_gives(reason, launch, upn=upn, policy=policy)
        case Reason.POLICY_NOT_YET_ACTIVE | Reason.POLICY_CAP_REACHED | Reason.NOT_IN_GROUP:
            return _not_for_them(reason, launch, upn=upn, policy=facts.policy)
        case Reason.ENVIRONMENT_OUT_OF_SCOPE:
            return (
                f"“{target.name}” is in the environment “{target.environment_name}”, which is not"
                f" managed, and {policy} gives {wanted} in managed environments only."
            )
        case Reason.NOT_PREMIUM | Reason.CLIENT_TOO_OLD | Reason.TRIAL_NOT_IN_USE:
            return _no_trigger(reason, launch, upn=upn, wanted=wanted)
        case _:
            return (
                f"{upn} could not be given {wanted} for “{target.name}”: {_rule(reason)}"
                " Ask an administrator."
            )


def _no_seat(facts: _Facts) -> str:
    """Of which products no seat is left, and what else stood in the way of a backup."""
    full = [name for name, reason in facts.tried if reason is Reason.NO_SEAT_LEFT]
    barred = [one for one in facts.tried if one[1] is not Reason.NO_SEAT_LEFT]
    names = " or ".join(dict.fromkeys(full or [facts.wanted]))
    also = "".join(f"; {name} is no help: {_rule(reason)[:-1]}" for name, reason in barred)
    return f"No seat is left of {names}{also}"


def _nobody_gives(reason: Reason, launch: Launch, *, upn: str, policy: str) -> str:
    name = launch.target.name
    if reason is Reason.FEATURE_OFF:
        return (
            f"“{name}” needs a license that {upn} does not have, and auto-claim is turned off."
            " Ask for a license."
        )
    if reason is Reason.NO_POLICY:
        return (
            f"“{name}” needs a license that {upn} does not have, and no auto-claim policy gives"
            " one. Ask for a license."
        )
    if launch.event is LaunchEvent.LICENSE_REQUESTED:
        return f"{policy[0].upper()}{policy[1:]} gives {upn} nothing for asking, or is turned off."
    return (
        f"“{name}” needs a license that {upn} does not have, and {policy} is turned off."
        " Ask for a license."
    )


def _not_for_them(reason: Reason, launch: Launch, *, upn: str, policy: Policy | None) -> str:
    if policy is None:
        return f"“{launch.target.name}” is not shared with {upn}: ask its owner to share it."
    if reason is Reason.POLICY_NOT_YET_ACTIVE:
        begins = policy.effective_from.isoformat(timespec="minutes")
        return f"The policy “{policy.name}” begins to give licenses at {begins}: try again then."
    if reason is Reason.POLICY_CAP_REACHED:
        return (
            f"The policy “{policy.name}” gives licenses to {policy.claims_max} people at most, and"
            f" so many have one. Ask for a license for {upn}."
        )
    return (
        f"The policy “{policy.name}” gives licenses to members of its groups only, and {upn} is in"
        " none of them. Ask for a license."
    )


def _no_trigger(reason: Reason, launch: Launch, *, upn: str, wanted: str) -> str:
    target = launch.target
    if reason is Reason.NOT_PREMIUM:
        return (
            f"“{target.name}” needs no premium license: nothing of it is premium, and its"
            f" environment is not managed. {upn} was given nothing."
        )
    if reason is Reason.CLIENT_TOO_OLD:
        oldest = version_text(target.client_version_min or DESKTOP_CLAIM_VERSION_MIN)
        version = "did not say its version"
        if launch.client_version is not None:
            version = f"is version {version_text(launch.client_version)}"
        return f"The client {version}: install {oldest} or later, then try again."
    return f"A trial that does not use attended RPA gives {upn} no {wanted}."


def _rule(reason: Reason) -> str:
    match reason:
        case Reason.USAGE_LOCATION_MISSING:
            return "it is not known where they use services."
        case Reason.USAGE_LOCATION_PROHIBITED:
            return "it may not be used where they are."
        case Reason.CONFLICTING_SERVICE_PLANS:
            return "it cannot be had together with another product of theirs."
        case Reason.DEPENDENCY_MISSING:
            return "it needs a service plan that they do not have."
        case _:
            return f"a rule stands against it ({reason.value})."
