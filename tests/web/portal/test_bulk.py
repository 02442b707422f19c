"""Products for many people at once, from a file, from lines and from a list, as pages."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from html import unescape

import httpx
import psycopg
import xlsxwriter  # type: ignore[import-untyped]  # It ships no types.
from litestar.types import Message

from seatwright.domain.roles import Role
from seatwright.postgres.jobs import list_jobs
from tests.conftest import Database
from tests.dynamic import held, work_off
from tests.office import HOST, Office
from tests.web.portal.visitor import Visitor, digest_in, visit
from tests.world import add_group, add_people

E3 = "SPE_E3"
_JOB = re.compile(r"/bulk/[0-9a-f-]{36}")

FAULTS = f"""UserPrincipalName,Sku,Expires,Shoe size
ada@contoso.example,{E3},,38
nobody@contoso.example,{E3},,41
ben@contoso.example,SPE_E33,,42
cara@contoso.example,{E3},yesterday,43
dan@contoso.example,{E3},2027-05-01,44
"""


async def _staff(office: Office, *, seats: int = 5) -> Visitor:
    await add_people(office, "ada", "ben", "cara", "dan")
    bought = await office.admin.post(
        "/api/subscriptions", json={"skuPartNumber": E3, "units": seats, "status": "Enabled"}
    )
    assert bought.status_code == 201, bought.text
    return await visit(office)


async def _upload(
    visitor: Visitor, page: httpx.Response, content: bytes, **fields: str
) -> httpx.Response:
    """Send the form of the page as a browser does when a file is chosen."""
    found = re.search(r'name="proof" value="([0-9a-f]{64})"', page.text)
    assert found
    return await visitor.browser.post(
        "/bulk",
        data={"proof": found[1], **fields},
        files={"file": ("people.csv", content, "text/csv")},
        headers={"sec-fetch-site": "same-origin"},
    )


def _fields_of(page: httpx.Response) -> dict[str, str]:
    """The hidden fields by which a preview sends the form again."""
    form = next(one for one in page.text.split("<form") if 'name="digest"' in one)
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in pairs if name not in {"proof", "digest"}}


async def test_a_file_with_faults_is_shown_row_by_row_and_the_good_rows_are_done(
    office: Office,
) -> None:
    visitor = await _staff(office)
    page = await visitor.get("/bulk")
    preview = await _upload(visitor, page, FAULTS.encode(), step="preview", give="", action="add")
    assert preview.status_code == 200, preview.text
    assert "2 of 5 rows change something" in preview.text
    assert "Shoe size" in preview.text
    for said in (
        "There is no person “nobody@contoso.example”",
        "There is no product “SPE_E33” in the catalogue. Did you mean SPE_E3",
        "yesterday",
    ):
        assert said in preview.text
    assert [int(one) for one in re.findall(r'data-label="Row">(\d)</td><th', preview.text)] == [
        3,
        4,
        5,
    ]
    assert await held(office, "ada") == []
    fields = _fields_of(preview)
    done = await visitor.send("/bulk", preview, **fields, digest=digest_in(preview), step="apply")
    assert done.status_code == 303, done.text
    await work_off(office)
    assert [await held(office, one) for one in ("ada", "ben", "cara", "dan")] == [
        [E3],
        [],
        [],
        [E3],
    ]
    job = await visitor.get(done.headers["location"])
    assert "SPE_E33" in job.text
    assert "5 of 5 rows looked at" in job.text
    result = await visitor.get(f"{done.headers['location']}/result.csv")
    lines = result.text.splitlines()
    assert lines[0] == "row,user,sku,action,outcome,reason,message,effect"
    assert [line.split(",")[4] for line in lines[1:]] == [
        "succeeded",
        "failed",
        "failed",
        "failed",
        "succeeded",
    ]
    assert done.headers["location"] in (await visitor.get("/bulk")).text


async def test_every_row_is_counted_once_and_who_has_it_through_a_group_is_left_out_or_not(
    office: Office,
) -> None:
    visitor = await _staff(office)
    group = await add_group(office, "Sales")
    members = {"users": ["ada@contoso.example"]}
    await office.admin.post(f"/api/identity/groups/{group}/members", json=members)
    await office.admin.post(f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": E3})
    given = {"skuPartNumber": E3}
    await office.admin.post("/api/identity/users/ben@contoso.example/licenses", json=given)
    page = await visitor.get("/bulk")
    lines = "ada@contoso.example\nben@contoso.example\ncara@contoso.example\nnot an address\n"
    lines += "dan@contoso.example\ncara@contoso.example"
    form = {"lines": lines, "give": f"sku:{E3}", "action": "add"}
    preview = await visitor.send("/bulk", page, **form, step="preview")
    assert "2 of 6 rows change something" in preview.text
    counts = re.findall(r'href="#(\w+)"><strong>(\d+)</strong>', preview.text)
    assert dict(counts) == {
        "changes": "2",
        "faulty": "1",
        "hadByGroup": "1",
        "had": "1",
        "twice": "1",
    }
    for said in (
        "Give Microsoft 365 E3 to 2 people",
        "Left out: they have it already, through the group Sales.",
        "“not an address” is no address",
        "Row 3 names the same person",
    ):
        assert said in preview.text
    beside = await visitor.send("/bulk", preview, **form, beside="yes", step="preview")
    assert "this adds a direct assignment beside that" in beside.text
    done = await visitor.send("/bulk", preview, **form, digest=digest_in(preview), step="apply")
    assert done.status_code == 303, done.text
    await work_off(office)
    assert await held(office, "cara") == [E3]
    ada = await office.admin.get("/api/identity/users/ada@contoso.example/licenses")
    assert [one["kind"] for one in ada.json()["value"][0]["sources"]] == ["group"]
    path = done.headers["location"]
    page = await visitor.get(path)
    assert "<h1>Give Microsoft 365 E3</h1>" in page.text
    figures = dict(re.findall(r"<dt>(\w+)</dt><dd>(\d+)</dd>", page.text))
    assert figures == {"Done": "2", "Unchanged": "3", "Failed": "1", "Waiting": "0"}
    told = (await office.admin.get(f"/api/jobs/{path.rpartition('/')[2]}")).json()
    assert (told["total"], told["done"], told["succeeded"], told["unchanged"]) == (6, 6, 5, 3)
    file = csv.DictReader(io.StringIO((await visitor.get(f"{path}/result.csv")).text))
    effects = ["hadByGroup", "had", "given", "", "given", "twice"]
    assert [row["effect"] for row in file] == effects
    new = await visitor.get(f"{path}?show=done")
    assert re.findall(r'<th scope="row">(\w+)@', new.text) == ["cara", "dan"]
    for shown, name in (("had", "ben"), ("hadByGroup", "ada"), ("twice", "cara")):
        job = await visitor.get(f"{path}?show={shown}")
        assert re.findall(r'<th scope="row">(\w+)@', job.text) == [name]
        assert "Microsoft 365 E3" in job.text


async def test_what_a_newer_machine_writes_of_a_row_hides_none_of_the_job(
    office: Office, database: Database
) -> None:
    visitor = await _staff(office)
    path = await _give_by_lines(office, visitor)
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("alter table job_row drop constraint job_row_effect_check")
        owner.execute("update job_row set effect = 'lentOnce' where effect is not null")
    page = await visitor.get(path)
    assert (page.status_code, "ada@contoso.example" in page.text) == (200, True)
    file = csv.DictReader(io.StringIO((await visitor.get(f"{path}/result.csv")).text))
    assert {row["effect"] for row in file} == {""}
    rows = await office.admin.get(f"/api/jobs/{path.rpartition('/')[2]}/rows")
    assert {row["effect"] for row in rows.json()["value"]} == {None}


async def test_a_job_is_undone_after_a_preview(office: Office) -> None:
    visitor = await _staff(office)
    path = await _give_by_lines(office, visitor)
    page = await visitor.get(path)
    preview = await visitor.send(f"{path}/undo", page, step="preview")
    assert preview.text.count("loses it") == 2
    assert await held(office, "ada") == [E3]
    undone = await visitor.send(f"{path}/undo", preview, step="apply", digest=digest_in(preview))
    assert undone.status_code == 303
    assert await held(office, "ada") == []
    assert (await visitor.send(f"{path}/undo", page)).status_code == 409


async def _give_by_lines(office: Office, visitor: Visitor) -> str:
    """Two people pasted as a mail program writes them; the path of the job that did it."""
    page = await visitor.get("/bulk")
    lines = "Ada <ada@contoso.example>;\n ben@contoso.example"
    sent = await visitor.send("/bulk", page, lines=lines, give=f"sku:{E3}", action="add")
    assert sent.status_code == 303, sent.text
    await work_off(office)
    assert await held(office, "ben") == [E3]
    return str(sent.headers["location"])


async def test_a_workbook_gives_with_service_plans_off(office: Office) -> None:
    visitor = await _staff(office)
    packed = io.BytesIO()
    with xlsxwriter.Workbook(packed) as book:
        sheet = book.add_worksheet()
        sheet.write_row(1, 0, ["User name", "Expires"])
        sheet.write_row(3, 0, ["ada@contoso.example", ""])
        sheet.write_row(4, 0, ["zoe@contoso.example", ""])
    page = await visitor.get("/bulk")
    chosen = await _upload(
        visitor, page, packed.getvalue(), step="plans", give=f"sku:{E3}", action="add"
    )
    assert chosen.status_code == 200
    plans = re.findall(r'name="plan" value="(\w+)" checked', chosen.text)
    assert len(plans) > 10
    kept = [one for one in plans if one != "TEAMS1"]
    text = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", chosen.text, re.DOTALL)
    assert text
    assert "zoe@contoso.example" in text[1]
    form: dict[str, str | list[str]] = {
        "lines": text[1],
        "give": f"sku:{E3}",
        "plansOf": E3,
        "plan": kept,
        "action": "add",
    }
    preview = await visitor.send("/bulk", chosen, **form, step="preview")
    assert 'data-label="Row">5</td><th scope="row">zoe@contoso.example' in preview.text
    sent = await visitor.send("/bulk", chosen, **form, step="apply", digest=digest_in(preview))
    assert sent.status_code == 303
    await work_off(office)
    answer = await office.admin.get("/api/identity/users/ada@contoso.example/licenses")
    (license_,) = answer.json()["value"]
    off = [one for one in license_["servicePlans"] if not one["enabled"]]
    assert [one["name"] for one in off] == ["TEAMS1"], off


async def test_people_of_the_list_and_all_who_match_are_given_a_product_or_lose_it(
    office: Office,
) -> None:
    visitor = await _staff(office, seats=2)
    page = await visitor.get("/bulk?user=ada@contoso.example&user=ben@contoso.example")
    assert "2 people" in page.text
    both = ["ada@contoso.example", "ben@contoso.example"]
    sent = await visitor.send("/bulk", page, user=both, give=f"sku:{E3}", action="add")
    assert sent.status_code == 303
    await work_off(office)
    match = await visitor.get(f"/bulk?match=yes&product={E3}")
    assert "Everybody who matches" in match.text
    taken = await visitor.send(
        "/bulk", match, match="yes", product=E3, give=f"sku:{E3}", action="remove"
    )
    assert taken.status_code == 303
    await work_off(office)
    assert [await held(office, one) for one in ("ada", "ben")] == [[], []]
    again = await visitor.send(
        "/bulk", match, match="yes", product=E3, give=f"sku:{E3}", action="remove"
    )
    assert (again.status_code, "Nobody matches any more" in again.text) == (400, True)


async def test_what_is_wrong_with_the_form_is_said_above_it_and_keeps_what_was_filled_in(
    office: Office,
) -> None:
    visitor = await _staff(office)
    page = await visitor.get("/bulk")
    nobody = await visitor.send("/bulk", page, give=f"sku:{E3}", step="preview")
    assert (nobody.status_code, "Nobody is named yet" in nobody.text) == (400, True)
    assert re.search(rf'value="sku:{E3}" selected', nobody.text)
    junk = await _upload(visitor, page, b"PK\x03\x04junk", give=f"sku:{E3}")
    assert (junk.status_code, "cannot be unpacked" in junk.text) == (400, True)
    large = await _upload(visitor, page, b"x" * (16 * 2**20 + 1), give="")
    assert (large.status_code, "16 MiB" in large.text) == (413, True)
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        assert await list_jobs(tx, before=None, limit=5, state=None) == ()


async def test_a_waiting_job_is_cancelled_and_says_so(office: Office) -> None:
    visitor = await _staff(office)
    page = await visitor.get("/bulk")
    sent = await visitor.send(
        "/bulk", page, lines="ada@contoso.example", give=f"sku:{E3}", action="add"
    )
    path = sent.headers["location"]
    waiting = await visitor.get(path)
    assert "0 of 1 rows looked at" in waiting.text
    assert (await visitor.send(f"{path}/cancel", waiting)).status_code == 303
    await work_off(office)
    assert "cancelled" in (await visitor.get(path)).text
    assert await held(office, "ada") == []


async def test_progress_is_streamed_to_who_may_see_it_and_ends_with_the_job(
    office: Office,
) -> None:
    visitor = await _staff(office)
    path = await _give_by_lines(office, visitor)
    stream = await visitor.get(f"{path}/progress")
    assert stream.headers["content-type"] == "text/event-stream"
    assert re.findall(r"^event: (\w+)$", stream.text, re.MULTILINE) == ["progress", "end"]
    assert "2 of 2 rows looked at" in stream.text
    page = await visitor.get("/bulk")
    sent = await visitor.send("/bulk", page, lines="dan@contoso.example", give=f"sku:{E3}")
    events = await _first_event(office, visitor, f"{sent.headers['location']}/progress")
    assert "0 of 1 rows looked at" in events
    helpdesk = await visit(office, Role.BILLING_ADMINISTRATOR)
    assert (await helpdesk.get(f"{path}/progress")).status_code == 200
    nobody = await visit(office, Role.IDENTITY_GOVERNANCE_ADMINISTRATOR)
    assert (await nobody.get(f"{path}/progress")).status_code == 404
    assert (await nobody.get("/bulk")).status_code == 403
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=office.app), base_url=f"http://{HOST}"
    ) as stranger:
        assert (await stranger.get(f"{path}/progress")).status_code == 404


async def _first_event(office: Office, visitor: Visitor, path: str) -> str:
    """What a browser hears of a job that is not over before it closes the page."""
    cookie = "; ".join(f"{one.name}={one.value}" for one in visitor.browser.cookies.jar)
    headers = [(b"host", HOST.encode()), (b"cookie", cookie.encode())]
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    heard: list[bytes] = []
    is_heard = asyncio.Event()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            heard.append(message["body"])
            is_heard.set()

    async def receive() -> dict[str, str]:
        await is_heard.wait()
        return {"type": "http.disconnect"}

    await asyncio.wait_for(office.app(scope, receive, send), timeout=10)
    return b"".join(heard).decode()


async def test_a_preview_warns_of_disabled_accounts_and_of_what_people_have_already(
    office: Office,
) -> None:
    visitor = await _staff(office)
    for sku, people in (("SPE_E5", ("ben", "cara")), ("EXCHANGESTANDARD", ("dan",))):
        bought = {"skuPartNumber": sku, "units": 5, "status": "Enabled"}
        assert (await office.admin.post("/api/subscriptions", json=bought)).status_code == 201
        for name in people:
            path = f"/api/identity/users/{name}@contoso.example/licenses"
            given = await office.admin.post(path, json={"skuPartNumber": sku})
            assert given.status_code == 201, given.text
    off = {"accountEnabled": False}
    await office.admin.patch("/api/identity/users/ada@contoso.example", json=off)
    page = await visitor.get("/bulk")
    names = ("ada", "ben", "cara", "dan")
    lines = "\n".join(f"{one}@contoso.example" for one in names)
    form = {"lines": lines, "give": "sku:OFFICESUBSCRIPTION", "action": "add"}
    more = {"skuPartNumber": "OFFICESUBSCRIPTION", "units": 9, "status": "Enabled"}
    assert (await office.admin.post("/api/subscriptions", json=more)).status_code == 201
    preview = await visitor.send("/bulk", page, **form, step="preview")
    told = preview.text[: preview.text.index('value="apply"')]
    assert "1 of the rows is about somebody whose account is disabled" in told
    assert "people who have every service of it already, by Microsoft 365 E5:" in told
    assert re.findall(r"<li>(\w+)@", told) == ["ada", "ben", "cara"]
    rows = {"users": [f"{one}@contoso.example" for one in names]}
    answer = await office.admin.post(
        "/api/identity/licenses/bulk-assign?preview=true",
        json={**rows, "skuPartNumber": "OFFICESUBSCRIPTION"},
    )
    found = [(one["kind"], one["count"]) for one in answer.json()["result"]["cautions"]]
    assert found == [("accountDisabled", 1), ("covered", 2)]
    done = await visitor.send("/bulk", preview, **form, digest=digest_in(preview), step="apply")
    assert done.status_code == 303, "nothing of it forbids anything"
    bigger = {**form, "give": f"sku:{E3}"}
    preview = await visitor.send("/bulk", page, **bigger, step="preview")
    assert "1 of the rows is about somebody who has Exchange Online (Plan 1)" in preview.text
    assert "does not need that any more beside it" in preview.text
