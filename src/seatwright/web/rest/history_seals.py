"""`/api/history`: the seals of the history, their heads, and an export to check elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from litestar import get
from litestar.params import FromQuery
from litestar.response import Stream

from seatwright.app import seals
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.roles import Permission
from seatwright.domain.seals import FORMAT, NO_DIGEST, Block, moment_text
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Page, Shape, page_of

NDJSON = "application/x-ndjson"
"""One JSON value a line; the export's canonical lines stand in it byte for byte."""

PIECE_CHARACTERS = 256 * 1024


class HeadShape(Shape, frozen=True, kw_only=True):
    """The newest seal: its digest covers every row up to `lastId`."""

    block: int
    last_id: str
    digest: str
    sealed_at: datetime


class HeadAnswer(Shape, frozen=True, kw_only=True):
    """The newest seal, null before the first; and how many rows wait, counted up to 1,000."""

    head: HeadShape | None
    unsealed_rows: int


class MonthHead(HeadShape, frozen=True, kw_only=True):
    """The last seal of a month that is over."""

    month: str


class BreakShape(Shape, frozen=True, kw_only=True):
    """A place where the chain does not hold; `id` names the row, where it is one."""

    kind: str
    block: int | None
    id: str | None
    words: str


class VerdictShape(Shape, frozen=True, kw_only=True):
    """What was found: everything sealed is as it was when `isIntact`."""

    is_intact: bool
    blocks: int
    rows: int
    unsealed_rows: int
    head: HeadShape | None
    breaks: list[BreakShape]


def _head(block: Block | None) -> HeadShape | None:
    if block is None:
        return None
    return HeadShape(
        block=block.block_no,
        last_id=str(block.last_no),
        digest=block.digest,
        sealed_at=block.sealed_at.astimezone(UTC),
    )


@get(
    "/api/history/head",
    opt=needs(Permission.READ_HISTORY),
    summary="Read the newest seal of the history",
)
async def read_head(call: TheCall) -> HeadAnswer:
    """Keep the digest somewhere else: with it a later check shows any change before it."""
    block, unsealed = await seals.current_head(call)
    return HeadAnswer(head=_head(block), unsealed_rows=unsealed)


@get(
    "/api/history/heads",
    opt=needs(Permission.READ_HISTORY),
    summary="List the seals of past months",
)
async def list_heads(
    call: TheCall, cursor: FromQuery[str | None] = None, limit: FromQuery[int | None] = None
) -> Page[MonthHead]:
    """The last seal of every month that is over, oldest first."""
    heads = [
        MonthHead(
            month=one.month,
            block=one.block_no,
            last_id=str(one.last_no),
            digest=one.digest,
            sealed_at=one.sealed_at.astimezone(UTC),
        )
        for one in await seals.monthly_heads(call)
    ]
    return page_of(heads, cursor=cursor, limit=limit)


@get(
    "/api/history/verify",
    opt=needs(Permission.READ_HISTORY),
    summary="Check every seal of the history",
)
async def verify_history(call: TheCall, head: FromQuery[str | None] = None) -> VerdictShape:
    """Computes every digest anew from the rows, and says which row of which block differs.

    With `head`, a digest that was kept elsewhere, a history that was cut or written anew shows too.
    """
    verdict = await seals.verify_history(call, head=head)
    return VerdictShape(
        is_intact=verdict.is_intact,
        blocks=verdict.blocks,
        rows=verdict.rows,
        unsealed_rows=verdict.unsealed_rows,
        head=_head(verdict.head),
        breaks=[
            BreakShape(
                kind=one.kind.value,
                block=one.block_no,
                id=None if one.event_no is None else str(one.event_no),
                words=one.words,
            )
            for one in verdict.breaks
        ],
    )


@get(
    "/api/history/export",
    opt=needs(Permission.READ_HISTORY),
    summary="Export the sealed history",
    media_type=NDJSON,
)
async def export_history(call: TheCall) -> Stream:
    """Every sealed row as it was sealed, with its blocks: `seatwright history checker` checks it.

    Lines of JSON: what it is, then for each block its head and its rows, then what it all was.
    """
    return Stream(
        _export(call),
        headers={
            "content-type": NDJSON,
            "content-disposition": 'attachment; filename="history.jsonl"',
        },
    )


async def _export(call: Call) -> AsyncIterator[bytes]:
    """The file in pieces; its last line covers every byte before it."""
    file = hashlib.sha256()
    blocks, rows, head = 0, 0, NO_DIGEST
    piece = _line(
        {
            "export": "seatwright history",
            "format": FORMAT,
            "tenant": str(call.tenant.id),
            "at": moment_text(call.now),
            **await _meanings(call),
        }
    )
    async for run in seals.sealed_runs(call):
        piece += _line(_block(run.block, before=run.before, rows=len(run.lines)))
        piece += "".join(f"{line.text}\n" for line in run.lines)
        blocks, rows, head = run.block.block_no, rows + len(run.lines), run.block.digest
        if len(piece) >= PIECE_CHARACTERS:
            file.update(piece.encode())
            yield piece.encode()
            piece = ""
    file.update(piece.encode())
    end = {
        "end": "seatwright history",
        "blocks": blocks,
        "rows": rows,
        "head": head,
        "heads": {one.month: one.digest for one in await seals.monthly_heads(call)},
        "file": file.hexdigest(),
    }
    yield f"{piece}{_line(end)}".encode()


async def _meanings(call: Call) -> dict[str, object]:
    """What the rows' ids of products and sets of service plans stand for today.

    A set is a number in hexadecimal, whose bit n stands for the service plan with the number n.
    """
    catalog = await catalog_of(call)
    return {
        "products": {str(sku.sku_id): sku.part_number for sku in catalog.skus.values()},
        "servicePlans": {
            str(number): {"id": str(plan.service_plan_id), "name": plan.name}
            for number, plan in catalog.service_plans.items()
        },
    }


def _block(block: Block, *, before: str, rows: int) -> dict[str, object]:
    """A block's line, with the number of rows that there are for it now.

    Where rows are missing the digest says so, and a reader still finds the next block.
    """
    return {
        "block": block.block_no,
        "lastNo": block.last_no,
        "rows": rows,
        "sealedAt": moment_text(block.sealed_at),
        "before": before,
        "digest": block.digest,
        "marks": block.marks.hex(),
    }


def _line(value: dict[str, object]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n"


HISTORY_SEAL_ROUTES = (read_head, list_heads, verify_history, export_history)
