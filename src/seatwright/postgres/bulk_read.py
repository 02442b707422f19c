"""Reading a tenant, or many of its people, as columns.

COPY would give one Python object for each row. Here the server joins the rows of thousands of
people into one value (`string_agg` of the binary form of their columns), and numpy reads that value
as it is: about what the server alone takes. `_in_order` makes sure of the order of the rows,
because that of an aggregate is not promised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from seatwright.domain.assignments import Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.reconcile.columns import (
    NEVER,
    NOWHERE,
    SOURCE_BITS,
    DirectColumns,
    ErrorColumns,
    HeldColumns,
    Int32s,
    Int64s,
    MembershipColumns,
    PeopleColumns,
    PlanSets,
)
from seatwright.domain.reconcile.reading import PeopleRead
from seatwright.postgres.bulk_tables import (
    ALONE,
    DIRECT,
    ERRORS,
    HELD,
    MEMBERSHIP,
    PEOPLE,
    Table,
)
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.transaction import Transaction

PEOPLE_AT_ONCE: Final = 32_768
"""One value then has a few megabytes: large enough to be quick, small enough to hold."""

LISTED_AT_ONCE: Final = 4_000
"""People named one by one in one query."""

EPOCH_MICROSECONDS: Final = 946_684_800_000_000
"""PostgreSQL counts its moments from 2000, the columns from 1970."""

_NOWHERE_TEXT: Final = "--"
_RANGE: Final = "tenant_id = %s and user_no >= %s and user_no < %s"
_LISTED: Final = "tenant_id = %s and user_no = any(%s)"

_STRATEGY_INDEX: Final = np.zeros(1 + max(STRATEGY_TO_CODE.values()), dtype=np.int16)
"""The position of a strategy in `tuple(Strategy)`, by its stored code."""
_STRATEGY_INDEX[[STRATEGY_TO_CODE[strategy] for strategy in Strategy]] = range(len(Strategy))

Rows = npt.NDArray[np.void]


async def read_everybody(tx: Transaction, plan_sets: PlanSets) -> PeopleRead:
    """Read everybody of the tenant."""
    cursor = await tx.connection.execute(
        "select coalesce(max(user_no), 0) from app_user where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    last = 0 if row is None else int(row[0])
    parts = [
        (tx.tenant_id, first, first + PEOPLE_AT_ONCE)
        for first in range(0, last + 1, PEOPLE_AT_ONCE)
    ]
    return await _read(tx, plan_sets, whom=_RANGE, parts=parts)


async def read_listed(tx: Transaction, users: Int32s, plan_sets: PlanSets) -> PeopleRead:
    """Read these people; those without a row are left out. `users` must be sorted."""
    parts = [
        (tx.tenant_id, users[first : first + LISTED_AT_ONCE].tolist())
        for first in range(0, len(users), LISTED_AT_ONCE)
    ]
    return await _read(tx, plan_sets, whom=_LISTED, parts=parts)


async def _read(
    tx: Transaction, plan_sets: PlanSets, *, whom: str, parts: Sequence[tuple[object, ...]]
) -> PeopleRead:
    """Read table after table, so that only one of them is there in two forms at a time."""
    for reader in (tx, *tx.beside):
        await reader.connection.execute(ALONE)
    people, locations = _people(await _rows(tx, PEOPLE, whom=whom, parts=parts))
    memberships = _memberships(await _rows(tx, MEMBERSHIP, whom=whom, parts=parts))
    direct = await _rows(tx, DIRECT, whom=whom, parts=parts)
    direct_sets = await _set_index(tx, plan_sets, direct)
    held = await _rows(tx, HELD, whom=whom, parts=parts)
    held_sets = await _set_index(tx, plan_sets, held)
    errors = await _rows(tx, ERRORS, whom=whom, parts=parts)
    return PeopleRead(
        people=people,
        locations=locations,
        memberships=memberships,
        direct=_direct(direct, direct_sets),
        held=_held(held, held_sets),
        errors=_errors(errors, await _reason_hashes(tx)),
        turns=errors["priority"].astype(np.int16),
    )


async def _rows(
    tx: Transaction, table: Table, *, whom: str, parts: Sequence[tuple[object, ...]]
) -> Rows:
    """Read a table for all parts, a share of them by each connection that sees the snapshot."""
    readers = (tx, *tx.beside)
    share = -(-len(parts) // len(readers))
    query = table.query(whom).encode()
    shares = await asyncio.gather(
        *(
            _values(reader, query, parts[place * share : (place + 1) * share])
            for place, reader in enumerate(readers)
        )
    )
    found = [np.frombuffer(value, dtype=table.dtype) for values in shares for value in values]
    rows = np.concatenate(found) if found else np.empty(0, dtype=table.dtype)
    return _in_order(rows, table.order)


async def _values(
    tx: Transaction, query: bytes, parts: Sequence[tuple[object, ...]]
) -> list[bytes]:
    """The values of a query for these parts.

    A pipeline, so that the server works on the next part while this one is on its way.
    """
    values: list[bytes] = []
    async with tx.together():
        cursors = [await tx.connection.cursor(binary=True).execute(query, part) for part in parts]
        for cursor in cursors:
            row = await cursor.fetchone()
            if row is not None and row[0] is not None:
                values.append(row[0])
    return values


async def _reason_hashes(tx: Transaction) -> Int64s:
    """Give what the server makes of each reason, in the order of `Reason`."""
    cursor = await tx.connection.execute(
        "select hashtext(code) from unnest(%s::text[]) with ordinality as r (code, n) order by n",
        ([reason.value for reason in Reason],),
    )
    return np.array([row[0] for row in await cursor.fetchall()], dtype=np.int64)


def _in_order(rows: Rows, keys: tuple[str, ...]) -> Rows:
    """Give the rows sorted by their keys; most often they come so, and only that is found out."""
    if len(rows) < 2 or _is_in_order(rows, keys):
        return rows
    return rows[np.lexsort([rows[key] for key in reversed(keys)])]


def _is_in_order(rows: Rows, keys: tuple[str, ...]) -> bool:
    is_undecided: npt.NDArray[np.bool_] | None = None
    for key in keys:
        column = rows[key]
        before, after = column[:-1], column[1:]
        falls = before > after
        if (falls if is_undecided is None else falls & is_undecided).any():
            return False
        equal = before == after
        is_undecided = equal if is_undecided is None else equal & is_undecided
    return True


async def _set_index(tx: Transaction, plan_sets: PlanSets, rows: Rows) -> Int32s:
    """Give each row's set of service plans as an index into `plan_sets`."""
    stored = rows["set"].astype(np.int32)
    if not len(stored):
        return stored
    distinct = _distinct(stored)
    bits = await tx.plan_set_bits(distinct.tolist())
    index = np.array([plan_sets.index_of(bits[one]) for one in distinct.tolist()], dtype=np.int32)
    return index[np.searchsorted(distinct, stored)]


def _distinct(numbers: Int32s) -> Int32s:
    """Give the distinct numbers, sorted; by marking them, for sorting millions takes seconds."""
    highest = int(numbers.max())
    if highest > 1 << 24:
        return np.unique(numbers)
    marks = np.zeros(highest + 1, dtype=np.bool_)
    marks[numbers] = True
    return np.flatnonzero(marks).astype(np.int32)


def _people(rows: Rows) -> tuple[PeopleColumns, tuple[str, ...]]:
    codes, index = np.unique(rows["location"], return_inverse=True)
    names = [code.decode() for code in codes.tolist()]
    locations = tuple(name for name in names if name != _NOWHERE_TEXT)
    position = np.array(
        [NOWHERE if name == _NOWHERE_TEXT else locations.index(name) for name in names],
        dtype=np.int16,
    )
    people = PeopleColumns(
        user_no=rows["user_no"].astype(np.int32),
        location=position[index] if len(rows) else np.empty(0, dtype=np.int16),
        is_deleted=rows["is_deleted"].astype(np.bool_),
    )
    return people, locations


def _memberships(rows: Rows) -> MembershipColumns:
    return MembershipColumns(
        user_no=rows["user_no"].astype(np.int32),
        group_no=rows["group_no"].astype(np.int32),
        since=_moments(rows["since"]),
    )


def _direct(rows: Rows, sets: Int32s) -> DirectColumns:
    return DirectColumns(
        user_no=rows["user_no"].astype(np.int32),
        sku_no=rows["sku_no"].astype(np.int16),
        disabled_set=sets,
        strategy=_STRATEGY_INDEX[rows["strategy"]],
        priority=rows["priority"].astype(np.int16),
        assigned_at=_moments(rows["assigned_at"]),
        starts_at=_moments(rows["starts_at"]),
        expires_at=_moments(rows["expires_at"]),
        source=_sources(rows),
    )


def _held(rows: Rows, sets: Int32s) -> HeldColumns:
    return HeldColumns(
        user_no=rows["user_no"].astype(np.int32),
        sku_no=rows["sku_no"].astype(np.int16),
        enabled_set=sets,
        source=_sources(rows),
    )


def _errors(rows: Rows, hashes: Int64s) -> ErrorColumns:
    by_hash = np.argsort(hashes)
    return ErrorColumns(
        user_no=rows["user_no"].astype(np.int32),
        sku_no=rows["sku_no"].astype(np.int16),
        source=_sources(rows),
        reason=by_hash[np.searchsorted(hashes, rows["reason"], sorter=by_hash)].astype(np.int16),
        waiting_since=_moments(rows["waiting_since"]),
    )


def _sources(rows: Rows) -> Int64s:
    return rows["source_kind"].astype(np.int64) << SOURCE_BITS | rows["source_no"].astype(np.int64)


def _moments(sent: npt.NDArray[Any]) -> Int64s:
    """Count from 1970; no moment (minus infinity on the wire) is `NEVER`, the same number."""
    moments = sent.astype(np.int64)
    return np.where(moments == NEVER, NEVER, moments + EPOCH_MICROSECONDS)


_WAITING: Final = """
select w.user_no from unnest(%s::int2[], %s::int4[]) as freed (sku_no, people)
 cross join lateral (
    select e.user_no from license_error e
     where e.tenant_id = %s and e.sku_no = freed.sku_no and e.reason = 'noSeatLeft'
       and e.user_no <> all(%s)
     group by e.user_no
     order by min(e.priority), min(e.waiting_since), e.user_no limit freed.people) w
"""


async def waiting_beyond(
    tx: Transaction, wanted: Mapping[int, int], *, passed_by: Int32s
) -> Int32s:
    """The first in each product's line, so many of each, without those passed by; sorted."""
    if not wanted:
        return np.empty(0, dtype=np.int32)
    skus = np.array(sorted(wanted), dtype=np.int16)
    counts = np.array([wanted[sku] for sku in skus.tolist()], dtype=np.int32)
    cursor = await tx.connection.execute(_WAITING, (skus, counts, tx.tenant_id, passed_by))
    return np.unique(np.array([row[0] for row in await cursor.fetchall()], dtype=np.int32))
