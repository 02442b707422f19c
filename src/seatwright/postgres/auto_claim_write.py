"""Storing the auto-claim switch and policies; the caller holds the switch (`lock_feature`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from seatwright.domain.auto_claim import Policy, PolicyNo, PolicyProduct
from seatwright.domain.directory import text_key
from seatwright.domain.ids import GroupNo, PrincipalNo
from seatwright.domain.platform import AppNo
from seatwright.postgres.transaction import Transaction


async def set_feature(tx: Transaction, *, is_on: bool, at: datetime) -> None:
    """Turn the switch, and tell every process that what it keeps is old."""
    await tx.connection.execute(
        "update auto_claim set is_on = %s, changed_at = %s, version = version + 1"
        " where tenant_id = %s",
        (is_on, at, tx.tenant_id),
    )


async def raise_version(tx: Transaction) -> None:
    """Tell every process that its copy of the policies is old."""
    await tx.connection.execute(
        "update auto_claim set version = version + 1 where tenant_id = %s", (tx.tenant_id,)
    )


async def hold_own_app(tx: Transaction, app: AppNo) -> None:
    """Keep an app from being deleted, or made one of another kind, until the transaction ends."""
    await tx.connection.execute(
        "select from app where tenant_id = %s and app_no = %s for key share", (tx.tenant_id, app)
    )


async def insert_policy(tx: Transaction, new: Policy, *, by: PrincipalNo) -> None:
    """Store a policy with its products and groups, under the number that it carries."""
    await tx.connection.execute(
        "insert into auto_claim_policy (tenant_id, policy_no, id, name, name_key, app_kind,"
        " app_no, is_on, scope, has_default_scope, group_no, grants_requests, claims_max,"
        " release_after_days, notice_days, alert_below, effective_from, origin, created_at,"
        " created_by) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,"
        " %s, %s, %s, %s)",
        (
            tx.tenant_id,
            new.policy_no,
            new.policy_id,
            new.name,
            text_key(new.name),
            new.app.kind.value,
            new.app.app_no,
            new.is_on,
            new.scope.value,
            new.has_default_scope,
            new.group,
            new.grants_requests,
            new.claims_max,
            new.release_after_days,
            new.notice_days,
            new.alert_below,
            new.effective_from,
            new.origin.value,
            new.created_at,
            by,
        ),
    )
    await _insert_products(tx, new.policy_no, new.products)
    await _insert_groups(tx, new.policy_no, new.limited_to)
    await raise_version(tx)


async def update_policy(tx: Transaction, one: Policy) -> None:
    """Store what a policy is from now on."""
    await tx.connection.execute(
        "update auto_claim_policy set name = %s, name_key = %s, is_on = %s, scope = %s,"
        " has_default_scope = %s, group_no = %s, grants_requests = %s, claims_max = %s,"
        " release_after_days = %s, notice_days = %s, alert_below = %s"
        " where tenant_id = %s and policy_no = %s",
        (
            one.name,
            text_key(one.name),
            one.is_on,
            one.scope.value,
            one.has_default_scope,
            one.group,
            one.grants_requests,
            one.claims_max,
            one.release_after_days,
            one.notice_days,
            one.alert_below,
            tx.tenant_id,
            one.policy_no,
        ),
    )
    for table in ("auto_claim_policy_product", "auto_claim_policy_group"):
        await tx.connection.execute(
            f"delete from {table} where tenant_id = %s and policy_no = %s",
            (tx.tenant_id, one.policy_no),
        )
    await _insert_products(tx, one.policy_no, one.products)
    await _insert_groups(tx, one.policy_no, one.limited_to)
    await raise_version(tx)


async def delete_policy(tx: Transaction, policy_no: PolicyNo, *, at: datetime) -> None:
    """Take a policy out of force; its row stays, for the report of what it gave."""
    await tx.connection.execute(
        "update auto_claim_policy set deleted_at = %s, is_on = false"
        " where tenant_id = %s and policy_no = %s",
        (at, tx.tenant_id, policy_no),
    )
    await raise_version(tx)


async def _insert_products(
    tx: Transaction, policy_no: PolicyNo, products: tuple[PolicyProduct, ...]
) -> None:
    sets = await tx.plan_set_ids(product.disabled for product in products)
    await tx.connection.execute(
        "insert into auto_claim_policy_product (tenant_id, policy_no, place, sku_no,"
        " disabled_set) select %s, %s, *"
        " from unnest(%s::int2[], %s::int2[], %s::int4[])",
        (
            tx.tenant_id,
            policy_no,
            list(range(len(products))),
            [product.sku for product in products],
            [sets[product.disabled] for product in products],
        ),
    )


async def _insert_groups(tx: Transaction, policy_no: PolicyNo, groups: Collection[GroupNo]) -> None:
    await tx.connection.execute(
        "insert into auto_claim_policy_group (tenant_id, policy_no, group_no)"
        " select %s, %s, unnest(%s::int4[])",
        (tx.tenant_id, policy_no, sorted(groups)),
    )
