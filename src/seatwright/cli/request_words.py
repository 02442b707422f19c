"""Words about license requests: why somebody was left out, and how old a request is."""

from __future__ import annotations

from seatwright.cli.tables import count_of

LEFT_OUT = {
    "noChange": "they have it already, or have asked for it",
    "alreadyRequested": "they have asked for it, and that is being decided",
    "notAssigned": "they have none of their own that ends",
    "invalidValue": "what they have ends later",
    "ownProcess": "the organization has a process of its own",
    "notRequestable": "it cannot be asked for",
}

_HOUR, _DAY = 3600, 24 * 3600
_FEW_HOURS = 48 * _HOUR


def age(seconds: int) -> str:
    """How long, in the largest unit that says something."""
    if seconds >= _FEW_HOURS:
        return count_of(seconds // _DAY, "day", "days")
    if seconds >= _HOUR:
        return count_of(seconds // _HOUR, "hour", "hours")
    return count_of(seconds // 60, "minute", "minutes")
