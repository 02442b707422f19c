"""What people are told about claims: that one will be released, and that seats run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.ids import SkuNo, UserNo


@unique
class NoticeKind(StrEnum):
    """Whom a notice is for: the holder of a claim, or whoever administers the policy."""

    RELEASE = "release"
    """A license that its holder does not use will be taken back."""

    SEATS = "seats"
    """Fewer seats are left than the policy wants to be warned of."""


@unique
class NoticeOutcome(StrEnum):
    """How a notice ended."""

    KEPT = "kept"
    """Its holder, or an administrator, said that the license is to stay."""

    USED = "used"
    """The license was used again."""

    RELEASED = "released"
    """The claim was taken back, and the license with it unless something else gives it."""

    HELD = "heldForApproval"
    """The brake held the release, and a second administrator decides: whom a rejection leaves the
    license has the whole time again."""

    GONE = "gone"
    """The license went another way, or the policy no longer says what the notice said."""

    FILLED = "filled"
    """There are enough seats again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that was announced; `due_at` is when a license is taken back, `seats` were free."""

    notice_no: int
    id: UUID
    policy: PolicyNo
    kind: NoticeKind
    user: UserNo | None
    sku: SkuNo | None
    at: datetime
    due_at: datetime | None
    seats: int | None
    ended_at: datetime | None
    outcome: NoticeOutcome | None
