"""Whether a step of a move stands: the engine is asked, and its answer held against the step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.move_steps import Step
from seatwright.domain.moves import MoveOrder
from seatwright.domain.reconcile import Snapshot, UserState


def unmet(
    step: Step, *, before: UserState, settled: UserState, order: MoveOrder, snapshot: Snapshot
) -> Reason | None:
    """Why a step does not stand, given the person as the engine would leave them; None if it does.

    What they move to must be theirs from a source without an error: from the group itself where
    they move into one, for a license that only lasts because it is held would be no license of
    the group's.
    """
    proof = _Proof(step=step, before=before, settled=settled, order=order, snapshot=snapshot)
    return proof.not_given() or proof.not_gone() or proof.group_error() or proof.lost()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proof:
    """One person as the engine would leave them, held against what the step promises."""

    step: Step
    before: UserState
    settled: UserState
    order: MoveOrder
    snapshot: Snapshot

    @property
    def held(self) -> Mapping[SkuNo, ServicePlanBits]:
        """What they would hold."""
        return {one.sku: one.enabled for one in self.settled.held}

    @property
    def errors(self) -> Mapping[tuple[SkuNo, Source], Reason]:
        """Which of their sources would not give what they say."""
        return {(one.sku, one.source): one.reason for one in self.settled.errors}

    def not_given(self) -> Reason | None:
        """Why something that they move to would not be theirs."""
        held, errors = self.held, self.errors
        for sku in sorted(self.step.must_hold):
            sources = self._sources(sku)
            reasons = [errors[sku, one] for one in sorted(sources) if (sku, one) in errors]
            is_given = sku in held and len(reasons) < len(sources)
            # An assignment that begins later gives nothing, and takes the place of one like it.
            if not is_given and (sources or self._has_something_to_lose()):
                return reasons[0] if reasons else Reason.NO_SEAT_LEFT
        return None

    def _sources(self, sku: SkuNo) -> frozenset[Source]:
        is_into_group = self.order.new_group is not None
        return frozenset(
            wish.source
            for wish in self.step.after.wishes
            if wish.sku == sku
            and wish.counts_at(self.snapshot.now)
            and (wish.source.kind is SourceKind.GROUP or not is_into_group)
        )

    def _has_something_to_lose(self) -> bool:
        moved = self.step.must_hold | self.step.gives_up | {self.order.old_sku}
        return any(one.sku in moved for one in self.before.held)

    def not_gone(self) -> Reason | None:
        """Why something that they give up would stay: something else that they hold needs it."""
        stuck = sorted(self.step.gives_up & self.held.keys())
        if not stuck:
            return None
        kept = (reason for (sku, _), reason in self.errors.items() if sku == stuck[0])
        return next(kept, Reason.DEPENDENCY_MISSING)

    def group_error(self) -> Reason | None:
        """An error of anything that the group gives, where it gives all its products or none."""
        group = self.order.new_group
        if group is None or not self.snapshot.semantics.siblings_fail_together:
            return None
        source = Source(kind=SourceKind.GROUP, no=group)
        failing = (reason for (_, one), reason in sorted(self.errors.items()) if one == source)
        return next(failing, None)

    def lost(self) -> Reason | None:
        """Service plans of the same product that would go although nothing said so before."""
        held = self.held
        for one in self.before.held:
            if one.sku in self.step.must_hold and one.enabled & ~held.get(one.sku, 0):
                return Reason.SURPLUS_SERVICE_PLANS
        return None
