"""`/api/imports` and `/api/exports` for environments, apps, flows and security roles."""

from __future__ import annotations

from typing import Any

from litestar import Request, get, post
from litestar.response import Stream

from seatwright.app.platform import exports, import_roles, imports
from seatwright.domain.platform_file import (
    APP_COLUMNS,
    ENVIRONMENT_COLUMNS,
    FLOW_COLUMNS,
    PLATFORM_ROWS_MAX,
    ROLE_COLUMNS,
    ROLE_ROWS_MAX,
)
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.imports import ImportShape, stream_csv, table_of, told


@post(
    "/api/imports/environments",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Import environments",
    status_code=200,
)
async def import_environments_file(call: TheCall, request: Request[Any, Any, Any]) -> ImportShape:
    """A CSV file of environments, matched by external id, then name; safe to send again."""
    table = await table_of(
        request, ENVIRONMENT_COLUMNS, required=("displayName",), rows_max=PLATFORM_ROWS_MAX
    )
    return told(request, await imports.import_environments(call, table))


@post(
    "/api/imports/apps",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Import apps",
    status_code=200,
)
async def import_apps_file(call: TheCall, request: Request[Any, Any, Any]) -> ImportShape:
    """A CSV file of apps, matched by external id, then by name in their environment.

    `requires` lists products, or `plan:NAME`, between semicolons; `sharedWith` lists everyone,
    `group:NAME` and people, and says all of them where the file has it.
    """
    table = await table_of(
        request, APP_COLUMNS, required=("displayName",), rows_max=PLATFORM_ROWS_MAX
    )
    return told(request, await imports.import_apps(call, table))


@post(
    "/api/imports/flows",
    opt=needs(Permission.WRITE_PLATFORM),
    summary="Import flows",
    status_code=200,
)
async def import_flows_file(call: TheCall, request: Request[Any, Any, Any]) -> ImportShape:
    """A CSV file of flows, matched by external id, then by name in their environment."""
    table = await table_of(
        request, FLOW_COLUMNS, required=("displayName",), rows_max=PLATFORM_ROWS_MAX
    )
    return told(request, await imports.import_flows(call, table))


@post(
    "/api/imports/security-roles",
    opt=needs(Permission.ASSIGN_SECURITY_ROLES),
    summary="Import who has which security role",
    status_code=200,
)
async def import_roles_file(call: TheCall, request: Request[Any, Any, Any]) -> ImportShape:
    """A CSV file of environments, roles, and people or groups; it takes no role from anybody."""
    table = await table_of(
        request, ROLE_COLUMNS, required=("environment", "securityRole"), rows_max=ROLE_ROWS_MAX
    )
    return told(request, await import_roles.import_roles(call, table))


@get(
    "/api/exports/environments",
    opt=needs(Permission.READ_PLATFORM),
    summary="Export environments",
)
async def export_environments_file(call: TheCall) -> Stream:
    """Every environment, as a CSV file that the import takes back unchanged."""
    return stream_csv(exports.export_environments(call), "environments")


@get("/api/exports/apps", opt=needs(Permission.READ_PLATFORM), summary="Export apps")
async def export_apps_file(call: TheCall) -> Stream:
    """Every app and whom it is shared with, as a CSV file that the import takes back unchanged."""
    return stream_csv(exports.export_apps(call), "apps")


@get("/api/exports/flows", opt=needs(Permission.READ_PLATFORM), summary="Export flows")
async def export_flows_file(call: TheCall) -> Stream:
    """Every flow, as a CSV file that the import takes back unchanged."""
    return stream_csv(exports.export_flows(call), "flows")


@get(
    "/api/exports/security-roles",
    opt=needs(Permission.READ_PLATFORM),
    summary="Export who has which security role",
)
async def export_roles_file(call: TheCall) -> Stream:
    """What was given, as a CSV file; what comes by itself is computed and not in it."""
    return stream_csv(exports.export_roles(call), "security-roles")


PLATFORM_FILE_ROUTES = (
    import_environments_file,
    import_apps_file,
    import_flows_file,
    import_roles_file,
    export_environments_file,
    export_apps_file,
    export_flows_file,
    export_roles_file,
)
