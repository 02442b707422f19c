"""Who gets a seat when there are too few.

Holders come first and are never dropped, not even when a pool is over-assigned (SKU-014); they
are no concern of this module. Of the others, the smallest priority number is served first, then
who has waited longest, then the smallest user number.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from seatwright.domain.assignments import Source
from seatwright.domain.ids import SkuNo, UserNo


class Claimant(NamedTuple):
    """One person who needs seats for these SKUs, all of them or none.

    `source` is set when only this source asks (a group's products under semantics where siblings
    fail together); None means that all sources of the person ask for this one SKU.
    """

    priority: int
    waiting_since: datetime
    user_no: UserNo
    source: Source | None
    skus: tuple[SkuNo, ...]


class Denial(NamedTuple):
    """One SKU for which a claimant found no seat."""

    user_no: UserNo
    source: Source | None
    sku: SkuNo


def denials(claimants: Iterable[Claimant], *, free: Mapping[SkuNo, int]) -> tuple[Denial, ...]:
    """Serve the claimants in order and give what was denied.

    `free` holds the free seats of the contested SKUs only; of any other SKU there are enough,
    and less than none counts as none. A seat that one source got for a person serves their
    other sources too (GBL-021).
    """
    left = {sku: max(0, seats) for sku, seats in free.items()}
    seated: set[tuple[UserNo, SkuNo]] = set()
    denied: list[Denial] = []
    for claimant in sorted(claimants, key=_turn):
        user_no = claimant.user_no
        wanted = [s for s in claimant.skus if s in left and (user_no, s) not in seated]
        short = [sku for sku in wanted if not left[sku]]
        if short:
            denied.extend(Denial(user_no, claimant.source, sku) for sku in short)
            continue
        for sku in wanted:
            left[sku] -= 1
            seated.add((user_no, sku))
    return tuple(denied)


def _turn(claimant: Claimant) -> tuple[int, datetime, UserNo, int, int, tuple[SkuNo, ...]]:
    """Order claimants; the last three only complete the order of one person's sources."""
    source = claimant.source
    kind, no = (-1, -1) if source is None else (source.kind, source.no)
    return (claimant.priority, claimant.waiting_since, claimant.user_no, kind, no, claimant.skus)
