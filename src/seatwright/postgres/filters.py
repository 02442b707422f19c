"""From a checked filter to a condition of SQL: constant pieces, and values beside them.

A filter was held against the table of properties before it comes here (`domain/filters`), so each
property of that table has its column in `filter_columns.py`, and what has none is a mistake of
ours. Keys and equality reach an index under row-level security; the rest is looked at row by row
behind the wall.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, assert_never
from uuid import UUID

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
from seatwright.domain.ids import SkuNo
from seatwright.postgres.filter_columns import Column, Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A piece of SQL with the values that go into it, in order."""

    text: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterFacts:
    """What a filter names by ids of the outside: products, service plans, states of products."""

    sku_numbers: Mapping[UUID, SkuNo] = field(default_factory=dict)
    sets_with_plan: Mapping[UUID, Sequence[int]] = field(default_factory=dict)
    skus_in_state: Mapping[str, Sequence[SkuNo]] = field(default_factory=dict)


NOTHING: Final = Condition(text="false")

_SIGNS: Final = {Operator.GT: ">", Operator.GE: ">=", Operator.LT: "<", Operator.LE: "<="}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiler:
    """Makes conditions on one table of one tenant."""

    tenant_id: int
    columns: Columns
    facts: FilterFacts

    def condition(self, tree: Filter) -> Condition:
        """The condition that a checked filter means."""
        match tree:
            case Compared():
                return compared(self._column(tree.path), tree.operator, tree.value)
            case OneOf():
                return _one_of(self._column(tree.path), tree.values)
            case Counted():
                return self._counted(tree)
            case Quantified():
                return self._quantified(tree)
            case Negated():
                inner = self.condition(tree.inner)
                # What is null is not what was asked for, so the negation finds it.
                return Condition(text=f"({inner.text}) is not true", values=inner.values)
            case Both():
                return joined("and", [self.condition(part) for part in tree.parts])
            case Either():
                return joined("or", [self.condition(part) for part in tree.parts])
            case _:
                assert_never(tree)

    def _column(self, path: tuple[str, ...]) -> Column:
        return self.columns.plain["/".join(path)]

    def _counted(self, tree: Counted) -> Condition:
        """Eq 0 or ne 0 of the products: the table knows no other."""
        text = f"exists (select from {self.columns.licenses})"
        return Condition(
            text=f"not {text}" if tree.operator is Operator.EQ else text,
            values=(self.tenant_id,),
        )

    def _quantified(self, tree: Quantified) -> Condition:
        name = "/".join(tree.path)
        assert tree.condition is not None, "the check wants a condition"
        if name == "assignedLicenses":
            return self._licensed(self._skus(tree.condition))
        if name == "assignedPlans":
            return self._planned(tree.condition)
        return self._element(self.columns.texts[name], tree.condition)

    def _element(self, texts: Column, tree: Filter) -> Condition:
        """Whether an element of a collection of texts is so; each column says how it unfolds."""
        match tree:
            case Compared():
                inner = compared(texts, tree.operator, tree.value)
            case OneOf():
                inner = _one_of(texts, tree.values)
            case Both():
                return joined("and", [self._element(texts, part) for part in tree.parts])
            case Either():
                return joined("or", [self._element(texts, part) for part in tree.parts])
            case _:
                return NOTHING
        if not texts.unfolded:
            return inner
        return Condition(
            text=f"exists (select from {texts.unfolded} where {inner.text})", values=inner.values
        )

    def _skus(self, tree: Filter) -> set[SkuNo]:
        """The products that a condition on `skuId` means; one that nobody sells is none."""
        numbers = self.facts.sku_numbers
        match tree:
            case Compared():
                found = {tree.value}
            case OneOf():
                found = set(tree.values)
            case Both():
                return set.intersection(*(self._skus(part) for part in tree.parts))
            case Either():
                return set.union(*(self._skus(part) for part in tree.parts))
            case _:
                return set()
        return {numbers[one] for one in found if isinstance(one, UUID) and one in numbers}

    def _licensed(self, skus: set[SkuNo]) -> Condition:
        if not skus:
            return NOTHING
        if len(skus) == 1:
            # Equality, not a list: the index then gives people in the order of their numbers.
            text, value = f"{self.columns.licensed} = %s", (self.tenant_id, *skus)
            return Condition(text=f"{text})", values=value)
        return Condition(
            text=f"{self.columns.licensed} = any(%s))", values=(self.tenant_id, sorted(skus))
        )

    def _planned(self, tree: Filter) -> Condition:
        """People with a license that has a service plan on, and is in a state."""
        wanted = _plans(tree)
        sets: set[int] | None = None
        for ids in wanted.plans:
            found = {number for id_ in ids for number in self.facts.sets_with_plan.get(id_, ())}
            sets = found if sets is None else sets & found
        text, values = self.columns.planned, [self.tenant_id]
        more: list[object] = []
        if sets is not None:
            text += " and l.enabled_set = any(%s)"
            more.append(sorted(sets))
        for states in wanted.states:
            skus = {sku for state in states for sku in self.facts.skus_in_state.get(state, ())}
            text += " and l.sku_no = any(%s)"
            more.append(sorted(skus))
        if wanted.is_impossible or sets == set():
            return NOTHING
        return Condition(text=f"{text})", values=(*values, *more))


@dataclass(slots=True)
class _Plans:
    """Alternatives of service plans and of states, all of which one license must have."""

    plans: list[set[UUID]] = field(default_factory=list)
    states: list[set[str]] = field(default_factory=list)
    is_impossible: bool = False


def _plans(tree: Filter) -> _Plans:
    wanted = _Plans()
    for part in tree.parts if isinstance(tree, Both) else (tree,):
        ids, states = _alternatives(part)
        if ids:
            wanted.plans.append(ids)
        elif states:
            wanted.states.append(states)
        else:
            wanted.is_impossible = True
    return wanted


def _alternatives(tree: Filter) -> tuple[set[UUID], set[str]]:
    match tree:
        case Compared():
            values: tuple[Literal, ...] = (tree.value,)
        case OneOf():
            values = tree.values
        case Either():
            both = [_alternatives(part) for part in tree.parts]
            return set().union(*(one[0] for one in both)), set().union(*(one[1] for one in both))
        case _:
            return set(), set()
    ids = {value for value in values if isinstance(value, UUID)}
    return ids, {str(value).lower() for value in values if not isinstance(value, UUID)}


def joined(word: str, conditions: Sequence[Condition]) -> Condition:
    """Conditions with `and` or `or` between them."""
    return Condition(
        text="(" + f" {word} ".join(one.text for one in conditions) + ")",
        values=tuple(value for one in conditions for value in one.values),
    )


def compared(column: Column, operator: Operator, value: Literal) -> Condition:
    """A column against a value."""
    if value is None:
        no = "not " if operator is Operator.NE else ""
        return Condition(text=f"{column.sql} is {no}null")
    key = column.key(value)
    match operator:
        case Operator.EQ:
            return Condition(text=f"{column.sql} = %s", values=(key,))
        case Operator.NE:
            return Condition(text=f"{column.sql} is distinct from %s", values=(key,))
        case Operator.GT | Operator.GE | Operator.LT | Operator.LE:
            return Condition(text=f"{column.sql} {_SIGNS[operator]} %s", values=(key,))
        case Operator.STARTS_WITH:
            return Condition(text=f"{column.sql} ^@ %s", values=(key,))
        case Operator.ENDS_WITH:
            # Without LIKE: what stands in the text would have a meaning there.
            return Condition(
                text=f"right({column.sql}, char_length(%s::text)) = %s", values=(key, key)
            )
        case _:
            raise AssertionError(operator)


def _one_of(column: Column, values: Sequence[Literal]) -> Condition:
    keys = [column.key(value) for value in values if value is not None]
    return Condition(text=f"{column.sql} = any(%s)", values=(keys,))
