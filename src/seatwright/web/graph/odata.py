"""The query options of a list, and the page that they mean (`entra-graph.md` §2.7, §2.8)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from seatwright.app.filter_conditions import filter_condition
from seatwright.domain.filters import (
    Order,
    Property,
    not_advanced,
    parse_names,
    parse_order,
    parse_search,
    unsupported,
)
from seatwright.postgres.filter_columns import Columns
from seatwright.postgres.filters import Condition
from seatwright.postgres.graph_lists import Table
from seatwright.postgres.search_terms import search_condition
from seatwright.web.graph.envelope import bad_request
from seatwright.web.graph.request import GraphRequest

TOP_DEFAULT: Final = 100
TOP_MAX: Final = 999

_TOP = re.compile(r"\d{1,9}")
_EXPANDED = re.compile(
    r"\s*(?P<name>[A-Za-z]{1,60})\s*(?:\(\s*\$select\s*=\s*(?P<names>[A-Za-z0-9,\s]{1,2000})\))?\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """What lists are made of: people or groups.

    `names` are all that `$select` may name, `shown` what is shown without it. `expands` are the
    relations that come along on request.
    """

    name: str
    table: Table
    columns: Columns
    properties: Sequence[Property]
    searched: Sequence[str]
    names: Sequence[str]
    shown: Sequence[str]
    expands: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """What a list's options mean: which rows, in which order, from where, and what of each."""

    select: tuple[str, ...]
    expand: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()
    order: Order | None = None
    after: tuple[object, ...] | None = None
    top: int = TOP_DEFAULT
    counts: bool = False
    digest: str = ""

    def token(self, key: Sequence[object]) -> str:
        """The `$skiptoken` of whatever comes after this key."""
        return _written([self.digest, *key])


async def page_asked(
    request: GraphRequest, noun: Noun, *, is_advanced: bool | None = None
) -> PageAsked:
    """Read the options of a list; `is_advanced` where the path itself says so.

    Raises Refusal and GraphError for options that cannot be read, or that people or groups do not
    have.
    """
    request.refuse_options("$skip", "$apply", "$compute", "$deltatoken")
    if is_advanced is None:
        is_advanced = request.is_eventual and request.is_counted
    conditions: list[Condition] = []
    filter_text, search, order = (
        request.option("$filter"),
        request.option("$search"),
        _order(request, noun, is_advanced=is_advanced),
    )
    if filter_text is not None:
        conditions.append(
            await filter_condition(
                request.call,
                filter_text,
                noun=noun.name,
                properties=noun.properties,
                columns=noun.columns,
                is_advanced=is_advanced,
            )
        )
    if search is not None:
        if not request.is_eventual:
            raise not_advanced("$search")
        terms = parse_search(search, noun.searched)
        conditions.append(search_condition(request.call.tx.tenant_id, terms, noun.columns))
    digest = _digest(request, noun)
    return PageAsked(
        select=selected(request, noun),
        expand=expanded(request, noun),
        conditions=tuple(conditions),
        order=order,
        after=_after(request, digest, order),
        top=top_of(request),
        counts=is_advanced,
        digest=digest,
    )


def selected(request: GraphRequest, noun: Noun) -> tuple[str, ...]:
    """What to show of each row, in the order of the contract.

    Raises GraphError for a name that is no property of the noun.
    """
    text = request.option("$select")
    if text is None or not text.strip():
        return tuple(noun.shown)
    return select_of(text, noun, noun.names) or tuple(noun.shown)


def select_of(text: str, noun: Noun, names: Sequence[str]) -> tuple[str, ...]:
    """The names of a `$select`.

    Raises GraphError for one that is no property of the noun.
    """
    found = parse_names("$select", text, names)
    known = {name.casefold() for name in names}
    for name in (part.strip() for part in text.split(",")):
        if name != "*" and name.casefold() not in known:
            raise bad_request(
                f"Parsing OData Select and Expand failed: Could not find a property named"
                f" '{name[:80]}' on type 'microsoft.graph.{noun.name.removesuffix('s')}'."
            )
    return found


def expanded(request: GraphRequest, noun: Noun) -> dict[str, tuple[str, ...] | None]:
    """The relations that come along, each with what is selected of it.

    Raises Refusal unsupportedQuery for another relation.
    """
    found: dict[str, tuple[str, ...] | None] = {}
    for part in _parts(request.option("$expand") or ""):
        match = _EXPANDED.fullmatch(part)
        by_key = {name.casefold(): name for name in noun.expands}
        name = None if match is None else by_key.get(match["name"].casefold())
        if match is None or name is None:
            known = ", ".join(noun.expands) or "nothing"
            raise unsupported(
                f"$expand “{part.strip():.80}” of {noun.name}: it takes {known}, with $select",
                field="$expand",
            )
        names = match["names"]
        found[name] = None if names is None else tuple(one.strip() for one in names.split(","))
    return found


def _parts(text: str) -> list[str]:
    """What stands between commas outside of parentheses."""
    parts, depth, start = [], 0, 0
    for at, one in enumerate(text):
        depth += (one == "(") - (one == ")")
        if one == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [part for part in (*parts, text[start:]) if part.strip()]


def top_of(request: GraphRequest) -> int:
    """How many rows a page has (PAG-002).

    Raises GraphError outside 1 to 999.
    """
    text = request.option("$top")
    if text is None:
        return TOP_DEFAULT
    if not _TOP.fullmatch(text.strip()) or not 1 <= int(text) <= TOP_MAX:
        raise bad_request(f"Invalid page size specified: '{text[:20]}'. Must be between 1 and 999.")
    return int(text)


def _order(request: GraphRequest, noun: Noun, *, is_advanced: bool) -> Order | None:
    text = request.option("$orderby")
    if text is None:
        return None
    order = parse_order(text, noun.properties, is_advanced=is_advanced, noun=noun.name)
    if request.option("$filter") is not None and not is_advanced:
        raise not_advanced("$orderby together with $filter")
    return order


def _digest(request: GraphRequest, noun: Noun) -> str:
    """What a token is for: it continues this list and no other."""
    options = (request.option(name) or "" for name in ("$filter", "$search", "$orderby"))
    said = "\0".join((noun.name, *request.sent.segments, *options)).casefold()
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=6).hexdigest()


def _after(request: GraphRequest, digest: str, order: Order | None) -> tuple[object, ...] | None:
    text = request.option("$skiptoken")
    if text is None:
        return None
    values = _read(text)
    kinds: tuple[type, ...] = (str, int) if order is None else (str, str, int)
    fits = len(values) == len(kinds) and all(
        type(value) is kind for value, kind in zip(values, kinds, strict=True)
    )
    if not fits or values[0] != digest or "\0" in "".join(v for v in values if type(v) is str):
        raise bad_request("Skip token is invalid, or belongs to another query.")
    return tuple(values[1:])


def _written(values: Sequence[object]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).rstrip(b"=").decode()


def _read(text: str) -> list[Any]:
    try:
        content = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
        values = msgspec.json.decode(content, type=list[str | int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return []
    # A number beyond what the database counts with is none that was given out.
    return values if all(type(v) is str or 0 <= v < 2**31 for v in values) else []  # type: ignore[operator]  # the rest are numbers
