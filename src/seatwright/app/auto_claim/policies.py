"""Auto-claim policies: made, looked at, changed, put in order, turned off and deleted.

Nothing here takes a license from anybody: what was claimed stays (A-13, A-16, T-072, T-073).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from seatwright.app.auto_claim.apps import PolicyApp, apps_of, hold_app
from seatwright.app.auto_claim.orders import (
    PolicyEdit,
    PolicyField,
    ProductOrder,
    check_primary,
    edited,
)
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record
from seatwright.domain.auto_claim import (
    EnvironmentScope,
    Feature,
    Policy,
    PolicyNo,
    PolicyProduct,
    Step,
    moved,
)
from seatwright.domain.directory import parse_id, text_key
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, SkuNo
from seatwright.domain.settings import semantics_in
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.auto_claim_claims import count_holders
from seatwright.postgres.auto_claim_notices import end_stale_notices, hold_open_notices
from seatwright.postgres.auto_claim_read import (
    find_policies,
    lock_feature,
    read_feature,
    read_policies,
)
from seatwright.postgres.auto_claim_write import delete_policy, insert_policy, update_policy
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.postgres.pools import free_seats
from seatwright.postgres.tenants import take_numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySeen:
    """A policy with everything that answers say of it.

    `free` are the free seats of its products, below zero where more are in use than were bought;
    `holders` is how many people hold what it gave.
    """

    policy: Policy
    feature: Feature
    app: PolicyApp
    free: Mapping[SkuNo, int]
    groups: Mapping[GroupNo, GroupLabel]
    holders: int

    @property
    def status(self) -> str:
        """on, off or feature off."""
        return self.policy.status(is_feature_on=self.feature.is_on).value

    @property
    def seats_free(self) -> int:
        """The seats that claims can still take, over all products of the policy."""
        return sum(max(0, self.free.get(one.sku, 0)) for one in self.policy.products)

    @property
    def is_low(self) -> bool:
        """Whether fewer seats are left than the policy wants to be warned of."""
        below = self.policy.alert_below
        return below is not None and self.seats_free < below


async def list_policies(call: Call) -> tuple[PolicySeen, ...]:
    """Every policy by name; a tenant has one an app, so they are read whole."""
    return await seen(call, tuple((await read_policies(call.tx)).values()))


async def require_policy(call: Call, text: str) -> Policy:
    """One policy by its id or its name, whatever the case.

    Raises Refusal unknownPolicy.
    """
    wanted = parse_id(text)
    found = await find_policies(call.tx, policy_id=wanted, name_key=text_key(text))
    if not found:
        raise Refusal(
            Reason.UNKNOWN_POLICY,
            f"There is no auto-claim policy “{text}”: GET /api/auto-claim/policies lists them.",
            context={"policy": text},
        )
    return found[0]


async def see_policy(call: Call, text: str) -> PolicySeen:
    """One policy with everything that answers say of it.

    Raises Refusal unknownPolicy.
    """
    return (await seen(call, (await require_policy(call, text),)))[0]


async def seen(call: Call, policies: Sequence[Policy]) -> tuple[PolicySeen, ...]:
    """These policies with their apps, groups, free seats and holders."""
    feature = await read_feature(call.tx)
    apps = await apps_of(call, [one.app for one in policies])
    free = await free_seats(call.tx, [product.sku for one in policies for product in one.products])
    numbers = {no for one in policies for no in one.limited_to}
    numbers |= {one.group for one in policies if one.group is not None}
    groups = await group_labels(call.tx, sorted(numbers))
    holders = await count_holders(call.tx, [one.policy_no for one in policies])
    return tuple(
        PolicySeen(
            policy=one,
            feature=feature,
            app=apps[one.app],
            free=free,
            groups=groups,
            holders=holders.get(one.policy_no, 0),
        )
        for one in policies
    )


async def add_policy(call: Call, *, app: str, edit: PolicyEdit) -> PolicySeen:
    """Make a policy; without products it has the one that belongs to its app.

    It gives its first license once the tenant's activation delay has passed (A-36, T-124). Raises
    Refusal featureOff while auto-claim is off (T-059, T-096), invalidValue for a second policy of
    an app or a name that is taken, and what `edited` raises.
    """
    feature = await lock_feature(call.tx)
    if not feature.is_on:
        raise Refusal(
            Reason.FEATURE_OFF,
            "Auto-claim is switched off, so no policy can be made: turn it on first with"
            " PATCH /api/auto-claim/settings {“enabled”: true}.",
        )
    choice = await hold_app(call, app)
    new = await edited(call, blank_policy(call, choice), choice, {**products_of(choice), **edit})
    await refuse_twins(call, new)
    return await store_policy(call, new)


def blank_policy(call: Call, choice: PolicyApp) -> Policy:
    """A policy of an app that says nothing yet."""
    return Policy(
        policy_no=PolicyNo(0),
        policy_id=uuid4(),
        name="",
        app=choice.app,
        products=(),
        is_on=True,
        scope=EnvironmentScope.ALL_ENVIRONMENTS,
        effective_from=call.now + semantics_in(call.tenant.settings).claim_activation_delay,
        created_at=call.now,
    )


def products_of(app: PolicyApp) -> PolicyEdit:
    """What a policy has that names no product; an own app has none of its own."""
    if app.primary is None:
        return {PolicyField.PRODUCTS: ()}
    return {PolicyField.PRODUCTS: (ProductOrder(sku=str(app.primary.sku_id)),)}


async def store_policy(call: Call, new: Policy) -> PolicySeen:
    """Store a policy that was checked, under a number of its own; the switch is held."""
    number = PolicyNo(await take_numbers(call.tx, "auto_claim_policy", 1))
    new = replace(new, policy_no=number)
    await insert_policy(call.tx, new, by=call.principal.principal_no)
    await _record(call, HistoryAction.AUTO_CLAIM_POLICY_CREATED, before=None, after=new)
    return (await seen(call, (new,)))[0]


async def change_policy(call: Call, text: str, edit: PolicyEdit) -> PolicySeen:
    """Change a policy from the next launch on; what it announced otherwise is not so any more.

    Raises Refusal unknownPolicy, invalidValue for a name that is taken, and what `edited` raises.
    """
    stored = await _hold_with_notices(call, text)
    choice = (await apps_of(call, [stored.app]))[stored.app]
    wanted = await edited(call, stored, choice, edit)
    seen_now = await _store_change(call, stored, wanted)
    days = (stored.release_after_days, stored.notice_days)
    await end_stale_notices(
        call.tx,
        stored.policy_no,
        at=call.now,
        by=call.principal.principal_no,
        has_other_days=days != (wanted.release_after_days, wanted.notice_days),
    )
    return seen_now


async def _hold_with_notices(call: Call, text: str) -> Policy:
    """A policy that is about to change what it announced; held with its open notices."""
    # The notices come before the switch: a release holds them, then seats, and whoever has just
    # bought the first seats may hold those and want the switch.
    await hold_open_notices(call.tx, (await require_policy(call, text)).policy_no)
    await lock_feature(call.tx)
    return await require_policy(call, text)


async def _store_change(call: Call, stored: Policy, wanted: Policy) -> PolicySeen:
    if wanted != stored:
        if text_key(wanted.name) != text_key(stored.name):
            await refuse_twins(call, wanted)
        await update_policy(call.tx, wanted)
        await record_change(call, before=stored, after=wanted)
    return (await seen(call, (wanted,)))[0]


async def step_product(call: Call, text: str, *, sku: str, is_up: bool) -> PolicySeen:
    """Move one product up or down by one place (A-11).

    Raises Refusal unknownPolicy, unknownSku, invalidValue where it cannot move.
    """
    await lock_feature(call.tx)
    stored = await require_policy(call, text)
    product = (await catalog_of(call)).require_sku(sku, is_in_body=True)
    products = moved(stored.products, Step(sku=product.sku_no, is_up=is_up))
    if products is None:
        place = stored.backup_of(product.sku_no)
        end = "first" if is_up else "last"
        why = f"is {end} already" if place is not None else "is not in this policy"
        raise Refusal(
            Reason.INVALID_VALUE, f"{product.display_name} {why}, so it cannot be moved so."
        )
    return await _put_in_order(call, stored, products)


async def order_products(call: Call, text: str, skus: Sequence[str]) -> PolicySeen:
    """Put the products of a policy in this order; each keeps its choice of service plans.

    Raises Refusal unknownPolicy, unknownSku, invalidValue where they are not the policy's own.
    """
    await lock_feature(call.tx)
    stored = await require_policy(call, text)
    catalog = await catalog_of(call)
    wanted = [catalog.require_sku(sku, is_in_body=True).sku_no for sku in skus]
    by_sku = {one.sku: one for one in stored.products}
    if sorted(wanted) != sorted(by_sku):
        names = ", ".join(catalog.skus[one].part_number for one in by_sku)
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The order must name each product of the policy once: {names}. To add or remove one,"
            " send products with PATCH.",
        )
    return await _put_in_order(call, stored, tuple(by_sku[sku] for sku in wanted))


async def _put_in_order(
    call: Call, stored: Policy, products: tuple[PolicyProduct, ...]
) -> PolicySeen:
    choice = (await apps_of(call, [stored.app]))[stored.app]
    check_primary(await catalog_of(call), choice, products[0])
    return await _store_change(call, stored, replace(stored, products=products))


async def remove_product(call: Call, text: str, sku: str) -> PolicySeen:
    """Take a product out of a policy; what was claimed of it stays (A-13).

    Raises Refusal unknownPolicy, unknownSku, invalidValue for the last one (A-12) and for the
    primary product of a pair.
    """
    await lock_feature(call.tx)
    stored = await require_policy(call, text)
    product = (await catalog_of(call)).require_sku(sku)
    rest = tuple(one for one in stored.products if one.sku != product.sku_no)
    if rest == stored.products:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{product.display_name} is not in the policy “{stored.name}”: nothing is to remove.",
        )
    if not rest:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{product.display_name} is the only product of “{stored.name}”, and a policy keeps at"
            " least one: turn the policy off instead, or delete it.",
        )
    return await _put_in_order(call, stored, rest)


async def drop_policy(call: Call, text: str) -> None:
    """Delete a policy: it gives nothing any more, and what was claimed stays (T-073).

    Raises Refusal unknownPolicy.
    """
    stored = await _hold_with_notices(call, text)
    await delete_policy(call.tx, stored.policy_no, at=call.now)
    await end_stale_notices(call.tx, stored.policy_no, at=call.now, by=call.principal.principal_no)
    await _record(call, HistoryAction.AUTO_CLAIM_POLICY_DELETED, before=stored, after=None)


async def record_change(call: Call, *, before: Policy, after: Policy) -> None:
    """Keep in the history what changed about a policy."""
    await _record(call, HistoryAction.AUTO_CLAIM_POLICY_UPDATED, before=before, after=after)


async def refuse_twins(call: Call, new: Policy) -> None:
    """One policy an app (C-02), and names that tell policies apart; to be sure, hold the switch."""
    for other in (await read_policies(call.tx)).values():
        if other.policy_id != new.policy_id and other.app == new.app:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"“{other.name}” is the policy for this app already, and an app has one: change"
                " that one, or delete it first.",
                context={"policyId": str(other.policy_id)},
            )
    await refuse_name_twins(call, new)


async def refuse_name_twins(call: Call, new: Policy) -> None:
    """Names tell policies apart, whatever the case."""
    for other in (await read_policies(call.tx)).values():
        if other.policy_id != new.policy_id and text_key(other.name) == text_key(new.name):
            raise Refusal(
                Reason.INVALID_VALUE,
                f"There is a policy named “{other.name}” already: choose another name.",
                context={"policyId": str(other.policy_id)},
            )


async def _record(
    call: Call, action: HistoryAction, *, before: Policy | None, after: Policy | None
) -> None:
    subject = after or before
    assert subject is not None, "one side of a change exists"
    catalog = await catalog_of(call)
    numbers = {no for one in (before, after) if one is not None for no in one.limited_to}
    numbers |= {one.group for one in (before, after) if one is not None and one.group is not None}
    groups = await group_labels(call.tx, sorted(numbers))
    old = {} if before is None else _told(before, catalog, groups)
    new = {} if after is None else _told(after, catalog, groups)
    changed = {
        name: {"before": old.get(name), "after": new.get(name)}
        for name in {**old, **new}
        if old.get(name) != new.get(name)
    }
    # Not the id: a policy that is previewed has another one when it is made.
    call.ledger.beside.append(f"{action.wire} {subject.name} {json.dumps(changed, sort_keys=True)}")
    detail = {"policyId": str(subject.policy_id), "policy": subject.name, "changed": changed}
    await record(call, HistoryLine(action=action, group=subject.group, detail=detail))


def _told(
    policy: Policy, catalog: TenantCatalog, groups: Mapping[GroupNo, GroupLabel]
) -> dict[str, object]:
    """A policy as the history keeps it: ids and numbers, by the names of the wire."""
    return {
        "name": policy.name,
        "status": "on" if policy.is_on else "off",
        "environmentScope": policy.scope.value,
        "products": [
            {
                "sku": catalog.skus[one.sku].part_number,
                "off": [plan.name for plan in catalog.plans_of(one.disabled)],
            }
            for one in policy.products
        ],
        "group": None if policy.group is None else str(groups[policy.group].id),
        "limitedTo": sorted(str(groups[no].id) for no in policy.limited_to if no in groups),
        "grantsRequests": policy.grants_requests,
        "claimsMax": policy.claims_max,
        "releaseAfterDays": policy.release_after_days,
        "noticeDays": policy.notice_days,
        "alertBelow": policy.alert_below,
    }
