"""Who holds nothing is known without a look at everybody, whatever wrote what people hold."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Final

import psycopg

from seatwright.postgres.migrate import migrate, shipped_migrations
from tests.books import audit
from tests.conftest import Database
from tests.office import Office

SEED: Final = 20261122
USERS: Final = range(101, 121)
AT: Final = datetime(2026, 11, 22, tzinfo=UTC)
PERSON: Final = """
insert into app_user (tenant_id, user_no, id, upn, upn_key, display_name, display_name_key,
    user_type, is_enabled, created_at)
select %(tenant)s, n, gen_random_uuid(), 'u' || n || '@x.example', 'u' || n || '@x.example',
       'Ünal ' || n, 'ünal ' || n, 'Member', true, %(at)s
  from unnest(%(users)s::int4[]) n on conflict do nothing
"""
GIVE: Final = """
insert into effective_license (tenant_id, user_no, sku_no, enabled_set, strategy, source_kind,
    source_no, since)
select %(tenant)s, n, s, 0, 1, 0, 0, %(at)s
  from unnest(%(users)s::int4[]) n, unnest(%(skus)s::int2[]) s on conflict do nothing
"""
TAKE: Final = """
delete from effective_license
 where tenant_id = %(tenant)s and user_no = any(%(users)s) and sku_no = any(%(skus)s)
"""
STRIP: Final = (
    "delete from effective_license where tenant_id = %(tenant)s and user_no = any(%(users)s)"
)
FORGET: Final = "delete from app_user where tenant_id = %(tenant)s and user_no = any(%(users)s)"


async def test_any_statements_leave_the_list_of_the_unlicensed_right(
    office: Office, database: Database
) -> None:
    chance, tenant = random.Random(SEED), office.made.tenant.tenant_id
    seen = set()
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        for number in range(300):
            values = {
                "tenant": tenant,
                "at": AT,
                "users": chance.sample(USERS, chance.randrange(1, 9)),
                "skus": chance.sample(range(1, 4), chance.randrange(1, 4)),
            }
            for statement in chance.choice(((PERSON,), (PERSON, GIVE), (TAKE,), (STRIP, FORGET))):
                owner.execute(statement, values)
            (count,) = owner.execute("select count(*) from unlicensed_user").fetchone() or (0,)
            seen.add(count)
            wrong = [one for one in audit(database.owner_url, tenant) if "holds nothing" in one]
            assert wrong == [], number
    assert len(seen) > 5, "people came, got, lost and went"


def test_a_machine_of_the_version_before_writes_words_and_licenses_beside_a_new_one(
    empty_database: Database,
) -> None:
    steps = shipped_migrations()
    (place,) = (at for at, step in enumerate(steps) if step.name == "0061_nobody_walked.sql")
    migrate(empty_database.owner_url, migrations=steps[:place])
    words = "insert into search_word (tenant_id, word, user_no) values (7, %s, %s)"
    values = {"tenant": 7, "at": AT, "skus": [3]}
    with psycopg.connect(empty_database.owner_url, autocommit=True) as owner:
        with owner.transaction():
            owner.execute(
                "insert into tenant (tenant_id, id, name, name_key, domain, created_at)"
                " overriding system value"
                " values (7, gen_random_uuid(), 'One', 'one', 'one.example', now())"
            )
            owner.execute("insert into tenant_domain values (7, 'one.example', true, now())")
        owner.execute(PERSON, {**values, "users": [1, 2]})
        owner.execute(GIVE, {**values, "users": [1]})
        owner.execute(words, ("ünal", 1))
        migrate(empty_database.owner_url)
        assert owner.execute("select user_no from unlicensed_user").fetchall() == [(2,)]
    with psycopg.connect(empty_database.app_url, autocommit=True) as old:
        old.execute("set seatwright.tenant = '7'")
        old.execute(PERSON, {**values, "users": [3]})
        old.execute(words, ("ünal", 3))
        old.execute(GIVE, {**values, "users": [2]})
        old.execute(TAKE, {**values, "users": [1]})
        named = old.execute("select user_no, name_key from search_word order by 1").fetchall()
        assert named == [(1, "ünal 1"), (3, "ünal 3")]
        holding = old.execute("select user_no from unlicensed_user order by 1").fetchall()
        assert holding == [(1,), (3,)]
