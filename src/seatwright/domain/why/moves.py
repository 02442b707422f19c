"""The moves that an administrator can make, and the person as they would be after them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import IntEnum, unique

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo, ServicePlanBits, SkuNo
from seatwright.domain.reconcile import Pool, Snapshot, UserState, Wish
from seatwright.domain.why.question import Question


@unique
class MoveKind(IntEnum):
    """What can be done. The number is the last word between moves that are else alike."""

    REPROCESS = 0
    """Look at the person again: under semantics that do not hand out freed seats."""

    SET_LOCATION = 1
    JOIN_GROUP = 2
    ASSIGN = 3
    """Give a product directly, with everything on and from now on."""

    END_HOLD = 4
    """Let a removal go through that the brake holds."""

    SWITCH_OFF = 5
    """Switch one service plan off in one assignment, the person's own or a group's."""

    REMOVE = 6
    """Take the person's own assignment of a product away."""

    LEAVE_GROUP = 7
    ADD_SEATS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move; which fields it has depends on its kind.

    `seats` is how many more are needed; while moves are tried out it is not known yet and 0.
    """

    kind: MoveKind
    sku: SkuNo | None = None
    source: Source | None = None
    service_plan: ServicePlanBits = NO_SERVICE_PLANS
    group: GroupNo | None = None
    location: str | None = None
    seats: int = 0

    @property
    def order(self) -> tuple[int, int, int, int, str]:
        """The last word between answers that are else alike: by kind, then by numbers."""
        number = self.source.no if self.source is not None else self.group or 0
        return (self.kind, self.sku or 0, number, self.service_plan, self.location or "")

    @property
    def is_at_group(self) -> bool:
        """Whether it changes what a group gives, so that all members are looked at again."""
        is_group = self.source is not None and self.source.kind is SourceKind.GROUP
        return self.kind is MoveKind.SWITCH_OFF and is_group


def after_moves(question: Question, moves: Collection[Move]) -> Snapshot:
    """The world of the question as it would be after these moves, before the engine decides."""
    user = question.user
    wishes = list(user.wishes)
    for move in sorted(moves, key=_turn):
        wishes = _wishes_after(question, wishes, move, moves)
    located = next((m.location for m in moves if m.kind is MoveKind.SET_LOCATION), None)
    bought = {m.sku for m in moves if m.kind is MoveKind.ADD_SEATS}
    is_tried = any(m.kind is not MoveKind.ADD_SEATS for m in moves)
    snapshot = question.snapshot
    changed: UserState = replace(
        user, wishes=tuple(wishes), usage_location=located or user.usage_location
    )
    return replace(
        snapshot,
        users=(changed,),
        pools=tuple(_with_one(p) if p.sku in bought else p for p in snapshot.pools),
        retry_users=frozenset({user.user_no}) if is_tried else frozenset(),
    )


def _turn(move: Move) -> int:
    """Things go before things come, and service plans are switched off in what is there then."""
    return {
        MoveKind.LEAVE_GROUP: 0,
        MoveKind.REMOVE: 1,
        MoveKind.END_HOLD: 2,
        MoveKind.JOIN_GROUP: 3,
        MoveKind.ASSIGN: 4,
        MoveKind.SWITCH_OFF: 5,
    }.get(move.kind, 9)


def _with_one(pool: Pool) -> Pool:
    """A pool with one free seat: that of the person, once all before them were served."""
    return replace(pool, assignable=max(pool.assignable, pool.consumed + pool.reserved + 1))


def _wishes_after(
    question: Question, wishes: list[Wish], move: Move, moves: Collection[Move]
) -> list[Wish]:
    match move.kind:
        case MoveKind.REMOVE:
            return [w for w in wishes if w.sku != move.sku or not w.source.kind.is_own]
        case MoveKind.END_HOLD:
            return [w for w in wishes if w.source != move.source]
        case MoveKind.LEAVE_GROUP:
            left = {m.group for m in moves if m.kind is MoveKind.LEAVE_GROUP}
            return _still_reached(question, wishes, left)
        case MoveKind.JOIN_GROUP:
            return _joined(question, wishes, move)
        case MoveKind.ASSIGN:
            return _assigned(question, wishes, move.sku)
        case MoveKind.SWITCH_OFF:
            return [
                replace(w, disabled=ServicePlanBits(w.disabled | move.service_plan))
                if (w.sku, w.source) == (move.sku, move.source)
                else w
                for w in wishes
            ]
        case _:
            return wishes


def _still_reached(
    question: Question, wishes: list[Wish], left: Collection[GroupNo | None]
) -> list[Wish]:
    reached = {
        group
        for member_of, above in question.memberships.items()
        if member_of not in left
        for group in above
    }
    return [w for w in wishes if w.source.kind is not SourceKind.GROUP or w.source.no in reached]


def _joined(question: Question, wishes: list[Wish], move: Move) -> list[Wish]:
    joined = next(one for one in question.joinable if one.group == move.group)
    known = {(wish.sku, wish.source) for wish in wishes}
    return wishes + [wish for wish in joined.wishes if (wish.sku, wish.source) not in known]


def _assigned(question: Question, wishes: list[Wish], sku: SkuNo | None) -> list[Wish]:
    """With a direct assignment that counts now; one that is there keeps its turn and its end."""
    assert sku is not None, "what is assigned is a product"
    now = question.snapshot.now
    there = next((w for w in wishes if w.sku == sku and w.source == DIRECT), None)
    if there is not None and (there.expires_at is None or there.expires_at > now):
        direct = replace(there, disabled=NO_SERVICE_PLANS, starts_at=None)
    else:
        direct = Wish(
            sku=sku,
            source=DIRECT,
            strategy=Strategy.MANUAL,
            disabled=NO_SERVICE_PLANS,
            assigned_at=now,
        )
    return [w for w in wishes if w is not there] + [direct]
