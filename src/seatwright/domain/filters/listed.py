"""What `filter=` of our own lists of people and groups takes: their properties, by their names.

It is Graph's table (`properties.py`) under the names that these lists show, with every operator in
any query: there is no header to send here. Texts that a person has one of are no collections.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from seatwright.domain.filters.properties import (
    GROUP_PROPERTIES,
    USER_PROPERTIES,
    Kind,
    Need,
    Property,
)
from seatwright.domain.filters.tree import Operator

_EXACT: Final = (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT)
_RANGE: Final = (*_EXACT, Operator.GE, Operator.LE, Operator.GT, Operator.LT)

PEOPLE_RENAMED: Final[Mapping[str, str]] = {
    "createdDateTime": "createdAt",
    "employeeOrgData/costCenter": "costCenter",
    "employeeOrgData/division": "division",
    "signInActivity/lastSignInDateTime": "lastSignInAt",
    **{
        one.name: one.name.partition("/")[2]
        for one in USER_PROPERTIES
        if one.name.startswith("onPremisesExtensionAttributes/")
    },
}
GROUPS_RENAMED: Final[Mapping[str, str]] = {"createdDateTime": "createdAt"}

# The main address is `mail`; a group's `kind` says what Graph's types and mailEnabled say.
PEOPLE_LEFT_OUT: Final = frozenset({"businessPhones", "proxyAddresses"})
GROUPS_LEFT_OUT: Final = frozenset({"groupTypes", "mailEnabled"})


def _own(name: str, kind: Kind, *operators: Operator, null: bool = True) -> Property:
    taken = dict.fromkeys(operators, Need.PLAIN)
    return Property(name=name, kind=kind, operators=taken, takes_null=null)


def _here(one: Property, renamed: Mapping[str, str]) -> Property:
    return replace(
        one,
        name=renamed.get(one.name, one.name),
        operators=dict.fromkeys(one.operators, Need.PLAIN),
        sort=None,
        elements=tuple(_here(element, {}) for element in one.elements),
    )


LISTED_PEOPLE: Final = (
    *(_here(one, PEOPLE_RENAMED) for one in USER_PROPERTIES if one.name not in PEOPLE_LEFT_OUT),
    _own("businessPhone", Kind.TEXT, *_EXACT, Operator.STARTS_WITH),
    _own("deletedAt", Kind.TIME, *_RANGE),
    _own("externalId", Kind.TEXT, *_EXACT),
)
LISTED_GROUPS: Final = (
    *(_here(one, GROUPS_RENAMED) for one in GROUP_PROPERTIES if one.name not in GROUPS_LEFT_OUT),
    _own("externalId", Kind.TEXT, *_EXACT),
    _own("kind", Kind.TEXT, *_EXACT, null=False),
)
