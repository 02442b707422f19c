"""Making a drafted tenant real: through the same use cases as everybody, at the draft's own dates.

All of it happens in one transaction, the caller's, so a start that is killed half way leaves
nothing of the tenant, and the next start begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.assign.people import require_user
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.groups import page_of_groups
from seatwright.app.directory.import_groups import import_groups
from seatwright.app.directory.import_members import import_members
from seatwright.app.directory.import_users import import_users
from seatwright.app.directory.imports import ImportChoices, ImportResult
from seatwright.app.directory.members import join_group
from seatwright.app.group_licenses import GroupOrder, license_group
from seatwright.app.subscriptions import add_subscription
from seatwright.app.work import work_at_once
from seatwright.demo.draft import DraftPurchase, TenantDraft
from seatwright.demo.files import groups_file, members_file, people_file
from seatwright.domain.csv_text import Table, read_table
from seatwright.domain.groups_file import GROUP_COLUMNS
from seatwright.domain.members_file import MEMBER_COLUMNS
from seatwright.domain.people_file import PEOPLE_COLUMNS
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.domain.wants import Want

PEOPLE_DAYS: Final = 390
LICENSES_DAYS: Final = 380
ASSIGNMENTS_DAYS: Final = 60
"""How many days before the draft's own the tenant got its people, licenses and extras."""

PEOPLE_AT_ONCE: Final = 50_000
"""People of one file; a manager is in the same file as whom they lead, or in one before it."""

GROUPS_MAX: Final = 10_000
CURRENCY: Final = "EUR"


async def load_draft(call: Call, draft: TenantDraft) -> None:
    """Make everything of a draft in a tenant that has nothing but its catalogue."""
    for purchase in draft.purchases:
        await _buy(_days_before(call, draft, purchase.days_since_start), purchase)
    await _import(_days_before(call, draft, PEOPLE_DAYS), draft)
    groups = await _group_ids(call)
    for license_ in draft.group_licenses:
        await _license_group(
            _days_before(call, draft, LICENSES_DAYS),
            groups[license_.group],
            GroupOrder(sku=license_.sku, disabled=license_.disabled or None),
        )
    await _assign(_days_before(call, draft, ASSIGNMENTS_DAYS), draft)
    await _bring_latecomers(call, draft, groups)


def _days_before(call: Call, draft: TenantDraft, days: int) -> Call:
    """The same call as if it came some days before the draft's own day."""
    return replace(call, now=draft.at - timedelta(days=days), correlation=uuid4())


async def _buy(call: Call, purchase: DraftPurchase) -> None:
    sku = (await catalog_of(call)).require_sku(purchase.sku)
    renewal = timedelta(days=purchase.days_since_start + purchase.days_to_renewal)
    await add_subscription(
        call,
        Subscription(
            subscription_id=uuid4(),
            sku_no=sku.sku_no,
            units=purchase.units,
            status=SubscriptionStatus(purchase.status),
            starts_at=call.now,
            created_at=call.now,
            next_lifecycle_at=call.now + renewal,
            external_id=purchase.external_id,
            unit_price=purchase.price,
            currency=CURRENCY,
            offer_minimum=purchase.offer_minimum,
            renews=purchase.status == SubscriptionStatus.ENABLED,
        ),
    )


async def _import(call: Call, draft: TenantDraft) -> None:
    """Bring people, groups and members in from the files that the draft makes."""
    choices = ImportChoices()
    for start in range(0, len(draft.people), PEOPLE_AT_ONCE):
        file = people_file(draft.people[start : start + PEOPLE_AT_ONCE])
        _check(await import_users(call, await _table(file, PEOPLE_COLUMNS), choices))
    if draft.groups:
        file = groups_file(draft)
        _check(await import_groups(call, await _table(file, GROUP_COLUMNS), choices))
        file = members_file(draft)
        _check(await import_members(call, await _table(file, MEMBER_COLUMNS), choices))


async def _table(file: bytes, columns: Mapping[str, Sequence[str]]) -> Table:
    return await asyncio.to_thread(
        read_table, file, columns=columns, required=(), rows_max=file.count(b"\n")
    )


def _check(result: ImportResult) -> None:
    assert not result.errors, f"a draft is right in every row, but {result.errors[:3]}"


async def _group_ids(call: Call) -> dict[str, str]:
    """The id of each group by its name."""
    seen = await page_of_groups(call, search=None, is_licensed=None, after=None, limit=GROUPS_MAX)
    return {one.group.display_name: str(one.group.id) for one in seen}


async def _license_group(call: Call, group_id: str, order: GroupOrder) -> None:
    """License a group, and process its members here and now, however many they are."""
    licensed = await license_group(call, group_id, order)
    if licensed.job is not None:
        await work_at_once(call, licensed.job)


async def _assign(call: Call, draft: TenantDraft) -> None:
    catalog = await catalog_of(call)
    for assignment in draft.assignments:
        sku = catalog.require_sku(assignment.sku)
        wants = []
        for place in assignment.people:
            person = await require_user(call, draft.people[place].user_principal_name)
            wants.append(Want(key=place, user=person.user_no, sku=sku.sku_no, note=assignment.note))
        done = await fulfil(call, wants)
        refused = {one.reason for one in done.results if one.reason is not None}
        assert not refused, f"the draft asks for what cannot be: {refused}"


async def _bring_latecomers(call: Call, draft: TenantDraft, groups: Mapping[str, str]) -> None:
    """Let the last ones join their licensed groups, each on their own day."""
    licensed = [group for group in draft.groups if group.display_name in draft.licensed_groups]
    for place, days in draft.latecomers:
        then = _days_before(call, draft, days)
        for group in licensed:
            if place in group.members:
                upn = draft.people[place].user_principal_name
                await join_group(then, groups[group.display_name], users=(upn,))
