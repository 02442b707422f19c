"""What needs no token: health, metrics, pages; and that they say nothing of anyone."""

from __future__ import annotations

import ast
import html.parser
import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from seatwright.domain.errors import Reason
from seatwright.web.problems import STATUS_OF, title_of
from seatwright.web.reasons import MEANINGS, SURFACE_CODES, every_code
from tests.office import Office

WEB = Path(__file__).parents[2] / "src" / "seatwright" / "web"


class Page(html.parser.HTMLParser):
    """The ids, links and open elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        self.links += [str(values[name]) for name in ("href", "src") if values.get(name)]
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def page(office: Office, path: str) -> Page:
    answer = await office.client(None).get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    parsed = Page(answer.text)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    return parsed


def test_every_reason_has_its_words_and_every_code_that_is_written_too() -> None:
    assert set(MEANINGS) == set(Reason)
    launch_only = set(Reason) - set(STATUS_OF)
    assert {reason.value for reason in launch_only} == {
        "accountDisabled",
        "featureOff",
        "noPolicy",
        "policyOff",
        "policyNotYetActive",
        "policyCapReached",
        "notInGroup",
        "environmentOutOfScope",
        "notPremium",
        "clientTooOld",
        "trialNotInUse",
    }
    assert codes_written() <= set(SURFACE_CODES)
    for _, words in every_code().values():
        assert words.meaning.endswith(".") and words.fix.endswith(".")


def codes_written() -> set[str]:
    """The codes of problems that the web layer makes by themselves, from its own text."""
    found = set()
    for file in WEB.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "answer_problem":
                found.add(ast.literal_eval(node.args[1]) if _is_text(node.args[1]) else "")
            elif isinstance(node, ast.keyword) and node.arg == "code" and _is_text(node.value):
                found.add(ast.literal_eval(node.value))
        found |= set(re.findall(r'"code":"(\w+)"', file.read_text()))
    return found - {""}


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_codes_that_the_web_layer_writes_are_found() -> None:
    assert {"unavailable", "tooBusy", "internalError", "misdirected"} <= codes_written()


async def test_the_type_of_a_problem_leads_to_its_row(office: Office) -> None:
    errors = await page(office, "/docs/errors")
    refused = (await office.client(None).get("/api/settings")).json()
    path, _, anchor = refused["type"].partition("#")
    assert path == "/docs/errors"
    assert anchor in errors.ids
    assert set(every_code()) <= set(errors.ids)
    assert refused["title"] == title_of("notSignedIn") == "Not signed in"


async def test_the_docs_show_every_operation_without_another_host(office: Office) -> None:
    docs = await page(office, "/docs")
    described = (await office.client(None).get("/openapi.json")).json()
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["operationId"] in docs.ids
    for link in docs.links:
        assert not re.match(r"[a-z]+:(?!,)|//", link), link
        if link.startswith("#"):
            assert link[1:] in docs.ids, link


async def test_open_pages_are_read_only_and_other_paths_are_problems(office: Office) -> None:
    stranger = office.client(None)
    posted = await stranger.post("/healthz")
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
    lost = await stranger.get("/nothing/here")
    assert (lost.status_code, lost.json()["code"]) == (404, "unknownPath")
    other_host = await stranger.get("/api/settings", headers={"host": "elsewhere.example"})
    assert (other_host.status_code, other_host.json()["code"]) == (421, "misdirected")


async def test_metrics_count_by_route_and_hold_no_name(office: Office) -> None:
    reader = office.admin
    person = "ada.lovelace@contoso.example"
    for path in (f"/api/identity/users/{person}", "/api/settings", f"/api/{person}", f"/{person}"):
        await reader.get(path)
    text = (await office.client(None).get("/metrics")).text
    assert person not in text
    template = 'method="GET",route="/api/identity/users/{user}",status="404"'
    assert f"seatwright_http_requests_total{{{template}}} " in text
    assert 'route="/api/settings",status="200"' in text
    assert 'route="/api/*",status="404"' in text
    assert 'route="*",status="404"' in text
    assert 'seatwright_http_request_seconds_bucket{le="0.01",method="GET"' in text
    assert "seatwright_database_wait_seconds_count" in text
    # The scrape itself holds none: its own call is the one in flight.
    assert re.search(r"^seatwright_database_connections_in_use 0\.0$", text, re.MULTILINE)
    assert re.search(r"^seatwright_http_requests_in_flight 1\.0$", text, re.MULTILINE)


async def test_metrics_count_the_jobs_of_all_tenants_by_kind_and_state(office: Office) -> None:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "insert into job (tenant_id, id, kind, state, principal_no, correlation, created_at)"
            " select %s, gen_random_uuid(), 'bulk', state, 1, gen_random_uuid(), now()"
            " from unnest(array['queued', 'completed', 'completed']) state",
            (tx.tenant_id,),
        )
    text = (await office.client(None).get("/metrics")).text
    assert 'seatwright_jobs{kind="bulk",state="queued"} 1.0' in text
    assert 'seatwright_jobs{kind="bulk",state="completed"} 2.0' in text


async def test_every_call_is_one_line_in_the_log_without_a_name_or_a_secret(
    office: Office,
) -> None:
    person = "ada.lovelace@contoso.example"
    with capture_logs() as lines:
        answer = await office.admin.get(f"/api/identity/users/{person}?x={person}")
    [line] = [one for one in lines if one["event"] == "call"]
    assert line["route"] == "/api/identity/users/{user}"
    assert (line["method"], line["status"]) == ("GET", 400)
    assert line["milliseconds"] > 0
    assert str(line["tenant"]) == str(office.made.tenant.id)
    assert answer.headers["x-correlation-id"]
    everything = repr(lines)
    assert person not in everything
    assert office.made.token not in everything


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_needs_nothing(office: Office, method: str) -> None:
    answer = await office.client(None).request(method, "/healthz", headers={"host": "any.example"})
    assert answer.status_code == 200


async def test_ready_says_what_is_missing(office: Office) -> None:
    stranger = office.client(None)
    ready = await stranger.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["database"] is True
    assert ready.json()["worker"] is False
    await office.database.close()
    gone = await stranger.get("/readyz")
    assert gone.status_code == 503
    assert gone.json()["status"] == "notReady"
    assert (await stranger.get("/metrics")).status_code == 200
