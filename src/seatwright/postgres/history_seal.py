"""Sealing the history: canonical lines, the numbers up to which nothing can come any more, blocks.

A row's line names people, groups, products and principals by their ids, which outlive them, and
never by a name, so that erasing names breaks no seal. What was done is sealed as a word, so that no
list beside it has to be believed; a test pins the words, for a word that changed would break seals.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.assignments import SourceKind
from seatwright.domain.history import HistoryAction
from seatwright.domain.seals import Block, Head, Line
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

ACTION_WORDS: Final = {action.value: action.wire for action in HistoryAction}
STRATEGY_WORDS: Final = {code: strategy.value for strategy, code in STRATEGY_TO_CODE.items()}
SOURCE_WORDS: Final = {kind.value: kind.name.lower() for kind in SourceKind}


def _word(column: str, words: Mapping[int, str]) -> str:
    """The word that a number stands for; one that a newer version wrote stands for itself."""
    return f"coalesce('{json.dumps(words)}'::jsonb ->> {column}::text, {column}::text)"


# The text of a jsonb has one form: no insignificant blanks, keys by length and then by bytes. What
# is null is left out; `detail` is joined on after that, because a null in it says something.
_LINES = f"""
select e.event_no, (jsonb_strip_nulls(jsonb_build_object(
           'no', e.event_no,
           'at', to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'action', {_word("e.action", ACTION_WORDS)}, 'reason', e.reason,
           'strategy', {_word("e.strategy", STRATEGY_WORDS)},
           'principal', coalesce(p.id::text, e.principal_no::text),
           'user', coalesce(u.id::text, e.user_no::text),
           'group', coalesce(g.id::text, e.group_no::text),
           'sku', coalesce(k.id::text, e.sku_no::text),
           'sourceKind', {_word("e.source_kind", SOURCE_WORDS)},
           'source', coalesce(s.id::text, nullif(e.source_no, 0)::text),
           'before', case when e.before_set = 0 then '0' else b.bits end,
           'after', case when e.after_set = 0 then '0' else a.bits end,
           'correlation', e.correlation))
       || case when e.detail is null then '{{}}'::jsonb
               else jsonb_build_object('detail', e.detail) end)::text
  from history_event e
  left join principal p on p.tenant_id = e.tenant_id and p.principal_no = e.principal_no
  left join history_name u
    on u.tenant_id = e.tenant_id and u.noun = 'user' and u.subject_no = e.user_no
  left join history_name g
    on g.tenant_id = e.tenant_id and g.noun = 'group' and g.subject_no = e.group_no
  left join history_name s on s.tenant_id = e.tenant_id and s.noun = 'group'
   and s.subject_no = e.source_no and e.source_kind = {int(SourceKind.GROUP)}
  left join sku k on k.tenant_id = e.tenant_id and k.sku_no = e.sku_no
  left join service_plan_set b on b.tenant_id = e.tenant_id and b.set_id = e.before_set
  left join service_plan_set a on a.tenant_id = e.tenant_id and a.set_id = e.after_set
 where e.tenant_id = %s and e.event_no > %s and e.event_no <= %s
 order by e.event_no
"""
_BLOCK_COLUMNS = "block_no, last_no, row_count, sealed_at, encode(digest, 'hex')"
_HEAD_COLUMNS = "month, block_no, last_no, encode(digest, 'hex'), sealed_at"

LINES_AT_ONCE: Final = 5000
"""Lines are read in pieces of this many, so that no history is too long for the memory."""


async def count_unsealed(tx: Transaction, *, after: int, limit: int) -> int:
    """How many rows have numbers above `after`, counted up to `limit`."""
    cursor = await tx.connection.execute(
        "select count(*) from (select 1 from history_event where tenant_id = %s"
        " and event_no > %s order by event_no limit %s) unsealed",
        (tx.tenant_id, after, limit),
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


async def read_fence(tx: Transaction) -> tuple[int, int]:
    """The number last given to any row, and a transaction id above all that had one to give.

    In this order: a transaction has its id before it takes a number (`0013_history.sql`), so all
    that took one up to the first have an id below the second.
    """
    cursor = await tx.connection.execute("select last_value from history_event_no")
    number = await cursor.fetchone()
    cursor = await tx.connection.execute("select pg_current_xact_id()::text::int8")
    fence = await cursor.fetchone()
    assert number is not None, "a sequence has a last value"
    assert fence is not None, "a function has a value"
    return number[0], fence[0]


async def is_fence_passed(tx: Transaction, fence: int) -> bool:
    """Whether every transaction with an id below the fence has ended."""
    cursor = await tx.connection.execute(
        "select pg_snapshot_xmin(pg_current_snapshot())::text::int8 >= %s", (fence,)
    )
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


async def read_lines(
    tx: Transaction, *, after: int, up_to: int, limit: int | None = None
) -> tuple[Line, ...]:
    """The canonical lines of rows with numbers above `after` and not above `up_to`, in order."""
    cursor = await tx.connection.execute(f"{_LINES} limit %s", (tx.tenant_id, after, up_to, limit))
    return tuple(Line(event_no=row[0], text=row[1]) for row in await cursor.fetchall())


async def all_lines(tx: Transaction, *, up_to: int) -> AsyncIterator[Line]:
    """Every canonical line up to a number, in order, read piece by piece."""
    async with tx.connection.cursor(name="history_lines") as cursor:
        await cursor.execute(_LINES, (tx.tenant_id, 0, up_to))
        while rows := await cursor.fetchmany(LINES_AT_ONCE):
            for row in rows:
                yield Line(event_no=row[0], text=row[1])


async def store_block(tx: Transaction, block: Block) -> bool:
    """Append a block; False when another session did so first."""
    cursor = await tx.connection.execute(
        "insert into history_block (tenant_id, block_no, last_no, row_count, sealed_at, digest,"
        " marks) values (%s, %s, %s, %s, %s, decode(%s, 'hex'), %s) on conflict do nothing",
        (
            tx.tenant_id,
            block.block_no,
            block.last_no,
            block.row_count,
            block.sealed_at,
            block.digest,
            block.marks,
        ),
    )
    return cursor.rowcount == 1


async def last_block(tx: Transaction) -> Block | None:
    """The newest block, without its marks."""
    cursor = await tx.connection.execute(
        f"select {_BLOCK_COLUMNS} from history_block where tenant_id = %s"
        " order by block_no desc limit 1",
        (tx.tenant_id,),
    )
    row = await cursor.fetchone()
    return None if row is None else _block(row)


async def read_blocks(tx: Transaction, *, after: int, limit: int) -> tuple[Block, ...]:
    """Blocks with their marks, in order."""
    cursor = await tx.connection.execute(
        f"select {_BLOCK_COLUMNS}, marks from history_block"
        " where tenant_id = %s and block_no > %s order by block_no limit %s",
        (tx.tenant_id, after, limit),
    )
    return tuple(_block(row) for row in await cursor.fetchall())


def _block(row: TupleRow) -> Block:
    return Block(
        block_no=row[0],
        last_no=row[1],
        row_count=row[2],
        sealed_at=row[3],
        digest=row[4],
        marks=row[5] if len(row) > 5 else b"",
    )


async def store_heads_before(tx: Transaction, month: str) -> tuple[Head, ...]:
    """Keep the last block of every month before this one that has blocks and no head yet.

    The newest head says where to go on; months without a block have none. Returns the new ones.
    """
    cursor = await tx.connection.execute(
        "insert into history_head (tenant_id, month, block_no, last_no, digest, sealed_at)"
        " select distinct on (1, 2) tenant_id, to_char(sealed_at at time zone 'UTC', 'YYYY-MM'),"
        " block_no, last_no, digest, sealed_at from history_block where tenant_id = %s"
        " and block_no > coalesce((select max(block_no) from history_head where tenant_id = %s), 0)"
        " and to_char(sealed_at at time zone 'UTC', 'YYYY-MM') < %s"
        f" order by 1, 2, block_no desc on conflict do nothing returning {_HEAD_COLUMNS}",
        (tx.tenant_id, tx.tenant_id, month),
    )
    return tuple(_head(row) for row in await cursor.fetchall())


async def read_heads(tx: Transaction) -> tuple[Head, ...]:
    """The heads of the months that are over, oldest first."""
    cursor = await tx.connection.execute(
        f"select {_HEAD_COLUMNS} from history_head where tenant_id = %s order by month",
        (tx.tenant_id,),
    )
    return tuple(_head(row) for row in await cursor.fetchall())


def _head(row: TupleRow) -> Head:
    return Head(month=row[0], block_no=row[1], last_no=row[2], digest=row[3], sealed_at=row[4])
