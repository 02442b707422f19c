"""Who gets a seat when there are too few."""

from datetime import UTC, datetime, timedelta

from seatwright.domain.assignments import Source, SourceKind
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile.seats import Claimant, denials

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SUITE, TOOL = SkuNo(1), SkuNo(2)
TEAM, BOARD = Source(kind=SourceKind.GROUP, no=1), Source(kind=SourceKind.GROUP, no=2)


def claimant(
    user_no: int, *skus: SkuNo, priority: int = 128, days: int = 0, source: Source | None = None
) -> Claimant:
    since = NOW - timedelta(days=days)
    return Claimant(priority, since, UserNo(user_no), source, skus or (SUITE,))


def denied_users(*claimants: Claimant, free: int) -> list[int]:
    return [denial.user_no for denial in denials(claimants, free={SUITE: free})]


def test_the_smallest_priority_number_is_served_first() -> None:
    people = claimant(1), claimant(2, priority=0), claimant(3, priority=255, days=9)
    assert denied_users(*people, free=1) == [1, 3]


def test_then_the_longest_waiting_then_the_smallest_number() -> None:
    people = claimant(3, days=1), claimant(2), claimant(1), claimant(4, days=2)
    assert denied_users(*people, free=2) == [1, 2]
    assert denied_users(*people, free=3) == [2]


def test_less_than_no_seats_serve_nobody() -> None:
    assert denied_users(claimant(1), claimant(2), free=-3) == [1, 2]


def test_a_bundle_takes_nothing_if_one_product_is_short() -> None:
    bundle = claimant(1, SUITE, TOOL, source=TEAM)
    single = claimant(2, SUITE, source=TEAM)
    denied = denials([bundle, single], free={SUITE: 1, TOOL: 0})
    assert [(d.user_no, d.sku) for d in denied] == [(1, TOOL)]


def test_a_seat_of_one_source_serves_the_others_too() -> None:
    both = [claimant(1, source=TEAM), claimant(1, source=BOARD)]
    assert denials(both, free={SUITE: 1}) == ()
