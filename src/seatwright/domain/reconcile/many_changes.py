"""What the bulk kernel answers: the change set as columns, and as the objects of `changes.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from seatwright.domain.assignments import Source, Strategy
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.changes import Action, Change, ChangeSet, ErrorChange, SeatChange
from seatwright.domain.reconcile.columns import (
    REASONS,
    STRATEGIES,
    ErrorChanges,
    LicenseChanges,
    PlanSets,
    moment_of,
    packed_moment,
    packed_source,
    source_of,
)

NONE = -1
"""No license, no giver or no reason, in a column of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyOutcome:
    """The change set of `reconcile()`, as columns; see `ChangeSet` for rounds and is_settled."""

    licenses: LicenseChanges
    errors: ErrorChanges
    seat_changes: tuple[SeatChange, ...]
    rounds: int
    is_settled: bool

    def change_set(self, plan_sets: PlanSets) -> ChangeSet:
        """Give the same answer in objects; `plan_sets` are those of the snapshot."""
        return ChangeSet(
            changes=tuple(_changes(self.licenses, plan_sets.bits)),
            error_changes=tuple(_error_changes(self.errors)),
            seat_changes=self.seat_changes,
            rounds=self.rounds,
            is_settled=self.is_settled,
        )


def nothing_to_do() -> ManyOutcome:
    """Give the answer where there is nobody to look at."""
    return ManyOutcome(
        licenses=license_columns((), plan_sets=PlanSets()),
        errors=error_columns((), priorities=()),
        seat_changes=(),
        rounds=1,
        is_settled=True,
    )


def license_columns(changes: Sequence[Change], *, plan_sets: PlanSets) -> LicenseChanges:
    """Give license changes as columns, in the same order."""
    return LicenseChanges(
        user_no=np.array([c.user_no for c in changes], np.int32),
        sku_no=np.array([c.sku for c in changes], np.int16),
        before=np.array([_set_index(c.before, plan_sets) for c in changes], np.int32),
        after=np.array([_set_index(c.after, plan_sets) for c in changes], np.int32),
        source=np.array([_source_number(c.source) for c in changes], np.int64),
        strategy=np.array([_strategy_number(c.strategy) for c in changes], np.int16),
    )


def error_columns(changes: Sequence[ErrorChange], *, priorities: Iterable[int]) -> ErrorChanges:
    """Give error changes as columns, in the same order, with the priority of each."""
    return ErrorChanges(
        user_no=np.array([c.user_no for c in changes], np.int32),
        sku_no=np.array([c.sku for c in changes], np.int16),
        source=np.array([packed_source(c.source) for c in changes], np.int64),
        before=np.array(
            [NONE if c.before is None else REASONS.index(c.before) for c in changes], np.int16
        ),
        after=np.array(
            [NONE if c.after is None else REASONS.index(c.after) for c in changes], np.int16
        ),
        waiting_since=np.array([packed_moment(c.waiting_since) for c in changes], np.int64),
        priority=np.fromiter(priorities, np.int16, len(changes)),
    )


def _set_index(bits: ServicePlanBits | None, plan_sets: PlanSets) -> int:
    return NONE if bits is None else plan_sets.index_of(bits)


def _source_number(source: Source | None) -> int:
    return NONE if source is None else packed_source(source)


def _strategy_number(strategy: Strategy | None) -> int:
    return NONE if strategy is None else STRATEGIES.index(strategy)


def _changes(licenses: LicenseChanges, bits: Sequence[ServicePlanBits]) -> Iterator[Change]:
    rows = zip(
        licenses.user_no.tolist(),
        licenses.sku_no.tolist(),
        licenses.before.tolist(),
        licenses.after.tolist(),
        licenses.source.tolist(),
        licenses.strategy.tolist(),
        strict=True,
    )
    for user_no, sku_no, before, after, source, strategy in rows:
        yield Change(
            user_no=UserNo(user_no),
            sku=SkuNo(sku_no),
            action=_action(before, after),
            before=None if before == NONE else bits[before],
            after=None if after == NONE else bits[after],
            source=None if source == NONE else source_of(source),
            strategy=None if strategy == NONE else STRATEGIES[strategy],
        )


def _action(before: int, after: int) -> Action:
    if before == NONE:
        return Action.GRANT
    return Action.REVOKE if after == NONE else Action.UPDATE


def _error_changes(errors: ErrorChanges) -> Iterator[ErrorChange]:
    rows = zip(
        errors.user_no.tolist(),
        errors.sku_no.tolist(),
        errors.source.tolist(),
        errors.before.tolist(),
        errors.after.tolist(),
        errors.waiting_since.tolist(),
        strict=True,
    )
    for user_no, sku_no, source, before, after, waiting_since in rows:
        yield ErrorChange(
            user_no=UserNo(user_no),
            sku=SkuNo(sku_no),
            source=source_of(source),
            before=None if before == NONE else REASONS[before],
            after=None if after == NONE else REASONS[after],
            waiting_since=moment_of(waiting_since),
        )
