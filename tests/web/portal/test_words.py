"""Every code that a page may show has words, and no page shows a code in their place."""

from __future__ import annotations

from enum import Enum

import pytest

from seatwright.domain.assignments import SourceKind
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.history import HistoryAction
from seatwright.web.portal.frame.stories import STORIES
from seatwright.web.portal.frame.words import _WORDS, reason_words, source_words, words
from seatwright.web.portal.history.actions import ACTIONS


@pytest.mark.parametrize("kind", list(_WORDS), ids=lambda kind: kind.__name__)
def test_every_member_of_a_list_has_words(kind: type[Enum]) -> None:
    told = [words(one) for one in kind]
    assert all(told)


def test_every_reason_is_told_in_words_and_two_reasons_differ() -> None:
    for reasons in (Reason, ChangeReason):
        told = [reason_words(one.value) for one in reasons]
        assert len(set(told)) == len(told)
        # A code is one word in camel case; what people read has spaces, or is a plain word.
        assert all(" " in one or one.islower() for one in told)


def test_a_code_of_neither_list_is_shown_as_it_is() -> None:
    assert reason_words("writtenByALaterVersion") == "writtenByALaterVersion"


def test_every_kind_of_source_is_told_apart() -> None:
    assert len({source_words(one) for one in SourceKind}) == len(SourceKind)


def test_every_action_of_the_history_has_a_sentence_of_its_own() -> None:
    assert set(STORIES) == set(HistoryAction)
    told = [one % {"who": "Ada", "group": "R&D", "what": "E3"} for one in STORIES.values()]
    assert len(set(told)) == len(told)
    assert STORIES[HistoryAction.MEMBER_ADDED] % {"who": "Ada", "group": "R&D"} == "Ada joined R&D"


def test_every_action_of_the_history_can_be_asked_for_once() -> None:
    asked = [did for group in ACTIONS.values() for did in group]
    assert sorted(asked) == sorted(HistoryAction)
    words = [text for group in ACTIONS.values() for text in group.values()]
    assert len(set(words)) == len(words)
