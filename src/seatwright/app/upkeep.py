"""What time brings, tenant by tenant, each minute: dates that pass, answers and people to forget.

Everything here is level-triggered and small: it looks at what is, so that a worker that was away
for a week catches up on its first tick, and two workers that tick at once do it once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from uuid import uuid4

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.auto_claim.notices import settle_claims
from seatwright.app.call import Call
from seatwright.app.directory.lives import purge_deleted_users
from seatwright.app.dynamic.look import look_for_rules
from seatwright.app.expiry import record_silent_ends
from seatwright.app.expiry_warnings import tell_of_dates, warn_of_ends
from seatwright.app.exports.orders import forget_old_exports
from seatwright.app.forget import forget_removals
from seatwright.app.full_reconcile import start_periodic
from seatwright.app.invitations import end_lapsed, warn_inviters
from seatwright.app.reconcile import USERS_AT_ONCE_MAX, lock_world, settle_world
from seatwright.app.reports.runs import forget_old_runs
from seatwright.app.reports.schedules import run_due_report
from seatwright.app.requests.following import (
    drop_needless,
    follow_policies,
    go_round,
    route_again,
)
from seatwright.app.requests.time import (
    escalate_requests,
    expire_requests,
    give_back_lapsed_holds,
    hold_for_next,
)
from seatwright.app.subscription_life import live_on, tell_of_overdue
from seatwright.app.telling.forget import forget_old_tellings
from seatwright.app.telling.low_seats import tell_of_low_seats
from seatwright.app.tick import Tick
from seatwright.app.work import Workshop
from seatwright.domain.errors import ChangeReason
from seatwright.domain.ids import TenantId
from seatwright.domain.tenants import SYSTEM_PRINCIPAL, TenantState
from seatwright.postgres import jobs as rows
from seatwright.postgres.assignments import DatePassed, see_to_passed_dates, users_with_dates_passed
from seatwright.postgres.changes import CHANGES_KEPT, forget_old_changes
from seatwright.postgres.idempotency import forget_old_answers
from seatwright.postgres.journal import sign
from seatwright.postgres.launch_write import EVENTS_KEPT, forget_old_events
from seatwright.postgres.previews import forget_old_previews
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.queue import wake_worker
from seatwright.postgres.tally import fold_tally
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

_STEPS: Final = (
    live_on,
    tell_of_overdue,
    tell_of_low_seats,
    warn_of_ends,
    end_lapsed,
    warn_inviters,
    look_for_rules,
    start_periodic,
    run_due_report,
    forget_old_runs,
    forget_old_exports,
    forget_old_tellings,
    settle_defaults,
    settle_claims,
    give_back_lapsed_holds,
    follow_policies,
    expire_requests,
    drop_needless,
    route_again,
    go_round,
    escalate_requests,
    hold_for_next,
)
"""What is due beside dates and purges; each says whether it may have left something."""


async def tend_tenant(workshop: Workshop, tenant_id: TenantId) -> None:
    """Do everything that is due in a tenant; a suspended one is left alone.

    Raises ExceptionGroup with what failed, once every step has had its turn.
    """
    tick = Tick(tenant_id)
    await tick.run("wake_open_jobs", partial(_wake, workshop, tenant_id))
    for passed in (DatePassed.EXPIRED, DatePassed.STARTED):
        await tick.run(passed.name, partial(_see_to_dates, workshop, tenant_id, passed))
    for step in (purge_deleted_users, *_STEPS, _forget):
        await tick.run(step.__name__, partial(_step, workshop, tenant_id, step))
    tick.end()


async def _wake(workshop: Workshop, tenant_id: TenantId) -> bool:
    await wake_open_jobs(workshop, tenant_id)
    return False


async def _forget(call: Call) -> bool:
    """Forget answers, events, previews and changes whose time is over; fold what was tallied."""
    await forget_old_answers(call.tx, now=call.now)
    await forget_old_events(call.tx, before=call.now - EVENTS_KEPT)
    await forget_removals(call.tx, now=call.now)
    await forget_old_previews(call.tx, now=call.now)
    await forget_old_changes(call.tx, before=call.now - CHANGES_KEPT)
    await fold_tally(call.tx)
    return False


async def wake_open_jobs(workshop: Workshop, tenant_id: TenantId) -> int:
    """Tell the workers of every job that is not done: what the queue lost is found here."""
    async with workshop.database.transaction(tenant_id) as tx:
        jobs = await rows.open_jobs(tx)
        for job in jobs:
            await wake_worker(tx, job.job_no)
    return len(jobs)


async def _see_to_dates(workshop: Workshop, tenant_id: TenantId, passed: DatePassed) -> bool:
    """One page of people whose assignments started or expired; False when there were none."""
    async with workshop.database.transaction(tenant_id) as tx:
        call = await system_call(tx, workshop)
        if call is None:
            return False
        users = await users_with_dates_passed(tx, passed, now=call.now, limit=USERS_AT_ONCE_MAX)
        if not users:
            return False
        # The locks come before the rows change, in the order that every seat mover keeps.
        await lock_world(call, users)
        ended = await see_to_passed_dates(tx, passed, users, now=call.now)
        reason = ChangeReason.EXPIRED if passed is DatePassed.EXPIRED else ChangeReason.STARTED
        world = await lock_world(call, users)
        outcome = await settle_world(call, world, reason=reason)
        if passed is DatePassed.EXPIRED:
            await record_silent_ends(call, ended, world, outcome.change_set)
        await tell_of_dates(call, passed, ended, outcome.change_set)
    return True


async def _step(
    workshop: Workshop, tenant_id: TenantId, step: Callable[[Call], Awaitable[bool | int]]
) -> bool | int:
    """One step of something that is due, in a transaction of its own; False when nothing was."""
    async with workshop.database.transaction(tenant_id) as tx:
        call = await system_call(tx, workshop)
        return False if call is None else await step(call)


async def system_call(tx: Transaction, workshop: Workshop) -> Call | None:
    """A call of seatwright itself; None in a suspended tenant."""
    tenant = await read_tenant(tx.connection, tx.tenant_id)
    principal = await principal_by_number(tx, SYSTEM_PRINCIPAL)
    if tenant is None or principal is None or tenant.state is TenantState.SUSPENDED:
        return None
    now, correlation = workshop.clock.now(), uuid4()
    await sign(tx, correlation, principal=principal.principal_no, at=now)
    return Call(tx=tx, tenant=tenant, principal=principal, now=now, correlation=correlation)
