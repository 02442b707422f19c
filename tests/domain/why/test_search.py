"""The smallest change turns the answer, and nothing smaller would: tried on random worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.domain.semantics import ENTRA, NATIVE
from seatwright.domain.why import Move, MoveKind, Question, smallest_change, smallest_end
from seatwright.domain.why.candidates import candidates
from seatwright.domain.why.hopes import Hopes
from seatwright.domain.why.search import tried
from tests.domain.why.questions import every_move, followed, holds, questions

PRESETS = {"native": NATIVE, "entra": ENTRA}
MOVES_TRIED_MAX = 2
"""How many moves together are tried where there is no answer: three take a minute a world."""

KNOWN_TRIED_MAX = 40


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(st.data())
def test_whoever_follows_the_answer_sees_the_outcome_turn(preset: str, data: st.DataObject) -> None:
    world, question = data.draw(questions(semantics=PRESETS[preset]))
    if question.is_held:
        return
    for remedy in smallest_change(question).remedies:
        assert holds(followed(world, question, remedy.moves), question), remedy


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=120, deadline=None, print_blob=True)
@given(st.data())
def test_nothing_smaller_than_the_answer_would_do(preset: str, data: st.DataObject) -> None:
    world, question = data.draw(questions(semantics=PRESETS[preset]))
    if question.is_held:
        return
    search = smallest_change(question)
    assert search.is_whole
    smaller_max = MOVES_TRIED_MAX if search.best is None else len(search.best.moves) - 1
    every = tuple(every_move(question, seats=len(world.users) + 3))
    for count in range(1, smaller_max + 1):
        for moves in combinations(every, count):
            is_sure = not _is_a_matter_of_luck(question, moves)
            assert not (is_sure and holds(followed(world, question, moves), question)), moves


@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.data())
def test_one_seat_less_than_the_answer_says_is_too_few(data: st.DataObject) -> None:
    """Where whoever stands before the person would take the seat; a rule may keep them from it."""
    world, question = data.draw(questions(semantics=NATIVE))
    if question.is_held or question.line(question.sku).rivals:
        return
    best = smallest_change(question).best
    if best is None or [move.kind for move in best.moves] != [MoveKind.ADD_SEATS]:
        return
    (move,) = best.moves
    fewer = (replace(move, seats=move.seats - 1),)
    assert not holds(followed(world, question, fewer), question)


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=100, deadline=None, print_blob=True)
@given(st.data())
def test_the_best_answer_touches_the_fewest_people_of_those_with_as_few_moves(
    preset: str, data: st.DataObject
) -> None:
    _, question = data.draw(questions(semantics=PRESETS[preset]))
    remedies = smallest_change(question).remedies
    if question.is_held or not remedies:
        return
    assert {len(remedy.moves) for remedy in remedies} == {len(remedies[0].moves)}
    assert remedies[0].others == min(remedy.others for remedy in remedies)


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=300, deadline=None, print_blob=True)
@given(st.data())
def test_whoever_follows_the_answer_for_a_holder_sees_it_go_and_not_before_the_last_move(
    preset: str, data: st.DataObject
) -> None:
    world, question = data.draw(questions(semantics=PRESETS[preset]))
    if not question.is_held:
        return
    best = smallest_end(question).best
    assert best is not None, "whose every wish is gone has nothing"
    assert not holds(followed(world, question, best.moves), question), best
    for fewer in combinations(best.moves, len(best.moves) - 1):
        assert holds(followed(world, question, fewer), question), fewer


@pytest.mark.parametrize("preset", PRESETS)
@settings(max_examples=150, deadline=None, print_blob=True)
@given(st.data())
def test_what_is_not_worth_a_try_would_not_do(preset: str, data: st.DataObject) -> None:
    _, question = data.draw(questions(semantics=PRESETS[preset]))
    known = candidates(question)[:KNOWN_TRIED_MAX]
    hopes = Hopes(question, known)
    for count in range(1, MOVES_TRIED_MAX + 1):
        for moves in combinations(known, count):
            assert hopes.are_worth_a_try(moves) or tried(question, moves) is None, moves


def _is_a_matter_of_luck(question: Question, moves: Sequence[Move]) -> bool:
    """Where others are touched too, who comes first decides; answers leave nothing to that.

    A seat that is bought may free another of what keeps them from a product that comes along.
    """
    bought = {move.sku for move in moves if move.kind is MoveKind.ADD_SEATS}
    are_others_freed = any(line.rivals for sku, line in question.lines.items() if bought - {sku})
    return are_others_freed or any(move.is_at_group for move in moves) or len(bought) > 1
