"""The export of the sealed history, and the checker that is a file of its own."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seatwright.postgres.history_seal import ACTION_WORDS, SOURCE_WORDS, STRATEGY_WORDS
from seatwright.shipped import check_history
from tests.conftest import Database
from tests.office import Office
from tests.web.seals import add_person, seal, sealed_in_blocks
from tests.world import set_seats

CHECKER = Path(check_history.__file__)

PINNED_ACTIONS = {
    1: "assigned",
    2: "updated",
    3: "removed",
    4: "granted",
    5: "revoked",
    6: "waiting",
    7: "failed",
    8: "resolved",
    20: "userCreated",
    21: "userUpdated",
    22: "userDisabled",
    23: "userEnabled",
    24: "userDeleted",
    25: "userRestored",
    26: "userPurged",
    27: "namesErased",
    40: "groupCreated",
    41: "groupUpdated",
    42: "groupDeleted",
    43: "memberAdded",
    44: "memberRemoved",
    45: "groupLicenseAssigned",
    46: "groupLicenseUpdated",
    47: "groupLicenseRemoved",
    48: "groupNested",
    49: "groupUnnested",
    50: "reprocessed",
    60: "subscriptionCreated",
    61: "subscriptionUpdated",
    62: "subscriptionDeleted",
    63: "catalogChanged",
    70: "templateCreated",
    71: "templateUpdated",
    72: "templateDeleted",
    80: "settingsChanged",
    81: "principalCreated",
    82: "principalRevoked",
    83: "principalRotated",
    90: "imported",
    91: "exported",
    92: "jobStarted",
    93: "jobCancelled",
    100: "removalHeld",
    101: "heldChangeApproved",
    102: "heldChangeRejected",
    103: "changeUndone",
    120: "reportRun",
    121: "reportRunDeleted",
    122: "reportScheduled",
    123: "reportScheduleChanged",
    124: "reportUnscheduled",
    125: "reconcileStarted",
    126: "seatsRecounted",
}


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


async def test_a_sealed_row_says_in_words_what_was_done(office: Office, tmp_path: Path) -> None:
    """And what its numbers stand for is in the first line, so that the file is enough."""
    await set_seats(office, "SPE_E3", 1)
    ada = await add_person(office, "ada")
    answer = await office.admin.patch(f"/api/identity/users/{ada}", json={"usageLocation": "NO"})
    assert answer.status_code == 200, answer.text
    answer = await office.admin.post(
        f"/api/identity/users/{ada}/licenses",
        json={"skuPartNumber": "SPE_E3", "disabledServicePlans": ["TEAMS1"]},
    )
    assert answer.status_code == 201, answer.text
    await seal(office)
    first, _, *lines = (await office.admin.get("/api/history/export")).text.splitlines()
    meaning = json.loads(first)
    [row] = [row for row in map(json.loads, lines) if row.get("action") == "assigned"]
    assert (row["user"], row["strategy"], row["sourceKind"]) == (ada, "manual", "direct")
    assert meaning["products"][row["sku"]] == "SPE_E3"
    enabled = int(row["after"], 16)
    plans = {plan["name"] for no, plan in meaning["servicePlans"].items() if enabled >> int(no) & 1}
    assert "TEAMS1" not in plans
    assert "EXCHANGE_S_ENTERPRISE" in plans
    assert "before" not in row


def test_the_words_of_sealed_rows_are_those_of_before() -> None:
    """Add to these lists and change nothing: every seal of a row with the word would break."""
    assert ACTION_WORDS.items() >= PINNED_ACTIONS.items()
    assert STRATEGY_WORDS == {1: "manual", 2: "bulk", 3: "group", 4: "request", 5: "on_demand"}
    assert SOURCE_WORDS == {0: "direct", 1: "group", 2: "policy", 3: "request", 4: "hold"}


def broken(export: Path, lines: list[bytes], *options: str) -> str:
    """What the checker says of these lines, which are not the export's."""
    export.write_bytes(b"".join(lines))
    done = check(export, *options)
    assert done.returncode == 1, done.stdout
    assert done.stderr == ""
    assert "BROKEN" in done.stdout
    return done.stdout


def line_of(value: dict[str, Any]) -> bytes:
    """A line as the export writes those that are no rows."""
    return (json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n").encode()


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
    return [*body, line_of(end)]


def rows_of(lines: list[bytes]) -> list[int]:
    """Where rows stand among the lines."""
    return [at for at, line in enumerate(lines) if b'"no": ' in line]


def test_a_changed_row_is_named_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    at = rows_of(lines)[5]
    number = json.loads(lines[at])["no"]
    lines[at] = lines[at].replace(b'"userCreated"', b'"userDeleted"')
    told = broken(export, with_new_end(lines))
    assert f"Row {number} of block 2 was changed." in told


def test_a_removed_row_is_named_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    at = rows_of(lines)[5]
    number = json.loads(lines[at])["no"]
    head_at = max(n for n in range(at) if lines[n].startswith(b'{"before"'))
    block = json.loads(lines[head_at])
    block["rows"] -= 1
    lines[head_at] = line_of(block)
    del lines[at]
    assert f"Row {number} of block 2 was removed." in broken(export, with_new_end(lines))


def test_rows_in_another_order_are_found_by_the_checker(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    first, second = rows_of(lines)[4:6]
    lines[first], lines[second] = lines[second], lines[first]
    assert "Rows of block 2 are in another order" in broken(export, with_new_end(lines))


async def test_an_export_of_a_history_that_was_broken_names_each_row_and_no_other(
    office: Office, database: Database, tmp_path: Path
) -> None:
    await sealed_in_blocks(office)
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("delete from history_event where event_no = 2")
        owner.execute("update history_event set action = 3 where event_no = 9")
    file = tmp_path / "history.jsonl"
    file.write_bytes((await office.admin.get("/api/history/export")).content)
    done = check(file)
    assert done.returncode == 1
    assert done.stdout.splitlines()[:-1] == [
        "Row 2 of block 1 was removed.",
        "Row 9 of block 3 was changed.",
    ]


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


def unseen_changes(export: Path, changes: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Which bits of which bytes can be another without a finding."""
    content = export.read_bytes()
    unseen = []
    for place, bit in changes:
        other = bytes([content[place] ^ (1 << bit)])
        export.write_bytes(content[:place] + other + content[place + 1 :])
        if not check_history.check(str(export), None).findings:
            unseen.append((place, bit))
    return unseen


def test_no_byte_can_change_unseen(export: Path) -> None:
    """Tried at every third byte of the blocks and, as it is long, at some of the first line."""
    seed = random.randrange(2**32)
    lot = random.Random(seed)
    content = export.read_bytes()
    blocks = content.index(b"\n")
    places = {*lot.sample(range(blocks), 300), 0, *range(blocks, len(content), 3), len(content) - 1}
    changes = [(place, lot.randrange(8)) for place in sorted(places)]
    assert unseen_changes(export, changes) == [], f"with the seed {seed}"


def test_no_byte_of_the_last_line_can_change_unseen(export: Path) -> None:
    """No digest covers this line, so that its form and each of its words has to be checked."""
    content = export.read_bytes()
    begins = content[:-1].rindex(b"\n") + 1
    changes = itertools.product(range(begins, len(content)), (0, 1, 5))
    assert unseen_changes(export, changes) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"heads": {"2026-10": "0" * 64}}, "The heads of the months are not those of the file."),
        ({"heads": None}, "The heads of the months are not those of the file."),
        ({"note": "all is well"}, "The last line was changed."),
        ({"rows": 11}, "The last line tells of something else than the file has."),
    ],
)
def test_a_last_line_that_says_something_else_is_found(
    export: Path, change: dict[str, Any], words: str
) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    assert words in broken(export, [*lines[:-1], line_of(json.loads(lines[-1]) | change)])


def test_a_line_in_another_form_is_found_even_when_the_end_fits(export: Path) -> None:
    lines = export.read_bytes().splitlines(keepends=True)
    heads = [at for at, line in enumerate(lines) if line.startswith(b'{"before"')]
    for at in (0, heads[1]):
        other = [*lines]
        other[at] = lines[at].replace(b",", b", ", 1)
        assert "The file has another form" in broken(export, with_new_end(other))


async def test_the_heads_of_months_are_held_against_the_blocks(
    office: Office, tmp_path: Path
) -> None:
    await sealed_in_blocks(office, 2)
    office.clock.move(days=40)
    await add_person(office, "dana")
    await seal(office)
    file = tmp_path / "history.jsonl"
    file.write_bytes((await office.admin.get("/api/history/export")).content)
    assert check(file).returncode == 0
    lines = file.read_bytes().splitlines(keepends=True)
    end = json.loads(lines[-1])
    assert list(end["heads"]) == ["2026-11"]
    for heads in ({}, {"2026-11": end["head"]}, {"2026-10": end["heads"]["2026-11"]}):
        told = broken(file, [*lines[:-1], line_of(end | {"heads": heads})])
        assert "The heads of the months are not those of the file." in told


def test_the_checker_tells_how_it_is_called(tmp_path: Path) -> None:
    assert check(tmp_path / "nothing").returncode == 2
    done = check(tmp_path / "nothing", "--tail")
    assert (done.returncode, done.stderr.split()[0]) == (2, "Usage:")
