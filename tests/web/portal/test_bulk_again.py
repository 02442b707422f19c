"""Rows of a bulk job that are not done: their faults, seats that they lack, and a second try."""

from __future__ import annotations

import re
from html import unescape

import pytest

from seatwright.domain.roles import Role
from tests.dynamic import held
from tests.office import Office
from tests.web.portal.bulk_rows import (
    E3,
    NAMES,
    apply_preview,
    buy,
    form_of,
    lines,
    parts,
    preview_of,
    row,
    rows_shown,
    section,
    staff,
)
from tests.web.portal.visitor import digest_in, led_to, visit
from tests.world import add_people

FILE = lines(
    *("", row("eve"), "not an address,", row("dan"), "", row("cara")),
    *("ada@contoso.example,yesterday", row("ben"), row("nobody")),
)


async def test_faults_of_a_file_are_shown_apart_from_rows_that_find_no_seat(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
    preview = await preview_of(visitor, FILE)
    assert parts(preview) == {"changes": "2", "faulty": "3", "unseated": "2"}
    faulty, unseated = section(preview, "faulty"), section(preview, "unseated")
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
    visitor = await staff(office, seats=1)
    rows = [row(name) for name in NAMES]
    preview = await preview_of(visitor, lines(*rows, row("nobody")))
    assert parts(preview)["unseated"] == "4"
    assert "There is no person “nobody@contoso.example”" in section(preview, "faulty")


async def test_rows_that_are_spared_by_all_or_nothing_hide_no_fault_and_count_for_seats_to_buy(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
    preview = await preview_of(visitor, FILE, fill="allOrNothing")
    assert parts(preview) == {"changes": "0", "faulty": "3", "unseated": "2", "spared": "2"}
    assert f'href="/licenses/{E3}?buy=2#buy"' in preview.text
    assert "go by priority" not in preview.text


async def test_who_finds_no_seat_can_wait_for_one_and_gets_it_once_seats_are_bought(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
    preview = await preview_of(visitor, FILE)
    form = form_of(section(preview, "unseated"), "Let them wait for a seat")
    waits = await visitor.send("/bulk", preview, **form, step="preview")
    assert parts(waits) == {"changes": "2", "faulty": "3", "waiting": "2"}
    assert "gets a seat by themselves" in section(waits, "waiting")
    assert "Buy 2 seats of Microsoft 365 E3" in section(waits, "waiting")
    path = await apply_preview(visitor, office, waits)
    job = await visitor.get(path)
    assert "2 rows wait for a seat" in section(job, "rest")
    (link,) = re.findall(r'href="(/licenses/[^"]+)"', section(job, "rest"))
    assert unescape(link) == f"/licenses/{E3}?buy=2&then={path.replace('/', '%2F')}#buy"
    product = await visitor.get(unescape(link).partition("#")[0])
    assert re.search(
        r'<details id="buy" open>.*?name="units"[^>]* value="2"', product.text, re.DOTALL
    )
    form = form_of(product.text, 'id="units"')
    order = {**form, "units": "2", "unitPrice": "30.00", "currency": "EUR"}
    buying = await visitor.send(f"/licenses/{E3}/subscriptions", product, **order, step="preview")
    assert f'href="{path}">Cancel' in buying.text
    order |= {"digest": digest_in(buying), "step": "apply"}
    bought = await visitor.send(f"/licenses/{E3}/subscriptions", buying, **order)
    assert await held(office, "eve") == [E3]
    told = await visitor.get(bought.headers["location"])
    assert "Nobody waits for a seat now." in told.text
    assert f'href="{path}">Go on where you were' in told.text
    assert "Buy" not in section(await visitor.get(path), "rest")


async def test_the_number_of_seats_in_an_address_is_a_number_and_the_way_on_is_ours(
    office: Office,
) -> None:
    visitor = await staff(office, seats=2)
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
    form = {**form_of(page.text, 'id="units"'), "units": "3", "then": "https://evil.example/"}
    bought = await visitor.send(f"/licenses/{E3}/subscriptions", page, **form)
    assert led_to(bought) == f"/licenses/{E3}?done=bought&then=%2F"


async def test_seats_are_to_be_bought_by_who_may_buy_only(office: Office) -> None:
    await staff(office, seats=2)
    visitor = await visit(office, Role.LICENSE_ADMINISTRATOR)
    preview = await preview_of(visitor, FILE)
    assert "Let them wait for a seat" in preview.text
    assert "?buy=" not in preview.text
    path = await apply_preview(visitor, office, preview)
    assert "?buy=" not in (await visitor.get(path)).text


async def test_failed_rows_are_run_again_after_a_preview_and_only_they(office: Office) -> None:
    visitor = await staff(office, seats=2)
    path = await apply_preview(visitor, office, await preview_of(visitor, FILE))
    job = await visitor.get(path)
    rest = section(job, "rest")
    assert "3 rows have a fault." in rest
    assert "2 rows found no seat, and do not wait for one." in rest
    assert f"buy=2&amp;then={path.replace('/', '%2F')}#buy" in rest
    assert re.search('aria-current="page">With a fault \\(3\\)</a>', job.text)
    assert rows_shown(job) == ["4", "8", "10"]
    assert rows_shown(await visitor.get(f"{path}?show=unseated")) == ["3", "5"]
    assert len(rows_shown(await visitor.get(f"{path}?show=failed"))) == 5
    file = await visitor.get(f"/exports/job-rows.csv?job={path.rpartition('/')[2]}&show=unseated")
    assert [line.partition(",")[0] for line in file.text.splitlines()[1:]] == ["3", "5"]
    await buy(office, 2)
    await add_people(office, "nobody")
    form = form_of(rest, "Run the failed rows again")
    preview = await visitor.send("/bulk", job, **form, step="preview")
    assert preview.status_code == 200, preview.text
    assert parts(preview) == {"changes": "2", "faulty": "2", "unseated": "1"}
    assert await held(office, "eve") == [], "nothing is done by the click"
    faulty = section(preview, "faulty")
    assert re.findall(r'data-label="Row">(\d+)<', faulty) == ["4", "8"]
    assert "yesterday" in faulty, "who was to lose it on a day gets nothing without an end"
    again = await apply_preview(visitor, office, preview)
    assert [await held(office, name) for name in ("dan", "eve", "ada", "nobody")] == [
        *([E3], [E3]),
        *([], []),
    ]
    form = form_of(section(await visitor.get(again), "rest"), "Run the rows without a seat again")
    seatless = await visitor.send("/bulk", job, **form, step="preview")
    assert parts(seatless) == {"changes": "0", "unseated": "1"}
    assert "<h1>Give Microsoft 365 E3" in (await visitor.get(again)).text


async def test_rows_are_run_again_with_their_service_plans_and_dates(office: Office) -> None:
    visitor = await staff(office, seats=1)
    header = "userPrincipalName,Disabled plans,Expires,Location"
    rows = [f"{name}@contoso.example,TEAMS1,2027-05-01,NO" for name in ("ada", "ben")]
    path = await apply_preview(
        visitor, office, await preview_of(visitor, "\n".join([header, *rows]))
    )
    await buy(office, 1)
    job = await visitor.get(path)
    form = form_of(section(job, "rest"), "Run the failed rows again")
    await apply_preview(visitor, office, await visitor.send("/bulk", job, **form, step="preview"))
    answer = await office.admin.get("/api/identity/users/ben@contoso.example/licenses")
    (license_,) = answer.json()["value"]
    assert [one["name"] for one in license_["servicePlans"] if not one["enabled"]] == ["TEAMS1"]
    assert license_["sources"][0]["expiresAt"].startswith("2027-05-01")


async def test_jobs_of_which_nothing_can_be_run_again_say_so(office: Office) -> None:
    visitor = await staff(office, seats=9)
    path = await apply_preview(visitor, office, await preview_of(visitor, lines(row("ada"))))
    page = await visitor.get(path)
    assert section(page, "rest") == ""
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
    visitor = await staff(office, seats=1)
    preview = await preview_of(visitor, lines(*map(row, ("ada", "ben", "cara", "ben"))))
    assert parts(preview) == {"changes": "1", "repeated": "1", "unseated": "2"}
    repeated = section(preview, "repeated")
    assert "Row 3 names the same person: no seat is left for them." in repeated
    assert f'href="/licenses/{E3}?buy=2#buy"' in preview.text


async def test_rows_that_would_wait_are_counted_as_rows_and_who_is_named_again_needs_one_seat(
    office: Office,
) -> None:
    visitor = await staff(office, seats=1)
    file = lines(*map(row, ("ada", "ben", "ben", "ben")))
    waiting = section(await preview_of(visitor, file, fill="wait"), "waiting")
    assert "Rows that would wait for a seat (3)" in waiting
    assert waiting.count(f'href="/licenses/{E3}?buy=1#buy"') == 1
