"""Deciding whom of a slice the move may touch: the engine is asked about people as they would be.

Who would lack anything is taken out and it is asked again, until everybody who is left has what
they move to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.domain.errors import Reason
from seatwright.domain.ids import UserNo
from seatwright.domain.move_proof import unmet
from seatwright.domain.move_steps import Mover, Stay, Step, step_of
from seatwright.domain.moves import MoveOrder
from seatwright.domain.reconcile import ChangeSet, Snapshot, UserState, reconcile
from seatwright.domain.wants import settled_states

TURNS_MAX = 32
"""Each turn takes somebody out; past this nobody of the slice is moved, which is always safe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A step that does not stand: why, and the person as they would have been."""

    step: Step
    reason: Reason
    settled: UserState


@dataclass(slots=True, kw_only=True)
class Decided:
    """What is to be done for the people of a slice.

    `snapshot` has everybody as they will be wished, and `changes` is what the engine makes of it;
    `before` has them as they are. Everybody is in one of `steps`, `stays` and `denied`.
    """

    snapshot: Snapshot
    before: Mapping[UserNo, UserState]
    steps: dict[UserNo, Step]
    stays: dict[UserNo, Stay]
    denied: dict[UserNo, Denial]
    changes: ChangeSet

    def settled(self) -> dict[UserNo, UserState]:
        """Everybody as they are once it is done."""
        states = settled_states(self.snapshot.users, self.changes)
        return {state.user_no: state for state in states}


def decide(order: MoveOrder, snapshot: Snapshot, movers: Sequence[Mover]) -> Decided:
    """Find for everybody what the move does to them."""
    steps: dict[UserNo, Step] = {}
    stays: dict[UserNo, Stay] = {}
    for mover in movers:
        found = step_of(order, mover, catalog=snapshot.catalog, now=snapshot.now)
        if isinstance(found, Step):
            steps[mover.user.user_no] = found
        else:
            stays[mover.user.user_no] = found
    decided = Decided(
        snapshot=snapshot,
        before={user.user_no: user for user in snapshot.users},
        steps=steps,
        stays=stays,
        denied={},
        changes=ChangeSet(),
    )
    _settle(decided, order)
    return decided


def _settle(decided: Decided, order: MoveOrder) -> None:
    for turn in range(TURNS_MAX + 1):
        users = tuple(
            decided.steps[no].after if no in decided.steps else user
            for no, user in decided.before.items()
        )
        decided.snapshot = replace(decided.snapshot, users=users)
        decided.changes = reconcile(decided.snapshot)
        newly = _denials(decided, order)
        if not newly:
            return
        if turn == TURNS_MAX - 1:
            newly |= {no: (step, Reason.NO_SEAT_LEFT) for no, step in decided.steps.items()}
        settled = decided.settled()
        for no, (step, reason) in newly.items():
            decided.denied[no] = Denial(step=step, reason=reason, settled=settled[no])
            del decided.steps[no]


def _denials(decided: Decided, order: MoveOrder) -> dict[UserNo, tuple[Step, Reason]]:
    """The steps of this turn that do not stand.

    Those that lack a seat only once no other is left: who is taken out for another reason may
    leave them one.
    """
    settled = decided.settled()
    found: dict[UserNo, tuple[Step, Reason]] = {}
    for no, step in decided.steps.items():
        reason = unmet(
            step,
            before=decided.before[no],
            settled=settled[no],
            order=order,
            snapshot=decided.snapshot,
        )
        if reason is not None:
            found[no] = (step, reason)
    others = {no: one for no, one in found.items() if one[1] is not Reason.NO_SEAT_LEFT}
    return others or found
