"""Whom apps are shared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.platform.kinds import APPS
from seatwright.app.platform.naming import known_groups, known_users, record_platform
from seatwright.app.platform.things import require, require_held
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import AppNo
from seatwright.domain.platform_file import SHARES_COLUMN, SharesText, shares_of_cell
from seatwright.domain.platform_things import (
    EVERYBODY,
    SHARES_AT_ONCE_MAX,
    App,
    Holder,
    HolderKind,
    Shares,
)
from seatwright.postgres.groups import find_groups
from seatwright.postgres.platform_holders import SHARES, list_holders, take_from_holder
from seatwright.postgres.platform_shares import (
    add_shares,
    clear_shares,
    close_to_everyone,
    shares_of_apps,
)
from seatwright.postgres.platform_things import raise_platform_version
from seatwright.postgres.users import find_users


async def page_of_shares(
    call: Call, text: str, *, after: tuple[int, int], limit: int
) -> list[Holder]:
    """Whom an app is shared with: everyone, then groups, then people; one more than `limit`.

    Raises Refusal unknownApp.
    """
    app = await require(call, APPS, text)
    rows = await list_holders(call.tx, SHARES, app.number, after=after, limit=limit + 1)
    if app.facts.is_shared_with_everyone and after < EVERYBODY.place:
        rows = [EVERYBODY, *rows][: limit + 1]
    return rows


async def share_app(
    call: Call, text: str, *, everyone: bool, groups: Sequence[str], users: Sequence[str]
) -> App:
    """Share an app with more people: all of those named, or none if one is unknown.

    Raises Refusal unknownApp, unknownUser, unknownGroup, and invalidValue for nobody or too many
    at once.
    """
    app = await require_held(call, APPS, text)
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
    added = await add_shares(call.tx, {AppNo(app.number): shares})
    if added:
        await raise_platform_version(call.tx)
        await record_platform(
            call, HistoryAction.PLATFORM_UPDATED, "app", app.id, changed=["sharedWith"], added=added
        )
    return await require(call, APPS, str(app.id))


async def unshare_app(call: Call, text: str, member: str) -> None:
    """Stop sharing an app with everyone, a group by its id, or a person.

    Raises Refusal unknownApp, unknownUser, unknownGroup, and notAssigned where it is not shared
    so.
    """
    app = await require(call, APPS, text)
    if not await _removed(call, AppNo(app.number), member):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{app.name} is not shared with “{member[:60]}” by itself: GET"
            f" /api/platform/apps/{app.id}/shares shows with whom it is.",
        )
    await raise_platform_version(call.tx)
    await record_platform(
        call, HistoryAction.PLATFORM_UPDATED, "app", app.id, changed=["sharedWith"], removed=1
    )


async def _removed(call: Call, app: AppNo, member: str) -> bool:
    if member.strip().casefold() == HolderKind.EVERYONE.value:
        return await close_to_everyone(call.tx, app)
    if parse_id(member) is not None:
        # An id may be a group's or a person's; a group is looked for first, for most shares are.
        try:
            group = await find_group(call, member)
        except Refusal:
            pass
        else:
            return await take_from_holder(call.tx, SHARES, app, group=group.group_no)
    user = await find_user(call, member)
    return await take_from_holder(call.tx, SHARES, app, user=user.user_no)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareColumn:
    """The column of a file that says all of whom apps are shared with, with everybody it names."""

    users: Mapping[str, UserNo]
    groups: Mapping[str, GroupNo]

    def wanted(self, row: TableRow) -> Shares:
        """With whom a row wants its app to be shared.

        Raises Refusal invalidValue for a group or a person that is not there.
        """
        text = _text(row)
        for noun, named, found in (
            ("person", text.users, self.users),
            ("group", text.groups, self.groups),
        ):
            unknown = next((one for one in named if one not in found), None)
            if unknown is not None:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"sharedWith names a {noun} “{unknown[:60]}” that is not there, or of which"
                    " there are several.",
                    context={"value": unknown[:60]},
                )
        return Shares(
            everyone=text.everyone,
            groups=frozenset(self.groups[one] for one in text.groups),
            users=frozenset(self.users[one] for one in text.users),
        )


def _text(row: TableRow) -> SharesText:
    return shares_of_cell(row.values.get(SHARES_COLUMN, ""))


async def read_share_column(call: Call, table: Table) -> ShareColumn | None:
    """The column of a file, with everybody whom it names looked up; None without one."""
    if SHARES_COLUMN not in table.columns:
        return None
    texts = [_text(row) for row in table.rows]
    return ShareColumn(
        users=await find_users(call.tx, sorted({one for text in texts for one in text.users})),
        groups=await find_groups(call.tx, sorted({one for text in texts for one in text.groups})),
    )


async def differing_shares(call: Call, wanted: Mapping[AppNo, Shares]) -> Mapping[AppNo, Shares]:
    """Those of these apps that are shared with others than wanted, as wanted."""
    stored = await shares_of_apps(call.tx, list(wanted))
    return {app: shares for app, shares in wanted.items() if stored.get(app, Shares()) != shares}


async def replace_shares(call: Call, wanted: Mapping[AppNo, Shares]) -> None:
    """Share apps with exactly these."""
    if wanted:
        await clear_shares(call.tx, list(wanted))
        await add_shares(call.tx, wanted)
