"""Asking what a call would do, and proving that asking left nothing behind."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
from psycopg import sql

from tests.conftest import Database
from tests.office import Office

Json = dict[str, Any]

LEFT_BEHIND = frozenset({"preview"})
"""The one table in which a preview leaves something: what it said."""


async def preview(
    office: Office, method: str, path: str, body: object = None, **extra: Any
) -> Json:
    """What a call would do; it must be one that could be done."""
    answer = await ask(office.admin, method, path, body, **extra)
    assert answer.status_code == 200, answer.text
    seen: Json = answer.json()
    assert answer.headers["etag"] == f'"{seen["digest"]}"'
    return seen


async def ask(
    client: httpx.AsyncClient, method: str, path: str, body: object = None, **extra: Any
) -> httpx.Response:
    """The same call with `preview=true`."""
    mark = "&" if "?" in path else "?"
    return await send(client, method, f"{path}{mark}preview=true", body, **extra)


async def apply(
    client: httpx.AsyncClient, method: str, path: str, body: object, *, digest: str
) -> httpx.Response:
    """The call itself, if it still comes to what was previewed."""
    return await send(client, method, path, body, headers={"if-match": f'"{digest}"'})


async def send(
    client: httpx.AsyncClient, method: str, path: str, body: object = None, **extra: Any
) -> httpx.Response:
    """A call with a JSON body, a file as text, or nothing."""
    if isinstance(body, str):
        headers = {"content-type": "text/csv", **extra.pop("headers", {})}
        return await client.request(method, path, content=body, headers=headers, **extra)
    return await client.request(method, path, json=body, **extra)


def contents(database: Database) -> dict[str, str]:
    """A checksum of every table, read past every policy, by the table's name."""
    with psycopg.connect(database.owner_url) as owner:
        tables = owner.execute(
            "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace"
            " and c.relkind = 'r' order by 1"
        ).fetchall()
        found: dict[str, str] = {}
        for (table,) in tables:
            if table in LEFT_BEHIND:
                continue
            row = owner.execute(
                sql.SQL(
                    "select coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {} t"
                ).format(sql.Identifier(table))
            ).fetchone()
            assert row is not None
            found[str(table)] = str(row[0])
    return found


def people_of(lines: list[Json]) -> list[str]:
    """Whom lines are about, in their order."""
    return [line["user"]["displayName"] for line in lines]
