"""What holds in every world, however adversarial: tried on thousands of random small ones.

Hypothesis prints the failing world and the line that reproduces it; `--hypothesis-seed` repeats
a whole run.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.reconcile import Action, Snapshot, UserState, Wish, reconcile
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.semantics import ENTRA, NATIVE
from tests.domain.reconcile.worlds import applied, snapshots

many_worlds = settings(max_examples=120, deadline=None, print_blob=True)


def counting(snapshot: Snapshot, user: UserState) -> Iterator[tuple[Wish, ServicePlanBits]]:
    """Give the wishes that count now, with the service plans that they leave on."""
    for wish in user.wishes:
        has_begun = wish.starts_at is None or wish.starts_at <= snapshot.now
        has_ended = wish.expires_at is not None and wish.expires_at <= snapshot.now
        if has_begun and not has_ended and not user.is_deleted:
            plans = snapshot.catalog.skus[wish.sku].service_plans
            yield wish, ServicePlanBits(plans & ~wish.disabled)


@many_worlds
@given(snapshots())
def test_reconciling_what_was_applied_changes_nothing(snapshot: Snapshot) -> None:
    first = reconcile(snapshot)
    assert first.is_settled
    second = reconcile(applied(snapshot, first))
    assert second.is_empty, second
    assert second.rounds == 1 or second.is_settled


@many_worlds
@given(snapshots())
def test_time_alone_changes_nothing_but_by_dates(snapshot: Snapshot) -> None:
    after = applied(snapshot, reconcile(snapshot))
    later = replace(after, now=after.now + timedelta(hours=1))
    assert reconcile(later).is_empty


@many_worlds
@given(snapshots())
def test_it_settles_within_few_rounds(snapshot: Snapshot) -> None:
    assert reconcile(snapshot).rounds <= 4


@many_worlds
@given(snapshots())
def test_nobody_is_granted_more_seats_than_are_free(snapshot: Snapshot) -> None:
    pools = {pool.sku: pool for pool in snapshot.pools}
    for seats in reconcile(snapshot).seat_changes:
        pool = pools[seats.sku]
        assert seats.consumed_before == pool.consumed
        if seats.consumed_after > seats.consumed_before:
            assert seats.consumed_after + pool.reserved <= pool.assignable


@many_worlds
@given(snapshots(), st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(snapshot: Snapshot, rng: random.Random) -> None:
    mixed = replace(
        snapshot,
        pools=_shuffled(rng, snapshot.pools),
        users=tuple(
            replace(
                user,
                wishes=_shuffled(rng, user.wishes),
                held=_shuffled(rng, user.held),
                errors=_shuffled(rng, user.errors),
            )
            for user in _shuffled(rng, snapshot.users)
        ),
    )
    assert reconcile(mixed) == reconcile(snapshot)
    assert reconcile(mixed).digest() == reconcile(snapshot).digest()


@many_worlds
@given(snapshots())
def test_a_license_is_the_union_of_its_assignments_and_a_shortfall_is_an_error(
    snapshot: Snapshot,
) -> None:
    after = applied(snapshot, reconcile(snapshot))
    for user in after.users:
        held = {h.sku: h.enabled for h in user.held}
        errors = {(e.sku, e.source): e.reason for e in user.errors}
        wished: dict[int, int] = {}
        for wish, bits in counting(after, user):
            wished[wish.sku] = wished.get(wish.sku, 0) | bits
            is_given = wish.sku in held and not bits & ~held[wish.sku]
            assert is_given or (wish.sku, wish.source) in errors
        for sku, enabled in held.items():
            blocked = {r for (s, _), r in errors.items() if s == sku}
            is_wished = sku in wished and not enabled & ~wished[sku]
            # What keeps a plan that another needs is an error, though a graver one may be said.
            assert is_wished or blocked & {
                Reason.DEPENDENCY_MISSING,
                Reason.NOT_ASSIGNABLE_TO_USERS,
            }


@many_worlds
@given(snapshots())
def test_what_is_held_and_wished_stays(snapshot: Snapshot) -> None:
    after = {u.user_no: u for u in applied(snapshot, reconcile(snapshot)).users}
    laws = laws_of(snapshot.catalog)
    for user in snapshot.users:
        location = user.usage_location or snapshot.default_usage_location
        prohibited = laws.prohibited_in(location)
        stays = {h.sku: h.enabled for h in after[user.user_no].held}
        held = {h.sku: h.enabled for h in user.held}
        for wish, bits in counting(snapshot, user):
            if wish.sku in held and wish.sku not in prohibited.skus:
                kept = bits & held[wish.sku] & ~prohibited.service_plans
                assert wish.sku in stays
                assert not kept & ~stays[wish.sku]


@many_worlds
@given(snapshots())
def test_nothing_prohibited_is_ever_given(snapshot: Snapshot) -> None:
    laws = laws_of(snapshot.catalog)
    for user in applied(snapshot, reconcile(snapshot)).users:
        location = user.usage_location or snapshot.default_usage_location
        prohibited = laws.prohibited_in(location)
        for held in user.held:
            assert held.sku not in prohibited.skus
            assert not held.enabled & prohibited.service_plans


@many_worlds
@given(snapshots())
def test_a_new_service_plan_never_excludes_another_product_of_the_person(
    snapshot: Snapshot,
) -> None:
    changes = reconcile(snapshot)
    after = {user.user_no: user for user in applied(snapshot, changes).users}
    laws = laws_of(snapshot.catalog)
    for change in changes.changes:
        if change.after is None:
            continue
        new = ServicePlanBits(change.after & ~(change.before or 0))
        for other in after[change.user_no].held:
            if other.sku != change.sku:
                assert not laws.profile(new).conflicts & other.enabled


@many_worlds
@given(snapshots())
def test_a_new_license_has_what_it_depends_on(snapshot: Snapshot) -> None:
    changes = reconcile(snapshot)
    after = {user.user_no: user for user in applied(snapshot, changes).users}
    laws = laws_of(snapshot.catalog)
    for change in changes.changes:
        if change.action is Action.GRANT and change.after is not None:
            everything = 0
            for held in after[change.user_no].held:
                everything |= held.enabled
            for any_of in laws.profile(change.after).needs:
                assert any_of & everything


@many_worlds
@given(snapshots(semantics=NATIVE))
def test_nobody_waits_while_a_seat_is_free(snapshot: Snapshot) -> None:
    after = applied(snapshot, reconcile(snapshot))
    free = {p.sku: p.assignable - p.reserved - p.consumed for p in after.pools}
    for user in after.users:
        for error in user.errors:
            assert error.reason is not Reason.NO_SEAT_LEFT or free[error.sku] <= 0


@many_worlds
@given(snapshots(semantics=ENTRA))
def test_a_group_gives_all_that_is_new_or_nothing(snapshot: Snapshot) -> None:
    changes = reconcile(snapshot)
    failing = {
        (user.user_no, error.source)
        for user in applied(snapshot, changes).users
        for error in user.errors
        if error.source.kind is SourceKind.GROUP
    }
    for change in changes.changes:
        if change.action is Action.GRANT and change.source is not None:
            assert (change.user_no, change.source) not in failing


_T = TypeVar("_T")


def _shuffled(rng: random.Random, items: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(rng.sample(items, len(items)))
