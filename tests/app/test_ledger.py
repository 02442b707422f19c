"""The ledger of a call: what several change sets come to together."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from seatwright.app.ledger import Ledger
from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile.changes import (
    Action,
    Change,
    ChangeSet,
    ErrorChange,
    SeatChange,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TEAM = Source(kind=SourceKind.GROUP, no=1)

Licenses = dict[tuple[int, int], int]
Errors = dict[tuple[int, int, Source], Reason]
State = tuple[Licenses, Errors]

numbers = st.integers(min_value=0, max_value=3)
states = st.tuples(
    st.dictionaries(st.tuples(numbers, numbers), st.integers(min_value=0, max_value=3)),
    st.dictionaries(
        st.tuples(numbers, numbers, st.sampled_from([DIRECT, TEAM])),
        st.sampled_from([Reason.NO_SEAT_LEFT, Reason.DEPENDENCY_MISSING]),
    ),
)


def difference(before: State, after: State) -> ChangeSet:
    """The change set that leads from one state to another, as the engine would write it."""
    held_before, held_after = before[0], after[0]
    failed_before, failed_after = before[1], after[1]
    seats_before, seats_after = (Counter(sku for _, sku in held[0]) for held in (before, after))
    return ChangeSet(
        changes=tuple(
            change(pair, held_before.get(pair), held_after.get(pair))
            for pair in sorted(held_before.keys() | held_after.keys())
            if held_before.get(pair) != held_after.get(pair)
        ),
        error_changes=tuple(
            ErrorChange(
                user_no=UserNo(row[0]),
                sku=SkuNo(row[1]),
                source=row[2],
                before=failed_before.get(row),
                after=failed_after.get(row),
                waiting_since=NOW if row in failed_after else None,
            )
            for row in sorted(failed_before.keys() | failed_after.keys())
            if failed_before.get(row) is not failed_after.get(row)
        ),
        seat_changes=tuple(
            SeatChange(
                sku=SkuNo(sku), consumed_before=seats_before[sku], consumed_after=seats_after[sku]
            )
            for sku in sorted(seats_before.keys() | seats_after.keys())
            if seats_before[sku] != seats_after[sku]
        ),
    )


def change(pair: tuple[int, int], before: int | None, after: int | None) -> Change:
    action = Action.UPDATE
    if before is None:
        action = Action.GRANT
    elif after is None:
        action = Action.REVOKE
    return Change(
        user_no=UserNo(pair[0]),
        sku=SkuNo(pair[1]),
        action=action,
        before=None if before is None else ServicePlanBits(before),
        after=None if after is None else ServicePlanBits(after),
        source=None if after is None else DIRECT,
        strategy=None if after is None else Strategy.MANUAL,
    )


def ledger_of(*states_in_turn: State) -> Ledger:
    ledger = Ledger()
    for before, after in pairwise(states_in_turn):
        ledger.add(difference(before, after))
    return ledger


@given(first=states, middle=states, last=states)
def test_two_change_sets_come_to_the_direct_difference(
    first: State, middle: State, last: State
) -> None:
    net, direct = ledger_of(first, middle, last).net(), difference(first, last)
    assert net == direct
    assert net.digest() == direct.digest()


@given(first=states, middle=states, third=states, last=states)
def test_joining_does_not_depend_on_where_the_steps_are_cut(
    first: State, middle: State, third: State, last: State
) -> None:
    assert ledger_of(first, middle, third, last).net() == ledger_of(first, third, last).net()


@given(state=states, other=states)
def test_there_and_back_is_nothing(state: State, other: State) -> None:
    assert ledger_of(state, other, state).net().is_empty


def test_a_line_keeps_the_reason_of_the_step_that_changed_it_last() -> None:
    ledger = Ledger()
    nobody: State = ({}, {})
    two: State = ({(1, 1): 1, (2, 1): 1}, {})
    ledger.add(
        difference(nobody, two),
        reason=ChangeReason.GROUP_JOINED,
        reasons={(UserNo(2), SkuNo(1)): ChangeReason.ASSIGNED},
    )
    assert ledger.reasons == {
        (1, 1): ChangeReason.GROUP_JOINED,
        (2, 1): ChangeReason.ASSIGNED,
    }
    ledger.add(difference(two, nobody), reason=ChangeReason.EXPIRED)
    assert set(ledger.reasons.values()) == {ChangeReason.EXPIRED}


def test_an_empty_ledger_has_the_digest_of_an_empty_change_set() -> None:
    assert Ledger().net().digest() == ChangeSet().digest()
