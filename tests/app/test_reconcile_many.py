"""Many people at once: the same rows as for few, whatever moves meanwhile and whoever is killed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import pytest

from seatwright.app.call import Call
from seatwright.app.full_reconcile import list_runs, start_full, start_periodic
from seatwright.app.jobs import enqueue_reconcile, get_job, list_jobs
from seatwright.app.reconcile import reconcile_users
from seatwright.app.reconcile_many import Scope, decide_many, plan_many
from seatwright.app.reconcile_slices import WorldMovedError, write_slice
from seatwright.app.work import Workshop, work_job
from seatwright.domain.clock import StoppedClock
from seatwright.domain.errors import ChangeReason
from seatwright.domain.jobs import Job, JobState
from seatwright.domain.reconcile import ChangeSet, UserState
from seatwright.domain.reconcile.columns import PlanSets
from seatwright.domain.reconcile.many_people import user_states
from seatwright.domain.semantics import Preset
from seatwright.postgres.bulk_read import read_everybody
from seatwright.postgres.world_read import read_people
from tests.app.twins import Twins, twins
from tests.books import audit

if TYPE_CHECKING:
    from tests.conftest import Database

BRAKE_OFF = """
update tenant set settings = settings || '{"brakeOnRemovals": false}' where tenant_id = %(tenant)s
"""
LEAVERS = "delete from membership where tenant_id = %(tenant)s and user_no %% 5 = 0"
FEWER_SEATS = """
update sku_pool set assignable = greatest(consumed, 1) where tenant_id = %(tenant)s
   and consumed > 0 and sku_no %% 2 = 0
"""
MOVERS = """
update app_user set usage_location = case when user_no %% 2 = 0 then null else 'DE' end
 where tenant_id = %(tenant)s and user_no %% 7 = 0
"""
LOST = """
with gone as (delete from effective_license where tenant_id = %(tenant)s and user_no %% 11 = 0
    returning sku_no)
update sku_pool p set consumed = p.consumed - g.n, seats_over = 0
  from (select sku_no, count(*) as n from gone group by sku_no) g
 where p.tenant_id = %(tenant)s and p.sku_no = g.sku_no
"""
ALL = (BRAKE_OFF, LEAVERS, LOST, FEWER_SEATS, MOVERS)


@pytest.fixture(params=[Preset.NATIVE, Preset.ENTRA])
async def pair(request: pytest.FixtureRequest, database: Database) -> AsyncIterator[Twins]:
    """Two tenants alike, under either preset."""
    async with twins(database, preset=request.param) as made:
        yield made


@pytest.fixture
async def one(database: Database) -> AsyncIterator[Twins]:
    """One tenant."""
    async with twins(database, count=1) as made:
        yield made


async def foresee_many(call: Call, scope: Scope) -> ChangeSet:
    """What a plan for a scope's people would change."""
    plan = await plan_many(call, scope, retry=True)
    return plan.outcome.change_set(plan.plan_sets)


async def full_reconcile(made: Twins, place: int) -> None:
    """A full reconcile as a worker does it."""
    async with made.call(place) as call:
        job = await start_full(call)
    await work(made, job, place=place)


async def work(made: Twins, job: Job, *, place: int = 0, slices: int | None = None) -> None:
    """Work a job, or a number of its slices."""
    left = iter(range(1_000_000 if slices is None else slices))
    workshop = Workshop(database=made.database, clock=made.clock)
    await work_job(
        workshop,
        made.tenants[place].tenant_id,
        job.job_no,
        goes_on=lambda: next(left, None) is not None,
    )


async def test_columns_hold_what_the_door_for_few_reads(pair: Twins) -> None:
    nested = pair.tenants[0].settings.get("preset") != "entra"
    for statement in ALL:
        pair.disturb(statement)
    people = await pair.everybody(0)
    async with pair.call(0) as call:
        few = await read_people(call.tx, people, nested=nested)
        snapshot = (await decide_many(call, None, retry=True)).snapshot
    many = tuple(user_states(snapshot, np.arange(len(snapshot.people.user_no))))
    assert [_sorted(user) for user in many] == [_sorted(user) for user in few]


def _sorted(user: UserState) -> tuple[object, ...]:
    wishes = sorted(user.wishes, key=lambda wish: (wish.sku, wish.source, wish.assigned_at))
    held = sorted(user.held, key=lambda license_: license_.sku)
    errors = sorted(user.errors, key=lambda error: (error.sku, error.source))
    return (user.user_no, user.usage_location, user.is_deleted, wishes, held, errors)


async def test_many_write_the_rows_that_few_write(pair: Twins) -> None:
    for statement in ALL:
        pair.disturb(statement)
    async with pair.call(0) as call:
        users = await pair.everybody(0)
        await reconcile_users(call, users, reason=ChangeReason.RECONCILED)
    async with pair.call(1) as call:
        plan = await plan_many(call, {}, retry=True)
        assert len(plan.users) > 100, "there is something to mend"
        for slice_ in plan.slices:
            await write_slice(call, plan, slice_, reason=ChangeReason.RECONCILED)
    first, second = pair.contents(0), pair.contents(1)
    for table, rows in first.items():
        assert rows == second[table], table


async def test_a_look_at_a_world_in_order_writes_nothing(one: Twins) -> None:
    await full_reconcile(one, 0)
    before = one.contents(0)
    async with one.call(0) as call:
        assert await start_periodic(call) is False
        plan = await plan_many(call, {}, retry=True)
        assert (len(plan.users), plan.slices) == (0, ())
        assert (await foresee_many(call, {})).is_empty
    assert one.contents(0) == before


async def test_what_was_foreseen_is_what_is_written(one: Twins) -> None:
    for statement in ALL:
        one.disturb(statement)
    async with one.call(0) as call:
        foreseen = await foresee_many(call, {})
    held = {(row[0], row[1]) for row in one.contents(0)["effective_license"]}
    await full_reconcile(one, 0)
    after = {(row[0], row[1]) for row in one.contents(0)["effective_license"]}
    revoked = {(c.user_no, c.sku) for c in foreseen.changes if c.after is None}
    granted = {(c.user_no, c.sku) for c in foreseen.changes if c.before is None}
    assert (held - after, after - held) == (revoked, granted)


async def test_a_killed_worker_leaves_the_rest_to_the_next(
    one: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.reconcile_many.SLICE_USERS", 20)
    for statement in ALL:
        one.disturb(statement)
    async with one.call(0) as call:
        job = await start_full(call)
    # Each of them has a plan of its own, and goes after two slices of it.
    for _ in range(3):
        await work(one, job, slices=2)
    async with one.call(0) as call:
        half = await get_job(call, job.id)
        assert half.state is JobState.RUNNING
        assert 0 < half.done < half.total
    await work(one, job)
    async with one.call(0) as call:
        done = await get_job(call, job.id)
        run = (await list_runs(call, before=None, limit=10))[0]
    assert (done.state, done.done) == (JobState.COMPLETED, done.total)
    assert run.found.people > 100
    assert run.finished_at is not None
    assert audit_seats(one) == []


async def test_only_one_worker_plans_a_job(one: Twins) -> None:
    one.disturb(BRAKE_OFF)
    one.disturb(LEAVERS)
    async with one.call(0) as call:
        job = await start_full(call)
    await asyncio.gather(*(work(one, job) for _ in range(4)))
    await work(one, job)
    async with one.call(0) as call:
        assert (await get_job(call, job.id)).state is JobState.COMPLETED
    assert audit_seats(one) == []


async def test_whoever_moved_since_the_plan_is_left_out(one: Twins) -> None:
    one.disturb(BRAKE_OFF)
    one.disturb(LEAVERS)
    async with one.call(0) as call:
        plan = await plan_many(call, {}, retry=True)
    moved = plan.users[:3].tolist()
    one.disturb(
        "update app_user set usage_location = 'FR' where tenant_id = %(tenant)s"
        " and user_no = any(%(users)s)",
        users=moved,
    )
    async with one.call(0) as call:
        written = await write_slice(call, plan, plan.users, reason=ChangeReason.RECONCILED)
    assert written.left_out.tolist() == moved
    assert written.people == len(plan.users) - 3


async def test_a_group_that_gives_something_else_by_now_voids_the_plan(one: Twins) -> None:
    one.disturb(BRAKE_OFF)
    one.disturb(LEAVERS)
    async with one.call(0) as call:
        plan = await plan_many(call, {}, retry=True)
    one.disturb(
        "update assignment set priority = 5 where tenant_id = %(tenant)s and group_no is not null"
    )
    with pytest.raises(WorldMovedError):
        async with one.call(0) as call:
            await write_slice(call, plan, plan.slices[0], reason=ChangeReason.RECONCILED)


async def test_seats_that_were_taken_meanwhile_are_not_taken_twice(one: Twins) -> None:
    one.disturb(BRAKE_OFF)
    one.disturb(LOST)
    async with one.call(0) as call:
        plan = await plan_many(call, {}, retry=True)
    assert (plan.outcome.licenses.before == -1).any()
    one.disturb("update sku_pool set reserved = assignable - consumed where tenant_id = %(tenant)s")
    async with one.call(0) as call:
        written = await write_slice(call, plan, plan.users, reason=ChangeReason.RECONCILED)
    grants = plan.outcome.licenses.user_no[plan.outcome.licenses.before == -1]
    assert set(np.unique(grants).tolist()) <= set(written.left_out.tolist())


async def test_removals_and_full_reconciles_race_without_selling_a_seat_twice(
    one: Twins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.reconcile_many.SLICE_USERS", 40)
    for statement in (BRAKE_OFF, LEAVERS, LOST, MOVERS):
        one.disturb(statement)
    people = await one.everybody(0)
    async with one.call(0) as call:
        job = await start_full(call)

    async def disturb_and_mend(page: list[int]) -> None:
        async with one.call(0) as call:
            await call.tx.connection.execute(
                "select 1 from app_user where tenant_id = %s and user_no = any(%s)"
                " order by user_no for no key update",
                (call.tx.tenant_id, page),
            )
        one.disturb(
            "delete from membership where tenant_id = %(tenant)s and user_no = any(%(users)s)",
            users=page[::2],
        )
        async with one.call(0) as call:
            await reconcile_users(
                call, [p for p in people if p in set(page)], reason=ChangeReason.GROUP_LEFT
            )

    pages = [[int(user) for user in people[first : first + 40]] for first in range(0, 400, 40)]
    await asyncio.gather(work(one, job), *(disturb_and_mend(page) for page in pages))
    await full_reconcile(one, 0)
    assert audit_seats(one) == []
    async with one.call(0) as call:
        assert (await foresee_many(call, {})).is_empty


async def test_a_group_of_any_size_is_looked_at_and_nobody_else(one: Twins) -> None:
    one.disturb(BRAKE_OFF)
    one.disturb(LOST)
    async with one.call(0) as call:
        cursor = await call.tx.connection.execute(
            "select group_no from membership where tenant_id = %s group by 1"
            " order by count(*) desc limit 1",
            (call.tx.tenant_id,),
        )
        row = await cursor.fetchone()
        assert row is not None
        job = await enqueue_reconcile(
            call, {"groups": [row[0]]}, reason=ChangeReason.GROUP_LICENSE_CHANGED
        )
        plan = await plan_many(call, {"groups": [row[0]]}, retry=True)
        assert len(plan.named) == job.total
        assert set(plan.users.tolist()) <= set(plan.named.tolist())
    await work(one, job)
    async with one.call(0) as call:
        assert (await foresee_many(call, {"groups": [row[0]]})).is_empty
        assert not (await foresee_many(call, {})).is_empty


async def test_seats_that_come_free_go_to_the_line_in_the_plan_itself(one: Twins) -> None:
    """People outside the scope get them, in their order, and the history says why."""
    one.disturb(BRAKE_OFF)
    holders = one.contents(0)["effective_license"]
    sku = max({row[1] for row in holders}, key=lambda s: sum(row[1] == s for row in holders))
    one.disturb(FEWER_SEATS.replace("sku_no %% 2 = 0", f"sku_no = {sku}"))
    one.disturb(LOST)
    await full_reconcile(one, 0)
    one.disturb("update sku_pool set assignable = consumed where tenant_id = %(tenant)s")
    one.disturb("delete from license_error where tenant_id = %(tenant)s")
    leaving = sorted({int(str(row[0])) for row in holders if row[1] == sku})[:20]
    waiting = await _queue_up(one, int(str(sku)), holders=leaving)
    one.disturb(
        "delete from membership where tenant_id = %(tenant)s and user_no = any(%(users)s)",
        users=leaving,
    )
    one.disturb(
        "delete from assignment where tenant_id = %(tenant)s and user_no = any(%(users)s)",
        users=leaving,
    )
    async with one.call(0) as call:
        plan = await plan_many(call, {"users": leaving}, retry=True)
    granted = plan.outcome.licenses.user_no[
        (plan.outcome.licenses.before == -1) & (plan.outcome.licenses.sku_no == sku)
    ]
    assert granted.tolist() == waiting[: len(granted)]
    assert len(granted)


async def _queue_up(made: Twins, sku: int, *, holders: list[int]) -> list[int]:
    """Have people who do not hold a product wish it, and wait for it."""
    everybody = await made.everybody(0)
    held = {row[0] for row in made.contents(0)["effective_license"] if row[1] == sku}
    waiting = sorted(int(user) for user in everybody if user not in held)[:30]
    made.disturb(
        "insert into assignment (tenant_id, user_no, sku_no, disabled_set, strategy, created_at,"
        " created_by) select %(tenant)s, u, %(sku)s, 0, 1, now(), 0 from unnest(%(users)s::int4[])"
        " u on conflict do nothing",
        sku=sku,
        users=waiting,
    )
    async with made.call(0) as call:
        users = [user for user in everybody if int(user) in set(waiting)]
        await reconcile_users(call, users, reason=ChangeReason.ASSIGNED)
    rows = [row for row in made.contents(0)["license_error"] if row[1] == sku]
    return sorted(int(str(row[0])) for row in rows if row[4] == "noSeatLeft")


async def test_a_pool_that_miscounts_is_mended_and_told_of(one: Twins) -> None:
    await full_reconcile(one, 0)
    before = one.contents(0)["sku_pool"]
    one.disturb(
        "update sku_pool set consumed = consumed - 1 where tenant_id = %(tenant)s and sku_no ="
        " (select min(sku_no) from sku_pool where tenant_id = %(tenant)s and consumed > 1)"
    )
    assert one.contents(0)["sku_pool"] != before
    await full_reconcile(one, 0)
    assert one.contents(0)["sku_pool"] == before
    async with one.call(0) as call:
        assert [run.found.miscounted for run in await list_runs(call, before=None, limit=9)] == [
            1,
            0,
        ]
    with psycopg.connect(one.owner_url) as owner:
        rows = owner.execute("select detail from history_event where action = 126").fetchall()
    assert len(rows) == 1


async def test_the_safety_net_comes_once_a_day(one: Twins) -> None:
    started = []
    for hour in range(24, 24 * 5):
        later = replace(one, clock=StoppedClock(one.clock.now() + timedelta(hours=hour)))
        async with later.call(0) as call:
            if not await start_periodic(call):
                continue
            started.append(hour)
            job = (await list_jobs(call, before=None, limit=1, state=None))[0]
        await work(later, job)
    # The first is due as soon as the tenant is a day old, the others at the tenant's own hour.
    assert len(started) >= 4
    assert {after - before for before, after in itertools.pairwise(started[1:])} == {24}


async def test_too_many_removals_of_a_plan_are_held(one: Twins) -> None:
    one.disturb("delete from membership where tenant_id = %(tenant)s")
    before = one.contents(0)["effective_license"]
    await full_reconcile(one, 0)
    assert len(one.contents(0)["effective_license"]) > len(before) * 0.8
    with psycopg.connect(one.owner_url) as owner:
        held = owner.execute("select count(*) from held_change").fetchone()
    assert held is not None
    assert held[0] > 0


def audit_seats(made: Twins) -> list[str]:
    """What is wrong in the books, but for the history, which the disturbances bypassed."""
    found = audit(made.owner_url, made.tenants[0].tenant_id)
    return [line for line in found if not line.startswith("the history")]


async def test_rows_are_read_in_the_order_of_people(one: Twins) -> None:
    async with one.call(0) as call:
        read = await read_everybody(call.tx, PlanSets())
    for users in (read.people.user_no, read.memberships.user_no, read.held.user_no):
        assert len(users)
        assert (np.diff(users) >= 0).all()
