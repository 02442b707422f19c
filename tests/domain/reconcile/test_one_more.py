"""The launch path's short cut says what the engine says, or nothing."""

from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from seatwright.domain.assignments import Source, SourceKind, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.reconcile import Action, Snapshot, Wish, one_more, reconcile, rules_of
from tests.domain.reconcile.worlds import NOW, applied, plan_sets, snapshots

POLICY = Source(kind=SourceKind.POLICY, no=1)


@given(snapshots(), st.data())
def test_one_more_wish_gives_what_reconcile_gives_or_leaves_it_to_reconcile(
    world: Snapshot, data: st.DataObject
) -> None:
    world = data.draw(st.sampled_from([world, applied(world, reconcile(world))]))
    user = data.draw(st.sampled_from(world.users))
    sku = data.draw(st.sampled_from(sorted(world.catalog.skus)))
    wish = Wish(
        sku=sku,
        source=POLICY,
        strategy=Strategy.ON_DEMAND,
        disabled=data.draw(plan_sets),
        assigned_at=NOW,
    )
    world = replace(world, users=(user,), retry_users=frozenset({user.user_no}))

    begun = one_more(user, wish, rules=rules_of(world))

    event(f"begun: {begun is not None}")
    if begun is None:
        return
    wished = replace(world, users=(replace(user, wishes=(*user.wishes, wish)),))
    changes = reconcile(wished)
    pool = next(pool for pool in world.pools if pool.sku == sku)
    if pool.consumed + pool.reserved < pool.assignable:
        assert [(c.sku, c.action, c.after) for c in changes.changes] == [(sku, Action.GRANT, begun)]
        assert not changes.error_changes
    else:
        assert not changes.changes
        assert [(e.sku, e.source, e.after) for e in changes.error_changes] == [
            (sku, POLICY, Reason.NO_SEAT_LEFT)
        ]
