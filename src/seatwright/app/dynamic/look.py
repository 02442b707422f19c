"""What no call follows by itself, each minute: licenses, memberships of other hands, and time.

Everything is level-triggered: who is named is judged by what is, so that naming somebody twice, or
for nothing, changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from seatwright.app.call import Call
from seatwright.app.dynamic.follow import follow_later
from seatwright.app.dynamic.plans import states_not_enabled
from seatwright.app.dynamic.work import start_evaluation
from seatwright.postgres.dynamic_read import (
    age_of_oldest_transaction,
    groups_asking_plans,
    groups_concerned_since,
    groups_to_evaluate,
    has_rules,
    last_look,
    people_changed_since,
)
from seatwright.postgres.dynamic_write import store_look, store_states

OVERLAP: Final = timedelta(minutes=2)
"""What a call writes has the time at which it began: so much is looked at again in any case.

Beyond it as much as the oldest call that is open has been: what it writes is seen when it ends.
"""

OPEN_MAX: Final = timedelta(hours=1)
"""No call takes as long: what is open for longer is somebody's session, who writes nothing here."""

PEOPLE_MAX: Final = 400_000
"""Where more people have changed than an import has, their rules are evaluated for everybody."""

TIME_STEP: Final = timedelta(hours=1)
"""How often rules that compare with now are evaluated for everybody, and failed ones again."""


async def look_for_rules(call: Call) -> bool:
    """Start what is due of the rules of a tenant; False: there is nothing more to do now."""
    if not await has_rules(call.tx):
        return False
    since = await last_look(call.tx)
    still_open = min(await age_of_oldest_transaction(call.tx), OPEN_MAX)
    await store_look(call.tx, call.now - still_open)
    if since is not None:
        await _follow_since(call, since - OVERLAP)
    await _look_at_states(call)
    for group in await groups_to_evaluate(call.tx, call.now - TIME_STEP):
        await start_evaluation(call, group)
    return False


async def _follow_since(call: Call, since: datetime) -> None:
    users = await people_changed_since(call.tx, since, call.now, limit=PEOPLE_MAX)
    if len(users) < PEOPLE_MAX:
        await follow_later(call, users)
        return
    for group in await groups_concerned_since(call.tx, since, call.now):
        await start_evaluation(call, group)


async def _look_at_states(call: Call) -> None:
    """Evaluate rules on service plans where a purchase began, ended or was suspended (USR-007)."""
    groups = await groups_asking_plans(call.tx)
    if not groups:
        return
    states = sorted((await states_not_enabled(call)).items())
    if await store_states(call.tx, " ".join(f"{sku}:{state.value}" for sku, state in states)):
        for group in groups:
            await start_evaluation(call, group)
