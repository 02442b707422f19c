"""The brake on removals, for a plan: what is too much to take at once waits, as for few."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from seatwright.app.brake import Cause, emptying, hold, note_removals, too_many
from seatwright.app.call import Call
from seatwright.app.reconcile_many import Plan
from seatwright.domain.brake import ALWAYS_LET_THROUGH, limits_in
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.columns import Int32s
from seatwright.domain.reconcile.many_changes import NONE
from seatwright.postgres.bulk_write import lock_people
from seatwright.postgres.held import still_held
from seatwright.postgres.pools import lock_pools, read_pools


async def brake_plan(
    call: Call, plan: Plan, *, reason: ChangeReason, emptied: Int32s | None = None
) -> bool:
    """Hold the removals of a plan that are too many; True when the plan must be made anew.

    Counted once for the plan as a whole, however many slices it has. Whoever is held is wished
    what they have, so that the next plan takes nothing from them. `emptied` are people whom a
    group would lose with everybody else in it, where nothing is written that says so.
    """
    if limits_in(call.tenant.settings) is None:
        return False
    revoked = _revoked(plan)
    if not revoked:
        return False
    if not call.is_preview:
        # Nobody need wait for what is only looked at.
        await lock_pools(call.tx, list(revoked))
        movers = [user for people in revoked.values() for user in people]
        await lock_people(call.tx, np.unique(np.array(movers, np.int32)))
    holders = {pool.sku: pool.consumed for pool in await read_pools(call.tx)}
    counts = {sku: len(people) for sku, people in revoked.items()}
    cause = Cause(reason=reason)
    over = await too_many(call, counts, holders=holders, cause=cause)
    over |= await emptying(call, revoked, cause=cause)
    if emptied is not None:
        over |= _lost_by_emptying(revoked, emptied)
    if not over:
        await note_removals(call, revoked=counts, cause=cause)
        return False
    await note_removals(call, held={sku: counts[sku] for sku in over}, cause=cause)
    for sku in sorted(over):
        # The plan was made without locks: who lost the license since is not given it again.
        sets = await still_held(call.tx, sku, list(revoked[sku]))
        bits = await call.tx.plan_set_bits(sets.values())
        people = {user: bits[set_id] for user, set_id in sets.items()}
        if people:
            await hold(call, sku, people, reason=reason)
    return True


def _lost_by_emptying(
    revoked: Mapping[SkuNo, Mapping[UserNo, ServicePlanBits]], emptied: Int32s
) -> frozenset[SkuNo]:
    """The products that people would lose because a group would be emptied (see `emptying`)."""
    gone = set(emptied.tolist())
    return frozenset(
        sku
        for sku, people in revoked.items()
        if sum(user in gone for user in people) > ALWAYS_LET_THROUGH
    )


def _revoked(plan: Plan) -> Mapping[SkuNo, Mapping[UserNo, ServicePlanBits]]:
    """Who loses which product by a plan, but for those with whom it may not stay."""
    licenses = plan.outcome.licenses
    ends = (licenses.after == NONE) & ~plan.must_go
    revoked: dict[SkuNo, dict[UserNo, ServicePlanBits]] = defaultdict(dict)
    rows = zip(
        licenses.user_no[ends].tolist(),
        licenses.sku_no[ends].tolist(),
        licenses.before[ends].tolist(),
        strict=True,
    )
    for user, sku, before in rows:
        revoked[SkuNo(sku)][UserNo(user)] = plan.plan_sets.bits[before]
    return revoked
