"""The rows of request policies: few, so they are read whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.domain.requests.policy import ApproverKind, Approvers, RequestPolicy
from seatwright.domain.roles import Role
from seatwright.postgres.transaction import Transaction

_COLUMNS = (
    "sku_no, is_open, needs_justification, approvers, fallback, alternate, alternate_after_hours,"
    " approves_while_free, approves_within, pending_days, license_days, changed_at"
)


async def read_request_policies(tx: Transaction) -> Mapping[SkuNo, RequestPolicy]:
    """Every stored policy by its product; 0 is that of all others."""
    cursor = await tx.connection.execute(
        f"select {_COLUMNS} from request_policy where tenant_id = %s order by sku_no",
        (tx.tenant_id,),
    )
    return {SkuNo(row[0]): _policy(row) for row in await cursor.fetchall()}


async def hold_request_policies(tx: Transaction, *, is_exclusive: bool = False) -> None:
    """Keep asking and changes of policies apart, so that no line goes by a policy that is gone.

    Whoever asks shares; whoever changes a policy, and so who decides about what is pending, has it
    alone. Advisory, because a tenant may have no row; the number is beyond those of groups.
    """
    function = "pg_advisory_xact_lock" if is_exclusive else "pg_advisory_xact_lock_shared"
    await tx.connection.execute(f"select {function}(%s, %s)", (tx.tenant_id, _POLICIES))


_POLICIES = -6
"""Beside the tenant's number in the advisory lock; groups have numbers above zero."""


async def store_request_policy(tx: Transaction, policy: RequestPolicy, *, by: PrincipalNo) -> None:
    """Store a policy under its product, over the one that was there."""
    await tx.connection.execute(
        f"insert into request_policy (tenant_id, {_COLUMNS}, changed_by)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
        " on conflict (tenant_id, sku_no) do update set is_open = excluded.is_open,"
        " needs_justification = excluded.needs_justification, approvers = excluded.approvers,"
        " fallback = excluded.fallback, alternate = excluded.alternate,"
        " alternate_after_hours = excluded.alternate_after_hours,"
        " approves_while_free = excluded.approves_while_free,"
        " approves_within = excluded.approves_within, pending_days = excluded.pending_days,"
        " license_days = excluded.license_days, changed_at = excluded.changed_at,"
        " changed_by = excluded.changed_by",
        (
            tx.tenant_id,
            policy.sku,
            policy.is_open,
            policy.needs_justification,
            _json(policy.approvers),
            _json(policy.fallback),
            _json(policy.alternate),
            policy.alternate_after_hours,
            policy.approves_while_free,
            policy.approves_within,
            policy.pending_days,
            policy.license_days,
            policy.changed_at,
            by,
        ),
    )


async def delete_request_policy(tx: Transaction, sku: SkuNo) -> bool:
    """Remove the policy of a product; False when it had none."""
    cursor = await tx.connection.execute(
        "delete from request_policy where tenant_id = %s and sku_no = %s", (tx.tenant_id, sku)
    )
    return cursor.rowcount > 0


def _policy(row: TupleRow) -> RequestPolicy:
    return RequestPolicy(
        sku=SkuNo(row[0]),
        is_open=row[1],
        needs_justification=row[2],
        approvers=_approvers(row[3]),
        fallback=None if row[4] is None else _approvers(row[4]),
        alternate=None if row[5] is None else _approvers(row[5]),
        alternate_after_hours=row[6],
        approves_while_free=row[7],
        approves_within=row[8],
        pending_days=row[9],
        license_days=row[10],
        changed_at=row[11],
    )


def _approvers(kept: Mapping[str, Any]) -> Approvers:
    group = kept.get("group")
    return Approvers(
        kind=ApproverKind(kept["kind"]),
        level=kept.get("level", 1),
        users=tuple(UserNo(no) for no in kept.get("users", ())),
        group=None if group is None else GroupNo(group),
        roles=tuple(Role(role) for role in kept.get("roles", ())),
    )


def _json(approvers: Approvers | None) -> Jsonb | None:
    if approvers is None:
        return None
    kept: dict[str, object] = {"kind": approvers.kind.value}
    match approvers.kind:
        case ApproverKind.MANAGER:
            kept["level"] = approvers.level
        case ApproverKind.PEOPLE:
            kept["users"] = list(approvers.users)
        case ApproverKind.GROUP:
            kept["group"] = approvers.group
        case ApproverKind.ROLES:
            kept["roles"] = [role.value for role in approvers.roles]
    return Jsonb(kept)
