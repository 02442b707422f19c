"""Writing what a batch of launches gave: one statement for assignments, licenses, history, seats.

The statement decides nothing. The pools and the people are locked, each line was decided by the
engine, and the constraint of the pool (`no_seat_twice`) restates what may not happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from seatwright.domain.assignments import SourceKind, Strategy
from seatwright.domain.auto_claim import PolicyNo
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.launch import LaunchEvent, Outcome
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

EVENTS_KEPT: Final = timedelta(days=30)
"""How long an event is known to have been taken."""

_ON_DEMAND: Final = STRATEGY_TO_CODE[Strategy.ON_DEMAND]
# What is granted begins when the person's last license of the product ended, where that is later:
# nobody holds a product twice at one moment (`world_write.py`).
_GIVE: Final = f"""
with call as (select %(tenant)s::int4 as tenant_id, %(at)s::timestamptz as at),
line as materialized (
    select * from unnest(%(users)s::int4[], %(skus)s::int2[], %(disabled)s::int4[],
        %(enabled)s::int4[], %(policies)s::int4[], %(backups)s::int2[], %(events)s::text[],
        %(principals)s::int4[], %(correlations)s::uuid[], %(details)s::jsonb[])
        as l (user_no, sku_no, disabled_set, enabled_set, policy_no, backup, event, principal_no,
              correlation, detail)
),
wished as (
    insert into assignment (tenant_id, user_no, sku_no, disabled_set, strategy, source_kind,
        source_no, created_at, created_by)
    select tenant_id, user_no, sku_no, disabled_set, {_ON_DEMAND}, {int(SourceKind.POLICY)},
           policy_no, at, principal_no from call, line
),
given as (
    insert into effective_license (tenant_id, since, user_no, sku_no, enabled_set, strategy,
        source_kind, source_no)
    select call.tenant_id, greatest(call.at, past.valid_to), user_no, sku_no, enabled_set,
           {_ON_DEMAND}, {int(SourceKind.POLICY)}, policy_no
      from call, line left join lateral (
        select i.valid_to from license_interval i
         where i.tenant_id = %(tenant)s and i.user_no = line.user_no and i.sku_no = line.sku_no
         order by i.valid_from desc, i.valid_to desc limit 1) past on true
),
told as (
    insert into history_event (tenant_id, at, principal_no, correlation, action, reason, strategy,
        user_no, sku_no, source_kind, source_no, before_set, after_set, detail)
    select tenant_id, at, principal_no, correlation, {int(HistoryAction.ASSIGNED)},
           '{ChangeReason.CLAIMED.value}', {_ON_DEMAND}, user_no, sku_no,
           {int(SourceKind.POLICY)}, policy_no, null, enabled_set, detail from call, line
),
claimed as (
    insert into claim (tenant_id, policy_no, user_no, sku_no, backup, event, at, delivered)
    select tenant_id, policy_no, user_no, sku_no, backup, event, at, 'direct' from call, line
)
update sku_pool p
   set consumed = p.consumed + moved.seats,
       seats_over = least(p.seats_over,
           greatest(0, p.consumed + moved.seats + p.reserved - p.assignable))
  from (select sku_no, count(*)::int4 as seats from line group by sku_no) moved
 where p.tenant_id = %(tenant)s and p.sku_no = moved.sku_no
"""
_CLAIM: Final = """
insert into claim (tenant_id, policy_no, user_no, sku_no, backup, event, at, delivered, group_no)
values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_TAKE: Final = """
insert into launch_event
    (tenant_id, at, event_id, user_no, outcome, reason, sku_no, policy_no, backup)
select %s, %s, line.* from unnest(%s::text[], %s::int4[], %s::text[], %s::text[], %s::int2[],
    %s::int4[], %s::int2[]) line on conflict do nothing
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """One license that a launch gave; `detail` is what its history row says beside."""

    user: UserNo
    sku: SkuNo
    disabled: ServicePlanBits
    enabled: ServicePlanBits
    policy: PolicyNo
    backup: int
    event: LaunchEvent
    principal: PrincipalNo
    correlation: UUID
    detail: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenEvent:
    """An event that carried an id, with what it came to."""

    event_id: str
    user: UserNo
    outcome: Outcome
    reason: Reason | None
    sku: SkuNo | None
    policy: PolicyNo | None
    backup: int | None


async def write_given(tx: Transaction, lines: Sequence[GivenLine], *, at: datetime) -> None:
    """Write what launches gave; inside `together` and with known service plan sets, no waiting."""
    if not lines:
        return
    sets = await tx.plan_set_ids(bits for line in lines for bits in (line.disabled, line.enabled))
    await tx.connection.execute(
        _GIVE,
        {
            "tenant": tx.tenant_id,
            "at": at,
            "users": [line.user for line in lines],
            "skus": [line.sku for line in lines],
            "disabled": [sets[line.disabled] for line in lines],
            "enabled": [sets[line.enabled] for line in lines],
            "policies": [line.policy for line in lines],
            "backups": [line.backup for line in lines],
            "events": [line.event.value for line in lines],
            "principals": [line.principal for line in lines],
            "correlations": [str(line.correlation) for line in lines],
            "details": [msgspec.json.encode(line.detail).decode() for line in lines],
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """A claim that was not written by a batch; `group` where it was delivered by membership."""

    policy: PolicyNo
    user: UserNo
    sku: SkuNo
    backup: int
    event: LaunchEvent
    group: GroupNo | None = None


async def write_claim(tx: Transaction, row: ClaimRow, *, at: datetime) -> None:
    """Keep one claim."""
    await tx.connection.execute(
        _CLAIM,
        (
            tx.tenant_id,
            row.policy,
            row.user,
            row.sku,
            row.backup,
            row.event.value,
            at,
            "direct" if row.group is None else "group",
            row.group,
        ),
    )


async def try_joining(tx: Transaction) -> None:
    """Mark the moment before somebody joins a group whose license may turn out to have no seat."""
    await tx.connection.execute("savepoint before_joining")


async def undo_joining(tx: Transaction) -> None:
    """Undo everything since `try_joining`."""
    await tx.connection.execute("rollback to savepoint before_joining")


async def take_events(tx: Transaction, events: Sequence[TakenEvent], *, at: datetime) -> None:
    """Keep what events came to, so that none is taken twice."""
    if not events:
        return
    await tx.connection.execute(
        _TAKE,
        (
            tx.tenant_id,
            at,
            [one.event_id for one in events],
            [one.user for one in events],
            [one.outcome.value for one in events],
            [None if one.reason is None else one.reason.value for one in events],
            [one.sku for one in events],
            [one.policy for one in events],
            [one.backup for one in events],
        ),
    )


async def forget_old_events(tx: Transaction, *, before: datetime) -> None:
    """Forget which events were taken before a time."""
    await tx.connection.execute(
        "delete from launch_event where tenant_id = %s and at < %s", (tx.tenant_id, before)
    )
