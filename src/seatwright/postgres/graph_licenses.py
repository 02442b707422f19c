"""What people hold, as Graph's answers need it: set-based, for one person or a page of 999."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.ids import GroupNo, ServicePlanBits, ServicePlanSetId, SkuNo, UserNo
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True)
class HeldLicense:
    """An effective license by its numbers."""

    sku: SkuNo
    enabled_set: ServicePlanSetId
    since: datetime | None = None


async def licenses_of_person(
    tx: Transaction, *, id_: UUID | None, upn_key: str
) -> list[HeldLicense] | None:
    """What one living person holds, found by id or UPN in the same round trip; None: nobody."""
    column, value = ("id", id_) if id_ is not None else ("upn_key", upn_key)
    cursor = await tx.connection.execute(
        "select l.sku_no, l.enabled_set from app_user u left join effective_license l"
        " on l.tenant_id = u.tenant_id and l.user_no = u.user_no"
        f" where u.tenant_id = %s and u.{column} = %s and u.deleted_at is null order by l.sku_no",
        (tx.tenant_id, value),
    )
    rows = await cursor.fetchall()
    if not rows:
        return None
    return [HeldLicense(row[0], row[1]) for row in rows if row[0] is not None]


async def licenses_of_page(
    tx: Transaction, users: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    """SKU and service plan set of everything that these people hold, in SKU order."""
    cursor = await tx.connection.execute(
        "select user_no, sku_no, enabled_set from effective_license"
        " where tenant_id = %s and user_no = any(%s) order by user_no, sku_no",
        (tx.tenant_id, list(users)),
    )
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for user, sku, enabled in await cursor.fetchall():
        found[user].append((sku, enabled))
    return found


async def dated_licenses(tx: Transaction, users: Sequence[int]) -> dict[int, list[HeldLicense]]:
    """The same with the time since when, for service plans one by one."""
    cursor = await tx.connection.execute(
        "select user_no, sku_no, enabled_set, since from effective_license"
        " where tenant_id = %s and user_no = any(%s) order by user_no, sku_no",
        (tx.tenant_id, list(users)),
    )
    found: dict[int, list[HeldLicense]] = defaultdict(list)
    for user, sku, enabled, since in await cursor.fetchall():
        found[user].append(HeldLicense(sku, enabled, since))
    return found


async def licenses_of_groups(
    tx: Transaction, groups: Sequence[int]
) -> dict[int, list[tuple[int, int]]]:
    """SKU and disabled service plans of what these groups give, in SKU order."""
    cursor = await tx.connection.execute(
        "select group_no, sku_no, disabled_set from assignment"
        " where tenant_id = %s and group_no = any(%s) order by group_no, sku_no",
        (tx.tenant_id, list(groups)),
    )
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for group, sku, disabled in await cursor.fetchall():
        found[group].append((sku, disabled))
    return found


async def all_plan_sets(tx: Transaction) -> dict[int, ServicePlanBits]:
    """Every combination of service plans that the tenant ever had; a few thousand at most."""
    cursor = await tx.connection.execute(
        "select set_id, bits from service_plan_set where tenant_id = %s", (tx.tenant_id,)
    )
    return {set_id: ServicePlanBits(int(bits, 16)) for set_id, bits in await cursor.fetchall()}


async def ids_of_groups(tx: Transaction, groups: Sequence[int]) -> dict[GroupNo, UUID]:
    """The ids of these groups, deleted ones too."""
    cursor = await tx.connection.execute(
        "select group_no, id from app_group where tenant_id = %s and group_no = any(%s)",
        (tx.tenant_id, list(groups)),
    )
    return {GroupNo(row[0]): row[1] for row in await cursor.fetchall()}


async def ids_of_users(tx: Transaction, users: Sequence[int]) -> dict[UserNo, UUID]:
    """The ids of these people, deleted ones too."""
    cursor = await tx.connection.execute(
        "select user_no, id from app_user where tenant_id = %s and user_no = any(%s)",
        (tx.tenant_id, list(users)),
    )
    return {UserNo(row[0]): row[1] for row in await cursor.fetchall()}
