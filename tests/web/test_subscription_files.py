"""Subscriptions as CSV: taken whole or not at all, twice with the same result, and back again."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.office import Office

FILE = """SKU;Units;Status;Start date;Price;Currency;Offer minimum;Included;External Id
SPE_E3;4,300;Active;2026-01-01;36.00;eur;300;0;A-1
spe_e5;160;Expired;2026-01-01;57.50;EUR;;;A-2
EXCHANGESTANDARD;86;;;;;;;
EXCHANGESTANDARD;10;Suspended;;;;;;
"""


async def load(office: Office, text: str) -> httpx.Response:
    """Import a file."""
    return await office.admin.post(
        "/api/imports/subscriptions", content=text.encode(), headers={"content-type": "text/csv"}
    )


async def purchases(office: Office) -> list[dict[str, Any]]:
    """Every purchase."""
    value: list[dict[str, Any]] = (await office.admin.get("/api/subscriptions")).json()["value"]
    return value


async def seats(office: Office, sku: str) -> int:
    """Assignable seats of a product."""
    found: int = (await office.admin.get(f"/api/identity/licenses/{sku}")).json()["assignable"]
    return found


async def test_a_file_gives_seats_at_once(office: Office) -> None:
    done = await load(office, FILE)
    assert done.status_code == 200, done.text
    assert (done.json()["created"], done.json()["updated"]) == (4, 0)
    assert await seats(office, "SPE_E3") == 4_300
    assert await seats(office, "SPE_E5") == 160
    assert await seats(office, "EXCHANGESTANDARD") == 86
    e3 = next(one for one in await purchases(office) if one["externalId"] == "A-1")
    assert (e3["unitPrice"], e3["currency"], e3["offerMinimum"]) == ("36.0000", "EUR", 300)


async def test_the_same_file_again_changes_nothing(office: Office) -> None:
    await load(office, FILE)
    before = await purchases(office)
    again = (await load(office, FILE)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4)
    assert await purchases(office) == before


async def test_what_goes_out_comes_back_unchanged(office: Office) -> None:
    await load(office, FILE)
    before = await purchases(office)
    out = await office.admin.get("/api/exports/subscriptions")
    assert out.headers["content-type"].startswith("text/csv")
    again = (await load(office, out.text)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4)
    assert again["ignoredColumns"] == []
    assert await purchases(office) == before


async def test_an_external_id_that_looks_like_a_formula_is_safe_and_comes_back(
    office: Office,
) -> None:
    await load(office, "SKU,Units,ExternalId\nSPE_E3,1,=cmd()\n")
    out = (await office.admin.get("/api/exports/subscriptions")).text
    assert ",'=cmd()," in out
    assert (await load(office, out)).json()["unchanged"] == 1


async def test_rows_change_the_purchase_that_they_name(office: Office) -> None:
    await load(office, FILE)
    done = (await load(office, "ExternalId,Sku,Units\nA-1,SPE_E3,4000\n")).json()
    assert (done["created"], done["updated"]) == (0, 1)
    assert await seats(office, "SPE_E3") == 4_000
    assert len(await purchases(office)) == 4


async def test_a_purchase_without_a_name_is_the_next_of_its_product(office: Office) -> None:
    await load(office, "Sku,Units\nSPE_E3,100\n")
    done = (await load(office, "Sku,Units\nSPE_E3,120\nSPE_E3,30\n")).json()
    assert (done["created"], done["updated"]) == (1, 1)
    assert sorted(one["units"] for one in await purchases(office)) == [30, 120]


@pytest.mark.parametrize(
    "row",
    [
        "SPE_E9,1,,,",
        "SPE_E3,many,,,",
        "SPE_E3,-1,,,",
        "SPE_E3,1,paused,,",
        "SPE_E3,1,,cheap,EUR",
        "SPE_E3,1,,5,",
        "SPE_E3,1,,nan,EUR",
    ],
)
async def test_one_row_that_does_not_fit_stops_the_whole_file(office: Office, row: str) -> None:
    header = "Sku,Units,Status,Price,Currency"
    refused = await load(office, f"{header}\nSPE_E5,1,,,\n{row}\n")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue"), refused.text
    assert [one["row"] for one in refused.json()["rows"]] == [3]
    assert await purchases(office) == []


async def test_two_rows_for_one_purchase_are_refused(office: Office) -> None:
    await load(office, FILE)
    refused = await load(office, "ExternalId,Sku,Units\nA-1,SPE_E3,1\nA-1,SPE_E3,2\n")
    assert refused.json()["code"] == "invalidValue"
    assert "row 2" in refused.json()["detail"]


async def test_a_purchase_never_changes_its_product(office: Office) -> None:
    await load(office, FILE)
    refused = await load(office, "ExternalId,Sku,Units\nA-1,SPE_E5,1\n")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    assert await seats(office, "SPE_E3") == 4_300
