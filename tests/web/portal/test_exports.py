"""Short lists as files: with the filters of their pages, and safe to open in a spreadsheet."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest
import python_calamine

from seatwright.app.exports import orders
from seatwright.app.exports.catalog import LISTS
from seatwright.app.exports.orders import record_taken
from seatwright.domain.exports import FileKind, ListName
from seatwright.domain.roles import Role, permissions_of
from tests.office import Office
from tests.web.portal.visitor import Visitor, visit
from tests.world import add_group, add_people, call_of

E3 = "SPE_E3"
BILLING = permissions_of((Role.BILLING_ADMINISTRATOR,))


async def _stage(office: Office) -> str:
    """Three people, a group that gives two of them a product of one seat; gives the group."""
    await add_people(office, "ada", "ben", "cara")
    await office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"displayName": "=1+1", "department": "R&D"}
    )
    await office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"lastSignInAt": "2026-01-05T08:00:00Z"}
    )
    await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": 1, "status": "Enabled"}
    )
    group = await add_group(office, "Sales")
    members = {"users": ["ada@contoso.example", "ben@contoso.example"]}
    await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    return str(group)


async def _lines(visitor: Visitor, name: str) -> list[str]:
    file = await visitor.get(f"/exports/{name}")
    assert file.status_code == 200, (name, file.text)
    return file.text.splitlines()


async def test_a_list_is_a_file_with_the_filters_of_its_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = await _stage(office)
    visitor = await visit(office)
    page = await visitor.get("/users?department=R%26D")
    (link,) = re.findall(r'href="(/exports/users\.csv[^"]*)"', page.text)
    file = await visitor.get(unescape(link))
    assert file.headers["content-disposition"].startswith('attachment; filename="users-2026-')
    lines = file.text.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith("ada@contoso.example,'=1+1,")
    # Slices of one row: each goes on where the one before ended.
    monkeypatch.setattr(orders, "SLICE_ROWS", 1)
    for name, rows in {
        "users.csv": 3,
        "groups.csv": 1,
        f"members.csv?group={group}": 2,
        f"group-licenses.csv?group={group}": 1,
        f"group-errors.csv?group={group}": 1,
        f"holders.csv?product={E3}": 1,
        f"waiting.csv?product={E3}": 1,
        f"giving-groups.csv?product={E3}": 1,
        f"errors.csv?product={E3}": 1,
        f"subscriptions.csv?product={E3}": 1,
        f"past-holders.csv?sku={E3}": 1,
        "licenses.csv": 1,
        "templates.csv": 4,
        "strategies.csv": 5,
        "conflicts.csv": 1,
        f"conflicts.csv?product={E3}": 1,
        "conflicts.csv?product=SPE_E5": 0,
        "idle-people.csv": 1,
    }.items():
        assert len(await _lines(visitor, name)) == rows + 1, name
    (_, waits) = await _lines(visitor, f"waiting.csv?product={E3}")
    assert re.search(r",\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", waits)
    told = await _lines(visitor, "history.csv?kind=all")
    monkeypatch.setattr(orders, "SLICE_ROWS", 1_000)
    again = await _lines(visitor, "history.csv?kind=all")
    assert [again[0], *again[2:]] == told, "one line more: that the first file was taken"
    packed = await visitor.get("/exports/users.xlsx?department=R%26D")
    book = python_calamine.load_workbook(io.BytesIO(packed.content))
    assert book.get_sheet_by_index(0).to_python()[1][:2] == ["ada@contoso.example", "=1+1"]


async def _taken(office: Office) -> list[tuple[str, str | None, dict[str, object]]]:
    """Who took which lists as files, by the history, the oldest first."""
    path = "/api/identity/licenses/assignment-history"
    answer = await office.admin.get(path, params={"action": "exported", "kind": "all"})
    assert answer.status_code == 200, answer.text
    rows = reversed(answer.json()["value"])
    return [
        (one["principal"]["name"], one["sku"] and one["sku"]["skuPartNumber"], one["detail"])
        for one in rows
    ]


async def test_the_history_tells_who_took_which_list_and_how_many_rows(office: Office) -> None:
    await _stage(office)
    visitor = await visit(office)
    await _lines(visitor, "users.csv?search=ada")
    assert (await visitor.get(f"/exports/past-holders.xlsx?sku={E3}")).status_code == 200
    refused = await visitor.get("/exports/holders.csv?product=NO_SUCH_PRODUCT")
    assert refused.status_code == 404, "and of what nobody got there is no line"
    users, holders = await _taken(office)
    assert users[2] == {"list": "users", "file": "csv", "rows": 1}
    assert holders[1:] == (E3, {"list": "past-holders", "file": "xlsx", "rows": 1})
    assert users[0] == holders[0] != ""
    page = await visitor.get("/history?kind=all")
    assert "A list was taken as a file: Users, one row" in page.text


async def test_the_history_writes_a_file_in_the_words_and_numbers_of_its_reader(
    office: Office,
) -> None:
    async with call_of(office) as call:
        for name, asked in ((ListName.PAST_HOLDERS, {"day": "2026-10-01"}), (ListName.USERS, {})):
            await record_taken(call, LISTS[name], FileKind.CSV, asked, rows=1_234)
    visitor = await visit(office)
    page = await visitor.get("/history?kind=all")
    assert "as a file: Who held a product on a day (1 Oct 2026), 1,234 rows" in page.text
    page = await visitor.browser.get("/history?kind=all", headers={"accept-language": "de"})
    assert "as a file: Who held a product on a day (01.10.2026), 1.234 rows" in page.text
    assert "as a file: Users, 1.234 rows" in page.text


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (f"past-holders.csv?sku={E3}&day=2027-01-31", f"past-holders-{E3}-on-2027-01-31.csv"),
        (f"holders.xlsx?product={E3}", rf"holders-{E3}-2027-\d\d-\d\d.xlsx"),
        (
            "timeline.csv?user=ada@contoso.example&day=2027-01-31",
            "timeline-ada@contoso.example-on-2027-01-31.csv",
        ),
        ("users.csv?search=%22ada%0d%0a/", r"users-2027-\d\d-\d\d.csv"),
        ("timeline.csv?user=ada%40contoso.example", r"timeline-ada@contoso.example-2027-.*"),
    ],
)
async def test_the_name_of_a_file_says_what_it_is_about_and_of_which_day(
    office: Office, address: str, name: str
) -> None:
    await _stage(office)
    office.clock.move(days=400)
    file = await (await visit(office)).get(f"/exports/{address}")
    assert file.status_code == 200, file.text
    disposition = file.headers["content-disposition"]
    assert re.fullmatch(f'attachment; filename="{name}"', disposition), disposition


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_link_on_another_site_takes_no_file_and_writes_no_history(
    office: Office, site: str
) -> None:
    await _stage(office)
    visitor = await visit(office)
    path = "/exports/users.csv?search=ada&department=R%26D"
    led = await visitor.browser.get(path, headers={"sec-fetch-site": site})
    assert led.status_code == 200
    assert led.headers["content-type"].startswith("text/html")
    assert "A page of another site led here." in led.text
    assert await _taken(office) == []
    (link,) = re.findall(r'<a class="button main" href="([^"]+)"', led.text)
    assert unescape(link) == path
    for trusted in ("same-origin", "none"):
        file = await visitor.browser.get(path, headers={"sec-fetch-site": trusted})
        assert file.headers["content-type"].startswith("text/csv")
    assert len(await _taken(office)) == 2


async def test_every_list_there_is_can_be_had_by_who_may_read_it(office: Office) -> None:
    group = await _stage(office)
    admin, billing = await visit(office), await visit(office, Role.BILLING_ADMINISTRATOR)
    page = await admin.get("/bulk")
    sent = await admin.send("/bulk", page, lines="cara@contoso.example", give=f"sku:{E3}")
    hook = await office.admin.post("/api/webhooks", json={"url": "https://hooks.example/a"})
    assert hook.status_code == 201, hook.text
    asked = {
        "product": E3,
        "sku": E3,
        "group": group,
        "job": sent.headers["location"].rpartition("/")[2],
        "user": "ada@contoso.example",
        "webhook": hook.json()["id"],
    }
    assert set(LISTS) == set(ListName)
    needs_more = {ListName.AUTO_CLAIM_CLAIMS, ListName.HELD_PEOPLE}
    for name, one in LISTS.items():
        query = "&".join(f"{key}={asked[key]}" for key in one.filters if key in asked)
        file = await admin.get(f"/exports/{name.value}.csv?{query}")
        if name in needs_more:
            assert file.status_code == 400, name
            continue
        assert file.status_code == 200, (name, file.text)
        header = file.text.splitlines()[0]
        assert header == ",".join(column.name for column in one.columns)
        status = (await billing.get(f"/exports/{name.value}.csv?{query}")).status_code
        may = one.permission is None or one.permission in BILLING
        assert status == (200 if may else 403), name
    for wrong in ("users.pdf", "secrets.csv", "holders.csv", "users", ".csv"):
        assert (await admin.get(f"/exports/{wrong}")).status_code == 400, wrong
