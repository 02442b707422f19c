"""Reports as files: typed cells, no formulas, and long ones only by a run."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.office import Office
from tests.reports import E5, rows_of, settle_company
from tests.world import add_people, call_of

EVIL = ('=cmd|"/c calc"!A1', "+1+1", "-2+3", "@SUM(A1)", "\tTab", "http://evil.example/")


@pytest.fixture
async def company(office: Office) -> Office:
    await settle_company(office)
    return office


def sheet_of(content: bytes, name: str) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == [name, "About"]
    return book.get_sheet_by_name(name).to_python()


async def workbook(office: Office, report: str, **query: int) -> bytes:
    answer = await office.admin.get(f"/api/reports/{report}", params={"format": "xlsx", **query})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert answer.headers["content-disposition"].endswith('-2027-06-09.xlsx"')
    return answer.content


async def test_a_workbook_holds_what_the_pages_hold_with_types(company: Office) -> None:
    sheet = sheet_of(await workbook(company, "idle-holders"), "Idle holders")
    rows = await rows_of(company, "idle-holders")
    titles, first = sheet[0], dict(zip(sheet[0], sheet[1], strict=True))
    assert titles[:3] == ["State", "User id", "Name"]
    assert len(sheet) == 1 + len(rows)
    assert first["Name"] == "cid"
    assert first["Would save"] == 50.0
    assert first["Idle days"] == 150.0
    assert first["Account enabled"] is True
    assert first["Last sign-in"] == datetime(2027, 1, 10, 9, 0)  # noqa: DTZ001  A cell has no zone.
    assert first["Part number"] == E5


async def test_a_share_is_a_per_cent_that_a_spreadsheet_can_count_with(company: Office) -> None:
    sheet = sheet_of(await workbook(company, "inventory"), "Inventory")
    at = sheet[0].index("In use")
    assert [row[at] for row in sheet[1:]] == [0.5, "", 1.0, 0.4]


async def test_a_workbook_says_what_it_is_about(company: Office) -> None:
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(await workbook(company, "idle-holders", inactiveDays=130))
    )
    about = {row[0]: row[1] for row in book.get_sheet_by_name("About").to_python()}
    assert about["Tenant"] == "Contoso"
    assert about["Made at"] == "2027-06-09 09:00 UTC"
    assert about["inactiveDays"] == "130"


async def test_no_name_becomes_a_formula_or_a_link(office: Office) -> None:
    await add_people(office, *(f"p{n}" for n in range(len(EVIL))))
    async with call_of(office) as call:
        for number, name in enumerate(EVIL):
            await call.tx.connection.execute(
                "update app_user set display_name = %s, department = %s where upn = %s",
                (name, name, f"p{number}@contoso.example"),
            )
    answer = await office.admin.get("/api/reports/unlicensed?format=xlsx")
    sheet = sheet_of(answer.content, "Unlicensed")
    at = sheet[0].index("Name")
    assert [row[at] for row in sheet[1:]] == list(EVIL)
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    formulas = book.get_sheet_by_name("Unlicensed")
    assert formulas.height == 1 + len(EVIL)
    text = (await office.admin.get("/api/reports/unlicensed?format=csv")).text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["displayName"] for row in rows] == [
        name if name.startswith("http") else f"'{name}" for name in EVIL
    ]


async def test_a_workbook_has_no_formula_at_all(office: Office) -> None:
    await add_people(office, "ada")
    async with call_of(office) as call:
        await call.tx.connection.execute("update app_user set display_name = %s", ("=1+1",))
    answer = await office.admin.get("/api/reports/unlicensed?format=xlsx")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
        sheets = [n for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        texts = [parts.read(name).decode() for name in sheets]
        assert not any("hyperlink" in name or "external" in name for name in parts.namelist())
    assert all("<f>" not in text and "<f " not in text for text in texts)
    assert 'state="frozen"' in texts[0]
    assert "=1+1" in texts[0]


async def test_csv_has_every_row_and_numbers_that_stay_numbers(company: Office) -> None:
    async with call_of(company) as call:
        await call.tx.connection.execute(
            "update sku_pool set assignable = 0, seats_over = consumed where consumed > 0"
        )
    answer = await company.admin.get("/api/reports/inventory?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["free"] for row in rows] == ["-2", "", "-2", "-2"]
    assert [row["spend"] for row in rows] == ["90.00", "40.00", "100.00", ""]
    whole = list(
        csv.DictReader(
            io.StringIO((await company.admin.get("/api/reports/per-person?format=csv")).text)
        )
    )
    assert [row["displayName"] for row in whole] == [
        row["displayName"] for row in await rows_of(company, "per-person")
    ]
    assert whole[0]["lastSignInAt"] == "2027-06-04T09:00:00Z"
    assert whole[-1]["accountEnabled"] == "false"


async def test_a_long_workbook_is_for_a_run(
    company: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.reports.files.INLINE_ROWS_MAX", 7)
    answer = await company.admin.get("/api/reports/per-person?format=xlsx")
    assert answer.status_code == 400
    assert "is made by a run" in answer.json()["detail"]
    assert (await company.admin.get("/api/reports/assignments?format=xlsx")).status_code == 400
    assert (await company.admin.get("/api/reports/unlicensed?format=xlsx")).status_code == 200


async def test_a_file_of_what_is_not_there_is_refused_and_not_broken_off(office: Office) -> None:
    answer = await office.admin.get("/api/reports/per-person?format=csv&sku=NO_SUCH")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknownSku"
