"""The one door to the engine: make what people hold what they should hold.

Lock, read, decide, write, history: in the transaction of the call. Whatever was changed before
(an assignment, a membership, a usage location) is level-triggered: this names only whom to look
at, never what happened (`style.md` rule 4).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from seatwright.app.brake import Cause, braked
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record_all
from seatwright.domain.assignments import DIRECT, Source, Strategy
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.reconcile import (
    ChangeSet,
    Snapshot,
    UserState,
    reconcile,
    unsettled_skus,
)
from seatwright.domain.reconcile.changes import Action, Change, ErrorChange
from seatwright.domain.reconcile.givers import new_givers
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres.world_givers import write_givers
from seatwright.postgres.world_read import give_back_locks, lock_and_read, waiting_users
from seatwright.postgres.world_write import write_change_set, write_turns

log = structlog.get_logger(__name__)

USERS_AT_ONCE_MAX = 500
"""Changes that concern more people than this are jobs (`architecture.md` §4)."""

LOCK_TRIES_MAX = 6
"""Each further try locks more pools; a tenant's products are few, so this is never reached."""

BRAKE_TURNS_MAX = 100
"""Each turn holds a product more or ends a hold, and a tenant's products are few."""

REFILL_ROUNDS_MAX = 50
"""Waiting people whom a free seat does not help (another rule denies them) are passed by.

After ten turns each asks for 500 people, so that this is some 20,000 of them.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change to a person's own assignment: it and its effect are one history row."""

    user: UserNo
    sku: SkuNo
    action: HistoryAction
    reason: ChangeReason
    strategy: Strategy
    source: Source = DIRECT
    note: str | None = None
    detail: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Locked people and pools as one snapshot for the engine."""

    snapshot: Snapshot
    locked: frozenset[SkuNo]

    def user(self, user_no: UserNo) -> UserState | None:
        """One of its people."""
        return next((u for u in self.snapshot.users if u.user_no == user_no), None)


@dataclass(slots=True)
class Outcome:
    """What a reconcile did, for the caller's answer."""

    change_set: ChangeSet = field(default_factory=ChangeSet)
    freed: frozenset[SkuNo] = frozenset()


async def lock_world(
    call: Call,
    users: Sequence[UserNo],
    *,
    skus: Iterable[SkuNo] = (),
    retry: bool = True,
) -> World:
    """Lock pools and people in the one right order, and read them.

    `skus` are those the caller is about to wish or unwish; other pools whose seats the engine
    could move are found out and locked too. Call it before writing anything that another session
    could wait for. `retry`: people who wait under semantics
    without refilling are tried again (GBL-125).
    """
    semantics = semantics_in(call.tenant.settings)
    locked = frozenset(skus)
    for _ in range(LOCK_TRIES_MAX):
        found = await lock_and_read(
            call.tx, users, skus=locked, nested=semantics.nested_groups_count
        )
        snapshot = Snapshot(
            now=call.now,
            semantics=semantics,
            default_usage_location=usage_location_in(call.tenant.settings),
            catalog=(await catalog_of(call)).engine,
            pools=found.pools,
            users=found.users,
            retry_users=frozenset(users) if retry else frozenset(),
        )
        needed = unsettled_skus(snapshot)
        if needed <= locked:
            return World(snapshot=snapshot, locked=locked)
        await give_back_locks(call.tx)
        locked |= needed
    raise AssertionError("the products that people are wished changed again and again")


async def reconcile_users(
    call: Call,
    users: Sequence[UserNo],
    *,
    reason: ChangeReason,
    skus: Iterable[SkuNo] = (),
    retry: bool = True,
) -> Outcome:
    """Make the licenses of these people right, and give freed seats to whoever waits.

    `reason` is what the history says of the changes. At most `USERS_AT_ONCE_MAX` or a job's slice.
    """
    world = await lock_world(call, users, skus=skus, retry=retry)
    return await settle_world(call, world, reason=reason)


async def settle_world(
    call: Call,
    world: World,
    *,
    reason: ChangeReason,
    edits: Sequence[Edit] = (),
    may_exceed: bool = False,
) -> Outcome:
    """Decide about a locked world, write the result and its history, and refill freed seats."""
    outcome = await settle_only(call, world, reason=reason, edits=edits, may_exceed=may_exceed)
    await refill(call, outcome.freed)
    return outcome


async def settle_only(
    call: Call,
    world: World,
    *,
    reason: ChangeReason,
    edits: Sequence[Edit] = (),
    may_exceed: bool = False,
    only_lent: frozenset[tuple[UserNo, SkuNo]] = frozenset(),
) -> Outcome:
    """The same without refilling: the freed seats are the caller's to give.

    `only_lent` are licenses that the brake lets go: what is undone had given them.
    """
    changes = await _guarded_reconcile(call, world)
    cause = Cause(reason=reason, only_lent=only_lent)
    world, changes = await under_brake(call, world, changes, cause=cause)
    return await write_outcome(
        call, world, changes, reason=reason, edits=edits, may_exceed=may_exceed
    )


async def under_brake(
    call: Call, world: World, changes: ChangeSet, *, cause: Cause
) -> tuple[World, ChangeSet]:
    """The world with a hold on every license that is too many to take, and what is left to do."""
    for _ in range(BRAKE_TURNS_MAX):
        snapshot = await braked(call, world.snapshot, changes, cause=cause)
        if snapshot is world.snapshot:
            return world, changes
        world = replace(world, snapshot=snapshot)
        changes = await _guarded_reconcile(call, world)
    raise AssertionError("what is held let ever more licenses go")


async def _guarded_reconcile(call: Call, world: World) -> ChangeSet:
    changes = reconcile(world.snapshot)
    if not changes.is_settled:
        log.warning("the engine reached its bound of rounds", tenant=call.tenant.tenant_id)
    moved = {seats.sku for seats in changes.seat_changes}
    assert moved <= world.locked, f"seats of {moved - world.locked} would move without their lock"
    return changes


async def write_outcome(
    call: Call,
    world: World,
    changes: ChangeSet,
    *,
    reason: ChangeReason,
    edits: Sequence[Edit] = (),
    may_exceed: bool = False,
) -> Outcome:
    """Write a change set and its history; the freed seats are the caller's to refill."""
    turns = _turns(world, changes)
    reasons = {(edit.user, edit.sku): edit.reason for edit in edits}
    call.ledger.add(changes, reason=reason, reasons=reasons)
    if not changes.is_empty:
        await write_change_set(
            call.tx, changes, priorities=turns, at=call.now, may_exceed=may_exceed
        )
    await write_givers(call.tx, new_givers(world.snapshot, changes), at=call.now)
    # Who waited before and still does: a priority that was changed since moves them in the line.
    await write_turns(call.tx, turns)
    await record_all(call, history_lines(world, changes, reason=reason, edits=edits))
    freed = frozenset(s.sku for s in changes.seat_changes if s.consumed_after < s.consumed_before)
    return Outcome(change_set=changes, freed=freed)


def _turns(world: World, changes: ChangeSet) -> Mapping[tuple[UserNo, SkuNo], int]:
    """The priority of everybody who waited or begins to, as the wishes that count have it."""
    begin = {
        (error.user_no, error.sku)
        for error in changes.error_changes
        if error.after is Reason.NO_SEAT_LEFT
    }
    turns: dict[tuple[UserNo, SkuNo], int] = {}
    for user in world.snapshot.users:
        waited = {e.sku for e in user.errors if e.reason is Reason.NO_SEAT_LEFT}
        for wish in user.wishes if waited or begin else ():
            key = (user.user_no, wish.sku)
            if (wish.sku in waited or key in begin) and wish.counts_at(world.snapshot.now):
                turns[key] = min(wish.priority, turns.get(key, wish.priority))
    return turns


async def refill(call: Call, skus: Iterable[SkuNo]) -> None:
    """Give free seats to whoever waits for them, first in line first, where the tenant wants it.

    In the same transaction as what freed them, so that nobody can slip in between.
    """
    if not semantics_in(call.tenant.settings).seats_refill_by_themselves:
        return
    open_skus, tried = frozenset(skus), set[UserNo]()
    for turn in range(REFILL_ROUNDS_MAX):
        if not open_skus:
            return
        # Each turn asks for more people than there are seats than the last: those whom another
        # rule denies would else be passed by one at a time.
        waiting = await waiting_users(
            call.tx,
            open_skus,
            limit_each=USERS_AT_ONCE_MAX,
            more_than_seats=2**turn - 1,
            passed_by=tried,
        )
        users = sorted({user for line in waiting.values() for user in line})
        if not users:
            return
        tried.update(users)
        world = await lock_world(call, users, skus=waiting.keys())
        outcome = await settle_only(call, world, reason=ChangeReason.SEAT_FREED)
        if outcome.freed:
            # They may wait for that too, or have come too late for a seat in their turn.
            tried.clear()
        open_skus |= outcome.freed
    log.warning("seats are free and people wait whom another rule denies", skus=sorted(open_skus))


def history_lines(
    world: World, changes: ChangeSet, *, reason: ChangeReason, edits: Sequence[Edit] = ()
) -> list[HistoryLine]:
    """The rows that tell of a change set: one for each edit, one for each effect from elsewhere."""
    by_pair = {(change.user_no, change.sku): change for change in changes.changes}
    waiting = {
        (error.user_no, error.sku)
        for error in changes.error_changes
        if error.after is Reason.NO_SEAT_LEFT
    }
    # A new assignment that only waits is told by its waiting row, and by `granted` when its seat
    # comes: a holder has one row that says so.
    edits = [
        edit
        for edit in edits
        if edit.action is not HistoryAction.ASSIGNED
        or (edit.user, edit.sku) not in waiting
        or (edit.user, edit.sku) in by_pair
    ]
    told = {(edit.user, edit.sku) for edit in edits}
    held = _held_before(world, told)
    lines = [_edit_line(edit, by_pair.get((edit.user, edit.sku)), held) for edit in edits]
    lines += [_effect_line(change, reason) for pair, change in by_pair.items() if pair not in told]
    lines += _error_lines(world, changes.error_changes, told | by_pair.keys(), reason)
    return lines


def _held_before(
    world: World, pairs: set[tuple[UserNo, SkuNo]]
) -> dict[tuple[UserNo, SkuNo], ServicePlanBits]:
    if not pairs:
        return {}
    return {
        (user.user_no, one.sku): one.enabled
        for user in world.snapshot.users
        for one in user.held
        if (user.user_no, one.sku) in pairs
    }


def _edit_line(
    edit: Edit,
    change: Change | None,
    held: Mapping[tuple[UserNo, SkuNo], ServicePlanBits],
) -> HistoryLine:
    before = held.get((edit.user, edit.sku))
    return HistoryLine(
        action=edit.action,
        reason=edit.reason.value,
        strategy=edit.strategy,
        user=edit.user,
        sku=edit.sku,
        source=edit.source,
        before=before,
        after=before if change is None else change.after,
        detail=edit.detail if edit.note is None else {"note": edit.note},
    )


_EFFECTS = {
    Action.GRANT: HistoryAction.GRANTED,
    Action.UPDATE: HistoryAction.UPDATED,
    Action.REVOKE: HistoryAction.REVOKED,
}


def _effect_line(change: Change, reason: ChangeReason) -> HistoryLine:
    return HistoryLine(
        action=_EFFECTS[change.action],
        reason=reason.value,
        strategy=change.strategy,
        user=change.user_no,
        sku=change.sku,
        source=change.source,
        before=change.before,
        after=change.after,
    )


def _error_lines(
    world: World,
    errors: Sequence[ErrorChange],
    told: set[tuple[UserNo, SkuNo]],
    reason: ChangeReason,
) -> list[HistoryLine]:
    """One row for each person and product that began to wait, to fail, or stopped doing so.

    Another source that waits or fails for the same reason is nothing new, and while any of them
    does nothing is resolved.
    """
    changed: dict[tuple[UserNo, SkuNo], list[ErrorChange]] = defaultdict(list)
    for error in errors:
        changed[error.user_no, error.sku].append(error)
    stored: dict[tuple[UserNo, SkuNo], dict[Source, Reason]] = defaultdict(dict)
    for user in world.snapshot.users if changed else ():
        for one in user.errors:
            stored[user.user_no, one.sku][one.source] = one.reason
    lines = []
    for pair, changes in changed.items():
        before = stored[pair]
        after = before | {one.source: one.after for one in changes}
        begun = [one for one in changes if one.after and one.after not in before.values()]
        if begun:
            lines.append(_begun_line(begun[0]))
        elif pair not in told and not any(after.values()):
            lines.append(_error_line(changes[0], HistoryAction.RESOLVED, reason))
    return lines


def _begun_line(error: ErrorChange) -> HistoryLine:
    is_waiting = error.after is Reason.NO_SEAT_LEFT
    action = HistoryAction.WAITING if is_waiting else HistoryAction.FAILED
    return _error_line(error, action, error.after)


def _error_line(
    error: ErrorChange, action: HistoryAction, reason: Reason | ChangeReason | None
) -> HistoryLine:
    return HistoryLine(
        action=action,
        reason=None if reason is None else reason.value,
        user=error.user_no,
        sku=error.sku,
        source=error.source,
    )
