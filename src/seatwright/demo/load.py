"""Making a drafted tenant real: through the same use cases as everybody, at the draft's own dates.

The whole tenant comes about in one transaction, so a start that is killed half way leaves nothing
of it, and the next start begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.assign.fulfil import fulfil
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.follow import follow_memberships
from seatwright.app.group_licenses import GroupOrder, license_group
from seatwright.app.record import record_all
from seatwright.app.subscriptions import add_subscription
from seatwright.app.work import work_at_once
from seatwright.demo.draft import DraftPerson, DraftPurchase, TenantDraft
from seatwright.domain.directory import GroupField, GroupFields, UserField, UserFields
from seatwright.domain.errors import ChangeReason
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.subscriptions import Subscription, SubscriptionStatus
from seatwright.domain.wants import Want
from seatwright.postgres.group_write import (
    GroupRecord,
    Membership,
    add_members,
    insert_groups,
    nest_group,
)
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.user_write import UserRecord, insert_users

PEOPLE_DAYS: Final = 390
LICENSES_DAYS: Final = 380
ASSIGNMENTS_DAYS: Final = 60
"""How many days before the draft's own the tenant got its people, licenses and extras."""

PEOPLE_AT_ONCE: Final = 10_000
CURRENCY: Final = "EUR"


@dataclass(slots=True)
class _Made:
    """What is there by now, by its place or name in the draft."""

    users: list[UserNo] = field(default_factory=list)
    groups: dict[str, GroupRecord] = field(default_factory=dict)


async def load_draft(call: Call, draft: TenantDraft) -> None:
    """Make everything of a draft in a tenant that has nothing but its catalogue."""
    made = _Made()
    for purchase in draft.purchases:
        await _buy(days_before(call, draft, purchase.days_since_start), purchase)
    settled = days_before(call, draft, PEOPLE_DAYS)
    await _make_people(settled, draft.people, made)
    await _make_groups(settled, draft, made)
    for license_ in draft.group_licenses:
        await _license_group(
            days_before(call, draft, LICENSES_DAYS),
            str(made.groups[license_.group].id),
            GroupOrder(sku=license_.sku, disabled=license_.disabled or None),
        )
    await _assign(days_before(call, draft, ASSIGNMENTS_DAYS), draft, made)
    await _bring_latecomers(call, draft, made)


def days_before(call: Call, draft: TenantDraft, days: int) -> Call:
    """The same call as if it came some days before the draft's own day."""
    return replace(call, now=draft.at - timedelta(days=days), correlation=uuid4())


async def _buy(call: Call, purchase: DraftPurchase) -> None:
    sku = (await catalog_of(call)).require_sku(purchase.sku)
    await add_subscription(
        call,
        Subscription(
            subscription_id=uuid4(),
            sku_no=sku.sku_no,
            units=purchase.units,
            status=SubscriptionStatus(purchase.status),
            starts_at=call.now,
            created_at=call.now,
            next_lifecycle_at=call.now
            + timedelta(days=purchase.days_since_start + purchase.days_to_renewal),
            external_id=purchase.external_id,
            unit_price=purchase.price,
            currency=CURRENCY,
            offer_minimum=purchase.offer_minimum,
        ),
    )


async def _make_people(call: Call, people: Sequence[DraftPerson], made: _Made) -> None:
    """Store the people, page by page; managers come before the people they lead."""
    numbers: dict[str, UserNo] = {}
    for start in range(0, len(people), PEOPLE_AT_ONCE):
        page = people[start : start + PEOPLE_AT_ONCE]
        first = await take_numbers(call.tx, "user", len(page))
        records = []
        for number, person in enumerate(page, start=first):
            numbers[person.user_principal_name] = UserNo(number)
            records.append(_user_record(UserNo(number), person, numbers))
        is_stored = await insert_users(call.tx, records, at=call.now)
        assert is_stored, "a draft names nobody twice"
        made.users += [record.user_no for record in records]
        await record_all(
            call,
            [
                HistoryLine(action=HistoryAction.USER_CREATED, user=record.user_no)
                for record in records
            ],
        )


def _user_record(user_no: UserNo, person: DraftPerson, numbers: Mapping[str, UserNo]) -> UserRecord:
    manager = None if person.manager is None else numbers[person.manager]
    return UserRecord(user_no=user_no, id=uuid4(), fields=person_fields(person), manager=manager)


def person_fields(person: DraftPerson) -> UserFields:
    """A drafted person by the names of the wire; the manager apart."""
    return {
        UserField.USER_PRINCIPAL_NAME: person.user_principal_name,
        UserField.DISPLAY_NAME: person.display_name,
        UserField.MAIL: person.user_principal_name,
        UserField.GIVEN_NAME: person.given_name,
        UserField.SURNAME: person.surname,
        UserField.JOB_TITLE: person.job_title,
        UserField.DEPARTMENT: person.department,
        UserField.COMPANY_NAME: person.company_name,
        UserField.COST_CENTER: person.cost_center,
        UserField.EMPLOYEE_ID: person.external_id.removeprefix("P"),
        UserField.EXTERNAL_ID: person.external_id,
        UserField.USAGE_LOCATION: person.usage_location,
        UserField.USER_TYPE: person.user_type,
        UserField.ACCOUNT_ENABLED: person.is_enabled,
        UserField.LAST_SIGN_IN_AT: person.last_sign_in_at,
    }


async def _make_groups(call: Call, draft: TenantDraft, made: _Made) -> None:
    """Store the groups, who is in them, and which lies in which."""
    first = await take_numbers(call.tx, "group", len(draft.groups))
    for number, group in enumerate(draft.groups, start=first):
        fields: GroupFields = {
            GroupField.DISPLAY_NAME: group.display_name,
            GroupField.DESCRIPTION: group.description,
            GroupField.EXTERNAL_ID: group.external_id,
            GroupField.KIND: "security",
            GroupField.SECURITY_ENABLED: True,
        }
        record_ = GroupRecord(group_no=GroupNo(number), id=uuid4(), fields=fields)
        made.groups[group.display_name] = record_
    is_stored = await insert_groups(call.tx, list(made.groups.values()), at=call.now)
    assert is_stored, "a draft gives no external id twice"
    lines = [
        HistoryLine(action=HistoryAction.GROUP_CREATED, group=record_.group_no)
        for record_ in made.groups.values()
    ]
    late = {place for place, _ in draft.latecomers}
    for group in draft.groups:
        number = made.groups[group.display_name].group_no
        is_joined_late = group.display_name in _licensed_groups(draft)
        members = [
            Membership(made.users[place], number)
            for place in group.members
            if not (is_joined_late and place in late)
        ]
        await add_members(call.tx, members, since=call.now)
        lines += [_joined(member) for member in members]
        if group.parent is not None:
            parent = made.groups[group.parent].group_no
            await nest_group(call.tx, child=number, parent=parent, since=call.now)
            lines.append(HistoryLine(action=HistoryAction.GROUP_NESTED, group=number))
    await record_all(call, lines)


def _joined(member: Membership) -> HistoryLine:
    return HistoryLine(action=HistoryAction.MEMBER_ADDED, user=member.user, group=member.group)


def _licensed_groups(draft: TenantDraft) -> frozenset[str]:
    return frozenset(license_.group for license_ in draft.group_licenses)


async def _license_group(call: Call, group_id: str, order: GroupOrder) -> None:
    """License a group, and process its members here and now, however many they are."""
    licensed = await license_group(call, group_id, order)
    if licensed.job is not None:
        await work_at_once(call, licensed.job)


async def _assign(call: Call, draft: TenantDraft, made: _Made) -> None:
    catalog = await catalog_of(call)
    for assignment in draft.assignments:
        sku = catalog.require_sku(assignment.sku)
        wants = [
            Want(key=place, user=made.users[place], sku=sku.sku_no, note=assignment.note)
            for place in assignment.people
        ]
        done = await fulfil(call, wants)
        refused = {one.reason for one in done.results if one.reason is not None}
        assert not refused, f"the draft asks for what cannot be: {refused}"


async def _bring_latecomers(call: Call, draft: TenantDraft, made: _Made) -> None:
    """Let the last ones join their licensed group, each on their own day."""
    for place, days in draft.latecomers:
        then = days_before(call, draft, days)
        user = made.users[place]
        for group in draft.groups:
            if place in group.members and group.display_name in _licensed_groups(draft):
                number = made.groups[group.display_name].group_no
                member = Membership(user, number)
                async with follow_memberships(
                    then, (user,), groups=(number,), reason=ChangeReason.GROUP_JOINED
                ):
                    await add_members(then.tx, [member], since=then.now)
                await record_all(then, [_joined(member)])
