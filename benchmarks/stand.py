"""What the benchmarks of the engine stand on: a server, a town in it, and the ways to both."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import uuid4

import numpy as np
import psycopg

from benchmarks import town as towns
from benchmarks.town import NOW, SINCE, Town, copy_in, found_town, load_wishes, moments
from benchmarks.words import load_words
from seatwright.app.call import Call
from seatwright.app.reconcile_many import Plan, plan_many
from seatwright.domain.clock import StoppedClock
from seatwright.domain.reconcile.columns import REASONS, SOURCE_BITS, STRATEGIES
from seatwright.domain.tenants import SYSTEM_PRINCIPAL
from seatwright.postgres.bulk_write import store_sets
from seatwright.postgres.cluster import Urls
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.embedded import EmbeddedServer
from seatwright.postgres.migrate import migrate
from seatwright.postgres.pool import Database
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.tenants import read_tenant
from seatwright.postgres.transaction import Transaction

Answer = TypeVar("Answer")

HAD_BEFORE: Final = 0.3
"""The part of what people hold of which there is an interval that has ended, too."""

_FRESH = """
update sku_pool p set consumed = h.n from (
    select sku_no, count(*)::int4 as n from effective_license where tenant_id = %(tenant)s
     group by sku_no) h
 where p.tenant_id = %(tenant)s and p.sku_no = h.sku_no
"""
_BRAKE_OFF = """
update tenant set settings = settings || '{"brakeOnRemovals": false, "fullReconcileHours": 0}'
 where tenant_id = %(tenant)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A town whose people hold what they should, and the ways to it."""

    urls: Urls
    psql: str
    town: Town
    owner: psycopg.Connection[Any]
    admin: psycopg.Connection[Any]
    clock: StoppedClock

    def run(self, work: Callable[[Database], Awaitable[Answer]]) -> Answer:
        """Do something with the app role's pool of connections."""

        async def opened() -> Answer:
            database = Database(self.urls.app, connections_max=6)
            await database.open()
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    @contextlib.asynccontextmanager
    async def call(self, database: Database) -> AsyncIterator[Call]:
        """A call of seatwright itself, committed at the end."""
        async with database.transaction(self.town.tenant_id) as tx:
            yield await self.call_in(tx)

    async def call_in(self, tx: Transaction) -> Call:
        """A call of seatwright itself in a transaction."""
        tenant = await read_tenant(tx.connection, tx.tenant_id)
        principal = await principal_by_number(tx, SYSTEM_PRINCIPAL)
        assert tenant is not None
        assert principal is not None
        return Call(
            tx=tx,
            tenant=tenant,
            principal=principal,
            now=self.clock.now(),
            correlation=uuid4(),
        )


@contextlib.contextmanager
def stand(people: int, *, has_words: bool = False) -> Iterator[Stand]:
    """A server of its own on disk, as `serve` starts it, with a town of this many people.

    `has_words`: people and groups can be searched for.
    """
    root = Path(tempfile.mkdtemp(prefix="seatwright-benchmark-"))
    root.chmod(0o711)
    server = EmbeddedServer(root / "data")
    try:
        urls = server.start()
        migrate(urls.owner)
        town = asyncio.run(found_town(urls.app, people=people))
        in_town = urls.admin.replace("/postgres?", "/seatwright?")
        with (
            psycopg.connect(urls.owner, autocommit=True) as owner,
            psycopg.connect(in_town, autocommit=True) as admin,
        ):
            made = Stand(
                urls=urls,
                psql=server.binaries.program("psql"),
                town=town,
                owner=owner,
                admin=admin,
                clock=StoppedClock(NOW),
            )
            _fill(made, has_words=has_words)
            yield made
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def _fill(made: Stand, *, has_words: bool) -> None:
    """Write the wishes, let the engine decide, and write what it says by COPY."""
    values = {"tenant": made.town.tenant_id}
    load_wishes(made.owner, made.town)
    if has_words:
        load_words(made.owner, made.town)
    made.owner.execute(_BRAKE_OFF.encode(), values)
    made.owner.execute("analyze")
    with towns.indexes_later(made.owner):
        made.run(lambda database: _hold(made, database))
    made.owner.execute(_FRESH.encode(), values)
    made.owner.execute("vacuum analyze")


async def _hold(made: Stand, database: Database) -> None:
    async with made.call(database) as call:
        plan = await plan_many(call, {}, retry=True)
        after = plan.outcome.licenses.after
        stored = (await store_sets(call.tx, plan.plan_sets, after))[after]
    _copy_licenses(made, plan, stored)
    _copy_errors(made, plan)


def _copy_licenses(made: Stand, plan: Plan, stored: np.ndarray) -> None:
    """What people hold, and for some of it what they held before: an interval that has ended."""
    licenses = plan.outcome.licenses
    codes = np.array([STRATEGY_TO_CODE[one] for one in STRATEGIES], dtype=np.int16)
    tenant = np.full(len(stored), made.town.tenant_id, dtype=np.int32)
    kind = (licenses.source >> SOURCE_BITS).astype(np.int16)
    number, strategy = licenses.source.astype(np.int32), codes[licenses.strategy]
    begun = np.full(len(stored), int(SINCE.timestamp()) * 1_000_000)
    random = np.random.default_rng(towns.SEED)
    had = random.random(len(stored)) < HAD_BEFORE
    since = begun.copy()
    since[had] += random.integers(0, int((NOW - SINCE).total_seconds()), int(had.sum())) * 1_000_000
    copy_in(
        made.owner,
        "effective_license (tenant_id, user_no, enabled_set, source_no, sku_no, source_kind,"
        " strategy, since)",
        *(tenant, licenses.user_no, stored, number, licenses.sku_no, kind, strategy),
        moments(since),
    )
    columns = (tenant, licenses.user_no, licenses.sku_no, stored, strategy, kind, number)
    copy_in(
        made.owner,
        "license_interval (tenant_id, user_no, sku_no, enabled_set, strategy, source_kind,"
        " source_no, valid_from, valid_to)",
        *(column[had] for column in columns),
        moments(begun[had]),
        moments(since[had]),
    )


def _copy_errors(made: Stand, plan: Plan) -> None:
    errors = plan.outcome.errors
    # COPY's binary form has no codes for texts, so the reasons go in one after the other.
    for place in np.unique(errors.after).tolist():
        chosen = errors.after == place
        made.owner.execute(
            "create temporary table reason_rows (user_no int4, sku_no int2, kind int2, no int4,"
            " since timestamptz)"
        )
        copy_in(
            made.owner,
            "reason_rows",
            errors.user_no[chosen],
            errors.sku_no[chosen],
            (errors.source[chosen] >> SOURCE_BITS).astype(np.int16),
            errors.source[chosen].astype(np.int32),
            moments(errors.waiting_since[chosen]),
        )
        made.owner.execute(
            "insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no,"
            " reason, waiting_since) select %s, user_no, sku_no, kind, no, %s, since"
            " from reason_rows",
            (made.town.tenant_id, REASONS[place].value),
        )
        made.owner.execute("drop table reason_rows")
