"""People as they would be read if others were in their groups: memberships that nobody wrote."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from seatwright.domain.reconcile.columns import Int32s, Int64s, MembershipColumns
from seatwright.domain.reconcile.reading import PeopleRead

_GROUP_BITS: Final = 32


def _nobody() -> Int32s:
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supposed:
    """Whom groups would gain and lose, each pair as person and group; in microseconds since when.

    `emptied` are those whom a group would lose together with everybody else who was in it.
    """

    joining: Int64s
    leaving: Int64s
    since: int
    emptied: Int32s = field(default_factory=_nobody)


def pairs_of(users: Int32s, group: int) -> Int64s:
    """These people in a group, as pairs."""
    return users.astype(np.int64) << _GROUP_BITS | group


def supposing(read: PeopleRead, supposed: Supposed) -> PeopleRead:
    """The same people in the groups that they would be in."""
    was = read.memberships
    stored = was.user_no.astype(np.int64) << _GROUP_BITS | was.group_no
    stays = ~np.isin(stored, supposed.leaving)
    new = np.setdiff1d(supposed.joining, stored)
    new = new[np.isin((new >> _GROUP_BITS).astype(np.int32), read.people.user_no)]
    pairs = np.concatenate([stored[stays], new])
    since = np.concatenate([was.since[stays], np.full(len(new), supposed.since, dtype=np.int64)])
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    memberships = MembershipColumns(
        user_no=(pairs >> _GROUP_BITS).astype(np.int32),
        group_no=(pairs & ((1 << _GROUP_BITS) - 1)).astype(np.int32),
        since=since[order],
    )
    return replace(read, memberships=memberships)
