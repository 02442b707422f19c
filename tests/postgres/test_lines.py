"""Who waits before somebody is what counting everybody who waits would say."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

import psycopg

from seatwright.domain.ids import SkuNo, UserNo
from seatwright.domain.why import Rank
from seatwright.postgres.why import read_lines
from tests.conftest import Database
from tests.office import Office

SEED: Final = 20261122
USERS, SKUS = range(1, 12), (SkuNo(1), SkuNo(2), SkuNo(3))
INSERT: Final = """
insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason, priority,
    waiting_since) values (%s, %s, %s, 1, %s, %s, %s, %s)
"""

Line = tuple[int, SkuNo, int, str, int, datetime]
"""Who, which product, from which group, why not, with what priority, since when."""


def _lines(chance: random.Random, now: datetime) -> list[Line]:
    """Errors of some people; all that one person waits with for a product has one priority."""
    priorities = chance.choice(([128], [128, 128, 5], [0, 128, 255]))
    found: list[Line] = []
    for user in USERS:
        for sku in SKUS:
            turn = chance.choice(priorities)
            for group in range(chance.choice((0, 0, 1, 1, 2))):
                reason = chance.choice(("noSeatLeft", "noSeatLeft", "dependencyMissing"))
                since = now - timedelta(days=chance.randrange(3))
                found.append((user, sku, group, reason, turn, since))
    return found


def _ranks(lines: list[Line], user: int, sku: SkuNo, since: datetime) -> tuple[Rank, ...]:
    """What is said of one person, by looking at everybody."""
    waiting: dict[int, dict[int, datetime]] = defaultdict(dict)
    for who, product, _, reason, turn, at in lines:
        if product == sku and reason == "noSeatLeft" and who != user:
            waiting[turn][who] = min(at, waiting[turn].get(who, at))
    return tuple(
        Rank(
            priority=turn,
            people=len(people),
            before=sum((at, who) < (since, user) for who, at in people.items()),
        )
        for turn, people in sorted(waiting.items())
    )


async def test_a_line_is_what_counting_everybody_says(office: Office, database: Database) -> None:
    chance, tenant = random.Random(SEED), office.made.tenant.tenant_id
    now = office.clock.now()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for turn in range(30):
            owner.execute("delete from license_error where tenant_id = %s", (tenant,))
            lines = _lines(chance, now)
            for user, sku, *rest in lines:
                owner.execute(INSERT, (tenant, user, sku, *rest))
            async with office.database.transaction(tenant) as tx:
                for user in USERS:
                    since = {sku: now - timedelta(days=chance.randrange(4)) for sku in SKUS}
                    found = await read_lines(tx, UserNo(user), since)
                    wanted = {sku: _ranks(lines, user, sku, since[sku]) for sku in SKUS}
                    assert {sku: line.ranks for sku, line in found.items()} == wanted, (turn, user)
