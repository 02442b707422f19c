"""Seats in use by product and month: one sweep over every begin and end of holding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from seatwright.domain.history import HistoryAction
from seatwright.domain.ids import SkuNo
from seatwright.domain.true_up import Month, MonthOfSeats, PurchaseChange, SeatStep, month_of
from seatwright.postgres.transaction import Transaction

# Every begin is +1 and every end -1, whatever was before the statement at its first moment; what
# ends and begins at one moment (other service plans) is nothing. A step of 0 at the beginning of
# each month cuts the stretches there, so that none lies in two months.
_SWEEP: Final = """
with changes (sku_no, at, held, bought) as (
    select sku_no, greatest(since, %(begin)s), 1, 0 from effective_license
     where tenant_id = %(tenant)s and since < %(end)s
    union all
    select sku_no, greatest(valid_from, %(begin)s), 1, 0 from license_interval
     where tenant_id = %(tenant)s and valid_from < %(end)s and valid_to > %(begin)s
       and valid_to > valid_from
    union all
    select sku_no, valid_to, -1, 0 from license_interval
     where tenant_id = %(tenant)s and valid_from < %(end)s and valid_to > %(begin)s
       and valid_to < %(end)s and valid_to > valid_from
    union all
    select sku_no, greatest(at, %(begin)s), 0, seats
      from unnest(%(skus)s::int2[], %(times)s::timestamptz[], %(seats)s::int4[])
        as step (sku_no, at, seats)
     where at < %(end)s
),
net as (
    select sku_no, at, sum(held)::int8 as held, sum(bought)::int8 as bought
      from changes group by sku_no, at
),
steps as (
    select sku_no, at, sum(held) as held, sum(bought) as bought
      from (select * from net union all
            select s.sku_no, m.at, 0, 0 from (select distinct sku_no from net) s,
                unnest(%(months)s::timestamptz[]) as m (at)) cut
     group by sku_no, at
),
levels as (
    select sku_no, at, sum(held) over line as held, sum(bought) over line as bought,
           coalesce(lead(at) over line, %(end)s) as until
      from steps window line as (partition by sku_no order by at)
)
select sku_no, (select max(m) from unnest(%(months)s::timestamptz[]) m where m <= at) as month,
       max(held)::int4, (array_agg(at order by held desc, at))[1],
       (sum(held * extract(epoch from until - at)) / sum(extract(epoch from until - at)))::float8,
       (array_agg(bought order by at desc))[1]::int4, max(held - bought)::int4,
       (array_agg(at order by held - bought desc, at))[1]
  from levels where until > at group by sku_no, 2
 having max(held) > 0 or max(bought) > 0
 order by sku_no, 2
"""


async def seats_by_month(
    tx: Transaction, months: Sequence[Month], *, bought: Sequence[SeatStep], now: datetime
) -> tuple[MonthOfSeats, ...]:
    """Peak, average and over-use of every product that was held or bought, by month."""
    end = min(months[-1].following.begins, now)
    if end <= months[0].begins:
        return ()
    cursor = await tx.connection.execute(
        _SWEEP,
        {
            "tenant": tx.tenant_id,
            "begin": months[0].begins,
            "end": end,
            "months": [month.begins for month in months],
            "skus": [step.sku for step in bought],
            "times": [step.at for step in bought],
            "seats": [step.seats for step in bought],
        },
    )
    return tuple(
        MonthOfSeats(
            sku=SkuNo(row[0]),
            month=month_of(row[1]),
            peak_seats=row[2],
            peak_at=row[3],
            average_seats=row[4],
            bought_seats=row[5],
            over_seats=max(0, row[6]),
            over_at=row[7] if row[6] > 0 else None,
            is_running=month_of(row[1]).following.begins > now,
        )
        for row in await cursor.fetchall()
    )


_PURCHASE_ACTIONS: Final = (
    HistoryAction.SUBSCRIPTION_CREATED,
    HistoryAction.SUBSCRIPTION_UPDATED,
    HistoryAction.SUBSCRIPTION_DELETED,
)


async def purchase_changes(tx: Transaction) -> tuple[PurchaseChange, ...]:
    """What the history tells of purchases, oldest first; a tenant has a few hundred of them."""
    cursor = await tx.connection.execute(
        "select sku_no, detail, at from history_event where tenant_id = %s"
        " and action = any(%s::int2[]) and sku_no is not null order by event_no",
        (tx.tenant_id, [action.value for action in _PURCHASE_ACTIONS]),
    )
    return tuple(
        PurchaseChange(
            sku=SkuNo(sku),
            subscription_id=detail["subscriptionId"],
            at=at,
            before={name: one["before"] for name, one in detail["changed"].items()},
            after={name: one["after"] for name, one in detail["changed"].items()},
        )
        for sku, detail, at in await cursor.fetchall()
    )
