"""The engine and the naive reading of the facts say the same, world after world."""

from __future__ import annotations

from hypothesis import given, settings

from seatwright.domain.reconcile import Snapshot, reconcile
from seatwright.domain.semantics import ENTRA, NATIVE
from tests.domain.reconcile.naive import Outcome, decide_naively
from tests.domain.reconcile.naive_rules import plans_in
from tests.domain.reconcile.worlds import applied, snapshots

many_worlds = settings(max_examples=300, deadline=None, print_blob=True)


def engine_outcome(world: Snapshot) -> Outcome:
    """What people hold, and why not more, once the engine's change set was applied."""
    after = applied(world, reconcile(world))
    return Outcome(
        licenses={u.user_no: {h.sku: plans_in(h.enabled) for h in u.held} for u in after.users},
        errors={u.user_no: {(e.sku, e.source): e.reason for e in u.errors} for u in after.users},
    )


@many_worlds
@given(snapshots(semantics=NATIVE))
def test_the_engine_decides_as_the_facts_read_under_native(world: Snapshot) -> None:
    assert engine_outcome(world) == decide_naively(world)


@many_worlds
@given(snapshots(semantics=ENTRA))
def test_the_engine_decides_as_the_facts_read_under_entra(world: Snapshot) -> None:
    assert engine_outcome(world) == decide_naively(world)
