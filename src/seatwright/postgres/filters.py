"""From a checked filter to a condition of SQL: constant pieces, and values beside them.

A filter was held against the table of properties before it comes here (`domain/filters`), so each
property of that table has its column in `filter_columns.py`, and what has none is a mistake of
ours. Keys and equality reach an index under row-level security; the rest is looked at row by row
behind the wall.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, assert_never
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

_Products: TypeAlias = frozenset[SkuNo]
_Meant: TypeAlias = Callable[[tuple[str, ...], Sequence[Literal]], _Products]
_PLAN_ID: Final = ("servicePlanId",)

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
        """Whether one element fulfils the whole condition by itself; two halves are no match."""
        name = "/".join(tree.path)
        assert tree.condition is not None, "the check wants a condition"
        if name == "assignedLicenses":
            return self._licensed(self._products(tree.condition, self._sold))
        if name == "assignedPlans":
            return self._planned(tree.condition)
        return self._element(self.columns.texts[name], tree.condition)

    def _element(self, texts: Column, tree: Filter) -> Condition:
        """Whether an element of a collection of texts is so; each column says how it unfolds."""
        # An element has no name, and so the empty path names it.
        element = replace(self, columns=replace(self.columns, plain={"": texts}))
        inner = element.condition(tree)
        if not texts.unfolded:
            return inner
        return Condition(
            text=f"exists (select from {texts.unfolded} where {inner.text})", values=inner.values
        )

    def _products(self, tree: Filter, meant: _Meant) -> _Products:
        """The products that a condition on an element means, if each leaf means these."""
        match tree:
            case Compared():
                return meant(tree.path, (tree.value,))
            case OneOf():
                return meant(tree.path, tree.values)
            case Both():
                return frozenset.intersection(*(self._products(one, meant) for one in tree.parts))
            case Either():
                return frozenset[SkuNo]().union(*(self._products(one, meant) for one in tree.parts))
            case _:
                raise AssertionError(f"the check refuses {type(tree).__name__} inside of any")

    def _sold(self, _: tuple[str, ...], values: Sequence[Literal]) -> _Products:
        """The products with these ids; one that nobody sells is none."""
        numbers = self.facts.sku_numbers
        return frozenset(numbers[one] for one in values if isinstance(one, UUID) and one in numbers)

    def _licensed(self, skus: _Products) -> Condition:
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
        """People with a license of which one service plan that is on is so.

        An element is one service plan in the state of its product. For each plan that the
        condition names, and for one that it does not name, the condition is about products alone:
        those under which that plan fulfils it.
        """
        others = self._giving(tree, None)
        plans: dict[_Products, set[UUID]] = {}
        for plan in _plans_named(tree):
            plans.setdefault(self._giving(tree, plan), set()).add(plan)
        # What any plan fulfils is asked once, for without `not` a named one fulfils it too.
        ways = [self._under(others, Condition(text="l.enabled_set <> 0"))] if others else []
        ways += [
            self._under(products, Condition(text="l.enabled_set = any(%s)", values=(sets,)))
            for products, ids in plans.items()
            if products and products != others and (sets := self._sets_with(ids))
        ]
        if not ways:
            return NOTHING
        found = ways[0] if len(ways) == 1 else joined("or", ways)
        return Condition(
            text=f"{self.columns.planned} and {found.text})",
            values=(self.tenant_id, *found.values),
        )

    def _giving(self, tree: Filter, plan: UUID | None) -> _Products:
        """The products under which this service plan, or one not named, fulfils a condition."""
        every = frozenset(self.facts.sku_numbers.values())

        def meant(path: tuple[str, ...], values: Sequence[Literal]) -> _Products:
            if path == _PLAN_ID:
                return every if plan in values else frozenset()
            states = {str(value).lower() for value in values}
            return frozenset(
                sku for state in states for sku in self.facts.skus_in_state.get(state, ())
            )

        return self._products(tree, meant)

    def _sets_with(self, plans: set[UUID]) -> list[int]:
        """The combinations of service plans that have one of these on."""
        return sorted({one for plan in plans for one in self.facts.sets_with_plan.get(plan, ())})

    def _under(self, products: _Products, plans: Condition) -> Condition:
        """Licenses with these service plans, of these products."""
        if products == frozenset(self.facts.sku_numbers.values()):
            return plans
        product = Condition(text="l.sku_no = any(%s)", values=(sorted(products),))
        return joined("and", (plans, product))


def _plans_named(tree: Filter) -> list[UUID]:
    """The service plans that a condition names, in order and each once."""
    match tree:
        case Compared(path=path):
            found: list[Literal] = [tree.value] if path == _PLAN_ID else []
        case OneOf(path=path):
            found = [*tree.values] if path == _PLAN_ID else []
        case Both() | Either():
            found = [plan for part in tree.parts for plan in _plans_named(part)]
        case _:
            found = []
    return list(dict.fromkeys(one for one in found if isinstance(one, UUID)))


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
    key, mark = column.key(value), column.mark
    match operator:
        case Operator.EQ:
            return Condition(text=f"{column.sql} = {mark}", values=(key,))
        case Operator.NE:
            return Condition(text=f"{column.sql} is distinct from {mark}", values=(key,))
        case Operator.GT | Operator.GE | Operator.LT | Operator.LE:
            return Condition(text=f"{column.sql} {_SIGNS[operator]} {mark}", values=(key,))
        case Operator.STARTS_WITH:
            return Condition(text=f"{column.sql} ^@ {mark}", values=(key,))
        case Operator.ENDS_WITH:
            # Without LIKE: what stands in the text would have a meaning there.
            return Condition(
                text=f"right({column.sql}, char_length({mark}::text)) = {mark}", values=(key, key)
            )
        case _:
            raise AssertionError(operator)


def _one_of(column: Column, values: Sequence[Literal]) -> Condition:
    keys = [column.key(value) for value in values if value is not None]
    return Condition(text=f"{column.sql} = any({column.marks})", values=(keys,))
