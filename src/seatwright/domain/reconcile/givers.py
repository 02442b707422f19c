"""By which source a license is held, where that goes and another one keeps the license as it is.

The engine speaks of licenses only: what begins, changes or ends. Who holds by which strategy is
asked all the same, after a move to a group say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile.changes import ChangeSet
from seatwright.domain.reconcile.world import Held, Snapshot, UserState, Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """By which source, and so by which strategy, somebody holds a product from now on."""

    user: UserNo
    sku: SkuNo
    source: Source
    strategy: Strategy


def new_givers(snapshot: Snapshot, changes: ChangeSet) -> list[Giver]:
    """The licenses that stay as they are although the source that gave them is gone."""
    moved = {(one.user_no, one.sku) for one in changes.changes}
    return [
        Giver(user=user.user_no, sku=held.sku, source=wish.source, strategy=wish.strategy)
        for user in snapshot.users
        for held, wish in _taken_over(user, snapshot.now)
        if (user.user_no, held.sku) not in moved
    ]


def _taken_over(user: UserState, now: datetime) -> Iterator[tuple[Held, Wish]]:
    """What a person holds by a source that is gone, with the earliest that is left.

    One without an error comes before one with; a hold only keeps what somebody wants to take.
    """
    failing = {(one.sku, one.source) for one in user.errors}
    for held in user.held:
        wishes = [
            wish
            for wish in user.wishes
            if wish.sku == held.sku
            and wish.source.kind is not SourceKind.HOLD
            and wish.counts_at(now)
        ]
        if held.given_by is None or not wishes:
            continue
        if all(wish.source != held.given_by for wish in wishes):
            yield (
                held,
                min(wishes, key=lambda w: ((w.sku, w.source) in failing, w.assigned_at, w.source)),
            )
