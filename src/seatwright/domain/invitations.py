"""Invitations: somebody from outside for whom seats are held until they accept (T-136, T-137)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import PrincipalNo, ServicePlanBits, SkuNo, UserNo

LASTS: Final = timedelta(days=14)
"""Two weeks after it was issued it lapses, and its seats return (T-137, L-15)."""

WARN_BEFORE: Final = timedelta(days=3)
"""When the inviter is told that nobody has accepted yet."""

KEPT_AFTER_END: Final = timedelta(days=90)
"""How long one that has ended can be read; then the address is forgotten."""

PRODUCTS_MAX: Final = 20


@unique
class InvitationState(StrEnum):
    """What became of an invitation; the values are the wire's."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


@unique
class InvitationAction(StrEnum):
    """What can be done with one; the value is how a refusal calls it."""

    ACCEPT = "accepted"
    RESEND = "sent again"
    WITHDRAW = "withdrawn"


ALLOWS: Final[Mapping[InvitationState, frozenset[InvitationAction]]] = {
    InvitationState.PENDING: frozenset(InvitationAction),
    InvitationState.ACCEPTED: frozenset(),
    InvitationState.EXPIRED: frozenset(),
    InvitationState.WITHDRAWN: frozenset(),
}
"""Every state and what it allows; one that has ended is followed by a new invitation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitedLicense:
    """A product that the invited person gets; `seat_no` names the seat that is held for it."""

    sku: SkuNo
    disabled: ServicePlanBits
    seat_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One invitation; `user` is who the invited person became."""

    invitation_no: int
    id: UUID
    mail: str
    display_name: str
    usage_location: str | None
    message: str | None
    state: InvitationState
    invited_at: datetime
    sent_at: datetime
    times_sent: int
    expires_at: datetime
    created_by: PrincipalNo
    ended_at: datetime | None = None
    user: UserNo | None = None
    licenses: tuple[InvitedLicense, ...] = ()

    def state_at(self, now: datetime) -> InvitationState:
        """What it is at a moment: one whose time is over has expired, noticed or not."""
        is_over = self.state is InvitationState.PENDING and self.expires_at <= now
        return InvitationState.EXPIRED if is_over else self.state

    def days_left(self, now: datetime) -> int:
        """The days in which it can still be accepted, the last one counted in full."""
        if self.state_at(now) is not InvitationState.PENDING:
            return 0
        return -(-(self.expires_at - now) // timedelta(days=1))


def require_allowed(one: Invitation, action: InvitationAction, *, now: datetime) -> None:
    """Let an action by that the invitation's state allows.

    Raises Refusal alreadyDecided with what it is and what to do.
    """
    state = one.state_at(now)
    if action in ALLOWS[state]:
        return
    ended = one.expires_at if one.ended_at is None else one.ended_at
    raise Refusal(
        Reason.ALREADY_DECIDED,
        f"The invitation of {one.mail} is {state} since {ended:%Y-%m-%d %H:%M} UTC and cannot be"
        f" {action}: invite them anew.",
        context={"state": state.value, "invitationId": str(one.id)},
    )
