"""Change sets: what they hold, and the name that their digest gives them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    Action,
    Catalog,
    Held,
    Pool,
    SeatChange,
    SkuFacts,
    Snapshot,
    StoredError,
    UserState,
    Wish,
    reconcile,
)
from seatwright.domain.semantics import NATIVE

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUITE = SkuNo(1)
ALL, SOME = ServicePlanBits(0b11), ServicePlanBits(0b01)
TEAM = Source(kind=SourceKind.GROUP, no=1)
CATALOG = Catalog(skus={SUITE: SkuFacts(sku=SUITE, part_number="SUITE", service_plans=ALL)})


def wish(
    *, source: Source = DIRECT, days_ago: int = 0, disabled: ServicePlanBits = NO_SERVICE_PLANS
) -> Wish:
    strategy = Strategy.GROUP if source.kind is SourceKind.GROUP else Strategy.BULK
    return Wish(
        sku=SUITE,
        source=source,
        strategy=strategy,
        disabled=disabled,
        assigned_at=NOW - timedelta(days=days_ago),
    )


def person(no: int, *wishes: Wish, held: ServicePlanBits | None = None) -> UserState:
    licenses = () if held is None else (Held(sku=SUITE, enabled=held),)
    return UserState(user_no=UserNo(no), usage_location="NO", wishes=wishes, held=licenses)


def world(*users: UserState, seats: int = 9) -> Snapshot:
    consumed = sum(len(user.held) for user in users)
    return Snapshot(
        now=NOW,
        semantics=NATIVE,
        default_usage_location=None,
        catalog=CATALOG,
        pools=(Pool(sku=SUITE, assignable=seats, consumed=consumed),),
        users=users,
    )


def test_a_grant_names_the_earliest_source_and_its_strategy() -> None:
    changes = reconcile(world(person(1, wish(), wish(source=TEAM, days_ago=3))))
    (grant,) = changes.changes
    assert (grant.action, grant.source, grant.strategy) == (Action.GRANT, TEAM, Strategy.GROUP)
    assert (grant.before, grant.after) == (None, ALL)
    assert changes.seat_changes == (SeatChange(sku=SUITE, consumed_before=0, consumed_after=1),)


def test_an_update_moves_no_seat_and_a_revoke_frees_one() -> None:
    narrowed = wish(disabled=ServicePlanBits(0b10))
    changes = reconcile(world(person(1, narrowed, held=ALL), person(2, held=ALL)))
    update, revoke = changes.changes
    assert (update.action, update.after) == (Action.UPDATE, SOME)
    assert (revoke.action, revoke.source) == (Action.REVOKE, None)
    assert changes.seat_changes == (SeatChange(sku=SUITE, consumed_before=2, consumed_after=1),)


def test_nothing_to_do_is_an_empty_change_set() -> None:
    assert reconcile(world(person(1, wish(), held=ALL))).is_empty


def test_a_place_in_the_waiting_list_is_kept_and_counts_on_every_source() -> None:
    since = NOW - timedelta(days=5)
    stored = StoredError(sku=SUITE, source=DIRECT, reason=Reason.NO_SEAT_LEFT, waiting_since=since)
    waiting = replace(person(1, wish(), wish(source=TEAM)), errors=(stored,))
    (error,) = reconcile(world(waiting, seats=0)).error_changes
    assert (error.source, error.waiting_since) == (TEAM, since)


def test_the_digest_does_not_depend_on_the_moment() -> None:
    here = world(person(1, wish()), person(2, wish()), seats=1)
    later = replace(here, now=NOW + timedelta(hours=1))
    assert reconcile(here).digest() == reconcile(later).digest()


def test_the_digest_tells_different_outcomes_apart() -> None:
    two = person(1, wish()), person(2, wish())
    digests = {
        reconcile(world(*two, seats=0)).digest(),
        reconcile(world(*two, seats=1)).digest(),
        reconcile(world(*two, seats=2)).digest(),
        reconcile(world(*two, person(3, held=ALL), seats=3)).digest(),
    }
    assert len(digests) == 4


def test_a_world_that_contradicts_itself_is_a_bug() -> None:
    with pytest.raises(ValueError, match="one user twice"):
        reconcile(world(person(1), person(1)))
    twice = replace(person(1), held=(Held(sku=SUITE, enabled=ALL), Held(sku=SUITE, enabled=SOME)))
    with pytest.raises(ValueError, match="holds one SKU twice"):
        reconcile(world(twice))


def test_a_subset_may_use_what_is_free_and_what_it_holds() -> None:
    # Nine seats, eight of them held by people outside the snapshot.
    snapshot = world(person(1, held=ALL), person(2, wish()), person(3, wish()))
    pool = Pool(sku=SUITE, assignable=9, consumed=9)
    changes = reconcile(replace(snapshot, pools=(pool,)))
    assert [(c.user_no, c.action) for c in changes.changes] == [
        (1, Action.REVOKE),
        (2, Action.GRANT),
    ]
    assert [e.user_no for e in changes.error_changes] == [3]
    assert changes.seat_changes == ()


def test_reserved_seats_are_not_given() -> None:
    pool = Pool(sku=SUITE, assignable=2, consumed=0, reserved=1)
    changes = reconcile(replace(world(person(1, wish()), person(2, wish())), pools=(pool,)))
    assert [c.user_no for c in changes.changes] == [1]
