"""Holding a filter against the table of properties: names found, values fitted, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID

from seatwright.domain.directory import parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters.grammar import time_of
from seatwright.domain.filters.properties import Kind, Need, Property, find_property
from seatwright.domain.filters.tree import (
    Both,
    Compared,
    Counted,
    Either,
    Filter,
    Literal,
    Negated,
    OneOf,
    Operator,
    Quantified,
)

_ORDERED = frozenset({Operator.GT, Operator.GE, Operator.LT, Operator.LE})
_ON_TEXTS = frozenset({Operator.STARTS_WITH, Operator.ENDS_WITH, Operator.CONTAINS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a query is about: the properties there are, and whether it is an advanced one.

    `variable` and `elements` are set inside `any`.
    """

    noun: str
    properties: Sequence[Property]
    is_advanced: bool
    variable: str | None = None
    around: Property | None = None

    def find(self, path: tuple[str, ...], operator: Operator) -> Property:
        """The property of a path that takes this operator.

        Raises Refusal unsupportedQuery.
        """
        name = "/".join(path)
        found = self._named(path)
        if found is None:
            raise unsupported(
                f"the property “{name}” of {self.noun} cannot be filtered", field=name
            )
        self.require(found, operator, name)
        return found

    def _named(self, path: tuple[str, ...]) -> Property | None:
        if self.around is None:
            return find_property(self.properties, path)
        if path[0] != self.variable:
            return None
        return self.around.element(path[1:])

    def require(self, found: Property, operator: Operator, name: str) -> None:
        """Refuse an operator that the table does not have for the property."""
        need = found.operators.get(operator)
        if need is None:
            taken = ", ".join(one.value for one in found.operators) or "nothing"
            raise unsupported(
                f"“{operator.value}” on the property “{name}” of {self.noun}: it takes {taken}",
                field=name,
            )
        if need is Need.ADVANCED and not self.is_advanced:
            raise not_advanced(f"“{operator.value}” on the property “{name}” of {self.noun}")


def check_filter(tree: Filter, scope: Scope) -> Filter:
    """The filter with the properties' own names and values that fit them.

    Raises Refusal unsupportedQuery for what the table does not have, and invalidValue for a value
    that does not fit.
    """
    match tree:
        case Compared():
            return _compared(tree, scope)
        case OneOf():
            found = scope.find(tree.path, Operator.IN)
            values = tuple(_fit(found, value, Operator.IN) for value in tree.values)
            return OneOf(path=_path(found), values=values)
        case Counted():
            return _counted(tree, scope)
        case Quantified():
            return _quantified(tree, scope)
        case Negated():
            _require_not(tree.inner, scope)
            return Negated(inner=check_filter(tree.inner, scope))
        case Both():
            return Both(parts=tuple(check_filter(part, scope) for part in tree.parts))
        case Either():
            return Either(parts=tuple(check_filter(part, scope) for part in tree.parts))
        case _:
            assert_never(tree)


def _path(found: Property) -> tuple[str, ...]:
    return tuple(found.name.split("/"))


def _compared(tree: Compared, scope: Scope) -> Filter:
    found = scope.find(tree.path, tree.operator)
    value = _fit(found, tree.value, tree.operator)
    return Compared(path=_path(found), operator=tree.operator, value=value)


def _counted(tree: Counted, scope: Scope) -> Filter:
    found = scope.find(tree.path, Operator.COUNT)
    if tree.number != 0 or tree.operator not in {Operator.EQ, Operator.NE}:
        raise unsupported(
            f"“$count {tree.operator.value} {tree.number}” on “{found.name}”: only eq 0 and ne 0",
            field=found.name,
        )
    return Counted(path=_path(found), operator=tree.operator, number=0)


def _quantified(tree: Quantified, scope: Scope) -> Filter:
    if scope.around is not None:
        raise unsupported(f"“{tree.operator.value}” inside of another", field="/".join(tree.path))
    found = scope.find(tree.path, tree.operator)
    if tree.condition is None or tree.variable is None:
        raise unsupported(
            f"“any” without a condition on “{found.name}”: ask for {found.name}/$count ne 0",
            field=found.name,
        )
    inner = Scope(
        noun=scope.noun,
        properties=scope.properties,
        is_advanced=scope.is_advanced,
        variable=tree.variable,
        around=found,
    )
    return Quantified(
        path=_path(found),
        operator=tree.operator,
        variable=tree.variable,
        condition=check_filter(tree.condition, inner),
    )


def _require_not(tree: Filter, scope: Scope) -> None:
    """`not` is an operator of every property inside of it (QRY-002)."""
    if scope.around is not None:
        raise unsupported("“not” inside of any", field=scope.around.name)
    match tree:
        case Compared() | OneOf() | Quantified() | Counted():
            name = "/".join(tree.path)
            found = find_property(scope.properties, tree.path)
            if found is not None:
                scope.require(found, Operator.NOT, name)
        case Both() | Either():
            for part in tree.parts:
                _require_not(part, scope)
        case Negated():
            _require_not(tree.inner, scope)
        case _:
            assert_never(tree)


def _fit(found: Property, value: Literal, operator: Operator) -> Literal:
    """The value as one of the property's kind.

    Raises Refusal invalidValue.
    """
    if value is None:
        if not found.takes_null or operator not in {Operator.EQ, Operator.NE}:
            raise _misfit(found, value, "it is never compared with null that way")
        return None
    match found.kind:
        case Kind.TEXT:
            return _text(found, value)
        case Kind.FLAG:
            if isinstance(value, bool):
                return value
            raise _misfit(found, value, "give true or false without quotes")
        case Kind.TIME:
            return _time(found, value)
        case Kind.ID:
            return _id(found, value)
        case Kind.NUMBER:
            return _number(found, value)
        case Kind.TEXTS | Kind.OBJECTS:
            raise _misfit(found, value, "it is a collection: ask with any(…)")
        case _:
            assert_never(found.kind)


def _text(found: Property, value: Literal) -> str:
    if isinstance(value, (str, UUID)):
        return str(value)
    raise _misfit(found, value, "give a text in single quotes")


def _time(found: Property, value: Literal) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return time_of(value)
    raise _misfit(found, value, "give a time such as 2026-11-21T09:00:00Z")


def _id(found: Property, value: Literal) -> UUID:
    if isinstance(value, UUID):
        return value
    id_ = parse_id(value) if isinstance(value, str) else None
    if id_ is None:
        raise _misfit(found, value, "cannot be converted to Edm.Guid: give a GUID")
    return id_


def _number(found: Property, value: Literal) -> int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise _misfit(found, value, "give a number without quotes")


def _misfit(found: Property, value: Literal, advice: str) -> Refusal:
    shown = "null" if value is None else f"{value!s:.80}"
    name = found.name or "the element"
    return Refusal(
        Reason.INVALID_VALUE,
        f"Invalid filter clause: the value “{shown}” does not fit “{name}”: {advice}.",
        context={"field": found.name, "value": shown},
    )


def unsupported(what: str, *, field: str) -> Refusal:
    """The refusal of what no query may ask."""
    return Refusal(
        Reason.UNSUPPORTED_QUERY,
        f"Unsupported or invalid query filter clause specified: {what}. The page"
        " docs/reference/graph-queries.md lists what each property takes.",
        context={"field": field},
    )


def not_advanced(what: str) -> Refusal:
    """The refusal of what only an advanced query may ask (QRY-010)."""
    return Refusal(
        Reason.UNSUPPORTED_QUERY,
        f"Unsupported query: {what} needs an advanced query. Send the header “ConsistencyLevel:"
        " eventual” and $count=true.",
    )
