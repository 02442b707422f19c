"""The same for environments, apps and flows: each call finds what those before it have made."""

from __future__ import annotations

from tests.previews import upn
from tests.writes import write

ENVIRONMENTS = "/api/platform/environments"
APPS = "/api/platform/apps"
FLOWS = "/api/platform/flows"

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
)
