"""The seats of many people: claims in columns, and a `Case` for whoever is no plain matter.

`Crowd` is to `rounds.run_rounds` what `OpenCases` is, for people most of whom are plain. Of those
only the claims take part: whatever else they are given needs no seat that could be missing.

**Why it equals `OpenCases`.** Where siblings do not fail together, a claim is one person and one
SKU, so each SKU is served by itself: in order of priority, waiting time and number, as
`seats.denials` has it, until its seats are gone. A denial takes away one license and, as a rule,
nothing else. Whoever depends on what was denied, or is in a conflict with it, is no plain matter
any more and becomes a `Case` that takes up where the columns stand. (Where siblings do fail
together every denial is a matter for the rules, and whoever could be denied a seat is a `Case`
from the start.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from seatwright.domain.ids import ServicePlanBits, SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.columns import Flags, Int16s, Int32s, Int64s, packed_moment
from seatwright.domain.reconcile.many_drafts import Claims, Failures, NeedyRows
from seatwright.domain.reconcile.many_grants import Grants
from seatwright.domain.reconcile.open_cases import Demand, OpenCases, Progress
from seatwright.domain.reconcile.rows import union
from seatwright.domain.reconcile.seats import Claimant, Denial


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPeople:
    """What the rounds must know of plain people.

    `kept` counts, per SKU number, who holds it and is wished it; `is_moved` says, per person,
    whether they have a change besides their claims. Both shrink when somebody becomes a case.
    `is_open` says who has failures, or could have: a rule has something to say about them.
    """

    user_no: Int32s
    claims: Claims
    needy: NeedyRows
    failures: Failures
    grants: Grants
    kept: Int64s
    is_moved: Flags
    is_open: Flags


class Crowd:
    """Everybody whose case is open, most of them as columns.

    A claim wants a seat until it is seated or denied, or until its person becomes a case.
    """

    __slots__ = (
        "_cases_of",
        "_has_left",
        "_is_denied",
        "_is_first_round",
        "_is_forgiven",
        "_is_seated",
        "_open_cases",
        "_plain",
        "_rows_of_sku",
        "cases",
    )

    def __init__(
        self,
        plain: PlainPeople,
        *,
        cases: Sequence[Case],
        cases_of: Callable[[Int64s], Sequence[Case]],
    ) -> None:
        """Begin with nobody seated; `cases_of` opens cases for people at these positions."""
        self._plain = plain
        self._cases_of = cases_of
        self._rows_of_sku = _rows_of_each(plain.claims.sku)
        self._is_denied = np.zeros(len(plain.claims.sku), np.bool_)
        self._is_forgiven = self._is_denied.copy()
        self._is_seated = self._is_denied.copy()
        self._has_left = self._is_denied.copy()
        self._is_first_round = True
        self._open_cases = OpenCases(cases)
        self.cases = list(cases)

    @property
    def denied(self) -> Flags:
        """Say which claims of plain people are denied."""
        return self._is_denied & ~self._has_left

    def begin_round(self) -> None:
        """Decide everybody without denials; see `Case.begin_round`.

        A plain person is plain again without them, so there is nothing to decide.
        """
        self._is_denied[:] = self._is_forgiven[:] = False
        self._open_cases.begin_round()

    def demand(self, free: Mapping[SkuNo, int]) -> Demand:
        """Count how many want a seat, and what holders leave of the seats."""
        wanted, left = self._open_cases.demand(free)
        skus = self._plain.claims.sku
        for sku, count in enumerate(np.bincount(skus[self._wants()]).tolist()):
            if count:
                wanted[SkuNo(sku)] += count
        seated = np.bincount(skus[self._is_seated & ~self._has_left], minlength=len(self._kept))
        taken = (self._kept + seated).tolist()
        return Demand(wanted, {sku: seats - taken[sku] for sku, seats in left.items()})

    def deny(self, contested: Mapping[SkuNo, int]) -> bool:
        """Serve the contested seats; say whether a denial changed more than the denied SKUs."""
        if not len(self._is_denied):
            return self._open_cases.deny(contested)
        wants = self._wants()
        claimants: dict[SkuNo, list[Claimant]] = {sku: [] for sku in contested}
        for claimant in self._open_cases.claimants(contested):
            (sku,) = claimant.skus
            if sku in contested:
                claimants[sku].append(claimant)
        losers: list[Int64s] = []
        denials: list[Denial] = []
        for sku, seats in contested.items():
            rows = self._rows_of_sku.get(sku, np.zeros(0, np.int64))
            rows = rows[wants[rows]]
            last = self._in_turn(rows, claimants[sku])[max(0, seats) :]
            losers.append(rows[last[last < len(rows)]])
            unlucky = (claimants[sku][n - len(rows)] for n in last.tolist() if n >= len(rows))
            denials.extend(Denial(claimant.user_no, None, sku) for claimant in unlucky)
        is_shaken = self._open_cases.take(denials)
        return self._deny_claims(np.concatenate(losers)) or is_shaken

    def forgive(self, left: Mapping[SkuNo, int]) -> bool:
        """Take back denials of SKUs of which seats are left; say whether there were any."""
        are_any_cases = self._open_cases.forgive(left)
        has_seats = np.zeros(len(self._kept), np.bool_)
        has_seats[[sku for sku, seats in left.items() if seats > 0]] = True
        claims = self._plain.claims
        forgiven = np.flatnonzero(self.denied & ~self._is_forgiven & has_seats[claims.sku])
        self._is_denied[forgiven] = False
        self._is_forgiven[forgiven] = True
        self._leave_columns(self._lacking(claims.person[forgiven]), newly_denied=frozenset())
        return are_any_cases or len(forgiven) > 0

    def end_round(self) -> Progress:
        """Take what was decided as held; say what that changed."""
        progress = self._open_cases.end_round()
        claims = self._plain.claims
        moved = np.zeros(len(self._plain.user_no), np.bool_)
        newly_seated = self._wants()
        moved[claims.person[newly_seated]] = True
        if self._is_first_round:
            moved |= self._plain.is_moved
        self._is_seated |= newly_seated
        self._is_first_round = False
        return Progress(
            progress.is_moved or bool(moved.any()),
            progress.is_open_moved
            or bool(moved[claims.person[self.denied]].any())
            or bool((moved & self._plain.is_open).any()),
        )

    def leave_plain(self) -> Counter[SkuNo]:
        """Close the cases about which no rule has anything to say; give the seats they keep.

        The columns need not be closed: a person without a denied claim has no claim that wants
        anything, and what columns keep is counted in every demand.
        """
        return self._open_cases.leave_plain()

    def row_count(self) -> int:
        """How many wishes there are that a seat could be denied to.

        What fails by itself may ask for a seat when its person becomes a case.
        """
        columns = int(self._plain.claims.row_count.sum()) + len(self._plain.failures.person)
        return columns + self._open_cases.row_count()

    def denied_count(self) -> int:
        """How many wishes are denied a seat."""
        rows = int(self._plain.claims.row_count[self.denied].sum())
        return rows + self._open_cases.denied_count()

    @property
    def _kept(self) -> Int64s:
        return self._plain.kept

    def _wants(self) -> Flags:
        wants: Flags = ~(self._is_seated | self._is_denied | self._has_left)
        return wants

    def _in_turn(self, rows: Int64s, claimants: Sequence[Claimant]) -> Int64s:
        """Put the claims of one SKU, and after them the claimants, in the order of `seats.py`."""
        claims, user_no = self._plain.claims, self._plain.user_no
        priority = [claimant.priority for claimant in claimants]
        since = [packed_moment(claimant.waiting_since) for claimant in claimants]
        users = [claimant.user_no for claimant in claimants]
        return np.lexsort(
            (
                np.append(user_no[claims.person[rows]], np.array(users, np.int32)),
                np.append(claims.since[rows], np.array(since, np.int64)),
                np.append(claims.priority[rows], np.array(priority, np.int16)),
            )
        )

    def _deny_claims(self, losers: Int64s) -> bool:
        self._is_denied[losers] = True
        claims = self._plain.claims
        shaken = claims.person[losers[claims.is_fragile[losers]]]
        leaving = np.union1d(self._lacking(claims.person[losers]), shaken)
        return self._leave_columns(leaving, newly_denied=frozenset(losers.tolist()))

    def _leave_columns(self, leaving: Int64s, *, newly_denied: frozenset[int]) -> bool:
        """Make cases of these people; say if a new denial changed more than the denied SKUs."""
        if not len(leaving):
            return False
        cases = self._cases_of(leaving.astype(np.int64))
        is_shaken = False
        for person, case in zip(leaving.tolist(), cases, strict=True):
            is_shaken |= self._take_over(case, person=person, newly_denied=newly_denied)
        self._open_cases.join(cases)
        self.cases.extend(cases)
        return is_shaken

    def _lacking(self, persons: Int32s) -> Int64s:
        """Give those of these people who are wished something, and denied what it depends on."""
        needy = self._plain.needy
        is_asked = np.zeros(len(self._plain.user_no), np.bool_)
        is_asked[persons] = True
        is_denied = np.append(self._is_denied, False)
        # The last entry stands for wishes behind no claim, whose number is -1.
        standing = np.flatnonzero(is_asked[needy.person] & ~is_denied[needy.claim])
        owner = needy.person[standing]
        is_lacking = self._plain.grants.lacking(needy.grant[standing], owner=owner)
        return np.unique(owner[is_lacking]).astype(np.int64)

    def _take_over(self, case: Case, *, person: int, newly_denied: frozenset[int]) -> bool:
        """Bring a person's case to where the columns stand, and deny what was just denied."""
        first, last = np.searchsorted(self._plain.claims.person, [person, person + 1]).tolist()
        sku_of = {row: SkuNo(int(self._plain.claims.sku[row])) for row in range(first, last)}
        newly = [sku for row, sku in sku_of.items() if row in newly_denied]
        denied = {sku for row, sku in sku_of.items() if self._is_denied[row]}
        forgiven = {sku for row, sku in sku_of.items() if self._is_forgiven[row]}
        case.resume(
            held=case.held if self._is_first_round else self._held_by(case, sku_of, person=person),
            denied=case.keys_of(denied.difference(newly)),
            forgiven=case.keys_of(forgiven),
        )
        for sku in newly:
            case.deny(Denial(case.user.user_no, None, sku))
        self._has_left[first:last] = True
        self._plain.is_moved[person] = False
        for sku in {held.sku for held in case.user.held} & {row.sku for row in case.rows}:
            self._kept[sku] -= 1
        return bool(newly) and case.decide_again()

    def _failing(self, person: int) -> frozenset[SkuNo]:
        failures = self._plain.failures
        first, last = np.searchsorted(failures.person, [person, person + 1]).tolist()
        return frozenset(SkuNo(sku) for sku in failures.sku[first:last].tolist())

    def _held_by(
        self, case: Case, sku_of: Mapping[int, SkuNo], *, person: int
    ) -> Mapping[SkuNo, ServicePlanBits]:
        """Give what a plain person holds after a round: all wishes but unseated or failing ones."""
        unseated = {sku for row, sku in sku_of.items() if not self._is_seated[row]}
        wished = {row.sku for row in case.rows} - unseated - self._failing(person)
        return {sku: union(row.bits for row in case.rows if row.sku == sku) for sku in wished}


def _rows_of_each(sku: Int16s) -> Mapping[SkuNo, Int64s]:
    """Give the rows of each SKU, in order."""
    order = np.argsort(sku, kind="stable")
    skus, starts = np.unique(sku[order], return_index=True)
    rows = np.split(order, starts[1:])
    return {SkuNo(int(number)): part for number, part in zip(skus, rows, strict=False)}
