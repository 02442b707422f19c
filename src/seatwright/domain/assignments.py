"""Assignments: recorded wishes, and the ways they come about."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum, unique
from typing import Final


@unique
class Strategy(StrEnum):
    """Which way an assignment came about; every assignment carries exactly one."""

    MANUAL = "manual"
    BULK = "bulk"
    GROUP = "group"
    REQUEST = "request"
    ON_DEMAND = "on_demand"


@unique
class SourceKind(IntEnum):
    """What kind of thing is behind an assignment; the number is how it is stored and ordered.

    Only GROUP is inherited: it is changed at the group, never on the person (GBL-025). What an
    import adopts is DIRECT, for from then on it is handled like what an administrator gave. HOLD
    is the brake's: it keeps alive what a held change would take (`docs/how-to/brake.md`).
    """

    DIRECT = 0
    GROUP = 1
    POLICY = 2
    REQUEST = 3
    HOLD = 4

    @property
    def is_own(self) -> bool:
        """Whether it stands on the person and is changed there: neither a group's nor a hold."""
        return self not in {SourceKind.GROUP, SourceKind.HOLD}


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Source:
    """The thing behind an assignment: `no` is the number of the group, policy or request.

    A direct assignment has `no` 0, so that a person has at most one per product (ASN-005).
    """

    kind: SourceKind
    no: int


DIRECT: Final = Source(kind=SourceKind.DIRECT, no=0)
"""The source of everything that was given to a person by name."""

PRIORITY_DEFAULT: Final = 128
PRIORITY_MAX: Final = 255
"""Priorities run from 0, which is served first, to 255."""
