"""Whom a rule takes in, of a million: each clause is judged once for every distinct value.

A million people live in few hundred departments, so that a clause costs its distinct values in
`one.py`'s test and one look-up by number for each person. A property test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from seatwright.domain.rules.one import Held, tester
from seatwright.domain.rules.properties import Source
from seatwright.domain.rules.tree import And, Comparison, Condition, Not, Or, Quantified

Numbers = NDArray[np.int32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueColumn:
    """What a property holds of people: distinct values, and for each person which of them.

    `place` is int32, one for each person, an index into `values`.
    """

    values: Sequence[Held]
    place: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Many people as columns: their numbers, sorted, and a column for each property asked."""

    user_no: Numbers
    columns: Mapping[Source, ValueColumn]


def taken_in(condition: Condition, people: People, *, now: datetime) -> Flags:
    """For each person whether a condition takes them in."""
    match condition:
        case Comparison() | Quantified():
            column = people.columns[condition.property.source]
            test = tester(condition, now=now)
            flags = np.fromiter(map(test, column.values), dtype=np.bool_, count=len(column.values))
            return flags[column.place]
        case Not():
            return ~taken_in(condition.condition, people, now=now)
        case And():
            return _joined(np.logical_and, condition.conditions, people, now)
        case Or():
            return _joined(np.logical_or, condition.conditions, people, now)
        case _:
            assert_never(condition)


def _joined(
    join: np.ufunc, conditions: Sequence[Condition], people: People, now: datetime
) -> Flags:
    found = taken_in(conditions[0], people, now=now)
    for one in conditions[1:]:
        join(found, taken_in(one, people, now=now), out=found)
    return found
