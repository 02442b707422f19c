"""Rules for each person, then seats for all, again and again until nothing changes.

A round decides everybody, serves the seats, and decides again those who were denied one, for
what they lost may be what something else depended on. Seats that come free on the way are given
in the next round, in which whoever got a license is a holder: that makes it settle.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.one import Rules
from seatwright.domain.reconcile.seats import denials
from seatwright.domain.reconcile.world import Snapshot

ROUNDS_MAX: Final = 8
"""Reaching it is no crash: the last result stands, and says that it is not settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Everybody's case after the last round, in the order of user numbers."""

    cases: tuple[Case, ...]
    rounds: int
    is_settled: bool


def settle(snapshot: Snapshot) -> Settlement:
    """Run rounds until one changes nothing, at most `ROUNDS_MAX`."""
    cases = _cases(snapshot)
    capacity = _capacity(snapshot)
    taken: Counter[SkuNo] = Counter()
    open_cases: Sequence[Case] = cases
    for round_no in range(1, ROUNDS_MAX + 1):
        left = _run_round(open_cases, free={s: n - taken[s] for s, n in capacity.items()})
        moved = [case for case in open_cases if case.end_round()]
        # Nobody whom no rule concerns is ever decided differently, so they are left out of the
        # next rounds; their licenses stay taken from the seats.
        still_open = [case for case in open_cases if not case.decision.is_plain]
        taken.update(s for c in open_cases if c.decision.is_plain for s in c.decision.licenses)
        is_final = not any(not case.decision.is_plain for case in moved)
        if is_final and not (moved and _is_seat_missed(still_open, left)):
            return Settlement(cases=cases, rounds=round_no, is_settled=True)
        open_cases = still_open
    return Settlement(cases=cases, rounds=ROUNDS_MAX, is_settled=False)


def _cases(snapshot: Snapshot) -> tuple[Case, ...]:
    rules = Rules(
        now=snapshot.now,
        semantics=snapshot.semantics,
        default_usage_location=snapshot.default_usage_location,
        laws=laws_of(snapshot.catalog),
    )
    are_all_tried = snapshot.semantics.seats_refill_by_themselves
    users = sorted(snapshot.users, key=lambda user: user.user_no)
    if len({user.user_no for user in users}) != len(users):
        raise ValueError("The snapshot holds one user twice.")
    return tuple(
        Case(
            user,
            rules=rules,
            is_tried_again=are_all_tried or user.user_no in snapshot.retry_users,
        )
        for user in users
    )


def _capacity(snapshot: Snapshot) -> Mapping[SkuNo, int]:
    """Give the seats that the snapshot's people may use: free ones and those they hold."""
    held = Counter(held.sku for user in snapshot.users for held in user.held)
    return {
        pool.sku: pool.assignable - pool.reserved - pool.consumed + held[pool.sku]
        for pool in snapshot.pools
    }


def _run_round(cases: Sequence[Case], *, free: Mapping[SkuNo, int]) -> Mapping[SkuNo, int]:
    """Decide all cases and serve the seats; give the seats that are left."""
    for case in cases:
        case.begin_round()
    by_user = {case.user.user_no: case for case in cases}
    # Every turn but the last denies at least one more row, so it cannot take longer.
    for _ in range(1 + sum(len(case.rows) for case in cases)):
        wanted, left = _demand(cases, free)
        contested = {s: left.get(s, 0) for s, n in wanted.items() if n > max(0, left.get(s, 0))}
        if not contested:
            return {sku: seats - wanted[sku] for sku, seats in left.items()}
        wanting = (case for case in cases if not contested.keys().isdisjoint(_new_skus(case)))
        denied = denials((c for case in wanting for c in case.claimants()), free=contested)
        affected = {denial.user_no for denial in denied}
        for denial in denied:
            by_user[denial.user_no].deny(denial)
        for user_no in affected:
            by_user[user_no].decide()
    raise AssertionError("Seats were denied more often than there are assignments.")


def _new_skus(case: Case) -> Iterable[SkuNo]:
    return (sku for sku in case.decision.licenses if sku not in case.held)


def _demand(
    cases: Sequence[Case], free: Mapping[SkuNo, int]
) -> tuple[Counter[SkuNo], Mapping[SkuNo, int]]:
    """Count how many want a seat, and what holders leave of the seats (holders come first)."""
    wanted: Counter[SkuNo] = Counter()
    left = dict(free)
    for case in cases:
        held = case.held
        for sku in case.decision.licenses:
            if sku not in held:
                wanted[sku] += 1
            elif sku in left:
                left[sku] -= 1
    return wanted, left


def _is_seat_missed(cases: Iterable[Case], left: Mapping[SkuNo, int]) -> bool:
    """Say whether a seat is left of a SKU that somebody was denied in this round."""
    return any(
        left.get(key.sku, 0) > 0
        for case in cases
        for key, reason in case.decision.errors.items()
        if reason is Reason.NO_SEAT_LEFT and key not in case.waits_for
    )
