"""What the history says of an outcome, as columns: `app.reconcile.history_lines` for many.

One row for each license that begins, changes or ends; then one for each person and product that
began to wait, to fail, or stopped doing so. Another source that waits or fails for the same reason
is nothing new, and while any of them does nothing is resolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from seatwright.domain.errors import Reason
from seatwright.domain.history import HistoryAction
from seatwright.domain.reconcile.columns import (
    REASONS,
    ErrorChanges,
    ErrorColumns,
    Flags,
    Int16s,
    Int32s,
    Int64s,
    LicenseChanges,
)

NONE: Final = -1
_NO_SEAT_LEFT: Final = REASONS.index(Reason.NO_SEAT_LEFT)
_REASON_BITS: Final = 8
"""A reason and none of them fit beside a person and a product in one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """History rows as columns, in order.

    `reason` is a position in `REASONS`, -1 where the row has the reason of the reconcile itself.
    `before` and `after` are indexes of sets of service plans, -1 for none; so are `source` and
    `strategy`.
    """

    action: Int16s
    reason: Int16s
    strategy: Int16s
    user_no: Int32s
    sku_no: Int16s
    source: Int64s
    before: Int32s
    after: Int32s

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.user_no)


def story_of(licenses: LicenseChanges, errors: ErrorChanges, *, stored: ErrorColumns) -> Story:
    """Tell of an outcome. `stored` are the errors of its people before it."""
    effects = _effects(licenses)
    endings = _errors(licenses, errors, stored)
    return Story(
        action=np.concatenate([effects.action, endings.action]),
        reason=np.concatenate([effects.reason, endings.reason]),
        strategy=np.concatenate([effects.strategy, endings.strategy]),
        user_no=np.concatenate([effects.user_no, endings.user_no]),
        sku_no=np.concatenate([effects.sku_no, endings.sku_no]),
        source=np.concatenate([effects.source, endings.source]),
        before=np.concatenate([effects.before, endings.before]),
        after=np.concatenate([effects.after, endings.after]),
    )


def _effects(licenses: LicenseChanges) -> Story:
    action = np.full(len(licenses.user_no), HistoryAction.UPDATED, dtype=np.int16)
    action[licenses.before == NONE] = HistoryAction.GRANTED
    action[licenses.after == NONE] = HistoryAction.REVOKED
    return Story(
        action=action,
        reason=np.full(len(action), NONE, dtype=np.int16),
        strategy=licenses.strategy,
        user_no=licenses.user_no,
        sku_no=licenses.sku_no,
        source=licenses.source,
        before=licenses.before,
        after=licenses.after,
    )


def _errors(licenses: LicenseChanges, errors: ErrorChanges, stored: ErrorColumns) -> Story:
    """One row a person and product: of the first thing that began, else of the end of them all."""
    pair = pairs(errors.user_no, errors.sku_no)
    stored_pair = pairs(stored.user_no, stored.sku_no)
    starts, first = np.unique(pair, return_index=True)
    group = np.searchsorted(starts, pair)
    is_begun = (errors.after != NONE) & ~np.isin(
        pair << _REASON_BITS | errors.after.astype(np.int64),
        stored_pair << _REASON_BITS | stored.reason.astype(np.int64),
    )
    has_begun = _any(is_begun, group, len(starts))
    first_begun = np.full(len(starts), len(pair), dtype=np.int64)
    np.minimum.at(first_begun, group[is_begun], np.flatnonzero(is_begun))
    remains = _any(errors.after != NONE, group, len(starts)) | (
        np.bincount(group, minlength=len(starts))
        < np.searchsorted(stored_pair, starts, side="right") - np.searchsorted(stored_pair, starts)
    )
    is_told = np.isin(starts, pairs(licenses.user_no, licenses.sku_no))
    is_resolved = ~has_begun & ~remains & ~is_told
    chosen = np.where(has_begun, first_begun, first)[has_begun | is_resolved]
    return _error_rows(errors, chosen, begun=has_begun[has_begun | is_resolved])


def _error_rows(errors: ErrorChanges, chosen: Int64s, *, begun: Flags) -> Story:
    after = errors.after[chosen]
    action = np.full(len(chosen), HistoryAction.RESOLVED, dtype=np.int16)
    action[begun] = HistoryAction.FAILED
    action[begun & (after == _NO_SEAT_LEFT)] = HistoryAction.WAITING
    nothing = np.full(len(chosen), NONE, dtype=np.int32)
    return Story(
        action=action,
        reason=np.where(begun, after, NONE).astype(np.int16),
        strategy=nothing.astype(np.int16),
        user_no=errors.user_no[chosen],
        sku_no=errors.sku_no[chosen],
        source=errors.source[chosen],
        before=nothing,
        after=nothing,
    )


def pairs(user_no: Int32s, sku_no: Int16s) -> Int64s:
    """Give one number for each person and product, in the order of both."""
    return user_no.astype(np.int64) << 16 | sku_no.astype(np.int64)


def _any(flags: Flags, group: Int64s, groups: int) -> Flags:
    return np.bincount(group[flags], minlength=groups) > 0
