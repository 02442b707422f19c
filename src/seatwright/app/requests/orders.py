"""What people ask and decide, as it was sent, and the checks of its texts and times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from seatwright.domain.errors import Reason, Refusal

PEOPLE_MAX = 500
"""People by name of one request; each has a line of their own."""

GROUP_MAX = 10_000
"""Members of a group that is asked for; as many as one call decides about."""

TEXT_LENGTH_MAX = 2000
YEAR_MIN, YEAR_MAX = 1970, 9998


@dataclass(frozen=True, slots=True, kw_only=True)
class AskOrder:
    """What is asked: for oneself where neither people nor a group is named."""

    sku: str
    people: Sequence[str] = ()
    group: str | None = None
    justification: str | None = None
    disabled: Sequence[str] = ()
    starts_at: datetime | None = None
    expires_at: datetime | None = None
    extends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOrder:
    """One decision: about a whole request, or about some of its people.

    `group`: those approved get it by becoming members. `sku`: another product than was asked for.
    `disabled` None: the service plans that were asked to be left off. `message` is for the people.
    """

    request: str
    people: Sequence[str] | None = None
    approves: bool
    message: str | None = None
    group: str | None = None
    sku: str | None = None
    disabled: Sequence[str] | None = None


def checked_text(name: str, text: str | None) -> str | None:
    """A text that people wrote, without the space around it; None for nothing.

    Raises Refusal invalidValue for one that is too long, or that no database keeps.
    """
    if text is None or not text.strip():
        return None
    if len(text) > TEXT_LENGTH_MAX or "\0" in text:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} has {len(text)} characters: give at most {TEXT_LENGTH_MAX}, and no zero byte.",
        )
    return text.strip()


def checked_moment(name: str, at: datetime | None) -> datetime | None:
    """A time that every calendar can keep, in UTC.

    Raises Refusal invalidValue for one without a time zone, or outside the years of licenses.
    """
    if at is None:
        return None
    if at.tzinfo is None or not YEAR_MIN <= at.year <= YEAR_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{name} is {at.isoformat()}: give a time with a time zone, between the years"
            f" {YEAR_MIN} and {YEAR_MAX}.",
        )
    return at.astimezone(UTC)
