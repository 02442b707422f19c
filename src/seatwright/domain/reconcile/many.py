"""The engine for many people at once: columns in, columns out, the same answer as `reconcile()`.

**The idea.** Nearly everybody is a plain matter: no rule has anything to say about them, or it is
known what it says, and they get the union of the wishes that stand, as far as there are seats.
Those are decided here a chunk of people at a time, in columns. Everybody else becomes a `Case` and
goes the way of the engine for few. Then all of them go through the same rounds.

**The parts.** `many_grants` asks the rules about each distinct grant, `many_wishes` lays out who
is wished what, `many_rows` puts it beside what is held and asks the rules, `many_failing` knows
for most people what they say, `many_drafts` notes what plain people would get, `many_seats` is
their side of the rounds, and `many_answer` puts the change set together. `columns.py` says what
the columns mean.

That it equals `reconcile()` is tried on hundreds of worlds with every run of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.columns import (
    ColumnSnapshot,
    Flags,
    Int32s,
    Int64s,
    packed_moment,
)
from seatwright.domain.reconcile.differences import change_set
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.many_answer import (
    Settled,
    plain_errors,
    plain_licenses,
    seat_changes,
    with_case_errors,
    with_case_licenses,
)
from seatwright.domain.reconcile.many_changes import ManyOutcome, nothing_to_do
from seatwright.domain.reconcile.many_drafts import NO_SEAT_LEFT, Drafting
from seatwright.domain.reconcile.many_failing import foreseen
from seatwright.domain.reconcile.many_grants import (
    GrantNumbers,
    Grants,
    Places,
    grants_of,
    places_of,
)
from seatwright.domain.reconcile.many_people import user_states
from seatwright.domain.reconcile.many_rows import CHUNK_USERS_MAX, chunk_of, concerns_of
from seatwright.domain.reconcile.many_seats import Crowd, PlainPeople
from seatwright.domain.reconcile.many_sets import Owned, WorkingSets, owned
from seatwright.domain.reconcile.many_wishes import WishSource, direct_grants, group_offers
from seatwright.domain.reconcile.rounds import Settlement, Verdict, run_rounds
from seatwright.domain.reconcile.rows import Rules

CHUNK_USERS: Final = 65_536
"""The columns of so many people stay in the processor's cache."""


def reconcile_many(snapshot: ColumnSnapshot, *, chunk_users: int = CHUNK_USERS) -> ManyOutcome:
    """Give what must change so that everybody holds what they should, in columns.

    Equal to `reconcile()` of the same world, whatever the size of the chunks. Rows of people who
    are not in `snapshot.people` do not count. Sets of service plans that the answer names and the
    snapshot did not are added to `snapshot.plan_sets`.

    Raises KeyError for a wished SKU that the catalogue does not know and ValueError for people
    that are not in order, or a license that occurs twice.
    """
    if not 1 <= chunk_users <= CHUNK_USERS_MAX:
        raise ValueError(f"A chunk has 1 to {CHUNK_USERS_MAX} people, not {chunk_users}.")
    if (np.diff(snapshot.people.user_no) <= 0).any():
        raise ValueError("The people of a snapshot must be in the order of their numbers, once.")
    if not len(snapshot.people.user_no):
        return nothing_to_do()
    return _Run.of(snapshot, chunk_users=chunk_users).outcome()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One reconcile: what is the same for all of its people."""

    snapshot: ColumnSnapshot
    chunk_users: int
    rules: Rules
    sets: WorkingSets
    grants: Grants
    places: Places
    wishes: WishSource
    is_tried_again: Flags

    @classmethod
    def of(cls, snapshot: ColumnSnapshot, *, chunk_users: int) -> _Run:
        """Ask the rules about everything that can be wished."""
        laws = laws_of(snapshot.catalog)
        sets = WorkingSets(snapshot.plan_sets)
        numbers = GrantNumbers(laws=laws, sets=sets)
        groups = group_offers(snapshot, numbers)
        direct = direct_grants(
            snapshot.direct, numbers, bits=snapshot.plan_sets.bits, chunk=chunk_users
        )
        places = places_of(snapshot.locations, default=snapshot.default_usage_location, laws=laws)
        return cls(
            snapshot=snapshot,
            chunk_users=chunk_users,
            rules=Rules(
                now=snapshot.now,
                semantics=snapshot.semantics,
                default_usage_location=snapshot.default_usage_location,
                laws=laws,
            ),
            sets=sets,
            grants=grants_of(numbers, laws=laws, sets=sets, places=places),
            places=places,
            wishes=WishSource(snapshot=snapshot, groups=groups, direct=direct),
            is_tried_again=_tried_again(snapshot),
        )

    def outcome(self) -> ManyOutcome:
        """Decide everybody, settle the seats, and put the answer together."""
        snapshot = self.snapshot
        drafting = Drafting(
            grants=self.grants,
            errors=snapshot.errors,
            is_maybe_short=self._maybe_short(),
            people=len(snapshot.people.user_no),
            now=packed_moment(snapshot.now),
        )
        others = self._draft_all(drafting)
        plain = PlainPeople(
            user_no=snapshot.people.user_no,
            claims=drafting.claims.joined(),
            needy=drafting.needy.joined(),
            failures=drafting.failures.joined(),
            grants=self.grants,
            kept=drafting.kept,
            is_moved=drafting.is_moved,
            is_open=drafting.is_open,
        )
        crowd = Crowd(plain, cases=self._cases_of(others), cases_of=self._cases_of)
        capacity = {sku: seats + int(drafting.held[sku]) for sku, seats in self._free().items()}
        verdict = run_rounds(crowd, capacity=capacity)
        return self._answer(drafting, plain=plain, crowd=crowd, verdict=verdict)

    def _free(self) -> Mapping[SkuNo, int]:
        """Give the free seats of each pool; less than none where too many are held."""
        return {
            pool.sku: pool.assignable - pool.reserved - pool.consumed
            for pool in self.snapshot.pools
        }

    def _maybe_short(self) -> Flags:
        """Say of each SKU number whether more people could want a seat than there are free ones.

        A rough count, too high if anything: it only decides whether claims are noted down.
        """
        snapshot, groups, grants = self.snapshot, self.wishes.groups, self.grants
        free = self._free()
        last = max(
            [*free, int(grants.sku.max(initial=0)), int(snapshot.held.sku_no.max(initial=0))]
        )
        wished = np.bincount(snapshot.direct.sku_no, minlength=last + 1)
        members = np.bincount(snapshot.memberships.group_no, minlength=len(groups.counts))
        np.add.at(wished, grants.sku[groups.offers.grant], np.repeat(members, groups.counts))
        seats = np.zeros(len(wished), np.int64)
        seats[list(free)] = list(free.values())
        return wished > seats

    def _draft_all(self, drafting: Drafting) -> Int64s:
        """Draft all plain people, a chunk at a time; give the positions of the others."""
        count = len(self.snapshot.people.user_no)
        others = [
            self._draft(slice(first, min(first + self.chunk_users, count)), drafting)
            for first in range(0, count, self.chunk_users)
        ]
        return np.concatenate(others) if others else np.zeros(0, np.int64)

    def _draft(self, people: slice, drafting: Drafting) -> Int64s:
        snapshot = self.snapshot
        users = snapshot.people.user_no[people]
        chunk = chunk_of(
            self.wishes.wishes_of(people),
            held=snapshot.held,
            users=users,
            grants=self.grants,
            sets=self.sets,
        )
        errors = owned(snapshot.errors.user_no, users=users)
        concerns = concerns_of(
            chunk,
            location=snapshot.people.location[people],
            grants=self.grants,
            places=self.places,
            semantics=snapshot.semantics,
        )
        is_case = np.zeros(len(users), np.bool_)
        is_case[self._waiting(people, errors)] = True
        if snapshot.semantics.siblings_fail_together:
            # Whoever is denied a seat then is a matter for the rules.
            is_case[drafting.claimants(chunk)] = True
        found = foreseen(
            chunk,
            concerns,
            among=~is_case,
            grants=self.grants,
            semantics=snapshot.semantics,
        )
        is_case[chunk.rows.owner[concerns.any()]] = True
        is_case &= ~found.is_known
        drafting.add(
            chunk, is_plain=~is_case, found=found, first_person=people.start, errors=errors
        )
        positions: Int64s = people.start + np.flatnonzero(is_case)
        return positions

    def _waiting(self, people: slice, errors: Owned) -> Int32s:
        """Give who of a chunk waits for a seat and is not tried again, with doubles."""
        is_waiting = self.snapshot.errors.reason[errors.rows] == NO_SEAT_LEFT
        waiting: Int32s = errors.owner[is_waiting & ~self.is_tried_again[people][errors.owner]]
        return waiting

    def _cases_of(self, positions: Int64s) -> list[Case]:
        """Open a case for each person at these positions."""
        return [
            Case(user, rules=self.rules, is_tried_again=is_tried_again)
            for user, is_tried_again in zip(
                user_states(self.snapshot, positions),
                self.is_tried_again[positions].tolist(),
                strict=True,
            )
        ]

    def _answer(
        self, drafting: Drafting, *, plain: PlainPeople, crowd: Crowd, verdict: Verdict
    ) -> ManyOutcome:
        snapshot = self.snapshot
        cases = sorted(crowd.cases, key=lambda case: case.user.user_no)
        is_plain = np.ones(len(plain.user_no), np.bool_)
        numbers = np.array([case.user.user_no for case in cases], np.int32)
        is_plain[np.searchsorted(plain.user_no, numbers)] = False
        settled = Settled(
            user_no=plain.user_no,
            is_plain=is_plain,
            claims=plain.claims,
            claim_rows=drafting.claim_rows.joined(),
            is_denied=crowd.denied,
            failures=plain.failures,
            now=packed_moment(snapshot.now),
        )
        theirs = change_set(
            Settlement(cases=tuple(cases), rounds=verdict.rounds, is_settled=verdict.is_settled),
            pools=(),
        )
        licenses = with_case_licenses(
            plain_licenses(drafting.drafts.joined(), settled, sets=self.sets),
            theirs.changes,
            plan_sets=snapshot.plan_sets,
        )
        return ManyOutcome(
            licenses=licenses,
            errors=with_case_errors(
                plain_errors(snapshot.errors, settled), theirs.error_changes, cases=cases
            ),
            seat_changes=seat_changes(licenses, pools=snapshot.pools),
            rounds=verdict.rounds,
            is_settled=verdict.is_settled,
        )


def _tried_again(snapshot: ColumnSnapshot) -> Flags:
    """Say of each person whether they are tried again if they wait for a seat (GBL-125)."""
    users = snapshot.people.user_no
    if snapshot.semantics.seats_refill_by_themselves or snapshot.retry_users is None:
        return np.ones(len(users), np.bool_)
    return np.isin(users, snapshot.retry_users)
