"""Bulk jobs on the pages: files, previews and their parts, and the page of the job."""

from __future__ import annotations

import re
from html import unescape

import httpx

from tests.dynamic import work_off
from tests.office import Office
from tests.web.portal.visitor import Visitor, visit
from tests.world import add_people

E3 = "SPE_E3"
NAMES = ("ada", "ben", "cara", "dan", "eve")


def lines(*rows: str) -> str:
    """A file with a header; a row without a name is empty."""
    return "\n".join(["userPrincipalName,Expires", *rows])


def row(name: str) -> str:
    return f"{name}@contoso.example,"


async def staff(office: Office, *, seats: int) -> Visitor:
    await add_people(office, *NAMES)
    await buy(office, seats)
    return await visit(office)


async def buy(office: Office, seats: int) -> None:
    bought = {"skuPartNumber": E3, "units": seats, "status": "Enabled", "unitPrice": "30.00"}
    answer = await office.admin.post("/api/subscriptions", json=bought | {"currency": "EUR"})
    assert answer.status_code == 201, answer.text


def parts(page: httpx.Response) -> dict[str, str]:
    """How many rows come to what, by the part of the page that shows them."""
    return dict(re.findall(r'href="#(\w+)"><strong>(\d+)</strong>', page.text))


def section(page: httpx.Response, name: str) -> str:
    """The part of a page that a heading of this id begins."""
    return page.text.partition(f'<section aria-labelledby="{name}"')[2].partition("</section>")[0]


def rows_shown(page: httpx.Response) -> list[str]:
    """The numbers of the rows that the page of a job shows."""
    return re.findall(r'<td class="number" data-label="Row">(\d+)</td>', page.text)


def form_of(part: str, button: str) -> dict[str, str]:
    """The fields of the form with this button."""
    form = next(one for one in part.split("<form") if button in one)
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in pairs if name != "proof"}


async def apply_preview(visitor: Visitor, office: Office, preview: httpx.Response) -> str:
    """Press the button of a preview, and wait for the job; its path."""
    form = form_of(preview.text, 'value="apply"')
    done = await visitor.send("/bulk", preview, **form, step="apply")
    assert done.status_code == 303, done.text
    await work_off(office)
    return str(done.headers["location"])


async def preview_of(visitor: Visitor, text: str, **fields: str) -> httpx.Response:
    page = await visitor.get("/bulk")
    form = {"lines": text, "give": f"sku:{E3}", "action": "add", "fill": "asMany"} | fields
    preview = await visitor.send("/bulk", page, **form, step="preview")
    assert preview.status_code == 200, preview.text
    return preview


async def run_again(
    visitor: Visitor, path: str, button: str = "Run the failed rows again", **fields: str
) -> httpx.Response:
    """Press a button of what was not done of the job at this path; its preview."""
    job = await visitor.get(path)
    form = form_of(section(job, "rest"), button) | fields
    preview = await visitor.send("/bulk", job, **form, step="preview")
    assert preview.status_code == 200, preview.text
    return preview


def to_buy(page: httpx.Response) -> set[str]:
    """The numbers of seats that a page offers to buy."""
    return set(re.findall(r"[?]buy=(\d+)", page.text))
