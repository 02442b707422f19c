"""E1 and E2: how large a held product is on disk, and how fast the past is counted."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import replace
from datetime import timedelta
from typing import Final

from benchmarks.joining import signed_call
from benchmarks.report import Figure, against_floor
from benchmarks.stand import HAD_BEFORE, Stand
from benchmarks.town import GROUPS, SEED, SINCE
from seatwright.app.directory.members import join_group, leave_group
from seatwright.domain.ids import SkuNo
from seatwright.postgres.history_holders import count_holders_at
from seatwright.postgres.pool import Database
from seatwright.postgres.transaction import Transaction

ROUNDS: Final = 3
STEPS: Final = 10_000
_LARGE: Final = 100_000
"""Figures of E2 are for so many holders."""

# Where in the ended intervals it lies makes no difference to what is counted.
_THEN: Final = SINCE + timedelta(days=150, hours=7)


def bytes_each(made: Stand) -> float:
    """Bytes of `effective_license` and its indexes for each row of it."""
    row = made.owner.execute(
        "select pg_total_relation_size('effective_license')::float8 / count(*)"
        " from effective_license"
    ).fetchone()
    assert row is not None, "a count has a row"
    return float(row[0])


def fresh(made: Stand) -> Figure:
    """E1 right after the town was loaded."""
    return _size(made, "freshly loaded", target=120)


def lived_in(made: Stand) -> Figure:
    """E1 after the other benchmarks, and after 10,000 people have joined or left a group."""
    seconds = made.run(lambda database: _live(made, database))
    return _size(made, f"after {STEPS:,} steps", target=160, note=f"{seconds:.0f} s of steps")


def _size(made: Stand, when: str, *, target: float, note: str = "") -> Figure:
    size = bytes_each(made)
    return Figure(
        name=f"E1 a person's product on disk, {when}",
        unit="bytes",
        measured=size,
        ratio=size,
        target=target,
        people=made.town.people,
        note=note,
    )


async def _live(made: Stand, database: Database) -> float:
    """Step after step a person joins or leaves a licensed group, and their licenses follow."""
    dice = random.Random(SEED)
    groups = [
        str(row[0])
        for row in made.owner.execute(
            "select id from app_group where tenant_id = %s and group_no <= %s order by group_no",
            (made.town.tenant_id, GROUPS),
        )
    ]
    joined: list[tuple[str, str]] = []
    begun = time.perf_counter()
    for _ in range(STEPS):
        async with signed_call(made, database) as call:
            if joined and dice.random() < 0.5:
                group, person = joined.pop(dice.randrange(len(joined)))
                await leave_group(call, group, person)
                continue
            person = f"user{dice.randint(1, made.town.people)}@town.example"
            group = dice.choice(groups)
            if (await join_group(call, group, users=[person])).added:
                joined.append((group, person))
    return time.perf_counter() - begun


def past(made: Stand) -> Figure:
    """E2: count the holders at a moment of the past, for the product with the most of them."""
    sku = _most_held(made)
    then, now = [], []
    for _ in range(ROUNDS):
        held, seconds = made.run(lambda database: _count(made, database, sku, is_past=True))
        then.append(seconds * 1000 * _LARGE / held)
        current, seconds = made.run(lambda database: _count(made, database, sku, is_past=False))
        now.append(seconds * 1000 * _LARGE / current)
        # Of each pair there is one interval then: the open one, or one that has ended since.
        assert held == current, (held, current)
    figure = against_floor(
        "E2 who held a product at a moment",
        unit=f"ms for {_LARGE:,}",
        measured=then,
        floor=now,
        target=2.0,
        note=f"{1 + HAD_BEFORE:g} intervals a pair; floor = index-only count of today's",
    )
    return replace(figure, people=made.town.people)


def _most_held(made: Stand) -> SkuNo:
    row = made.owner.execute(
        "select sku_no from effective_license where tenant_id = %s group by sku_no"
        " order by count(*) desc, sku_no limit 1",
        (made.town.tenant_id,),
    ).fetchone()
    assert row is not None, "somebody holds something"
    return SkuNo(row[0])


async def _count(
    made: Stand, database: Database, sku: SkuNo, *, is_past: bool
) -> tuple[int, float]:
    times = []
    found = 0
    async with database.transaction(made.town.tenant_id) as tx:
        for _ in range(1 + ROUNDS):
            begun = time.perf_counter()
            found = await count_holders_at(tx, sku, at=_THEN) if is_past else await _today(tx, sku)
            times.append(time.perf_counter() - begun)
    return found, statistics.median(times[1:])


async def _today(tx: Transaction, sku: SkuNo) -> int:
    cursor = await tx.connection.execute(
        "select count(*) from effective_license where tenant_id = %s and sku_no = %s",
        (tx.tenant_id, sku),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count has a row"
    return int(row[0])
