"""What can become of a request: every state and every action, allowed or refused, in one table.

The product asks this table before it does anything, the page `docs/reference/requests.md` is made
from it, and tests walk it against a real database. A line is one person of a request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from seatwright.domain.errors import Reason


@unique
class LineState(StrEnum):
    """Where a person's line of a request is; all but the first are final."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNDONE = "undone"


@unique
class Act(StrEnum):
    """What people and time do to a line; the value is its name on the wire and in the docs."""

    APPROVE = "approve"
    DENY = "deny"
    CANCEL = "cancel"
    UNDO = "undo"
    ASK_AGAIN = "askAgain"
    EXPIRE = "expire"
    ESCALATE = "escalate"
    HOLD = "hold"
    LAPSE = "lapse"
    FALL_AWAY = "fallAway"

    @property
    def is_of_time(self) -> bool:
        """Done by upkeep when its time has come, never by a call."""
        return self in {Act.EXPIRE, Act.ESCALATE, Act.HOLD, Act.LAPSE, Act.FALL_AWAY}


@dataclass(frozen=True, slots=True)
class Allowed:
    """An action that is done: the state after it, and its effect in a sentence."""

    to: LineState
    effect: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An action that is refused; `words` end the sentence that begins with what is so."""

    reason: Reason
    words: str


Step = Allowed | Refused

_PENDING: Final[Mapping[Act, Step]] = {
    Act.APPROVE: Allowed(
        LineState.APPROVED,
        "The product is given as rules and seats let, using the held seat if there is one. Who"
        " cannot be given it stays pending, with the reason, and nothing is half done.",
    ),
    Act.DENY: Allowed(LineState.DENIED, "The held seat goes back."),
    Act.CANCEL: Allowed(LineState.CANCELLED, "The held seat goes back."),
    Act.UNDO: Refused(Reason.STILL_PENDING, "there is no approval to undo: deny or cancel it"),
    Act.ASK_AGAIN: Refused(Reason.ALREADY_REQUESTED, "it is being decided: wait, or cancel it"),
    Act.EXPIRE: Allowed(
        LineState.EXPIRED, "After the policy's days without a decision. The held seat goes back."
    ),
    Act.ESCALATE: Allowed(
        LineState.PENDING, "After the policy's hours the alternate may decide too, and is told."
    ),
    Act.HOLD: Allowed(LineState.PENDING, "The first in line is held a seat as room comes."),
    Act.LAPSE: Allowed(LineState.PENDING, "After the hours of a hold its seat goes back."),
    Act.FALL_AWAY: Allowed(
        LineState.CANCELLED,
        "When the person has left the directory, has got the product in another way for as long as"
        " was asked, or has nothing more that could be extended. The held seat goes back.",
    ),
}


def _decided(state: LineState, undo: Step, again: Step) -> Mapping[Act, Step]:
    """The row of a final state: nothing but these two can be done to it."""
    said = Refused(Reason.ALREADY_DECIDED, f"it is {state.value} already")
    row: dict[Act, Step] = dict.fromkeys(Act, said)
    return row | {Act.UNDO: undo, Act.ASK_AGAIN: again}


def _ended(state: LineState) -> Mapping[Act, Step]:
    return _decided(
        state,
        Refused(Reason.ALREADY_DECIDED, f"it is {state.value}, and nothing was given by it"),
        Allowed(state, "A new request for the same is made, and goes the same way."),
    )


TABLE: Final[Mapping[LineState, Mapping[Act, Step]]] = {
    LineState.PENDING: _PENDING,
    LineState.APPROVED: _decided(
        LineState.APPROVED,
        Allowed(
            LineState.UNDONE,
            "What the approval gave is taken back, by the brake if they are many; what else gives"
            " the product stays. An extension ends when it would have ended without.",
        ),
        Refused(
            Reason.ALREADY_DECIDED, "it is approved already: to have it for longer, ask to extend"
        ),
    ),
    LineState.DENIED: _ended(LineState.DENIED),
    LineState.CANCELLED: _ended(LineState.CANCELLED),
    LineState.EXPIRED: _ended(LineState.EXPIRED),
    LineState.UNDONE: _ended(LineState.UNDONE),
}
"""Every state with every action; a test holds it complete."""


def step_of(state: LineState, act: Act) -> Step:
    """What an action does to a line in a state."""
    return TABLE[state][act]
