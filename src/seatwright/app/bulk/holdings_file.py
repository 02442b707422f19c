"""What everybody holds, as a file that the import of holdings takes back."""

from __future__ import annotations

from collections.abc import AsyncIterator

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.csv_text import CHUNK_CHARACTERS, row_writer
from seatwright.domain.ids import ServicePlanBits
from seatwright.postgres.holdings import all_holdings

COLUMNS = ("UserPrincipalName", "SkuPartNumber", "DisabledServicePlans", "Since")
PAGE_ROWS = 2_000


async def export_table(call: Call) -> AsyncIterator[bytes]:
    """CSV in pieces, person by person."""
    catalog = await catalog_of(call)
    line_of = row_writer()
    pieces = [line_of(COLUMNS)]
    size = 0
    async for one in all_holdings(call.tx, page=PAGE_ROWS):
        sku = catalog.skus[one.sku]
        off = catalog.plans_of(ServicePlanBits(sku.service_plans & ~one.enabled))
        names = ";".join(plan.name for plan in off)
        line = line_of((one.user_principal_name, sku.part_number, names, one.since.isoformat()))
        pieces.append(line)
        size += len(line)
        if size >= CHUNK_CHARACTERS:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()
