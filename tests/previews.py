"""Asking what a call would do, and proving that asking left nothing behind."""

from __future__ import annotations

from typing import Any

import httpx
import psycopg
from psycopg import sql

from tests.conftest import Database
from tests.office import Office
from tests.world import add_group, add_people, set_seats

Json = dict[str, Any]

USERS = "/api/identity/users"
GROUPS = "/api/identity/groups"
BULK = "/api/identity/licenses/bulk-assign"
E3 = {"skuPartNumber": "SPE_E3"}
VISIO = {"skuPartNumber": "VISIOCLIENT"}

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


def upn(name: str) -> str:
    return f"{name}@contoso.example"


def licenses(name: str) -> str:
    return f"{USERS}/{upn(name)}/licenses"


async def holders(office: Office, sku: str = "SPE_E3") -> list[str]:
    answer = await office.admin.get(f"/api/identity/licenses/{sku}/holders")
    return [row["user"]["displayName"] for row in answer.json()["value"]]


async def licensed_team(office: Office, *names: str, seats: int) -> str:
    """A group that gives Microsoft 365 E3 to these people, as far as the seats go."""
    people = await add_people(office, *names)
    await set_seats(office, "SPE_E3", seats)
    group = await add_group(office, "Team", people)
    answer = await office.admin.post(f"{GROUPS}/{group}/licenses", json=E3)
    assert answer.status_code == 202, answer.text
    return group


async def administrator(office: Office, name: str) -> Any:
    made = await office.admin.post(
        "/api/tokens", json={"name": name, "roles": ["global-administrator"]}
    )
    return office.client(made.json()["token"])
