"""A tenant on paper: everything that is to be made, before anything is made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum, unique


@unique
class Standing(StrEnum):
    """How somebody belongs to the company."""

    EXECUTIVE = "Executive Team"
    EMPLOYEE = "All Employees"
    CONTRACTOR = "Contractors"
    GUEST = "Guests"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPerson:
    """A person to be made; `manager` is the user principal name of another."""

    external_id: str
    standing: Standing
    user_principal_name: str
    given_name: str
    surname: str
    job_title: str
    department: str
    cost_center: str
    company_name: str
    city: str
    region: str
    usage_location: str
    is_enabled: bool
    manager: str | None
    last_sign_in_at: datetime | None

    @property
    def display_name(self) -> str:
        """Given name and surname."""
        return f"{self.given_name} {self.surname}"

    @property
    def user_type(self) -> str:
        """Guest or Member."""
        return "Guest" if self.standing is Standing.GUEST else "Member"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftGroup:
    """A security group to be made; `members` are places in the draft's people.

    `parent` names the group that it lies in.
    """

    external_id: str
    display_name: str
    description: str
    members: tuple[int, ...]
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPurchase:
    """A subscription to be made; days count from the draft's day, backwards when negative."""

    external_id: str
    sku: str
    units: int
    price: Decimal
    status: str = "Enabled"
    days_since_start: int = 0
    days_to_renewal: int = 365
    offer_minimum: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftGroupLicense:
    """A product that a group is to give."""

    group: str
    sku: str
    disabled: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAssignment:
    """Products that people, by their places, are to have of their own."""

    people: tuple[int, ...]
    sku: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantDraft:
    """A whole tenant to be made.

    `at` is the day that its dates count from. `latecomers` are members of groups who joined after
    the licenses were given, each with how many days ago.
    """

    domain: str
    at: datetime
    people: tuple[DraftPerson, ...]
    groups: tuple[DraftGroup, ...]
    purchases: tuple[DraftPurchase, ...]
    group_licenses: tuple[DraftGroupLicense, ...]
    assignments: tuple[DraftAssignment, ...] = ()
    latecomers: tuple[tuple[int, int], ...] = ()

    @property
    def licensed_groups(self) -> frozenset[str]:
        """The names of the groups that give something."""
        return frozenset(license_.group for license_ in self.group_licenses)

    def group(self, name: str) -> DraftGroup:
        """The group with this name; raises KeyError for none."""
        for group in self.groups:
            if group.display_name == name:
                return group
        raise KeyError(name)
