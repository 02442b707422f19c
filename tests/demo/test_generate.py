"""Generated tenants: the same from the same seed, plausible, and of any size."""

from __future__ import annotations

from collections import Counter

import pytest

from seatwright.demo.draft import Standing, TenantDraft
from seatwright.demo.generate import generate


def test_one_seed_gives_one_tenant() -> None:
    assert generate(500, 7) == generate(500, 7)
    assert generate(500, 7) != generate(500, 8)


@pytest.mark.parametrize("size", [10, 137, 5000])
def test_a_tenant_has_as_many_people_as_asked_for_each_in_five_groups(size: int) -> None:
    draft = generate(size, 1)
    assert len(draft.people) == size
    memberships = Counter(place for group in draft.groups for place in group.members)
    assert memberships == dict.fromkeys(range(size), 5)


@pytest.mark.parametrize("size", [9, 1_000_001])
def test_a_size_that_no_tenant_has_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        generate(size, 1)


def test_nobody_shares_a_name_on_the_wire() -> None:
    draft = generate(20_000, 3)
    addresses = [person.user_principal_name for person in draft.people]
    assert len({address.casefold() for address in addresses}) == 20_000
    assert all(address.isascii() for address in addresses)
    assert len({person.external_id for person in draft.people}) == 20_000


def test_managers_come_before_whom_they_lead() -> None:
    draft = generate(2000, 5)
    places = {person.user_principal_name: place for place, person in enumerate(draft.people)}
    assert draft.people[0].manager is None
    for place, person in enumerate(draft.people[1:], start=1):
        assert person.manager is not None
        assert places[person.manager] < place


def test_a_group_inside_a_group_holds_people_and_its_parent_none() -> None:
    draft = generate(2000, 5)
    inner = [group for group in draft.groups if group.parent is not None]
    assert inner
    assert all(group.members for group in inner)
    assert {group.parent for group in inner} == {"Sales"}
    assert draft.group("Sales").members == ()


def test_seats_suffice_for_every_licensed_group() -> None:
    draft = generate(2000, 5)
    units = {purchase.sku: purchase.units for purchase in draft.purchases}
    for license_ in draft.group_licenses:
        assert units[license_.sku] > len(draft.group(license_.group).members)


def test_people_differ_in_all_that_reports_look_at() -> None:
    draft = generate(5000, 9)
    assert _values(draft, "department") == 10
    assert _values(draft, "cost_center") == 40
    assert _values(draft, "usage_location") == 12
    assert _values(draft, "is_enabled") == 2
    assert {person.standing for person in draft.people} == set(Standing) - {Standing.GUEST}
    idle = [person for person in draft.people if person.last_sign_in_at is None]
    assert 0 < len(idle) < 250


def _values(draft: TenantDraft, name: str) -> int:
    return len({getattr(person, name) for person in draft.people})
