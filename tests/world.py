"""Setting a scene in an office's database without the routes under test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.domain.tenants import SYSTEM_PRINCIPAL, Principal
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.tenants import read_tenant, take_numbers
from tests.office import Office


@asynccontextmanager
async def call_of(office: Office) -> AsyncIterator[Call]:
    """A call of seatwright itself, committed on the way out."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        tenant = await read_tenant(tx.connection, tx.tenant_id)
        principal = await principal_by_number(tx, SYSTEM_PRINCIPAL)
        assert tenant is not None
        assert isinstance(principal, Principal)
        yield Call(
            tx=tx, tenant=tenant, principal=principal, now=office.clock.now(), correlation=uuid4()
        )


async def add_people(office: Office, *names: str, location: str | None = "NO") -> list[int]:
    """Add people `NAME@contoso.example`; gives their numbers."""
    async with call_of(office) as call:
        first = await take_numbers(call.tx, "user", len(names))
        numbers = list(range(first, first + len(names)))
        await call.tx.connection.execute(
            "insert into app_user (tenant_id, created_at, usage_location, user_no, id, upn,"
            " upn_key, display_name, display_name_key)"
            " select %s, %s, %s, p.no, gen_random_uuid(), p.upn, p.upn, p.name, p.name"
            " from unnest(%s::int4[], %s::text[], %s::text[]) as p (no, upn, name)",
            (
                call.tx.tenant_id,
                call.now,
                location,
                numbers,
                [f"{name}@contoso.example" for name in names],
                list(names),
            ),
        )
    return numbers


async def set_seats(office: Office, part_number: str, seats: int) -> None:
    """Give a product this many seats, as if they had been bought."""
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update sku_pool p set assignable = %s from sku s where p.tenant_id = %s"
            " and s.tenant_id = p.tenant_id and s.sku_no = p.sku_no and s.part_number = %s",
            (seats, call.tx.tenant_id, part_number),
        )


async def add_group(office: Office, name: str, members: Sequence[int] = ()) -> str:
    """Add a security group with these members; gives its id."""
    group_id = str(uuid4())
    async with call_of(office) as call:
        number = await take_numbers(call.tx, "group", 1)
        await call.tx.connection.execute(
            "insert into app_group (tenant_id, group_no, id, display_name, display_name_key,"
            " created_at) values (%s, %s, %s, %s, %s, %s)",
            (call.tx.tenant_id, number, group_id, name, name.casefold(), call.now),
        )
        await call.tx.connection.execute(
            "insert into membership (tenant_id, user_no, group_no, since)"
            " select %s, unnest(%s::int4[]), %s, %s",
            (call.tx.tenant_id, list(members), number, call.now),
        )
    return group_id


async def counts_agree(office: Office) -> bool:
    """Whether every pool's consumed units are the number of its holders."""
    async with call_of(office) as call:
        cursor = await call.tx.connection.execute(
            "select count(*) from sku_pool p where p.consumed <> (select count(*)"
            " from effective_license l where l.tenant_id = p.tenant_id and l.sku_no = p.sku_no)"
        )
        row = await cursor.fetchone()
    return row is not None and row[0] == 0
