"""What a job that a call starts will do, brake and all, for whoever looks before it is started.

The call has written what it writes; the job is then done in thought: planned, braked and planned
again, as the worker does (`reconcile_job.py`), and what that wrote is taken back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np

from seatwright.app.call import Call
from seatwright.app.many_brake import brake_plan
from seatwright.app.reconcile import BRAKE_TURNS_MAX
from seatwright.app.reconcile_many import Plan, Scope, plan_many
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile import ChangeSet
from seatwright.domain.reconcile.supposing import Supposed


@asynccontextmanager
async def only_foreseen(call: Call) -> AsyncIterator[None]:
    """Take back what the block writes; what it told the call's ledger stays."""
    held_before = len(call.ledger.held)
    async with call.tx.tried():
        yield
    foreseen = call.ledger.held[held_before:]
    del call.ledger.held[held_before:]
    if call.is_preview:
        # Nobody can decide about it yet: the job holds it anew, under another id.
        call.ledger.held += [replace(one, held_change=None) for one in foreseen]


async def foresee_reconcile(
    call: Call, scope: Scope, *, reason: ChangeReason, supposed: Supposed | None = None
) -> None:
    """Put what a reconcile of a scope's people would change, and hold, into the call's ledger.

    `supposed` are memberships that the job will write first.
    """
    async with only_foreseen(call):
        plan = await _braked_plan(call, scope, reason=reason, supposed=supposed)
    changes = plan.outcome.change_set(plan.plan_sets)
    call.ledger.add(changes, reason=reason, reasons=_reasons(plan, changes))


async def _braked_plan(
    call: Call, scope: Scope, *, reason: ChangeReason, supposed: Supposed | None
) -> Plan:
    emptied = None if supposed is None else supposed.emptied
    for _ in range(BRAKE_TURNS_MAX):
        plan = await plan_many(call, scope, retry=True, supposed=supposed)
        if not await brake_plan(call, plan, reason=reason, emptied=emptied):
            return plan
    raise AssertionError("what is held let ever more licenses go")


def _reasons(plan: Plan, changes: ChangeSet) -> Mapping[tuple[UserNo, SkuNo], ChangeReason]:
    """People beyond the scope are in a plan because they waited for a seat that came free."""
    named = set(np.asarray(plan.named).tolist())
    return {
        (one.user_no, one.sku): ChangeReason.SEAT_FREED
        for one in changes.changes
        if one.user_no not in named
    }
