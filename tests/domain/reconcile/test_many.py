"""The bulk kernel gives what the engine for few gives, in every world and every size of chunk."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.domain.reconcile import Snapshot, reconcile
from seatwright.domain.reconcile.columns import ColumnSnapshot
from seatwright.domain.reconcile.many import reconcile_many
from tests.domain.reconcile.crowds import columns_of, crowd
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
