"""The same for accounts with passwords, the roles of people, and domains."""

from __future__ import annotations

from typing import Final

from tests.office import Office
from tests.power_platform import post
from tests.previews import upn
from tests.writes import write

ACCOUNTS: Final = "/api/accounts"
ROLES: Final = "/api/role-assignments"
DOMAINS: Final = "/api/settings/domains"


async def set_accounts(office: Office) -> dict[str, str]:
    """Somebody who may sign in with a password, somebody with a role, and a second domain."""
    account = await post(office.admin, "accounts", login=upn("ada"))
    given = {"user": upn("bob"), "role": "global-reader"}
    answer = await office.admin.post(ROLES, json=given)
    assert answer.status_code == 200, answer.text
    await post(office.admin, "settings/domains", name="fabrikam.example")
    return {"account": str(account["id"]), "holder": answer.json()["id"]}


ACCOUNT_WRITES = (
    write("POST /api/accounts", ACCOUNTS, {"login": "ops@x.example", "roles": ["reader"]}),
    write("POST /api/accounts/{account_id}/link", f"{ACCOUNTS}/{{account}}/link"),
    write("DELETE /api/accounts/{account_id}", f"{ACCOUNTS}/{{account}}"),
    write("POST /api/role-assignments", ROLES, {"user": upn("ada"), "role": "reports-reader"}),
    write("DELETE /api/role-assignments/{holder_id}/{slug}", f"{ROLES}/{{holder}}/global-reader"),
    write("POST /api/settings/domains", DOMAINS, {"name": "northwind.example"}),
    write("POST /api/settings/domains/{domain}/default", f"{DOMAINS}/northwind.example/default"),
    write("DELETE /api/settings/domains/{domain}", f"{DOMAINS}/fabrikam.example"),
)
