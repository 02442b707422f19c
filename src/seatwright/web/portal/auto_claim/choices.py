"""What the wizard of auto-claim policies lets people choose from: apps and products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.app.auto_claim.apps import (
    OWN_SHOWN_MAX,
    PolicyApp,
    eligible_products,
    list_apps,
    list_own_apps,
)
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.seats import list_seats
from seatwright.domain.ids import SkuNo
from seatwright.domain.platform import AutoClaimApp
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.postgres.auto_claim_read import read_policies
from seatwright.postgres.pools import free_seats

PRODUCTS_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """The apps to choose from: `products` go with them without a choice, `taken` have a policy.

    `has_more` says that there are more own apps than are shown, so that one can be looked for.
    """

    bound: tuple[PolicyApp, ...]
    own: tuple[PolicyApp, ...]
    has_more: bool
    products: Mapping[AutoClaimApp, CatalogSku | None]
    free: Mapping[SkuNo, int]
    taken: frozenset[AutoClaimApp]


async def offered(call: Call, search: str, choice: PolicyApp | None) -> Offered:
    """Microsoft's three and the own apps that are looked for; the chosen one is among them."""
    bound, own = await list_apps(call), await list_own_apps(call, search=search)
    shown = own[:OWN_SHOWN_MAX]
    if choice is not None and choice.app not in {one.app for one in (*bound, *shown)}:
        shown = (choice, *shown)
    catalog = await catalog_of(call)
    products = {one.app: _only_product(one, catalog) for one in (*bound, *shown)}
    numbers = [sku.sku_no for sku in products.values() if sku is not None]
    return Offered(
        bound=bound,
        own=shown,
        has_more=len(own) > OWN_SHOWN_MAX or bool(search),
        products=products,
        free=await free_seats(call.tx, numbers),
        taken=frozenset(await read_policies(call.tx)),
    )


def _only_product(app: PolicyApp, catalog: TenantCatalog) -> CatalogSku | None:
    """The product that goes with an app without a choice."""
    if app.primary is not None:
        return app.primary
    fit = eligible_products(app, catalog)
    return fit[0] if len(fit) == 1 else None


async def bought(call: Call) -> frozenset[SkuNo]:
    """The products that somebody bought or has: a choice begins with these."""
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_MAX)
    return frozenset(one.sku.sku_no for one in seats)
