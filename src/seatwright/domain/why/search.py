"""The smallest change that would turn the answer: moves are tried out with the engine itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from seatwright.domain.assignments import Source
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo
from seatwright.domain.reconcile import Pool, Snapshot, Wish
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.rounds import settle
from seatwright.domain.reconcile.rows import union
from seatwright.domain.why.candidates import candidates
from seatwright.domain.why.hopes import Hopes
from seatwright.domain.why.moves import Move, MoveKind, after_moves
from seatwright.domain.why.question import Question, turn_of

MOVES_MAX: Final = 3
"""An answer of more moves would be a project and not an answer."""

TRIES_MAX: Final = 4_000
"""Combinations that the engine is asked about, well under a second; beyond, the answer says so."""

UNSURE_MAX: Final = 3
"""Other products that come along and may find no seat; of more than these nothing is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Moves that together give the person the product, or take it away.

    `others` is how many other people they touch: those who get a seat before this person, the
    members of a group whose license changes. `besides` are other products of the person that
    they change.
    """

    moves: tuple[Move, ...]
    others: int
    besides: frozenset[SkuNo]

    @property
    def cost(self) -> tuple[object, ...]:
        """Fewest moves, fewest other people, fewest other products, then the stated order."""
        orders = tuple(move.order for move in self.moves)
        return (len(self.moves), self.others, len(self.besides), orders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search found: `is_whole` is false if it ended before everything was tried."""

    remedies: tuple[Remedy, ...]
    is_whole: bool = True

    @property
    def best(self) -> Remedy | None:
        """The smallest change, if there is one."""
        return self.remedies[0] if self.remedies else None


def smallest_change(question: Question, *, moves_max: int = MOVES_MAX) -> Search:
    """Find the fewest moves after which the person has the product; all answers of that size.

    The best is first. An answer counts only if it holds whoever else comes first.
    """
    known = [move for move in candidates(question) if _is_allowed(question, move)]
    hopes, tries = Hopes(question, known), 0
    for size in range(1, moves_max + 1):
        found: list[Remedy] = []
        for moves in filter(hopes.are_worth_a_try, combinations(known, size)):
            snapshot = _imagined(question, moves)
            if snapshot is None:
                continue
            tries += 1
            if tries > TRIES_MAX:
                return Search(remedies=by_cost(found), is_whole=False)
            remedy = _remedy(question, moves, snapshot)
            if remedy is not None:
                found.append(remedy)
        if found:
            return Search(remedies=by_cost(found))
    return Search(remedies=())


def clearing_moves(question: Question) -> tuple[Remedy, ...]:
    """Single moves after which the product is no error for the person any more; best first.

    Those that give it to them come before those that only end the wish. None makes another error.
    """
    own = Move(kind=MoveKind.REMOVE, sku=question.sku)
    has_own = any(wish.source.kind.is_own for wish in question.wishes_of(question.sku))
    known = (*candidates(question), *([own] if has_own else ()))
    before = {(error.sku, error.source) for error in question.user.errors}
    found = []
    for move in known:
        if not _is_allowed(question, move):
            continue
        snapshot = after_moves(question, (move,))
        if not _takes_hold(move, _live(snapshot)):
            continue
        decision = settle(snapshot).cases[0].decision
        is_clear = not any(key.sku == question.sku for key in decision.errors)
        if is_clear and decision.errors.keys() <= before:
            remedy = counted_remedy(question, (move,), snapshot, decision.licenses)
            found.append((question.sku not in decision.licenses, remedy))
    return tuple(remedy for _, remedy in sorted(found, key=lambda one: (one[0], one[1].cost)))


def changed_by(
    question: Question, moves: Sequence[Move]
) -> tuple[Mapping[SkuNo, ServicePlanBits], bool]:
    """What the person would have after these moves, and whether that brings no new error."""
    before = {(error.sku, error.source) for error in question.user.errors}
    decision = settle(after_moves(question, moves)).cases[0].decision
    return decision.licenses, decision.errors.keys() <= before


def tried(question: Question, moves: Sequence[Move]) -> Remedy | None:
    """Make these moves in a copy and ask the engine; None if the person is still without."""
    if not all(_is_allowed(question, move) for move in moves):
        return None
    snapshot = _imagined(question, moves)
    return None if snapshot is None else _remedy(question, moves, snapshot)


def by_cost(found: Sequence[Remedy]) -> tuple[Remedy, ...]:
    """The best first."""
    return tuple(sorted(found, key=lambda remedy: remedy.cost))


def _imagined(question: Question, moves: Sequence[Move]) -> Snapshot | None:
    """The world after these moves; None if together they mean nothing, to ask in vain no engine."""
    kinds = [move.kind for move in moves]
    if kinds.count(MoveKind.SET_LOCATION) > 1:
        return None
    if MoveKind.REPROCESS in kinds and set(kinds) - {MoveKind.REPROCESS, MoveKind.ADD_SEATS}:
        # Every other move has the person tried again as it is.
        return None
    snapshot = after_moves(question, moves)
    live = _live(snapshot)
    wished = {sku for sku, _ in live}
    if not all(_takes_hold(move, live) for move in moves):
        return None
    return snapshot if question.sku in wished else None


def _live(snapshot: Snapshot) -> frozenset[tuple[SkuNo, Source]]:
    """The wishes that count, by product and source."""
    return frozenset(
        (wish.sku, wish.source) for wish in snapshot.users[0].wishes if wish.counts_at(snapshot.now)
    )


def _takes_hold(move: Move, live: frozenset[tuple[SkuNo, Source]]) -> bool:
    """Whether what a move is about is there: a wish for the seat, an assignment to change."""
    match move.kind:
        case MoveKind.ADD_SEATS:
            return any(sku == move.sku for sku, _ in live)
        case MoveKind.SWITCH_OFF:
            return (move.sku, move.source) in live
        case _:
            return True


def _remedy(question: Question, moves: Sequence[Move], snapshot: Snapshot) -> Remedy | None:
    after = settle(snapshot).cases[0].decision.licenses
    if question.sku not in after:
        return None
    gained = after.keys() - {held.sku for held in question.user.held}
    bought = {move.sku for move in moves if move.kind is MoveKind.ADD_SEATS}
    unsure = {
        sku
        for sku in gained - bought
        if question.free(sku) <= _first(question, sku, moves, snapshot)
    }
    if not bought <= gained or question.sku in unsure:
        return None
    if not _does_without(question, snapshot, unsure):
        return None
    return counted_remedy(question, moves, snapshot, after)


def _does_without(question: Question, snapshot: Snapshot, unsure: Collection[SkuNo]) -> bool:
    """Whether the person has the product whichever of these others get no seat for them."""
    if len(unsure) > UNSURE_MAX:
        return False
    for count in range(1, len(unsure) + 1):
        for taken in combinations(sorted(unsure), count):
            pools = tuple(_full(p) if p.sku in taken else p for p in snapshot.pools)
            decision = settle(replace(snapshot, pools=pools)).cases[0].decision
            if question.sku not in decision.licenses:
                return False
    return True


def _full(pool: Pool) -> Pool:
    """The pool when others took every seat that is free."""
    return replace(pool, assignable=min(pool.assignable, pool.consumed + pool.reserved))


def counted_remedy(
    question: Question,
    moves: Sequence[Move],
    snapshot: Snapshot,
    after: Mapping[SkuNo, ServicePlanBits],
) -> Remedy:
    """Moves with what they come to for others, and for other products of the person."""
    before = {held.sku: held.enabled for held in question.user.held}
    counted = tuple(_counted(question, move, moves, snapshot) for move in moves)
    changed = {sku for sku in after.keys() | before.keys() if after.get(sku) != before.get(sku)}
    return Remedy(
        moves=counted,
        others=sum(_others(question, move) for move in counted),
        besides=frozenset(changed) - {question.sku},
    )


def _counted(question: Question, move: Move, moves: Sequence[Move], snapshot: Snapshot) -> Move:
    """With the number of seats that are needed, so that one is left for the person."""
    if move.kind is not MoveKind.ADD_SEATS or move.sku is None:
        return move
    first = _first(question, move.sku, moves, snapshot)
    return replace(move, seats=max(1, first + 1 - question.free(move.sku)))


def _first(question: Question, sku: SkuNo, moves: Sequence[Move], snapshot: Snapshot) -> int:
    """How many others these moves let come to a seat of a SKU before the person.

    Those who wait before them, where seats are handed out by themselves or a group's change
    has everybody in it tried again; and those whom such a change frees of another hindrance.
    """
    line = question.line(sku)
    wishes = tuple(
        w for w in snapshot.users[0].wishes if w.sku == sku and w.counts_at(snapshot.now)
    )
    is_wide = any(move.is_at_group for move in moves)
    is_handed_out = snapshot.semantics.seats_refill_by_themselves
    is_bought = any(m.kind is MoveKind.ADD_SEATS and m.sku == sku for m in moves)
    are_others_bought = any(m.kind is MoveKind.ADD_SEATS and m.sku != sku for m in moves)
    before = line.before(turn_of(wishes)) if is_wide or (is_handed_out and is_bought) else 0
    if is_wide and snapshot.semantics.siblings_fail_together:
        # Products of a group are one claim, as old as its oldest part: anybody may come first.
        before = line.waiting
    rivals = line.rivals if is_wide or (is_handed_out and are_others_bought) else 0
    return before + rivals


def _others(question: Question, move: Move) -> int:
    """How many other people a move touches."""
    if move.kind is MoveKind.ADD_SEATS and move.sku is not None:
        return max(0, min(move.seats - 1, question.line(move.sku).waiting))
    is_shared = move.is_at_group or move.kind is MoveKind.END_HOLD
    return question.touched.get(move.source, 0) if is_shared and move.source else 0


def _is_allowed(question: Question, move: Move) -> bool:
    """Whether the call behind a move would be taken: what a group gives must be whole (GBL-091).

    Only where a prerequisite must come from the same group.
    """
    if not move.is_at_group or not question.snapshot.semantics.prerequisite_in_same_group:
        return True
    laws = laws_of(question.snapshot.catalog)
    given = {
        wish.sku: ServicePlanBits(laws.service_plans_of(wish.sku) & ~_off(wish, move))
        for wish in wishes_at(question, move.source)
    }
    available = union(given.values())
    return all(need & available for bits in given.values() for need in laws.profile(bits).needs)


def _off(wish: Wish, move: Move) -> ServicePlanBits:
    more = move.service_plan if wish.sku == move.sku else NO_SERVICE_PLANS
    return ServicePlanBits(wish.disabled | more)


def wishes_at(question: Question, source: Source | None) -> tuple[Wish, ...]:
    """What one source wishes the person, or would if they joined it."""
    joinable = (wish for one in question.joinable for wish in one.wishes)
    found = {
        (wish.sku, wish.source): wish
        for wish in (*joinable, *question.user.wishes)
        if wish.source == source
    }
    return tuple(found.values())
