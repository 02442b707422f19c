"""In which order the people of an outcome are written, a slice at a time.

Whoever frees seats comes first, and right behind them those whom the outcome gives those seats, so
that they stand open to others as shortly as may be. Then come all who take seats that were free
before, and last those of whom only errors change. A person is never split: the product that they
lose and the one that they get are written at once.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence

import numpy as np

from seatwright.domain.reconcile.columns import Int32s, LicenseChanges

_NONE = -1

Kind = tuple[int, ...]
"""The contested products that a person takes a seat of."""


def waves(
    licenses: LicenseChanges,
    others: Int32s,
    *,
    free: Mapping[int, int],
    size: int,
) -> tuple[Int32s, ...]:
    """Give the people of an outcome in slices of at most `size`, each sorted by number.

    `others` are people of whom something else than licenses changes; `free` are the seats of each
    product that are free now.
    """
    order = _order(licenses, free=free, size=size)
    rest = np.setdiff1d(others, licenses.user_no)
    people = np.concatenate([np.array(order, dtype=np.int32), rest.astype(np.int32)])
    return tuple(np.sort(people[first : first + size]) for first in range(0, len(people), size))


def _order(licenses: LicenseChanges, *, free: Mapping[int, int], size: int) -> list[int]:
    takes, gives = licenses.before == _NONE, licenses.after == _NONE
    wanted = Counter(licenses.sku_no[takes].tolist())
    contested = {sku for sku, seats in wanted.items() if seats > max(0, free.get(sku, 0))}
    is_contested = np.isin(licenses.sku_no, list(contested))
    taking = np.unique(licenses.user_no[takes & is_contested])
    giving = np.setdiff1d(licenses.user_no[gives], taking)
    plain = np.setdiff1d(licenses.user_no, np.concatenate([taking, giving]))
    gifts = _by_person(licenses, gives & is_contested)
    queue = _Queue(_by_person(licenses, takes & is_contested), gifts=gifts)
    left = Counter({sku: max(0, free.get(sku, 0)) for sku in contested})
    order = queue.next(left)
    givers = sorted(giving.tolist(), key=lambda user: user not in gifts)
    for first in range(0, len(givers), max(1, size // 2)):
        for user in givers[first : first + max(1, size // 2)]:
            order.append(user)
            left.update(gifts.get(user, ()))
        order += queue.next(left)
    return order + queue.rest() + [int(user) for user in plain]


def _by_person(licenses: LicenseChanges, chosen: np.ndarray) -> dict[int, Kind]:
    found: dict[int, Kind] = {}
    rows = zip(licenses.user_no[chosen].tolist(), licenses.sku_no[chosen].tolist(), strict=True)
    for user, sku in rows:
        found[user] = (*found.get(user, ()), sku)
    return found


class _Queue:
    """Those who take seats of contested products, by which these are."""

    def __init__(self, takes: Mapping[int, Kind], *, gifts: Mapping[int, Kind]) -> None:
        self._gifts = gifts
        self._kinds: dict[Kind, deque[int]] = {}
        for user, kind in takes.items():
            self._kinds.setdefault(kind, deque()).append(user)

    def next(self, left: Counter[int]) -> list[int]:
        """Take out everybody for whom there are seats now, until there is nobody."""
        order: list[int] = []
        while True:
            before = len(order)
            for kind, users in self._kinds.items():
                for _ in range(min(len(users), *(left[sku] for sku in kind))):
                    user = users.popleft()
                    left.subtract(kind)
                    left.update(self._gifts.get(user, ()))
                    order.append(user)
            if len(order) == before:
                return order

    def rest(self) -> list[int]:
        """Take out who is left: circles of people who swap products of which no seat is free.

        In turns, so that those who swap one way and the other way come into one slice.
        """
        order: list[int] = []
        open_kinds: Sequence[deque[int]] = [users for users in self._kinds.values() if users]
        while open_kinds:
            order += [users.popleft() for users in open_kinds]
            open_kinds = [users for users in open_kinds if users]
        return order
