"""Seals of the history: sealed once and in order, and every change after that shows."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seatwright.app.seals import make_room_ahead, seal_history
from seatwright.app.work import Workshop
from seatwright.domain.roles import Role
from seatwright.domain.seals import ROWS_TO_SEAL_AT_ONCE
from seatwright.shipped import check_history
from tests.conftest import Database
from tests.office import Office

VERIFY = "/api/history/verify"
CHECKER = Path(check_history.__file__)


async def seal(office: Office) -> int:
    """Let the worker's tick seal what is due."""
    workshop = Workshop(database=office.database, clock=office.clock)
    return await seal_history(workshop, office.made.tenant.tenant_id)


async def add_person(office: Office, name: str) -> str:
    """Create a person over the API, as one row of history; gives the id."""
    answer = await office.admin.post(
        "/api/identity/users",
        json={"userPrincipalName": f"{name}@contoso.example", "displayName": name.title()},
    )
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def sealed_in_blocks(office: Office, blocks: int = 3) -> None:
    """A history of several blocks, some rows each."""
    for number in range(blocks):
        for name in ("ada", "bob", "cleo"):
            await add_person(office, f"{name}{number}")
        office.clock.move(minutes=11)
        assert await seal(office) == 1


async def verdict(office: Office, head: str | None = None) -> dict[str, Any]:
    answer = await office.admin.get(VERIFY, params={} if head is None else {"head": head})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def head_of(office: Office) -> str:
    digest: str = (await office.admin.get("/api/history/head")).json()["head"]["digest"]
    return digest


@pytest.fixture
def tamper(database: Database) -> Callable[..., None]:
    """Change rows behind seatwright's back, as the owner of the tables."""

    def execute(statement: str, *values: object) -> None:
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute(statement.encode(), values)

    return execute


async def test_a_sealed_history_is_intact_and_new_rows_wait_for_their_seal(office: Office) -> None:
    await sealed_in_blocks(office)
    await add_person(office, "dana")
    found = await verdict(office)
    assert (found["isIntact"], found["blocks"], found["breaks"]) == (True, 3, [])
    assert (found["rows"], found["unsealedRows"]) == (10, 1)
    assert found["head"]["digest"] == await head_of(office)


async def test_few_rows_wait_for_more_and_many_do_not(office: Office) -> None:
    assert await seal(office) == 1
    assert await seal(office) == 0
    await add_person(office, "ada")
    assert await seal(office) == 0
    office.clock.move(minutes=10)
    assert await seal(office) == 1
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        await tx.connection.execute(
            "insert into history_event (tenant_id, at, action, principal_no, correlation)"
            " select %s, %s, 20, 0, gen_random_uuid() from generate_series(1, %s)",
            (tx.tenant_id, office.clock.now(), 12 * ROWS_TO_SEAL_AT_ONCE),
        )
    assert await seal(office) == 2
    assert (await verdict(office))["rows"] == 12_002


async def test_a_row_that_is_committed_late_is_sealed_and_never_passed_by(office: Office) -> None:
    await seal(office)
    tenant = office.made.tenant.tenant_id
    late = (
        "insert into history_event (tenant_id, at, action, principal_no, correlation)"
        " values (%s, %s, 20, 0, gen_random_uuid())"
    )
    async with office.database.transaction(tenant) as slow:
        await slow.connection.execute(late, (tenant, office.clock.now()))
        await add_person(office, "ada")
        office.clock.move(minutes=11)
        # The slow transaction has the lower number, so nothing above it may be sealed yet.
        assert await seal(office) == 0
    assert await seal(office) == 1
    found = await verdict(office)
    assert (found["isIntact"], found["rows"], found["unsealedRows"]) == (True, 3, 0)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("update history_event set reason = 'assigned' where event_no = %s", "rowChanged"),
        ("update history_event set at = at + interval '1 us' where event_no = %s", "rowChanged"),
        ("update history_event set user_no = 1 where event_no = %s", "rowChanged"),
        ("update history_event set detail = '{\"a\": 1}' where event_no = %s", "rowChanged"),
        ("delete from history_event where event_no = %s", "rowRemoved"),
    ],
)
async def test_a_tampered_row_is_named(
    office: Office, tamper: Callable[..., None], statement: str, kind: str
) -> None:
    await sealed_in_blocks(office)
    rows = (await office.admin.get("/api/identity/licenses/assignment-history?kind=all")).json()
    row = rows["value"][4]["id"]
    tamper(statement, int(row))
    found = await verdict(office)
    assert not found["isIntact"]
    assert [(one["kind"], one["block"], one["id"]) for one in found["breaks"]] == [(kind, 2, row)]
    assert row in found["breaks"][0]["words"]


async def test_a_row_put_in_later_is_named(office: Office, tamper: Callable[..., None]) -> None:
    # A call that was rolled back leaves such a gap, into which a row could be put.
    tamper("select setval('history_event_no', 10)")
    await sealed_in_blocks(office)
    tamper(
        "insert into history_event (tenant_id, event_no, at, action, principal_no, correlation)"
        " values (%s, 5, '2026-11-21T09:00:00Z', 20, 0, gen_random_uuid())",
        office.made.tenant.tenant_id,
    )
    found = await verdict(office)
    assert [(one["kind"], one["block"], one["id"]) for one in found["breaks"]] == [
        ("rowAdded", 1, "5")
    ]


async def test_two_rows_that_change_places_are_named(
    office: Office, tamper: Callable[..., None]
) -> None:
    await sealed_in_blocks(office)
    tamper("update history_event set event_no = -5 where event_no = 5")
    tamper("update history_event set event_no = 5 where event_no = 6")
    tamper("update history_event set event_no = 6 where event_no = -5")
    found = await verdict(office)
    assert [(one["kind"], one["id"]) for one in found["breaks"]] == [
        ("rowChanged", "5"),
        ("rowChanged", "6"),
    ]


@pytest.mark.parametrize(
    ("statement", "kinds"),
    [
        (
            "update history_block set sealed_at = sealed_at - interval '1 h' where block_no = 2",
            ["blockChanged"],
        ),
        (
            "update history_block set digest = sha256('x') where block_no = 2",
            ["blockChanged", "blockChanged"],
        ),
        ("delete from history_block where block_no = 2", ["blockMissing", "rowAdded"]),
    ],
)
async def test_a_tampered_record_of_a_block_is_found(
    office: Office, tamper: Callable[..., None], statement: str, kinds: list[str]
) -> None:
    await sealed_in_blocks(office)
    tamper(statement)
    found = await verdict(office)
    assert sorted({one["kind"] for one in found["breaks"]}) == sorted(set(kinds))


async def test_only_a_kept_head_shows_that_the_end_was_cut(
    office: Office, tamper: Callable[..., None]
) -> None:
    await sealed_in_blocks(office)
    kept = await head_of(office)
    tamper("delete from history_event where event_no > 7")
    tamper("delete from history_block where block_no = 3")
    assert (await verdict(office))["isIntact"]
    found = await verdict(office, head=kept.upper())
    assert [one["kind"] for one in found["breaks"]] == ["headUnknown"]


async def test_an_older_head_is_still_good(office: Office) -> None:
    await sealed_in_blocks(office, 1)
    kept = await head_of(office)
    await add_person(office, "zoe")
    office.clock.move(minutes=11)
    await seal(office)
    assert (await verdict(office, head=kept))["isIntact"]


@pytest.mark.parametrize("head", ["", "x" * 64, "0" * 63])
async def test_a_head_that_is_no_digest_is_refused(office: Office, head: str) -> None:
    answer = await office.admin.get(VERIFY, params={"head": head})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue")
    assert "64" in answer.json()["detail"]


async def test_erasing_names_breaks_no_seal(office: Office) -> None:
    id_ = await add_person(office, "ada")
    await office.admin.patch(f"/api/identity/users/{id_}", json={"displayName": "Ada L."})
    await seal(office)
    kept = await head_of(office)
    assert (await office.admin.delete(f"/api/identity/users/{id_}")).status_code == 204
    answer = await office.admin.post(f"/api/identity/users/{id_}/erase-names")
    assert answer.status_code == 204, answer.text
    office.clock.move(minutes=11)
    await seal(office)
    assert (await verdict(office, head=kept))["isIntact"]
    exported = (await office.admin.get("/api/history/export")).text
    assert id_ in exported
    assert "ada" not in exported.lower()


async def test_each_month_leaves_its_head(office: Office, tamper: Callable[..., None]) -> None:
    await sealed_in_blocks(office, 1)
    november = await head_of(office)
    assert (await office.admin.get("/api/history/heads")).json()["value"] == []
    office.clock.move(days=15)
    await add_person(office, "dana")
    await seal(office)
    office.clock.move(days=60)
    await add_person(office, "elsa")
    await seal(office)
    heads = (await office.admin.get("/api/history/heads")).json()["value"]
    assert [one["month"] for one in heads] == ["2026-11", "2026-12"]
    assert heads[0]["digest"] == november
    assert (await office.admin.get("/api/history/heads?limit=1")).json()["nextCursor"]
    # A chain that was written anew to its end still differs from the heads of its months.
    tamper("delete from history_event where event_no <= 4")
    tamper("delete from history_block where block_no = 1")
    tamper("update history_block set block_no = block_no - 1")
    assert "headUnknown" in {one["kind"] for one in (await verdict(office))["breaks"]}


async def test_a_history_without_a_seal_has_no_head(office: Office) -> None:
    assert (await office.admin.get("/api/history/head")).json() == {"head": None, "unsealedRows": 1}
    found = await verdict(office)
    assert (found["isIntact"], found["blocks"], found["head"]) == (True, 0, None)


async def test_the_tick_makes_the_partitions_of_the_next_months(office: Office) -> None:
    office.clock.move(days=400)
    workshop = Workshop(database=office.database, clock=office.clock)
    for _ in range(2):
        await make_room_ahead(workshop)
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute(
            "select inhrelid::regclass::text from pg_inherits"
            " where inhparent = 'history_event'::regclass"
        )
        names = {row[0] for row in await cursor.fetchall()}
        assert {"history_event_2028_01", "history_event_2028_02"} <= names
        assert "history_event_2027_12" not in names
    # This month has none, and loses nothing for that; the app role sees into none directly.
    await add_person(office, "ada")
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await tx.connection.execute("select * from history_event_2028_01")


async def test_a_month_with_rows_in_the_default_partition_stays_there(office: Office) -> None:
    office.clock.move(days=400)
    await add_person(office, "ada")
    async with office.database.connection() as connection:
        for month, is_made in (("2027-12-01", False), ("2028-01-31", True), ("2028-01-01", False)):
            cursor = await connection.execute("select make_history_partition(%s)", (month,))
            assert await cursor.fetchone() == (is_made,)


async def test_people_may_not_look_at_seals(office: Office) -> None:
    for path in (VERIFY, "/api/history/head", "/api/history/heads", "/api/history/export"):
        assert (await (await office.as_role(Role.REPORTS_READER)).get(path)).status_code == 200
        assert (await (await office.as_role(Role.PERSON)).get(path)).status_code == 403


# The export, and the checker that is a file of its own.


@pytest.fixture
async def export(office: Office, tmp_path: Path) -> Path:
    """An export of three blocks."""
    await sealed_in_blocks(office)
    answer = await office.admin.get("/api/history/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    file = tmp_path / "history.jsonl"
    file.write_bytes(answer.content)
    return file


def check(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the checker as its reader would: isolated, on a bare interpreter."""
    return subprocess.run(
        [sys.executable, "-I", "-S", str(CHECKER), str(file), *options],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_checker_agrees_with_an_untouched_export(export: Path) -> None:
    head = json.loads(export.read_bytes().splitlines()[-1])["head"]
    for options in ((), ("--head", head)):
        done = check(export, *options)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Intact: 10 rows in 3 blocks")
        assert head in done.stdout


def broken(export: Path, lines: list[bytes], *options: str) -> str:
    """What the checker says of these lines, which are not the export's."""
    export.write_bytes(b"".join(lines))
    done = check(export, *options)
    assert done.returncode == 1, done.stdout
    assert done.stderr == ""
    assert "BROKEN" in done.stdout
    return done.stdout


def with_new_end(lines: list[bytes]) -> list[bytes]:
    """The lines with a last one that fits them, as a forger would write it."""
    end = json.loads(lines[-1])
    body = lines[:-1]
    heads = [json.loads(line) for line in body if line.startswith(b'{"before"')]
    end |= {
        "file": hashlib.sha256(b"".join(body)).hexdigest(),
        "blocks": len(heads),
        "rows": sum(one["rows"] for one in heads),
        "head": heads[-1]["digest"],
    }
    return [*body, (json.dumps(end, sort_keys=True, separators=(",", ":")) + "\n").encode()]


def rows_of(lines: list[bytes]) -> list[int]:
    """Where rows stand among the lines."""
    return [at for at, line in enumerate(lines) if b'"no": ' in line]


def test_a_changed_row_is_named_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    at = rows_of(lines)[5]
    number = json.loads(lines[at])["no"]
    lines[at] = lines[at].replace(b'"action": 20', b'"action": 24')
    told = broken(export, with_new_end(lines))
    assert f"Row {number} of block 2 was changed." in told


def test_a_removed_row_is_named_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    at = rows_of(lines)[5]
    number = json.loads(lines[at])["no"]
    head_at = max(n for n in range(at) if lines[n].startswith(b'{"before"'))
    block = json.loads(lines[head_at])
    block["rows"] -= 1
    lines[head_at] = (json.dumps(block, sort_keys=True, separators=(",", ":")) + "\n").encode()
    del lines[at]
    assert f"Row {number} of block 2 was removed." in broken(export, with_new_end(lines))


def test_rows_in_another_order_are_found_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    first, second = rows_of(lines)[4:6]
    lines[first], lines[second] = lines[second], lines[first]
    assert "Rows of block 2 are in another order" in broken(export, with_new_end(lines))


def test_a_removed_block_is_found_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    heads = [at for at, line in enumerate(lines) if line.startswith(b'{"before"')]
    del lines[heads[1] : heads[2]]
    told = broken(export, with_new_end(lines))
    assert "Block 2 is missing" in told


def test_a_cut_end_is_found_and_a_forged_one_needs_the_head(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    head = json.loads(lines[-1])["head"]
    heads = [at for at, line in enumerate(lines) if line.startswith(b'{"before"')]
    assert "no end" in broken(export, lines[:-1])
    forged = with_new_end([*lines[: heads[2]], lines[-1]])
    assert f"The head {head} is in no block" in broken(export, forged, "--head", head)
    export.write_bytes(b"".join(forged))
    assert check(export).returncode == 0, "without a head kept elsewhere nothing can show it"


def test_no_byte_can_change_unseen(export: Path) -> None:
    content = export.read_bytes()
    seed = random.randrange(2**32)
    lot = random.Random(seed)
    places = {*lot.sample(range(len(content)), 400), 0, len(content) - 1}
    unseen = []
    for place in sorted(places):
        other = bytes([content[place] ^ (1 << lot.randrange(8))])
        export.write_bytes(content[:place] + other + content[place + 1 :])
        if not check_history.check(str(export), None).findings:
            unseen.append(place)
    assert unseen == [], f"with the seed {seed}"


def test_the_checker_tells_how_it_is_called(tmp_path: Path) -> None:
    assert check(tmp_path / "nothing").returncode == 2
    done = check(tmp_path / "nothing", "--tail")
    assert (done.returncode, done.stderr.split()[0]) == (2, "Usage:")
