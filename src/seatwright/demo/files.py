"""A drafted tenant as the CSV files that a real company would bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from seatwright.demo.draft import DraftPerson, TenantDraft
from seatwright.domain.csv_text import write_table

_PEOPLE: Final = (
    "userPrincipalName",
    "displayName",
    "mail",
    "givenName",
    "surname",
    "jobTitle",
    "department",
    "companyName",
    "costCenter",
    "employeeId",
    "externalId",
    "usageLocation",
    "userType",
    "accountEnabled",
    "manager",
    "lastSignInAt",
)
_GROUPS: Final = ("externalId", "displayName", "description")
_MEMBERS: Final = ("group", "userPrincipalName", "nestedGroup")


def people_file(people: Sequence[DraftPerson]) -> bytes:
    """The people, as POST /api/imports/users takes them."""
    return b"".join(write_table(_PEOPLE, (_person(person) for person in people)))


def _person(person: DraftPerson) -> tuple[str | None, ...]:
    last = person.last_sign_in_at
    return (
        person.user_principal_name,
        person.display_name,
        person.user_principal_name,
        person.given_name,
        person.surname,
        person.job_title,
        person.department,
        person.company_name,
        person.cost_center,
        person.external_id.removeprefix("P"),
        person.external_id,
        person.usage_location,
        person.user_type,
        "true" if person.is_enabled else "false",
        person.manager,
        None if last is None else last.isoformat(),
    )


def groups_file(draft: TenantDraft) -> bytes:
    """The groups, as POST /api/imports/groups takes them."""
    rows = ((one.external_id, one.display_name, one.description) for one in draft.groups)
    return b"".join(write_table(_GROUPS, rows))


def members_file(draft: TenantDraft) -> bytes:
    """Who and what is in which group, as POST /api/imports/members takes it.

    Latecomers are left out of the groups that give licenses: they join later.
    """
    return b"".join(write_table(_MEMBERS, _members(draft)))


def _members(draft: TenantDraft) -> Iterator[tuple[str | None, ...]]:
    late = {place for place, _ in draft.latecomers}
    licensed = draft.licensed_groups
    for group in draft.groups:
        is_joined_late = group.display_name in licensed
        for place in group.members:
            if not (is_joined_late and place in late):
                yield group.display_name, draft.people[place].user_principal_name, None
        if group.parent is not None:
            yield group.parent, None, group.display_name
