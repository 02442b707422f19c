"""What reports say of a company whose every figure was worked out by hand."""

from __future__ import annotations

import pytest

from seatwright.app.reports.reading import SOURCES
from seatwright.domain.reports.catalog import REPORTS
from seatwright.domain.roles import Role
from tests.office import Office
from tests.reports import E3, E5, PBI, cells, rows_of, settle_company
from tests.world import add_people, set_seats


@pytest.fixture
async def company(office: Office) -> Office:
    await settle_company(office)
    return office


def names(rows: list[dict[str, str]]) -> list[str]:
    return [row["displayName"] for row in rows]


async def test_the_inventory_tells_used_from_idle_and_keeps_currencies_apart(
    company: Office,
) -> None:
    rows = await rows_of(company, "inventory")
    assert cells(
        rows,
        *("skuPartNumber", "purchased", "unpriced", "assigned", "active", "idle", "tooNew"),
        *("free", "waiting", "inError", "utilization"),
    ) == [
        (E3, 3, 0, 2, 1, 1, 0, 2, 0, 0, "50.0"),
        (E3, 1, 0, None, None, None, None, None, None, None, None),
        (E5, 2, 0, 2, 0, 2, 0, 0, 1, 0, "100.0"),
        (PBI, 5, 5, 2, 1, 1, 0, 3, 0, 0, "40.0"),
    ]
    assert cells(rows, "skuPartNumber", "price", "spend", "idleSpend", "freeSpend", "currency") == [
        (E3, "30.00", "90.00", "22.50", "45.00", "EUR"),
        (E3, "40.00", "40.00", "10.00", "20.00", "USD"),
        (E5, "50.00", "100.00", "100.00", "0.00", "USD"),
        (PBI, None, None, None, None, None),
    ]


async def test_who_is_too_new_to_tell_is_neither_active_nor_idle(office: Office) -> None:
    await settle_company(office)
    office.clock.move(days=-190)
    rows = await rows_of(office, "inventory", newcomerDays=30)
    by_product = {row["skuPartNumber"]: row for row in rows if row["assigned"] is not None}
    # Ten days after the company was founded nobody's silence means anything yet.
    assert [(r["active"], r["idle"], r["tooNew"]) for r in by_product.values()] == [
        (2, 0, 0),
        (1, 0, 1),
        (1, 0, 1),
    ]
    assert await rows_of(office, "idle-holders") == []


async def test_a_person_is_told_with_what_they_hold_and_what_they_lack(company: Office) -> None:
    rows = await rows_of(company, "per-person")
    assert cells(rows, "displayName", "skuPartNumber", "state", "reason") == [
        ("ada", E3, "held", None),
        ("bob", E3, "held", None),
        ("cid", E5, "held", None),
        ("dea", E5, "held", None),
        ("dea", PBI, "held", None),
        ("eve", PBI, "held", None),
        ("fay", E5, "missing", "noSeatLeft"),
        ("gus", None, "none", None),
    ]
    assert cells(rows, "price", "currency") == [
        (None, "EUR + USD"),
        (None, "EUR + USD"),
        ("50.00", "USD"),
        ("50.00", "USD"),
        (None, None),
        (None, None),
        (None, None),
        (None, None),
    ]
    assert cells(rows[:1], "department", "costCenter", "manager", "accountEnabled") == [
        ("Sales", "CC1", "cid", True)
    ]
    assert rows[0]["lastSignInAt"] == "2027-06-04T09:00:00Z"


async def test_pages_of_one_row_hold_every_row_once(company: Office) -> None:
    await company.admin.patch("/api/settings", json={"bulkAdviceAbove": 1})
    members = {"users": ["gus@contoso.example"]}
    groups = (await company.admin.get("/api/identity/groups")).json()["value"]
    board = next(group["id"] for group in groups if group["displayName"] == "Board")
    await company.admin.post(f"/api/identity/groups/{board}/members", json=members)
    assert len(await rows_of(company, "errors")) == 2
    for report in REPORTS:
        query = {"sinceDays": 365} if report == "grants" else {}
        whole = await rows_of(company, report, **query)
        assert whole, report
        assert await rows_of(company, report, limit=1, **query) == whole, report
    by_group = await rows_of(company, "errors", group="Board")
    assert await rows_of(company, "errors", group="Board", limit=1) == by_group


async def test_costs_by_department_add_up_in_each_currency(company: Office) -> None:
    rows = await rows_of(company, "departments")
    columns = ("department", "people", "licensed", "seats", "unpriced", "monthlyCost", "currency")
    assert cells(rows, *columns) == [
        ("HR", 2, 2, 3, 1, "100.00", "USD"),
        ("Sales", 2, 2, 2, 0, "45.00", "EUR"),
        ("Sales", None, None, None, None, "20.00", "USD"),
        ("(none)", 3, 1, 1, 1, None, None),
    ]
    rows = await rows_of(company, "cost-centers")
    assert cells(rows, "costCenter", *columns[1:]) == [
        ("CC1", 2, 2, 2, 0, "45.00", "EUR"),
        ("CC1", None, None, None, None, "20.00", "USD"),
        ("CC2", 1, 1, 1, 0, "50.00", "USD"),
        ("(none)", 4, 2, 3, 2, "50.00", "USD"),
    ]


async def test_an_inherited_product_says_by_which_path_it_comes(company: Office) -> None:
    rows = await rows_of(company, "assignments")
    columns = ("displayName", "skuPartNumber", "source", "path", "state", "otherSources")
    assert cells(rows, *columns) == [
        ("ada", E3, "direct", None, "active", 1),
        ("ada", E3, "group", "Nordics → Sales", "active", 1),
        ("bob", E3, "group", "Nordics → Sales", "active", 0),
        ("cid", E5, "direct", None, "active", 0),
        ("dea", E5, "direct", None, "active", 0),
        ("dea", PBI, "direct", None, "active", 0),
        ("eve", PBI, "direct", None, "active", 0),
        ("fay", E5, "group", "Board", "waiting", 0),
    ]
    assert {row["assignedBy"] for row in rows} == {"local administrator"}
    assert {row["strategy"] for row in rows} == {"manual", "group"}
    assert names(await rows_of(company, "assignments", source="inherited", sku=E3)) == [
        "ada",
        "bob",
    ]
    assert names(await rows_of(company, "assignments", source="direct", sku=E3)) == ["ada"]


async def test_an_error_names_the_person_the_product_the_group_and_the_fix(
    company: Office,
) -> None:
    (row,) = await rows_of(company, "errors")
    assert (row["reason"], row["skuPartNumber"], row["displayName"], row["group"]) == (
        "noSeatLeft",
        E5,
        "fay",
        "Board",
    )
    assert row["sentence"].startswith("No seat of Microsoft 365 E5 is left for fay: 2 of 2")
    assert row["fix"].startswith("Buy seats of Microsoft 365 E5")
    assert await rows_of(company, "errors", reason="NoSeatLeft", sku="spe_e5", group="Board") == [
        row
    ]
    assert await rows_of(company, "errors", sku=E3) == []
    assert await rows_of(company, "errors", reason="dependencyMissing") == []
    assert await rows_of(company, "errors", group="Sales") == []
    (total,) = await rows_of(company, "error-totals")
    assert (total["people"], total["group"], total["fix"]) == (1, "Board", row["fix"])


async def test_idle_holders_come_longest_unused_first_and_those_who_never_came_last(
    company: Office,
) -> None:
    rows = await rows_of(company, "idle-holders")
    columns = ("state", "displayName", "idleDays", "skuPartNumber", "saving", "group")
    assert cells(rows, *columns) == [
        ("idle", "cid", 150, E5, "50.00", None),
        ("idle", "bob", 120, E3, None, "Sales"),
        ("neverSignedIn", "dea", 200, E5, "50.00", None),
        ("neverSignedIn", "dea", 200, PBI, None, None),
    ]
    assert names(await rows_of(company, "idle-holders", inactiveDays=130, sku=E5)) == ["cid", "dea"]
    held = await company.admin.get("/api/identity/users/cid@contoso.example/licenses")
    assert held.json()["value"], "the report takes nothing from anybody"


async def test_a_newcomer_is_no_candidate(company: Office) -> None:
    await add_people(company, "hal")
    await set_seats(company, E5, 3)
    answer = await company.admin.post(
        "/api/identity/users/hal@contoso.example/licenses", json={"skuPartNumber": E5}
    )
    assert answer.status_code == 201, answer.text
    company.clock.move(days=29)
    assert "hal" not in names(await rows_of(company, "idle-holders"))
    company.clock.move(days=2)
    assert "hal" in names(await rows_of(company, "idle-holders"))


async def test_who_should_sign_in_and_holds_nothing_is_named(company: Office) -> None:
    # gus holds nothing either, but nobody expects a disabled account to sign in.
    assert names(await rows_of(company, "unlicensed")) == ["fay"]


async def test_grants_say_who_gave_what_by_which_strategy(company: Office) -> None:
    rows = await rows_of(company, "grants", sinceDays=365)
    assert {row["action"] for row in rows} == {"assigned", "granted"}
    granted = {(row["displayName"], row["strategy"], row["group"]) for row in rows}
    assert ("bob", "group", "Sales") in granted
    assert ("cid", "manual", None) in granted
    assert {row["principal"] for row in rows} == {"local administrator"}
    assert await rows_of(company, "grants") == [], "all of it was 200 days ago"


async def test_many_manual_assignments_draw_the_advice_to_use_a_group(company: Office) -> None:
    assert await rows_of(company, "strategy-advice") == []
    await company.admin.patch("/api/settings", json={"bulkAdviceAbove": 1})
    rows = await rows_of(company, "strategy-advice")
    assert cells(rows, "skuPartNumber", "people") == [(E5, 2), (PBI, 2)]
    assert "group" in rows[0]["advice"]


async def test_the_catalogue_lists_every_report_with_its_columns(office: Office) -> None:
    found = (await office.admin.get("/api/reports")).json()["value"]
    assert [one["id"] for one in found] == list(REPORTS)
    assert set(SOURCES) == set(REPORTS)
    idle = next(one for one in found if one["id"] == "idle-holders")
    assert [one["name"] for one in idle["parameters"]] == ["inactiveDays", "newcomerDays", "sku"]
    assert (idle["parameters"][0]["default"], idle["parameters"][0]["high"]) == (90, 3650)
    kinds = {one["name"]: one["kind"] for one in idle["columns"]}
    assert (kinds["saving"], kinds["since"], kinds["displayName"]) == ("money", "moment", "text")


async def test_a_reader_of_reports_sees_ids_and_names_and_no_details(company: Office) -> None:
    reader = await company.as_role(Role.REPORTS_READER)
    details = {
        *("userPrincipalName", "department", "costCenter", "manager", "lastSignInAt"),
        *("accountEnabled", "idleDays", "usageLocation", "createdAt", "sentence"),
    }
    for report in REPORTS:
        whole = (await company.admin.get(f"/api/reports/{report}")).json()
        answer = await reader.get(f"/api/reports/{report}")
        assert answer.status_code == 200, answer.text
        cut = answer.json()
        expected = set(whole["columns"])
        if report not in {"departments", "cost-centers"}:
            expected -= details
        assert set(cut["columns"]) == expected, report
        assert all(set(row) == expected for row in cut["value"]), report
        assert "@contoso.example" not in answer.text
        csv = await reader.get(f"/api/reports/{report}?format=csv")
        assert csv.text.splitlines()[0] == ",".join(cut["columns"])
        assert "@contoso.example" not in csv.text
    costs = (await reader.get("/api/reports/departments")).json()["value"]
    assert costs[0]["department"] == "HR"
    assert costs[0]["monthlyCost"] == "100.00"


async def test_prices_are_for_those_who_may_read_reports(office: Office) -> None:
    for role in (Role.HELPDESK_ADMINISTRATOR, Role.USER_ADMINISTRATOR):
        client = await office.as_role(role)
        assert (await client.get("/api/reports/inventory")).status_code == 403
    billing = await office.as_role(Role.BILLING_ADMINISTRATOR)
    assert (await billing.get("/api/reports/inventory")).status_code == 200


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("idle-holders?inactiveDays=0", "inactiveDays is “0”: give a whole number from 1 to 3650."),
        ("idle-holders?inactiveDays=many", "inactiveDays is “many”"),
        ("idle-holders?source=direct", "has no parameter “source”"),
        ("assignments?source=group", "give one of all, direct, inherited"),
        ("errors?reason=oops", "reason is “oops”, which is no code of a reason"),
        ("errors?group=Nowhere", "There is no group “Nowhere”"),
        ("inventory?format=pdf", "format is “pdf”: give one of json, csv, xlsx."),
        ("grants?cursor=WzEsMl0", "cursor “WzEsMl0” is not one of this list"),
        ("per-person?limit=0", "limit is 0"),
    ],
)
async def test_what_a_report_cannot_do_is_said(office: Office, query: str, words: str) -> None:
    answer = await office.admin.get(f"/api/reports/{query}")
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["detail"]


async def test_an_unknown_report_names_those_there_are(office: Office) -> None:
    answer = await office.admin.get("/api/reports/payroll")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknownReport"
    assert "per-person" in answer.json()["detail"]
    answer = await office.admin.get("/api/reports/per-person?sku=NO_SUCH")
    assert answer.json()["code"] == "unknownSku"
