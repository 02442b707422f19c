"""The rules once more for one person, naively, from the facts; `naive.py` says why.

What one person is wished, and what the rules leave of it when given whom the seats were denied to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.reconcile import Snapshot, UserState
from seatwright.domain.semantics import ExclusionOrder

Plans = frozenset[int]
Licenses = dict[int, Plans]
Errors = dict[tuple[int, Source], Reason]
Denied = frozenset[tuple[int, Source]]

PASSES_MAX = 200


@dataclass(frozen=True)
class Row:
    """One thing that one source says one person should have."""

    sku: int
    source: Source
    plans: Plans
    priority: int
    at: datetime

    @property
    def key(self) -> tuple[int, Source]:
        return self.sku, self.source

    @property
    def is_group(self) -> bool:
        return self.source.kind is SourceKind.GROUP


def plans_in(bits: int) -> Plans:
    """A set of service plans as a set."""
    return frozenset(n for n in range(bits.bit_length()) if bits >> n & 1)


class Person:
    """What one person is wished, holds and is denied."""

    def __init__(self, world: Snapshot, user: UserState) -> None:
        self.world, self.user = world, user
        self.held: Licenses = {held.sku: plans_in(held.enabled) for held in user.held}
        self.rows = [] if user.is_deleted else list(_rows(world, user))
        # Freed seats do not go to those who wait, unless something names them (GBL-120, 125).
        is_tried = world.semantics.seats_refill_by_themselves or user.user_no in world.retry_users
        waiting = {
            (e.sku, e.source)
            for e in user.errors
            if e.reason is Reason.NO_SEAT_LEFT and not is_tried
        }
        self.waiting = frozenset(waiting)
        self.denied: Denied = frozenset()
        self.licenses: Licenses = {}
        self.errors: Errors = {}

    def begin(self) -> None:
        """Nobody is denied yet but who waits and does not hold the product meanwhile (CON-22)."""
        self.denied = frozenset(key for key in self.waiting if key[0] not in self.held)
        self.decide()

    def decide(self) -> None:
        self.licenses, self.errors = _Rules(self).apply()

    def waits_since(self, sku: int) -> datetime:
        times = [
            e.waiting_since
            for e in self.user.errors
            if e.sku == sku and e.reason is Reason.NO_SEAT_LEFT
        ]
        return min(times, default=self.world.now)


def _rows(world: Snapshot, user: UserState) -> Iterable[Row]:
    for wish in user.wishes:
        has_begun = wish.starts_at is None or wish.starts_at <= world.now
        has_ended = wish.expires_at is not None and wish.expires_at <= world.now
        facts = world.catalog.skus.get(wish.sku)
        if has_begun and not has_ended and facts is not None:
            # Everything the product has but what this source switches off (GBL-022).
            plans = plans_in(facts.service_plans) - plans_in(wish.disabled)
            yield Row(wish.sku, wish.source, plans, wish.priority, wish.assigned_at)


class _Rules:
    """The rules for one person, given whom the seats were denied to."""

    def __init__(self, person: Person) -> None:
        self.world = person.world
        self.semantics = person.world.semantics
        self.user, self.held, self.denied = person.user, person.held, person.denied
        self.location = person.user.usage_location or person.world.default_usage_location
        self.rows = sorted(person.rows, key=self.turn)
        self.failed: dict[Row, Reason] = {}
        self.stays: Licenses = {}

    def turn(self, row: Row) -> tuple[object, ...]:
        """What is held comes first, then what the semantics say (`architecture.md` §3)."""
        is_by_time = self.semantics.exclusion_order is ExclusionOrder.TIME
        priority = 0 if is_by_time else row.priority
        return row.sku not in self.held, priority, row.at, row.sku, row.source, sorted(row.plans)

    def apply(self) -> tuple[Licenses, Errors]:
        for row in self.rows:
            reason = self.at_the_door(row)
            if reason is not None:
                self.failed[row] = reason
        for _ in range(PASSES_MAX):
            if not self.one_pass():
                break
        broken = self.failed | self.conflicting(self.rows)
        return self.given(broken), self.errors(broken)

    def one_pass(self) -> bool:
        """Apply each rule once; true when something came of it that the others must hear of."""
        against_held = self.conflicting([])
        if self.fail_siblings(self.failed | against_held):
            return True
        conflicting = self.conflicting(self.rows)
        unmet = self.unmet(self.failed | conflicting)
        broken = self.failed | conflicting | unmet
        if self.must_stay(broken):
            return True
        if unmet:
            # Who fails a rule does not stand in the way of others: ask about exclusion again.
            self.failed |= unmet
            return True
        return self.fail_siblings(broken)

    def at_the_door(self, row: Row) -> Reason | None:
        if not self.world.catalog.skus[row.sku].is_assignable_to_users:  # type: ignore[index]
            return Reason.NOT_ASSIGNABLE_TO_USERS
        is_placeless = not self.user.usage_location and not row.is_group
        if is_placeless and row.sku not in self.held:
            return Reason.USAGE_LOCATION_MISSING  # GBL-060, 061
        if self.is_banned(row.sku) or row.plans & self.banned():
            return Reason.USAGE_LOCATION_PROHIBITED  # GBL-063
        return Reason.NO_SEAT_LEFT if row.key in self.denied else None  # GBL-102

    def is_banned(self, sku: int) -> bool:
        facts = self.world.catalog.skus.get(sku)  # type: ignore[call-overload]
        return facts is not None and self.location in facts.prohibited_locations

    def banned(self) -> Plans:
        by_location = self.world.catalog.prohibited_service_plans
        return plans_in(by_location.get(self.location, 0)) if self.location else frozenset()

    def gives(self, row: Row, broken: Iterable[Row]) -> Plans | None:
        """What a row gives: all, or, when it breaks a rule, what is held already (record 8)."""
        if row not in broken:
            return row.plans
        if row.sku not in self.held or self.is_banned(row.sku):
            return None
        return row.plans & self.held[row.sku] - self.banned()

    def given(self, broken: Iterable[Row]) -> Licenses:
        """The union over all sources (GBL-020, 022), and what may not go (CON-01)."""
        licenses = dict(self.stays)
        for row in self.rows:
            plans = self.gives(row, broken)
            if plans is not None:
                licenses[row.sku] = licenses.get(row.sku, frozenset()) | plans
        return licenses

    def excluded_by(self, plans: Plans) -> Plans:
        """What cannot go with these; a service plan never excludes itself (PLN-001)."""
        found: set[int] = set()
        for left, right in self.world.catalog.exclusions:
            for ours, theirs in ((left, right), (right, left)):
                for plan in plans & plans_in(ours):
                    found |= plans_in(theirs) - {plan}
        return frozenset(found)

    def conflicting(self, taking: list[Row]) -> dict[Row, Reason]:
        """Rows of which a new service plan excludes one from another product (GBL-103).

        The other is held and stays, or is new as well and comes earlier, among those in `taking`.
        """
        taken = self.given(self.rows)
        found: dict[Row, Reason] = {}
        for row in self.rows:
            if row in self.failed:
                continue
            excluded = self.excluded_by(row.plans - self.held.get(row.sku, frozenset()))
            others = [plans for sku, plans in taken.items() if sku != row.sku]
            if any(excluded & plans for plans in others):
                found[row] = Reason.CONFLICTING_SERVICE_PLANS
            elif row in taking:
                taken[row.sku] = taken.get(row.sku, frozenset()) | row.plans
        return found

    def needs(self, plans: Plans) -> list[Plans]:
        """The any-of sets that these depend on and do not bring themselves (GBL-094)."""
        return [
            plans_in(one.any_of)
            for one in self.world.catalog.dependencies
            if plans & plans_in(one.service_plans) and not plans & plans_in(one.any_of)
        ]

    def unmet(self, broken: dict[Row, Reason]) -> dict[Row, Reason]:
        """Rows without what they depend on, and those that depend on them, and so on (GBL-104)."""
        found: dict[Row, Reason] = {}
        for _ in self.rows:
            out = broken | found
            lacking = [
                row
                for row in self.rows
                if row not in out and not self.is_met(row, self.around(row, out))
            ]
            found |= dict.fromkeys(lacking, Reason.DEPENDENCY_MISSING)
        return found

    def around(self, row: Row, out: Iterable[Row]) -> Plans:
        """Where a row may find what it needs: anywhere, or in its own group (GBL-090)."""
        if row.is_group and self.semantics.prerequisite_in_same_group:
            same = [self.gives(one, out) for one in self.rows if one.source == row.source]
            return frozenset().union(*(plans for plans in same if plans is not None))
        return frozenset().union(*self.given(out).values())

    def is_met(self, row: Row, around: Plans) -> bool:
        return all(any_of & around for any_of in self.needs(row.plans))

    def must_stay(self, broken: dict[Row, Reason]) -> bool:
        """Whether something that would go has to stay, because what stays needs it (CON-01)."""
        licenses = self.given(broken)
        everything = frozenset().union(*licenses.values())
        for sku in sorted(licenses):
            remaining = licenses[sku] & self.held.get(sku, frozenset())
            for any_of in self.needs(remaining):
                if not any_of & everything and self.keep_one(any_of, licenses):
                    return True
        return False

    def keep_one(self, any_of: Plans, licenses: Licenses) -> bool:
        for sku in sorted(self.held):
            facts = self.world.catalog.skus.get(sku)  # type: ignore[call-overload]
            if facts is None or self.is_banned(sku):
                continue
            usable = plans_in(facts.service_plans) - self.banned()
            lost = self.held[sku] & usable - licenses.get(sku, frozenset())
            if lost & any_of:
                kept = lost & any_of if sku in licenses else lost
                self.stays[sku] = self.stays.get(sku, frozenset()) | kept
                return True
        return False

    def fail_siblings(self, broken: dict[Row, Reason]) -> bool:
        """A product that fails blocks what else its group would bring, for good (GBL-080 to 082).

        What adds nothing is satisfied (CON-22), and what is held already stays (CON-16).
        """
        if not self.semantics.siblings_fail_together:
            return False
        for row in [row for row in self.rows if row in broken]:
            if not row.is_group or broken[row] is Reason.SIBLING_FAILED:
                continue
            bundle = [other for other in self.rows if other.source == row.source]
            blocked = [
                other
                for other in bundle
                if other not in broken and other.plans - self.held.get(other.sku, frozenset())
            ]
            blocked += [
                other
                for other in bundle
                if other not in broken and other.sku not in self.held and other not in blocked
            ]
            if blocked:
                self.failed |= {other: broken[other] for other in bundle if other in broken}
                self.failed |= dict.fromkeys(blocked, Reason.SIBLING_FAILED)
                return True
        return False

    def errors(self, broken: dict[Row, Reason]) -> Errors:
        errors: Errors = {row.key: broken[row] for row in self.rows if row in broken}
        for sku in self.stays:
            for source in self.blamed(sku):
                errors.setdefault((sku, source), Reason.DEPENDENCY_MISSING)
        return errors

    def blamed(self, sku: int) -> set[Source]:
        """Where an error about something that may not go is shown (CON-01)."""
        wishing = {row.source for row in self.rows if row.sku == sku}
        stored = sorted(e.source for e in self.user.errors if e.sku == sku)
        ended = sorted(w.source for w in self.user.wishes if w.sku == sku)
        givers = [h.given_by for h in self.user.held if h.sku == sku and h.given_by is not None]
        return wishing or set((stored or ended or givers or [DIRECT])[:1])
