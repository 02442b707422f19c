"""The migration runner on a real server."""

from __future__ import annotations

import threading

import psycopg
import pytest

from seatwright.postgres.migrate import (
    Migration,
    MigrationError,
    migrate,
    pending_migrations,
    shipped_migrations,
)
from tests.conftest import Database

_FIRST = Migration(name="0001_first.sql", text="create table first (id int primary key);")
_SECOND = Migration(name="0002_second.sql", text="create table second (id int primary key);")


def test_migrating_twice_applies_nothing_the_second_time(empty_database: Database) -> None:
    first = migrate(empty_database.owner_url)
    assert first[0] == "procrastinate/schema.sql"
    assert set(first[1:]) == {step.name for step in shipped_migrations()}
    assert migrate(empty_database.owner_url) == ()


def test_later_migrations_are_applied_in_order(empty_database: Database) -> None:
    migrate(empty_database.owner_url, migrations=[_FIRST])
    assert migrate(empty_database.owner_url, migrations=[_FIRST, _SECOND]) == (_SECOND.name,)


def test_an_edited_migration_is_refused_by_name(empty_database: Database) -> None:
    migrate(empty_database.owner_url, migrations=[_FIRST])
    edited = Migration(name=_FIRST.name, text="create table other (id int);")
    with pytest.raises(MigrationError, match=r"0001_first\.sql"):
        migrate(empty_database.owner_url, migrations=[edited])


def test_a_database_of_a_newer_version_is_refused(empty_database: Database) -> None:
    migrate(empty_database.owner_url, migrations=[_FIRST, _SECOND])
    with pytest.raises(MigrationError, match="newer version"):
        migrate(empty_database.owner_url, migrations=[_FIRST])


def test_a_failing_migration_leaves_nothing_behind(empty_database: Database) -> None:
    broken = Migration(name="0002_broken.sql", text="create table half (id int); select 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database.owner_url, migrations=[_FIRST, broken])
    with psycopg.connect(empty_database.owner_url) as owner:
        found = owner.execute("select to_regclass('half'), to_regclass('first')").fetchone()
    assert found == (None, "first")


def test_two_processes_may_migrate_at_once(empty_database: Database) -> None:
    outcomes: list[tuple[str, ...]] = []

    def run() -> None:
        outcomes.append(migrate(empty_database.owner_url, migrations=[_FIRST, _SECOND]))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, outcomes)) == [0, 0, 0, 3]


def test_a_lock_held_for_a_moment_is_waited_for(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatwright.postgres.migrate._LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr("seatwright.postgres.migrate._LOCK_PAUSE_SECONDS", 0.3)
    migrate(empty_database.owner_url, migrations=[_FIRST])
    alter = Migration(name="0002_alter.sql", text="alter table first add name text;")
    with psycopg.connect(empty_database.owner_url) as other:
        other.execute("lock table first in access exclusive mode")
        release = threading.Timer(0.5, other.rollback)
        release.start()
        applied = migrate(empty_database.owner_url, migrations=[_FIRST, alter])
        release.join()
    assert applied == (alter.name,)


def test_the_app_role_sees_which_migrations_are_pending(
    database: Database, empty_database: Database
) -> None:
    with psycopg.connect(database.app_url) as app:
        assert pending_migrations(app) == ()
    with psycopg.connect(empty_database.app_url) as app:
        assert pending_migrations(app) == tuple(step.name for step in shipped_migrations())


def test_what_a_migration_makes_may_be_used_as_soon_as_it_is_there(
    empty_database: Database,
) -> None:
    broken = Migration(name="0002_broken.sql", text="select 1/0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(empty_database.owner_url, migrations=[_FIRST, broken])
    with psycopg.connect(empty_database.app_url) as app:
        assert app.execute("insert into first values (1) returning id").fetchone() == (1,)


JOIN = "insert into membership (tenant_id, user_no, group_no, since) values (7, %s, %s, now())"
LACK = (
    "insert into license_error (tenant_id, user_no, sku_no, source_kind, source_no, reason,"
    " waiting_since) values (7, %s, 3, 0, 0, 'noSeatLeft', now())"
)
TOLD = "select noun, about, sum(people) from tally where tenant_id = 7 group by 1, 2 order by 1, 2"


def test_a_machine_of_the_version_before_is_counted_while_and_after_counting_begins(
    empty_database: Database,
) -> None:
    steps = shipped_migrations()
    (place,) = (at for at, step in enumerate(steps) if step.name == "0053_tally.sql")
    migrate(empty_database.owner_url, migrations=steps[:place])
    migrating = threading.Thread(
        target=lambda: migrate(empty_database.owner_url, migrations=steps[: place + 1])
    )
    # It knows nothing of the tally: it writes members and errors, and sets no setting.
    with psycopg.connect(empty_database.app_url) as old:
        old.execute("set seatwright.tenant = '7'")
        for user in (1, 2):
            old.execute(JOIN, (user, 5))
            old.execute(LACK, (user,))
        old.commit()
        # In the middle of a call when the migration begins, which waits for it.
        old.execute(JOIN, (3, 5))
        old.execute(LACK, (3,))
        migrating.start()
        migrating.join(1.0)
        assert migrating.is_alive(), "what is written when it begins is waited for"
        old.commit()
        migrating.join()
        assert old.execute(TOLD).fetchall() == [(1, 3, 3), (4, 5, 3)]
        old.execute(JOIN, (4, 5))
        old.execute(LACK, (4,))
        old.execute("update license_error set reason = 'dependencyMissing' where user_no = 1")
        old.execute("delete from license_error where user_no = 2")
        old.execute("delete from membership where user_no = 2")
        old.commit()
        assert old.execute(TOLD).fetchall() == [(1, 3, 3), (4, 5, 3)]
        lacking = "select detail, sum(people) from tally where noun = 1 group by 1 order by 1"
        assert old.execute(lacking).fetchall() == [("dependencyMissing", 1), ("noSeatLeft", 2)]


def test_jobs_can_be_read_and_worked_on_while_rows_of_before_are_counted(
    empty_database: Database,
) -> None:
    shipped = shipped_migrations()
    (counts,) = [one for one in shipped if one.name == "0060_unchanged_counted.sql"]
    older = [one for one in shipped if one.name < "0058"]
    migrate(empty_database.owner_url, migrations=older)
    with psycopg.connect(empty_database.owner_url) as owner:
        owner.execute(
            "insert into tenant (id, name, name_key, domain, created_at)"
            " values (gen_random_uuid(), 'One', 'one', 'one.example', now())"
        )
        for job, effects in ((1, ("had", "twice", "given")), (2, ("given",))):
            owner.execute(
                "insert into job (tenant_id, job_no, id, kind, principal_no, correlation,"
                " created_at) overriding system value values (1, %s, gen_random_uuid(), 'bulk', 1,"
                " gen_random_uuid(), now())",
                (job,),
            )
            owner.execute(
                "insert into job_row (tenant_id, job_no, row_no, user_text, sku_text, effect)"
                " select 1, %s, line.no, 'ada', 'x', line.effect"
                "   from unnest(%s::text[]) with ordinality line (effect, no)",
                (job, list(effects)),
            )
    migrate(empty_database.owner_url, migrations=[one for one in shipped if one != counts])
    update, rest = counts.text.split("alter table job_row validate", 1)
    with (
        psycopg.connect(empty_database.owner_url) as counting,
        psycopg.connect(empty_database.owner_url) as other,
    ):
        counting.execute(update)
        other.execute("set lock_timeout = '1s'")
        other.execute("select count(*) from job join job_row using (tenant_id, job_no)")
        other.execute("update job set position = 1 where job_no = 2")
        other.execute("update job_row set reason = null")
        other.commit()
        counting.execute(f"alter table job_row validate{rest}")
        other.execute("select count(*) from job")
        counting.rollback()
    assert migrate(empty_database.owner_url) == (counts.name,)
    with psycopg.connect(empty_database.owner_url) as owner:
        found = owner.execute("select job_no, unchanged from job order by job_no").fetchall()
        assert found == [(1, 2), (2, 0)]
        checked = "select convalidated from pg_constraint where conname = 'job_row_effect_check'"
        assert owner.execute(checked).fetchone() == (True,)


def test_people_are_searched_while_their_words_are_written_anew(empty_database: Database) -> None:
    shipped = shipped_migrations()
    (words,) = [one for one in shipped if one.name == "0061_nobody_walked.sql"]
    migrate(empty_database.owner_url, migrations=[one for one in shipped if one.name < "0061"])
    first, last = words.text.split("set local lock_timeout", 1)
    search = "select count(*) from search_word w join app_user u using (tenant_id, user_no)"
    with (
        psycopg.connect(empty_database.owner_url) as writing,
        psycopg.connect(empty_database.app_url) as old,
    ):
        writing.execute(first)
        old.execute("set lock_timeout = '1s'")
        old.execute(search)
        # It gives way to whoever reads, and not they to it.
        with pytest.raises(psycopg.errors.LockNotAvailable):
            writing.execute(f"set local lock_timeout{last}")
        old.execute(search)
        writing.rollback()
    assert words.name in migrate(empty_database.owner_url)
    with psycopg.connect(empty_database.app_url) as app:
        assert app.execute(search).fetchone() == (0,)


@pytest.mark.postgres15
def test_version_15_takes_every_migration(empty_database: Database) -> None:
    migrate(empty_database.owner_url)
    with psycopg.connect(empty_database.owner_url) as owner:
        assert owner.info.server_version // 10000 == 15
