"""To which groups people could move: those that give the product, for a form to choose among."""

from __future__ import annotations

from typing import Final

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.postgres.moves import groups_giving

TARGETS_MAX: Final = 200


async def groups_that_give(call: Call, product: str | None) -> tuple[GroupLabel, ...]:
    """The groups that give a product, by name; none for a product that there is not."""
    sku = None if product is None else (await catalog_of(call)).sku_by_text(product)
    if sku is None:
        return ()
    numbers = (await groups_giving(call.tx, sku.sku_no))[:TARGETS_MAX]
    labels = await group_labels(call.tx, numbers)
    return tuple(sorted(labels.values(), key=lambda one: one.display_name.casefold()))
