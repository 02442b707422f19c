"""Each call is answered in the language that its browser asks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from tools.strings import CATALOGUE

from seatwright.bootstrap import assemble_web_app, languages_of
from seatwright.settings import Settings, SettingsError
from seatwright.web.portal.frame.language import ENGLISH, gettext, said, said_part, speaking, spoken
from seatwright.web.portal.frame.languages import SENTENCE, Languages, languages_in
from tests.office import HOST, Office
from tests.web.portal.pseudo import in_other_letters, languages
from tests.web.portal.visitor import Visitor, visit

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
_GERMAN = f"""{_HEAD}
msgid "Users"
msgstr "Benutzer"

msgid "%(name)s and %(product)s"
msgstr "%(nam)s und %(product)s"

msgctxt "sentence"
msgid "There is no person “%(text)s”."
msgstr "Es gibt keine Person „%(text)s“."

msgctxt "sentence"
msgid ""
"There is no person “%(text)s”. Give an id or a user principal name; GET "
"/api/identity/users?search= finds people by name or mail."
msgstr "Es gibt keine Person „%(text)s“. Gib eine ID oder einen UPN an."

msgctxt "sentence"
msgid "%(told)s The direct assignment can go."
msgstr "%(told)s Die direkte Zuweisung kann weg."

msgctxt "sentence"
msgid "Row %(row)s: %(told)s"
msgstr "Zeile %(row)s: %(told)s"

msgctxt "sentence"
msgid "no seat is left"
msgstr "kein Platz ist frei"
"""


@pytest.fixture
def german(tmp_path: Path) -> Languages:
    """A few words of German."""
    (tmp_path / "de.po").write_text(_GERMAN)
    return languages_in(tmp_path)


@pytest.fixture
async def visitor(office: Office, german: Languages) -> AsyncIterator[Visitor]:
    """Somebody at a portal that knows some German."""
    came = await visit(office)
    cookies = came.browser.cookies
    office.app = assemble_web_app(
        database=office.database, clock=office.clock, public_host=HOST, languages=german
    )
    came = await visit(office)
    assert came.browser.cookies != cookies
    yield came
    await came.browser.aclose()


@pytest.mark.parametrize(
    ("told", "german_words"),
    [
        ("There is no person “Ada”.", "Es gibt keine Person „Ada“."),
        # What stands in quotes is somebody's own words, whatever they are.
        ("There is no person “no seat is left”.", "Es gibt keine Person „no seat is left“."),
        ("Row 7: There is no person “Ada”.", "Zeile 7: Es gibt keine Person „Ada“."),
        ("Row 7: no seat is left", "Zeile 7: kein Platz ist frei"),
        (
            "There is no person “Ada”. The direct assignment can go.",
            "Es gibt keine Person „Ada“. Die direkte Zuweisung kann weg.",
        ),
        (
            "There is no person “A”. There is no person “B”.",
            "Es gibt keine Person „A“. Es gibt keine Person „B“.",
        ),
        ("There is no person Ada.", "There is no person Ada."),
        ("", ""),
        (" ", " "),
    ],
)
def test_a_finished_sentence_is_said_in_the_language_of_the_call(
    german: Languages, told: str, german_words: str
) -> None:
    with speaking(german.asked_for("de")):
        assert said(told) == german_words
    assert said(told) == told


def test_a_translation_that_cannot_be_filled_in_is_left_out(german: Languages) -> None:
    with speaking(german.asked_for("de")):
        assert gettext("Users") == "Benutzer"
        assert gettext("%(name)s and %(product)s") == "%(name)s and %(product)s"


@pytest.mark.parametrize(
    ("asked", "tag", "locale"),
    [
        ("de", "de", "de"),
        ("de-AT,de;q=0.8,en;q=0.5", "de", "de_AT"),
        ("fr,de", "de", "de"),
        ("en-GB,de", "en", "None"),
        ("fr", "en", "None"),
        ("", "en", "None"),
        ("*, ;;, \x00,xx", "en", "None"),
    ],
)
def test_the_first_language_that_is_asked_for_and_there_is_spoken(
    german: Languages, asked: str, tag: str, locale: str
) -> None:
    language = german.asked_for(asked)
    assert (language.tag, str(language.locale)) == (tag, locale)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("klingon.po", _GERMAN, "named after no language"),
        ("de.po", 'msgid "Users\n', "cannot be read"),
        ("de.po", "\udcff", "cannot be read"),
    ],
)
def test_a_file_that_is_no_catalogue_stops_the_start(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=problem) as refused:
        languages_of(Settings(languages_dir=tmp_path))
    assert name in str(refused.value)


def test_a_directory_that_is_none_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no directory"):
        languages_of(Settings(languages_dir=tmp_path / "none"))


async def test_pages_beside_each_other_are_each_in_the_language_of_their_browser(
    visitor: Visitor,
) -> None:
    async def ask(language: str) -> tuple[str, str]:
        page = await visitor.browser.get("/users", headers={"accept-language": language})
        assert page.status_code == 200
        assert page.headers["vary"] == "accept-language"
        return language, page.text

    answers = await asyncio.gather(*[ask(one) for one in ("de", "en", "de-CH", "fr") * 5])
    for language, text in answers:
        is_german = language.startswith("de")
        assert ("Benutzer" in text) is is_german
        assert f'<html lang="{"de" if is_german else "en"}" dir="ltr">' in text, language
    assert spoken() is ENGLISH


async def test_what_a_rule_refuses_is_told_in_the_language_of_the_page(visitor: Visitor) -> None:
    for language, words in (
        ("de", "Es gibt keine Person „nobody“. Gib eine ID oder einen UPN an."),
        ("en", "There is no person “nobody”. Give an id or a user principal name;"),
    ):
        visitor.browser.headers["accept-language"] = language
        answer: Any = await visitor.get("/users/nobody")
        assert answer.status_code == 404
        assert words in answer.text, language


def test_every_sentence_of_the_catalogue_is_recognised_when_it_is_finished(tmp_path: Path) -> None:
    with CATALOGUE.open("rb") as file:
        messages = [str(one.id) for one in read_po(file) if one.context == SENTENCE]
    assert len(messages) > 1_000
    with speaking(languages(tmp_path).asked_for("el")):
        for message in messages:
            names = {name: f"{at}" for at, name in enumerate(_places(message), 70)}
            finished = message % names if names else message
            wanted = in_other_letters(message)
            assert said_part(finished) == (wanted % names if names else wanted)


def _places(message: str) -> list[str]:
    return [piece.partition(")")[0] for piece in message.split("%(")[1:]]
