"""The forms in which people are found."""

from __future__ import annotations

from uuid import uuid4

import pytest

from seatwright.domain.directory import parse_id, search_words, searched_words, text_key


def test_names_are_compared_without_regard_to_case_blanks_and_composition() -> None:
    assert text_key(" STRASSE ") == text_key("straße")
    assert text_key("A\u030asa") == text_key("Åsa")
    assert "\0" not in text_key("a\0b")


def test_an_address_is_found_whole_and_by_its_words_but_not_by_its_domain() -> None:
    words = search_words(["Ada.Byron@contoso.example", "Ada Byron"])
    assert words == {"ada", "byron", "ada.byron@contoso.example"}


def test_a_name_is_found_with_and_without_its_accents() -> None:
    assert search_words(["Åse Løvland"]) == {"åse", "ase", "løvland"}


def test_a_search_is_the_beginnings_of_a_few_words() -> None:
    assert searched_words("  ADA  ada.b@x by-ron ") == ("ada", "ada.b@x", "by", "ron")
    assert len(searched_words(" ".join(f"w{n}" for n in range(50)))) == 8
    assert searched_words("!? \0") == ()


@pytest.mark.parametrize(
    "text",
    ["", "ada@x.example", "{}", "1234", "urn:uuid:4c614c17-c03c-4fe6-9fe7-9890033430b4"],
)
def test_only_a_whole_uuid_is_an_id(text: str) -> None:
    assert parse_id(text) is None


def test_an_id_is_read_whatever_its_case() -> None:
    id_ = uuid4()
    assert parse_id(f" {str(id_).upper()} ") == id_
