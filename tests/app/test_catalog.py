"""A new tenant has the shipped catalogue, and everything in it is found as people name it."""

from __future__ import annotations

import time
from uuid import uuid4

import pytest

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.tenants import NewTenant, create_tenant, system_principal
from seatwright.domain.catalog import SkuOrigin
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import NO_SERVICE_PLANS
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.catalog_read import read_catalog
from seatwright.shipped.reader import load_catalog, load_templates
from tests.office import Office

E3 = "05e9a617-0261-4cee-bb44-138d3ef5d965"


@pytest.fixture
async def catalog(office: Office) -> TenantCatalog:
    """The catalogue of a new tenant."""
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        return await read_catalog(tx)


async def test_a_new_tenant_has_everything_that_ships(catalog: TenantCatalog) -> None:
    shipped = load_catalog()
    assert {sku.sku_id for sku in catalog.skus.values()} == {sku.sku_id for sku in shipped.skus}
    assert len(catalog.service_plans) == len(shipped.service_plans)
    assert len(catalog.tiers) == len(shipped.service_tiers)
    assert len(catalog.engine.exclusions) == len(shipped.exclusions)
    assert len(catalog.engine.dependencies) == len(shipped.dependencies)
    assert all(sku.origin is SkuOrigin.SHIPPED for sku in catalog.skus.values())


async def test_numbers_are_dense_and_small(catalog: TenantCatalog) -> None:
    assert list(catalog.skus) == list(range(1, len(catalog.skus) + 1))
    assert list(catalog.service_plans) == list(range(1, len(catalog.service_plans) + 1))


async def test_each_product_holds_the_service_plans_that_ship_in_it(
    catalog: TenantCatalog,
) -> None:
    for shipped in load_catalog().skus:
        sku = catalog.require_sku(str(shipped.sku_id))
        held = {plan.service_plan_id for plan in catalog.plans_of(sku.service_plans)}
        assert held == set(shipped.service_plan_ids)
        assert catalog.engine.skus[sku.sku_no].service_plans == sku.service_plans


@pytest.mark.parametrize("text", [E3, E3.upper(), f"{{{E3}}}", "SPE_E3", "spe_e3", " Spe_E3 "])
async def test_a_product_is_found_by_id_and_part_number(catalog: TenantCatalog, text: str) -> None:
    assert catalog.require_sku(text).display_name == "Microsoft 365 E3"


async def test_a_product_is_found_by_its_alias_and_printed_as_microsoft_has_it(
    catalog: TenantCatalog,
) -> None:
    sku = catalog.require_sku("Power_Automate_Attended_RPA")
    assert sku.part_number == "POWERAUTOMATE_ATTENDED_RPA"


async def test_an_unknown_product_is_refused_by_name(catalog: TenantCatalog) -> None:
    assert catalog.sku_by_text("SPE_E9") is None
    with pytest.raises(Refusal, match="SPE_E9") as refused:
        catalog.require_sku("SPE_E9", is_in_body=True)
    assert refused.value.reason is Reason.UNKNOWN_SKU
    assert refused.value.is_in_body


@pytest.mark.parametrize(
    "text", ["TEAMS1", "teams1", "Microsoft Teams", "57ff2da0-773e-42df-b2af-ffb7a2317929"]
)
async def test_a_service_plan_is_found_by_id_name_and_display_name(
    catalog: TenantCatalog, text: str
) -> None:
    sku = catalog.require_sku("SPE_E3")
    assert catalog.plan_names(catalog.disabled_bits(sku, [text])) == ("Microsoft Teams",)


async def test_no_service_plans_are_the_empty_set(catalog: TenantCatalog) -> None:
    assert catalog.disabled_bits(catalog.require_sku("SPE_E3"), []) == NO_SERVICE_PLANS


async def test_a_service_plan_of_another_product_is_refused(catalog: TenantCatalog) -> None:
    with pytest.raises(Refusal, match="EXCHANGE_S_STANDARD") as refused:
        catalog.disabled_bits(catalog.require_sku("EXCHANGESTANDARD"), ["TEAMS1"])
    assert refused.value.reason is Reason.SERVICE_PLAN_NOT_IN_SKU


async def test_a_catalogue_is_one_object_until_it_changes(office: Office) -> None:
    tenant = office.made.tenant
    async with office.database.transaction(tenant.tenant_id) as tx:
        call = Call(
            tx=tx,
            tenant=tenant,
            principal=system_principal(office.clock.now()),
            now=office.clock.now(),
            correlation=uuid4(),
        )
        assert await catalog_of(call) is await catalog_of(call)


async def test_a_tenant_is_made_quickly(office: Office) -> None:
    started = time.perf_counter()
    await create_tenant(office.database, NewTenant(name="Fabrikam"), now=office.clock.now())
    # Measured at 60 ms; the limit leaves room for a busy machine.
    assert time.perf_counter() - started < 1


async def test_every_product_has_a_pool_and_templates_ship(office: Office) -> None:
    async with office.database.transaction(office.made.tenant.tenant_id) as tx:
        cursor = await tx.connection.execute("select count(*), sum(assignable) from sku_pool")
        assert await cursor.fetchone() == (len(load_catalog().skus), 0)
        cursor = await tx.connection.execute("select name from template order by template_no")
        assert [name for (name,) in await cursor.fetchall()] == [t.name for t in load_templates()]
