"""The platform as files that the imports take back unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.csv_text import row_writer
from seatwright.domain.directory import text_key
from seatwright.domain.platform import Need, version_text
from seatwright.domain.platform_file import (
    APP_COLUMNS,
    ENVIRONMENT_COLUMNS,
    EVERYONE,
    FLOW_COLUMNS,
    PLAN_PREFIX,
    ROLE_COLUMNS,
    yes_no,
)
from seatwright.domain.platform_things import App, Environment, Flow
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.platform_apps import AppPlace, list_apps
from seatwright.postgres.platform_environments import list_environments
from seatwright.postgres.platform_files import shares_of_apps, team_role_lines, user_role_lines
from seatwright.postgres.platform_flows import FlowPlace, list_flows

ROWS_AT_ONCE = 1000


async def export_environments(call: Call) -> AsyncIterator[bytes]:
    """Every environment, as CSV in UTF-8."""
    line_of = row_writer()
    yield line_of(tuple(ENVIRONMENT_COLUMNS)).encode()
    after = ""
    while rows := await list_environments(call.tx, after=after, limit=ROWS_AT_ONCE):
        yield "".join(line_of(_environment(row)) for row in rows).encode()
        after = text_key(rows[-1].name)


def _environment(one: Environment) -> list[str]:
    return [one.external_id or "", one.name, yes_no(one.is_managed), "; ".join(one.solutions)]


async def export_apps(call: Call) -> AsyncIterator[bytes]:
    """Every app with whom it is shared, as CSV in UTF-8."""
    line_of = row_writer()
    catalog = await catalog_of(call)
    yield line_of(tuple(APP_COLUMNS)).encode()
    after = AppPlace()
    while rows := await list_apps(call.tx, after=after, limit=ROWS_AT_ONCE):
        shares = await shares_of_apps(call.tx, [row.app_no for row in rows])
        lines = [line_of(_app(row, shares.get(row.app_no, []), catalog)) for row in rows]
        yield "".join(lines).encode()
        after = AppPlace(name_key=text_key(rows[-1].name), app_no=rows[-1].app_no)


def _app(one: App, shares: list[str], catalog: TenantCatalog) -> list[str]:
    everyone = [EVERYONE] if one.is_shared_with_everyone else []
    return [
        one.external_id or "",
        one.name,
        one.kind.value,
        "" if one.environment is None else one.environment.name,
        yes_no(one.is_premium),
        "; ".join(_need(need, catalog) for need in one.needs),
        yes_no(one.needs_security_role),
        "; ".join([*everyone, *shares]),
        "" if one.client_version_min is None else version_text(one.client_version_min),
    ]


def _need(need: Need, catalog: TenantCatalog) -> str:
    if need.sku is not None:
        # By id: a part number may stand for several products (REF-010).
        return str(catalog.skus[need.sku].sku_id)
    names = [plan.name for plan in catalog.plans_of(need.service_plans)]
    return PLAN_PREFIX + "+".join(names)


async def export_flows(call: Call) -> AsyncIterator[bytes]:
    """Every flow, as CSV in UTF-8."""
    line_of = row_writer()
    yield line_of(tuple(FLOW_COLUMNS)).encode()
    after = FlowPlace()
    while rows := await list_flows(call.tx, after=after, limit=ROWS_AT_ONCE):
        yield "".join(line_of(_flow(row)) for row in rows).encode()
        after = FlowPlace(name_key=text_key(rows[-1].name), flow_no=rows[-1].flow_no)


def _flow(one: Flow) -> list[str]:
    owner = None if one.owner is None or one.owner.is_deleted else one.owner
    return [
        one.external_id or "",
        one.name,
        one.environment.name,
        yes_no(one.is_premium),
        yes_no(one.uses_attended_rpa),
        one.trigger.value,
        "" if owner is None else owner.user_principal_name,
    ]


async def export_roles(call: Call) -> AsyncIterator[bytes]:
    """Who was given which security role, group teams last; as CSV in UTF-8."""
    line_of = row_writer()
    yield line_of(tuple(ROLE_COLUMNS)).encode()
    for page in (user_role_lines, team_role_lines):
        after = (0, 0)
        while rows := await page(call.tx, after, limit=ROWS_AT_ONCE):
            cells = [(row.environment, row.role, row.upn, str(row.group or "")) for row in rows]
            yield "".join(line_of(one) for one in cells).encode()
            after = (rows[-1].role_no, rows[-1].holder_no)
