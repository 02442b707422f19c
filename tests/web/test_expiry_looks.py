"""Warnings look at what has come near since the last look, and at nothing else."""

from __future__ import annotations

import asyncio

from seatwright.app.call import Call
from seatwright.app.expiry_warnings import warn_of_ends
from tests.bulk import send_json, upn
from tests.office import Office
from tests.timing import after, buy, give, tick, told
from tests.world import add_group, add_people, call_of

END = "2026-12-15T00:00:00Z"
"""24 days from the clock's first moment: within thirty, and not within seven."""


async def warned(office: Office) -> list[tuple[str, int]]:
    found = await told(office, "assignmentExpiring")
    return sorted((one["person"], one["days"]) for one in found)


async def assignments_read(office: Office) -> int:
    """Rows of assignments that one look reads, by the database's own count."""
    async with call_of(office) as call:
        before = await read_so_far(call)
        assert await warn_of_ends(call) is False
        return await read_so_far(call) - before


async def read_so_far(call: Call) -> int:
    cursor = await call.tx.connection.execute(
        "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables"
        " where relname = 'assignment'"
    )
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def test_where_nothing_is_due_a_look_reads_no_assignment(office: Office) -> None:
    names = [f"p{number}" for number in range(200)]
    await add_people(office, *names)
    await buy(office, 200)
    users = [upn(name) for name in names]
    await send_json(office, {"users": users, "skuPartNumber": "SPE_E3", "expiresAt": END})
    await tick(office)
    assert len(await warned(office)) == 200
    office.clock.move(minutes=1)
    assert await assignments_read(office) == 0
    await give(office, "p7", expiresAt="2026-11-22T00:00:00Z")
    assert await assignments_read(office) < 10, "only what was written meanwhile"
    assert ("p7", 1) in await warned(office)


async def test_what_is_written_between_two_looks_is_looked_at_whatever_wrote_it(
    office: Office,
) -> None:
    await add_people(office, "ada", "bob", "cid")
    await buy(office, 3)
    await tick(office)
    await give(office, "ada", expiresAt=END)
    await give(office, "bob", startsAt="2026-11-25T00:00:00Z", expiresAt=END)
    await give(office, "cid")
    await tick(office)
    assert await warned(office) == [("ada", 24)], "what has not begun is warned of once it has"
    url = f"/api/identity/users/{upn('cid')}/licenses/SPE_E3"
    assert (await office.admin.patch(url, json={"expiresAt": END})).status_code == 200
    await after(office, days=5)
    assert await warned(office) == [("ada", 24), ("bob", 19), ("cid", 19)]


async def test_numbers_of_days_that_change_are_looked_at_from_now_on(office: Office) -> None:
    await add_people(office, "ada", "bob")
    await buy(office, 2)
    await give(office, "ada", expiresAt="2026-12-21T00:00:00Z")
    await give(office, "bob", expiresAt="2027-01-19T00:00:00Z")
    await tick(office)
    assert await warned(office) == [("ada", 30)]
    for value, expected in (("60", ["ada", "bob"]), ("", ["ada", "bob"]), ("60,7", ["ada", "bob"])):
        answer = await office.admin.patch("/api/settings", json={"expiryWarningDays": value})
        assert answer.status_code == 200, answer.text
        await tick(office)
        assert [name for name, _ in await warned(office)] == expected, value
    await after(office, days=24)
    assert [name for name, _ in await warned(office)] == ["ada", "ada", "bob"]


async def test_after_an_outage_many_workers_warn_once_of_all_that_came_near(
    office: Office,
) -> None:
    names = [f"p{number}" for number in range(40)]
    await add_people(office, *names)
    await buy(office, 40)
    for first, end in (
        (0, "2027-01-05"),
        (10, "2027-01-12"),
        (20, "2027-02-01"),
        (30, "2027-03-01"),
    ):
        users = [upn(name) for name in names[first : first + 10]]
        body = {"users": users, "skuPartNumber": "SPE_E3", "expiresAt": f"{end}T00:00:00Z"}
        await send_json(office, body)
    await tick(office)
    assert await warned(office) == []
    office.clock.move(days=42)
    await asyncio.gather(tick(office), tick(office), tick(office))
    days = [left for _, left in await warned(office)]
    assert sorted(days) == [3] * 10 + [10] * 10 + [30] * 10
    await after(office, minutes=1)
    assert len(await warned(office)) == 30


async def test_whoever_keeps_the_product_beyond_that_end_is_warned_of_nothing(
    office: Office,
) -> None:
    [ada, _] = await add_people(office, "ada", "bob")
    await buy(office, 2)
    group = await add_group(office, "Planners", [ada])
    given = await office.admin.post(
        f"/api/identity/groups/{group}/licenses", json={"skuPartNumber": "SPE_E3"}
    )
    assert given.status_code < 300, given.text
    await give(office, "ada", expiresAt="2026-11-25T00:00:00Z")
    await give(office, "bob", expiresAt="2026-11-25T00:00:00Z")
    await tick(office)
    assert await warned(office) == [("bob", 4)]
