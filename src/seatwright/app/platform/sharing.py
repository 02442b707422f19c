"""Whom apps are shared with."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.platform.apps import require_app
from seatwright.app.platform.naming import known_groups, known_users, record_platform
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.platform_things import (
    SHARES_AT_ONCE_MAX,
    App,
    ShareKind,
    ShareRow,
    Shares,
)
from seatwright.postgres.platform_environments import raise_platform_version
from seatwright.postgres.platform_shares import AppShares, add_shares, list_shares, remove_share


async def page_of_shares(
    call: Call, text: str, *, after: tuple[int, int], limit: int
) -> list[ShareRow]:
    """Whom an app is shared with: everyone, then groups, then people; one more than `limit`.

    Raises Refusal unknownApp.
    """
    app = await require_app(call, text)
    return await list_shares(call.tx, app.app_no, after=after, limit=limit + 1)


async def share_app(
    call: Call, text: str, *, everyone: bool, groups: Sequence[str], users: Sequence[str]
) -> App:
    """Share an app with more people: all of those named, or none if one is unknown.

    Raises Refusal unknownApp, unknownUser, unknownGroup, and invalidValue for nobody or too many
    at once.
    """
    app = await require_app(call, text)
    named = len(groups) + len(users)
    if not (everyone or named) or named > SHARES_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{named} groups and people are named: give everyone, or 1 to {SHARES_AT_ONCE_MAX} of"
            " them; more go into a file for /api/imports/apps.",
        )
    shares = Shares(
        everyone=everyone,
        groups=frozenset(await known_groups(call, groups)),
        users=frozenset(await known_users(call, users)),
    )
    added = await add_shares(call.tx, (AppShares(app_no=app.app_no, shares=shares),))
    if added:
        await raise_platform_version(call.tx)
        await record_platform(
            call, HistoryAction.PLATFORM_UPDATED, "app", app.id, changed=["sharedWith"], added=added
        )
    return await require_app(call, str(app.id))


async def unshare_app(call: Call, text: str, member: str) -> None:
    """Stop sharing an app with everyone, a group by its id, or a person.

    Raises Refusal unknownApp, unknownUser, unknownGroup, and notAssigned where it is not shared
    so.
    """
    app = await require_app(call, text)
    if not await _removed(call, app, member):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{app.name} is not shared with “{member[:60]}” by itself: GET"
            f" /api/platform/apps/{app.id}/shares shows with whom it is.",
        )
    await raise_platform_version(call.tx)
    await record_platform(
        call, HistoryAction.PLATFORM_UPDATED, "app", app.id, changed=["sharedWith"], removed=1
    )


async def _removed(call: Call, app: App, member: str) -> bool:
    if member.strip().casefold() == ShareKind.EVERYONE.value:
        return await remove_share(call.tx, app.app_no)
    if parse_id(member) is not None:
        # An id may be a group's or a person's; a group is looked for first, for most shares are.
        try:
            group = await find_group(call, member)
        except Refusal:
            pass
        else:
            return await remove_share(call.tx, app.app_no, group=group.group_no)
    user = await find_user(call, member)
    return await remove_share(call.tx, app.app_no, user=user.user_no)
