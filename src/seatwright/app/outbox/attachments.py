"""The file of a report's run that goes with a mail, read with the eyes of whoever scheduled it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from seatwright.app.call import Call
from seatwright.app.reports.files import csv_of
from seatwright.app.reports.runs import RUNS_KEPT, report_of, view_run
from seatwright.app.upkeep import system_call
from seatwright.app.work import Workshop
from seatwright.domain.errors import Refusal
from seatwright.domain.ids import TenantId
from seatwright.domain.outgoing import Attachment, Delivery, NotTaken
from seatwright.domain.roles import Permission
from seatwright.postgres.principals import principal_by_number
from seatwright.postgres.reports.runs import find_run

_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def attachment_of(
    workshop: Workshop, tenant_id: TenantId, one: Delivery
) -> Attachment | None:
    """The file that goes with a mail; None for one that has none.

    Raises NotTaken when there is no such file any more, or it may not be read.
    """
    if one.run_id is None:
        return None
    async with workshop.database.transaction(tenant_id) as tx:
        call = await system_call(tx, workshop)
        if call is None:
            raise NotTaken("The tenant is suspended.")
        try:
            return await _file(call, one)
        except Refusal as refused:
            raise NotTaken(refused.detail, is_final=True) from refused


async def _file(call: Call, one: Delivery) -> Attachment:
    assert one.run_id is not None, "asked only for a mail with a run"
    run = await find_run(call.tx, one.run_id, since=call.now - RUNS_KEPT)
    if run is None:
        raise NotTaken("The run of the report was deleted.", is_final=True)
    reader = await principal_by_number(call.tx, run.principal_no)
    if reader is None or not reader.may(Permission.READ_REPORTS):
        raise NotTaken("Whoever scheduled the report may not read reports.", is_final=True)
    view = await view_run(replace(call, principal=reader), report_of(run), one.run_id)
    name = f"{run.report}-{run.created_at:%Y-%m-%d}"
    if one.run_file == "xlsx":
        made = await view.workbook()
        assert isinstance(made, bytes), "a mail takes no long run along"
        return Attachment(name=f"{name}.xlsx", media_type=_WORKBOOK, content=made)
    content = b"".join([part async for part in csv_of(view.columns, view.slices())])
    return Attachment(name=f"{name}.csv", media_type="text/csv", content=content)
