"""Lists as files: with the filters of their pages, and safe to open in a spreadsheet."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
import python_calamine

from seatwright.domain.roles import Role
from seatwright.web.portal import exports
from tests.office import Office
from tests.web.portal.visitor import visit
from tests.world import add_group, add_people

E3 = "SPE_E3"


async def test_every_list_is_a_file_with_the_filters_of_its_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(office, "ada", "ben", "cara")
    await office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"displayName": "=1+1", "department": "R&D"}
    )
    await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": 1, "status": "Enabled"}
    )
    group = await add_group(office, "Sales")
    members = {"users": ["ada@contoso.example", "ben@contoso.example"]}
    await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    visitor = await visit(office)
    page = await visitor.get("/users?department=R%26D")
    (link,) = re.findall(r'href="(/exports/users\.csv[^"]*)"', page.text)
    file = await visitor.get(unescape(link))
    assert file.headers["content-disposition"].startswith('attachment; filename="users-2026-')
    lines = file.text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("ada@contoso.example,'=1+1,")
    monkeypatch.setattr(exports, "SLICE_ROWS", 1)
    for name, rows in {
        "users.csv": 3,
        "groups.csv": 1,
        f"members.csv?group={group}": 2,
        f"holders.csv?product={E3}": 1,
        f"waiting.csv?product={E3}": 1,
        "licenses.csv": 1,
    }.items():
        file = await visitor.get(f"/exports/{name}")
        assert len(file.text.splitlines()) == rows + 1, name
    packed = await visitor.get("/exports/users.xlsx?department=R%26D")
    book = python_calamine.load_workbook(io.BytesIO(packed.content))
    assert book.get_sheet_by_index(0).to_python()[1][:2] == ["ada@contoso.example", "=1+1"]
    for wrong in ("users.pdf", "tokens.csv", "holders.csv"):
        assert (await visitor.get(f"/exports/{wrong}")).status_code == 400
    monkeypatch.setitem(
        exports._MAKERS,
        "csv",
        (*exports._MAKERS["csv"][:2], 2),
    )
    assert "too long for one file" in (await visitor.get("/exports/users.csv")).text
    billing = await visit(office, Role.BILLING_ADMINISTRATOR)
    assert (await billing.get("/exports/users.csv")).status_code == 403
    assert (await billing.get("/exports/licenses.csv")).status_code == 200
