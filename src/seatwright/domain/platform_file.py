"""Environments, apps, flows and security roles as the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.csv_text import TableRow
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform_needs import NeedOrder

PLATFORM_ROWS_MAX: Final = 50_000
"""Far more apps than a large organization has."""

ROLE_ROWS_MAX: Final = 400_000

ENVIRONMENT_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "externalId": ("Environment id",),
    "displayName": ("Name", "Environment", "Environment name"),
    "managed": ("Is managed", "Managed environment"),
    "solutions": ("Installed solutions",),
}
APP_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "externalId": ("App id",),
    "displayName": ("Name", "App", "App name"),
    "kind": ("App type", "Type"),
    "environment": ("Environment name", "Environment id"),
    "premium": ("Is premium",),
    "requires": ("Needs",),
    "needsSecurityRole": (),
    "sharedWith": ("Shared users", "Shared"),
    "clientVersionMin": (),
}
FLOW_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "externalId": ("Flow id",),
    "displayName": ("Name", "Flow", "Flow name"),
    "environment": ("Environment name", "Environment id"),
    "premium": ("Is premium",),
    "attendedRpa": ("Uses attended RPA",),
    "trigger": ("Trigger type",),
    "owner": ("Owner UPN", "Owner email"),
}
ROLE_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "environment": ("Environment name", "Environment id"),
    "securityRole": ("Role", "Role name"),
    "user": ("UserPrincipalName", "UPN", "User email"),
    "group": ("Group id", "Team"),
}

EVERYONE: Final = "everyone"
GROUP_PREFIX: Final = "group:"
PLAN_PREFIX: Final = "plan:"

_FLAGS: Final = {
    **dict.fromkeys(("true", "yes", "1", "y", "managed", "premium"), True),
    **dict.fromkeys(("false", "no", "0", "n", "standard"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesText:
    """With whom a row says that an app is shared, as it names them."""

    everyone: bool
    groups: tuple[str, ...]
    users: tuple[str, ...]


def cell(row: TableRow, column: str) -> str | None:
    """What a row says; None where the file has no such column, which leaves the value as it is."""
    return row.values.get(column)


def filled(row: TableRow, column: str) -> str | None:
    """The same, and an empty cell leaves the value as it is too."""
    return row.values.get(column) or None


def flag(row: TableRow, column: str) -> bool | None:
    """A cell that says yes or no; None where it says nothing.

    Raises Refusal invalidValue for anything else.
    """
    text = row.values.get(column, "")
    if not text:
        return None
    found = _FLAGS.get(text.casefold())
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{column} cannot be “{text[:60]}”: write true or false.",
            context={"value": text[:60]},
        )
    return found


def parts(text: str) -> tuple[str, ...]:
    """The parts of a cell that lists several things, between semicolons."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def needs_of_cell(text: str) -> tuple[NeedOrder, ...]:
    """The alternatives of a cell: part numbers, or `plan:NAME`, `plan:ONE+OTHER`."""
    return tuple(
        NeedOrder(service_plans=tuple(part[len(PLAN_PREFIX) :].split("+")))
        if part.casefold().startswith(PLAN_PREFIX)
        else NeedOrder(sku=part)
        for part in parts(text)
    )


def shares_of_cell(text: str) -> SharesText:
    """With whom a cell says that an app is shared: `everyone`, `group:NAME`, or people."""
    listed = parts(text)
    return SharesText(
        everyone=any(part.casefold() == EVERYONE for part in listed),
        groups=tuple(
            part[len(GROUP_PREFIX) :].strip()
            for part in listed
            if part.casefold().startswith(GROUP_PREFIX)
        ),
        users=tuple(
            part
            for part in listed
            if part.casefold() != EVERYONE and not part.casefold().startswith(GROUP_PREFIX)
        ),
    )


def yes_no(value: bool) -> str:
    """A flag as files have it."""
    return "true" if value else "false"
