"""From the text of a rule to lark's tree, with errors that people can act on."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from seatwright.domain.rules.grammar import PARSER, WORDS
from seatwright.domain.rules.problems import Flaw, RuleRefusal, wrong
from seatwright.domain.rules.tree import Place

LENGTH_MAX: Final = 3072
"""Characters of a rule (DYN-001)."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_VALUES: Final = frozenset({"TEXT", "QUOTED", "TRUE", "FALSE", "NULL", "NUMBER", "TIME", "GUID"})

_TYPOGRAPHIC: Final = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019"
"""Quotes that word processors make of straight ones."""

_HINTS: Final = {
    "$null": "null is written without a dollar sign",
    "=": "write -eq",
    "==": "write -eq",
    "-equals": "write -eq",
    "!=": "write -ne",
    "<>": "write -ne",
    "-neq": "write -ne",
    "<=": "write -le",
    ">=": "write -ge",
    "-lt": "write -le, which includes the value itself",
    "-gt": "write -ge, which includes the value itself",
    "<": "write -le, which includes the value itself",
    ">": "write -ge, which includes the value itself",
    "-like": "write -startsWith, -contains or -match",
    "-notlike": "write -notStartsWith, -notContains or -notMatch",
    "-ceq": "texts are compared in any case: write -eq",
    "-cmatch": "patterns match in any case: write -match",
    "&&": "write -and",
    "||": "write -or",
    "!": "write -not",
    "$true": "true is written without a dollar sign",
    "$false": "false is written without a dollar sign",
}


def read_tree(text: str) -> Tree[Token]:
    """The parse tree of a rule.

    Raises RuleRefusal with the place, the text there, and what could have stood instead.
    """
    _check_characters(text)
    try:
        return PARSER.parse(text)
    except UnexpectedCharacters as error:
        place = Place(line=error.line, column=error.column)
        raise wrong(
            Flaw.SYNTAX, f"“{error.char}” means nothing here.", place, text=error.char
        ) from None
    except UnexpectedToken as error:
        raise _unexpected(error, text) from None
    except UnexpectedEOF as error:
        raise _ended(text, error.expected) from None


def _check_characters(text: str) -> None:
    if len(text) > LENGTH_MAX:
        raise wrong(
            Flaw.TOO_LONG,
            f"The rule has {len(text):,} characters, and {LENGTH_MAX:,} is the most: shorten it,"
            " with -in and a list for example, or make two groups.",
            place_of(text, LENGTH_MAX),
        )
    found = _CONTROL.search(text)
    if found is not None:
        raise wrong(
            Flaw.SYNTAX,
            "An invisible control character stands here: take it out.",
            place_of(text, found.start()),
        )
    if not text.strip():
        raise wrong(
            Flaw.SYNTAX,
            'The rule is empty: write a condition such as user.department -eq "Sales".',
            Place(),
            expected=("a condition",),
        )


def place_of(text: str, at: int) -> Place:
    """The line and column of a character."""
    before = text[:at]
    return Place(line=before.count("\n") + 1, column=at - (before.rfind("\n") + 1) + 1)


def _unexpected(error: UnexpectedToken, text: str) -> RuleRefusal:
    token = error.token
    if token.type == "$END":
        return _ended(text, error.accepts or error.expected)
    place = Place(line=token.line or 1, column=token.column or 1)
    expected = _words(error.accepts or error.expected)
    if token.type == "MARK":
        message = (
            f"The text that begins here with {token} has no closing {token}: close it. Inside a"
            ' text in double quotes a double quote is written \\".'
        )
        return wrong(Flaw.SYNTAX, message, place, text=str(token), expected=expected)
    advice = _advice(token, error) or f"expected {_listed(expected)}"
    message = f"“{_cut(str(token))}” does not fit here: {advice}."
    return wrong(Flaw.SYNTAX, message, place, text=str(token), expected=expected)


def _advice(token: Token, error: UnexpectedToken) -> str | None:
    """What to do about words that people bring along from elsewhere."""
    word = str(token).casefold()
    accepted = error.accepts or error.expected
    if any(mark in word for mark in _TYPOGRAPHIC):
        return "these are typographic quotes; write straight ones"
    if word in _HINTS:
        return _HINTS[word]
    if token.type == "NOT" and "COMPARE" in accepted:
        return "-not stands before a condition; whether there is a value is asked with -ne null"
    if token.type == "NULL" and "COMPARE" not in accepted and "OPERAND" in accepted:
        return "null is compared with -eq or -ne, as in user.department -eq null"
    if token.type == "WORD":
        return _advice_on_word(str(token), accepted)
    return _advice_on_order(token, accepted)


def _advice_on_word(word: str, accepted: Collection[str]) -> str | None:
    if "OPERAND" in accepted:
        return f"a property begins with “user.”, as in user.{_plain(word)}"
    if "TEXT" in accepted:
        return f'a text stands in double quotes, as in "{_cut(word)}"'
    return None


def _advice_on_order(token: Token, accepted: Collection[str]) -> str | None:
    if token.type in {"OPERAND", "LPAR", "NOT"} and {"AND", "OR"} <= set(accepted):
        return "two conditions are joined with -and or -or"
    if token.type == "OPERAND" and "TEXT" in accepted:
        return "a property is compared with a value, not with another property"
    return None


def _plain(word: str) -> str:
    cleaned = re.sub(r"\W", "", word).casefold()
    return cleaned if cleaned and not cleaned[0].isdigit() else "department"


def _ended(text: str, expected: Iterable[str]) -> RuleRefusal:
    words = _words(expected)
    return wrong(
        Flaw.SYNTAX,
        f"The rule ends too early: expected {_listed(words)}.",
        place_of(text, len(text.rstrip())),
        expected=words,
    )


def _words(terminals: Iterable[str]) -> tuple[str, ...]:
    found = set(terminals) & WORDS.keys()
    words = [WORDS[name] for name in WORDS if name in found - _VALUES]
    if len(found & _VALUES) == 1:
        words += [WORDS[name] for name in found & _VALUES]
    elif found & _VALUES:
        words.append('a value such as "Sales", true or null')
    return tuple(words)


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
