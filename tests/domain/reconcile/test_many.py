"""The bulk kernel gives what the engine for few gives, in every world and every size of chunk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.worlds import applied, company
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile import Snapshot, UserState, reconcile
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.columns import ColumnSnapshot, HeldColumns
from seatwright.domain.reconcile.many import reconcile_many
from seatwright.domain.reconcile.many_failing import CONFLICTING, UNMET
from seatwright.domain.reconcile.many_people import user_states
from seatwright.domain.reconcile.many_rows import CHUNK_USERS_MAX
from seatwright.domain.reconcile.rows import Rules
from tests.domain.reconcile.crowds import columns_of, crowd
from tests.domain.reconcile.quarrels import quarrelsome_crowd
from tests.domain.reconcile.thrifty import thrifty_crowd
from tests.domain.reconcile.worlds import snapshots

SEEDS = 400
CHUNKS = (1, 2, 3, 65_536)


def assert_equal(columns: ColumnSnapshot, objects: Snapshot, *, chunk_users: int) -> None:
    expected = reconcile(objects)
    found = reconcile_many(columns, chunk_users=chunk_users).change_set(columns.plan_sets)
    assert found == expected
    assert found.digest() == expected.digest()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_columns_and_objects_give_the_same_change_set(seed: int) -> None:
    world = crowd(seed)
    chunk_users = CHUNKS[seed % len(CHUNKS)]
    assert_equal(world.columns(), world.objects(), chunk_users=chunk_users)


@pytest.mark.parametrize("seed", range(SEEDS // 2))
def test_plain_people_whose_seats_run_out_are_told_the_same(seed: int) -> None:
    world = thrifty_crowd(seed)
    assert_equal(world.columns(), world.objects(), chunk_users=CHUNKS[seed % len(CHUNKS)])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_people_about_whom_the_rules_speak_are_told_the_same(seed: int) -> None:
    world = quarrelsome_crowd(seed)
    assert_equal(world.columns(), world.objects(), chunk_users=CHUNKS[seed % len(CHUNKS)])


def test_conflicts_and_unmet_dependencies_open_no_case(monkeypatch: pytest.MonkeyPatch) -> None:
    world = company(2_000)
    opened = 0

    def counted(user: UserState, *, rules: Rules, is_tried_again: bool) -> Case:
        nonlocal opened
        opened += 1
        return Case(user, rules=rules, is_tried_again=is_tried_again)

    lived_in = applied(world, reconcile_many(world))
    failing = np.isin(lived_in.errors.reason, [CONFLICTING, UNMET])
    in_trouble = len(np.unique(lived_in.errors.user_no[failing]))
    monkeypatch.setattr("seatwright.domain.reconcile.many.Case", counted)
    reconcile_many(lived_in)
    assert 0 < opened < in_trouble / 2


@pytest.mark.parametrize("seed", range(SEEDS, SEEDS + 50))
def test_no_list_of_people_means_that_everybody_is_tried_again(seed: int) -> None:
    world = crowd(seed)
    objects = world.objects()
    everybody = frozenset(user.user_no for user in objects.users)
    assert_equal(
        world.columns(are_all_tried=True),
        replace(objects, retry_users=everybody),
        chunk_users=4,
    )


@settings(max_examples=150, deadline=None, print_blob=True)
@given(snapshots(), st.integers(1, 6))
def test_wherever_the_wishes_come_from(snapshot: Snapshot, chunk_users: int) -> None:
    assert_equal(columns_of(snapshot), snapshot, chunk_users=chunk_users)


def test_nothing_to_do_is_empty_columns() -> None:
    world = company(300)
    lived_in = applied(world, reconcile_many(world))
    outcome = reconcile_many(lived_in)
    assert not len(outcome.licenses.user_no)
    assert not len(outcome.errors.user_no)
    assert outcome.seat_changes == ()
    assert reconcile_many(world).licenses.user_no.size


def test_who_waits_is_told_their_smallest_priority() -> None:
    world = company(300)
    errors = reconcile_many(world).errors
    users = list(user_states(world, np.arange(300)))
    assert len(errors.user_no)
    rows = zip(errors.user_no, errors.sku_no, errors.priority, strict=True)
    for user_no, sku_no, priority in rows:
        wishes = users[user_no - 1].wishes
        assert priority == min(wish.priority for wish in wishes if wish.sku == sku_no)


def test_only_sets_that_the_answer_names_are_added() -> None:
    world = company(300)
    before = len(world.plan_sets)
    named = set(reconcile_many(world).licenses.after.tolist())
    assert set(range(before, len(world.plan_sets))) <= named


def test_people_out_of_order_are_refused() -> None:
    world = company(3)
    people = replace(world.people, user_no=world.people.user_no[::-1])
    with pytest.raises(ValueError, match="in the order of their numbers"):
        reconcile_many(replace(world, people=people))


def test_a_license_that_occurs_twice_is_refused() -> None:
    world = company(300)
    lived_in = applied(world, reconcile_many(world))
    first = [0, 0]
    twice = HeldColumns(
        user_no=lived_in.held.user_no[first],
        sku_no=lived_in.held.sku_no[first],
        enabled_set=lived_in.held.enabled_set[first],
        source=lived_in.held.source[first],
    )
    with pytest.raises(ValueError, match="holds one SKU twice"):
        reconcile_many(replace(lived_in, held=twice))


def test_a_wished_product_that_the_catalogue_lacks_is_a_defect() -> None:
    world = company(300)
    sku = SkuNo(int(world.direct.sku_no[0]))
    skus = {no: facts for no, facts in world.catalog.skus.items() if no != sku}
    with pytest.raises(KeyError):
        reconcile_many(replace(world, catalog=replace(world.catalog, skus=skus)))


@pytest.mark.parametrize("chunk_users", [0, CHUNK_USERS_MAX + 1])
def test_a_chunk_of_nobody_or_of_too_many_is_refused(chunk_users: int) -> None:
    with pytest.raises(ValueError, match="A chunk has"):
        reconcile_many(company(3), chunk_users=chunk_users)


def test_nobody_at_all_is_no_change() -> None:
    nobody = columns_of(replace(crowd(0).snapshot, users=()))
    assert reconcile_many(nobody).change_set(nobody.plan_sets).is_empty
