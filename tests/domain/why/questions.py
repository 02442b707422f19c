"""Questions about random small worlds, and the same worlds after an answer was followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st

from seatwright.domain.assignments import DIRECT, Source, SourceKind
from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, ServicePlanBits, SkuNo, service_plan_numbers
from seatwright.domain.reconcile import SkuFacts, Snapshot, UserState, Wish, reconcile
from seatwright.domain.semantics import Semantics
from seatwright.domain.why import Joinable, Line, Move, MoveKind, Question, Rank
from seatwright.domain.why.moves import after_moves
from seatwright.domain.why.question import turn_of
from tests.domain.reconcile.worlds import NOW, SOURCES, applied, snapshots

GROUPS = tuple(source for source in SOURCES if source.kind is SourceKind.GROUP)
HOLD = Source(kind=SourceKind.HOLD, no=7)
PLACES = ("NO", "XX")


@st.composite
def questions(draw: st.DrawFn, *, semantics: Semantics | None = None) -> tuple[Snapshot, Question]:
    """A settled world, and a question about somebody in it who is not deleted."""
    world = draw(snapshots(semantics=semantics))
    if draw(st.booleans()):
        world = replace(world, users=tuple(_with_hold(user) for user in world.users))
    world = applied(world, reconcile(world))
    people = [user for user in world.users if not user.is_deleted]
    if not people:
        first, *rest = world.users
        people = [replace(first, is_deleted=False)]
        world = replace(world, users=(*people, *rest))
        world = applied(world, reconcile(world))
        people = [world.users[0]]
    sku = draw(st.sampled_from(sorted(world.catalog.skus)))
    return world, question_about(world, draw(st.sampled_from(people)), sku)


def _with_hold(user: UserState) -> UserState:
    """The person with what a request gave them as what the brake keeps alive."""

    def kept(source: Source) -> Source:
        return HOLD if source.kind is SourceKind.REQUEST else source

    return replace(
        user,
        wishes=tuple(replace(wish, source=kept(wish.source)) for wish in user.wishes),
        errors=tuple(replace(error, source=kept(error.source)) for error in user.errors),
    )


def question_about(world: Snapshot, user: UserState, sku: SkuNo) -> Question:
    """The question as it is asked of a whole tenant: the others only as numbers."""
    others = [one for one in world.users if one.user_no != user.user_no and not one.is_deleted]
    mine = {wish.source for wish in user.wishes}
    return Question(
        snapshot=replace(world, users=(user,)),
        sku=sku,
        joinable=tuple(_joinable(others, group) for group in GROUPS if group not in mine),
        memberships={
            GroupNo(group.no): frozenset({GroupNo(group.no)}) for group in GROUPS if group in mine
        },
        lines={one: _line(world, others, user, one) for one in world.catalog.skus},
        touched={group: len(_in(others, group)) for group in GROUPS},
        locations=PLACES,
    )


def _in(people: Collection[UserState], group: Source) -> list[UserState]:
    return [one for one in people if any(wish.source == group for wish in one.wishes)]


def _joinable(others: Collection[UserState], group: Source) -> Joinable:
    """The group gives what it gives the first of its members."""
    found = [wish for one in _in(others, group)[:1] for wish in one.wishes if wish.source == group]
    wishes = tuple(replace(wish, assigned_at=max(wish.assigned_at, NOW)) for wish in found)
    return Joinable(group=GroupNo(group.no), wishes=wishes)


def _line(world: Snapshot, others: Collection[UserState], user: UserState, sku: SkuNo) -> Line:
    place = (_since(user, sku) or world.now, user.user_no)
    people, before = Counter[int](), Counter[int]()
    rivals = 0
    for one in others:
        since = _since(one, sku)
        if since is not None:
            turn = turn_of(tuple(w for w in one.wishes if w.sku == sku and w.counts_at(world.now)))
            people[turn] += 1
            before[turn] += (since, one.user_no) < place
        elif any(error.sku == sku for error in one.errors):
            rivals += 1
    ranks = tuple(Rank(turn, people[turn], before[turn]) for turn in sorted(people))
    return Line(ranks=ranks, rivals=rivals)


def _since(user: UserState, sku: SkuNo) -> datetime | None:
    waiting = [
        error.waiting_since
        for error in user.errors
        if error.sku == sku and error.reason is Reason.NO_SEAT_LEFT
    ]
    return min(waiting, default=None)


def followed(world: Snapshot, question: Question, moves: Collection[Move]) -> Snapshot:
    """The whole world after the moves and what the engine makes of them."""
    (changed,) = after_moves(question, moves).users
    bought = {move.sku: move.seats for move in moves if move.kind is MoveKind.ADD_SEATS}
    switched = [move for move in moves if move.is_at_group]
    retried = {changed.user_no} if len(bought) < len(moves) else set()
    users = []
    for user in world.users:
        if user.user_no == changed.user_no:
            users.append(changed)
            continue
        after = replace(user, wishes=tuple(_switched(wish, switched) for wish in user.wishes))
        if any(wish.source == move.source for move in switched for wish in user.wishes):
            retried.add(user.user_no)
        users.append(after)
    after_all = replace(
        world,
        users=tuple(users),
        pools=tuple(
            replace(pool, assignable=pool.assignable + bought.get(pool.sku, 0))
            for pool in world.pools
        ),
        retry_users=frozenset(retried),
    )
    return applied(after_all, reconcile(after_all))


def _switched(wish: Wish, switched: Collection[Move]) -> Wish:
    disabled = wish.disabled
    for move in switched:
        if (wish.sku, wish.source) == (move.sku, move.source):
            disabled = ServicePlanBits(disabled | move.service_plan)
    return replace(wish, disabled=disabled)


def holds(world: Snapshot, question: Question) -> bool:
    """Whether the person of a question has its product in a world."""
    user = next(one for one in world.users if one.user_no == question.user.user_no)
    return any(held.sku == question.sku for held in user.held)


def every_move(question: Question, *, seats: int) -> Iterator[Move]:
    """All that could be done to this person and their groups, whether it makes sense or not."""
    yield Move(kind=MoveKind.REPROCESS)
    yield from (Move(kind=MoveKind.SET_LOCATION, location=place) for place in PLACES)
    yield from (Move(kind=MoveKind.JOIN_GROUP, group=one.group) for one in question.joinable)
    yield from (Move(kind=MoveKind.LEAVE_GROUP, group=group) for group in question.memberships)
    if any(wish.source == HOLD for wish in question.user.wishes):
        yield Move(kind=MoveKind.END_HOLD, source=HOLD)
    for facts in question.snapshot.catalog.skus.values():
        yield from _moves_of(question, facts, seats=seats)


def _moves_of(question: Question, facts: SkuFacts, *, seats: int) -> Iterator[Move]:
    sku = facts.sku
    is_had = question.pool(sku).assignable or question.wishes_of(sku)
    if facts.is_assignable_to_users and (sku == question.sku or is_had):
        yield Move(kind=MoveKind.ASSIGN, sku=sku)
    yield Move(kind=MoveKind.ADD_SEATS, sku=sku, seats=seats)
    if sku != question.sku:
        yield Move(kind=MoveKind.REMOVE, sku=sku)
    for number in service_plan_numbers(facts.service_plans):
        bit = ServicePlanBits(1 << number)
        for source in (DIRECT, *GROUPS):
            yield Move(kind=MoveKind.SWITCH_OFF, sku=sku, source=source, service_plan=bit)
