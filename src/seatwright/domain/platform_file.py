"""Environments, apps, flows and security roles as the rows of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from seatwright.domain.csv_text import TableRow
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform import Need, version_text
from seatwright.domain.platform_edits import AppEdit, EnvironmentEdit, FlowEdit
from seatwright.domain.platform_needs import NeedOrder
from seatwright.domain.platform_things import App, Environment, Flow
from seatwright.domain.tenant_catalog import TenantCatalog

PLATFORM_ROWS_MAX: Final = 50_000
"""Far more apps than a large organization has."""

ROLE_ROWS_MAX: Final = 400_000

SHARES_COLUMN: Final = "sharedWith"
"""A file that has this column says all of whom its apps are shared with."""

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
    SHARES_COLUMN: ("Shared users", "Shared"),
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
LISTED: Final = "; "
"""Between the parts of a cell that lists several things."""

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


def environment_edit(row: TableRow) -> EnvironmentEdit:
    """What a row says about an environment.

    Raises Refusal invalidValue for a cell that cannot be read.
    """
    solutions = cell(row, "solutions")
    return EnvironmentEdit(
        name=row.values["displayName"],
        external_id=filled(row, "externalId"),
        is_managed=flag(row, "managed"),
        solutions=None if solutions is None else parts(solutions),
    )


def app_edit(row: TableRow) -> AppEdit:
    """What a row says about an app, apart from whom it is shared with.

    Raises Refusal invalidValue for a cell that cannot be read.
    """
    needs = cell(row, "requires")
    return AppEdit(
        name=row.values["displayName"],
        external_id=filled(row, "externalId"),
        kind=filled(row, "kind"),
        environment=cell(row, "environment"),
        is_premium=flag(row, "premium"),
        needs_security_role=flag(row, "needsSecurityRole"),
        needs=None if needs is None else needs_of_cell(needs),
        client_version_min=cell(row, "clientVersionMin"),
    )


def flow_edit(row: TableRow) -> FlowEdit:
    """What a row says about a flow; an empty cell leaves its environment and its owner.

    Raises Refusal invalidValue for a cell that cannot be read.
    """
    return FlowEdit(
        name=row.values["displayName"],
        external_id=filled(row, "externalId"),
        environment=filled(row, "environment"),
        is_premium=flag(row, "premium"),
        uses_attended_rpa=flag(row, "attendedRpa"),
        trigger=filled(row, "trigger"),
        owner=filled(row, "owner"),
    )


def environment_cells(one: Environment) -> list[str]:
    """The row of an environment, under `ENVIRONMENT_COLUMNS`."""
    fields = one.fields
    managed, solutions = yes_no(fields.is_managed), LISTED.join(fields.solutions)
    return [fields.external_id or "", fields.name, managed, solutions]


def app_cells(one: App, shares: Sequence[str], catalog: TenantCatalog) -> list[str]:
    """The row of an app, under `APP_COLUMNS`; `shares` are those with groups and people."""
    fields, facts = one.fields, one.facts
    everyone = [EVERYONE] if facts.is_shared_with_everyone else []
    oldest = fields.client_version_min
    return [
        fields.external_id or "",
        fields.name,
        fields.kind.value,
        "" if facts.environment is None else facts.environment.name,
        yes_no(fields.is_premium),
        LISTED.join(_need_text(need, catalog) for need in fields.needs),
        yes_no(fields.needs_security_role),
        LISTED.join([*everyone, *shares]),
        "" if oldest is None else version_text(oldest),
    ]


def _need_text(need: Need, catalog: TenantCatalog) -> str:
    if need.sku is not None:
        # By id: a part number may stand for several products (REF-010).
        return str(catalog.skus[need.sku].sku_id)
    return PLAN_PREFIX + "+".join(plan.name for plan in catalog.plans_of(need.service_plans))


def flow_cells(one: Flow) -> list[str]:
    """The row of a flow, under `FLOW_COLUMNS`; an owner who was deleted is nobody."""
    fields, owner = one.fields, one.facts.owner
    return [
        fields.external_id or "",
        fields.name,
        one.facts.environment.name,
        yes_no(fields.is_premium),
        yes_no(fields.uses_attended_rpa),
        fields.trigger.value,
        "" if owner is None or owner.is_deleted else owner.user_principal_name,
    ]


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
