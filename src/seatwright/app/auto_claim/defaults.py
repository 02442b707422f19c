"""The policies that appear by themselves when the tenant first has what they are for.

The first managed environment brings the three for managed environments only, the first premium
subscription the three for all environments, and the wider scope wins (T-067, T-107, T-108). Each
fact does so once, for every app that has no policy in that moment: what brought a default that was
deleted does not bring it again, and the other fact may. While the feature is off they are there
and give nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import uuid4

from seatwright.app.auto_claim.policies import record_change, store_policy
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.auto_claim import (
    PAIRS,
    AutoClaimPair,
    EnvironmentScope,
    Policy,
    PolicyNo,
    PolicyOrigin,
    PolicyProduct,
    TenantFact,
)
from seatwright.domain.directory import text_key
from seatwright.domain.ids import NO_SERVICE_PLANS, SkuNo
from seatwright.domain.settings import semantics_in
from seatwright.postgres.auto_claim_facts import facts_that_hold, known_facts, note_fact
from seatwright.postgres.auto_claim_read import lock_feature, read_policies
from seatwright.postgres.auto_claim_write import update_policy

PREMIUM: Final = ("POWERAPPS_PER_USER", "POWER_AUTOMATE_ATTENDED_RPA")
"""The premium products by part number or alias (A-31, A-32); per user is the legacy one."""


async def settle_defaults(call: Call) -> bool:
    """Make the default policies that a fact of the tenant brings; False when it brings none.

    Called where a fact may have changed, and each minute for whatever changed elsewhere.
    """
    known = await known_facts(call.tx)
    if len(known) == len(TenantFact):
        return False
    holding = await facts_that_hold(call.tx, await _premium_skus(call)) - known
    if not holding:
        return False
    await lock_feature(call.tx)
    new = [fact for fact in sorted(holding) if await note_fact(call.tx, fact, at=call.now)]
    if TenantFact.PREMIUM_SUBSCRIPTION in new:
        await _make_or_widen(call, EnvironmentScope.ALL_ENVIRONMENTS)
    elif new:
        await _make_or_widen(call, EnvironmentScope.ONLY_MANAGED_ENVIRONMENTS)
    return bool(new)


async def _premium_skus(call: Call) -> list[SkuNo]:
    catalog = await catalog_of(call)
    found = (catalog.sku_by_text(name) for name in PREMIUM)
    return [sku.sku_no for sku in found if sku is not None]


async def _make_or_widen(call: Call, scope: EnvironmentScope) -> None:
    """One policy for each of Microsoft's apps that has none; a default's own scope only widens."""
    catalog = await catalog_of(call)
    stored = await read_policies(call.tx)
    names = {text_key(one.name) for one in stored.values()}
    for pair in PAIRS:
        policy = stored.get(pair.app)
        primary = catalog.sku_by_text(pair.part_number)
        if policy is None and primary is not None:
            await store_policy(call, _default(call, pair, primary.sku_no, scope=scope, taken=names))
        elif policy is not None and policy.has_default_scope and policy.scope is not scope:
            await _widen(call, policy)


def _default(
    call: Call, pair: AutoClaimPair, sku: SkuNo, *, scope: EnvironmentScope, taken: set[str]
) -> Policy:
    """A default as the sources describe it; a name that is taken gets a number behind it."""
    names = (pair.default_name, *(f"{pair.default_name} {number}" for number in range(2, 99)))
    return Policy(
        policy_no=PolicyNo(0),
        policy_id=uuid4(),
        name=next(name for name in names if text_key(name) not in taken),
        app=pair.app,
        products=(PolicyProduct(sku=sku, disabled=NO_SERVICE_PLANS),),
        is_on=True,
        scope=scope,
        has_default_scope=True,
        effective_from=call.now + semantics_in(call.tenant.settings).claim_activation_delay,
        origin=PolicyOrigin.SYSTEM,
        created_at=call.now,
    )


async def _widen(call: Call, policy: Policy) -> None:
    """Nobody has chosen this default's scope yet, and a wider one is due; it is never narrowed."""
    if policy.scope is EnvironmentScope.ALL_ENVIRONMENTS:
        return
    wide = replace(policy, scope=EnvironmentScope.ALL_ENVIRONMENTS)
    await update_policy(call.tx, wide)
    await record_change(call, before=policy, after=wide)
