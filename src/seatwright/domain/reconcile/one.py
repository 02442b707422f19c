"""The rules for one person: the specification of the engine, and its single-user path.

One principle runs through all of them: **a rule refuses what is new and leaves what is held.**
A row (one wish) that breaks a rule gives nothing if the person does not hold the SKU; if they
do, it goes on giving those of its service plans that are held already, and carries an error.
Only two things take away: a wish that is gone, and a location in which something is prohibited.
So a mistake in the catalogue's data, or a service plan that Microsoft adds, never takes a
license from anyone.

The order is location, mutual exclusion, dependency, then (in `seats.py`) seats. A row that
failed a rule does not stand in the way of others: exclusion is asked again without it.
"""

from collections.abc import Container, Mapping, Sequence
from typing import Final

from seatwright.domain.assignments import DIRECT, Source
from seatwright.domain.errors import Reason
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo
from seatwright.domain.reconcile.laws import Prohibition
from seatwright.domain.reconcile.rows import Decision, Row, RowKey, Rules, is_inherited, union
from seatwright.domain.reconcile.world import UserState
from seatwright.domain.semantics import ExclusionOrder

_UNMET: Final = Reason.DEPENDENCY_MISSING
_BLOCKED: Final = Reason.SIBLING_FAILED


def decide(
    user: UserState,
    *,
    rows: Sequence[Row],
    held: Mapping[SkuNo, ServicePlanBits],
    denied: frozenset[RowKey],
    rules: Rules,
) -> Decision:
    """Decide what one person should hold, given which rows were denied a seat."""
    plain = _plainly(user, rows=rows, held=held, denied=denied, rules=rules)
    if plain is not None:
        return plain
    return _Deliberation(user, rows=rows, held=held, denied=denied, rules=rules).decision()


def _plainly(
    user: UserState,
    *,
    rows: Sequence[Row],
    held: Mapping[SkuNo, ServicePlanBits],
    denied: frozenset[RowKey],
    rules: Rules,
) -> Decision | None:
    """Give the union of all rows if no rule has anything to say about them, else None.

    Nearly everybody is decided here, so it is written for speed: one look-up per row.
    """
    if not _is_location_plain(user, rows=rows, held=held, rules=rules):
        return None
    errors: dict[RowKey, Reason] = {}
    if denied:
        if rules.semantics.siblings_fail_together:
            return None
        errors = {row.key: Reason.NO_SEAT_LEFT for row in rows if row.key in denied}
        rows = [row for row in rows if row.key not in denied]
    everything = union(row.bits for row in rows)
    profile, is_same_group = rules.laws.profile, rules.semantics.prerequisite_in_same_group
    licenses: dict[SkuNo, ServicePlanBits] = {}
    for sku, source, bits, _ in rows:
        conflicts, needs = profile(bits)
        if conflicts & everything:
            return None
        for any_of in needs:
            if not any_of & everything or (is_same_group and is_inherited(source)):
                return None
        licenses[sku] = ServicePlanBits(licenses.get(sku, 0) | bits)
    return Decision(licenses, errors, not denied)


def _is_location_plain(
    user: UserState,
    *,
    rows: Sequence[Row],
    held: Mapping[SkuNo, ServicePlanBits],
    rules: Rules,
) -> bool:
    laws = rules.laws
    prohibited = laws.prohibited_in(user.usage_location or rules.default_usage_location)
    for sku, source, bits, _ in rows:
        if bits & prohibited.service_plans or sku in prohibited.skus or sku in laws.unassignable:
            return False
        if not user.usage_location and not is_inherited(source) and sku not in held:
            return False
    return True


class _Deliberation:
    """The rules at length, for a person about whom some rule has something to say.

    `failed` and `retained` only grow, so that the deliberation ends.
    """

    __slots__ = ("failed", "held", "prohibited", "retained", "rows", "rules", "user")

    def __init__(
        self,
        user: UserState,
        *,
        rows: Sequence[Row],
        held: Mapping[SkuNo, ServicePlanBits],
        denied: frozenset[RowKey],
        rules: Rules,
    ) -> None:
        self.user = user
        self.held = held
        self.rules = rules
        self.rows = sorted(rows, key=self._rank)
        location = user.usage_location or rules.default_usage_location
        self.prohibited: Prohibition = rules.laws.prohibited_in(location)
        self.retained: dict[SkuNo, ServicePlanBits] = {}
        self.failed: dict[int, Reason] = {}
        for index, row in enumerate(self.rows):
            reason = self._reason_at_the_door(row, is_denied=row.key in denied)
            if reason is not None:
                self.failed[index] = reason

    def decision(self) -> Decision:
        """Apply the rules until they have nothing to add."""
        conflicting: dict[int, Reason] = {}
        # Every turn but the last fails a row or retains a service plan, so it cannot take longer.
        turns_max = len(self.rows) + sum(1 + bits.bit_count() for bits in self.held.values()) + 1
        for _ in range(turns_max):
            certain = {**self.failed, **self._conflicting(with_new=False)}
            if self._fail_siblings(certain):
                continue
            conflicting = self._conflicting(with_new=True)
            unmet = self._unmet(conflicting)
            reasons = {**self.failed, **conflicting, **dict.fromkeys(unmet, _UNMET)}
            if self._retain(reasons):
                continue
            if unmet:
                self.failed.update(dict.fromkeys(unmet, _UNMET))
                continue
            if not self._fail_siblings(reasons):
                break
        reasons = {**self.failed, **conflicting}
        return Decision(
            self._effective(reasons), self._errors(reasons), False, frozenset(self.retained)
        )

    def _rank(self, row: Row) -> tuple[object, ...]:
        """Order rows for mutual exclusion: held first, then as the semantics say.

        The rest of the key only makes the order complete, so that input order never matters.
        """
        wish = row.wish
        is_by_time = self.rules.semantics.exclusion_order is ExclusionOrder.TIME
        return (
            row.sku not in self.held,
            0 if is_by_time else wish.priority,
            wish.assigned_at,
            row.sku,
            row.source,
            row.bits,
        )

    def _reason_at_the_door(self, row: Row, *, is_denied: bool) -> Reason | None:
        """Give why a row fails by itself, whatever else the person has."""
        if row.sku in self.rules.laws.unassignable:
            return Reason.NOT_ASSIGNABLE_TO_USERS
        # An administrator who clears a location does not take licenses away: GBL-060 speaks of
        # the moment of assigning.
        has_no_location = not self.user.usage_location and not is_inherited(row.source)
        if has_no_location and row.sku not in self.held:
            return Reason.USAGE_LOCATION_MISSING
        if row.sku in self.prohibited.skus or row.bits & self.prohibited.service_plans:
            return Reason.USAGE_LOCATION_PROHIBITED
        return Reason.NO_SEAT_LEFT if is_denied else None

    def _kept(self, row: Row) -> ServicePlanBits | None:
        """Give what a row that breaks a rule still gives: what is held and not prohibited."""
        if row.sku not in self.held or row.sku in self.prohibited.skus:
            return None
        return ServicePlanBits(row.bits & self.held[row.sku] & ~self.prohibited.service_plans)

    def _effective(self, broken: Container[int]) -> dict[SkuNo, ServicePlanBits]:
        """Give the union of what all rows give, and of what may not be removed (GBL-022)."""
        licenses = dict(self.retained)
        for index, row in enumerate(self.rows):
            gives = self._kept(row) if index in broken else row.bits
            if gives is not None:
                licenses[row.sku] = ServicePlanBits(licenses.get(row.sku, 0) | gives)
        return licenses

    def _conflicting(self, *, with_new: bool) -> dict[int, Reason]:
        """Find the rows whose new service plans exclude something already taken (GBL-103).

        Taken is what is held, and, `with_new`, what earlier rows take; a conflict with the
        latter may still resolve itself when the earlier row turns out to fail.
        """
        taken = self._effective(range(len(self.rows)))
        conflicting: dict[int, Reason] = {}
        for index, row in enumerate(self.rows):
            if index in self.failed:
                continue
            new = ServicePlanBits(row.bits & ~self.held.get(row.sku, NO_SERVICE_PLANS))
            conflicts = self.rules.laws.profile(new).conflicts
            if any(conflicts & bits for sku, bits in taken.items() if sku != row.sku):
                conflicting[index] = Reason.CONFLICTING_SERVICE_PLANS
            elif with_new:
                taken[row.sku] = ServicePlanBits(taken.get(row.sku, 0) | row.bits)
        return conflicting

    def _unmet(self, conflicting: Mapping[int, Reason]) -> frozenset[int]:
        """Find the rows that lack what they depend on: what remains is the greatest fixpoint."""
        reasons = {**self.failed, **conflicting}
        unmet: set[int] = set()
        for _ in range(len(self.rows) + 1):
            standing = [i for i in range(len(self.rows)) if i not in reasons]
            newly = [i for i in standing if self._lacks(i, reasons)]
            if not newly:
                break
            unmet.update(newly)
            reasons.update(dict.fromkeys(newly, _UNMET))
        return frozenset(unmet)

    def _lacks(self, index: int, reasons: Mapping[int, Reason]) -> bool:
        row = self.rows[index]
        needs = self.rules.laws.profile(row.bits).needs
        if not needs:
            return False
        if is_inherited(row.source) and self.rules.semantics.prerequisite_in_same_group:
            available = self._given_by(row.source, reasons)
        else:
            available = union(self._effective(reasons).values())
        return not all(any_of & available for any_of in needs)

    def _given_by(self, source: Source, reasons: Mapping[int, Reason]) -> ServicePlanBits:
        """Give the service plans that one group gives this person (GBL-090)."""
        given = (
            self._kept(row) if index in reasons else row.bits
            for index, row in enumerate(self.rows)
            if row.source == source
        )
        return union(bits for bits in given if bits is not None)

    def _retain(self, reasons: Mapping[int, Reason]) -> bool:
        """Keep one license, or service plans of it, on which something held depends (CON-01).

        Nothing is kept while another license, even one that begins in this same pass, gives
        what is needed: so a swap to a larger suite drops the smaller one at once. Of several
        licenses that would do, the one with the smallest SKU number is kept.
        """
        licenses = self._effective(reasons)
        available = union(licenses.values())
        for sku in sorted(licenses):
            staying = ServicePlanBits(licenses[sku] & self.held.get(sku, NO_SERVICE_PLANS))
            for any_of in self.rules.laws.profile(staying).needs:
                if not any_of & available and self._retain_one(any_of, licenses):
                    return True
        return False

    def _retain_one(
        self, any_of: ServicePlanBits, licenses: Mapping[SkuNo, ServicePlanBits]
    ) -> bool:
        for sku in sorted(set(self.held) - self.prohibited.skus):
            usable = self.rules.laws.service_plans_of(sku) & ~self.prohibited.service_plans
            lost = self.held[sku] & usable & ~licenses.get(sku, NO_SERVICE_PLANS)
            if lost & any_of:
                kept = lost & any_of if sku in licenses else lost
                self.retained[sku] = ServicePlanBits(self.retained.get(sku, 0) | kept)
                return True
        return False

    def _fail_siblings(self, reasons: Mapping[int, Reason]) -> bool:
        """Fail the other products of one group of which one failed (GBL-080, 082).

        One group at a time, and for good: what failed stays failed even if the blocked sibling
        was what it failed against, for a group gives all its products or none.

        What is held already stays, and a sibling that adds nothing is satisfied (CON-16, 22).
        """
        if not self.rules.semantics.siblings_fail_together:
            return False
        for index in sorted(reasons):
            # A sibling that was blocked is a consequence, it must not block the one that failed.
            source = self.rows[index].source
            if reasons[index] is not _BLOCKED and is_inherited(source):
                bundle = [i for i, row in enumerate(self.rows) if row.source == source]
                blocked = [
                    i for i in bundle if i not in reasons and self._adds_something(self.rows[i])
                ]
                if blocked:
                    self.failed.update({i: reasons[i] for i in bundle if i in reasons})
                    self.failed.update(dict.fromkeys(blocked, _BLOCKED))
                    return True
        return False

    def _adds_something(self, row: Row) -> bool:
        return row.sku not in self.held or bool(row.bits & ~self.held[row.sku])

    def _errors(self, reasons: Mapping[int, Reason]) -> dict[RowKey, Reason]:
        errors: dict[RowKey, Reason] = {}
        for index in sorted(reasons):
            errors.setdefault(self.rows[index].key, reasons[index])
        for sku in sorted(self.retained):
            for source in self._blamed_for(sku):
                errors.setdefault(RowKey(sku, source), _UNMET)
        return errors

    def _blamed_for(self, sku: SkuNo) -> frozenset[Source]:
        """Give the sources to show the error of a blocked removal on.

        Those that still wish the SKU, without the service plan that must stay; else the source
        whose wish is gone, as far as it is known; else the direct one.
        """
        wishing = frozenset(row.source for row in self.rows if row.sku == sku)
        if wishing:
            return wishing
        stored = [error.source for error in self.user.errors if error.sku == sku]
        ended = [wish.source for wish in self.user.wishes if wish.sku == sku]
        given = [h.given_by for h in self.user.held if h.sku == sku and h.given_by is not None]
        known = sorted(stored) or sorted(ended) or given or [DIRECT]
        return frozenset(known[:1])
