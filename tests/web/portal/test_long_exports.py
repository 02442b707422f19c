"""Long lists as files: made by a job that survives a kill, for whoever asked and nobody else."""

from __future__ import annotations

import asyncio
import io
import re
from typing import NamedTuple
from uuid import UUID

import httpx
import pytest
import python_calamine
from litestar.types import Message, ReceiveMessage

from seatwright.app.exports import job, orders
from seatwright.app.exports.catalog import LISTS
from seatwright.app.exports.files import csv_pieces
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.exports import FileKind, ListName
from seatwright.domain.roles import Role
from seatwright.postgres.jobs import find_job
from seatwright.postgres.reports.runs import run_of_job
from seatwright.web.answers import Answer
from seatwright.web.portal.frame.downloads import Download, send_download
from tests.asking import set_company
from tests.dynamic import work_off
from tests.office import Office
from tests.web.portal.issuer import issuing
from tests.web.portal.test_elsewhere import came_back, serve_at
from tests.web.portal.visitor import Visitor, browser_at, led_to, visit
from tests.world import add_people

NAMES = ("ada", "ben", "cara", "dan", "eve", "finn", "gro")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four rows are few, and a job takes three at a time."""
    monkeypatch.setattr(orders, "INLINE_ROWS_MAX", 4)
    monkeypatch.setattr(job, "SLICE_ROWS", 3)


async def _ask(
    visitor: Visitor, kind: str = "csv", *, name: str = "users", query: str = ""
) -> httpx.Response:
    page = await visitor.get(f"/exports/{name}.{kind}?{query}")
    assert "has more than" in page.text, page.text
    return await visitor.send("/exports", page, list=name, kind=kind, query=query)


async def _work_slices(office: Office, path: str, count: int) -> None:
    """Work on a file as a worker does that is stopped after so many slices."""
    tenant_id = office.made.tenant.tenant_id
    async with office.database.transaction(tenant_id) as tx:
        found = await find_job(tx, UUID(path.rpartition("/")[2]))
    assert found is not None
    left = iter([True] * count)
    workshop = Workshop(database=office.database, clock=office.clock)
    await work_job(workshop, tenant_id, found.job_no, goes_on=lambda: next(left, False))


@pytest.mark.usefixtures("small")
async def test_a_long_list_is_made_by_a_job_and_downloaded_by_who_asked(office: Office) -> None:
    await add_people(office, *NAMES)
    visitor = await visit(office)
    # A link alone starts nothing: whatever follows links would fill the table of jobs.
    await visitor.get("/exports/users.csv")
    assert "There is no file" in (await visitor.get("/exports")).text
    path = led_to(await _ask(visitor, query="enabled=yes"))
    started = await visitor.get(path)
    assert "waits for its turn" in started.text
    assert f'data-progress="{path}/progress"' in started.text
    early = await visitor.get(f"{path}/file.csv")
    assert (early.status_code, "is being made" in early.text) == (409, True)
    await work_off(office)
    stream = await visitor.get(f"{path}/progress")
    assert re.findall(r"^event: (\w+)$", stream.text, re.MULTILINE) == ["progress", "end"]
    assert "file.csv" in (await visitor.get(path)).text
    led = await visitor.browser.get(f"{path}/file.csv", headers={"sec-fetch-site": "cross-site"})
    assert "A page of another site led here." in led.text
    file = await visitor.get(f"{path}/file.csv")
    named = file.headers["content-disposition"]
    assert re.search(r'; filename="users-2026-\d\d-\d\d\.csv"$', named)
    rows = [line.partition(",")[0] for line in file.text.splitlines()]
    assert rows == ["userPrincipalName", *(f"{name}@contoso.example" for name in NAMES)]
    assert (await visitor.get(f"{path}/file.xlsx")).status_code == 400
    told = (await visitor.get("/history?kind=all")).text
    assert told.count("taken as a file: Users, 7 rows") == 1
    assert path in (await visitor.get("/exports/users.csv?enabled=yes")).text
    assert path not in (await visitor.get("/exports/users.csv")).text
    other = await visit(office, Role.GLOBAL_ADMINISTRATOR)
    for own in (path, f"{path}/file.csv", f"{path}/progress"):
        assert (await other.get(own)).status_code == 404, own
    assert path not in (await other.get("/exports")).text
    page = await visitor.get("/exports")
    assert path in page.text
    assert led_to(await visitor.send(f"{path}/delete", page)) == "/exports?done=deleted"
    assert (await visitor.get(f"{path}/file.csv")).status_code == 404


@pytest.mark.usefixtures("small")
async def test_a_workbook_of_a_long_list_is_kept_in_pieces_and_comes_whole(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.app.reports.keeping.PIECE_BYTES", 1_000)
    await add_people(office, *NAMES)
    visitor = await visit(office)
    path = led_to(await _ask(visitor, "xlsx"))
    await work_off(office)
    file = await visitor.get(f"{path}/file.xlsx")
    assert int(file.headers["content-length"]) == len(file.content)
    book = python_calamine.load_workbook(io.BytesIO(file.content))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows[1:]] == list(NAMES)
    # The same rows can be had as CSV, as they are kept apart from the workbook.
    text = (await visitor.get(f"{path}/file.csv")).text
    assert [line.split(",")[1] for line in text.splitlines()[1:]] == list(NAMES)


@pytest.mark.usefixtures("small")
async def test_a_file_whose_worker_is_killed_goes_on_and_is_never_called_done_before(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add_people(office, *NAMES)
    visitor = await visit(office)
    path = led_to(await _ask(visitor, "xlsx"))
    await _work_slices(office, path, 1)

    class KilledError(BaseException):
        pass

    async def die(*_: object, **__: object) -> None:
        raise KilledError

    with monkeypatch.context() as killed:
        # In the middle of a slice: its rows are stored and its count is not.
        killed.setattr("seatwright.app.reports.keeping.settle_total", die)
        killed.setattr("seatwright.app.reports.keeping.jobs.advance_job", die)
        with pytest.raises(KilledError):
            await _work_slices(office, path, 1)
    assert "3 rows so far" in (await visitor.get(path)).text
    await _work_slices(office, path, 2)
    page = await visitor.get(path)
    assert "the workbook is being written" in page.text
    assert "/stop" not in page.text
    with monkeypatch.context() as killed:
        # In the middle of writing the workbook: one piece of it is stored.
        killed.setattr("seatwright.app.reports.keeping.PIECE_BYTES", 1_000)
        killed.setattr(
            "seatwright.spreadsheets.workbook.Workbook.pieces", _one_then_die(KilledError)
        )
        with pytest.raises(KilledError):
            await _work_slices(office, path, 1)
    assert (await visitor.get(f"{path}/file.xlsx")).status_code == 409
    await work_off(office)
    file = await visitor.get(f"{path}/file.xlsx")
    rows = python_calamine.load_workbook(io.BytesIO(file.content)).get_sheet_by_index(0).to_python()
    assert [row[1] for row in rows[1:]] == list(NAMES)


def _one_then_die(error: type[BaseException]) -> object:
    def pieces(_self: object, _size: int) -> object:
        yield b"PK"
        raise error

    return pieces


@pytest.mark.usefixtures("small")
async def test_few_files_at_once_and_few_kept_and_none_longer_than_a_week(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "OPEN_MAX", 2)
    monkeypatch.setattr(orders, "KEPT_MAX", 3)
    await add_people(office, *NAMES)
    visitor = await visit(office)
    first = led_to(await _ask(visitor))
    led_to(await _ask(visitor, query="enabled=yes"))
    refused = await _ask(visitor, "xlsx")
    assert (refused.status_code, "2 files of yours are being made" in refused.text) == (409, True)
    page = await visitor.get(first)
    assert led_to(await visitor.send(f"{first}/stop", page)) == first
    await work_off(office)
    assert "cancelled" in (await visitor.get(first)).text
    assert (await visitor.get(f"{first}/file.csv")).status_code == 404
    third = led_to(await _ask(visitor))
    await work_off(office)
    refused = await _ask(visitor)
    assert (refused.status_code, "delete one" in refused.text) == (409, True)
    office.clock.move(days=6)
    visitor = await visit(office)
    assert (await visitor.get(f"{third}/file.csv")).status_code == 200
    office.clock.move(days=1, seconds=1)
    visitor = await visit(office)
    assert (await visitor.get(f"{third}/file.csv")).status_code == 404
    workshop = Workshop(database=office.database, clock=office.clock)
    await tend_tenant(workshop, office.made.tenant.tenant_id)
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select count(*) from report_chunk")
        assert await cursor.fetchone() == (0,)


@pytest.mark.usefixtures("small")
async def test_a_form_that_is_sent_twice_makes_one_file_until_that_is_stopped(
    office: Office,
) -> None:
    await add_people(office, *NAMES)
    visitor = await visit(office)
    first = led_to(await _ask(visitor))
    assert led_to(await _ask(visitor)) == first
    assert led_to(await _ask(visitor, "xlsx")) != first
    await visitor.send(f"{first}/stop", await visitor.get(first))
    second = led_to(await _ask(visitor))
    assert second != first
    await work_off(office)
    # One that is done is as old as its rows: whoever asks again wants them as they are now.
    assert led_to(await _ask(visitor)) != second


@pytest.mark.usefixtures("small")
async def test_who_may_read_the_list_no_more_gets_no_file_of_it(office: Office) -> None:
    await add_people(office, *NAMES)
    reader = await visit(office, Role.REPORTS_READER)
    assert (await reader.get("/exports/users.csv")).status_code == 403
    helpdesk = await visit(office, Role.HELPDESK_ADMINISTRATOR)
    path = led_to(await _ask(helpdesk))
    await work_off(office)
    assert (await helpdesk.get(f"{path}/file.csv")).status_code == 200
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update principal set roles = %s where roles = %s",
            ([Role.REPORTS_READER.value], [Role.HELPDESK_ADMINISTRATOR.value]),
        )
    refused = await helpdesk.get(f"{path}/file.csv")
    assert refused.status_code == 403
    assert "ada" not in refused.text


class Cut(NamedTuple):
    """A list that two roles may read, of which only the first sees every row."""

    name: str
    query: str = ""
    had: Role = Role.LICENSE_ADMINISTRATOR
    left: Role = Role.PERSON


CUTS = (
    Cut("requests", "show=all"),
    Cut("inbox", "of=administrators"),
    Cut("auto-claim-notices"),
    Cut("webhooks", had=Role.GLOBAL_ADMINISTRATOR, left=Role.LICENSE_ADMINISTRATOR),
)


async def _set_roles(office: Office, before: Role, after: Role) -> None:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "update principal set roles = %s where roles = %s", ([after.value], [before.value])
        )


async def _order(visitor: Visitor, name: str, query: str = "") -> str:
    """Ask for a file however short the list is, as any form can."""
    page = await visitor.get("/exports")
    return led_to(await visitor.send("/exports", page, list=name, kind="csv", query=query))


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
async def test_a_role_that_is_taken_before_the_work_leaves_no_file(
    office: Office, cut: Cut
) -> None:
    visitor = await visit(office, cut.had)
    path = await _order(visitor, cut.name, cut.query)
    await _set_roles(office, cut.had, cut.left)
    await work_off(office)
    told = await visitor.get(path)
    assert (told.status_code, "has fewer roles than then" in told.text) == (200, True)
    assert (await visitor.get(f"{path}/file.csv")).status_code == 404


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: cut.name)
async def test_a_role_that_is_taken_after_the_work_keeps_the_file_from_its_owner(
    office: Office, cut: Cut
) -> None:
    company = await set_company(office)
    await company.ask("cid")
    visitor = await visit(office, cut.had)
    path = await _order(visitor, cut.name, cut.query)
    await work_off(office)
    assert (await visitor.get(f"{path}/file.csv")).status_code == 200
    await _set_roles(office, cut.had, cut.left)
    for at in (path, f"{path}/file.csv"):
        refused = await visitor.get(at)
        assert (refused.status_code, "fewer than when you asked" in refused.text) == (403, True)
        assert "cid" not in refused.text
    # What nobody may read any more can still be thrown away, and what is left be asked for.
    page = await visitor.get("/exports")
    await visitor.send(f"{path}/delete", page)
    again = await _order(visitor, "my-licenses")
    await work_off(office)
    assert (await visitor.get(f"{again}/file.csv")).status_code == 200


async def test_a_role_that_a_provider_gave_to_the_session_is_enough_for_a_file(
    office: Office,
) -> None:
    company = await set_company(office)
    await company.ask("cid")
    with issuing(preferred_username="ada@contoso.example", roles=["license-administrator"]) as one:
        serve_at(office, one)
        browser = browser_at(office)
        await came_back(office, one, browser)
        visitor = Visitor(browser)
        path = await _order(visitor, "requests", "show=all")
        await work_off(office)
        assert "cid" in (await visitor.get(f"{path}/file.csv")).text
        # The next session is without it: the provider has taken it.
        one.claims["roles"] = []
        await came_back(office, one, browser)
        assert (await visitor.get(f"{path}/file.csv")).status_code == 403


@pytest.mark.usefixtures("small")
async def test_a_list_that_a_file_cannot_take_fails_with_what_to_do(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "ROWS_MAX", {FileKind.CSV: 6, FileKind.XLSX: 5})
    await add_people(office, *NAMES)
    visitor = await visit(office)
    path = led_to(await _ask(visitor, "xlsx"))
    office.clock.move(minutes=5)
    await work_off(office)
    told = (await visitor.get(path)).text
    assert "more than 5 rows" in told
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        failed = await find_job(tx, UUID(path.rpartition("/")[2]))
    assert failed is not None
    assert failed.finished_at == office.clock.now()
    assert "or take CSV" in told
    assert (await visitor.get(f"{path}/file.xlsx")).status_code == 404
    assert (await visitor.get(f"/exports/files/{UUID(int=0)}")).status_code == 404
    page = await visitor.get("/exports/users.csv")
    wrong = await visitor.send("/exports", page, list="users", kind="pdf")
    assert wrong.status_code == 400
    many = "&".join(f"a{number}=1" for number in range(60))
    wrong = await visitor.send("/exports", page, list="users", kind="csv", query=many)
    assert wrong.status_code == 400


async def test_a_list_that_is_slow_to_read_is_made_by_a_job_however_short(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "SECONDS_MAX", -1.0)
    await add_people(office, *NAMES)
    visitor = await visit(office)
    # What one slice holds is there already when the time is over.
    assert len((await visitor.get("/exports/users.csv")).text.splitlines()) == 1 + len(NAMES)
    monkeypatch.setattr(orders, "SLICE_ROWS", 3)
    path = led_to(await _ask(visitor))
    await work_off(office)
    assert len((await visitor.get(f"{path}/file.csv")).text.splitlines()) == 1 + len(NAMES)


@pytest.mark.usefixtures("small")
async def test_a_file_that_is_deleted_while_it_is_sent_breaks_off_and_is_not_whole(
    office: Office,
) -> None:
    await add_people(office, *NAMES)
    visitor = await visit(office)
    path = led_to(await _ask(visitor))
    await work_off(office)
    tenant_id = office.made.tenant.tenant_id
    async with office.database.transaction(tenant_id) as tx:
        found = await find_job(tx, UUID(path.rpartition("/")[2]))
        assert found is not None
        run = await run_of_job(tx, found.job_no)
    assert run is not None
    file = LISTS[ListName.USERS]
    pieces = csv_pieces(office.database, tenant_id=tenant_id, run=run, file=file)
    assert (await anext(pieces)).startswith(b"userPrincipalName,")
    assert (await anext(pieces)).count(b"\r\n") == 3
    page = await visitor.get("/exports")
    await visitor.send(f"{path}/delete", page)
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> ReceiveMessage:
        await asyncio.Event().wait()
        raise AssertionError("nobody hangs up")

    answer = Answer(200, [(b"content-length", b"0")], b"")
    download = Download(pieces=lambda _: pieces)
    await send_download(answer, download, database=office.database, receive=receive, send=send)
    # No length and no last piece: whoever takes it knows that it is not whole.
    assert sent == [{"type": "http.response.start", "status": 200, "headers": []}]
