"""From drafts, denied claims and cases to the change set in columns; see `differences.py`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import numpy as np

from seatwright.domain.assignments import PRIORITY_DEFAULT
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.changes import Change, ErrorChange, SeatChange
from seatwright.domain.reconcile.columns import (
    NEVER,
    ErrorChanges,
    ErrorColumns,
    Flags,
    Int32s,
    Int64s,
    LicenseChanges,
    PlanSets,
)
from seatwright.domain.reconcile.many_changes import error_columns, license_columns
from seatwright.domain.reconcile.many_drafts import (
    NO_SEAT_LEFT,
    NONE,
    ClaimRows,
    Claims,
    Drafts,
    Failures,
)
from seatwright.domain.reconcile.many_rows import NO_SET
from seatwright.domain.reconcile.many_sets import WorkingSets, find
from seatwright.domain.reconcile.world import Pool

_SKU_BITS: Final = 16

_Table = TypeVar("_Table", bound="LicenseChanges | ErrorChanges")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How it ended for plain people: which claims are denied, and who is plain to the end.

    `failures` are the wishes that failed by themselves, `now` the moment in which they did.
    """

    user_no: Int32s
    is_plain: Flags
    claims: Claims
    claim_rows: ClaimRows
    is_denied: Flags
    failures: Failures
    now: int


def plain_licenses(drafts: Drafts, settled: Settled, *, sets: WorkingSets) -> LicenseChanges:
    """Give the drafts of plain people without those whose claim is denied."""
    stands = settled.is_plain[drafts.person]
    stands[settled.claims.draft[settled.is_denied]] = False
    return LicenseChanges(
        user_no=settled.user_no[drafts.person[stands]],
        sku_no=drafts.sku[stands],
        before=drafts.before[stands],
        after=sets.published(drafts.after[stands]),
        source=drafts.source[stands],
        strategy=drafts.strategy[stands],
    )


def plain_errors(errors: ErrorColumns, settled: Settled) -> ErrorChanges:
    """Give what changes of the errors of plain people, in no order.

    A plain person has no error but on the wishes behind a denied claim, and on those that fail by
    themselves.
    """
    appearing = _joined(_appearing(errors, settled), _failing(errors, settled))
    return _joined(appearing, _going(errors, settled))


def _appearing(errors: ErrorColumns, settled: Settled) -> ErrorChanges:
    claims, rows = settled.claims, settled.claim_rows
    claim = np.repeat(np.arange(len(claims.sku)), claims.row_count)
    before = np.append(errors.reason, np.int16(NONE))[rows.stored]
    news = np.flatnonzero(settled.is_denied[claim] & (before != NO_SEAT_LEFT))
    claim = claim[news]
    return ErrorChanges(
        user_no=settled.user_no[claims.person[claim]],
        sku_no=claims.sku[claim],
        source=rows.source[news],
        before=before[news],
        after=np.full(len(news), NO_SEAT_LEFT, np.int16),
        waiting_since=claims.since[claim],
        priority=claims.priority[claim],
    )


def _failing(errors: ErrorColumns, settled: Settled) -> ErrorChanges:
    failures = settled.failures
    before = np.append(errors.reason, np.int16(NONE))[failures.stored]
    news = np.flatnonzero(settled.is_plain[failures.person] & (before != failures.reason))
    return ErrorChanges(
        user_no=settled.user_no[failures.person[news]],
        sku_no=failures.sku[news],
        source=failures.source[news],
        before=before[news],
        after=failures.reason[news],
        waiting_since=np.full(len(news), settled.now, np.int64),
        priority=failures.priority[news],
    )


def _going(errors: ErrorColumns, settled: Settled) -> ErrorChanges:
    person = find(errors.user_no, among=settled.user_no)
    goes = (person != NONE) & settled.is_plain[person]
    stored = settled.claim_rows.stored[np.repeat(settled.is_denied, settled.claims.row_count)]
    goes[stored[stored != NONE]] = False
    failing = settled.failures.stored
    goes[failing[failing != NONE]] = False
    return ErrorChanges(
        user_no=errors.user_no[goes],
        sku_no=errors.sku_no[goes],
        source=errors.source[goes],
        before=errors.reason[goes],
        after=np.full(int(goes.sum()), NONE, np.int16),
        waiting_since=np.full(int(goes.sum()), NEVER, np.int64),
        priority=np.full(int(goes.sum()), PRIORITY_DEFAULT, np.int16),
    )


def with_case_licenses(
    plain: LicenseChanges, changes: Sequence[Change], *, plan_sets: PlanSets
) -> LicenseChanges:
    """Add the changes of cases, and sort by person and SKU."""
    if not changes:
        return plain
    every = _joined(plain, license_columns(changes, plan_sets=plan_sets))
    key = every.user_no.astype(np.int64) << _SKU_BITS | every.sku_no
    return _picked(every, np.argsort(key, kind="stable"))


def with_case_errors(
    plain: ErrorChanges, changes: Sequence[ErrorChange], *, cases: Sequence[Case]
) -> ErrorChanges:
    """Add the error changes of cases, and sort by person, SKU and source."""
    case_of = {case.user.user_no: case for case in cases}
    priorities = (_priority(case_of[change.user_no], change) for change in changes)
    every = _joined(plain, error_columns(changes, priorities=priorities))
    return _picked(every, np.lexsort((every.source, every.sku_no, every.user_no)))


def _priority(case: Case, change: ErrorChange) -> int:
    """Give the smallest priority of the wishes behind an error that stays."""
    if change.after is None:
        return PRIORITY_DEFAULT
    priorities = (row.wish.priority for row in case.rows if row.sku == change.sku)
    return min(priorities, default=PRIORITY_DEFAULT)


def seat_changes(licenses: LicenseChanges, *, pools: Sequence[Pool]) -> tuple[SeatChange, ...]:
    """Give what the changes do to the consumed seats, sorted by SKU."""
    granted = np.bincount(licenses.sku_no[licenses.before == NO_SET])
    revoked = np.bincount(licenses.sku_no[licenses.after == NO_SET], minlength=len(granted))
    moved = -revoked
    moved[: len(granted)] += granted
    consumed = {pool.sku: pool.consumed for pool in pools}
    return tuple(
        SeatChange(
            sku=SkuNo(sku),
            consumed_before=consumed.get(SkuNo(sku), 0),
            consumed_after=consumed.get(SkuNo(sku), 0) + int(moved[sku]),
        )
        for sku in np.flatnonzero(moved).tolist()
    )


def _joined(above: _Table, below: _Table) -> _Table:
    return type(above)(
        **{
            field.name: np.concatenate([getattr(above, field.name), getattr(below, field.name)])
            for field in fields(above)
        }
    )


def _picked(table: _Table, rows: Int64s) -> _Table:
    return type(table)(**{f.name: getattr(table, f.name)[rows] for f in fields(table)})
