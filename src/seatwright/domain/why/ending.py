"""The smallest change that takes a product away: what keeps it is ended in a copy, and tried.

Only the person's own assignments, memberships and held removals are ended. To take the license from
a whole group, or to move somebody to where the product is prohibited, would end it too, and is no
answer to a question about one person.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from seatwright.domain.assignments import SourceKind
from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.why.moves import Move, MoveKind, after_moves
from seatwright.domain.why.question import Question
from seatwright.domain.why.search import (
    TRIES_MAX,
    Remedy,
    Search,
    by_cost,
    changed_by,
    counted_remedy,
)

ENDS_MAX: Final = 6
"""Beyond, all that keeps the product is ended together, and nobody looks for less."""


def smallest_end(question: Question) -> Search:
    """Find the fewest moves after which the person has the product no more; the best is first.

    More moves than for a gain may be needed: all that gives the product has to go, and what
    depends on it.
    """
    known = sorted(set(_ends(question)), key=lambda move: move.order)
    tries = 0
    for size in range(1, min(len(known), ENDS_MAX) + 1):
        found: list[Remedy] = []
        for moves in combinations(known, size):
            tries += 1
            if tries > TRIES_MAX:
                return Search(remedies=by_cost(found), is_whole=False)
            remedy = ended(question, moves)
            if remedy is not None:
                found.append(remedy)
        if found:
            return Search(remedies=by_cost(found))
    everything = ended(question, tuple(known)) if len(known) > ENDS_MAX else None
    return Search(remedies=() if everything is None else (everything,))


def ended(question: Question, moves: tuple[Move, ...]) -> Remedy | None:
    """Make these moves in a copy and ask the engine; None if the person still has the product."""
    after, _ = changed_by(question, moves)
    if question.sku in after:
        return None
    return counted_remedy(question, moves, after_moves(question, moves), after)


def _ends(question: Question) -> Iterator[Move]:
    """The end of everything that gives the product, or something that depends on it (CON-01)."""
    keeping = {question.sku, *_dependents(question)}
    for wish in question.user.wishes:
        if wish.sku not in keeping or not wish.counts_at(question.snapshot.now):
            continue
        if wish.source.kind is SourceKind.HOLD:
            yield Move(kind=MoveKind.END_HOLD, source=wish.source)
        elif wish.source.kind.is_own:
            yield Move(kind=MoveKind.REMOVE, sku=wish.sku)
    giving = {w.source.no for w in question.user.wishes if w.sku in keeping}
    for group, above in question.memberships.items():
        if above & giving and group not in question.ruled:
            yield Move(kind=MoveKind.LEAVE_GROUP, group=group)


def _dependents(question: Question) -> Iterator[SkuNo]:
    """Other products of the person of which a service plan depends on one of this product."""
    laws = laws_of(question.snapshot.catalog)
    bits = laws.service_plans_of(question.sku)
    for held in question.user.held:
        needed = (
            dependency.service_plans & held.enabled and dependency.any_of & bits
            for dependency in question.snapshot.catalog.dependencies
        )
        if held.sku != question.sku and any(needed):
            yield held.sku
