"""Tenants of any size, from a seed: people, groups, seats and licenses that fit together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from seatwright.demo.draft import (
    DraftGroup,
    DraftGroupLicense,
    DraftPerson,
    DraftPurchase,
    Standing,
    TenantDraft,
)
from seatwright.demo.people import Headcount, draw_people
from seatwright.demo.words import PROJECTS

SIZE_MIN: Final = 10
SIZE_MAX: Final = 1_000_000
DEFAULT_DAY: Final = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
DEFAULT_DOMAIN: Final = "fjordline.example"

NESTED_DEPARTMENT: Final = "Sales"
"""The department whose group holds no people but one group for each region."""

SPARE_SEATS: Final = 250
"""Seats bought beyond what the groups need, so that a generated tenant has some to give."""


def generate(
    size: int, seed: int, *, at: datetime = DEFAULT_DAY, domain: str = DEFAULT_DOMAIN
) -> TenantDraft:
    """A tenant of `size` people, each in five groups; everything in it comes from the seed.

    Raises ValueError for a size that is not from 10 to 1,000,000.
    """
    if not SIZE_MIN <= size <= SIZE_MAX:
        raise ValueError(f"size is {size}: give a number from {SIZE_MIN} to {SIZE_MAX}")
    people = draw_people(Headcount.of(size), seed=seed, at=at, domain=domain)
    groups = group_people(people)
    licenses = (
        DraftGroupLicense(group=Standing.EMPLOYEE.value, sku="SPE_E3"),
        DraftGroupLicense(group=Standing.EXECUTIVE.value, sku="SPE_E5"),
        DraftGroupLicense(group=Standing.CONTRACTOR.value, sku="EXCHANGESTANDARD"),
    )
    sizes = {group.display_name: len(group.members) for group in groups}
    purchases = tuple(
        DraftPurchase(
            external_id=f"generated-{license_.sku}",
            sku=license_.sku,
            units=sizes.get(license_.group, 0) + SPARE_SEATS,
            price=Decimal("12.50"),
        )
        for license_ in licenses
    )
    return TenantDraft(
        domain=domain,
        at=at,
        people=people,
        groups=groups,
        purchases=purchases,
        group_licenses=tuple(one for one in licenses if one.group in sizes),
    )


def group_people(people: Sequence[DraftPerson]) -> tuple[DraftGroup, ...]:
    """The groups of a company: by standing, department, office, cost centre and project.

    Everybody is in five. The people of one department are in a group for each region, and these
    lie in the department's group.
    """
    members: dict[str, list[int]] = defaultdict(list)
    parents: dict[str, str] = {}
    for place, person in enumerate(people):
        for name in _groups_of(person, place):
            members[name].append(place)
        if person.department == NESTED_DEPARTMENT:
            parents[f"{NESTED_DEPARTMENT} {person.region}"] = NESTED_DEPARTMENT
    if parents:
        members[NESTED_DEPARTMENT] = []
    return tuple(
        DraftGroup(
            external_id=f"G{number:05d}",
            display_name=name,
            description=_description(name, parents),
            members=tuple(members[name]),
            parent=parents.get(name),
        )
        for number, name in enumerate(sorted(members), start=1)
    )


def _groups_of(person: DraftPerson, place: int) -> tuple[str, ...]:
    department = person.department
    if department == NESTED_DEPARTMENT:
        department = f"{NESTED_DEPARTMENT} {person.region}"
    return (
        person.standing.value,
        department,
        f"Office {person.city}",
        f"Cost Center {person.cost_center}",
        f"Project {PROJECTS[place % len(PROJECTS)]}",
    )


def _description(name: str, parents: Mapping[str, str]) -> str:
    if name in parents:
        return f"Lies in the group {parents[name]}"
    if name in parents.values():
        return "Holds a group for each region"
    return f"Everybody who belongs to {name}"
