"""Reading the auto-claim switch and policies: they are few, so they are read whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from psycopg.rows import TupleRow

from seatwright.domain.auto_claim import (
    EnvironmentScope,
    Feature,
    Policy,
    PolicyNo,
    PolicyOrigin,
    PolicyProduct,
)
from seatwright.domain.ids import GroupNo, ServicePlanSetId, SkuNo
from seatwright.domain.platform import AppNo, AutoClaimApp, AutoClaimKind
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "policy_no, id, name, app_kind, app_no, is_on, scope, has_default_scope, group_no,"
    " grants_requests, claims_max, release_after_days, notice_days, alert_below, effective_from,"
    " origin, created_at"
)


async def read_feature(tx: Transaction) -> Feature:
    """The tenant's switch, and the version of everything here."""
    cursor = await tx.connection.execute(
        "select is_on, version, changed_at from auto_claim where tenant_id = %s", (tx.tenant_id,)
    )
    row = await cursor.fetchone()
    if row is None:
        return Feature()
    return Feature(is_on=row[0], version=row[1], changed_at=row[2])


async def lock_feature(tx: Transaction) -> Feature:
    """The switch, held until the transaction ends: changes of policies wait for one another."""
    await tx.connection.execute(
        "insert into auto_claim (tenant_id) values (%s) on conflict do nothing", (tx.tenant_id,)
    )
    await tx.connection.execute(
        "select from auto_claim where tenant_id = %s for no key update", (tx.tenant_id,)
    )
    return await read_feature(tx)


async def hold_feature(tx: Transaction) -> Feature:
    """The switch as it is, held against changes of it and of policies; others may hold it too."""
    await tx.connection.execute(
        "select from auto_claim where tenant_id = %s for share", (tx.tenant_id,)
    )
    return await read_feature(tx)


async def read_policies(tx: Transaction) -> Mapping[AutoClaimApp, Policy]:
    """Every policy by its app, whether on or off, in the order of their names."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from auto_claim_policy where tenant_id = %s and deleted_at is null"
        " order by name_key",
        (tx.tenant_id,),
    )
    return {one.app: one for one in await _policies(tx, await cursor.fetchall())}


async def find_policies(
    tx: Transaction, *, policy_id: UUID | None, name_key: str
) -> tuple[Policy, ...]:
    """Policies that bear this id or name; at most one of each."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from auto_claim_policy where tenant_id = %s and deleted_at is null"
        " and (id = %s or name_key = %s)",
        (tx.tenant_id, policy_id, name_key),
    )
    return await _policies(tx, await cursor.fetchall())


async def find_deleted_policy(tx: Transaction, policy_id: UUID) -> Policy | None:
    """A policy that was deleted, for the report of what it gave."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from auto_claim_policy where tenant_id = %s and id = %s"
        " and deleted_at is not null",
        (tx.tenant_id, policy_id),
    )
    found = await _policies(tx, await cursor.fetchall())
    return found[0] if found else None


async def _policies(tx: Transaction, rows: Sequence[TupleRow]) -> tuple[Policy, ...]:
    numbers = [row[0] for row in rows]
    products = await _products(tx, numbers)
    groups = await _groups(tx, numbers)
    return tuple(
        Policy(
            policy_no=PolicyNo(row[0]),
            policy_id=row[1],
            name=row[2],
            app=AutoClaimApp(kind=AutoClaimKind(row[3]), app_no=AppNo(row[4])),
            products=tuple(products[row[0]]),
            is_on=row[5],
            scope=EnvironmentScope(row[6]),
            has_default_scope=row[7],
            group=None if row[8] is None else GroupNo(row[8]),
            limited_to=frozenset(groups[row[0]]),
            grants_requests=row[9],
            claims_max=row[10],
            release_after_days=row[11],
            notice_days=row[12],
            alert_below=row[13],
            effective_from=row[14],
            origin=PolicyOrigin(row[15]),
            created_at=row[16],
        )
        for row in rows
    )


async def _products(tx: Transaction, numbers: Sequence[int]) -> dict[int, list[PolicyProduct]]:
    cursor = await tx.connection.execute(
        "select policy_no, sku_no, disabled_set from auto_claim_policy_product"
        " where tenant_id = %s and policy_no = any(%s) order by policy_no, place",
        (tx.tenant_id, list(numbers)),
    )
    rows = await cursor.fetchall()
    bits = await tx.plan_set_bits({row[2] for row in rows})
    found: dict[int, list[PolicyProduct]] = defaultdict(list)
    for policy_no, sku_no, disabled in rows:
        product = PolicyProduct(sku=SkuNo(sku_no), disabled=bits[ServicePlanSetId(disabled)])
        found[policy_no].append(product)
    return found


async def _groups(tx: Transaction, numbers: Sequence[int]) -> dict[int, list[GroupNo]]:
    cursor = await tx.connection.execute(
        "select policy_no, group_no from auto_claim_policy_group"
        " where tenant_id = %s and policy_no = any(%s)",
        (tx.tenant_id, list(numbers)),
    )
    found: dict[int, list[GroupNo]] = defaultdict(list)
    for policy_no, group_no in await cursor.fetchall():
        found[policy_no].append(GroupNo(group_no))
    return found


async def policy_maker(tx: Transaction, policy: PolicyNo) -> str:
    """The name of who made a policy, also of one who may not act here any more."""
    cursor = await tx.connection.execute(
        "select p.name from auto_claim_policy a"
        " join principal p on p.tenant_id = a.tenant_id and p.principal_no = a.created_by"
        " where a.tenant_id = %s and a.policy_no = %s",
        (tx.tenant_id, policy),
    )
    row = await cursor.fetchone()
    return "" if row is None else str(row[0])


async def policy_names(tx: Transaction, policies: Sequence[PolicyNo]) -> dict[PolicyNo, str]:
    """What these policies are called, deleted ones included."""
    cursor = await tx.connection.execute(
        "select policy_no, name from auto_claim_policy"
        " where tenant_id = %s and policy_no = any(%s)",
        (tx.tenant_id, list(policies)),
    )
    return {PolicyNo(row[0]): row[1] for row in await cursor.fetchall()}
