"""I1: one person joins a licensed group, beside the same locks, reads and rows by hand."""

from __future__ import annotations

import contextlib
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import uuid4

import psycopg

from benchmarks.joining_floor import Joining, join_one
from benchmarks.report import Figure
from benchmarks.stand import Stand
from benchmarks.town import JOINED, SEED
from seatwright.app.call import Call
from seatwright.app.directory.members import join_group
from seatwright.identity.secrets import digest_of
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import authenticate
from seatwright.postgres.transaction import Transaction

ROUNDS: Final = 3
CALLS: Final = 200
"""Calls of each kind in one round."""
WARM_UP: Final = 50

_NEWCOMERS: Final = """
select u.user_no from app_user u
 where u.tenant_id = %(tenant)s and u.user_no >= %(first)s and u.usage_location is not null
   and not exists (select from effective_license l where l.tenant_id = u.tenant_id
        and l.user_no = u.user_no and l.sku_no = %(sku)s)
 order by u.user_no limit %(count)s
"""


@contextlib.asynccontextmanager
async def signed_call(made: Stand, database: Database) -> AsyncIterator[Call]:
    """A call as the edge opens one: who it is, which tenant, and the journal, in one go."""
    correlation, now = uuid4(), made.clock.now()
    async with database.connection() as connection:
        who = await authenticate(
            connection, digest_of(made.town.token), correlation=correlation, at=now
        )
        assert who is not None, "the town's token is valid"
        tx = Transaction(connection, who.tenant.tenant_id, database.dictionary)
        yield Call(
            tx=tx, tenant=who.tenant, principal=who.principal, now=now, correlation=correlation
        )
        await connection.commit()
        tx.remember()


def measure(made: Stand) -> list[Figure]:
    """I1 against its floor, and what it takes beyond a bare commit."""
    rounds = made.run(lambda database: _rounds(made, database))
    product, hand, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    above = product - bare
    return [
        Figure(
            name="I1 one person joins a group, p50",
            unit="ms",
            measured=product,
            floor=hand,
            ratio=statistics.median(one / other for one, other, _ in rounds),
            target=1.5,
            people=made.town.people,
            note="floor = the same locks, reads and rows by hand",
        ),
        Figure(
            name="I1 the same less a bare commit",
            unit="ms",
            measured=above,
            ratio=above,
            target=2.0,
            people=made.town.people,
            note=f"a bare commit takes {bare:.2f} ms",
        ),
    ]


async def _rounds(made: Stand, database: Database) -> list[tuple[float, float, float]]:
    """The p50 of each kind in milliseconds; their calls take turns one by one."""
    people = iter(_newcomers(made, 2 * (WARM_UP + ROUNDS * CALLS)))
    with psycopg.connect(made.urls.app) as by_hand:
        joining = _joining(made)
        made.owner.execute("create table bare_commit (n int4)")
        await _round(made, database, joining, people=people, by_hand=by_hand, calls=WARM_UP)
        return [
            await _round(made, database, joining, people=people, by_hand=by_hand, calls=CALLS)
            for _ in range(ROUNDS)
        ]


async def _round(
    made: Stand,
    database: Database,
    joining: Joining,
    *,
    people: Iterator[int],
    by_hand: psycopg.Connection[Any],
    calls: int,
) -> tuple[float, float, float]:
    product, hand, bare = [], [], []
    for _ in range(calls):
        begun = time.perf_counter()
        async with signed_call(made, database) as call:
            await join_group(call, joining.group_id, users=[f"user{next(people)}@town.example"])
        product.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        join_one(by_hand, joining, f"user{next(people)}@town.example", at=made.clock.now())
        hand.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        # Committed by itself, and nothing else: what the disk takes.
        made.owner.execute("insert into bare_commit values (1)")
        bare.append(time.perf_counter() - begun)
    first, second, third = (statistics.median(one) * 1000 for one in (product, hand, bare))
    return first, second, third


def _newcomers(made: Stand, count: int) -> list[int]:
    """People with a location who lack the group's product, in no order."""
    values = {
        "tenant": made.town.tenant_id,
        "first": made.town.people // 3,
        "sku": made.town.joined_product,
        "count": count,
    }
    people = [int(row[0]) for row in made.owner.execute(_NEWCOMERS.encode(), values)]
    assert len(people) == count, "the town has more people without the product"
    random.Random(SEED).shuffle(people)
    return people


def _joining(made: Stand) -> Joining:
    town = made.town
    row = made.owner.execute(
        "select id from app_group where tenant_id = %s and group_no = %s",
        (town.tenant_id, JOINED),
    ).fetchone()
    given = made.owner.execute(
        "select set_id from service_plan_set where tenant_id = %s and bits = %s",
        (town.tenant_id, f"{town.catalog.engine.skus[town.joined_product].service_plans:x}"),
    ).fetchone()
    assert row is not None, "the town has the group"
    assert given is not None, "others hold the product with all of its service plans"
    return Joining(
        tenant_id=town.tenant_id,
        group_id=str(row[0]),
        group_no=JOINED,
        sku_no=town.joined_product,
        enabled_set=int(given[0]),
    )
