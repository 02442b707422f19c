"""A text costs little whatever it is, and what people wrote is theirs: it is shown as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import SupportsIndex

import pytest
from babel.messages.pofile import read_po
from tools.sentences import sentences
from tools.strings import CATALOGUE

from seatwright.bootstrap import assemble_web_app
from seatwright.web.portal.frame.languages import SENTENCE
from seatwright.web.portal.frame.sentences import (
    COMPARISONS_MAX,
    LENGTH_MAX,
    Pattern,
    Reading,
    Sentences,
)
from tests.office import HOST, Office
from tests.web.portal.pseudo import LOCALE, in_other_letters, languages
from tests.web.portal.visitor import Visitor, visit

_SENTENCE = "Needed by the auditors on Friday."
"""Has all words of a part of a sentence of ours: `%(link)s by %(maker)s on %(day)s`."""

_LABEL = "Cost center"
"""Is a message of ours as a whole."""


class _Counted(str):
    """A text that counts how often it was searched."""

    __slots__ = ("searches",)

    def find(
        self,
        sub: str,
        start: SupportsIndex | None = None,
        end: SupportsIndex | None = None,
        /,
    ) -> int:
        """Count a search."""
        self.searches = getattr(self, "searches", 0) + 1
        return super().find(sub, start, end)


@pytest.fixture(scope="module")
def catalogue() -> Sentences:
    """Every sentence of ours, each in other letters."""
    return Sentences({one: in_other_letters(one) for one in _messages()})


def _messages() -> list[str]:
    with CATALOGUE.open("rb") as file:
        return [str(one.id) for one in read_po(file) if one.context == SENTENCE]


def _hostile(patterns: list[Pattern]) -> Iterator[tuple[Pattern, str]]:
    for pattern in patterns:
        again = "".join(f"{one} x" for one in pattern.literals[1:-1]) or "x"
        many = pattern.literals[0] + "x" + again * (LENGTH_MAX // len(again))
        yield pattern, many[: LENGTH_MAX - 1] + "\n"


def test_a_text_is_searched_once_for_each_fixed_part_of_a_sentence(catalogue: Sentences) -> None:
    patterns = catalogue.patterns
    assert len(patterns) > 500
    for pattern, text in _hostile(patterns):
        counted = _Counted(text)
        pattern.values_in(counted)
        assert getattr(counted, "searches", 0) < len(pattern.literals)


def test_a_text_that_nearly_fits_a_thousand_sentences_ends(catalogue: Sentences) -> None:
    texts = [text for _, text in _hostile(catalogue.patterns)]
    texts += [f"{one.strip()}. {other}"[:LENGTH_MAX] for one, other in pairwise(texts)]
    texts += ["A. " * 333, "; " * 500, "“ ”. " * 200, "x; the group y (through z). " * 35]
    dearest = 0
    for text in texts:
        for is_whole in (True, False):
            reading = Reading(catalogue)
            if is_whole:
                reading.whole(text)
            else:
                reading.told(text, depth=0)
            dearest = max(dearest, reading.comparisons)
    assert 0 < dearest <= COMPARISONS_MAX


def test_our_own_sentences_need_few_comparisons(catalogue: Sentences) -> None:
    for message in _messages():
        reading = Reading(catalogue)
        reading.told(message, depth=0)
        assert reading.comparisons < COMPARISONS_MAX / 10, message


@pytest.mark.parametrize("text", ["", " ", "\n" * 5_000, "x " * LENGTH_MAX])
def test_what_cannot_be_a_sentence_is_not_kept(catalogue: Sentences, text: str) -> None:
    before = catalogue.remembered.cache_info()
    assert catalogue.said(text) is text
    assert catalogue.said_part(text) is text
    assert catalogue.remembered.cache_info() == before


@pytest.mark.parametrize(
    "text",
    [
        _SENTENCE,
        "The link by the maker on Friday",
        "I asked Cost center for it. There is no person “x”.",
        "the group Sales",
        "5 people",
    ],
)
def test_a_text_that_is_like_a_part_of_a_sentence_is_none(catalogue: Sentences, text: str) -> None:
    assert catalogue.said(text) == text


def test_a_name_in_a_sentence_stays_a_name() -> None:
    told = Sentences(
        {
            "%(sku)s cannot be taken from %(name)s: %(why)s.": "NIX %(sku)s %(name)s %(why)s",
            "no seat is left": "VOLL",
            "%(count)s people": "%(count)s LEUTE",
        }
    )
    for name in ("no seat is left", "5 people", "Sales people"):
        sentence = f"{name} cannot be taken from {name}: no seat is left."
        assert told.said(sentence) == f"NIX {name} {name} VOLL"
    assert told.said("A cannot be taken from B: 5 people.") == "NIX A B 5 LEUTE"
    assert told.said("A cannot be taken from B: Sales people.") == "NIX A B Sales people"
    assert told.said(" cannot be taken from B: 5 people.") == " cannot be taken from B: 5 people."


def test_headers_and_codes_are_no_sentences() -> None:
    found = {message for message, _ in sentences()}
    assert "no seat is left" not in found
    assert "%(count)s people" in found
    for code in (
        *("text/css; charset=utf-8", "input changed delay:250ms, ", "change, submit"),
        *("Bearer %(access_token)s", "asked %(user)s %(sku)s %(state)s", "-plus %(casefold)s"),
        *('attachment; filename="%(name)s"', "off | small | medium | large"),
    ):
        assert code not in found


@pytest.fixture
async def visitor(office: Office, tmp_path: Path) -> AsyncIterator[Visitor]:
    """Somebody at a portal in other letters."""
    office.app = assemble_web_app(
        database=office.database,
        clock=office.clock,
        public_host=HOST,
        languages=languages(tmp_path),
    )
    came = await visit(office)
    came.browser.headers["accept-language"] = LOCALE
    yield came
    await came.browser.aclose()


async def test_what_people_wrote_comes_through_a_preview_as_it_is(
    office: Office, visitor: Visitor
) -> None:
    own = {"skuPartNumber": "COST", "displayName": _LABEL, "servicePlans": [{"name": "COST_PLAN"}]}
    person = {"displayName": _SENTENCE, "userPrincipalName": "ada@contoso.example"}
    for path, body in (
        ("/api/catalog/products", own),
        ("/api/subscriptions", {"skuPartNumber": "COST", "units": 1, "status": "Enabled"}),
        ("/api/identity/users", {**person, "usageLocation": "NO"}),
    ):
        made = await office.admin.post(path, json=body)
        assert made.status_code == 201, made.text
    preview = await visitor.send(
        "/bulk",
        await visitor.get("/bulk"),
        lines="ada@contoso.example\nThere is no person\n",
        give="sku:COST",
        action="add",
        message=_SENTENCE,
        words=_LABEL,
        step="preview",
    )
    assert preview.status_code == 200, preview.text
    for shown in (
        f'<input type="hidden" name="message" value="{_SENTENCE}">',
        f'<input type="hidden" name="words" value="{_LABEL}">',
        f"“{_SENTENCE}”",
        f'<th scope="row">{_SENTENCE}</th><td>{_LABEL}</td>',
        '<th scope="row">There is no person</th>',
    ):
        assert shown in preview.text, shown
    assert f"“There is no person” {in_other_letters('is no address: give')}" in preview.text


async def test_what_people_wrote_comes_through_a_refused_form_as_it_is(visitor: Visitor) -> None:
    page = await visitor.get("/templates/new")
    refused = await visitor.send("/templates", page, name=_LABEL, description=_SENTENCE)
    assert refused.status_code == 400
    assert f'name="name" required maxlength="120" value="{_LABEL}"' in refused.text
    assert f'value="{escape(_SENTENCE)}"' in refused.text
    assert in_other_letters("The template names ") in refused.text
    page = await visitor.get("/bulk")
    refused = await visitor.send("/bulk", page, lines=_SENTENCE, give="sku:NONE", action="add")
    assert refused.status_code >= 400
    assert f"\n{_SENTENCE}</textarea>" in refused.text
