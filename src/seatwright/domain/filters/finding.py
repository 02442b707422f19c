"""A checked filter asked of one thing at a time, for lists that are short and read whole.

It answers as the conditions of the database do (`postgres/filters.py`): texts are compared without
case, what is null fulfils no comparison but `eq null` and `ne`, and `not` finds all the rest.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, assert_never

from seatwright.domain.filters.tree import (
    Both,
    Compared,
    Counted,
    Either,
    Filter,
    Negated,
    OneOf,
    Operator,
    Quantified,
)

_COMPARE: Final[Mapping[Operator, Callable[[Any, Any], bool]]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.STARTS_WITH: str.startswith,
    Operator.ENDS_WITH: str.endswith,
    Operator.CONTAINS: operator.contains,
}


def finds(tree: Filter, values: Mapping[str, object]) -> bool:
    """Whether a filter finds the thing that has these values by the names of its properties."""
    match tree:
        case Compared():
            return _compared(values["/".join(tree.path)], tree.operator, tree.value)
        case OneOf():
            value = _folded(values["/".join(tree.path)])
            return value is not None and value in [_folded(one) for one in tree.values]
        case Negated():
            return not finds(tree.inner, values)
        case Both():
            return all(finds(part, values) for part in tree.parts)
        case Either():
            return any(finds(part, values) for part in tree.parts)
        case Counted() | Quantified():
            raise AssertionError("no property of a short list is a collection")
        case _:
            assert_never(tree)


def _compared(value: object, by: Operator, wanted: object) -> bool:
    if value is None or wanted is None:
        return (value is wanted) is (by is Operator.EQ) and by in {Operator.EQ, Operator.NE}
    return _COMPARE[by](_folded(value), _folded(wanted))


def _folded(value: object) -> object:
    return value.casefold() if isinstance(value, str) else value
