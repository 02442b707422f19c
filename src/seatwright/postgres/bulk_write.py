"""Writing outcomes back from columns: the rows of `world_write.py`, for thousands at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from seatwright.domain.assignments import Strategy
from seatwright.domain.reconcile.columns import (
    NEVER,
    REASONS,
    SOURCE_BITS,
    STRATEGIES,
    ErrorChanges,
    Int16s,
    Int32s,
    Int64s,
    LicenseChanges,
    PlanSets,
)
from seatwright.domain.reconcile.story import NONE, Story
from seatwright.domain.reconcile.tallies import Tallies
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.history_write import Signature
from seatwright.postgres.tally import told_apart
from seatwright.postgres.transaction import Transaction
from seatwright.postgres.world_write import (
    CLEAR_ERRORS,
    CLOSE,
    GRANT,
    MOVE_SEATS,
    REVOKE,
    SET_TURNS,
    UPDATE,
)

# A reason is a position in the list that comes with it: texts would be most of what is sent.
_SET_ERRORS: Final = """
insert into license_error
    (tenant_id, user_no, sku_no, source_kind, source_no, reason, priority, waiting_since)
select %s, line.user_no, line.sku_no, line.source_kind, line.source_no,
       (%s::text[])[line.reason + 1], line.priority, line.waiting_since
  from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[], %s::int2[], %s::int2[],
       %s::timestamptz[])
    as line (user_no, sku_no, source_kind, source_no, reason, priority, waiting_since)
on conflict (tenant_id, user_no, sku_no, source_kind, source_no) do update
   set reason = excluded.reason, priority = excluded.priority,
       waiting_since = excluded.waiting_since
"""
_TELL: Final = """
insert into history_event (tenant_id, at, principal_no, correlation, action, reason, strategy,
    user_no, sku_no, source_kind, source_no, before_set, after_set)
select %s, %s, %s, %s, line.action, (%s::text[])[line.reason + 1], nullif(line.strategy, -1::int2),
       line.user_no, line.sku_no, nullif(line.source_kind, -1::int2),
       case when line.source_kind >= 0 then line.source_no end, nullif(line.before_set, -1),
       nullif(line.after_set, -1)
  from unnest(%s::int2[], %s::int2[], %s::int2[], %s::int4[], %s::int2[], %s::int2[], %s::int4[],
       %s::int4[], %s::int4[])
    as line (action, reason, strategy, user_no, sku_no, source_kind, source_no, before_set,
             after_set)
"""

_CODES: Final[Int16s] = np.array(
    [*(STRATEGY_TO_CODE[strategy] for strategy in STRATEGIES), -1], dtype=np.int16
)
"""The stored code of a strategy by its position; the last, which -1 reaches, is for none."""

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeColumns:
    """What one slice writes: changes, and what the history says of them.

    `reasons` are the texts that `story.reason` counts in.
    """

    licenses: LicenseChanges
    errors: ErrorChanges
    tallies: Tallies
    story: Story
    reasons: Sequence[str]
    seats: tuple[Int16s, Int32s]


async def lock_people(tx: Transaction, users: Int32s) -> None:
    """Lock people in the order of their numbers; their pools are locked before them."""
    await tx.connection.execute(
        "select count(*) from (select from app_user where tenant_id = %s and user_no = any(%s)"
        " order by user_no for no key update) locked",
        (tx.tenant_id, users),
    )


async def store_sets(tx: Transaction, plan_sets: PlanSets, *columns: Int32s) -> Int32s:
    """Give the stored number of each set of service plans that the columns name, by its index.

    Sets that are not named stay 0 in the answer; the last element, which -1 reaches, is -1.
    """
    named = np.zeros(len(plan_sets) + 1, dtype=np.bool_)
    for column in columns:
        named[column] = True
    indexes = np.flatnonzero(named[:-1]).tolist()
    numbers = await tx.plan_set_ids(plan_sets.bits[index] for index in indexes)
    stored = np.zeros(len(plan_sets) + 1, dtype=np.int32)
    stored[-1] = NONE
    stored[indexes] = [numbers[plan_sets.bits[index]] for index in indexes]
    return stored


async def write_columns(
    tx: Transaction, outcome: OutcomeColumns, *, stored: Int32s, signature: Signature
) -> None:
    """Make licenses, errors, seats and history what the outcome says; its pools and people are
    locked, and `stored` is what `store_sets` gave for it.
    """
    async with tx.together():
        await _write_licenses(tx, outcome.licenses, stored=stored, signature=signature)
        if len(outcome.errors.user_no):
            async with told_apart(tx, outcome.tallies):
                await _write_errors(tx, outcome.errors)
        if len(outcome.seats[0]):
            await tx.connection.execute(MOVE_SEATS, (*outcome.seats, tx.tenant_id))
        await _tell(tx, outcome, stored=stored, signature=signature)


async def _write_licenses(
    tx: Transaction, licenses: LicenseChanges, *, stored: Int32s, signature: Signature
) -> None:
    connection, tenant, at = tx.connection, tx.tenant_id, signature.at
    begins, ends = licenses.before == NONE, licenses.after == NONE
    changes = ~begins & ~ends
    if not begins.all():
        gone = (licenses.user_no[~begins], licenses.sku_no[~begins])
        await connection.execute(CLOSE, (at, *gone, tenant))
    if ends.any():
        gone = (licenses.user_no[ends], licenses.sku_no[ends])
        await connection.execute(REVOKE, (*gone, tenant))
    if changes.any():
        await connection.execute(UPDATE, (at, *_lines(licenses, changes, stored), tenant))
    if begins.any():
        await connection.execute(GRANT, (tenant, at, *_lines(licenses, begins, stored)))


def _lines(
    licenses: LicenseChanges, chosen: npt.NDArray[np.bool_], stored: Int32s
) -> tuple[Column, ...]:
    """The columns of license rows; one without a giver counts as given by hand."""
    source = np.where(licenses.source == NONE, 0, licenses.source)[chosen]
    code = _CODES[licenses.strategy[chosen]]
    return (
        licenses.user_no[chosen],
        licenses.sku_no[chosen],
        stored[licenses.after[chosen]],
        np.where(code == NONE, STRATEGY_TO_CODE[Strategy.MANUAL], code).astype(np.int16),
        *_split(source),
    )


async def _write_errors(tx: Transaction, errors: ErrorChanges) -> None:
    gone = errors.after == NONE
    if gone.any():
        key = (errors.user_no[gone], errors.sku_no[gone], *_split(errors.source[gone]))
        await tx.connection.execute(CLEAR_ERRORS, (*key, tx.tenant_id))
    stays = ~gone
    if stays.any():
        await tx.connection.execute(
            _SET_ERRORS,
            (
                tx.tenant_id,
                [reason.value for reason in REASONS],
                errors.user_no[stays],
                errors.sku_no[stays],
                *_split(errors.source[stays]),
                errors.after[stays],
                errors.priority[stays],
                _moments(errors.waiting_since[stays]),
            ),
        )


async def _tell(
    tx: Transaction, outcome: OutcomeColumns, *, stored: Int32s, signature: Signature
) -> None:
    story = outcome.story
    if not len(story):
        return
    kind, number = _split(story.source)
    await tx.connection.execute(
        _TELL,
        (
            tx.tenant_id,
            signature.at,
            signature.principal,
            signature.correlation,
            list(outcome.reasons),
            story.action,
            story.reason,
            _CODES[story.strategy],
            story.user_no,
            story.sku_no,
            kind,
            number,
            stored[story.before],
            stored[story.after],
        ),
    )


async def write_turn_columns(
    tx: Transaction, user_no: Int32s, sku_no: Int16s, priority: Int16s
) -> None:
    """Make the priority of those who wait what it should be, on every source of theirs."""
    await tx.connection.execute(SET_TURNS, (user_no, sku_no, priority, tx.tenant_id))


def _split(source: Int64s) -> tuple[Int16s, Int32s]:
    """The kind and the number of sources; none has the kind -1."""
    return (source >> SOURCE_BITS).astype(np.int16), source.astype(np.int32)


def _moments(since: Int64s) -> Column:
    assert not (since == NEVER).any(), "an error that stays has begun at some time"
    return since.view("M8[us]")
