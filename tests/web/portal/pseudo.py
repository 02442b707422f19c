"""A made-up language in other letters: what of a page is in ours is in no catalogue, or a name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path

from babel.messages.pofile import read_po, write_po
from tools.strings import CATALOGUE

from seatwright.web.portal.frame.languages import Languages, languages_in

LOCALE = "el"
"""Greek, whose months and days are in other letters too."""

_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "source", "col"})
# What is typed or sent is the same in every language.
_AS_IT_IS = frozenset({"code", "kbd", "script", "style", "textarea"})
_SPOKEN = frozenset({"aria-label", "placeholder", "title", "alt"})
_KEPT = re.compile(r"(%\(\w+\)[sd]|%%|<[^>]*>|&\w+;)")
_OTHER_LETTERS = {ord(one): ord(one) + 0xFEE0 for one in "".join(map(chr, range(33, 127)))}
_WORD = re.compile(r"\w+")
_OURS = re.compile(r"[A-Za-z]{2,}")
# Codes, keys and addresses are one word that no sentence has, or an item in a list of such; codes
# in two humps hold names.
_HUMPS = re.compile(r"\b[a-z]+(?:[A-Z][a-z]+)+\b")
_CODE = re.compile(r"\S+[@/_=]\S*|\{\{.*?\}\}|\b[\w.]*\d[\w.-]*|\b[A-Z]{2}\b|(?<=, )[a-z]+\b(?! )")


def languages(folder: Path) -> Languages:
    """Greek, in which every string of the catalogue is itself in other letters."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale=LOCALE)
    for message in filter(lambda one: one.id, catalogue):
        if isinstance(message.id, str):
            message.string = in_other_letters(message.id)
        else:
            message.string = tuple(map(in_other_letters, message.id))
    with (folder / f"{LOCALE}.po").open("wb") as file:
        write_po(file, catalogue)
    return languages_in(folder)


def in_other_letters(message: str) -> str:
    """Letters as wide as East Asian ones; places, tags and percent signs as they are."""
    pieces = _KEPT.split(message)
    pieces[::2] = [one.translate(_OTHER_LETTERS) for one in pieces[::2]]
    return "".join(pieces)


class _Texts(HTMLParser):
    """What people read and hear of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag says, and that it is open."""
        self.texts += [value for name, value in attrs if name in _SPOKEN and value]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note that a tag is closed."""
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note a text that people read."""
        if not _AS_IT_IS & set(self._open):
            self.texts.append(data)


class Names:
    """What may stand on a page in our letters, found by its first word."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_word = defaultdict[str, list[str]](list)
        for name in sorted(set(names), key=len, reverse=True):
            if found := _WORD.search(name):
                self._by_word[found[0]].append(name)
        self._judged: dict[str, bool] = {}

    def has_others(self, text: str) -> bool:
        """Whether a text has words in our letters that are no name and no code."""
        if text not in self._judged:
            rest = _HUMPS.sub(" ", text)
            near = {name for word in _WORD.findall(rest) for name in self._by_word.get(word, ())}
            for name in sorted(near, key=len, reverse=True):
                rest = rest.replace(name, "")
            self._judged[text] = bool(_OURS.search(_CODE.sub(" ", rest)))
        return self._judged[text]


def in_our_letters(page: str, names: Names) -> Iterator[str]:
    """Texts of a page that are neither in the other letters nor names."""
    read = _Texts()
    read.feed(page)
    for text in read.texts:
        shown = " ".join(text.split())
        if _OURS.search(shown) and names.has_others(shown):
            yield shown
