"""Seals of the history: sealed once and in order, and every change after that shows."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from structlog.testing import capture_logs

from seatwright.app.seals import make_room_ahead
from seatwright.app.work import Workshop
from seatwright.domain.roles import Role
from seatwright.domain.seals import ROWS_TO_SEAL_AT_ONCE
from tests.conftest import Database
from tests.office import Office
from tests.web.seals import VERIFY, add_person, head_of, seal, sealed_in_blocks, verdict


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
    assert "ada@" not in exported.lower()
    assert "ada l." not in exported.lower()


async def test_each_month_leaves_its_head(office: Office, tamper: Callable[..., None]) -> None:
    await sealed_in_blocks(office, 1)
    november = await head_of(office)
    assert (await office.admin.get("/api/history/heads")).json()["value"] == []
    office.clock.move(days=15)
    await add_person(office, "dana")
    with capture_logs() as logged:
        await seal(office)
        await seal(office)
    told = [(one["month"], one["digest"]) for one in logged if "month" in one]
    assert told == [("2026-11", november)], "once, where logs are kept"
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
