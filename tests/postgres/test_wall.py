"""The wall between tenants: what the app role sees of another one, and how tables are made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from seatwright.app.tenants import remove_tenant
from seatwright.postgres.pool import Database as DatabaseOfProduct
from tests.conftest import Database
from tests.office import Office

WITHOUT_TENANT: Final = {
    "schema_migration": "says which migrations were applied; the app role only reads it",
    "sign_in_attempt": "a browser on its way to sign in, of which nobody knows yet whose it is",
    "sign_in_guess": "counts guesses of passwords by digests, of which no tenant can be read",
    "tenant": "is read before the tenant is known: by commands, and by the tick that wakes jobs",
}
"""Tables that no policy guards, and why; procrastinate's own are the only others."""

INDEXES_WITHOUT_TENANT: Final = {
    "tenant_pkey": "the tenant's own number",
    "tenant_id_key": "the tenant's own id",
    "tenant_name_key_key": "the tenant's own name",
    "tenant_domain_name_key": "a domain says nothing of its tenant until it is found",
    "credential_digest_key": "a token says nothing of its tenant until it is found",
    "portal_session_digest_key": "a session says nothing of its tenant until it is found",
    "sign_in_link_digest_key": "a link says nothing of its tenant until it is found",
    "account_login": "a name says nothing of its tenant until it is found",
    "account_link_digest_key": "a link says nothing of its tenant until it is found",
    "sign_in_attempt_pkey": "no tenant's row",
    "sign_in_attempt_over": "no tenant's row",
    "sign_in_guess_pkey": "no tenant's row",
    "sign_in_guess_over": "no tenant's row",
    "schema_migration_pkey": "no tenant's row",
}
"""Indexes that do not begin with `tenant_id`, and why."""

DEFINER_FUNCTIONS: Final = {
    "authenticate": "finds whose token it is, before the tenant is known",
    "authenticate_session": "finds whose session it is, before the tenant is known",
    "look_at_sign_in_link": "says whom a link is for, to whoever has it",
    "use_sign_in_link": "lets in whoever has a link, once, before the tenant is known",
    "domain_owners": "finds whose domain somebody signs in with, before the tenant is known",
    "is_domain_of_others": "says whether a domain stands in names of others, and never whose",
    "find_account": "finds whose password is asked for, before the tenant is known",
    "has_accounts": "tells anybody whether passwords are in use at all",
    "look_at_account_link": "says whose password a link sets, to whoever has it",
    "use_account_link": "has whoever has a link set a password once, before the tenant is known",
    "published_signing_keys": "tells anybody the public keys, and never a private half",
    "job_counts": "tells a scrape how many jobs there are, and nothing else",
    "delivery_counts": "tells a scrape how much waits to be sent, and nothing else",
    "reconcile_findings": "tells a scrape what looks at everybody found, and nothing else",
    "make_history_partition": "makes an empty partition ahead of time, behind the same wall",
    "refresh_statistics": "has tables analyzed, and answers nothing",
}
"""Functions that read past the wall, and why."""

_TABLES = """
select c.relname, c.relrowsecurity, c.relforcerowsecurity,
       array(select pg_get_expr(p.polqual, p.polrelid) || coalesce(
           pg_get_expr(p.polwithcheck, p.polrelid), '') from pg_policy p
              where p.polrelid = c.oid and p.polcmd = '*'),
       exists (select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull)
  from pg_class c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   and c.relname !~ '^procrastinate_'
 order by c.relname
"""
_INDEXES = """
select i.relname, t.relname, pg_get_indexdef(x.indexrelid, 1, true)
  from pg_index x
  join pg_class i on i.oid = x.indexrelid
  join pg_class t on t.oid = x.indrelid
 where t.relnamespace = 'public'::regnamespace and t.relname !~ '^procrastinate_'
 order by i.relname
"""


@pytest.fixture
def owner(database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.owner_url) as connection:
        yield connection


def tenant_tables(owner: psycopg.Connection) -> list[str]:
    return [row[0] for row in owner.execute(_TABLES) if row[0] not in WITHOUT_TENANT]


def fill(owner: psycopg.Connection, table: str, tenant_id: int) -> None:
    """One row of a tenant, made of whatever its columns and checks take."""
    columns = owner.execute(
        "select a.attname, format_type(a.atttypid, null) from pg_attribute a"
        " where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped"
        " and a.attnotnull and not a.atthasdef and a.attidentity = ''",
        (table,),
    ).fetchall()
    moment = _moment_in(owner, table)
    values = [
        (name, moment if name == "at" and moment else _value(name, kind, tenant_id))
        for name, kind in columns
    ]
    owner.execute(
        sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(sql.Identifier(name) for name, _ in values),
            sql.SQL(", ").join(sql.Literal(value) for _, value in values),
        )
    )


def _moment_in(owner: psycopg.Connection, table: str) -> str | None:
    """A time whose rows belong into this partition of the history; None for any other table."""
    row = owner.execute(
        "select pg_get_expr(relpartbound, oid) from pg_class where oid = %s::regclass", (table,)
    ).fetchone()
    assert row is not None
    if row[0] is None:
        return None
    bounds: list[str] = re.findall(r"'([^']+)'", row[0])
    return bounds[0] if bounds else "1999-12-31T00:00:00Z"


def _value(name: str, kind: str, tenant_id: int) -> object:
    if name == "tenant_id":
        return tenant_id
    return {
        "integer": 1,
        "smallint": 1,
        "bigint": 1,
        "text": "x",
        "uuid": uuid4(),
        "timestamp with time zone": "2026-11-21T09:00:00Z",
        "jsonb": "{}",
        "bytea": b"\0" * 32,
        "boolean": False,
        "integer[]": [1],
        "text[]": "{}",
    }[kind]


def test_the_app_role_reads_nothing_of_another_tenant_in_any_table(
    database: Database, owner: psycopg.Connection
) -> None:
    # Foreign keys and checks are about content, and the wall is not: rows of any content will do.
    _drop_content_rules(owner)
    numbers = []
    for name in ("one", "two"):
        row = owner.execute(
            "insert into tenant (id, name, name_key, domain, created_at)"
            " values (%s, %s, %s, 'x.example', '2026-11-21T09:00:00Z') returning tenant_id",
            (uuid4(), name, name),
        ).fetchone()
        assert row is not None
        numbers.append(row[0])
    tables = tenant_tables(owner)
    for table in tables:
        fill(owner, table, numbers[0])
    owner.commit()
    # What is written into a partition is also in its table, so more than one row there.
    stored = {table: count_of(owner, table) for table in tables}
    assert min(stored.values()) > 0
    with psycopg.connect(database.app_url) as app:
        for tenant_id, seen in ((None, 0), (numbers[1], 0), (numbers[0], 1)):
            app.execute(
                "select set_config('seatwright.tenant', %s, false)", (str(tenant_id or ""),)
            )
            for table in tables:
                found = app.execute(
                    sql.SQL("select count(*) from {}").format(sql.Identifier(table))
                ).fetchone()
                assert found == (seen * stored[table],), f"{table} as tenant {tenant_id}"
        app.rollback()


def test_the_app_role_writes_nothing_into_another_tenant(
    database: Database, owner: psycopg.Connection
) -> None:
    _drop_content_rules(owner)
    tables = tenant_tables(owner)
    owner.commit()
    for table in tables:
        with psycopg.connect(database.app_url) as app:
            app.execute("select set_config('seatwright.tenant', '2', false)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                fill(app, table, 1)


def _drop_content_rules(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select conrelid::regclass::text, conname from pg_constraint"
        " where connamespace = 'public'::regnamespace and contype in ('f', 'c')"
        " and conparentid = 0"
    ).fetchall()
    for table, name in rows:
        owner.execute(
            sql.SQL("alter table {} drop constraint if exists {}").format(
                sql.SQL(table), sql.Identifier(name)
            )
        )


def test_every_table_has_the_policy_or_a_reason(owner: psycopg.Connection) -> None:
    seen = set()
    for table, is_enabled, is_forced, policies, has_tenant in owner.execute(_TABLES):
        if table in WITHOUT_TENANT:
            seen.add(table)
            continue
        assert has_tenant, f"{table} has no tenant_id, or it may be null"
        assert is_enabled, f"{table} is not behind the wall: call bind_to_tenant('{table}')"
        assert not is_forced, f"{table} binds its owner, who migrates and backs up"
        [policy] = policies
        assert re.fullmatch(
            r"\(tenant_id = \( SELECT \(NULLIF\("
            r"current_setting\('seatwright\.tenant'::text, true\), ''::text\)\)::integer AS .*\)\)",
            policy,
        ), f"{table}: {policy}"
    assert seen == set(WITHOUT_TENANT), "an exception that is no table any more"


def test_every_index_begins_with_the_tenant_or_has_a_reason(owner: psycopg.Connection) -> None:
    others = {
        name: table
        for name, table, first in owner.execute(_INDEXES)
        if first != "tenant_id" and name not in INDEXES_WITHOUT_TENANT
    }
    assert others == {}
    names = {row[0] for row in owner.execute(_INDEXES)}
    assert set(INDEXES_WITHOUT_TENANT) <= names, "an exception that is no index any more"


def test_only_known_functions_read_past_the_wall(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select proname, prosecdef and proconfig is not null from pg_proc"
        " where pronamespace = 'public'::regnamespace and prosecdef"
        " and proname !~ '^procrastinate_'"
    ).fetchall()
    assert dict(rows) == dict.fromkeys(DEFINER_FUNCTIONS, True)


def test_views_would_read_past_the_wall_so_there_are_none(owner: psycopg.Connection) -> None:
    rows = owner.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('v', 'm') and relname !~ '^procrastinate_'"
    ).fetchall()
    assert rows == []


def test_the_app_role_owns_nothing_and_cannot_step_over_the_wall(database: Database) -> None:
    with psycopg.connect(database.app_url) as app:
        for statement in (
            "set role seatwright_owner",
            "alter table app_user disable row level security",
            "drop policy tenant_wall on app_user",
            "set session authorization seatwright_owner",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), app.transaction():
                app.execute(statement.encode())
        # Without the wall a query fails instead of seeing more.
        app.execute("set row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("select 1 from app_user")


def test_a_connection_that_goes_back_to_the_pool_carries_no_tenant(database: Database) -> None:
    with psycopg.connect(database.app_url) as app:
        with app.transaction():
            app.execute("select set_config('seatwright.tenant', '1', true)")
        row = app.execute("select current_setting('seatwright.tenant', true)").fetchone()
        assert row in {("",), (None,)}


async def test_a_removed_tenant_leaves_no_row_in_any_table(
    database: Database, owner: psycopg.Connection, office: Office
) -> None:
    person = {"userPrincipalName": "ada@x.example", "displayName": "Ada", "usageLocation": "NO"}
    for path, body in (
        ("/api/identity/users", person),
        ("/api/subscriptions", {"skuPartNumber": "SPE_E3", "units": 1}),
        ("/api/identity/users/ada@x.example/licenses", {"skuPartNumber": "SPE_E3"}),
        ("/api/identity/groups", {"displayName": "Sales"}),
    ):
        answer = await office.admin.post(path, json=body, headers={"idempotency-key": path})
        assert answer.status_code < 300, answer.text
    assert (await office.admin.delete("/api/identity/users/ada@x.example")).status_code == 204
    tables = [*tenant_tables(owner), "tenant"]
    assert sum(count_of(owner, table) for table in tables) > 500
    owner.rollback()
    as_owner = DatabaseOfProduct(database.owner_url)
    await as_owner.open()
    await remove_tenant(as_owner, office.made.tenant.name)
    await as_owner.close()
    assert {table: count_of(owner, table) for table in tables} == dict.fromkeys(tables, 0)


def count_of(owner: psycopg.Connection, table: str) -> int:
    row = owner.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(table))).fetchone()
    assert row is not None
    count: int = row[0]
    return count
