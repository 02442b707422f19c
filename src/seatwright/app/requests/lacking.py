"""Seats that approvals lacked: how many are to be bought until the last of them has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seatwright.app.call import Call
from seatwright.app.requests.desk import Verdict
from seatwright.domain.errors import Reason
from seatwright.domain.ids import SkuNo
from seatwright.postgres.request_queue import places_in_line


async def seats_lacking(call: Call, verdicts: Sequence[Verdict]) -> Mapping[SkuNo, int]:
    """How many seats of each product those need who could not be approved for want of one.

    Who stands in line for a held seat before the last of them is counted too: seats that come free
    are held for them first.
    """
    lines: dict[SkuNo, list[int]] = {}
    for one in verdicts:
        if one.refusal is not None and one.refusal.reason is Reason.NO_SEAT_LEFT:
            lines.setdefault(one.line.sku, []).append(one.line.line_no)
    places = await places_in_line(call.tx, lines)
    return {
        sku: max(len(numbers), *(places.get(number, 0) for number in numbers))
        for sku, numbers in lines.items()
    }
