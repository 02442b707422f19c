"""Rows of a bulk job that are not done: their faults, seats that they lack, and a second try."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest

from seatwright.domain.roles import Role
from tests.dynamic import held, work_off
from tests.office import Office
from tests.web.portal.visitor import Visitor, digest_in, led_to, visit
from tests.world import add_people

E3 = "SPE_E3"
NAMES = ("ada", "ben", "cara", "dan", "eve")


def _lines(*rows: str) -> str:
    """A file with a header; a row without a name is empty."""
    return "\n".join(["userPrincipalName,Expires", *rows])


def _row(name: str) -> str:
    return f"{name}@contoso.example,"


async def _staff(office: Office, *, seats: int) -> Visitor:
    await add_people(office, *NAMES)
    await _buy(office, seats)
    return await visit(office)


async def _buy(office: Office, seats: int) -> None:
    bought = {"skuPartNumber": E3, "units": seats, "status": "Enabled", "unitPrice": "30.00"}
    answer = await office.admin.post("/api/subscriptions", json=bought | {"currency": "EUR"})
    assert answer.status_code == 201, answer.text


def _parts(page: httpx.Response) -> dict[str, str]:
    """How many rows come to what, by the part of the page that shows them."""
    return dict(re.findall(r'href="#(\w+)"><strong>(\d+)</strong>', page.text))


def _section(page: httpx.Response, name: str) -> str:
    """The part of a page that a heading of this id begins."""
    return page.text.partition(f'<section aria-labelledby="{name}"')[2].partition("</section>")[0]


def _rows(page: httpx.Response) -> list[str]:
    """The numbers of the rows that the page of a job shows."""
    return re.findall(r'<td class="number" data-label="Row">(\d+)</td>', page.text)


def _form(part: str, button: str) -> dict[str, str]:
    """The fields of the form with this button."""
    form = next(one for one in part.split("<form") if button in one)
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in pairs if name != "proof"}


async def _apply(visitor: Visitor, office: Office, preview: httpx.Response) -> str:
    """Press the button of a preview, and wait for the job; its path."""
    form = _form(preview.text, 'value="apply"')
    done = await visitor.send("/bulk", preview, **form, step="apply")
    assert done.status_code == 303, done.text
    await work_off(office)
    return str(done.headers["location"])


FILE = _lines(
    *("", _row("eve"), "not an address,", _row("dan"), "", _row("cara")),
    *("ada@contoso.example,yesterday", _row("ben"), _row("nobody")),
)


async def _preview(visitor: Visitor, text: str = FILE, **fields: str) -> httpx.Response:
    page = await visitor.get("/bulk")
    form = {"lines": text, "give": f"sku:{E3}", "action": "add", "fill": "asMany"} | fields
    preview = await visitor.send("/bulk", page, **form, step="preview")
    assert preview.status_code == 200, preview.text
    return preview


async def test_faults_of_a_file_are_shown_apart_from_rows_that_find_no_seat(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=2)
    preview = await _preview(visitor)
    assert _parts(preview) == {"changes": "2", "faulty": "3", "unseated": "2"}
    faulty, unseated = _section(preview, "faulty"), _section(preview, "unseated")
    assert "Rows with a fault (3)" in faulty
    assert re.findall(r'data-label="Row">(\d+)<', faulty) == ["4", "8", "10"]
    assert "Rows that find no seat (2)" in unseated
    # Dan and eve were added to the directory last, wherever they stand in the file.
    assert re.findall(r'scope="row">(\w+)@', unseated) == ["eve", "dan"]
    assert "go by priority, then to who has waited longest, then to who was added" in unseated
    assert "2 empty rows were passed over: rows 2, 6." in preview.text
    assert preview.text.index("Rows with a fault") < preview.text.index("Rows that find no seat")


async def test_faults_beyond_a_thousand_rows_without_a_seat_are_found_all_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.bulk.forecast.FORECAST_ROWS_MAX", 1)
    visitor = await _staff(office, seats=1)
    rows = [_row(name) for name in NAMES]
    preview = await _preview(visitor, _lines(*rows, _row("nobody")))
    assert _parts(preview)["unseated"] == "4"
    assert "There is no person “nobody@contoso.example”" in _section(preview, "faulty")


async def test_rows_that_are_spared_by_all_or_nothing_hide_no_fault_and_count_for_seats_to_buy(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=2)
    preview = await _preview(visitor, fill="allOrNothing")
    assert _parts(preview) == {"changes": "0", "faulty": "3", "unseated": "2", "spared": "2"}
    assert f'href="/licenses/{E3}?buy=2#buy"' in preview.text
    assert "go by priority" not in preview.text


async def test_who_finds_no_seat_can_wait_for_one_and_gets_it_once_seats_are_bought(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=2)
    preview = await _preview(visitor)
    form = _form(_section(preview, "unseated"), "Let them wait for a seat")
    waits = await visitor.send("/bulk", preview, **form, step="preview")
    assert _parts(waits) == {"changes": "2", "faulty": "3", "waiting": "2"}
    assert "gets a seat by themselves" in _section(waits, "waiting")
    assert "Buy 2 seats of Microsoft 365 E3" in _section(waits, "waiting")
    path = await _apply(visitor, office, waits)
    job = await visitor.get(path)
    assert "2 rows waited for a seat" in _section(job, "rest")
    (link,) = re.findall(r'href="(/licenses/[^"]+)"', _section(job, "rest"))
    assert unescape(link) == f"/licenses/{E3}?buy=2&then={path.replace('/', '%2F')}#buy"
    product = await visitor.get(unescape(link).partition("#")[0])
    assert re.search(
        r'<details id="buy" open>.*?name="units"[^>]* value="2"', product.text, re.DOTALL
    )
    form = _form(product.text, 'id="units"')
    order = {**form, "units": "2", "unitPrice": "30.00", "currency": "EUR"}
    buying = await visitor.send(f"/licenses/{E3}/subscriptions", product, **order, step="preview")
    assert f'href="{path}">Cancel' in buying.text
    order |= {"digest": digest_in(buying), "step": "apply"}
    bought = await visitor.send(f"/licenses/{E3}/subscriptions", buying, **order)
    assert await held(office, "eve") == [E3]
    told = await visitor.get(bought.headers["location"])
    assert "Nobody waits for a seat now." in told.text
    assert f'href="{path}">Go on where you were' in told.text
    assert "Buy" not in _section(await visitor.get(path), "rest")


async def test_the_number_of_seats_in_an_address_is_a_number_and_the_way_on_is_ours(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=2)
    for wrong in ("many", "0", "-3", "2.5", "٣", "1234567890", ""):
        page = await visitor.browser.get(f"/licenses/{E3}", params={"buy": wrong})
        assert page.status_code == 400, wrong
    page = await visitor.get(f"/licenses/{E3}?buy=3&then=//evil.example/")
    assert "evil" not in page.text
    assert re.search(r'name="unitPrice"[^>]* value="30.00"', page.text)
    assert (
        'name="units" inputmode="numeric" size="8" required>'
        in (await visitor.get(f"/licenses/{E3}")).text
    )
    form = {**_form(page.text, 'id="units"'), "units": "3", "then": "https://evil.example/"}
    bought = await visitor.send(f"/licenses/{E3}/subscriptions", page, **form)
    assert led_to(bought) == f"/licenses/{E3}?done=bought&then=%2F"


async def test_seats_are_to_be_bought_by_who_may_buy_only(office: Office) -> None:
    await _staff(office, seats=2)
    visitor = await visit(office, Role.LICENSE_ADMINISTRATOR)
    preview = await _preview(visitor)
    assert "Let them wait for a seat" in preview.text
    assert "?buy=" not in preview.text
    path = await _apply(visitor, office, preview)
    assert "?buy=" not in (await visitor.get(path)).text


async def test_failed_rows_are_run_again_after_a_preview_and_only_they(office: Office) -> None:
    visitor = await _staff(office, seats=2)
    path = await _apply(visitor, office, await _preview(visitor))
    job = await visitor.get(path)
    rest = _section(job, "rest")
    assert "3 rows have a fault." in rest
    assert "2 rows found no seat, and do not wait for one." in rest
    assert f"buy=2&amp;then={path.replace('/', '%2F')}#buy" in rest
    assert re.search('aria-current="page">With a fault \\(3\\)</a>', job.text)
    assert _rows(job) == ["4", "8", "10"]
    assert _rows(await visitor.get(f"{path}?show=unseated")) == ["3", "5"]
    assert len(_rows(await visitor.get(f"{path}?show=failed"))) == 5
    file = await visitor.get(f"/exports/job-rows.csv?job={path.rpartition('/')[2]}&show=unseated")
    assert [line.partition(",")[0] for line in file.text.splitlines()[1:]] == ["3", "5"]
    await _buy(office, 2)
    await add_people(office, "nobody")
    form = _form(rest, "Run the failed rows again")
    preview = await visitor.send("/bulk", job, **form, step="preview")
    assert preview.status_code == 200, preview.text
    assert _parts(preview) == {"changes": "2", "faulty": "2", "unseated": "1"}
    assert await held(office, "eve") == [], "nothing is done by the click"
    faulty = _section(preview, "faulty")
    assert re.findall(r'data-label="Row">(\d+)<', faulty) == ["4", "8"]
    assert "yesterday" in faulty, "who was to lose it on a day gets nothing without an end"
    again = await _apply(visitor, office, preview)
    assert [await held(office, name) for name in ("dan", "eve", "ada", "nobody")] == [
        *([E3], [E3]),
        *([], []),
    ]
    form = _form(_section(await visitor.get(again), "rest"), "Run the rows without a seat again")
    seatless = await visitor.send("/bulk", job, **form, step="preview")
    assert _parts(seatless) == {"changes": "0", "unseated": "1"}
    assert "<h1>Give Microsoft 365 E3" in (await visitor.get(again)).text


async def test_rows_are_run_again_with_their_service_plans_and_dates(office: Office) -> None:
    visitor = await _staff(office, seats=1)
    header = "userPrincipalName,Disabled plans,Expires,Location"
    rows = [f"{name}@contoso.example,TEAMS1,2027-05-01,NO" for name in ("ada", "ben")]
    path = await _apply(visitor, office, await _preview(visitor, "\n".join([header, *rows])))
    await _buy(office, 1)
    job = await visitor.get(path)
    form = _form(_section(job, "rest"), "Run the failed rows again")
    await _apply(visitor, office, await visitor.send("/bulk", job, **form, step="preview"))
    answer = await office.admin.get("/api/identity/users/ben@contoso.example/licenses")
    (license_,) = answer.json()["value"]
    assert [one["name"] for one in license_["servicePlans"] if not one["enabled"]] == ["TEAMS1"]
    assert license_["sources"][0]["expiresAt"].startswith("2027-05-01")


async def test_jobs_of_which_nothing_can_be_run_again_say_so(office: Office) -> None:
    visitor = await _staff(office, seats=9)
    path = await _apply(visitor, office, await _preview(visitor, _lines(_row("ada"))))
    page = await visitor.get(path)
    assert _section(page, "rest") == ""
    no = path.rpartition("/")[2]
    for again, code in ((no, 400), ("x", 404), ("00000000-0000-4000-8000-000000000000", 404)):
        answer = await visitor.send("/bulk", page, again=again, only="failed", step="preview")
        assert answer.status_code == code, answer.text
    sent = await visitor.send("/bulk", page, lines="ben@contoso.example", give=f"sku:{E3}")
    running = sent.headers["location"].rpartition("/")[2]
    answer = await visitor.send("/bulk", page, again=running, only="failed", step="preview")
    assert answer.status_code == 409
    assert "has not ended" in answer.text


async def test_somebody_without_a_seat_who_is_named_twice_is_told_apart_and_needs_one_seat(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=1)
    preview = await _preview(visitor, _lines(*map(_row, ("ada", "ben", "cara", "ben"))))
    assert _parts(preview) == {"changes": "1", "repeated": "1", "unseated": "2"}
    repeated = _section(preview, "repeated")
    assert "Row 3 names the same person: no seat is left for them." in repeated
    assert f'href="/licenses/{E3}?buy=2#buy"' in preview.text


async def test_rows_that_would_wait_are_counted_as_rows_and_who_is_named_again_needs_one_seat(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=1)
    lines = _lines(*map(_row, ("ada", "ben", "ben", "ben")))
    waiting = _section(await _preview(visitor, lines, fill="wait"), "waiting")
    assert "Rows that would wait for a seat (3)" in waiting
    assert waiting.count(f'href="/licenses/{E3}?buy=1#buy"') == 1
