"""One person while the rounds go on: what they hold, what they are denied, what was decided."""

from collections.abc import Container, Iterator, Mapping
from datetime import datetime
from typing import Final

from seatwright.domain.assignments import Source
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.reconcile.one import decide
from seatwright.domain.reconcile.rows import Decision, Row, RowKey, Rules, is_inherited, live_rows
from seatwright.domain.reconcile.seats import Claimant, Denial
from seatwright.domain.reconcile.world import UserState

_NONE_DENIED: Final[frozenset[RowKey]] = frozenset()
_NOTHING_DECIDED: Final = Decision({}, {}, False)


class Case:
    """One person's case; it changes from round to round, unlike everything the engine returns.

    `held` is what the person holds at the beginning of the round, `decision` what they should.
    """

    __slots__ = (
        "_known",
        "decision",
        "denied",
        "forgiven",
        "held",
        "rows",
        "rules",
        "user",
        "waits_for",
    )

    def __init__(self, user: UserState, *, rules: Rules, is_tried_again: bool) -> None:
        """Open a case; raises ValueError if the person holds one SKU twice (GBL-021)."""
        self.user = user
        self.rules = rules
        self.rows = live_rows(user, rules)
        self.held: Mapping[SkuNo, ServicePlanBits] = {h.sku: h.enabled for h in user.held}
        if len(self.held) != len(user.held):
            raise ValueError(f"The snapshot says that user {user.user_no} holds one SKU twice.")
        self.waits_for = _NONE_DENIED if is_tried_again else _waited_for(user)
        self.denied = _NONE_DENIED
        self.forgiven = _NONE_DENIED
        self.decision = _NOTHING_DECIDED
        # What was decided, by what was denied, as long as the same is held: most people are
        # denied the same in every round.
        self._known: dict[frozenset[RowKey], Decision] = {}

    def begin_round(self) -> None:
        """Decide without denials, except for what the person waits for and is not tried again.

        A source does not wait for what another source already gave (CON-22).
        """
        self.denied = self.forgiven = _NONE_DENIED
        if self.waits_for:
            self.denied = frozenset(key for key in self.waits_for if key.sku not in self.held)
        self.decide()

    def resume(
        self,
        *,
        held: Mapping[SkuNo, ServicePlanBits],
        denied: frozenset[RowKey],
        forgiven: frozenset[RowKey],
    ) -> None:
        """Take the case up in the middle of a round, as if it had been open all the time."""
        self.held, self.denied, self.forgiven = held, denied, forgiven
        self._known = {}
        self.decide()

    def keys_of(self, skus: Container[SkuNo]) -> frozenset[RowKey]:
        """Give the rows that wish one of these SKUs."""
        return frozenset(row.key for row in self.rows if row.sku in skus)

    def decide(self) -> None:
        """Decide what the person should hold, given what they are denied."""
        known = self._known.get(self.denied)
        if known is None:
            known = self._known[self.denied] = decide(
                self.user, rows=self.rows, held=self.held, denied=self.denied, rules=self.rules
            )
        self.decision = known

    def decide_again(self) -> bool:
        """Decide after a denial; say whether more changed than the SKUs that were denied."""
        before = self.decision.licenses
        self.decide()
        denied = {key.sku for key in self.denied}
        return {s: b for s, b in before.items() if s not in denied} != self.decision.licenses

    def deny(self, denial: Denial) -> None:
        """Note that there was no seat, for one source or for all that wish the SKU."""
        if denial.source is not None:
            self.denied |= {RowKey(denial.sku, denial.source)}
        else:
            self.denied |= self.keys_of({denial.sku})

    def forgive(self, left: Mapping[SkuNo, int]) -> bool:
        """Take back denials of SKUs of which seats are left after all, each once per round.

        What the person waits for and is not tried again for stays denied.
        """
        forgiven = {
            key for key in self.denied - self.forgiven - self.waits_for if left.get(key.sku, 0) > 0
        }
        if not forgiven:
            return False
        self.forgiven |= forgiven
        self.denied -= forgiven
        self.decide()
        return True

    def end_round(self) -> bool:
        """Take what was decided as held; say whether that is a change."""
        is_moved = self.decision.licenses != self.held
        if is_moved:
            self._known = {}
        self.held = self.decision.licenses
        return is_moved

    def claimants(self) -> Iterator[Claimant]:
        """Give the claims to seats of what was decided and is not held yet."""
        if self.rules.semantics.siblings_fail_together:
            return self._claimants_by_source()
        return self._claimants_by_sku()

    def _claimants_by_sku(self) -> Iterator[Claimant]:
        for sku in self.decision.licenses:
            if sku not in self.held:
                rows = [row for row in self.rows if row.sku == sku]
                yield self._claimant(rows, source=None)

    def _claimants_by_source(self) -> Iterator[Claimant]:
        """Give one claim per group, for all its products; and one per other row (GBL-080)."""
        bundles: dict[tuple[Source, SkuNo | None], list[Row]] = {}
        for row in self.rows:
            if row.sku not in self.held and row.key not in self.decision.errors:
                sku = None if is_inherited(row.source) else row.sku
                bundles.setdefault((row.source, sku), []).append(row)
        for (source, _), rows in bundles.items():
            yield self._claimant(rows, source=source)

    def _claimant(self, rows: list[Row], *, source: Source | None) -> Claimant:
        skus = tuple(sorted({row.sku for row in rows}))
        return Claimant(
            min(row.wish.priority for row in rows),
            min(self.waiting_since(sku) for sku in skus),
            self.user.user_no,
            source,
            skus,
        )

    def waiting_since(self, sku: SkuNo) -> datetime:
        """Give since when the person waits for a seat of a SKU: now, if they did not before."""
        since = [
            error.waiting_since
            for error in self.user.errors
            if error.sku == sku and error.reason is Reason.NO_SEAT_LEFT
        ]
        return min(since, default=self.rules.now)


def _waited_for(user: UserState) -> frozenset[RowKey]:
    return frozenset(
        RowKey(error.sku, error.source)
        for error in user.errors
        if error.reason is Reason.NO_SEAT_LEFT
    )
