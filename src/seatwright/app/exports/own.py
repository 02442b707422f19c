"""What everybody may have as a file of their own: what they hold, and what they were told."""

from __future__ import annotations

from typing import Final

from seatwright.app.assign.overview import PersonLicense, licenses_of
from seatwright.app.call import Call
from seatwright.app.exports.lists import (
    MOMENT,
    Asked,
    ListFile,
    columns_of,
    number_before,
    page_of_list,
    whole,
)
from seatwright.app.telling.inbox import InboxItem, inbox_page
from seatwright.domain.exports import ListName
from seatwright.domain.reports.columns import Cells
from seatwright.domain.reports.places import Place, ReportSlice
from seatwright.domain.roles import Permission


async def _licenses(call: Call, _asked: Asked, _after: Place | None, _limit: int) -> ReportSlice:
    own = call.principal.user_no
    held = () if own is None else await licenses_of(call, own)
    return whole(_license(one) for one in held)


def _license(one: PersonLicense) -> Cells:
    sources = ", ".join(
        source.wish.source.kind.name.lower() if source.group is None else source.group.display_name
        for source in one.sources
    )
    return (one.sku.part_number, one.sku.display_name, one.state, sources, one.since)


async def _inbox(call: Call, asked: Asked, after: Place | None, limit: int) -> ReportSlice:
    found = await inbox_page(
        call, asked.get("of"), only_unread=False, before=number_before(after), limit=limit
    )

    def cells(one: InboxItem) -> Cells:
        row = one.row
        return (row.at, row.kind.value, one.words.subject, row.name, row.read_at)

    return page_of_list(found, limit, cells=cells, place=lambda one: (one.row.telling_no,))


OWN_LISTS: Final = (
    ListFile(
        name=ListName.MY_LICENSES,
        permission=None,
        columns=columns_of("skuPartNumber", "displayName", "state", "from", ("since", MOMENT)),
        filters=(),
        read=_licenses,
    ),
    ListFile(
        name=ListName.INBOX,
        permission=Permission.USE_INBOX,
        columns=columns_of(("at", MOMENT), "kind", "subject", "about", ("readAt", MOMENT)),
        filters=("of",),
        read=_inbox,
    ),
)
