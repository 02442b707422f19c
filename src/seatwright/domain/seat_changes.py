"""Changes of a purchase's units that are booked for a day (T-138, T-141, C-24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from seatwright.domain.errors import Reason
from seatwright.domain.ids import PrincipalNo


@unique
class SeatChangeState(StrEnum):
    """What became of a booked change; the values are the wire's."""

    SCHEDULED = "scheduled"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """From `effective_at` on a purchase has `units`; `units_before` is what it had when asked.

    `reason` and `message` say why it was refused when its day came.
    """

    id: UUID
    subscription_id: UUID
    units: int
    units_before: int
    effective_at: datetime
    state: SeatChangeState
    created_at: datetime
    created_by: PrincipalNo
    note: str | None = None
    reason: Reason | None = None
    message: str | None = None
    ended_at: datetime | None = None
