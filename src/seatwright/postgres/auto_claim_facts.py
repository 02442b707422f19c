"""Facts of the tenant that bring default policies: whether they hold, and which were seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from seatwright.domain.auto_claim import TenantFact
from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction


async def known_facts(tx: Transaction) -> frozenset[TenantFact]:
    """The facts that were seen to hold, now or once."""
    cursor = await tx.connection.execute(
        "select fact from auto_claim_fact where tenant_id = %s", (tx.tenant_id,)
    )
    return frozenset(TenantFact(row[0]) for row in await cursor.fetchall())


async def facts_that_hold(tx: Transaction, premium: Sequence[SkuNo]) -> frozenset[TenantFact]:
    """The facts that hold now: a managed environment, a premium subscription that is in force."""
    cursor = await tx.connection.execute(
        "select exists (select from environment where tenant_id = %s and is_managed),"
        " exists (select from subscription where tenant_id = %s and sku_no = any(%s)"
        "  and status in ('Enabled', 'Warning') and has_started)",
        (tx.tenant_id, tx.tenant_id, list(premium)),
    )
    row = await cursor.fetchone()
    assert row is not None, "a query without a table has one row"
    facts = zip((TenantFact.MANAGED_ENVIRONMENT, TenantFact.PREMIUM_SUBSCRIPTION), row, strict=True)
    return frozenset(fact for fact, holds in facts if holds)


async def note_fact(tx: Transaction, fact: TenantFact, *, at: datetime) -> bool:
    """Keep that a fact holds; False when it was known."""
    cursor = await tx.connection.execute(
        "insert into auto_claim_fact (tenant_id, fact, since) values (%s, %s, %s)"
        " on conflict do nothing",
        (tx.tenant_id, fact.value, at),
    )
    return cursor.rowcount == 1
