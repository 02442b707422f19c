"""Groups inside groups: of which groups a member of one is a member too, and since when."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.ids import GroupNo


@dataclass(frozen=True, slots=True, kw_only=True)
class Nesting:
    """A group that is a member of another, and since when."""

    child: GroupNo
    parent: GroupNo
    since: datetime


def groups_above(nestings: Iterable[Nesting]) -> Mapping[GroupNo, Mapping[GroupNo, datetime]]:
    """Give, for each group inside another, every group above it and since when it is below it.

    A chain stands since its latest link was made. Where several chains lead to the same group, the
    one that stands longest counts.
    """
    parents: dict[GroupNo, list[Nesting]] = defaultdict(list)
    for nesting in nestings:
        parents[nesting.child].append(nesting)
    return {child: _above(child, parents) for child in list(parents)}


def _above(start: GroupNo, parents: Mapping[GroupNo, list[Nesting]]) -> Mapping[GroupNo, datetime]:
    """Walk up, longest-standing chains first: the first time a group is met is its earliest."""
    found: dict[GroupNo, datetime] = {}
    open_links = [(link.since, link.parent) for link in parents[start]]
    heapq.heapify(open_links)
    while open_links:
        since, group = heapq.heappop(open_links)
        if group in found or group == start:
            continue
        found[group] = since
        for link in parents.get(group, ()):
            heapq.heappush(open_links, (max(since, link.since), link.parent))
    return found
