"""The same for accounts with passwords, and the roles of people."""

from __future__ import annotations

from typing import Final

from tests.office import Office
from tests.power_platform import post
from tests.previews import upn
from tests.writes import write

ACCOUNTS: Final = "/api/accounts"
ROLES: Final = "/api/role-assignments"


async def set_accounts(office: Office) -> dict[str, str]:
    """Somebody who may sign in with a password, and somebody with a role."""
    account = await post(office.admin, "accounts", login=upn("ada"))
    given = {"user": upn("bob"), "role": "global-reader"}
    answer = await office.admin.post(ROLES, json=given)
    assert answer.status_code == 200, answer.text
    return {"account": str(account["id"]), "holder": answer.json()["id"]}


ACCOUNT_WRITES = (
    write("POST /api/accounts", ACCOUNTS, {"login": "ops@x.example", "roles": ["reader"]}),
    write("POST /api/accounts/{account_id}/link", f"{ACCOUNTS}/{{account}}/link"),
    write("DELETE /api/accounts/{account_id}", f"{ACCOUNTS}/{{account}}"),
    write("POST /api/role-assignments", ROLES, {"user": upn("ada"), "role": "reports-reader"}),
    write("DELETE /api/role-assignments/{holder_id}/{slug}", f"{ROLES}/{{holder}}/global-reader"),
)
