"""What is had twice, and what could go without a loss, on the shipped catalogue."""

from __future__ import annotations

import itertools
import random

import pytest

from seatwright.domain.catalog import CatalogContent
from seatwright.domain.conflicts import Coverage, coverage_of, overlaps_of, removable_skus
from seatwright.domain.ids import ServicePlanBits, ServicePlanNo, SkuNo, service_plan_bits
from seatwright.domain.reconcile.world import Catalog
from seatwright.domain.tenant_catalog import (
    CatalogServicePlan,
    CatalogSku,
    CatalogTier,
    TenantCatalog,
)
from seatwright.shipped.reader import load_catalog


def numbered(content: CatalogContent) -> TenantCatalog:
    """The shipped catalogue with numbers, as a tenant has it."""
    plan_nos = {
        plan.service_plan_id: ServicePlanNo(number)
        for number, plan in enumerate(content.service_plans, start=1)
    }
    return TenantCatalog(
        version=1,
        skus={
            SkuNo(number): CatalogSku(
                sku_no=SkuNo(number),
                sku_id=sku.sku_id,
                part_number=sku.part_number,
                display_name=sku.display_name,
                applies_to=sku.applies_to,
                origin=sku.origin,
                is_legacy=sku.is_legacy,
                in_strategy_scope=sku.in_strategy_scope,
                scope_note=sku.scope_note,
                service_plans=service_plan_bits(*(plan_nos[p] for p in sku.service_plan_ids)),
            )
            for number, sku in enumerate(content.skus, start=1)
        },
        service_plans={
            plan_nos[plan.service_plan_id]: CatalogServicePlan(
                service_plan_no=plan_nos[plan.service_plan_id],
                service_plan_id=plan.service_plan_id,
                name=plan.name,
                display_name=plan.display_name,
                applies_to=plan.applies_to,
                counts_as_duplicate=plan.counts_as_duplicate,
            )
            for plan in content.service_plans
        },
        tiers=tuple(
            CatalogTier(
                service=tier.service,
                tier=tier.tier,
                service_plan_no=plan_nos[tier.service_plan_id],
            )
            for tier in content.service_tiers
        ),
        engine=Catalog(skus={}),
    )


CATALOG = numbered(load_catalog())
COVERAGE: Coverage = coverage_of(CATALOG)


def hold(*part_numbers: str) -> dict[SkuNo, ServicePlanBits]:
    """These products with everything on."""
    skus = [CATALOG.require_sku(part_number) for part_number in part_numbers]
    return {sku.sku_no: sku.service_plans for sku in skus}


def overlaps(held: dict[SkuNo, ServicePlanBits]) -> set[tuple[str, str, str, str]]:
    """Overlaps by name: product, service plan, covering product, covering service plan."""
    return {
        (
            CATALOG.skus[one.sku].part_number,
            CATALOG.service_plans[one.service_plan].name,
            CATALOG.skus[one.covering_sku].part_number,
            CATALOG.service_plans[one.covered_by].name,
        )
        for one in overlaps_of(held, COVERAGE)
    }


def removable(held: dict[SkuNo, ServicePlanBits]) -> set[str]:
    """Products that could go, by part number."""
    return {CATALOG.skus[sku].part_number for sku in removable_skus(held, COVERAGE)}


def test_a_lower_tier_beside_a_suite_is_an_overlap() -> None:
    found = overlaps(hold("SPE_E3", "EXCHANGESTANDARD"))
    assert ("EXCHANGESTANDARD", "EXCHANGE_S_STANDARD", "SPE_E3", "EXCHANGE_S_ENTERPRISE") in found
    assert ("EXCHANGESTANDARD", "BPOS_S_TODO_1", "SPE_E3", "BPOS_S_TODO_2") in found
    assert all(sku == "EXCHANGESTANDARD" for sku, *_ in found)


def test_the_standalone_product_could_go() -> None:
    assert removable(hold("SPE_E3", "EXCHANGESTANDARD")) == {"EXCHANGESTANDARD"}


def test_the_same_service_plan_in_two_products_is_told_once() -> None:
    found = overlaps(hold("SPE_E5", "POWER_BI_PRO"))
    assert found == {("POWER_BI_PRO", "BI_AZURE_P2", "SPE_E5", "BI_AZURE_P2")}
    assert removable(hold("SPE_E5", "POWER_BI_PRO")) == {"POWER_BI_PRO"}


def test_an_overlap_in_part_is_no_reason_to_take_a_product_away() -> None:
    held = hold("SPE_E5", "PROJECTPROFESSIONAL")
    assert ("PROJECTPROFESSIONAL", "SHAREPOINTENTERPRISE", "SPE_E5", "SHAREPOINTENTERPRISE") in (
        overlaps(held)
    )
    assert removable(held) == set()


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("AAD_PREMIUM", "AAD_PREMIUM_P2"),
        ("POWER_BI_PRO", "PBI_PREMIUM_PER_USER"),
        ("VISIOONLINE_PLAN1", "VISIOCLIENT"),
        ("EXCHANGEDESKLESS", "EXCHANGEENTERPRISE"),
        ("EXCHANGEARCHIVE_ADDON", "EXCHANGEENTERPRISE"),
        ("SHAREPOINTSTANDARD", "SHAREPOINTENTERPRISE"),
        ("ATP_ENTERPRISE", "THREAT_INTELLIGENCE"),
        ("EMS", "EMSPREMIUM"),
    ],
)
def test_the_lower_of_two_tiers_could_go(lower: str, higher: str) -> None:
    found = overlaps(hold(lower, higher))
    assert {(sku, covering) for sku, _, covering, _ in found} == {(lower, higher)}
    assert removable(hold(lower, higher)) == {lower}


def test_what_the_whole_organization_has_never_counts() -> None:
    assert overlaps(hold("POWERAPPS_PER_USER", "VISIOONLINE_PLAN1")) == set()
    assert overlaps(hold("EXCHANGESTANDARD", "TEAMS_ESSENTIALS_AAD")).isdisjoint(
        {("EXCHANGESTANDARD", "INTUNE_O365", "TEAMS_ESSENTIALS_AAD", "INTUNE_O365")}
    )


def test_a_service_plan_that_is_off_is_not_had_twice() -> None:
    held = hold("SPE_E3", "EXCHANGESTANDARD")
    e3 = CATALOG.require_sku("SPE_E3")
    off = CATALOG.disabled_bits(e3, ["EXCHANGE_S_ENTERPRISE", "BPOS_S_TODO_2"])
    held[e3.sku_no] = ServicePlanBits(e3.service_plans & ~off)
    assert overlaps(held) == set()
    assert removable(held) == set()


def test_of_two_products_alike_only_one_could_go() -> None:
    assert removable(hold("EXCHANGESTANDARD", "EXCHANGEESSENTIALS")) == {"EXCHANGEESSENTIALS"}
    held = hold("EXCHANGEESSENTIALS")
    twin = {SkuNo(900): next(iter(held.values()))}
    assert len(removable_skus(held | twin, COVERAGE)) == 1


def test_one_product_alone_overlaps_with_nothing() -> None:
    assert overlaps(hold("SPE_E5")) == set()
    assert removable(hold("SPE_E5")) == set()


def naive_overlaps(held: dict[SkuNo, ServicePlanBits]) -> set[tuple[SkuNo, int, SkuNo, int]]:
    """The same, said plan by plan and product by product."""
    size = {sku: (plans.bit_count(), -sku) for sku, plans in held.items()}
    found = set()
    for sku, other in itertools.permutations(held, 2):
        for plan in COVERAGE.covers:
            if not (held[sku] & COVERAGE.counted) >> plan & 1:
                continue
            is_same = bool(held[other] >> plan & 1)
            if is_same and size[sku] < size[other]:
                found.add((sku, int(plan), other, int(plan)))
            higher = held[other] & COVERAGE.covers[plan]
            covering = [no for no in COVERAGE.covers if higher >> no & 1]
            if covering and not is_same:
                found.add((sku, int(plan), other, int(min(covering))))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_any_holdings_have_the_overlaps_that_trying_every_pair_finds(seed: int) -> None:
    chance = random.Random(seed)
    chosen = chance.sample(sorted(CATALOG.skus), chance.randrange(1, 7))
    held = {
        sku: ServicePlanBits(CATALOG.skus[sku].service_plans & ~chance.getrandbits(2000))
        if chance.random() < 0.5
        else CATALOG.skus[sku].service_plans
        for sku in chosen
    }
    found = overlaps_of(held, COVERAGE)
    assert {
        (one.sku, one.service_plan, one.covering_sku, one.covered_by) for one in found
    } == naive_overlaps(held)
    assert len(found) == len(set(found))
