"""Telling of assignments that expired without an effect: another source gave the same."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.reconcile import World
from seatwright.app.record import record_all
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.reconcile import ChangeSet
from seatwright.postgres.assignments import EndedAssignment


async def record_silent_ends(
    call: Call, ended: Sequence[EndedAssignment], world: World, changes: ChangeSet
) -> None:
    """A row for each assignment that expired and of which no change to a license or error tells.

    A change and its effect are one row (`interfaces.md`, "History row"), so what has an effect is
    told by that alone.
    """
    told = {(change.user_no, change.sku) for change in changes.changes}
    told |= {(error.user_no, error.sku) for error in changes.error_changes}
    held = {
        (user.user_no, one.sku): one.enabled for user in world.snapshot.users for one in user.held
    }
    lines = [
        HistoryLine(
            action=HistoryAction.REMOVED,
            reason=ChangeReason.EXPIRED.value,
            strategy=one.strategy,
            user=one.user,
            sku=one.sku,
            source=one.source,
            before=held.get((one.user, one.sku)),
            after=held.get((one.user, one.sku)),
        )
        for one in ended
        if (one.user, one.sku) not in told
    ]
    await record_all(call, lines)
