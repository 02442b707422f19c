"""What a bulk job tells of its errors is what counting them before and after would find."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seatwright.domain.assignments import SourceKind
from seatwright.domain.reconcile.columns import (
    NEVER,
    SOURCE_BITS,
    ErrorChanges,
    ErrorColumns,
)
from seatwright.domain.reconcile.many_changes import NONE
from seatwright.domain.reconcile.tallies import tallies_of

Key = tuple[int, int, int]
Errors = dict[Key, int]

KEYS = st.tuples(
    st.sampled_from((1, 2, 3, 1_000_000)),
    st.sampled_from((1, 2, 300)),
    st.sampled_from(
        [int(kind) << SOURCE_BITS | no for kind in (0, SourceKind.GROUP) for no in (1, 2, 40_000)]
    ),
)
WORLDS = st.dictionaries(KEYS, st.integers(0, 3), max_size=12)


@given(before=WORLDS, after=WORLDS)
def test_the_difference_is_told_once_for_each_person(before: Errors, after: Errors) -> None:
    moved = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    told = tallies_of(_stored(before), _changes(moved, before, after))
    lacking = _lacking(after)
    lacking.subtract(_lacking(before))
    assert {(one.sku_no, one.reason): one.people for one in told.lacking} == _some(lacking)
    refused = _refused(after)
    refused.subtract(_refused(before))
    assert {(one.group_no, one.sku_no): one.people for one in told.refused} == _some(refused)


def _lacking(errors: Errors) -> Counter[tuple[int, int]]:
    return Counter(
        (sku, reason) for _, sku, reason in {(u, s, r) for (u, s, _), r in errors.items()}
    )


def _refused(errors: Errors) -> Counter[tuple[int, int | None]]:
    given = {
        (user, source & 0xFFFFFFFF, sku)
        for user, sku, source in errors
        if source >> SOURCE_BITS == SourceKind.GROUP
    }
    counts: Counter[tuple[int, int | None]] = Counter((group, sku) for _, group, sku in given)
    counts.update((group, None) for _, group in {(user, group) for user, group, _ in given})
    return counts


def _some(counts: Counter[tuple[int, int]] | Counter[tuple[int, int | None]]) -> dict[object, int]:
    return {key: people for key, people in counts.items() if people}


def _stored(errors: Errors) -> ErrorColumns:
    keys = sorted(errors)
    return ErrorColumns(
        user_no=np.array([key[0] for key in keys], np.int32),
        sku_no=np.array([key[1] for key in keys], np.int16),
        source=np.array([key[2] for key in keys], np.int64),
        reason=np.array([errors[key] for key in keys], np.int16),
        waiting_since=np.zeros(len(keys), np.int64),
    )


def _changes(keys: list[Key], before: Errors, after: Errors) -> ErrorChanges:
    return ErrorChanges(
        user_no=np.array([key[0] for key in keys], np.int32),
        sku_no=np.array([key[1] for key in keys], np.int16),
        source=np.array([key[2] for key in keys], np.int64),
        before=np.array([before.get(key, NONE) for key in keys], np.int16),
        after=np.array([after.get(key, NONE) for key in keys], np.int16),
        waiting_since=np.array([0 if key in after else NEVER for key in keys], np.int64),
        priority=np.full(len(keys), 128, np.int16),
    )
