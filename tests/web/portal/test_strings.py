"""Every word that the portal shows can be said in another language."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools.strings import CATALOGUE, PORTAL, catalogue, untranslated

TEMPLATES = sorted((PORTAL / "templates").glob("*.html"))


def test_every_word_of_a_template_goes_through_the_catalogue() -> None:
    assert TEMPLATES
    assert [one for template in TEMPLATES for one in untranslated(template)] == []


def test_the_catalogue_has_every_string() -> None:
    assert CATALOGUE.read_bytes() == catalogue(), "run `python -m tools.strings`"


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>Nobody</p>", ["Nobody"]),
        ("<p>{% trans %}Nobody{% endtrans %} waits</p>", ["waits"]),
        ('<input placeholder="Find">', ["Find"]),
        ('<a href="/{{ one }}">{{ one }}</a>', []),
        ('<td>{{ _("on") if one else _("off") }}</td>', []),
        ("<p><code>seatwright users list</code></p>", []),
        ('<input placeholder="ada@contoso.example">', []),
    ],
)
def test_a_word_that_goes_through_none_is_found(
    markup: str, words: list[str], tmp_path: Path
) -> None:
    template = tmp_path / "a.html"
    template.write_text(markup)
    assert [one.rpartition(" ")[2] for one in untranslated(template)] == words
