"""What is so, and because of what: every source with what became of it, and every rule at work.

It tells what is stored, not what a reconcile would make of it: the two are the same but for the
moments in which a job is on its way, and then the account says that (`pending`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from seatwright.domain.assignments import Source
from seatwright.domain.errors import Reason
from seatwright.domain.ids import (
    NO_SERVICE_PLANS,
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile import Held, StoredError, Wish
from seatwright.domain.reconcile.laws import Laws, laws_of
from seatwright.domain.reconcile.rows import is_inherited, union
from seatwright.domain.why.candidates import suppliers
from seatwright.domain.why.question import Question, turn_of


@unique
class Outcome(StrEnum):
    """Whether a person has a product, in one word."""

    HELD = "held"
    WAITING = "waiting"
    """Wished, and there is no seat."""

    DENIED = "denied"
    """Wished, and a rule stands in the way."""

    SCHEDULED = "scheduled"
    """Wished from a later day on."""

    PENDING = "pending"
    """Wished, and not looked at since: a job is on its way."""

    NOT_WISHED = "notWished"
    """Nothing says that they should have it."""


@unique
class SourceState(StrEnum):
    """What became of one source."""

    GIVES = "gives"
    ERROR = "error"
    SCHEDULED = "scheduled"
    EXPIRED = "expired"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStory:
    """One source of the product: `gives` are the service plans that are on because of it."""

    wish: Wish
    state: SourceState
    gives: ServicePlanBits
    error: StoredError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Two service plans that exclude each other; `is_held` if the person has the other one."""

    service_plan: ServicePlanNo
    other_sku: SkuNo
    other_service_plan: ServicePlanNo
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A service plan that needs any of others: who supplies it, or which products would."""

    service_plan: ServicePlanNo
    any_of: ServicePlanBits
    supplied_by: tuple[SkuNo, ...]
    would_supply: tuple[SkuNo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The usage location that counts, and what of the product may not be used there."""

    location: str | None
    is_default: bool
    is_product_prohibited: bool
    prohibited: ServicePlanBits


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """Another product of a group that failed and so blocks this one (GBL-080)."""

    source: Source
    sku: SkuNo
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanState:
    """A service plan of the product: on, or off because of these sources.

    Off without a source: no source that gives leaves it on, or what was held stays as it was.
    """

    service_plan: ServicePlanNo
    is_on: bool
    switched_off_by: tuple[Source, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything there is to say about one person and one product."""

    outcome: Outcome
    sources: tuple[SourceStory, ...]
    service_plans: tuple[PlanState, ...]
    reasons: tuple[Reason, ...]
    place: Place
    clashes: tuple[Clash, ...]
    needs: tuple[Need, ...]
    siblings: tuple[Sibling, ...]
    waiting_since: datetime | None
    before: int

    @property
    def keepers(self) -> tuple[SourceStory, ...]:
        """All that would have to go before the person loses the product."""
        return tuple(story for story in self.sources if story.state is SourceState.GIVES)

    @property
    def is_retained(self) -> bool:
        """Held without a source: only because something else depends on it (CON-01)."""
        return self.outcome is Outcome.HELD and not self.keepers


def account_of(question: Question) -> Account:
    """Say what is so, and because of what."""
    return _Accountant(question).account()


class _Accountant:
    """One question while its answer is put together."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.laws: Laws = laws_of(question.snapshot.catalog)
        self.held: Held | None = next(
            (held for held in question.user.held if held.sku == question.sku), None
        )
        self.errors: Mapping[Source, StoredError] = {
            error.source: error for error in question.user.errors if error.sku == question.sku
        }
        wishes = (wish for wish in question.user.wishes if wish.sku == question.sku)
        self.sources = tuple(
            self._story(wish) for wish in sorted(wishes, key=lambda w: (w.source, w.assigned_at))
        )
        self.bits = self._bits()

    def account(self) -> Account:
        """All of it."""
        waited = [e.waiting_since for e in self.errors.values() if e.reason is Reason.NO_SEAT_LEFT]
        turn = turn_of(self.question.wishes_of(self.question.sku))
        return Account(
            outcome=self._outcome(),
            sources=self.sources,
            service_plans=self._service_plans(),
            reasons=tuple(dict.fromkeys(error.reason for error in self.errors.values())),
            place=self._place(),
            clashes=self._clashes(),
            needs=self._needs(),
            siblings=self._siblings(),
            waiting_since=min(waited, default=None),
            before=self.question.line(self.question.sku).before(turn),
        )

    def _outcome(self) -> Outcome:
        states = {story.state for story in self.sources}
        reasons = {error.reason for error in self.errors.values()}
        if self.held is not None:
            return Outcome.HELD
        if reasons:
            is_waiting = Reason.NO_SEAT_LEFT in reasons
            return Outcome.WAITING if is_waiting else Outcome.DENIED
        if SourceState.PENDING in states:
            return Outcome.PENDING
        is_scheduled = SourceState.SCHEDULED in states
        return Outcome.SCHEDULED if is_scheduled else Outcome.NOT_WISHED

    def _story(self, wish: Wish) -> SourceStory:
        now, error = self.question.snapshot.now, self.errors.get(wish.source)
        on = ServicePlanBits(self.laws.service_plans_of(wish.sku) & ~wish.disabled)
        enabled = NO_SERVICE_PLANS if self.held is None else self.held.enabled
        gives = ServicePlanBits(on & enabled) if wish.counts_at(now) else NO_SERVICE_PLANS
        return SourceStory(
            wish=wish, state=self._state(wish, error, now=now), gives=gives, error=error
        )

    def _state(self, wish: Wish, error: StoredError | None, *, now: datetime) -> SourceState:
        if not wish.counts_at(now):
            is_over = wish.expires_at is not None and wish.expires_at <= now
            return SourceState.EXPIRED if is_over else SourceState.SCHEDULED
        if error is not None:
            return SourceState.ERROR
        return SourceState.PENDING if self.held is None else SourceState.GIVES

    def _bits(self) -> ServicePlanBits:
        """The service plans that are asked for, or all of the product if nobody asks."""
        every = self.laws.service_plans_of(self.question.sku)
        wishes = self.question.wishes_of(self.question.sku)
        return union(ServicePlanBits(every & ~w.disabled) for w in wishes) if wishes else every

    def _service_plans(self) -> tuple[PlanState, ...]:
        enabled = NO_SERVICE_PLANS if self.held is None else self.held.enabled
        wishes = self.question.wishes_of(self.question.sku)
        return tuple(
            PlanState(
                service_plan=number,
                is_on=bool(enabled >> number & 1),
                switched_off_by=()
                if enabled >> number & 1
                else tuple(w.source for w in wishes if w.disabled >> number & 1),
            )
            for number in service_plan_numbers(self.laws.service_plans_of(self.question.sku))
        )

    def _place(self) -> Place:
        own = self.question.user.usage_location
        location = own or self.question.snapshot.default_usage_location
        prohibited = self.laws.prohibited_in(location)
        return Place(
            location=location,
            is_default=own is None and location is not None,
            is_product_prohibited=self.question.sku in prohibited.skus,
            prohibited=ServicePlanBits(self.bits & prohibited.service_plans),
        )

    def _others(self) -> dict[SkuNo, ServicePlanBits]:
        """What the person has of other products, and what they are about to get."""
        now, laws = self.question.snapshot.now, self.laws
        failing = {(error.sku, error.source) for error in self.question.user.errors}
        others: dict[SkuNo, ServicePlanBits] = {}
        for wish in self.question.user.wishes:
            if wish.counts_at(now) and (wish.sku, wish.source) not in failing:
                bits = ServicePlanBits(laws.service_plans_of(wish.sku) & ~wish.disabled)
                others[wish.sku] = union((others.get(wish.sku, NO_SERVICE_PLANS), bits))
        others |= {held.sku: held.enabled for held in self.question.user.held}
        others.pop(self.question.sku, None)
        return others

    def _clashes(self) -> tuple[Clash, ...]:
        held = {one.sku for one in self.question.user.held}
        others = sorted(self._others().items())
        return tuple(
            Clash(
                service_plan=ours,
                other_sku=sku,
                other_service_plan=theirs,
                is_held=sku in held,
            )
            for ours in service_plan_numbers(self.bits)
            for sku, bits in others
            for theirs in service_plan_numbers(
                ServicePlanBits(bits & self.laws.profile(ServicePlanBits(1 << ours)).conflicts)
            )
        )

    def _needs(self) -> tuple[Need, ...]:
        """What the service plans need that the product does not bring itself."""
        others = self._others()
        found = []
        for dependency in self.question.snapshot.catalog.dependencies:
            any_of = dependency.any_of
            for number in service_plan_numbers(
                ServicePlanBits(self.bits & dependency.service_plans)
            ):
                if self.bits & any_of:
                    continue
                by = tuple(sku for sku, bits in sorted(others.items()) if bits & any_of)
                would = () if by else suppliers(self.question, any_of)
                found.append(
                    Need(
                        service_plan=number,
                        any_of=any_of,
                        supplied_by=by,
                        would_supply=tuple(s for s in would if s != self.question.sku),
                    )
                )
        return tuple(found)

    def _siblings(self) -> tuple[Sibling, ...]:
        groups = {
            source
            for source, error in self.errors.items()
            if error.reason is Reason.SIBLING_FAILED and is_inherited(source)
        }
        return tuple(
            Sibling(source=error.source, sku=error.sku, reason=error.reason)
            for error in self.question.user.errors
            if error.source in groups
            and error.sku != self.question.sku
            and error.reason is not Reason.SIBLING_FAILED
        )
