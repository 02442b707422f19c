"""The engine for many people at once: columns in, columns out, the same answer as `reconcile()`."""

from __future__ import annotations

from typing import Final

import numpy as np

from seatwright.domain.assignments import PRIORITY_DEFAULT
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.columns import ColumnSnapshot
from seatwright.domain.reconcile.differences import change_set
from seatwright.domain.reconcile.many_changes import ManyOutcome, error_columns, license_columns
from seatwright.domain.reconcile.many_people import user_states
from seatwright.domain.reconcile.rounds import settle
from seatwright.domain.reconcile.world import Snapshot

CHUNK_USERS: Final = 65_536
"""So many people's temporary columns stay in the processor's cache."""


def reconcile_many(snapshot: ColumnSnapshot, *, chunk_users: int = CHUNK_USERS) -> ManyOutcome:
    """Give what must change so that everybody holds what they should, in columns.

    Equal to `reconcile()` of the same world, whatever the size of the chunks. Sets of service
    plans that the answer names and the snapshot did not are added to `snapshot.plan_sets`.
    """
    if chunk_users < 1:
        raise ValueError(f"A chunk needs at least one person, not {chunk_users}.")
    user_nos = snapshot.people.user_no
    retry = user_nos if snapshot.retry_users is None else snapshot.retry_users
    settlement = settle(
        Snapshot(
            now=snapshot.now,
            semantics=snapshot.semantics,
            default_usage_location=snapshot.default_usage_location,
            catalog=snapshot.catalog,
            pools=snapshot.pools,
            users=tuple(user_states(snapshot, np.arange(len(user_nos)))),
            retry_users=frozenset(map(UserNo, retry.tolist())),
        )
    )
    cases = {case.user.user_no: case for case in settlement.cases}
    changes = change_set(settlement, pools=snapshot.pools)
    priorities = (_priority(cases[change.user_no], change.sku) for change in changes.error_changes)
    return ManyOutcome(
        licenses=license_columns(changes.changes, plan_sets=snapshot.plan_sets),
        errors=error_columns(changes.error_changes, priorities=priorities),
        seat_changes=changes.seat_changes,
        rounds=changes.rounds,
        is_settled=changes.is_settled,
    )


def _priority(case: Case, sku: SkuNo) -> int:
    """Give the smallest priority of the wishes for a SKU that count."""
    priorities = (row.wish.priority for row in case.rows if row.sku == sku)
    return min(priorities, default=PRIORITY_DEFAULT)
