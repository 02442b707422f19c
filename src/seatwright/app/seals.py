"""Sealing the history block by block, out of the way of whoever writes it, and checking the seals.

Sealing writes nothing into the history and takes no lock that another session waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import structlog

from seatwright.app.call import Call
from seatwright.app.work import Workshop
from seatwright.domain.ids import TenantId
from seatwright.domain.seals import (
    NO_DIGEST,
    ROWS_IN_BLOCK_MAX,
    ROWS_TO_SEAL_AT_ONCE,
    Block,
    Break,
    BreakKind,
    Head,
    Line,
    breaks_in,
    is_due,
    parse_digest,
    sealed,
)
from seatwright.postgres import history_seal as rows
from seatwright.postgres.history_partitions import make_partitions_ahead
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

log = structlog.get_logger(__name__)

BLOCKS_AT_ONCE: Final = 200
"""Two million rows are sealed in one tick; the next one goes on."""

FENCE_PAUSE_SECONDS: Final = 0.05
FENCE_TRIES_MAX: Final = 100
"""A transaction that runs longer than this delays the seal to the next tick."""

BREAKS_TOLD_MAX: Final = 100
"""A history that is broken throughout is told by its first breaks."""


async def make_room_ahead(workshop: Workshop) -> None:
    """Make the history's partitions of the next months."""
    async with workshop.database.connection() as connection:
        if not await make_partitions_ahead(connection, workshop.clock.now().date()):
            log.info("a long transaction is in the way of the next month's partition")


async def seal_history(workshop: Workshop, tenant_id: TenantId) -> int:
    """Seal what is due in a tenant's history; how many blocks that made."""
    for made in range(BLOCKS_AT_ONCE):
        async with workshop.database.transaction(tenant_id) as tx:
            if not await _seal_block(tx, now=workshop.clock.now()):
                return made
    return BLOCKS_AT_ONCE


async def _seal_block(tx: Transaction, *, now: datetime) -> bool:
    """Seal the next block; False when none is due, or its rows are not all there yet."""
    previous = await rows.last_block(tx)
    if previous is not None and _month(previous.sealed_at.date()) < _month(now.date()):
        for head in await rows.store_heads_before(tx, _month(now.date())):
            # Logs are kept elsewhere, out of reach of whoever could write the chain anew.
            log.info(
                "the head of the history of a month",
                tenant=tx.tenant_id,
                month=head.month,
                block=head.block_no,
                digest=head.digest,
            )
    after = 0 if previous is None else previous.last_no
    unsealed = await rows.count_unsealed(tx, after=after, limit=ROWS_TO_SEAL_AT_ONCE)
    if not is_due(previous, rows=unsealed, now=now):
        return False
    up_to = await _last_number_for_good(tx)
    tenant = await read_tenant(tx.connection, tx.tenant_id)
    if up_to is None or tenant is None:
        return False
    lines = await rows.read_lines(tx, after=after, up_to=up_to, limit=ROWS_IN_BLOCK_MAX)
    if not lines:
        return False
    return await rows.store_block(tx, sealed(lines, tenant=tenant.id, previous=previous, at=now))


async def _last_number_for_good(tx: Transaction) -> int | None:
    """The number up to which no row can come any more; None while somebody may still bring one."""
    number, fence = await rows.read_fence(tx)
    for _ in range(FENCE_TRIES_MAX):
        if await rows.is_fence_passed(tx, fence):
            return number
        await asyncio.sleep(FENCE_PAUSE_SECONDS)
    log.info("a long transaction delays the seal of the history", tenant=tx.tenant_id)
    return None


def _month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


@dataclass(slots=True)
class Verdict:
    """What checking the seals found: how much is sealed and holds, and where it does not."""

    blocks: int = 0
    rows: int = 0
    head: Block | None = None
    unsealed_rows: int = 0
    breaks: list[Break] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.breaks


async def current_head(call: Call) -> tuple[Block | None, int]:
    """The newest block, and how many rows wait for a seal (counted up to a thousand)."""
    head = await rows.last_block(call.tx)
    after = 0 if head is None else head.last_no
    return head, await rows.count_unsealed(call.tx, after=after, limit=ROWS_TO_SEAL_AT_ONCE)


async def monthly_heads(call: Call) -> tuple[Head, ...]:
    """The last digest of every month that is over."""
    return await rows.read_heads(call.tx)


async def verify_history(call: Call, *, head: str | None) -> Verdict:
    """Compute every seal anew from the rows that are there.

    `head` is a digest that somebody kept: it must be one of the chain's. So must be the heads of
    the months that seatwright kept itself.

    Raises Refusal invalidValue for a head that is no digest.
    """
    wanted = {} if head is None else {parse_digest(head): None}
    kept: dict[str, int | None] = {one.digest: one.block_no for one in await monthly_heads(call)}
    unknown = kept | wanted
    verdict = Verdict()
    async for block, lines, previous in _blocks_with_rows(call):
        verdict.breaks += breaks_in(block, lines, tenant=call.tenant.id, previous=previous)
        verdict.blocks += 1
        verdict.rows += len(lines)
        verdict.head = block
        unknown.pop(block.digest, None)
    verdict.breaks += [
        Break(kind=BreakKind.HEAD_UNKNOWN, block_no=block_no) for block_no in unknown.values()
    ]
    del verdict.breaks[BREAKS_TOLD_MAX:]
    verdict.unsealed_rows = (await current_head(call))[1]
    return verdict


async def _blocks_with_rows(call: Call) -> AsyncIterator[tuple[Block, list[Line], Block | None]]:
    """Every block with the rows that have its numbers, and the block before it."""
    last = await rows.last_block(call.tx)
    if last is None:
        return
    lines = rows.all_lines(call.tx, up_to=last.last_no)
    line = await anext(lines, None)
    previous: Block | None = None
    async for block in _blocks(call, up_to=last.block_no):
        here: list[Line] = []
        while line is not None and line.event_no <= block.last_no:
            here.append(line)
            line = await anext(lines, None)
        yield block, here, previous
        previous = block


async def _blocks(call: Call, *, up_to: int) -> AsyncIterator[Block]:
    """Every block up to a number, read in pieces; marks make them large."""
    after = 0
    while after < up_to:
        found = await rows.read_blocks(call.tx, after=after, limit=BLOCKS_AT_ONCE)
        for block in found:
            if block.block_no <= up_to:
                yield block
        after = found[-1].block_no if found else up_to


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRun:
    """A block as an export has it: with the digest before, and its rows."""

    block: Block
    before: str
    lines: list[Line]


async def sealed_runs(call: Call) -> AsyncIterator[SealedRun]:
    """Every sealed block in order, for an export."""
    async for block, lines, previous in _blocks_with_rows(call):
        before = NO_DIGEST if previous is None else previous.digest
        yield SealedRun(block=block, before=before, lines=lines)
