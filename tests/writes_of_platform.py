"""The same for environments, apps and flows: each call finds what those before it have made."""

from __future__ import annotations

from typing import Final

from tests.office import Office
from tests.power_platform import post, role_named
from tests.previews import upn
from tests.world import add_group
from tests.writes import write

ENVIRONMENTS = "/api/platform/environments"
APPS = "/api/platform/apps"
FLOWS = "/api/platform/flows"
ROLES = "/api/platform/security-roles"
RULES = "/api/platform/default-roles"
ADMINISTRATORS = "/api/platform/administrators"

FILE: Final = "Name,Environment\nBrand new,Standing\n"
ROLE_FILE: Final = f"Environment,Role,User\nStanding,System Customizer,{upn('ada')}\n"


async def set_platform(office: Office) -> dict[str, str]:
    """An environment with a role of its own and a group team, and a default role; their ids."""
    await post(office.admin, "platform/environments", displayName="Standing")
    role = await post(
        office.admin, "platform/security-roles", environment="Standing", displayName="Clerk"
    )
    rule = await post(office.admin, "platform/default-roles", solution="Hub", roleName="Guest")
    return {
        "role": await role_named(office, "Basic User", "Standing"),
        "own_role": str(role["id"]),
        "rule": str(rule["id"]),
        "clerks": await add_group(office, "Clerks"),
    }


PLATFORM_WRITES = (
    write("POST /api/platform/environments", ENVIRONMENTS, {"displayName": "Sales"}),
    write(
        "PATCH /api/platform/environments/{environment}",
        f"{ENVIRONMENTS}/Sales",
        {"managed": True},
    ),
    write("POST /api/platform/apps", APPS, {"displayName": "Visits", "environment": "Sales"}),
    write("PATCH /api/platform/apps/{app}", f"{APPS}/Visits", {"premium": True}),
    write("POST /api/platform/apps/{app}/shares", f"{APPS}/Visits/shares", {"users": [upn("ada")]}),
    write(
        "DELETE /api/platform/apps/{app}/shares/{member}",
        f"{APPS}/Visits/shares/{upn('ada')}",
    ),
    write("DELETE /api/platform/apps/{app}", f"{APPS}/Visits"),
    write("POST /api/platform/flows", FLOWS, {"displayName": "Mail", "environment": "Sales"}),
    write("PATCH /api/platform/flows/{flow}", f"{FLOWS}/Mail", {"premium": True}),
    write("DELETE /api/platform/flows/{flow}", f"{FLOWS}/Mail"),
    write("DELETE /api/platform/environments/{environment}", f"{ENVIRONMENTS}/Sales"),
    write("POST /api/imports/environments", "/api/imports/environments", "Name\nImported\n"),
    write("POST /api/imports/apps", "/api/imports/apps", FILE),
    write("POST /api/imports/flows", "/api/imports/flows", FILE),
    write("POST /api/imports/security-roles", "/api/imports/security-roles", ROLE_FILE),
    write(
        "POST /api/platform/security-roles",
        ROLES,
        {"environment": "Standing", "displayName": "Auditor", "givesDataAccess": False},
    ),
    write(
        "POST /api/platform/security-roles/{role}/holders",
        f"{ROLES}/{{role}}/holders",
        {"users": [upn("ada")], "groups": ["Clerks"]},
    ),
    write(
        "DELETE /api/platform/security-roles/{role}/users/{user}",
        f"{ROLES}/{{role}}/users/{upn('ada')}",
    ),
    write(
        "DELETE /api/platform/security-roles/{role}/groups/{group}",
        f"{ROLES}/{{role}}/groups/{{clerks}}",
    ),
    write("DELETE /api/platform/security-roles/{role}", f"{ROLES}/{{own_role}}"),
    write("POST /api/platform/default-roles", RULES, {"solution": "Desk", "roleName": "Guest"}),
    write("DELETE /api/platform/default-roles/{rule}", f"{RULES}/{{rule}}"),
    write(
        "PUT /api/platform/administrators/{user}",
        f"{ADMINISTRATORS}/{upn('ada')}",
        {"role": "serviceAdministrator"},
    ),
    write("DELETE /api/platform/administrators/{user}", f"{ADMINISTRATORS}/{upn('ada')}"),
)
