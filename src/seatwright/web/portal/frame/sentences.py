"""Finished sentences of the domain in another language: recognised by their patterns.

The domain tells in English what it refuses and why, for the API, the command line, the database
and the pages. A catalogue has those sentences with places for what is put in
(`There is no person “%(text)s”.`). Here a finished sentence is recognised by such a pattern, its
values are taken out, and put into the translation; what no pattern fits stays as it is
(`docs/decisions/0021-sentences-are-recognised.md`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PLACE: Final = re.compile(r"%\((\w+)\)s")
_WORD: Final = re.compile(r"\w+")
_BETWEEN: Final = re.compile(r"(?<=[.?!”])(\s+)(?=[A-Z“])")
_ENDS: Final = (".", "?", "!", ":", "…", "”", ")")

_CACHED_MAX: Final = 4_096
_LENGTH_MAX: Final = 2_000
_DEPTH_MAX: Final = 5
_TOGETHER_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with places, and what it becomes."""

    literals: tuple[str, ...]
    words: frozenset[str]
    finds: re.Pattern[str]
    quoted: frozenset[str]
    translation: str

    @property
    def weight(self) -> int:
        """How much of a sentence it knows: of several that fit, the heaviest is meant."""
        return sum(map(len, self.literals))

    def values_in(self, text: str) -> Mapping[str, str] | None:
        """What stands in the places of a text; None where the text is another sentence."""
        if not all(one in text for one in self.literals):
            return None
        found = self.finds.fullmatch(text)
        return None if found is None else found.groupdict()


class Sentences:
    """The sentences of one catalogue: `translations` leads from each pattern to its translation.

    A pattern is looked for by its rarest word, so that a text costs a look-up for each of its
    words and a comparison with the few patterns that share one; what was said is remembered.
    """

    def __init__(self, translations: Mapping[str, str]) -> None:
        self._plain = {one: text for one, text in translations.items() if not _PLACE.search(one)}
        patterns = [_pattern_of(one, translations[one]) for one in translations]
        placed = sorted((one for one in patterns if one), key=lambda one: -one.weight)
        often = Counter(word for one in placed for word in one.words)
        self._by_word: Mapping[str, list[tuple[int, _Pattern]]] = defaultdict(list)
        for rank, one in enumerate(placed):
            if one.words:
                rarest = min(one.words, key=lambda word: (often[word], word))
                self._by_word[rarest].append((rank, one))
        self.said = lru_cache(_CACHED_MAX)(self._said)
        self.shown = lru_cache(_CACHED_MAX)(self._shown)

    def _said(self, text: str) -> str:
        """A sentence, or a part of one, in this language; as it is where no pattern fits."""
        return self._value(text, depth=0)

    def _shown(self, text: str) -> str:
        """Any text of a page: whole sentences only, for a name may be like a part of one."""
        if " " not in text or len(text) > _LENGTH_MAX:
            return text
        if text in self._plain:
            return self._plain[text]
        if not text.rstrip().endswith(_ENDS):
            return text
        return self._value(text, depth=0, is_whole=True)

    def _value(self, text: str, *, depth: int, is_whole: bool = False) -> str:
        core = text.strip()
        if not core or depth > _DEPTH_MAX or len(core) > _LENGTH_MAX:
            return text
        # What stands inside of a sentence may begin with a blank of its own.
        for one in (text, core):
            known = self._one(one, depth=depth)
            if known is not None:
                return text.replace(one, known, 1)
        # A part of a sentence that was made its beginning.
        known = self._one(core[0].lower() + core[1:], depth=depth) if core[0].isupper() else None
        if known is not None:
            return text.replace(core, known[:1].upper() + known[1:], 1)
        parts = _BETWEEN.split(core)
        if len(parts) == 1:
            return text
        several = self._several(parts, depth=depth, is_whole=is_whole)
        return text if several is None else text.replace(core, several, 1)

    def _several(self, parts: Sequence[str], *, depth: int, is_whole: bool) -> str | None:
        """Sentences one after another, `parts` with the blanks between; None where none is known.

        `is_whole`: None as well where one of them is not.
        """
        said, at, is_any = "", 0, False
        while at < len(parts):
            known, end = self._most(parts, at, depth=depth)
            if known is None and is_whole:
                return None
            is_any = is_any or known is not None
            said += (parts[at] if known is None else known) + "".join(parts[end : end + 1])
            at = end + 1
        return said if is_any else None

    def _most(self, parts: Sequence[str], at: int, *, depth: int) -> tuple[str | None, int]:
        """As many sentences from here on as are one message, and where those end."""
        for end in range(min(len(parts), at + 2 * _TOGETHER_MAX - 1), at, -2):
            known = self._one("".join(parts[at:end]), depth=depth + 1)
            if known is not None:
                return known, end
        return None, at + 1

    def _one(self, text: str, *, depth: int) -> str | None:
        plain = self._plain.get(text)
        if plain is not None:
            return plain
        near = [one for word in set(_WORD.findall(text)) for one in self._by_word.get(word, ())]
        for _, pattern in sorted(near, key=lambda one: one[0]):
            values = pattern.values_in(text)
            if values is not None:
                said = {
                    name: value if name in pattern.quoted else self._value(value, depth=depth + 1)
                    for name, value in values.items()
                }
                return pattern.translation % said
        return None


def _pattern_of(message: str, translation: str) -> _Pattern | None:
    """None for a message without places, which is looked up as it is."""
    pieces = _PLACE.split(message)
    if len(pieces) == 1:
        return None
    literals = [one.replace("%%", "%") for one in pieces[::2]]
    names = pieces[1::2]
    quoted = {
        name
        for name, before, after in zip(names, literals, literals[1:], strict=False)
        if before.endswith("“") and after.startswith("”")
    }
    written, seen = re.escape(literals[0]), set[str]()
    for name, literal in zip(names, literals[1:], strict=True):
        any_text = "[^”]*?" if name in quoted else ".*?"
        written += f"(?P={name})" if name in seen else f"(?P<{name}>{any_text})"
        written += re.escape(literal)
        seen.add(name)
    return _Pattern(
        literals=tuple(one for one in literals if one),
        words=_whole_words(literals),
        finds=re.compile(written, re.DOTALL),
        quoted=frozenset(quoted),
        translation=translation,
    )


def _whole_words(literals: Sequence[str]) -> frozenset[str]:
    """Words that every text of a pattern has as words: what is put in touches none of them."""
    last = len(literals) - 1
    return frozenset(
        found[0]
        for index, literal in enumerate(literals)
        for found in _WORD.finditer(literal)
        if (index == 0 or found.start() > 0) and (index == last or found.end() < len(literal))
    )
