"""What rows would do, decided without a lock and without writing anything.

It walks the same slices that a job would, and keeps in mind what the slices before it would have
left behind: the seats, and the people who come up again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from seatwright.app.assign.fulfil import foresee
from seatwright.app.bulk.adoption import foresee_adoption
from seatwright.app.bulk.outcomes import outcomes_of
from seatwright.app.bulk.people import people_of
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.reconcile import World
from seatwright.domain.bulk import (
    SLICE_ROWS,
    BulkOrder,
    BulkRow,
    FillPolicy,
    RowResult,
    Who,
    wants_of,
)
from seatwright.domain.errors import Reason
from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.reconcile import ChangeSet, Pool, Snapshot, UserState
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.domain.wants import settled_states
from seatwright.postgres.pools import read_pools
from seatwright.postgres.tally import count_waiting
from seatwright.postgres.world_read import read_people


@dataclass(slots=True, kw_only=True)
class Foresight:
    """What the rows would do: an outcome each, the pools after, and the seats they need.

    `change_sets` are those of the slices, in their order.
    """

    before: Mapping[SkuNo, Pool]
    pools: dict[SkuNo, Pool]
    needed: Counter[SkuNo] = field(default_factory=Counter)
    results: list[RowResult] = field(default_factory=list)
    change_sets: list[ChangeSet] = field(default_factory=list)


async def foresee_rows(call: Call, rows: Sequence[BulkRow], order: BulkOrder) -> Foresight:
    """Decide about all rows, slice by slice.

    Seats that a slice frees serve the slices after it, as far as nobody waits for them; who it is
    that waits and gets one is not followed up. An all-or-nothing job counts on the seats that are
    free when it begins, and on those freed in the slice that needs them.
    """
    pools = {pool.sku: pool for pool in await read_pools(call.tx)}
    foresight = Foresight(before=pools, pools=dict(pools))
    users = await people_of(call, rows)
    walk = _Walk(
        call=call,
        order=order,
        users=users,
        repeated=_repeated(rows, users),
        waiting=Counter(await count_waiting(call.tx)),
    )
    for part in _slices(rows):
        foresight.results += await walk.step(part, foresight)
    return foresight


def _slices(rows: Sequence[BulkRow]) -> Iterator[Sequence[BulkRow]]:
    for start in range(0, len(rows), SLICE_ROWS):
        yield rows[start : start + SLICE_ROWS]


def _repeated(rows: Sequence[BulkRow], users: Mapping[Who, UserNo]) -> frozenset[UserNo]:
    """People who are in more than one slice."""
    slices = Counter(
        user
        for part in _slices(rows)
        for user in {users[row.who] for row in part if row.who in users}
    )
    return frozenset(user for user, count in slices.items() if count > 1)


@dataclass(slots=True, kw_only=True)
class _Walk:
    """The state of a foresight between its slices."""

    call: Call
    order: BulkOrder
    users: Mapping[Who, UserNo]
    repeated: frozenset[UserNo]
    waiting: Counter[SkuNo]
    people: dict[UserNo, UserState] = field(default_factory=dict)

    async def step(self, rows: Sequence[BulkRow], foresight: Foresight) -> list[RowResult]:
        """Decide about one slice, and remember what it would leave behind."""
        if self.order.adopts:
            found = [self.users[row.who] for row in rows if row.who in self.users]
            world = await self._world(found, foresight.pools)
            results, snapshot, changes = foresee_adoption(self.call, rows, self.users, world)
            self._remember(snapshot, changes, foresight)
            return results
        wants = list(wants_of(rows, self.users, self.order))
        world = await self._world([want.user for want in wants], foresight.pools)
        done = foresee(self.call, wants, world)
        self._remember(done.snapshot, done.changes, foresight)
        return await outcomes_of(self.call, rows, self.users, done)

    async def _world(self, users: Sequence[UserNo], pools: Mapping[SkuNo, Pool]) -> World:
        call = self.call
        semantics = semantics_in(call.tenant.settings)
        found = await read_people(call.tx, users, nested=semantics.nested_groups_count)
        snapshot = Snapshot(
            now=call.now,
            semantics=semantics,
            default_usage_location=usage_location_in(call.tenant.settings),
            catalog=(await catalog_of(call)).engine,
            pools=tuple(pools.values()),
            users=tuple(self.people.get(user.user_no, user) for user in found),
            retry_users=frozenset(users),
        )
        return World(snapshot=snapshot, locked=frozenset(pools))

    def _remember(self, snapshot: Snapshot, changes: ChangeSet, foresight: Foresight) -> None:
        is_whole = self.order.fill is FillPolicy.ALL_OR_NOTHING
        foresight.change_sets.append(changes)
        for seats in changes.seat_changes:
            moved = seats.consumed_after - seats.consumed_before
            if moved > 0:
                foresight.needed[seats.sku] += moved
            elif is_whole:
                continue
            else:
                # Who waits takes a freed seat before the next slice can.
                taken = min(-moved, self.waiting[seats.sku])
                self.waiting[seats.sku] -= taken
                moved += taken
            pool = foresight.pools[seats.sku]
            foresight.pools[seats.sku] = replace(pool, consumed=pool.consumed + moved)
        for error in changes.error_changes:
            is_waiting = error.after is Reason.NO_SEAT_LEFT
            self.waiting[error.sku] += is_waiting - (error.before is Reason.NO_SEAT_LEFT)
        if self.repeated:
            again = [u for u in snapshot.users if u.user_no in self.repeated]
            self.people.update((u.user_no, u) for u in settled_states(again, changes))
