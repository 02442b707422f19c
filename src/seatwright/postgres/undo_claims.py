"""Claims in the journal of wishes: written when somebody wants to undo them, and not before.

A batch of launches is one statement for many callers, each under a correlation id of its own, and
has no time for a journal (`launch_write.py`). The history says which claims a call made, and the
assignment that still stands says the rest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.undo import Noun
from seatwright.postgres.transaction import Transaction

_JOURNAL: Final = f"""
with claimed as (
    select a.*, h.principal_no from history_event h
      join assignment a on a.tenant_id = h.tenant_id and a.user_no = h.user_no
       and a.sku_no = h.sku_no and a.source_kind = h.source_kind and a.source_no = h.source_no
       and a.created_at = h.at
     where h.tenant_id = %(tenant)s and h.correlation = %(batch)s and h.at >= %(since)s
       and h.action = {int(HistoryAction.ASSIGNED)} and h.reason = '{ChangeReason.CLAIMED.value}'
       and h.source_kind = {int(SourceKind.POLICY)}
       and not exists (select from wish_change w
            where w.tenant_id = h.tenant_id and w.correlation = h.correlation
              and w.noun = {int(Noun.ASSIGNMENT)} and w.user_no = h.user_no
              and w.sku_no = h.sku_no and w.source_kind = h.source_kind
              and w.source_no = h.source_no)
), noted as (
    insert into wish_batch (tenant_id, correlation, at, principal_no)
    select tenant_id, %(batch)s, min(created_at), min(principal_no) from claimed group by tenant_id
        on conflict do nothing
)
insert into wish_change (tenant_id, correlation, noun, user_no, sku_no, source_kind, source_no,
    after_set, after_strategy, after_priority, after_starts_at, after_expires_at, after_since,
    after_by)
select tenant_id, %(batch)s, {int(Noun.ASSIGNMENT)}, user_no, sku_no, source_kind, source_no,
       disabled_set, strategy, priority, starts_at, expires_at, created_at, created_by
  from claimed order by user_no
"""


async def journal_claims(tx: Transaction, correlation: UUID, *, since: datetime) -> None:
    """Take into the journal what launches gave under a correlation id and what still stands."""
    await tx.connection.execute(
        _JOURNAL, {"tenant": tx.tenant_id, "batch": correlation, "since": since}
    )
