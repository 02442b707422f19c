"""The other options of a query: `$orderby`, `$select`, `$expand` and `$search`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters.checking import not_advanced
from seatwright.domain.filters.properties import Need, Property, find_property

LENGTH_MAX: Final = 4096
TERMS_MAX: Final = 20

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_/]{0,200}")
_TERM = re.compile(
    r"\s*(?P<open>\()|\s*(?P<close>\))|\s*(?P<word>AND|OR)(?=[\s(])"
    r'|\s*"(?P<text>(?:[^"\\]|\\.)*)"'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a list is ordered by."""

    name: str
    is_descending: bool = False


def parse_order(
    text: str, properties: Sequence[Property], *, is_advanced: bool, noun: str
) -> Order:
    """Read `$orderby`, which names one property.

    Raises Refusal: invalidValue, unsupportedQuery.
    """
    words = text.split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in _DIRECTIONS):
        raise _misread("$orderby", text, "give a property, and asc or desc")
    if "," in text:
        raise Refusal(
            Reason.UNSUPPORTED_QUERY,
            "Unsupported sort: $orderby takes one property.",
            context={"field": "$orderby"},
        )
    found = find_property(properties, tuple(words[0].split("/")))
    if found is None or found.sort is None:
        sortable = ", ".join(one.name for one in properties if one.sort is not None)
        raise Refusal(
            Reason.UNSUPPORTED_QUERY,
            f"Unsupported sort property “{words[0]:.80}” for {noun}: order by one of {sortable}.",
            context={"field": "$orderby"},
        )
    if found.sort is Need.ADVANCED and not is_advanced:
        raise not_advanced(f"ordering {noun} by “{found.name}”")
    return Order(name=found.name, is_descending=len(words) == 2 and words[1].lower() == "desc")


_DIRECTIONS: Final = frozenset({"asc", "desc"})


def parse_names(option: str, text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Read a list of names such as `$select=id,displayName`, in their own spelling.

    A name that is none of `names` but well formed is left out of the answer: Graph has hundreds of
    properties, and clients ask for many that say nothing of licenses (QRY-011).

    Raises Refusal invalidValue for what is no name.
    """
    by_key = {name.lower(): name for name in names}
    found: dict[str, None] = {}
    if len(text) > LENGTH_MAX:
        raise _misread(option, text[:40], f"it has more than {LENGTH_MAX} characters")
    for part in text.split(","):
        name = part.strip()
        if not _NAME.fullmatch(name) and name != "*":
            raise _misread(option, name, "give names of properties with commas between")
        if name.lower() in by_key:
            found[by_key[name.lower()]] = None
        elif name == "*":
            found.update(dict.fromkeys(by_key.values()))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term of a search: a property and what its text must begin with or hold a word of."""

    name: str
    text: str


Search = tuple[tuple[Term, ...], ...]
"""Alternatives, each of which is terms that must all be found."""


def parse_search(text: str, names: Sequence[str]) -> Search:
    """Read `$search`: `"displayName:ada" AND "mail:ada"`, OR between groups of these.

    Raises Refusal: invalidValue, unsupportedQuery for a property that is not searched.
    """
    if len(text) > LENGTH_MAX:
        raise _misread("$search", text[:40], f"it has more than {LENGTH_MAX} characters")
    tokens = _tokens(text)
    alternatives: list[tuple[Term, ...]] = []
    terms: list[Term] = []
    expects_term = True
    by_key: Mapping[str, str] = {name.lower(): name for name in names}
    for kind, value in tokens:
        if (kind == "text") is not expects_term:
            raise _misread("$search", value, "write terms in double quotes, AND or OR between")
        if kind == "text":
            terms.append(_term(value, by_key))
        elif value == "OR":
            alternatives.append(tuple(terms))
            terms = []
        expects_term = not expects_term
    if expects_term or sum(map(len, alternatives), len(terms)) > TERMS_MAX:
        raise _misread("$search", text[:40], f"give 1 to {TERMS_MAX} terms in double quotes")
    return (*alternatives, tuple(terms))


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TERM.match(text, at)
        if found is None or found.lastgroup in {"open", "close"}:
            raise _misread(
                "$search", text[at : at + 40], 'write terms as "displayName:ada", AND or OR between'
            )
        kind = found.lastgroup or ""
        tokens.append((kind, found.group(kind)))
        at = found.end()
    return tokens


def _term(value: str, names: Mapping[str, str]) -> Term:
    name, colon, text = value.replace('\\"', '"').partition(":")
    found = names.get(name.strip().lower())
    if not colon or found is None:
        raise Refusal(
            Reason.UNSUPPORTED_QUERY,
            f"Unsupported search “{value:.80}”: write a property and a text, as in"
            f' "displayName:ada"; searched are {", ".join(names.values())}.',
            context={"field": "$search"},
        )
    if not text.strip() or "\0" in text:
        raise _misread("$search", value, "there is nothing after the colon")
    return Term(name=found, text=text.strip())


def _misread(option: str, text: str, advice: str) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"Invalid {option} “{text:.80}”: {advice}.",
        context={"field": option},
    )
