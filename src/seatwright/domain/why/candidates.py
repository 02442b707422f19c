"""Which moves could have anything to do with the answer: all others are never tried.

A move matters only if it touches a product that is bound to the one asked about: the product
itself, what excludes it, what it depends on, what shares its group where siblings fail together,
and again the same of those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, service_plan_numbers
from seatwright.domain.reconcile import Wish
from seatwright.domain.reconcile.laws import Laws, laws_of
from seatwright.domain.reconcile.rows import union
from seatwright.domain.why.moves import Move, MoveKind
from seatwright.domain.why.question import Question, turn_of

SUPPLIERS_MAX: Final = 12
"""Products tried as a way to get what is missing: first those with a free seat, smallest first."""

GROUPS_MAX: Final = 24
"""Different groups tried as groups to join; those that give the person least beside come first."""

SWITCHES_MAX: Final = 6
"""Assignments of one product in which one service plan is tried off, fewest members first."""


def candidates(question: Question) -> tuple[Move, ...]:
    """Every move that could matter, in the stated order."""
    scope = _Scope(question)
    found = (
        *_for_the_person(question),
        *scope.joins(),
        *scope.assigns(),
        *scope.ends(),
        *scope.switches(),
        *scope.seats(),
    )
    return tuple(sorted(set(found), key=lambda move: move.order))


def wanted_skus(question: Question) -> frozenset[SkuNo]:
    """The product asked about, and everything that could supply what it depends on."""
    return _Scope(question).wanted


def bound_skus(question: Question) -> frozenset[SkuNo]:
    """These, and everything that stands in their way or comes with them."""
    return _Scope(question).bound


def switchable_groups(question: Question) -> frozenset[GroupNo]:
    """Groups whose license one of the moves could change, so that their members count."""
    scope = _Scope(question)
    troubled = {sku for sku in scope.bound if scope.troublesome(sku)}
    return frozenset(
        GroupNo(wish.source.no)
        for wish in scope.within_reach()
        if wish.sku in troubled and wish.source.kind is SourceKind.GROUP
    )


def suppliers(question: Question, bits: ServicePlanBits) -> tuple[SkuNo, ...]:
    """Products that people can have and the tenant has bought, with any of these service plans."""
    laws = laws_of(question.snapshot.catalog)
    bought = [
        sku
        for sku, facts in question.snapshot.catalog.skus.items()
        if facts.service_plans & bits
        and sku not in laws.unassignable
        and (question.pool(sku).assignable > 0 or question.wishes_of(sku))
    ]
    bought.sort(key=lambda sku: (question.free(sku) <= 0, _size(laws, sku), sku))
    return tuple(bought[:SUPPLIERS_MAX])


def _size(laws: Laws, sku: SkuNo) -> int:
    return laws.service_plans_of(sku).bit_count()


def _for_the_person(question: Question) -> Iterator[Move]:
    yield Move(kind=MoveKind.REPROCESS)
    for location in question.locations:
        if location != question.user.usage_location:
            yield Move(kind=MoveKind.SET_LOCATION, location=location)


class _Scope:
    """The products that are bound to the one asked about."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.laws = laws_of(question.snapshot.catalog)
        self.wishes = (
            *question.user.wishes,
            *(wish for group in question.joinable for wish in group.wishes),
        )
        self.present = {wish.sku for wish in self.wishes} | {h.sku for h in question.user.held}
        self.wanted = self._wanted()
        self.bound = self._bound()

    def _wanted(self) -> frozenset[SkuNo]:
        """What the person would have to be given: the product and what it depends on."""
        wanted = {self.question.sku}
        todo = [self.question.sku]
        while todo:
            bits = self.laws.service_plans_of(todo.pop())
            for dependency in self.question.snapshot.catalog.dependencies:
                if dependency.service_plans & bits:
                    more = set(suppliers(self.question, dependency.any_of)) - wanted
                    wanted |= more
                    todo += sorted(more)
        return frozenset(wanted)

    def _bound(self) -> frozenset[SkuNo]:
        bound = set(self.wanted)
        todo = sorted(bound)
        while todo:
            sku = todo.pop()
            more = (self._rivals(sku) | self._siblings(sku)) - bound
            bound |= more
            todo += sorted(more)
        return frozenset(bound)

    def _rivals(self, sku: SkuNo) -> set[SkuNo]:
        """What the person has or is wished that excludes a product, or that depends on it."""
        bits = self.laws.service_plans_of(sku)
        excluded = self.laws.profile(bits).conflicts
        others = {other for other in self.present if other != sku}
        return {
            other
            for other in others
            if self.laws.service_plans_of(other) & excluded or self._depends(other, bits)
        }

    def _depends(self, sku: SkuNo, bits: ServicePlanBits) -> bool:
        own = self.laws.service_plans_of(sku)
        dependencies = self.question.snapshot.catalog.dependencies
        return any(d.service_plans & own and d.any_of & bits for d in dependencies)

    def _siblings(self, sku: SkuNo) -> set[SkuNo]:
        if not self.question.snapshot.semantics.siblings_fail_together:
            return set()
        groups = {w.source for w in self.wishes if w.sku == sku}
        groups = {source for source in groups if source.kind is SourceKind.GROUP}
        return {w.sku for w in self.wishes if w.source in groups}

    def joins(self) -> Iterator[Move]:
        """Groups that give something wanted; of those that would give the same, one."""
        found: dict[object, GroupNo] = {}
        for one in sorted(self.question.joinable, key=lambda one: (len(one.wishes), one.group)):
            if self.wanted & {wish.sku for wish in one.wishes}:
                found.setdefault(self._gift(one.wishes), one.group)
        for group in list(found.values())[:GROUPS_MAX]:
            yield Move(kind=MoveKind.JOIN_GROUP, group=group)

    def _gift(self, wishes: Iterable[Wish]) -> object:
        """What tells two groups apart: where siblings fail together, also what comes as one."""
        is_bundled = self.question.snapshot.semantics.siblings_fail_together
        return frozenset(
            (w.sku, w.disabled, w.priority, w.assigned_at, w.source if is_bundled else None)
            for w in wishes
        )

    def assigns(self) -> Iterator[Move]:
        """Products wanted, but those that are there directly, on and whole."""
        for sku in self.wanted - self.laws.unassignable:
            direct = [w for w in self.question.wishes_of(sku) if w.source == DIRECT]
            if not direct or direct[0].disabled:
                yield Move(kind=MoveKind.ASSIGN, sku=sku)

    def ends(self) -> Iterator[Move]:
        """Own assignments, memberships and held removals that bear on the matter."""
        question = self.question
        for wish in question.user.wishes:
            if wish.sku not in self.bound or wish.sku == question.sku:
                continue
            if wish.source.kind.is_own:
                yield Move(kind=MoveKind.REMOVE, sku=wish.sku)
            if wish.source.kind is SourceKind.HOLD:
                yield Move(kind=MoveKind.END_HOLD, source=wish.source)
        bearing = {w.source.no for w in question.user.wishes if w.sku in self.bound}
        for group, above in question.memberships.items():
            if above & bearing and group not in question.ruled:
                yield Move(kind=MoveKind.LEAVE_GROUP, group=group)

    def switches(self) -> Iterator[Move]:
        """Service plans that clash, lack something or are prohibited, each in one assignment."""
        direct = {move.sku for move in self.assigns()}
        near = self.within_reach()
        for sku in sorted(self.bound):
            sources = {wish.source for wish in near if wish.sku == sku}
            sources = {s for s in sources if s.kind is not SourceKind.HOLD}
            sources |= {DIRECT} if sku in direct else set()
            ranked = sorted(sources, key=self._touched)[:SWITCHES_MAX]
            for number in service_plan_numbers(self.troublesome(sku)):
                bit = ServicePlanBits(1 << number)
                for source in ranked:
                    if self._is_on(sku, source, bit):
                        yield Move(
                            kind=MoveKind.SWITCH_OFF, sku=sku, source=source, service_plan=bit
                        )

    def within_reach(self) -> tuple[Wish, ...]:
        """What the person is wished, and would be by the groups that are tried."""
        joined = {move.group for move in self.joins()}
        return (
            *self.question.user.wishes,
            *(w for one in self.question.joinable if one.group in joined for w in one.wishes),
        )

    def _touched(self, source: Source) -> tuple[int, Source]:
        return self.question.touched.get(source, 0), source

    def _is_on(self, sku: SkuNo, source: Source, bit: ServicePlanBits) -> bool:
        off = [w.disabled for w in self.wishes if w.sku == sku and w.source == source]
        return not (off and off[0] & bit)

    def troublesome(self, sku: SkuNo) -> ServicePlanBits:
        """The service plans of a product that a rule could have something to say about."""
        own = self.laws.service_plans_of(sku)
        others = union(self.laws.service_plans_of(other) for other in self.bound if other != sku)
        catalog = self.question.snapshot.catalog
        places = {self.question.user.usage_location, self.question.snapshot.default_usage_location}
        trouble = self.laws.profile(others).conflicts
        for dependency in catalog.dependencies:
            trouble = ServicePlanBits(trouble | dependency.service_plans)
        for place in (*places, *self.question.locations):
            prohibited = self.laws.prohibited_in(place).service_plans
            trouble = ServicePlanBits(trouble | prohibited)
        return ServicePlanBits(own & trouble)

    def seats(self) -> Iterator[Move]:
        """Products of which the person needs a seat and may not get one."""
        held = {one.sku for one in self.question.user.held}
        for sku in self.bound - held:
            line = self.question.line(sku)
            others = line.rivals + line.before(turn_of(self.question.wishes_of(sku)))
            if self.question.free(sku) <= others:
                yield Move(kind=MoveKind.ADD_SEATS, sku=sku)
