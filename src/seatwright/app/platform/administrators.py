"""Who administers the service as a whole: System Administrator everywhere, by itself (T-127)."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.directory.users import find_user
from seatwright.app.record import record
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.platform_things import chosen
from seatwright.domain.security_roles import AdministratorRole
from seatwright.postgres.platform_administrators import (
    Administrator,
    list_administrators,
    remove_administrator,
    write_administrator,
)
from seatwright.postgres.platform_holders import Given


async def page_of_administrators(call: Call, *, after: int, limit: int) -> list[Administrator]:
    """Those who were stated, one more than `limit` if there are more."""
    return await list_administrators(call.tx, after=after, limit=limit + 1)


async def state_administrator(call: Call, text: str, role_text: str) -> None:
    """State that somebody is a global or a service administrator.

    Raises Refusal unknownUser, and invalidValue for another role.
    """
    user = await find_user(call, text)
    role = chosen(AdministratorRole, role_text, field="role")
    given = Given(at=call.now, by=call.principal.principal_no)
    if await write_administrator(call.tx, user.user_no, role, given):
        await record(
            call,
            HistoryLine(
                action=HistoryAction.SECURITY_ROLE_ASSIGNED,
                user=user.user_no,
                detail={"administrator": role.value},
            ),
        )


async def end_administrator(call: Call, text: str) -> None:
    """State that somebody no longer administers the service.

    Raises Refusal unknownUser, and notAssigned for somebody who was not stated.
    """
    user = await find_user(call, text)
    if not await remove_administrator(call.tx, user.user_no):
        raise Refusal(
            Reason.NOT_ASSIGNED,
            f"{user.display_name} is not stated as an administrator of the service: GET"
            " /api/platform/administrators lists who is.",
        )
    await record(
        call,
        HistoryLine(
            action=HistoryAction.SECURITY_ROLE_REMOVED,
            user=user.user_no,
            detail={"administrator": None},
        ),
    )
