"""What wants leave behind: the rows that are stored, and the lines that the history tells."""

from __future__ import annotations

from seatwright.app.reconcile import Edit
from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile import Wish
from seatwright.domain.wants import Want, WantKind
from seatwright.postgres.assignments import UserAssignment


def row_of(user: UserNo, wish: Wish) -> UserAssignment:
    """A wish as the row that is stored for a person."""
    return UserAssignment(
        user=user,
        sku=wish.sku,
        source=wish.source,
        strategy=wish.strategy,
        disabled=wish.disabled,
        priority=wish.priority,
        starts_at=wish.starts_at,
        expires_at=wish.expires_at,
    )


def edit_of(want: Want, sku: SkuNo, before: Wish | None, after: Wish | None) -> Edit | None:
    """What a want did to one product of a person, for the history; None: nothing."""
    if before == after:
        return None
    if before is None or (after is not None and before.source != after.source):
        action, reason = HistoryAction.ASSIGNED, ChangeReason.ASSIGNED
    elif after is None:
        action, reason = HistoryAction.REMOVED, ChangeReason.UNASSIGNED
    else:
        action, reason = HistoryAction.UPDATED, ChangeReason.ASSIGNED
    if want.kind is WantKind.REPLACE:
        reason = ChangeReason.SWAPPED
    elif want.source.kind is SourceKind.REQUEST:
        reason = ChangeReason.REQUEST_APPROVED
    return Edit(
        user=want.user,
        sku=sku,
        action=action,
        reason=reason,
        strategy=want.strategy,
        source=want.source,
        note=want.note,
        detail=want.detail,
    )
