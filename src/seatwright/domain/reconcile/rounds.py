"""Rules for each person, then seats for all, again and again until nothing changes.

A round decides everybody, serves the seats, and decides again those who were denied one, for
what they lost may be what something else depended on. Seats that come free on the way are given
in the next round, in which whoever got a license is a holder: that makes it settle.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.rows import Rules
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
        is_shaken = _run_round(open_cases, free={s: n - taken[s] for s, n in capacity.items()})
        moved = [case for case in open_cases if case.end_round()]
        # Nobody whom no rule concerns is ever decided differently, so they are left out of the
        # next rounds; their licenses stay taken from the seats.
        is_final = not any(not case.decision.is_plain for case in moved)
        if is_final and not (moved and is_shaken):
            return Settlement(cases=cases, rounds=round_no, is_settled=True)
        taken.update(s for c in open_cases if c.decision.is_plain for s in c.decision.licenses)
        open_cases = [case for case in open_cases if not case.decision.is_plain]
    return Settlement(cases=cases, rounds=ROUNDS_MAX, is_settled=False)


def rules_of(snapshot: Snapshot) -> Rules:
    """Give what is the same for everybody in a snapshot."""
    return Rules(
        now=snapshot.now,
        semantics=snapshot.semantics,
        default_usage_location=snapshot.default_usage_location,
        laws=laws_of(snapshot.catalog),
    )


def _cases(snapshot: Snapshot) -> tuple[Case, ...]:
    rules = rules_of(snapshot)
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


class _Served(NamedTuple):
    """The seats that are left, and whether a denial had consequences beyond the seat itself.

    Only then can the outcome depend on the turns, so only then must another round confirm it.
    """

    left: Mapping[SkuNo, int]
    is_shaken: bool


def _run_round(cases: Sequence[Case], *, free: Mapping[SkuNo, int]) -> bool:
    """Decide all cases and serve the seats; say whether denials had further consequences.

    Who was denied a seat for someone who then could not use it is asked again, once per round.
    """
    for case in cases:
        case.begin_round()
    served = _serve(cases, free=free)
    is_shaken = served.is_shaken
    # Every turn but the last forgives at least one row for good, so it cannot take longer.
    for _ in range(sum(len(case.denied) for case in cases) if is_shaken else 0):
        forgiven = [case for case in cases if case.denied and case.forgive(served.left)]
        if not forgiven:
            break
        served = _serve(cases, free=free)
    return is_shaken


def _serve(cases: Sequence[Case], *, free: Mapping[SkuNo, int]) -> _Served:
    """Deny seats until those that are wanted are there."""
    by_user = {case.user.user_no: case for case in cases}
    is_shaken = False
    # Every turn but the last denies at least one more row, so it cannot take longer.
    for _ in range(1 + sum(len(case.rows) for case in cases)):
        wanted, left = _demand(cases, free)
        contested = {s: left.get(s, 0) for s, n in wanted.items() if n > max(0, left.get(s, 0))}
        if not contested:
            return _Served({sku: seats - wanted[sku] for sku, seats in left.items()}, is_shaken)
        wanting = (case for case in cases if not contested.keys().isdisjoint(_new_skus(case)))
        denied = denials((c for case in wanting for c in case.claimants()), free=contested)
        for denial in denied:
            by_user[denial.user_no].deny(denial)
        for user_no in {denial.user_no for denial in denied}:
            is_shaken |= by_user[user_no].decide_again()
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
