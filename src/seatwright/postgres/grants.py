"""What the app role may do, and the proof that it can do no more.

Web, jobs and commands connect as the app role.  It owns nothing and is no superuser, so row-level
security always binds it (``architecture.md`` §5).
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql

# The app role reads these and never writes them.
READ_ONLY_TABLES: Final = ("schema_migration",)
# The app role adds rows to these and never changes or removes one.
APPEND_ONLY_TABLES: Final = ("history_event", "history_block", "history_head")

_TABLES_AND_PARTITIONS = """
    with recursive named (oid) as (
        select c.oid from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relname = any(%s)
        union all
        select i.inhrelid from pg_inherits i join named on i.inhparent = named.oid
    )
    select c.relname from named join pg_class c on c.oid = named.oid
    where c.relkind in ('r', 'p')
    order by c.relname
"""

_WAYS_AROUND = """
    select 'it is, or may become, the superuser or BYPASSRLS role ' || quote_ident(r.rolname)
    from pg_roles r
    where (r.rolsuper or r.rolbypassrls) and pg_has_role(current_user, r.oid, 'MEMBER')
    union all
    select 'it owns the table ' || quote_ident(c.relname) || ', or may become its owner'
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and pg_has_role(current_user, c.relowner, 'MEMBER')
    limit 1
"""


class RoleError(Exception):
    """The role to serve as could get around row-level security."""


def grant_to_app_role(owner: psycopg.Connection[tuple[object, ...]], *, app_role: str) -> None:
    """Grant the app role its rights on every table there is, and take what it must not have."""
    role = sql.Identifier(app_role)
    with owner.transaction():
        for statement in (
            "grant usage on schema public to {}",
            "grant select, insert, update, delete on all tables in schema public to {}",
            "grant usage, select on all sequences in schema public to {}",
            "grant execute on all functions in schema public to {}",
        ):
            owner.execute(sql.SQL(statement).format(role))
        for table in _tables(owner, READ_ONLY_TABLES):
            _revoke(owner, "insert, update, delete", table=table, role=role)
        for table in _tables(owner, APPEND_ONLY_TABLES):
            _revoke(owner, "update, delete", table=table, role=role)


def refuse_role_that_bypasses(app_url: str) -> None:
    """Raise RoleError when the role of ``app_url`` could get around row-level security."""
    with psycopg.connect(app_url, autocommit=True) as connection:
        row = connection.execute(_WAYS_AROUND).fetchone()
        name = connection.info.user
    if row is not None:
        raise RoleError(
            f"seatwright does not serve as the database role {name!r}: {row[0]}, so row-level "
            "security would not keep tenants apart. Give SEATWRIGHT_DATABASE_URL a role made with "
            "`create role … login nosuperuser nobypassrls` that owns nothing, and the owner's in "
            "SEATWRIGHT_MIGRATE_URL."
        )


def _tables(
    owner: psycopg.Connection[tuple[object, ...]], names: tuple[str, ...]
) -> tuple[str, ...]:
    rows = owner.execute(_TABLES_AND_PARTITIONS, (list(names),)).fetchall()
    return tuple(str(row[0]) for row in rows)


def _revoke(
    owner: psycopg.Connection[tuple[object, ...]],
    rights: str,
    *,
    table: str,
    role: sql.Identifier,
) -> None:
    statement = sql.SQL("revoke {} on table {} from {}")
    rights_sql = sql.SQL(", ").join(sql.SQL(right) for right in rights.split(", "))
    owner.execute(statement.format(rights_sql, sql.Identifier(table), role))
