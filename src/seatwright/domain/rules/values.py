"""The values of rules as they are written: texts, switches, times and null."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from lark import Token, Tree

from seatwright.domain.rules.problems import Flaw, wrong
from seatwright.domain.rules.tree import Moment, Place

_ESCAPED_QUOTE = re.compile(r'[\\`]"')
_DURATION = re.compile(
    r"p(?:(?P<years>\d+)y)?(?:(?P<months>\d+)m)?(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?"
    r"(?:t(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s)?)?",
    re.IGNORECASE,
)
_DAYS: Final = {"years": 365, "months": 30, "weeks": 7, "days": 1}
DAYS_MAX: Final = 36_500
"""A hundred years: beyond it there are no times to compare with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A value as it stands in a rule; `terminal` says how it is written."""

    value: str | bool | Moment | None
    terminal: str
    words: str
    place: Place


def text_of(token: Token) -> str | None:
    """The text that a token holds; None for a token that holds none.

    In double quotes a double quote has a backslash or a backtick before it and a single quote may
    be doubled; in single quotes it must be (DYN-026). Any other backslash is itself, because
    patterns are full of them.
    """
    match token.type:
        case "TEXT":
            return _ESCAPED_QUOTE.sub('"', token[1:-1]).replace("''", "'")
        case "QUOTED":
            return token[1:-1].replace("''", "'")
        case "ESCAPED":
            return _ESCAPED_QUOTE.sub('"', token[2:-2]).replace("''", "'")
        case "GUID":
            return str(token)
        case _:
            return None


def value_of(node: Tree[Token] | Token) -> Given:
    """The value that a node is.

    Raises RuleRefusal for times and durations that there are not.
    """
    if isinstance(node, Tree):
        return _now(node)
    place = Place(line=node.line or 1, column=node.column or 1)
    value: str | bool | Moment | None = text_of(node)
    match node.type:
        case "TRUE" | "FALSE":
            value = node.type == "TRUE"
        case "NUMBER":
            value = str(node)
        case "TIME":
            value = moment_of(str(node), place)
    return Given(value=value, terminal=node.type, words=str(node), place=place)


def moment_of(text: str, place: Place) -> Moment:
    """A fixed time, in UTC where nothing else is said.

    Raises RuleRefusal.
    """
    try:
        at = datetime.fromisoformat(text)
        fixed = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(
            Flaw.VALUE,
            f"“{text:.40}” is no time: write one such as 2026-11-21T09:00:00Z, or"
            " system.now -minus p7d.",
            place,
            text=text,
        ) from None
    return Moment(at=fixed)


def _now(node: Tree[Token]) -> Given:
    """`system.now`, alone or with a distance (DYN-023)."""
    words = [str(token) for token in node.children]
    now = node.children[0]
    assert isinstance(now, Token), "the grammar begins it with the word itself"
    place = Place(line=now.line or 1, column=now.column or 1)
    moment = Moment()
    if len(words) == 3:
        is_plus = words[1].casefold().endswith("plus")
        away = _duration(words[2], place)
        duration = f"{'-plus' if is_plus else '-minus'} {words[2].casefold()}"
        moment = Moment(away=away if is_plus else -away, duration=duration)
    return Given(value=moment, terminal="NOW", words=" ".join(words), place=place)


def _duration(text: str, place: Place) -> timedelta:
    found = _DURATION.fullmatch(text)
    parts = {} if found is None else {k: v for k, v in found.groupdict().items() if v}
    is_short = all(len(number) <= 6 for number in parts.values())
    if parts and is_short and not text.casefold().endswith("t"):
        days = sum(int(number) * _DAYS.get(unit, 0) for unit, number in parts.items())
        rest = {unit: int(number) for unit, number in parts.items() if unit not in _DAYS}
        away = timedelta(days=min(days, DAYS_MAX + 1)) + timedelta(**rest)
        if away <= timedelta(days=DAYS_MAX):
            return away
    raise wrong(
        Flaw.VALUE,
        f"“{text:.40}” is no duration of up to 100 years: write one such as p7d or pt12h.",
        place,
        text=text,
    )
