"""Writing the history of a call."""

from __future__ import annotations

from collections.abc import Sequence

from seatwright.app.call import Call
from seatwright.domain.history import HistoryLine
from seatwright.postgres.history_write import Signature, append_history


async def record(call: Call, *lines: HistoryLine) -> None:
    """Append rows to the history under the call's time, principal and correlation id."""
    await record_all(call, lines)


async def record_all(call: Call, lines: Sequence[HistoryLine]) -> None:
    """Append many rows at once, in order."""
    signature = Signature(
        at=call.now, principal=call.principal.principal_no, correlation=call.correlation
    )
    await append_history(call.tx, lines, signature=signature)
