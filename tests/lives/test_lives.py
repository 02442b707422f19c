"""Whatever administrators do, and whatever breaks in between, the books stay right."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import psycopg
import pytest

from seatwright.app.tenants import NewTenant
from seatwright.domain.semantics import Preset
from tests.conftest import Database, TestServer
from tests.lives.course import live
from tests.lives.life import Life
from tests.office import open_office

LONG_STEPS = int(os.environ.get("SEATWRIGHT_TEST_LONG_STEPS", "2000"))
SHORT_STEPS = int(os.environ.get("SEATWRIGHT_TEST_STEPS", "150"))
CHECKED_EVERY = 20


@pytest.fixture
def cut_connections(database: Database, database_server: TestServer) -> Callable[[], None]:
    """End every session of the application on this test's database, as a crash would."""

    def cut() -> None:
        with psycopg.connect(database_server.urls.admin, autocommit=True) as admin:
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and usename = 'seatwright_app'",
                (database.name,),
            )

    return cut


async def _live(database: Database, cut: Callable[[], None], preset: Preset, steps: int) -> Life:
    seed = int(os.environ.get("SEATWRIGHT_TEST_SEED", random.randrange(1_000_000)))
    print(f"seed {seed}: SEATWRIGHT_TEST_SEED={seed} lives this life again")  # noqa: T201
    new = NewTenant(name="Contoso", domain="contoso.example", preset=preset)
    async with open_office(database.app_url, new) as office:
        life = Life(
            office=office,
            owner_url=database.owner_url,
            cut_connections=cut,
            dice=random.Random(seed),
        )
        await live(life, steps, checked_every=CHECKED_EVERY)
    print(f"{steps} steps:", dict(sorted(life.told.items())))  # noqa: T201
    return life


@pytest.mark.parametrize("preset", [Preset.NATIVE, Preset.ENTRA])
async def test_a_short_life_keeps_the_books_right(
    database: Database, cut_connections: Callable[[], None], preset: Preset
) -> None:
    life = await _live(database, cut_connections, preset, SHORT_STEPS)
    assert life.told["POST users 201"] > 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_thousands_of_steps_keep_the_books_right(
    database: Database, cut_connections: Callable[[], None]
) -> None:
    life = await _live(database, cut_connections, Preset.NATIVE, LONG_STEPS)
    assert life.crashes > LONG_STEPS // 100
