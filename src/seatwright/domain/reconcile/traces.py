"""A number for each person that tells whether anything about them has changed since it was read.

It is the sum over all their rows of a mix of each row's columns, so that it needs neither the rows
nor their order later on: eight bytes a person instead of all that was read.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from seatwright.domain.reconcile.columns import Int32s
from seatwright.domain.reconcile.reading import PeopleRead

Traces = npt.NDArray[np.uint64]

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def traces_of(users: Int32s, read: PeopleRead) -> Traces:
    """Give the trace of each of these people in what was read, in their order; `users` is sorted.

    Sets of service plans are compared by their index, so both readings need the same `PlanSets`.
    """
    people, memberships, direct = read.people, read.memberships, read.direct
    held, errors, locations = read.held, read.errors, read.locations
    codes = np.array([int.from_bytes(name.encode()) for name in locations] + [0], dtype=np.int64)
    tables: tuple[tuple[Int32s, tuple[npt.NDArray[Any], ...]], ...] = (
        (people.user_no, (codes[people.location], people.is_deleted)),
        (memberships.user_no, (memberships.group_no, memberships.since)),
        (
            direct.user_no,
            (
                direct.sku_no,
                direct.disabled_set,
                direct.strategy,
                direct.priority,
                direct.assigned_at,
                direct.starts_at,
                direct.expires_at,
                direct.source,
            ),
        ),
        (held.user_no, (held.sku_no, held.enabled_set, held.source)),
        (errors.user_no, (errors.sku_no, errors.source, errors.reason, errors.waiting_since)),
    )
    traces = np.zeros(len(users), dtype=np.uint64)
    for salt, (user_no, columns) in enumerate(tables, start=1):
        chosen = _chosen(users, user_no)
        mixed = np.full(int(chosen.sum()), salt, dtype=np.uint64)
        for column in columns:
            mixed = _mix(mixed, column[chosen])
        traces += _sums(mixed, user_no[chosen], users)
    return traces


def _chosen(users: Int32s, user_no: Int32s) -> npt.NDArray[np.bool_]:
    """Say of each row whether it is about one of these people."""
    place = np.searchsorted(users, user_no)
    place[place == len(users)] = 0
    return users[place] == user_no if len(users) else np.zeros(len(user_no), dtype=np.bool_)


def _mix(mixed: Traces, column: npt.NDArray[Any]) -> Traces:
    """Stir a column in, as the generator splitmix64 stirs its counter."""
    mixed += column.astype(np.int64).view(np.uint64)
    mixed *= _ODD
    mixed ^= mixed >> np.uint64(30)
    mixed *= _FIRST
    mixed ^= mixed >> np.uint64(27)
    mixed *= _SECOND
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _sums(mixed: Traces, user_no: Int32s, users: Int32s) -> Traces:
    """Add up each person's rows, which lie together."""
    running: Traces = np.concatenate(
        [np.zeros(1, dtype=np.uint64), np.cumsum(mixed, dtype=np.uint64)]
    )
    begins = np.searchsorted(user_no, users)
    ends = np.searchsorted(user_no, users, side="right")
    return np.subtract(running[ends], running[begins])
