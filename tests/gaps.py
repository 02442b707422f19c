"""A watch in the database itself: at no commit does anybody lack both products of a move.

A deferred constraint trigger looks at every license that a transaction took away, when the
transaction is about to commit. Whoever is still wished one of the two products must hold one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql

_FUNCTION: Final = """
create or replace function {name}() returns trigger language plpgsql as $$
declare
    pair int2[] := array(select s.sku_no from sku s
        where s.tenant_id = old.tenant_id and s.part_number = any({parts}));
begin
    if not (old.sku_no = any(pair)) or exists (
        select from effective_license l where l.tenant_id = old.tenant_id
           and l.user_no = old.user_no and l.sku_no = any(pair)) then
        return null;
    end if;
    if exists (select from app_user u where u.tenant_id = old.tenant_id
            and u.user_no = old.user_no and u.deleted_at is null)
        and (exists (select from assignment a where a.tenant_id = old.tenant_id
                and a.user_no = old.user_no and a.sku_no = any(pair))
            or exists (select from membership m join assignment a
                on a.tenant_id = m.tenant_id and a.group_no = m.group_no
             where m.tenant_id = old.tenant_id and m.user_no = old.user_no
               and a.sku_no = any(pair))) then
        raise exception 'a gap: person % holds neither product at a commit', old.user_no;
    end if;
    return null;
end $$
"""


def watch_gaps(owner_url: str, *parts: str) -> None:
    """Let every commit fail that leaves somebody with neither of these products."""
    name = sql.Identifier("no_gap")
    with psycopg.connect(owner_url) as owner:
        owner.execute(
            sql.SQL(_FUNCTION).format(
                name=name,
                parts=sql.SQL("array[{}]").format(sql.SQL(", ").join(map(sql.Literal, parts))),
            )
        )
        owner.execute(
            sql.SQL(
                "create constraint trigger no_gap after delete on effective_license"
                " deferrable initially deferred for each row execute function {}()"
            ).format(name)
        )


@contextmanager
def watching_gaps(owner_url: str, *parts: str) -> Iterator[None]:
    """The same until the block ends."""
    watch_gaps(owner_url, *parts)
    try:
        yield
    finally:
        with psycopg.connect(owner_url) as owner:
            owner.execute("drop trigger no_gap on effective_license")
