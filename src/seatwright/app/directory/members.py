"""Who is in a group: people and other groups, joining and leaving, with licenses that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.dynamic.demands import refuse_if_dynamic
from seatwright.app.dynamic.memberships import follow_memberships, hold_members, people_within
from seatwright.app.record import record, record_all
from seatwright.domain.directory import Group, PersonRef
from seatwright.domain.errors import ChangeReason, Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.postgres.group_licenses import hold_groups
from seatwright.postgres.group_read import (
    groups_above,
    groups_within,
    list_member_groups,
    list_member_users,
    members_among,
    read_groups,
)
from seatwright.postgres.group_write import (
    Membership,
    add_members,
    hold_nesting,
    nest_group,
    remove_members,
    unnest_group,
)
from seatwright.postgres.groups import find_groups
from seatwright.postgres.users import find_users

MEMBERS_AT_ONCE_MAX = 10_000
"""More than this in one call is a file: `POST /api/imports/members`."""

_NAMED_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What became of a call that adds members, by the text that named each."""

    added: tuple[str, ...]
    already: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage:
    """Groups (on the first page only, for they are few) and people of a group."""

    groups: tuple[Group, ...]
    people: tuple[PersonRef, ...]


async def page_of_members(
    call: Call, text: str, *, transitive: bool, after: tuple[str, int] | None, limit: int
) -> MembersPage:
    """Who is in a group, people by display name, one more than `limit` if there are more.

    `transitive`: also who is in groups inside it, everybody once. Raises Refusal unknownGroup.
    """
    group = await find_group(call, text)
    numbers: Sequence[GroupNo] = (group.group_no,)
    if transitive:
        numbers = await groups_within(call.tx, numbers)
    groups: tuple[Group, ...] = ()
    if after is None:
        groups = await list_member_groups(call.tx, group.group_no, transitive=transitive)
    people = await list_member_users(call.tx, numbers, after=after, limit=limit + 1)
    return MembersPage(groups=groups, people=people)


async def join_group(
    call: Call, text: str, *, users: Sequence[str] = (), groups: Sequence[str] = ()
) -> Joined:
    """Put people and groups into a group; all of them, or none if one cannot be.

    Who is in it already is no error and is named in the answer. Licenses follow in this call for
    up to 500 people, else as a job.

    Raises Refusal unknownGroup, unknownUser, and invalidValue for a circle of groups.
    """
    if len(users) + len(groups) > MEMBERS_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The call names {len(users) + len(groups)} members: give {MEMBERS_AT_ONCE_MAX} or"
            " fewer, or send a file to /api/imports/members.",
        )
    group = await find_group(call, text)
    people = await _known_users(call, users)
    children = await _known_groups(call, groups)
    await hold_members(call, (group.group_no,), with_nesting=bool(children))
    refuse_if_dynamic(group)
    new_people = await _add_people(call, group, sorted(set(people.values())))
    new_children = await nest_groups(call, group, sorted(set(children.values())))
    texts_of_new = [t for t, no in people.items() if no in new_people]
    texts_of_new += [t for t, no in children.items() if no in new_children]
    new = frozenset(texts_of_new)
    return Joined(
        added=tuple(texts_of_new),
        already=tuple(t for t in (*people, *children) if t not in new),
    )


async def _add_people(call: Call, group: Group, people: Sequence[UserNo]) -> frozenset[UserNo]:
    present = await members_among(call.tx, group.group_no, people)
    joining = [user for user in people if user not in present]
    number = group.group_no
    async with follow_memberships(
        call, joining, groups=(number,), reason=ChangeReason.GROUP_JOINED
    ):
        rows = [Membership(user, number) for user in joining]
        added = await add_members(call.tx, rows, since=call.now)
        users = sorted(member.user for member in added)
        # Before the licenses, so that the history reads in the order of cause and effect.
        await _record(call, HistoryAction.MEMBER_ADDED, group, users)
    return frozenset(users)


async def nest_groups(call: Call, group: Group, children: Sequence[GroupNo]) -> frozenset[GroupNo]:
    """Put groups into a group; answers those that were not in it.

    Raises Refusal invalidValue for a circle of groups.
    """
    if not children:
        return frozenset()
    refuse_if_dynamic(group)
    await hold_nesting(call.tx)
    # Alone: who joins a child at this moment would else see nothing of what the group gives.
    await hold_groups(call.tx, children, is_exclusive=True)
    await _refuse_circles(call, group, children)
    return frozenset([child for child in children if await _nest(call, group, child)])


async def _nest(call: Call, group: Group, child: GroupNo) -> bool:
    people = await people_within(call, (child,))
    async with follow_memberships(
        call, people, groups=(group.group_no,), reason=ChangeReason.GROUP_JOINED
    ):
        is_new = await nest_group(call.tx, child=child, parent=group.group_no, since=call.now)
        if is_new:
            await _record_nesting(call, HistoryAction.GROUP_NESTED, group, child)
    return is_new


async def leave_group(call: Call, text: str, member: str) -> None:
    """Take a person, or a group, out of a group.

    Raises Refusal unknownGroup, unknownUser, and notAssigned for who is not directly in it.
    """
    group = await find_group(call, text)
    await hold_members(call, (group.group_no,))
    refuse_if_dynamic(group)
    child = (await find_groups(call.tx, (member,))).get(member)
    if child is not None and await _leave_as_group(call, group, child):
        return
    user = await find_user(call, member)
    number = group.group_no
    if user.user_no not in await members_among(call.tx, number, (user.user_no,)):
        raise _not_a_member(group, user.display_name)
    async with follow_memberships(
        call, (user.user_no,), groups=(number,), reason=ChangeReason.GROUP_LEFT
    ):
        removed = await remove_members(call.tx, (Membership(user.user_no, number),))
        await _record(
            call, HistoryAction.MEMBER_REMOVED, group, [member_.user for member_ in removed]
        )


async def _leave_as_group(call: Call, group: Group, child: GroupNo) -> bool:
    await hold_groups(call.tx, (child,), is_exclusive=True)
    people = await people_within(call, (child,))
    async with follow_memberships(
        call, people, groups=(group.group_no,), reason=ChangeReason.GROUP_LEFT
    ):
        was_there = await unnest_group(call.tx, child=child, parent=group.group_no)
        if was_there:
            await _record_nesting(call, HistoryAction.GROUP_UNNESTED, group, child)
    return was_there


def _not_a_member(group: Group, name: str) -> Refusal:
    return Refusal(
        Reason.NOT_ASSIGNED,
        f"{name} is not directly in the group {group.display_name}: GET"
        f" /api/identity/groups/{group.id}/members shows who is.",
    )


async def _known_users(call: Call, texts: Sequence[str]) -> Mapping[str, UserNo]:
    found = await find_users(call.tx, texts, by_mail=False)
    _refuse_unknown("person", Reason.UNKNOWN_USER, [text for text in texts if text not in found])
    return found


async def _known_groups(call: Call, texts: Sequence[str]) -> Mapping[str, GroupNo]:
    found = await find_groups(call.tx, texts)
    _refuse_unknown("group", Reason.UNKNOWN_GROUP, [text for text in texts if text not in found])
    return found


def _refuse_unknown(noun: str, reason: Reason, texts: Sequence[str]) -> None:
    if not texts:
        return
    more = f" and {len(texts) - _NAMED_MAX} more" if len(texts) > _NAMED_MAX else ""
    named = ", ".join(f"“{text}”" for text in texts[:_NAMED_MAX])
    raise Refusal(
        reason,
        f"There is no {noun} {named}{more}: nobody was added. Take the unknown out, or create"
        " them first.",
        context={"unknown": list(texts[:1000])},
        is_in_body=True,
    )


async def _refuse_circles(call: Call, group: Group, children: Sequence[GroupNo]) -> None:
    """A group is never inside itself, at any depth: its members could not be counted."""
    above = await groups_above(call.tx, group.group_no)
    for child in children:
        if child in above:
            inner = (await read_groups(call.tx, (child,)))[child]
            raise Refusal(
                Reason.INVALID_VALUE,
                f"{inner.display_name} cannot be put into {group.display_name}:"
                f" {group.display_name} is, or is inside of, {inner.display_name} already, and"
                " groups cannot stand in a circle.",
                context={"group": str(inner.id)},
            )


async def _record(call: Call, action: HistoryAction, group: Group, users: Sequence[UserNo]) -> None:
    lines = [HistoryLine(action=action, user=user, group=group.group_no) for user in users]
    await record_all(call, lines)


async def _record_nesting(call: Call, action: HistoryAction, group: Group, child: GroupNo) -> None:
    inner = (await read_groups(call.tx, (child,)))[child]
    await record(
        call,
        HistoryLine(action=action, group=group.group_no, detail={"memberGroupId": str(inner.id)}),
    )
