"""Rules for each person, then seats for all, again and again until nothing changes.

A round decides everybody, serves the seats, and decides again those who were denied one, for
what they lost may be what something else depended on. Seats that come free on the way are given
in the next round, in which whoever got a license is a holder: that makes it settle.

The rounds are the same for few people and for many. Only how the people are kept differs: as
`OpenCases`, or mostly as columns (`many_seats.Crowd`).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.open_cases import Demand, OpenCases, Progress
from seatwright.domain.reconcile.rows import Rules
from seatwright.domain.reconcile.world import Snapshot

ROUNDS_MAX: Final = 8
"""Reaching it is no crash: the last result stands, and says that it is not settled."""


class Members(Protocol):
    """Everybody whose case is open, and what the rounds ask of them all at once."""

    def begin_round(self) -> None:
        """Decide everybody without denials, but for what they wait for and are not tried again."""

    def demand(self, free: Mapping[SkuNo, int]) -> Demand:
        """Count how many want a seat, and what holders leave of the seats."""

    def deny(self, contested: Mapping[SkuNo, int]) -> bool:
        """Serve the contested seats; say whether a denial changed more than the denied SKUs."""

    def forgive(self, left: Mapping[SkuNo, int]) -> bool:
        """Take back denials of SKUs of which seats are left; say whether there were any."""

    def end_round(self) -> Progress:
        """Take what was decided as held; say what that changed."""

    def leave_plain(self) -> Counter[SkuNo]:
        """Close the cases about which no rule has anything to say; give the seats they keep."""

    def row_count(self) -> int:
        """How many wishes there are that a seat could be denied to."""

    def denied_count(self) -> int:
        """How many wishes are denied a seat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Everybody's case after the last round, in the order of user numbers."""

    cases: tuple[Case, ...]
    rounds: int
    is_settled: bool


class Verdict(NamedTuple):
    """How often the rules ran, and whether nothing changed any more in the end."""

    rounds: int
    is_settled: bool


def settle(snapshot: Snapshot) -> Settlement:
    """Settle a snapshot's people one by one."""
    cases = _cases(snapshot)
    held = Counter(held.sku for user in snapshot.users for held in user.held)
    capacity = {
        pool.sku: pool.assignable - pool.reserved - pool.consumed + held[pool.sku]
        for pool in snapshot.pools
    }
    verdict = run_rounds(OpenCases(cases), capacity=capacity)
    return Settlement(cases=cases, rounds=verdict.rounds, is_settled=verdict.is_settled)


def run_rounds(members: Members, *, capacity: Mapping[SkuNo, int]) -> Verdict:
    """Run rounds until one changes nothing, at most `ROUNDS_MAX`.

    `capacity` are the seats that these people may use: free ones and those they hold.
    """
    taken: Counter[SkuNo] = Counter()
    for round_no in range(1, ROUNDS_MAX + 1):
        is_shaken = _run_round(members, free={s: n - taken[s] for s, n in capacity.items()})
        progress = members.end_round()
        # Nobody whom no rule concerns is ever decided differently, so they are left out of the
        # next rounds; their licenses stay taken from the seats.
        if not progress.is_open_moved and not (progress.is_moved and is_shaken):
            return Verdict(round_no, is_settled=True)
        taken.update(members.leave_plain())
    return Verdict(ROUNDS_MAX, is_settled=False)


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


class _Served(NamedTuple):
    """The seats that are left, and whether a denial had consequences beyond the seat itself.

    Only then can the outcome depend on the turns, so only then must another round confirm it.
    """

    left: Mapping[SkuNo, int]
    is_shaken: bool


def _run_round(members: Members, *, free: Mapping[SkuNo, int]) -> bool:
    """Decide everybody and serve the seats; say whether denials had further consequences.

    Who was denied a seat for someone who then could not use it is asked again, once per round.
    """
    members.begin_round()
    served = _serve(members, free=free)
    is_shaken = served.is_shaken
    # Every turn but the last forgives at least one row for good, so it cannot take longer.
    for _ in range(members.denied_count() if is_shaken else 0):
        if not members.forgive(served.left):
            break
        served = _serve(members, free=free)
    return is_shaken


def _serve(members: Members, *, free: Mapping[SkuNo, int]) -> _Served:
    """Deny seats until those that are wanted are there."""
    is_shaken = False
    # Every turn but the last denies at least one more row, so it cannot take longer.
    for _ in range(1 + members.row_count()):
        wanted, left = members.demand(free)
        contested = {s: left.get(s, 0) for s, n in wanted.items() if n > max(0, left.get(s, 0))}
        if not contested:
            return _Served({sku: seats - wanted[sku] for sku, seats in left.items()}, is_shaken)
        is_shaken |= members.deny(contested)
    raise AssertionError("Seats were denied more often than there are assignments.")
