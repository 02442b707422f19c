"""What every answer must have: combinations of moves without it are refused without the engine.

Each check is a promise about the engine that holds whatever else the moves do: nobody gets a seat
that is not there, a product that nothing wishes them, or one whose needs nothing could meet. So a
search loses no answer by them, and asks the engine about a few dozen combinations, not thousands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from seatwright.domain.assignments import DIRECT, Source, Strategy
from seatwright.domain.ids import NO_SERVICE_PLANS, ServicePlanBits, SkuNo
from seatwright.domain.reconcile import Wish
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.reconcile.rows import union
from seatwright.domain.why.moves import Move, MoveKind
from seatwright.domain.why.question import Question


class Hopes:
    """What the moves of a question bring, looked up once for all combinations of them."""

    def __init__(self, question: Question, known: Sequence[Move]) -> None:
        self._question = question
        self._is_held = question.is_held
        self._is_short = question.free(question.sku) <= 0
        self._laws = laws_of(question.snapshot.catalog)
        now = question.snapshot.now
        self._there = tuple(wish for wish in question.user.wishes if wish.counts_at(now))
        self._live = _keys(self._there)
        held = union(one.enabled for one in question.user.held)
        self._supplied = ServicePlanBits(held | union(map(self._bits, self._there)))
        self._brought = {move: self._wishes_of(move) for move in known}
        self._keys = {move: _keys(wishes) for move, wishes in self._brought.items()}
        self._bits_of = {
            move: union(map(self._bits, wishes)) for move, wishes in self._brought.items()
        }

    def are_worth_a_try(self, moves: Collection[Move]) -> bool:
        """Whether these moves could together give the person the product."""
        asked = self._question.sku
        if self._is_held:
            return True
        if self._is_short and not _buys(moves, asked):
            return False
        live = self._live.union(*(self._keys[move] for move in moves))
        wished = {sku for sku, _ in live}
        return (
            asked in wished
            and all(_is_about_something(move, live, wished) for move in moves)
            and self._could_be_met(moves)
        )

    def _could_be_met(self, moves: Collection[Move]) -> bool:
        """Whether what the product depends on would be there, if nothing else stood in the way."""
        asked = self._question.sku
        if any(move.kind is MoveKind.SWITCH_OFF and move.sku == asked for move in moves):
            return True
        supplied = union((self._supplied, *(self._bits_of[move] for move in moves)))
        wishes = chain(self._there, *(self._brought[move] for move in moves))
        offers = (wish for wish in wishes if wish.sku == asked)
        return any(
            all(any_of & supplied for any_of in self._laws.profile(self._bits(offer)).needs)
            for offer in offers
        )

    def _bits(self, wish: Wish) -> ServicePlanBits:
        return ServicePlanBits(self._laws.service_plans_of(wish.sku) & ~wish.disabled)

    def _wishes_of(self, move: Move) -> tuple[Wish, ...]:
        """What a move wishes the person that was not there."""
        if move.kind is MoveKind.ASSIGN and move.sku is not None:
            given = Wish(
                sku=move.sku,
                source=DIRECT,
                strategy=Strategy.MANUAL,
                disabled=NO_SERVICE_PLANS,
                assigned_at=self._question.snapshot.now,
            )
            return (given,)
        if move.kind is MoveKind.JOIN_GROUP:
            joined = (one for one in self._question.joinable if one.group == move.group)
            return tuple(wish for one in joined for wish in one.wishes)
        return ()


def _keys(wishes: Iterable[Wish]) -> frozenset[tuple[SkuNo, Source]]:
    return frozenset((wish.sku, wish.source) for wish in wishes)


def _buys(moves: Collection[Move], sku: SkuNo) -> bool:
    return any(move.kind is MoveKind.ADD_SEATS and move.sku == sku for move in moves)


def _is_about_something(
    move: Move, live: Collection[tuple[SkuNo, Source | None]], wished: Collection[SkuNo | None]
) -> bool:
    """Whether there is a wish for the seat that is bought, an assignment for the plan to leave."""
    match move.kind:
        case MoveKind.ADD_SEATS:
            return move.sku in wished
        case MoveKind.SWITCH_OFF:
            return (move.sku, move.source) in live
        case _:
            return True
