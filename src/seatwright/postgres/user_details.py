"""The columns of what most people have little of: addresses, phones, what a directory syncs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.directory import DETAIL_FIELDS, FieldValue, UserField


@dataclass(frozen=True, slots=True)
class DetailColumn:
    """A column of `app_user` that holds one detail of a person."""

    field: UserField
    name: str
    type: str


_TYPES: Final = {
    UserField.ON_PREMISES_SYNC_ENABLED: "boolean",
    UserField.EMPLOYEE_HIRE_DATE: "timestamptz",
}


def _column(field: UserField) -> DetailColumn:
    name = "".join(f"_{one.lower()}" if one.isupper() else one for one in field.value)
    return DetailColumn(field=field, name=name, type=_TYPES.get(field, "text"))


DETAIL_COLUMNS: Final = tuple(_column(field) for field in DETAIL_FIELDS)
"""In the order of `DETAIL_FIELDS`; `extensionAttribute1` is `extension_attribute1`."""


def detail_names(alias: str) -> str:
    """The columns as a select lists them."""
    return ", ".join(f"{alias}.{column.name}" for column in DETAIL_COLUMNS)


def details_of_row(values: Sequence[FieldValue]) -> dict[UserField, FieldValue]:
    """The details that are there, from values in the order of the columns."""
    return {
        field: value
        for field, value in zip(DETAIL_FIELDS, values, strict=True)
        if value is not None
    }
