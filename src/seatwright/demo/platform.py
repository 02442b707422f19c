"""The demo's platform: managed and standard environments, with apps and flows of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seatwright.app.call import Call
from seatwright.app.directory.imports import ImportResult
from seatwright.app.platform.import_roles import import_roles
from seatwright.app.platform.imports import import_apps, import_environments, import_flows
from seatwright.domain.csv_text import Table, read_table
from seatwright.domain.platform_file import (
    APP_COLUMNS,
    ENVIRONMENT_COLUMNS,
    FLOW_COLUMNS,
    ROLE_COLUMNS,
)

ENVIRONMENTS: Final = """\
externalId,displayName,managed,solutions
Default-fjordline,Fjordline (default),false,
env-people,People,true,
env-service,Service,false,Customer Service Hub
env-finance,Finance automation,true,
env-sandbox,Maker sandbox,false,
"""

# “Onboarding” asks for a security role that nobody in Human Resources has yet, and Sales lacks the
# licenses for “Customer visits”: the two open tasks that the pages show.
APPS: Final = """\
displayName,externalId,kind,environment,premium,requires,needsSecurityRole,sharedWith
Lunch menu,app-lunch,powerApp,Fjordline (default),false,,false,everyone
Expense report,app-expenses,powerApp,Fjordline (default),true,,false,everyone
Customer visits,app-visits,powerApp,Fjordline (default),true,,false,group:Sales
Onboarding,app-onboarding,powerApp,People,true,,true,group:Human Resources
Vacation planner,app-vacation,powerApp,People,false,,false,group:Human Resources
Customer Service Hub,app-service,powerApp,Service,true,DYN365_ENTERPRISE_CUSTOMER_SERVICE,true,
Prototype,app-prototype,powerApp,Maker sandbox,false,,false,
Route Studio,app-routes,other,,true,FJORDLINE_ROUTE_STUDIO,false,group:Operations
Power Automate for desktop,app-desktop,desktopClient,,true,,false,everyone
"""
FLOWS: Final = """\
displayName,externalId,environment,premium,attendedRpa,trigger,owner
Daily sales mail,flow-mail,Fjordline (default),false,false,scheduled,alex.hughes@demo.example
New supplier,flow-supplier,Fjordline (default),true,false,instant,
Invoice robot,flow-invoice,Finance automation,true,true,instant,
Bank statement,flow-bank,Finance automation,true,false,automated,adam.nilsen@demo.example
Approve vacation,flow-vacation,People,false,false,instant,
"""
ROLES: Final = """\
environment,securityRole,group
Finance automation,Environment Maker,Finance
Maker sandbox,Environment Maker,Engineering
"""

_ROWS_MAX: Final = 100


async def load_platform(call: Call) -> None:
    """Bring in everything above; the groups and people that it names are there."""
    _check(await import_environments(call, _table(ENVIRONMENTS, ENVIRONMENT_COLUMNS)))
    _check(await import_apps(call, _table(APPS, APP_COLUMNS)))
    _check(await import_flows(call, _table(FLOWS, FLOW_COLUMNS)))
    _check(await import_roles(call, _table(ROLES, ROLE_COLUMNS)))


def _table(text: str, columns: Mapping[str, Sequence[str]]) -> Table:
    return read_table(text.encode(), columns=columns, required=(), rows_max=_ROWS_MAX)


def _check(result: ImportResult) -> None:
    assert not result.errors, f"the demo's platform is right in every row, but {result.errors[:3]}"
