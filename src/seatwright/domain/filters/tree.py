"""What a filter says once it is read: a tree of frozen values that every surface shares.

Names are as the caller wrote them until `checking.check_filter` has found the properties behind
them; only a checked tree reaches the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

Literal: TypeAlias = str | bool | int | float | datetime | UUID | None
"""A value as the caller wrote it: a text in quotes, true, 7, a time, a GUID with or without."""


class Operator(StrEnum):
    """Everything that can be asked of a property; the value is OData's word for it."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    IN = "in"
    NOT = "not"
    STARTS_WITH = "startsWith"
    ENDS_WITH = "endsWith"
    CONTAINS = "contains"
    ANY = "any"
    ALL = "all"
    COUNT = "$count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A property against a value, by an operator or by one of the functions on texts."""

    path: tuple[str, ...]
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf:
    """A property that is one of several values."""

    path: tuple[str, ...]
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many elements a collection has: `assignedLicenses/$count eq 0`."""

    path: tuple[str, ...]
    operator: Operator
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantified:
    """`any` or `all` elements of a collection; without a condition: there is one at all."""

    path: tuple[str, ...]
    operator: Operator
    variable: str | None
    condition: Filter | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """Whatever the inner filter does not find."""

    inner: Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """What every part finds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """What any part finds."""

    parts: tuple[Filter, ...]


Filter: TypeAlias = Compared | OneOf | Counted | Quantified | Negated | Both | Either
