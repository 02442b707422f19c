"""What a person wants to be mailed; they choose it themselves, or an administrator does."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.telling.words import parse_kind
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.mail_preferences import MailPreference
from seatwright.domain.roles import Permission
from seatwright.postgres.labels import find_user_label
from seatwright.postgres.mail_choices import read_preference, write_preference


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceChange:
    """What is to change; None leaves it."""

    is_on: bool | None = None
    is_daily: bool | None = None
    muted: list[str] | None = None


async def preference_of(call: Call, user: str) -> MailPreference:
    """What a person wants to be mailed.

    Raises Refusal unknownUser, also for somebody else's.
    """
    return await read_preference(call.tx, await _reach(call, user, Permission.READ_TELLING))


async def change_preference(call: Call, user: str, change: PreferenceChange) -> MailPreference:
    """Choose what a person is mailed.

    Raises Refusal unknownUser, also for somebody else, and unknownMailKind for a kind that is none.
    """
    number = await _reach(call, user, Permission.MANAGE_TELLING)
    there = await read_preference(call.tx, number)
    muted = there.muted
    if change.muted is not None:
        muted = frozenset(parse_kind(one, is_in_body=True).value for one in change.muted)
    new = MailPreference(
        is_on=there.is_on if change.is_on is None else change.is_on,
        is_daily=there.is_daily if change.is_daily is None else change.is_daily,
        muted=muted,
    )
    await write_preference(call.tx, number, new)
    return new


async def _reach(call: Call, user: str, permission: Permission) -> UserNo:
    """The person, whom only they themselves and who may do so reach; others learn nothing."""
    found = await find_user_label(call.tx, user)
    is_own = found is not None and found.user_no == call.principal.user_no
    if found is None or not (is_own or call.principal.may(permission)):
        # Whoever may not look learns nothing about who is there.
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{user}”, or they choose for themselves: GET /api/identity/users"
            " lists people, and global administrators choose for everybody.",
            context={"user": user},
        )
    return found.user_no
