"""By what a license is held, where that changes and the license does not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from seatwright.domain.reconcile.givers import Giver
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

# The interval ends as with every change of a license (`world_write.py`), so that whoever asks who
# held what by which strategy at a moment is told the truth of that moment.
_SET: Final = """
with moved as (
    select l.*, new.strategy as new_strategy, new.source_kind as new_kind, new.source_no as new_no
      from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int2[], %s::int4[])
        as new (user_no, sku_no, strategy, source_kind, source_no)
      join effective_license l
        on l.tenant_id = %s and l.user_no = new.user_no and l.sku_no = new.sku_no
     where (l.source_kind, l.source_no) <> (new.source_kind, new.source_no)
), closed as (
    insert into license_interval (tenant_id, user_no, sku_no, enabled_set, strategy, source_kind,
        source_no, valid_from, valid_to)
    select tenant_id, user_no, sku_no, enabled_set, strategy, source_kind, source_no, since,
           greatest(since, %s)
      from moved
)
update effective_license l
   set strategy = moved.new_strategy, source_kind = moved.new_kind, source_no = moved.new_no,
       since = greatest(l.since, %s)
  from moved
 where l.tenant_id = moved.tenant_id and l.user_no = moved.user_no and l.sku_no = moved.sku_no
"""


async def write_givers(tx: Transaction, rows: Sequence[Giver], *, at: datetime) -> None:
    """Store by what these licenses are held; people are locked, and no seat moves."""
    if not rows:
        return
    await tx.connection.execute(
        _SET,
        (
            [row.user for row in rows],
            [row.sku for row in rows],
            [STRATEGY_TO_CODE[row.strategy] for row in rows],
            [int(row.source.kind) for row in rows],
            [row.source.no for row in rows],
            tx.tenant_id,
            at,
            at,
        ),
    )
