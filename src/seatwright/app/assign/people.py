"""The people of an assignment: finding them, and where they use services."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.app.call import Call
from seatwright.app.record import record_all
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import UserNo
from seatwright.postgres.labels import UserLabel, find_user_label
from seatwright.postgres.locations import write_usage_locations


async def require_user(call: Call, text: str) -> UserLabel:
    """The person with this id or user principal name.

    Raises Refusal unknownUser, for deleted people too.
    """
    found = await find_user_label(call.tx, text)
    if found is None:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{text}”. Give the id or user principal name of one who was not"
            " deleted; GET /api/identity/users?search= finds people by name or mail.",
            context={"user": text},
        )
    return found


async def set_usage_locations(call: Call, locations: Mapping[UserNo, str]) -> None:
    """Store new usage locations; the people are locked and were decided with them."""
    if not locations:
        return
    await write_usage_locations(call.tx, locations)
    await record_all(
        call,
        [
            HistoryLine(
                action=HistoryAction.USER_UPDATED, user=user, detail={"usageLocation": location}
            )
            for user, location in sorted(locations.items())
        ],
    )
