"""Saying beforehand what a bulk job would do.

Rows that only give are decided without a lock. What takes licenses away is done and taken back: the
brake and the line of those who wait go by what is stored.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from seatwright.app.bulk.cautions import Caution, cautions_of
from seatwright.app.bulk.foresight import Foresight, foresee_rows
from seatwright.app.bulk.orders import Resolved
from seatwright.app.bulk.reservation import refused_whole
from seatwright.app.bulk.slices import work_bulk_slice
from seatwright.app.bulk.start import start_bulk
from seatwright.app.call import Call
from seatwright.app.preview_jobs import only_foreseen
from seatwright.domain.bulk import (
    UNCHANGED,
    BulkOrder,
    BulkRow,
    FillPolicy,
    RowEffect,
    RowResult,
    Undone,
)
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.ids import SkuNo
from seatwright.domain.jobs import Job, Outcome
from seatwright.domain.reconcile import Action
from seatwright.postgres.job_rows import list_rows
from seatwright.postgres.jobs import job_by_number
from seatwright.postgres.seats import waiting_among

FORECAST_ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What would become of the rows of a bulk job now.

    `is_refused` is for all or nothing where it would be nothing. `rows` are the first 1,000,
    `undone` the first 1,000 of those that would not be done for each cause and `causes` counts
    them (None: they are done); `effects` counts the others by what they come to, and `by_effect`
    has the first 1,000 of each that gives nothing to somebody new. `lacking` counts the people who
    find no seat of a product and do not wait for one: none where all of them wait already.
    `cautions` are what there is to know of the others before.
    """

    counts: Mapping[tuple[Outcome, Reason | None], int]
    rows: Sequence[tuple[BulkRow, RowResult]]
    undone: Mapping[Undone, Sequence[tuple[BulkRow, RowResult]]]
    causes: Mapping[Undone | None, int]
    lacking: Mapping[SkuNo, int]
    total: int
    is_refused: bool
    effects: Mapping[RowEffect, int]
    by_effect: Mapping[RowEffect, Sequence[tuple[BulkRow, RowResult]]]
    cautions: tuple[Caution, ...]

    @property
    def failing(self) -> Sequence[tuple[BulkRow, RowResult]]:
        """The first rows that would not be done, one cause after the other."""
        return list(chain.from_iterable(self.undone.values()))

    @property
    def unchanged(self) -> int:
        """How many rows are as they should be already."""
        return sum(self.effects.get(effect, 0) for effect in UNCHANGED)


async def foresee_bulk(call: Call, resolved: Resolved) -> Forecast:
    """Find out what a job would do with every row, and put it into the call's ledger."""
    rows, order = resolved.rows, resolved.order
    foresight = await foresee_rows(call, rows, order)
    results: Sequence[RowResult] = foresight.results
    is_whole = order.fill is FillPolicy.ALL_OR_NOTHING
    is_refused = is_whole and any(one.outcome is not Outcome.SUCCEEDED for one in results)
    if is_refused:
        results = refused_whole(results)
    elif _takes(foresight, order):
        results = await _tried(call, resolved)
    else:
        for changes in foresight.change_sets:
            call.ledger.add(changes, reason=_reason(order))
    call.ledger.beside.append(_ordered(rows))
    call.ledger.concerned.update(row.sku for row in rows if row.sku is not None)
    call.ledger.concerned.update(product.sku for product in order.products)
    shown = slice(0, FORECAST_ROWS_MAX)
    pairs = list(zip(rows, results, strict=True))
    lacking = await _lacking(call, pairs, order)
    if is_refused:
        # The seats that are free would be taken by the rows that are spared now.
        lacking = Counter({sku: count + foresight.needed[sku] for sku, count in lacking.items()})
    cautions = () if order.adopts else await cautions_of(call, pairs, order)
    return Forecast(
        counts=Counter((one.outcome, one.reason) for one in results),
        rows=list(zip(rows[shown], results[shown], strict=True)),
        undone=_undone(pairs),
        causes=Counter(one.undone for one in results),
        lacking=lacking,
        total=len(rows),
        is_refused=is_refused,
        effects=Counter(one.effect for one in results if one.effect is not None),
        by_effect={
            effect: list(
                islice((pair for pair in pairs if pair[1].effect is effect), FORECAST_ROWS_MAX)
            )
            for effect in (*UNCHANGED, RowEffect.BESIDE, RowEffect.CHANGED)
        },
        cautions=cautions,
    )


def _undone(
    pairs: Sequence[tuple[BulkRow, RowResult]],
) -> dict[Undone, list[tuple[BulkRow, RowResult]]]:
    found: dict[Undone, list[tuple[BulkRow, RowResult]]] = {one: [] for one in Undone}
    for pair in pairs:
        why = pair[1].undone
        if why is not None and len(found[why]) < FORECAST_ROWS_MAX:
            found[why].append(pair)
    return found


async def _lacking(
    call: Call, pairs: Sequence[tuple[BulkRow, RowResult]], order: BulkOrder
) -> Counter[SkuNo]:
    """How many people find no seat of each product; one who is there twice counts once.

    Who waits for one already is counted among those who wait, so that they add nothing here.
    """
    every = tuple(product.sku for product in order.products)
    found = {
        (sku, result.user)
        for row, result in pairs
        if result.undone is Undone.UNSEATED and result.user is not None
        for sku in result.lacks or (every if row.sku is None else (row.sku,))
    }
    waiting = await waiting_among(call.tx, {user for _, user in found}) if found else set()
    lacking = Counter({sku: 0 for sku, _ in found})
    lacking.update(sku for sku, _ in found - waiting)
    return lacking


def _ordered(rows: Sequence[BulkRow]) -> str:
    """Name what is ordered: rows that change no license are in no change set, and yet are done."""
    lines = (f"{row.who}\t{row.sku_text}\t{row.kind.value}" for row in rows)
    return f"bulk {hashlib.sha256(chr(10).join(lines).encode()).hexdigest()}"


def _takes(foresight: Foresight, order: BulkOrder) -> bool:
    """Whether somebody would lose a license, so that a seat comes free or the brake may hold it.

    Of what only takes the needless away every change is tried: rows may be left out for it.
    """
    return any(
        order.mending is not None or change.action is Action.REVOKE
        for changes in foresight.change_sets
        for change in changes.changes
    )


async def _tried(call: Call, resolved: Resolved) -> Sequence[RowResult]:
    """What becomes of the rows when the job is done slice by slice, as the worker does."""
    async with only_foreseen(call):
        job: Job | None = await start_bulk(call, resolved)
        assert job is not None, "it was just stored"
        number = job.job_no
        while not await work_bulk_slice(call, job):
            job = await job_by_number(call.tx, number)
            assert job is not None, "nobody else sees it"
        stored = await list_rows(call.tx, number, after=-1, limit=len(resolved.rows))
    return [
        RowResult(
            row_no=one.row_no,
            outcome=one.outcome or Outcome.CANCELLED,
            reason=one.reason,
            message=one.message,
            effect=one.effect,
        )
        for one in stored
    ]


def _reason(order: BulkOrder) -> ChangeReason:
    return ChangeReason.IMPORTED if order.adopts else ChangeReason.ASSIGNED
