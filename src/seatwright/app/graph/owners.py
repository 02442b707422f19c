"""Owners of groups: who looks after a group, which no license depends on."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.record import record
from seatwright.domain.directory import User
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.postgres.graph_writes import add_owners, remove_owner
from seatwright.postgres.group_write import lock_groups


async def give_owners(call: Call, group_text: str, people: Sequence[str]) -> int:
    """Make these people owners of a group; answers how many were none before.

    Raises Refusal: unknownGroup, unknownUser.
    """
    group = await find_group(call, group_text)
    users = [await find_user(call, text) for text in people]
    await lock_groups(call.tx, (group.group_no,))
    added = await add_owners(
        call.tx, group.group_no, [user.user_no for user in users], since=call.now
    )
    if added:
        await _record(call, group.group_no, [user for user in users if user.user_no in added], [])
    return len(added)


async def take_owner(call: Call, group_text: str, person: str) -> None:
    """Make somebody an owner no more.

    Raises Refusal: unknownGroup, unknownUser, and notAssigned for who is none.
    """
    group = await find_group(call, group_text)
    user = await find_user(call, person)
    await lock_groups(call.tx, (group.group_no,))
    if not await remove_owner(call.tx, group.group_no, user.user_no):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{user.user_principal_name} is no owner of the group {group.display_name}.",
        )
    await _record(call, group.group_no, [], [user])


async def _record(call: Call, group: int, added: Sequence[User], removed: Sequence[User]) -> None:
    detail = {
        "changed": ["owners"],
        "ownersAdded": [str(user.id) for user in added],
        "ownersRemoved": [str(user.id) for user in removed],
    }
    await record(
        call,
        HistoryLine(action=HistoryAction.GROUP_UPDATED, group=group, detail=detail),  # type: ignore[arg-type]  # a group's number
    )
