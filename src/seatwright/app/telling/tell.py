"""Writing down what somebody is to be told, in the transaction in which it happens."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.domain.telling import Telling
from seatwright.domain.telling_fields import misfit_of
from seatwright.postgres.queue import wake_deliveries
from seatwright.postgres.tellings import insert_tellings


async def tell(call: Call, tellings: Sequence[Telling]) -> None:
    """Have people told once the call commits; what was told before is not told again.

    One insert, however many: nothing is sent here, and a preview rolls it back like all else.
    """
    if not tellings:
        return
    for one in tellings:
        misfit = misfit_of(one)
        assert misfit is None, misfit
    if await insert_tellings(call.tx, tellings, at=call.now):
        await wake_deliveries(call.tx)
