"""Places in the line for held seats, however long it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from seatwright.domain.ids import SkuNo
from seatwright.postgres.transaction import Transaction

PLACES_MAX: Final = 10_000
"""Places in line that are counted; who stands further back is told so."""


async def count_in_line(tx: Transaction, sku: SkuNo) -> int:
    """How many stand in line to be held a seat of a product."""
    cursor = await tx.connection.execute(
        "select count(*)::int4 from (select from license_request_line where tenant_id = %s"
        " and sku_no = %s and hold = 'line' limit %s) ahead",
        (tx.tenant_id, sku, PLACES_MAX),
    )
    row = await cursor.fetchone()
    assert row is not None, "a count always has a row"
    return int(row[0])


async def places_in_line(tx: Transaction, lines: Mapping[SkuNo, Sequence[int]]) -> dict[int, int]:
    """The place of each of these lines, which all stand in line for their product.

    The parts of the line between them are counted, so that nothing is counted twice.
    """
    spans = [
        (sku, low, high)
        for sku, numbers in lines.items()
        for low, high in zip([0, *sorted(numbers)], sorted(numbers), strict=False)
    ]
    if not spans:
        return {}
    cursor = await tx.connection.execute(
        "select span.sku_no, span.high, (select count(*)::int4 from (select"
        "   from license_request_line l where l.tenant_id = %s and l.sku_no = span.sku_no"
        "   and l.hold = 'line' and l.line_no > span.low and l.line_no <= span.high limit %s) part)"
        " from unnest(%s::int2[], %s::int4[], %s::int4[]) as span (sku_no, low, high)"
        " order by span.sku_no, span.high",
        (
            tx.tenant_id,
            PLACES_MAX,
            [sku for sku, _, _ in spans],
            [low for _, low, _ in spans],
            [high for _, _, high in spans],
        ),
    )
    places: dict[int, int] = {}
    reached: dict[int, int] = {}
    for sku, high, count in await cursor.fetchall():
        reached[sku] = reached.get(sku, 0) + count
        places[high] = reached[sku]
    return places
