"""What no call follows by itself, each minute: licenses, memberships of other hands, and time.

Everything is level-triggered: who is named is judged by what is, so that naming somebody twice, or
for nothing, changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from seatwright.app.call import Call
from seatwright.app.dynamic.follow import follow_later
from seatwright.app.dynamic.work import start_evaluation
from seatwright.postgres.dynamic_read import (
    groups_to_evaluate,
    has_rules,
    last_look,
    people_changed_since,
)
from seatwright.postgres.dynamic_write import store_look

OVERLAP: Final = timedelta(minutes=2)
"""A call may commit later than it began: so much of the last look is looked at again."""

PEOPLE_MAX: Final = 400_000
"""More people than an import has are not looked at by one job."""

TIME_STEP: Final = timedelta(hours=1)
"""How often rules that compare with now are evaluated for everybody, and failed ones again."""


async def look_for_rules(call: Call) -> bool:
    """Start what is due of the rules of a tenant; False: there is nothing more to do now."""
    if not await has_rules(call.tx):
        return False
    since = await last_look(call.tx)
    await store_look(call.tx, call.now)
    if since is not None:
        users = await people_changed_since(call.tx, since - OVERLAP, call.now, limit=PEOPLE_MAX)
        await follow_later(call, users)
    for group in await groups_to_evaluate(call.tx, call.now - TIME_STEP):
        await start_evaluation(call, group)
    return False
