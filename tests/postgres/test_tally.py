"""What is told of how many wait, are refused or are members is what there is to count."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import psycopg

from seatwright.domain.errors import Reason
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.postgres.tally import (
    count_lacking,
    count_members,
    count_refused,
    count_refused_a_product,
    fold_tally,
    mend_tally,
)
from tests.books import audit
from tests.conftest import Database
from tests.office import Office

SEED: Final = 20261122
USERS, SKUS, SOURCES = range(1, 7), range(1, 4), range(1, 4)
REASONS: Final = ("noSeatLeft", "dependencyMissing")
INSERT: Final = """
insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason,
    waiting_since)
select %(tenant)s, line.*, now() from unnest(%(users)s::int4[], %(skus)s::int2[], %(kinds)s::int2[],
    %(sources)s::int4[], %(reasons)s::text[]) line
on conflict do nothing
"""
UPDATE: Final = """
update license_error e set reason = line.reason
  from unnest(%(users)s::int4[], %(skus)s::int2[], %(kinds)s::int2[], %(sources)s::int4[],
    %(reasons)s::text[]) line (user_no, sku_no, source_kind, source_no, reason)
 where e.tenant_id = %(tenant)s and e.user_no = line.user_no and e.sku_no = line.sku_no
   and e.source_kind = line.source_kind and e.source_no = line.source_no
"""
DELETE: Final = """
delete from license_error e
 using unnest(%(users)s::int4[], %(skus)s::int2[], %(kinds)s::int2[], %(sources)s::int4[],
    %(reasons)s::text[]) line (user_no, sku_no, source_kind, source_no, reason)
 where e.tenant_id = %(tenant)s and e.user_no = line.user_no and e.sku_no = line.sku_no
   and e.source_kind = line.source_kind and e.source_no = line.source_no
"""


def _lines(chance: random.Random) -> dict[str, list[object]]:
    """A few errors, each of a person, product and source only once."""
    keys = {
        (chance.choice(USERS), chance.choice(SKUS), chance.choice((0, 1)), chance.choice(SOURCES))
        for _ in range(chance.randrange(1, 9))
    }
    users, skus, kinds, sources = (list(column) for column in zip(*keys, strict=True))
    return {
        "users": users,
        "skus": skus,
        "kinds": kinds,
        "sources": sources,
        "reasons": [chance.choice(REASONS) for _ in keys],
    }


async def test_any_statements_leave_the_tally_right(office: Office, database: Database) -> None:
    chance, tenant = random.Random(SEED), office.made.tenant.tenant_id
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for number in range(400):
            statement = chance.choice((INSERT, INSERT, UPDATE, DELETE))
            owner.execute(statement, {"tenant": tenant, **_lines(chance)})
            if number % 20 == 0:
                async with office.database.transaction(tenant) as tx:
                    assert await mend_tally(tx) == [], number
            if number % 50 == 0:
                async with office.database.transaction(tenant) as tx:
                    await fold_tally(tx)
        (folded,) = owner.execute("select count(*) from tally").fetchone() or (0,)
    async with office.database.transaction(tenant) as tx:
        await fold_tally(tx)
        lacking = await count_lacking(tx, (Reason.NO_SEAT_LEFT, Reason.DEPENDENCY_MISSING))
        one = await count_lacking(tx, (Reason.NO_SEAT_LEFT,), [SkuNo(2)])
        groups = [GroupNo(number) for number in SOURCES]
        refused = await count_refused(tx, groups)
        of_one = await count_refused_a_product(tx, groups, SkuNo(2))
        rows = await (
            await tx.connection.execute(
                "select user_no, sku_no, source_kind, source_no, reason from license_error"
            )
        ).fetchall()
        left = await (await tx.connection.execute("select count(*) from tally")).fetchone()
    assert left is not None
    assert left[0] < folded, "a fold leaves one row of each"
    for sku in SKUS:
        for reason in REASONS:
            people = {row[0] for row in rows if (row[1], row[4]) == (sku, reason)}
            assert lacking.get((SkuNo(sku), Reason(reason)), 0) == len(people)
    assert one.keys() <= {(SkuNo(2), Reason.NO_SEAT_LEFT)}
    for group in SOURCES:
        told = {(row[0], row[1]) for row in rows if row[2] == 1 and row[3] == group}
        assert refused.get(GroupNo(group), 0) == len({user for user, _ in told})
        assert of_one.get(GroupNo(group), 0) == len([1 for _, sku in told if sku == 2])


async def test_a_tally_that_is_wrong_is_mended_by_the_difference(
    office: Office, database: Database
) -> None:
    tenant = office.made.tenant.tenant_id
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "insert into tally (tenant_id, noun, about, people) values (%s, 4, 77, 3)", (tenant,)
        )
    assert audit(database.owner_url, tenant), "the audit of the books sees it"
    async with office.database.transaction(tenant) as tx:
        assert await mend_tally(tx) == [(4, 77, "", -3)]
        assert await count_members(tx, [GroupNo(77)]) == {77: 0}
    assert audit(database.owner_url, tenant) == []


async def test_two_who_mend_at_once_mend_once(office: Office, database: Database) -> None:
    tenant = office.made.tenant.tenant_id
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "insert into tally (tenant_id, noun, about, people) values (%s, 4, 77, 3)", (tenant,)
        )
    async with (
        office.database.transaction(tenant) as first,
        office.database.transaction(tenant) as second,
    ):
        assert await mend_tally(first) == [(4, 77, "", -3)]
        waiting = asyncio.create_task(mend_tally(second))
        done, _ = await asyncio.wait([waiting], timeout=0.3)
        assert not done
        await first.connection.commit()
        assert await waiting == []
    assert audit(database.owner_url, tenant) == []


async def test_two_who_fold_at_once_fold_once(office: Office, database: Database) -> None:
    tenant = office.made.tenant.tenant_id
    for _ in range(4):
        with psycopg.connect(database.owner_url, autocommit=True) as owner:
            owner.execute("delete from tally")
            owner.execute(
                "insert into tally (tenant_id, noun, about, people)"
                " select %s, 4, n %% 3, 1 from generate_series(1, 300) n",
                (tenant,),
            )
        async with (
            office.database.transaction(tenant) as first,
            office.database.transaction(tenant) as second,
        ):
            await fold_tally(first)
            waiting = asyncio.create_task(fold_tally(second))
            await asyncio.sleep(0)
            await first.connection.commit()
            await waiting
        async with office.database.transaction(tenant) as tx:
            told = await count_members(tx, [GroupNo(0), GroupNo(1), GroupNo(2)])
        assert told == {0: 100, 1: 100, 2: 100}
