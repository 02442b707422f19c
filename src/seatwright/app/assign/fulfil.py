"""Fulfilling wants: what people's own assignments should become, one person or two thousand.

Every want either happens whole or leaves no trace, and says why. The engine decides for all of
them together; wants that it denies are taken out and it decides again, so that what one row lost
another may have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from seatwright.app.assign.edits import edit_of, row_of
from seatwright.app.assign.people import set_usage_locations
from seatwright.app.brake import Cause
from seatwright.app.call import Call
from seatwright.app.dynamic.follow import asked_by, follow_later
from seatwright.app.reconcile import (
    LOCK_TRIES_MAX,
    Edit,
    World,
    lock_world,
    refill,
    under_brake,
    write_outcome,
)
from seatwright.domain.assignments import DIRECT, SourceKind
from seatwright.domain.directory import UserField
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    ChangeSet,
    ErrorChange,
    Snapshot,
    UserState,
    reconcile,
)
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.wants import (
    Want,
    WantKind,
    impossible,
    is_spared,
    own_errors,
    own_wishes,
    replaced_by,
    settled_states,
    wanted_state,
    wish_from,
)
from seatwright.postgres.assignments import (
    UserAssignment,
    remove_user_assignments,
    store_user_assignments,
)
from seatwright.postgres.pools import use_reservations
from seatwright.postgres.world_read import give_back_locks

TURNS_MAX = 64
"""Each turn takes at least one want out; more than a few need a chain of dependencies."""

TURNS_PATIENT = 16
"""After so many turns each takes out twice as many as the one before.

Where people swap products in a ring and no seat is free, one who cannot leaves the next without a
seat, who leaves the next without one, and so on through thousands.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """What became of a want: `reason` is None when it happened as wanted.

    `had` is whether the person's own assignment was there before; `is_waiting` that they stand in
    line for a seat. `user` is the person as they were read under the locks. `is_held`: what was
    removed stays until somebody approves (`docs/how-to/brake.md`). `is_spared`: left out.
    """

    want: Want
    user: UserState | None
    reason: Reason | None = None
    had: bool = False
    is_waiting: bool = False
    is_held: bool = False
    is_spared: bool = False
    after: ServicePlanBits | None = None


@dataclass(slots=True)
class Fulfilled:
    """Everything a call to `fulfil` did."""

    results: list[Fulfilment]
    snapshot: Snapshot
    changes: ChangeSet
    used: dict[SkuNo, int]

    @property
    def has_freed_seats(self) -> bool:
        """Whether people who wait may have been given seats after the changes."""
        return any(
            seats.consumed_after < seats.consumed_before for seats in self.changes.seat_changes
        )

    def states(self) -> Iterator[UserState]:
        """These people as they are now."""
        return settled_states(self.snapshot.users, self.changes)


async def fulfil(
    call: Call, wants: Sequence[Want], *, reservation: Mapping[SkuNo, int] | None = None
) -> Fulfilled:
    """Make these wants true as far as rules and seats let, with history and refilled seats.

    `reservation`: seats that the caller's job reserved before; those that are used here turn from
    reserved into consumed.
    """
    session, changes = await _lock_and_decide(call, wants, reservation or {})
    async with call.tx.together():
        await session.write()
        changes = await session.brake(changes)
        used = _used(changes, reservation or {})
        await use_reservations(call.tx, used)
        outcome = await write_outcome(
            call, session.world, changes, reason=ChangeReason.RECONCILED, edits=session.edits()
        )
    await refill(call, outcome.freed)
    await follow_later(call, session.located, asking=asked_by((UserField.USAGE_LOCATION,)))
    return Fulfilled(
        results=session.results(changes),
        snapshot=session.world.snapshot,
        changes=changes,
        used=used,
    )


def foresee(call: Call, wants: Sequence[Want], world: World) -> Fulfilled:
    """What `fulfil` would do in a world that nobody needs to have locked; nothing is written."""
    session = _Session(call, world, wants)
    changes = session.decide()
    return Fulfilled(
        results=session.results(changes),
        snapshot=session.world.snapshot,
        changes=changes,
        used={},
    )


async def _lock_and_decide(
    call: Call, wants: Sequence[Want], reservation: Mapping[SkuNo, int]
) -> tuple[_Session, ChangeSet]:
    """Lock every pool whose seats will move, in order, and decide.

    Which pools these are, a want does not say when it replaces whatever people have: then the
    locks are given back and taken again with the pools that the decision showed.
    """
    users = [want.user for want in wants]
    skus = frozenset(sku for want in wants for sku in {want.sku, *(want.replaces or ())})
    for _ in range(LOCK_TRIES_MAX):
        world = await lock_world(call, users, skus=skus)
        session = _Session(call, _with_own_reservation(world, reservation), wants)
        changes = session.decide()
        moved = frozenset(seats.sku for seats in changes.seat_changes)
        if moved <= world.locked:
            return session, changes
        await give_back_locks(call.tx)
        skus = world.locked | moved
    raise AssertionError("what people have of their own changed again and again")


def _with_own_reservation(world: World, reservation: Mapping[SkuNo, int]) -> World:
    if not reservation:
        return world
    pools = tuple(
        replace(pool, reserved=pool.reserved - reservation.get(pool.sku, 0))
        for pool in world.snapshot.pools
    )
    return replace(world, snapshot=replace(world.snapshot, pools=pools))


def _used(changes: ChangeSet, reservation: Mapping[SkuNo, int]) -> dict[SkuNo, int]:
    """How many of the reserved seats the change set turns into licenses."""
    return {
        seats.sku: min(seats.consumed_after - seats.consumed_before, reservation[seats.sku])
        for seats in changes.seat_changes
        if seats.sku in reservation and seats.consumed_after > seats.consumed_before
    }


class _Session:
    """The wants of one call while the engine decides about them."""

    def __init__(self, call: Call, world: World, wants: Sequence[Want]) -> None:
        self.call = call
        self.before = {user.user_no: user for user in world.snapshot.users}
        self.world = world
        self.wants = wants
        self.located: list[UserNo] = []
        self.denied: dict[int, Reason] = {}
        self.by_user: dict[UserNo, list[Want]] = defaultdict(list)
        self.spared, plans_of = set[int](), laws_of(world.snapshot.catalog).service_plans_of
        for want in wants:
            if is_spared(self.before.get(want.user), want, plans_of(want.sku)):
                self.spared.add(want.key)
            else:
                self.by_user[want.user].append(want)
        self._deny_impossible()

    def _deny_impossible(self) -> None:
        """Refuse what no engine needs to look at."""
        denied: dict[int, Reason] = {}
        for user_no, wants in self.by_user.items():
            denied.update(impossible(self.before.get(user_no), wants, now=self.call.now))
        if denied:
            self._deny(denied)

    def decide(self) -> ChangeSet:
        """Run the engine, take out what it denies, and again until it denies nothing new."""
        for turn in range(TURNS_MAX):
            users = tuple(self._wanted_state(user) for user in self.before.values())
            snapshot = replace(self.world.snapshot, users=users)
            changes = reconcile(snapshot)
            newly = self._newly_denied(users, changes)
            if not newly:
                self.world = replace(self.world, snapshot=snapshot)
                return changes
            self._deny(newly)
            if turn >= TURNS_PATIENT:
                self._deny(self._last_in_line(newly, count=2 ** (turn - TURNS_PATIENT)))
        raise AssertionError("wants were denied one after another without an end")

    def _last_in_line(self, newly: Mapping[int, Reason], *, count: int) -> dict[int, Reason]:
        """More wants of the products that this turn had no seat for, the last to be served first.

        Some of them might have had a seat in the end: that is the price of an end.
        """
        short = {want.sku for want in self.wants if newly.get(want.key) is Reason.NO_SEAT_LEFT}
        held = {user.user_no: {one.sku for one in user.held} for user in self.before.values()}
        wants = [
            want
            for want in self.wants
            if want.sku in short
            and want.kind in {WantKind.ADD, WantKind.REPLACE}
            and want.key not in self.denied
            and not want.may_wait
            and want.sku not in held[want.user]
        ]
        wants.sort(key=lambda want: (want.user, want.key), reverse=True)
        return {want.key: Reason.NO_SEAT_LEFT for want in wants[:count]}

    def _deny(self, newly: Mapping[int, Reason]) -> None:
        """Take wants out, and with each the other wants of its bundle."""
        self.denied.update(newly)
        broken = {
            want.bundle for want in self.wants if want.bundle is not None and want.key in newly
        }
        for want in self.wants:
            if want.bundle in broken:
                self.denied.setdefault(want.key, Reason.SIBLING_FAILED)

    def _wanted_state(self, user: UserState) -> UserState:
        wants = [w for w in self.by_user.get(user.user_no, ()) if w.key not in self.denied]
        return wanted_state(user, wants, now=self.call.now) if wants else user

    def _newly_denied(self, users: Iterable[UserState], changes: ChangeSet) -> dict[int, Reason]:
        """Wants of this turn that left an error on the person's own assignment."""
        found = _by_user(changes)
        denied: dict[int, Reason] = {}
        for user in users:
            wants = [w for w in self.by_user.get(user.user_no, ()) if w.key not in self.denied]
            if not wants or not (user.errors or user.user_no in found):
                continue
            errors = own_errors(user, found.get(user.user_no, ()))
            for want in wants:
                reason = errors.get(want.sku)
                if want.kind is WantKind.REPLACE and reason is None:
                    reason = next(
                        (
                            errors[sku]
                            for sku in replaced_by(want, self.before[user.user_no])
                            if sku in errors
                        ),
                        None,
                    )
                if reason is not None and not self._is_borne(want, reason):
                    denied[want.key] = reason
        return denied

    def _is_borne(self, want: Want, reason: Reason) -> bool:
        """Whether a want stands although its assignment cannot give what it says.

        Who may wait waits; and an assignment that waited or failed before can be given other
        dates, another priority, and while it waits other service plans.
        """
        is_waiting = reason is Reason.NO_SEAT_LEFT
        if is_waiting and want.may_wait:
            return True
        if want.kind is not WantKind.CHANGE or not (is_waiting or want.disabled is None):
            return False
        return own_errors(self.before[want.user], ()).get(want.sku) is reason

    async def write(self) -> None:
        """Store the assignments as they now are; licenses and history are written after."""
        stored: list[UserAssignment] = []
        removed: list[tuple[UserNo, SkuNo]] = []
        locations: dict[UserNo, str] = {}
        for after in self.world.snapshot.users:
            before = self.before[after.user_no]
            if after is before:
                continue
            skus_before, skus_after = own_wishes(before).keys(), own_wishes(after).keys()
            removed += [(after.user_no, sku) for sku in skus_before - skus_after]
            # A product may have several own assignments, each of a source of its own.
            stored += [
                row_of(after.user_no, wish)
                for wish in after.wishes
                if wish.source.kind.is_own and wish not in before.wishes
            ]
            if after.usage_location and after.usage_location != before.usage_location:
                locations[after.user_no] = after.usage_location
        await remove_user_assignments(self.call.tx, removed)
        await store_user_assignments(
            self.call.tx, stored, at=self.call.now, by=self.call.principal.principal_no
        )
        await set_usage_locations(self.call, locations)
        self.located = sorted(locations)

    async def brake(self, changes: ChangeSet) -> ChangeSet:
        """What is left of the changes when too large removals wait; what is swapped never does."""
        swapped = frozenset(
            (want.user, sku)
            for want in self.wants
            if want.kind is WantKind.REPLACE and want.key not in self.denied
            for sku in replaced_by(want, self.before[want.user])
        )
        cause = Cause(reason=ChangeReason.UNASSIGNED, swapped=swapped)
        self.world, left = await under_brake(self.call, self.world, changes, cause=cause)
        return left

    def edits(self) -> list[Edit]:
        """What happened to people's own assignments, for the history."""
        edits: dict[tuple[UserNo, SkuNo], Edit] = {}
        after_by_user = {user.user_no: user for user in self.world.snapshot.users}
        for want in self.wants:
            if want.key in self.denied or want.key in self.spared:
                continue
            before, after = self.before[want.user], after_by_user[want.user]
            own_before, own_after = own_wishes(before), own_wishes(after)
            for sku in {want.sku, *replaced_by(want, before)}:
                sides = own_before.get(sku), own_after.get(sku)
                if want.source != DIRECT and want.kind is WantKind.ADD:
                    sides = (
                        wish_from(before, sku, want.source),
                        wish_from(after, sku, want.source),
                    )
                edit = edit_of(want, sku, *sides)
                if edit is not None:
                    edits[want.user, sku] = edit
        return list(edits.values())

    def results(self, changes: ChangeSet) -> list[Fulfilment]:
        """What became of each want, in the order they came."""
        granted = {(c.user_no, c.sku): c.after for c in changes.changes}
        after_by_user = {user.user_no: user for user in self.world.snapshot.users}
        found = _by_user(changes)
        results = []
        for want in self.wants:
            before = self.before.get(want.user)
            if before is None:
                results.append(Fulfilment(want=want, user=None, reason=Reason.UNKNOWN_USER))
                continue
            held = next((h.enabled for h in before.held if h.sku == want.sku), None)
            reason = self.denied.get(want.key)
            after = after_by_user[want.user]
            errors = {} if reason else own_errors(after, found.get(want.user, ()))
            results.append(
                Fulfilment(
                    want=want,
                    user=before,
                    reason=reason,
                    had=want.sku in own_wishes(before),
                    is_waiting=errors.get(want.sku) is Reason.NO_SEAT_LEFT,
                    is_held=want.kind is WantKind.REMOVE and _is_held(after, want.sku),
                    is_spared=reason is None and want.key in self.spared,
                    after=granted.get((want.user, want.sku), held),
                )
            )
        return results


def _is_held(user: UserState, sku: SkuNo) -> bool:
    return any(w.sku == sku and w.source.kind is SourceKind.HOLD for w in user.wishes)


def _by_user(changes: ChangeSet) -> dict[UserNo, list[ErrorChange]]:
    found: dict[UserNo, list[ErrorChange]] = defaultdict(list)
    for change in changes.error_changes:
        found[change.user_no].append(change)
    return found
