"""People as they were read, in columns: everything about them that a reconcile looks at."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from seatwright.domain.reconcile.columns import (
    NOWHERE,
    DirectColumns,
    ErrorColumns,
    HeldColumns,
    Int16s,
    MembershipColumns,
    PeopleColumns,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleRead:
    """What was read of people: everything about them that a reconcile looks at.

    `turns` is the stored priority of each row of `errors`.
    """

    people: PeopleColumns
    locations: tuple[str, ...]
    memberships: MembershipColumns
    direct: DirectColumns
    held: HeldColumns
    errors: ErrorColumns
    turns: Int16s


def joined(one: PeopleRead, other: PeopleRead) -> PeopleRead:
    """Put two readings of different people together, in the order of their numbers."""
    locations = (*one.locations, *(name for name in other.locations if name not in one.locations))
    renamed = np.array([*(locations.index(name) for name in other.locations), NOWHERE], np.int16)
    moved = replace(other.people, location=renamed[other.people.location])
    errors, turns = (one.errors, one.turns), (other.errors, other.turns)
    order = np.argsort(np.concatenate([errors[0].user_no, turns[0].user_no]), kind="stable")
    return PeopleRead(
        people=_merged(one.people, moved),
        locations=locations,
        memberships=_merged(one.memberships, other.memberships),
        direct=_merged(one.direct, other.direct),
        held=_merged(one.held, other.held),
        errors=_merged(one.errors, other.errors),
        turns=np.concatenate([errors[1], turns[1]])[order],
    )


Columns = TypeVar(
    "Columns", PeopleColumns, MembershipColumns, DirectColumns, HeldColumns, ErrorColumns
)


def _merged(one: Columns, other: Columns) -> Columns:
    order = np.argsort(np.concatenate([one.user_no, other.user_no]), kind="stable")
    return type(one)(
        **{
            field.name: np.concatenate([getattr(one, field.name), getattr(other, field.name)])[
                order
            ]
            for field in fields(one)
        }
    )
