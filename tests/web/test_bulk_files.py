"""Bulk files: every dialect is read, and what is wrong refuses the call and names the row."""

from __future__ import annotations

import pytest

from tests.bulk import BULK, DONE, csv_of, holders, outcomes, send_csv, upn
from tests.office import Office
from tests.world import add_people, set_seats


@pytest.mark.parametrize("header", ["UserEmail,SkuPartNumber", "skupartnumber;USER EMAIL"])
async def test_headers_come_in_any_order_and_case(office: Office, header: str) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    cells = (upn("ada"), "SPE_E3") if header.startswith("User") else ("SPE_E3", upn("ada"))
    row = (";" if ";" in header else ",").join(cells)
    job = await send_csv(office, csv_of(row, header=header))
    assert outcomes(job) == [("succeeded", None)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "ascii"])
async def test_every_encoding_that_spreadsheets_write_is_read(
    office: Office, encoding: str
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    content = f"UserPrincipalName\tSkuPartNumber\r\n{upn('ada')}\tSPE_E3\r\n".encode(encoding)
    assert outcomes(await send_csv(office, content)) == [("succeeded", None)]


async def test_a_form_with_a_file_names_the_product_for_all_rows(office: Office) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    answer = await office.admin.post(
        BULK,
        files={"file": ("people.csv", csv_of(upn("ada"), header="UserEmail"), "text/csv")},
        data={"skuPartNumber": "SPE_E3", "fillPolicy": "wait"},
        headers=DONE,
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["fillPolicy"] == "wait"
    assert outcomes(answer.json()) == [("succeeded", None)]


async def test_an_unknown_product_fails_the_call_before_anyone_is_touched(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 2)
    answer = await office.admin.post(
        BULK,
        content=csv_of(f"{upn('ada')},SPE_E3", f"{upn('bob')},SPE_E33"),
        headers={"content-type": "text/csv", **DONE},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "unknownSku")
    assert "Row 3" in answer.json()["detail"]
    assert "SPE_E33" in answer.json()["detail"]
    assert "SPE_E3" in answer.json()["nearMatches"]
    assert await holders(office, "SPE_E3") == 0
    assert (await office.admin.get("/api/jobs")).json()["value"] == []


@pytest.mark.parametrize(
    ("columns", "cells", "code", "words"),
    [
        ("disabledServicePlans", '"TEAMS1;NOPE"', "servicePlanNotInSku", "NOPE"),
        ("action", "explode", "invalidValue", "explode"),
        ("usageLocation", "Norway", "invalidValue", "Norway"),
        ("expiresAt", "soon", "invalidValue", "soon"),
        ("expiresAt", "2001-01-01", "invalidValue", "2001"),
    ],
)
async def test_a_cell_that_means_nothing_fails_the_call_and_names_the_row(
    office: Office, *, columns: str, cells: str, code: str, words: str
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 2)
    content = csv_of(
        f"{upn('ada')},SPE_E3,",
        f"{upn('ada')},SPE_E3,{cells}",
        header=f"UserPrincipalName,SkuPartNumber,{columns}",
    )
    answer = await office.admin.post(BULK, content=content, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "Row 3" in answer.json()["detail"]
    assert words in answer.json()["detail"]
    assert await holders(office, "SPE_E3") == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"UserPrincipalName,SkuPartNumber\nj\xf6rg@contoso.example,SPE_E3\n", "Line 2"),
        (b"UserPrincipalName,SkuPartNumber\na\x00b@contoso.example,SPE_E3\n", "Row 2"),
        (b'UserPrincipalName,SkuPartNumber\n"ada@contoso.example,SPE_E3\n', "quotation mark"),
        (b"UserPrincipalName,SkuPartNumber\n", "no rows"),
        (b"", "empty"),
        (b"SkuPartNumber\nSPE_E3\n", "UserPrincipalName"),
        (b"UserPrincipalName\nada@contoso.example\n", "names no product"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(
    office: Office, content: bytes, words: str
) -> None:
    answer = await office.admin.post(BULK, content=content, headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), answer.text
    assert words in answer.json()["detail"]


async def test_columns_that_mean_nothing_are_named_and_blank_rows_passed_by(
    office: Office,
) -> None:
    await add_people(office, "ada")
    await set_seats(office, "SPE_E3", 1)
    content = f"Display Name,UserPrincipalName,SkuPartNumber\n\n,,\nAda,{upn('ada')},SPE_E3\n"
    answer = await office.admin.post(
        BULK, content=content.encode(), headers={"content-type": "text/csv"}
    )
    assert answer.status_code == 202, answer.text
    assert answer.json()["ignoredColumns"] == ["Display Name"]
    assert answer.json()["total"] == 1


async def test_more_rows_than_a_job_takes_are_refused_with_the_limit(office: Office) -> None:
    rows = "a@contoso.example,SPE_E3\n" * 200_001
    answer = await office.admin.post(
        BULK,
        content=f"UserPrincipalName,SkuPartNumber\n{rows}".encode(),
        headers={"content-type": "text/csv"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert "200000" in answer.json()["detail"]
