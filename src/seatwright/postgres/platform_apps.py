"""Apps as rows, with what they need; whom they are shared with is in `platform_shares.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.ids import ServicePlanSetId, SkuNo
from seatwright.domain.platform import AppKind, Need, version_text
from seatwright.domain.platform_things import AppFacts, AppFields
from seatwright.postgres.platform_things import (
    ThingColumn,
    ThingRecord,
    ThingTable,
    environment_of,
)
from seatwright.postgres.transaction import Transaction

NEEDS: Final = """
       array(select coalesce(n.sku_no, -1) from app_need n
              where n.tenant_id = {0}.tenant_id and n.app_no = {0}.app_no order by n.need_no),
       array(select n.plan_set from app_need n
              where n.tenant_id = {0}.tenant_id and n.app_no = {0}.app_no order by n.need_no)"""
"""Two columns of an app's row: SKU numbers (-1: none), and numbers of service plan sets."""


async def needs_of_rows(tx: Transaction, rows: Sequence[TupleRow]) -> list[tuple[Need, ...]]:
    """The needs of rows that end with the columns of `NEEDS`."""
    sets = await tx.plan_set_bits({one for row in rows for one in row[-1] if one})
    return [
        tuple(
            Need(sku=SkuNo(sku)) if sku >= 0 else Need(service_plans=sets[ServicePlanSetId(set_id)])
            for sku, set_id in zip(row[-2], row[-1], strict=True)
        )
        for row in rows
    ]


async def _things(tx: Transaction, rows: Sequence[TupleRow]) -> list[tuple[AppFields, AppFacts]]:
    needs_of_each = await needs_of_rows(tx, rows)
    return [_app(row, needs) for row, needs in zip(rows, needs_of_each, strict=True)]


def _app(row: TupleRow, needs: tuple[Need, ...]) -> tuple[AppFields, AppFacts]:
    environment, version = None if row[3] is None else environment_of(row[3:7]), row[9]
    fields = AppFields(
        external_id=row[0],
        name=row[1],
        kind=AppKind(row[2]),
        environment=None if environment is None else environment.environment_no,
        is_premium=row[7],
        needs_security_role=row[8],
        needs=needs,
        client_version_min=None if version is None else tuple(version),
    )
    facts = AppFacts(
        environment=environment,
        is_shared_with_everyone=row[10],
        group_count=row[11],
        user_count=row[12],
        has_policy=row[13],
    )
    return fields, facts


async def _write_needs(tx: Transaction, records: Sequence[ThingRecord[AppFields]]) -> None:
    rows = [
        (record.number, place, need)
        for record in records
        for place, need in enumerate(record.fields.needs)
    ]
    sets = await tx.plan_set_ids(need.service_plans for _, _, need in rows)
    await tx.connection.execute(
        "delete from app_need where tenant_id = %s and app_no = any(%s)",
        (tx.tenant_id, [record.number for record in records]),
    )
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


def _version(fields: AppFields) -> str | None:
    return None if fields.client_version_min is None else version_text(fields.client_version_min)


APP_TABLE: Final[ThingTable[AppFields, AppFacts]] = ThingTable(
    name="app",
    columns=(
        ThingColumn(name="kind", kind="text", value=lambda one: one.kind.value),
        ThingColumn(name="environment_no", kind="int4", value=lambda one: one.environment),
        ThingColumn(name="is_premium", kind="boolean", value=lambda one: one.is_premium),
        ThingColumn(
            name="needs_security_role", kind="boolean", value=lambda one: one.needs_security_role
        ),
        ThingColumn(
            name="client_version_min",
            kind="text",
            value=_version,
            # An array of arrays of different lengths is none, so that each is sent as a text.
            stored="string_to_array(new.client_version_min, '.')::int4[]",
        ),
    ),
    reads=f"""t.external_id, t.name, t.kind, e.environment_no, e.id, e.name, e.is_managed,
       t.is_premium, t.needs_security_role, t.client_version_min, t.is_shared_with_everyone,
       (select count(*) from app_shared_group g
         where g.tenant_id = t.tenant_id and g.app_no = t.app_no),
       (select count(*) from app_shared_user u
         where u.tenant_id = t.tenant_id and u.app_no = t.app_no),
       exists (select from auto_claim_policy p
                where p.tenant_id = t.tenant_id and p.app_kind = 'own' and p.app_no = t.app_no
                  and p.deleted_at is null),{NEEDS.format("t")}""",
    joins="""
  left join environment e on e.tenant_id = t.tenant_id and e.environment_no = t.environment_no""",
    things=_things,
    write_parts=_write_needs,
)
