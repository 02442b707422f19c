"""The people whose cases are open, each a `Case`: what the rounds ask of all of them at once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.seats import Claimant, Denial, denials


class Demand(NamedTuple):
    """How many people want a seat, and what holders leave of the seats (holders come first)."""

    wanted: Counter[SkuNo]
    left: Mapping[SkuNo, int]


class Progress(NamedTuple):
    """What a round changed: for anybody, and for anybody whose case stays open."""

    is_moved: bool
    is_open_moved: bool


class OpenCases:
    """Cases that are decided together; it shrinks from round to round."""

    __slots__ = ("_cases",)

    def __init__(self, cases: Sequence[Case]) -> None:
        """Open the cases of different people."""
        self._cases = list(cases)

    def join(self, cases: Iterable[Case]) -> None:
        """Add people in the middle of a round."""
        self._cases.extend(cases)

    def begin_round(self) -> None:
        """Decide everybody without denials; see `Case.begin_round`."""
        for case in self._cases:
            case.begin_round()

    def demand(self, free: Mapping[SkuNo, int]) -> Demand:
        """Count how many want a seat, and what holders leave of the seats."""
        wanted: Counter[SkuNo] = Counter()
        left = dict(free)
        for case in self._cases:
            held = case.held
            for sku in case.decision.licenses:
                if sku not in held:
                    wanted[sku] += 1
                elif sku in left:
                    left[sku] -= 1
        return Demand(wanted, left)

    def claimants(self, contested: Mapping[SkuNo, int]) -> Iterator[Claimant]:
        """Give the claims of everybody who wants a contested seat."""
        for case in self._cases:
            if not contested.keys().isdisjoint(_new_skus(case)):
                yield from case.claimants()

    def deny(self, contested: Mapping[SkuNo, int]) -> bool:
        """Serve the contested seats; say whether a denial changed more than the denied SKUs."""
        return self.take(denials(self.claimants(contested), free=contested))

    def take(self, denied: Sequence[Denial]) -> bool:
        """Note what was denied and decide again; say whether that changed more than was denied."""
        users = {denial.user_no for denial in denied}
        by_user = {c.user.user_no: c for c in self._cases if c.user.user_no in users}
        for denial in denied:
            by_user[denial.user_no].deny(denial)
        # Everybody must be decided again, so this is no place for any() over a generator.
        are_shaken = [case.decide_again() for case in by_user.values()]
        return any(are_shaken)

    def forgive(self, left: Mapping[SkuNo, int]) -> bool:
        """Take back denials of SKUs of which seats are left; say whether there were any."""
        are_forgiven = [case.forgive(left) for case in self._cases if case.denied]
        return any(are_forgiven)

    def end_round(self) -> Progress:
        """Take what was decided as held; say what that changed."""
        moved = [case for case in self._cases if case.end_round()]
        return Progress(bool(moved), any(not case.decision.is_plain for case in moved))

    def leave_plain(self) -> Counter[SkuNo]:
        """Close the cases about which no rule has anything to say; give the seats they keep."""
        plain = [case for case in self._cases if case.decision.is_plain]
        self._cases = [case for case in self._cases if not case.decision.is_plain]
        return Counter(sku for case in plain for sku in case.decision.licenses)

    def row_count(self) -> int:
        """How many wishes there are that a seat could be denied to."""
        return sum(len(case.rows) for case in self._cases)

    def denied_count(self) -> int:
        """How many wishes are denied a seat."""
        return sum(len(case.denied) for case in self._cases)


def _new_skus(case: Case) -> Iterable[SkuNo]:
    return (sku for sku in case.decision.licenses if sku not in case.held)
