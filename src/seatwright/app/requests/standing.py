"""How somebody stands to lines of the queue: theirs to decide, their own, or others' to decide."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, unique

from seatwright.app.call import Call
from seatwright.app.requests.queue import LineSeen
from seatwright.app.requests.routing import Deciding, asked_now, deciding_of, policies_of
from seatwright.domain.requests.states import LineState
from seatwright.domain.roles import Permission


@unique
class Standing(Enum):
    """What a line is to whoever looks at it."""

    DECIDES = "decides"
    """It waits, and they may decide about it."""

    OWN = "own"
    """It waits, and they asked for it or would get it: nobody decides their own."""

    OTHERS = "others"
    """It waits for others, or for nobody any more."""


async def standings(call: Call, lines: Sequence[LineSeen]) -> dict[int, Standing]:
    """How the caller stands to each of these lines, by its number."""
    waiting = [one for one in lines if one.line.state_at(call.now) is LineState.PENDING]
    found = {one.line.line_no: Standing.OTHERS for one in lines}
    if not waiting or not call.principal.may(Permission.TAKE_PART_IN_REQUESTS):
        return found
    policies = await policies_of(call)
    deciding = await deciding_of(call, policies)
    rest = [one for one in waiting if not is_own_of(deciding, one)]
    if deciding.may_any:
        theirs = frozenset(one.line.line_no for one in rest)
    else:
        theirs = await asked_now(call, deciding, policies, [one.line for one in rest])
    found |= {one.line.line_no: Standing.OWN for one in waiting if is_own_of(deciding, one)}
    return found | dict.fromkeys(theirs, Standing.DECIDES)


def is_own_of(deciding: Deciding, one: LineSeen) -> bool:
    """Whether nobody lets them decide about it, as they asked for it or would get it."""
    return deciding.is_own(one.line) or one.request.principal == deciding.principal.principal_no
