"""What an edit of a rule that moves many would do to licenses, for whoever looks before it does.

Nothing is written: the memberships are supposed where the engine reads them, so that a million of
them are some columns and no rows that are taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from seatwright.app.call import Call
from seatwright.app.dynamic.judging import Judged
from seatwright.app.preview_jobs import foresee_reconcile
from seatwright.app.reconcile_many import Scope
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import GroupNo
from seatwright.domain.reconcile.supposing import Supposed, pairs_of
from seatwright.domain.rules.many import Numbers
from seatwright.domain.rules.parsing import parse_rule
from seatwright.domain.rules.tree import MemberOf
from seatwright.postgres.dynamic_columns import members_of_any_between
from seatwright.postgres.dynamic_read import (
    groups_fed_by,
    members_between,
    numbers_of_groups,
    rules_that_are_on,
)
from seatwright.postgres.world_read import licensed_groups_above

_MICROSECONDS: Final = 1_000_000


async def foresee_moves(call: Call, judged: Judged) -> None:
    """Put into the call's ledger what follows when everybody moves whom a rule moves."""
    moved = [judged, *await _moved_by_feeding(call, judged)]
    touched = sorted(one.group for one in moved)
    if not await licensed_groups_above(call.tx, touched):
        return
    emptied = [one.leaving for one in moved if await _is_emptied(call, one)]
    supposed = Supposed(
        joining=np.concatenate([pairs_of(one.joining, one.group) for one in moved]),
        leaving=np.concatenate([pairs_of(one.leaving, one.group) for one in moved]),
        since=int(call.now.timestamp() * _MICROSECONDS),
        emptied=np.unique(np.concatenate([np.empty(0, np.int32), *emptied])),
    )
    scope: Scope = {"users": judged.users, "groups": touched}
    await foresee_reconcile(call, scope, reason=ChangeReason.RULE_FOLLOWED, supposed=supposed)


async def _is_emptied(call: Call, judged: Judged) -> bool:
    """Whether everybody leaves a group who is in it now."""
    if not len(judged.leaving):
        return False
    first, last = 0, int(np.iinfo(np.int32).max)
    return len(await members_between(call.tx, judged.group, first, last)) == len(judged.leaving)


async def _moved_by_feeding(call: Call, judged: Judged) -> list[Judged]:
    """Whom memberOf rules that look at the group would move with it."""
    fed = await groups_fed_by(call.tx, (judged.group,))
    if not fed:
        return []
    rules = await rules_that_are_on(call.tx, asking=("memberOf",))
    moved = []
    for stored in rules:
        rule = parse_rule(stored.text)
        if stored.group in fed and isinstance(rule, MemberOf):
            sources = (await numbers_of_groups(call.tx, rule.groups)).values()
            others = sorted(set(sources) - {judged.group})
            moved.append(await _fed(call, judged, stored.group, others))
    return moved


async def _fed(call: Call, judged: Judged, group: GroupNo, others: Sequence[GroupNo]) -> Judged:
    movers = np.union1d(judged.joining, judged.leaving)
    first, last = int(movers[0]), int(movers[-1])
    elsewhere = await members_of_any_between(call.tx, others, first, last)
    present: Numbers = await members_between(call.tx, group, first, last)
    return Judged(
        group=group,
        joining=np.setdiff1d(judged.joining, present, assume_unique=True),
        leaving=np.setdiff1d(
            np.intersect1d(judged.leaving, present, assume_unique=True),
            elsewhere,
            assume_unique=True,
        ),
        taken=0,
    )
