"""A company of 100,000 with five groups each: brought in, licensed by group, and asked about.

The floor of the import is a bare COPY of the same file into a table without an index.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import psycopg

from benchmarks.bulk import JOB_SECONDS_MAX, POLL_SECONDS
from benchmarks.report import Figure
from benchmarks.stage import ROUNDS, SEED, served_directory
from seatwright.demo.draft import Standing, TenantDraft
from seatwright.demo.files import groups_file, members_file, people_file
from seatwright.demo.generate import generate
from tests.served import Served, furnish_empty

SIZE: Final = 100_000
QUERIES: Final = 100
SKU: Final = "SPE_E3"


def run() -> list[Figure]:
    """Bring the company in once, license its largest group, and time what people ask of it."""
    draft = generate(SIZE, SEED)
    with served_directory() as served:
        made = asyncio.run(furnish_empty(served.urls.app, domain=draft.domain, name="Company"))
        headers = {"authorization": f"Bearer {made.token}"}
        with httpx.Client(base_url=served.url, headers=headers, timeout=600) as api:
            figures = _imports(api, served, draft)
            figures.append(_license(api, draft))
            figures += _queries(api, draft)
    return figures


def _imports(api: httpx.Client, served: Served, draft: TenantDraft) -> list[Figure]:
    people, members = people_file(draft.people), members_file(draft)
    memberships = members.count(b"\n") - 1
    return [
        _import(api, served, f"import of {SIZE:,} people", kind="users", file=people),
        _import(api, served, "import of their groups", kind="groups", file=groups_file(draft)),
        _import(api, served, f"import of {memberships:,} members", kind="members", file=members),
    ]


def _import(api: httpx.Client, served: Served, name: str, *, kind: str, file: bytes) -> Figure:
    started = time.perf_counter()
    answer = api.post(f"/api/imports/{kind}", content=file, headers={"content-type": "text/csv"})
    elapsed = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["created"] == body["total"], body["errors"][:3]
    floor = statistics.median(_copy(served, file) for _ in range(ROUNDS))
    return Figure(
        name=name,
        unit="s",
        measured=elapsed,
        floor=floor,
        ratio=elapsed / floor,
        note=f"{body['total'] / elapsed:,.0f} rows/s; floor = bare COPY of the file's lines",
    )


def _copy(served: Served, file: bytes) -> float:
    """Seconds of a COPY of the file's lines into a logged table without an index."""
    with psycopg.connect(served.urls.owner, autocommit=True) as owner:
        owner.execute("create table benchmark_lines (line text)")
        started = time.perf_counter()
        with owner.cursor().copy("copy benchmark_lines from stdin (format text)") as copy:
            copy.write(file.replace(b"\\", b"\\\\"))
        elapsed = time.perf_counter() - started
        owner.execute("drop table benchmark_lines")
    return elapsed


def _license(api: httpx.Client, draft: TenantDraft) -> Figure:
    group = draft.group(Standing.EMPLOYEE.value)
    bought = api.post(
        "/api/subscriptions", json={"skuPartNumber": SKU, "units": 2 * len(group.members)}
    )
    assert bought.status_code == 201, bought.text
    found = api.get("/api/identity/groups", params={"search": group.display_name}).json()
    group_id = found["value"][0]["id"]
    started = time.perf_counter()
    answer = api.post(f"/api/identity/groups/{group_id}/licenses", json={"skuPartNumber": SKU})
    assert answer.status_code == 202, answer.text
    deadline = time.monotonic() + JOB_SECONDS_MAX
    while _get(api, answer.headers["location"])["state"] != "completed":
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
    elapsed = time.perf_counter() - started
    seats = _get(api, f"/api/identity/licenses/{SKU}")
    assert seats["consumed"] == len(group.members), seats
    row = _get(api, f"/api/identity/groups/{group_id}")
    assert (row["memberCount"], row["status"]) == (len(group.members), "Active"), row
    people = len(group.members)
    return Figure(
        name=f"license a group of {people:,}",
        unit="s",
        measured=elapsed,
        note=f"first byte to job done; {people / elapsed:,.0f} people/s",
    )


def _queries(api: httpx.Client, draft: TenantDraft) -> list[Figure]:
    someone = draft.people[SIZE // 2]
    group = _get(api, "/api/identity/groups?search=Executive")["value"][0]["id"]
    asked = {
        "no-op": "/api/settings",
        "search people": f"/api/identity/users?search={someone.surname}%20{someone.given_name}",
        "a person's licenses": f"/api/identity/users/{someone.user_principal_name}/licenses",
        "first page of people": "/api/identity/users",
        "groups with counts": "/api/identity/groups",
        "a group's members": f"/api/identity/groups/{group}/members",
        "seats of all products": "/api/identity/licenses",
        "first page of holders": f"/api/identity/licenses/{SKU}/holders",
        "newest history": "/api/identity/licenses/assignment-history",
    }
    calls = {name: lambda path=path: _get(api, path) for name, path in asked.items()}
    times = {name: _p50(call) for name, call in calls.items()}
    nothing = times["no-op"]
    return [
        Figure(
            name=f"query: {name}, p50",
            unit="ms",
            measured=one,
            floor=nothing,
            ratio=one / nothing,
            note="floor = a call that reads nothing",
        )
        for name, one in times.items()
        if name != "no-op"
    ]


def _p50(call: Callable[[], object]) -> float:
    times = []
    for _ in range(QUERIES):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def _get(api: httpx.Client, path: str) -> dict[str, Any]:
    answer = api.get(path)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body
