"""Products with their units as Graph's `subscribedSkus` shows them."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.postgres.subscribed_skus import SkuUnits, read_sku_units


async def subscribed_skus(call: Call) -> tuple[SkuUnits, ...]:
    """Every product that was bought or that somebody has (SKU-013, SKU-014)."""
    return await read_sku_units(call.tx)
