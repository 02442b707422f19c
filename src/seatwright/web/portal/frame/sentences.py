"""Finished sentences of the domain in another language: recognised by their patterns.

The domain tells in English what it refuses and why, for the API, the command line, the database
and the pages. A catalogue has those sentences with places for what is put in
(`There is no person “%(text)s”.`). Here a finished sentence is recognised by such a pattern, its
values are taken out, and put into the translation; what no pattern fits stays as it is
(`docs/decisions/0021-sentences-are-recognised.md`).

Texts come from whoever writes them, so a comparison takes a step for each literal of a pattern and
never goes back. What people wrote is not looked up: only places that the domain fills itself are.
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
_NUMBER: Final = re.compile(r"[\d.,]+")
_BETWEEN: Final = re.compile(r"(?<=[.?!”])(\s+)(?=[A-Z“])")
_NUMBERED: Final = re.compile(r"_\d+$")
_LIST: Final = "; "
_ENDS: Final = (".", "?", "!", ":", "…", "”", ")")

_TOLD: Final = frozenset(
    {
        *("advice", "at_group", "backups", "because", "become", "cause", "error", "first", "gives"),
        *("lag", "link", "misfit", "noun", "parts", "people", "rule", "seat", "told", "upper"),
        *("were", "what", "why"),
    }
)
"""Places that the domain fills with words of its own; what is put into others may be a name."""

_CACHED_MAX: Final = 4_096
LENGTH_MAX: Final = 1_000
_DEPTH_MAX: Final = 5
_TOGETHER_MAX: Final = 8
COMPARISONS_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A sentence with places, and what it becomes.

    `literals` are one more than `names`: what stands before, between and after the places. Of the
    places, `quoted` stand in quotes, and `told` are filled by the domain with words of its own.
    `words` is how many words it has beside them; `is_sentence` whether a whole text can be one.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    quoted: frozenset[str]
    told: frozenset[str]
    words: int
    is_sentence: bool
    translation: str

    @property
    def rank(self) -> tuple[int, int]:
        """Of several that fit the first is meant.

        At fewer of its ends any text may stand, and then it knows more of a text.
        """
        ends = ((self.literals[0], self.names[0]), (self.literals[-1], self.names[-1]))
        any_text = sum(not literal and name not in self.told for literal, name in ends)
        return any_text, -sum(map(len, self.literals))

    def values_in(self, text: str) -> Mapping[str, str] | None:
        """What stands in the places of a text; None where the text is another sentence.

        Each literal is looked for once, from where the one before it ended; the last ends the text.
        Only what stands in quotes may be nothing.
        """
        first, *others, last = self.literals
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        values: dict[str, str] = {}
        for name, literal in zip(self.names, (*others, None), strict=True):
            least = at if name in self.quoted else at + 1
            to = end if literal is None else text.find(literal, least, end)
            value = text[at:to]
            if to < least or values.setdefault(name, value) != value:
                return None
            if name in self.quoted and "”" in value:
                return None
            at = to + len(literal or "")
        return values

    def has_enough(self, values: Mapping[str, str], *, is_whole: bool) -> bool:
        """Whether its own words suffice: a whole text needs a sentence, one word needs numbers."""
        if is_whole and not self.is_sentence:
            return False
        return self.words > 1 or all(_NUMBER.fullmatch(one) for one in values.values())


class Sentences:
    """The sentences of one catalogue: `translations` leads from each pattern to its translation.

    A pattern is looked for by its rarest word, so that a text costs a look-up for each of its
    words and a comparison with the few patterns that share one. What was said is remembered; a text
    that is too long to be a sentence is neither looked at nor kept.
    """

    def __init__(self, translations: Mapping[str, str]) -> None:
        self.plain = {one: text for one, text in translations.items() if not _PLACE.search(one)}
        patterns = [_pattern_of(one, translations[one]) for one in translations]
        self.patterns = sorted((one for one in patterns if one), key=lambda one: one.rank)
        words = [_whole_words(one.literals) for one in self.patterns]
        often = Counter(word for each in words for word in each)
        self._by_word: Mapping[str, list[tuple[int, Pattern]]] = defaultdict(list)
        for rank, one in enumerate(self.patterns):
            if words[rank]:
                rarest = min(words[rank], key=lambda word: (often[word], word))
                self._by_word[rarest].append((rank, one))
        self.remembered = lru_cache(_CACHED_MAX)(self._read)

    def near(self, text: str) -> list[Pattern]:
        """The patterns of which a text has the rarest word, the first that may be meant first."""
        words = set(_WORD.findall(text))
        ranked = [one for word in words for one in self._by_word.get(word, ())]
        return [pattern for _, pattern in sorted(ranked, key=lambda one: one[0])]

    def said(self, text: str) -> str:
        """A sentence, or several, in this language; as it is where one of them is not known."""
        return self._looked_up(text, is_whole=True)

    def said_part(self, text: str) -> str:
        """A sentence or a part of one, such as `the group Sales`, in this language."""
        return self._looked_up(text, is_whole=False)

    def _looked_up(self, text: str, *, is_whole: bool) -> str:
        # Before anything is remembered: a text may be as long as what somebody sends.
        if len(text) > LENGTH_MAX or not text or text.isspace():
            return text
        return self.remembered(text, is_whole)

    def _read(self, text: str, is_whole: bool) -> str:
        reading = Reading(self)
        known = reading.whole(text) if is_whole else reading.told(text, depth=0)
        return text if known is None or reading.is_given_up else known


class Reading:
    """One text as it is looked up; `comparisons` counts what it cost, so that it ends."""

    __slots__ = ("_sentences", "comparisons")

    def __init__(self, sentences: Sentences) -> None:
        self._sentences = sentences
        self.comparisons = 0

    @property
    def is_given_up(self) -> bool:
        """Whether more was compared than any sentence of ours needs."""
        return self.comparisons >= COMPARISONS_MAX

    def whole(self, text: str) -> str | None:
        """A text of a page: whole sentences only."""
        core = text.strip()
        known = self._one(core, depth=0, is_whole=True)
        if known is None and core[0].isupper():
            known = self._begun(core, depth=0, is_whole=True)
        if known is None:
            known = self._several(core, depth=0, is_whole=True)
        return None if known is None else text.replace(core, known, 1)

    def told(self, text: str, *, depth: int) -> str | None:
        """Words of the domain, whatever they are: a part, a sentence, several, or a list."""
        core = text.strip()
        if not core or depth > _DEPTH_MAX or self.is_given_up:
            return None
        listed = text.split(_LIST)
        if len(listed) > 1:
            known = [self.told(one, depth=depth + 1) for one in listed]
            if None not in known:
                return _LIST.join(one for one in known if one is not None)
        # What stands inside of a sentence may begin with a blank of its own.
        for one in dict.fromkeys((text, core)):
            said = self._one(one, depth=depth)
            if said is not None:
                return text.replace(one, said, 1)
        said = self._begun(core, depth=depth) if core[0].isupper() else None
        if said is None:
            said = self._several(core, depth=depth, is_whole=False)
        return None if said is None else text.replace(core, said, 1)

    def _begun(self, text: str, *, depth: int, is_whole: bool = False) -> str | None:
        """A part of a sentence that was made its beginning."""
        said = self._one(text[0].lower() + text[1:], depth=depth, is_whole=is_whole)
        return None if said is None else said[:1].upper() + said[1:]

    def _several(self, text: str, *, depth: int, is_whole: bool) -> str | None:
        """Sentences one after another; None where one of them is not known."""
        parts = _BETWEEN.split(text)
        said, at = "", 0
        while len(parts) > 1 and at < len(parts):
            known, end = self._most(parts, at, depth=depth, is_whole=is_whole)
            if known is None:
                return None
            said += known + "".join(parts[end : end + 1])
            at = end + 1
        return said or None

    def _most(
        self, parts: Sequence[str], at: int, *, depth: int, is_whole: bool
    ) -> tuple[str | None, int]:
        """As many sentences from here on as are one message, and where those end."""
        for end in range(min(len(parts), at + 2 * _TOGETHER_MAX - 1), at, -2):
            known = self._one("".join(parts[at:end]), depth=depth + 1, is_whole=is_whole)
            if known is not None:
                return known, end
        return None, at + 1

    def _one(self, text: str, *, depth: int, is_whole: bool = False) -> str | None:
        plain = self._sentences.plain.get(text)
        if plain is not None:
            return plain
        for pattern in self._sentences.near(text):
            self.comparisons += 1
            if self.is_given_up:
                return None
            values = pattern.values_in(text)
            known = None if values is None else self._filled(pattern, values, depth, is_whole)
            if known is not None:
                return known
        return None

    def _filled(
        self, pattern: Pattern, values: Mapping[str, str], depth: int, is_whole: bool
    ) -> str | None:
        """The translation with its values; None where neither it nor its places say enough."""
        has_enough = pattern.has_enough(values, is_whole=is_whole)
        if not has_enough and not pattern.told:
            return None
        said = {name: self.told(values[name], depth=depth + 1) for name in pattern.told}
        if not has_enough and None in said.values():
            return None
        known = {name: one for name, one in said.items() if one is not None}
        return pattern.translation % {**values, **known}


def _pattern_of(message: str, translation: str) -> Pattern | None:
    """None for a message without places, which is looked up as it is."""
    pieces = _PLACE.split(message)
    if len(pieces) == 1:
        return None
    literals, names = [one.replace("%%", "%") for one in pieces[::2]], pieces[1::2]
    quoted = frozenset(
        name
        for name, before, after in zip(names, literals, literals[1:], strict=False)
        if before.endswith("“") and after.startswith("”")
    )
    words = sum(len(_WORD.findall(one)) for one in literals)
    return Pattern(
        literals=tuple(literals),
        names=tuple(names),
        quoted=quoted,
        told=frozenset(one for one in names if _NUMBERED.sub("", one) in _TOLD) - quoted,
        words=words,
        is_sentence=_is_sentence(literals[0], literals[-1], words),
        translation=translation,
    )


def _is_sentence(first: str, last: str, words: int) -> bool:
    """Three words that begin or end as a sentence does, or two that do both."""
    marks = first[:1].isupper() + last.rstrip().endswith(_ENDS)
    return bool(marks) and words + marks > 3


def _whole_words(literals: Sequence[str]) -> frozenset[str]:
    """Words that every text of a pattern has as words: what is put in touches none of them."""
    last = len(literals) - 1
    return frozenset(
        found[0]
        for index, literal in enumerate(literals)
        for found in _WORD.finditer(literal)
        if (index == 0 or found.start() > 0) and (index == last or found.end() < len(literal))
    )
