"""Apps: finding, listing and writing them, and whom they are shared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.rows import TupleRow

from seatwright.domain.directory import text_key
from seatwright.domain.ids import ServicePlanSetId, SkuNo
from seatwright.domain.platform import AppKind, AppNo, EnvironmentNo, Need
from seatwright.domain.platform_things import App, AppFields, EnvironmentRef
from seatwright.postgres.transaction import Transaction

_APP: Final = """
select a.app_no, a.id, a.external_id, a.name, a.kind,
       e.environment_no, e.id, e.name, e.is_managed,
       a.is_premium, a.needs_security_role, a.is_shared_with_everyone,
       (select count(*) from app_shared_group g
         where g.tenant_id = a.tenant_id and g.app_no = a.app_no),
       (select count(*) from app_shared_user u
         where u.tenant_id = a.tenant_id and u.app_no = a.app_no),
       a.client_version_min, a.created_at,
       array(select coalesce(n.sku_no, -1) from app_need n
              where n.tenant_id = a.tenant_id and n.app_no = a.app_no order by n.need_no),
       array(select n.plan_set from app_need n
              where n.tenant_id = a.tenant_id and n.app_no = a.app_no order by n.need_no)
  from app a
  left join environment e on e.tenant_id = a.tenant_id and e.environment_no = a.environment_no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRecord:
    """An app to write, under its number."""

    app_no: AppNo
    id: UUID
    fields: AppFields


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPlace:
    """Where a page of apps ended: they are listed by name, then by number."""

    name_key: str = ""
    app_no: int = 0


def environment_ref(row: TupleRow) -> EnvironmentRef | None:
    """An environment from its number, id, name and whether it is managed."""
    if row[0] is None:
        return None
    return EnvironmentRef(
        environment_no=EnvironmentNo(row[0]), id=row[1], name=row[2], is_managed=row[3]
    )


async def needs_of_rows(tx: Transaction, rows: Sequence[TupleRow], at: int) -> list[list[Need]]:
    """The needs of each row, whose column `at` has SKU numbers (-1: none), the next set numbers."""
    sets = await tx.plan_set_bits({one for row in rows for one in row[at + 1] if one})
    return [
        [
            Need(sku=SkuNo(sku)) if sku >= 0 else Need(service_plans=sets[ServicePlanSetId(set_id)])
            for sku, set_id in zip(row[at], row[at + 1], strict=True)
        ]
        for row in rows
    ]


async def _of(tx: Transaction, rows: Sequence[TupleRow]) -> list[App]:
    return [
        App(
            app_no=AppNo(row[0]),
            id=row[1],
            external_id=row[2],
            name=row[3],
            kind=AppKind(row[4]),
            environment=environment_ref(row[5:9]),
            is_premium=row[9],
            needs_security_role=row[10],
            is_shared_with_everyone=row[11],
            group_count=row[12],
            user_count=row[13],
            client_version_min=None if row[14] is None else tuple(row[14]),
            created_at=row[15],
            needs=tuple(needs),
        )
        for row, needs in zip(rows, await needs_of_rows(tx, rows, 16), strict=True)
    ]


async def list_apps(
    tx: Transaction, *, after: AppPlace, limit: int, environment: EnvironmentNo | None = None
) -> list[App]:
    """Apps by name, of one environment or of all."""
    where = ""
    values: tuple[int, ...] = ()
    if environment is not None:
        where, values = " and a.environment_no = %s", (environment,)
    cursor = await tx.connection.execute(
        f"{_APP} where a.tenant_id = %s{where} and (a.name_key, a.app_no) > (%s, %s)"
        " order by a.name_key, a.app_no limit %s",
        (tx.tenant_id, *values, after.name_key, after.app_no, limit),
    )
    return await _of(tx, await cursor.fetchall())


async def apps_by_number(tx: Transaction, numbers: Sequence[AppNo]) -> dict[AppNo, App]:
    """Apps by their numbers."""
    cursor = await tx.connection.execute(
        f"{_APP} where a.tenant_id = %s and a.app_no = any(%s)", (tx.tenant_id, list(numbers))
    )
    return {one.app_no: one for one in await _of(tx, await cursor.fetchall())}


async def find_apps(
    tx: Transaction, *, ids: Sequence[UUID], keys: Sequence[str]
) -> list[tuple[AppNo, UUID, str | None, str, EnvironmentNo | None]]:
    """Number, id, key of the outer id, key of the name, and environment of apps that any text
    here may name."""
    cursor = await tx.connection.execute(
        "select app_no, id, external_key, name_key, environment_no from app"
        " where tenant_id = %s"
        " and (id = any(%s) or external_key = any(%s) or name_key = any(%s)) order by app_no",
        (tx.tenant_id, list(ids), list(keys), list(keys)),
    )
    return await cursor.fetchall()


async def insert_apps(tx: Transaction, records: Sequence[AppRecord], *, at: datetime) -> bool:
    """Store apps; False, and none of them stored, when the id one came with is taken."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "insert into app (tenant_id, app_no, id, external_id, external_key, name,"
                " name_key, kind, environment_no, is_premium, needs_security_role,"
                " client_version_min, created_at)"
                " select %s, no, id, external, external_key, name, name_key, kind, environment,"
                f" premium, role, string_to_array(version, '.')::int4[], %s from {_NEW}",
                (tx.tenant_id, at, *_columns(records)),
            )
    except UniqueViolation:
        return False
    await _insert_needs(tx, records)
    return True


async def update_apps(tx: Transaction, records: Sequence[AppRecord]) -> bool:
    """Change apps; False, and none of them changed, when the id one came with is taken."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "update app a set external_id = new.external, external_key = new.external_key,"
                " name = new.name, name_key = new.name_key, kind = new.kind,"
                " environment_no = new.environment, is_premium = new.premium,"
                " needs_security_role = new.role,"
                f" client_version_min = string_to_array(new.version, '.')::int4[] from {_NEW}"
                " where a.tenant_id = %s and a.app_no = new.no",
                (*_columns(records), tx.tenant_id),
            )
    except UniqueViolation:
        return False
    await tx.connection.execute(
        "delete from app_need where tenant_id = %s and app_no = any(%s)",
        (tx.tenant_id, [record.app_no for record in records]),
    )
    await _insert_needs(tx, records)
    return True


_NEW: Final = (
    "unnest(%s::int4[], %s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],"
    " %s::int4[], %s::boolean[], %s::boolean[], %s::text[])"
    " as new (no, id, external, external_key, name, name_key, kind, environment, premium, role,"
    " version)"
)


def _columns(records: Sequence[AppRecord]) -> tuple[list[object], ...]:
    fields = [record.fields for record in records]
    return (
        [record.app_no for record in records],
        [record.id for record in records],
        [one.external_id for one in fields],
        [one.external_id and text_key(one.external_id) for one in fields],
        [one.name for one in fields],
        [text_key(one.name) for one in fields],
        [one.kind.value for one in fields],
        [one.environment for one in fields],
        [one.is_premium for one in fields],
        [one.needs_security_role for one in fields],
        [
            one.client_version_min and ".".join(str(part) for part in one.client_version_min)
            for one in fields
        ],
    )


async def _insert_needs(tx: Transaction, records: Sequence[AppRecord]) -> None:
    rows = [
        (record.app_no, place, need)
        for record in records
        for place, need in enumerate(record.fields.needs)
    ]
    if not rows:
        return
    sets = await tx.plan_set_ids(need.service_plans for _, _, need in rows)
    await tx.connection.execute(
        "insert into app_need (tenant_id, app_no, need_no, sku_no, plan_set)"
        " select %s, app, place, sku, plans"
        " from unnest(%s::int4[], %s::int2[], %s::int2[], %s::int4[])"
        " as new (app, place, sku, plans)",
        (
            tx.tenant_id,
            [app for app, _, _ in rows],
            [place for _, place, _ in rows],
            [need.sku for _, _, need in rows],
            [sets[need.service_plans] for _, _, need in rows],
        ),
    )


async def lock_apps(tx: Transaction, numbers: Sequence[AppNo]) -> None:
    """Keep these apps as they are read until the transaction ends, in their order."""
    await tx.connection.execute(
        "select from app where tenant_id = %s and app_no = any(%s) order by app_no"
        " for no key update",
        (tx.tenant_id, sorted(numbers)),
    )


async def delete_app(tx: Transaction, app: AppNo) -> bool:
    """Forget an app; False while something else, an auto-claim policy say, is about it."""
    try:
        async with tx.connection.transaction():
            await tx.connection.execute(
                "delete from app where tenant_id = %s and app_no = %s", (tx.tenant_id, app)
            )
    except ForeignKeyViolation:
        return False
    return True
