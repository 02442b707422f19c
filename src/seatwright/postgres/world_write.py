"""Writing a change set back: a handful of statements for any number of people, one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from seatwright.domain.assignments import DIRECT, Source, Strategy
from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet, ErrorChange
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

# A call that waited for its locks may be older than the end of what the person held before: what
# is granted begins when that ended, so that nobody holds a product twice at one moment.
GRANT = """
insert into effective_license
    (tenant_id, since, user_no, sku_no, enabled_set, strategy, source_kind, source_no)
select call.tenant_id, greatest(call.at, past.valid_to), line.*
  from (values (%s::int4, %s::timestamptz)) as call (tenant_id, at), unnest(
    %s::int4[], %s::int2[], %s::int4[], %s::int2[], %s::int2[], %s::int4[])
    as line (user_no, sku_no, enabled_set, strategy, source_kind, source_no)
  left join lateral (
    select i.valid_to from license_interval i
     where i.tenant_id = call.tenant_id and i.user_no = line.user_no and i.sku_no = line.sku_no
     order by i.valid_from desc, i.valid_to desc limit 1) past on true
"""
# The interval of what ends is closed from the row itself, before the row changes or goes. A call
# that waited for its locks may be older than the row: an interval never ends before it begins.
CLOSE = """
insert into license_interval (tenant_id, user_no, sku_no, enabled_set, strategy, source_kind,
    source_no, valid_from, valid_to)
select l.tenant_id, l.user_no, l.sku_no, l.enabled_set, l.strategy, l.source_kind, l.source_no,
       l.since, greatest(l.since, %s)
  from unnest(%s::int4[], %s::int2[]) as gone (user_no, sku_no)
  join effective_license l
    on l.tenant_id = %s and l.user_no = gone.user_no and l.sku_no = gone.sku_no
"""
UPDATE = """
update effective_license l
   set enabled_set = new.enabled_set, strategy = new.strategy, source_kind = new.source_kind,
       source_no = new.source_no, since = greatest(l.since, %s)
  from unnest(%s::int4[], %s::int2[], %s::int4[], %s::int2[], %s::int2[], %s::int4[])
    as new (user_no, sku_no, enabled_set, strategy, source_kind, source_no)
 where l.tenant_id = %s and l.user_no = new.user_no and l.sku_no = new.sku_no
"""
REVOKE = """
delete from effective_license l using unnest(%s::int4[], %s::int2[]) as gone (user_no, sku_no)
 where l.tenant_id = %s and l.user_no = gone.user_no and l.sku_no = gone.sku_no
"""
_SET_ERRORS = """
insert into license_error
    (tenant_id, user_no, sku_no, source_kind, source_no, reason, priority, waiting_since)
select %s, line.* from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::text[],
    %s::int2[], %s::timestamptz[]) line
on conflict (tenant_id, user_no, sku_no, source_kind, source_no) do update
   set reason = excluded.reason, priority = excluded.priority,
       waiting_since = excluded.waiting_since
"""
# What is told of errors counts people by what a statement adds, takes or changes: a statement that
# did two of these at once could not tell somebody's first row from another.
CHANGE_ERRORS = """
update license_error e
   set reason = new.reason, priority = new.priority, waiting_since = new.waiting_since
  from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::text[], %s::int2[],
       %s::timestamptz[])
    as new (user_no, sku_no, source_kind, source_no, reason, priority, waiting_since)
 where e.tenant_id = %s and e.user_no = new.user_no and e.sku_no = new.sku_no
   and e.source_kind = new.source_kind and e.source_no = new.source_no
"""
SET_TURNS = """
update license_error e set priority = new.priority
  from unnest(%s::int4[], %s::int2[], %s::int2[]) as new (user_no, sku_no, priority)
 where e.tenant_id = %s and e.user_no = new.user_no and e.sku_no = new.sku_no
   and e.reason = 'noSeatLeft' and e.priority <> new.priority
"""
CLEAR_ERRORS = """
delete from license_error e
 using unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[])
    as gone (user_no, sku_no, source_kind, source_no)
 where e.tenant_id = %s and e.user_no = gone.user_no and e.sku_no = gone.sku_no
   and e.source_kind = gone.source_kind and e.source_no = gone.source_no
"""
# seats_over only shrinks here: an action of ours that would need more fails on the constraint.
MOVE_SEATS = """
update sku_pool p
   set consumed = p.consumed + moved.seats,
       seats_over = least(p.seats_over,
           greatest(0, p.consumed + moved.seats + p.reserved - p.assignable))
  from unnest(%s::int2[], %s::int4[]) as moved (sku_no, seats)
 where p.tenant_id = %s and p.sku_no = moved.sku_no
"""
_ALLOW_OVER = """
update sku_pool p set seats_over = greatest(p.seats_over,
           p.consumed + moved.seats + p.reserved - p.assignable)
  from unnest(%s::int2[], %s::int4[]) as moved (sku_no, seats)
 where p.tenant_id = %s and p.sku_no = moved.sku_no
"""


async def write_change_set(
    tx: Transaction,
    change_set: ChangeSet,
    *,
    priorities: Mapping[tuple[UserNo, SkuNo], int],
    at: datetime,
    may_exceed: bool = False,
) -> None:
    """Make the stored licenses, errors and seats what the change set says.

    `priorities` gives the waiting list's first key for (user, sku). `may_exceed` is for what comes
    from outside (holdings adopted, a person restored): people then hold more than was bought, and
    the pool says so. The pools and people of the change set must be locked.
    """
    sets = await tx.plan_set_ids(c.after for c in change_set.changes if c.after is not None)
    grants = [c for c in change_set.changes if c.action is Action.GRANT]
    updates = [c for c in change_set.changes if c.action is Action.UPDATE]
    revokes = [c for c in change_set.changes if c.action is Action.REVOKE]
    moved = [(s.sku, s.consumed_after - s.consumed_before) for s in change_set.seat_changes]
    connection, tenant = tx.connection, tx.tenant_id
    async with tx.together():
        if moved and may_exceed:
            await connection.execute(_ALLOW_OVER, (*_columns(moved, 2), tenant))
        if ended := [(c.user_no, c.sku) for c in (*updates, *revokes)]:
            await connection.execute(CLOSE, (at, *_columns(ended, 2), tenant))
        if revokes:
            gone = [(c.user_no, c.sku) for c in revokes]
            await connection.execute(REVOKE, (*_columns(gone, 2), tenant))
        if updates:
            lines = [_license_line(c, sets) for c in updates]
            await connection.execute(UPDATE, (at, *_columns(lines, 6), tenant))
        if grants:
            lines = [_license_line(c, sets) for c in grants]
            await connection.execute(GRANT, (tenant, at, *_columns(lines, 6)))
        await _write_errors(tx, change_set.error_changes, priorities)
        if moved:
            await connection.execute(MOVE_SEATS, (*_columns(moved, 2), tenant))


async def write_turns(tx: Transaction, turns: Mapping[tuple[UserNo, SkuNo], int]) -> None:
    """Make the priority of those who wait what it should be, on every source of theirs."""
    if turns:
        lines = [(user, sku, priority) for (user, sku), priority in turns.items()]
        await tx.connection.execute(SET_TURNS, (*_columns(lines, 3), tx.tenant_id))


async def _write_errors(
    tx: Transaction, changes: Sequence[ErrorChange], priorities: Mapping[tuple[UserNo, SkuNo], int]
) -> None:
    gone = [(e.user_no, e.sku, int(e.source.kind), e.source.no) for e in changes if e.after is None]
    if gone:
        await tx.connection.execute(CLEAR_ERRORS, (*_columns(gone, 4), tx.tenant_id))
    changed = [_error_line(e, priorities) for e in changes if e.before and e.after]
    if changed:
        await tx.connection.execute(CHANGE_ERRORS, (*_columns(changed, 7), tx.tenant_id))
    new = [_error_line(e, priorities) for e in changes if e.before is None]
    if new:
        await tx.connection.execute(_SET_ERRORS, (tx.tenant_id, *_columns(new, 7)))


def _error_line(
    error: ErrorChange, priorities: Mapping[tuple[UserNo, SkuNo], int]
) -> tuple[object, ...]:
    assert error.after is not None, "an error that is written has a reason"
    return (
        error.user_no,
        error.sku,
        int(error.source.kind),
        error.source.no,
        error.after.value,
        priorities.get((error.user_no, error.sku), 128),
        error.waiting_since,
    )


def _license_line(
    change: Change, sets: dict[ServicePlanBits, ServicePlanSetId]
) -> tuple[int, SkuNo, int, int, int, int]:
    assert change.after is not None, "a license that is granted or updated has service plans"
    source: Source = change.source or DIRECT
    strategy = change.strategy or Strategy.MANUAL
    return (
        change.user_no,
        change.sku,
        sets[change.after],
        STRATEGY_TO_CODE[strategy],
        int(source.kind),
        source.no,
    )


def _columns(rows: Sequence[tuple[object, ...]], width: int) -> tuple[list[object], ...]:
    """Rows as one list a column, which is what unnest takes."""
    return tuple([row[n] for row in rows] for n in range(width))
