"""What jobs are called on the pages: what they do, with the product or the group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.bulk import BulkOrder, order_of
from seatwright.domain.ids import GroupNo, JobNo
from seatwright.domain.jobs import Job, JobKind
from seatwright.domain.moves import MoveOrder, move_of
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.domain.wants import WantKind
from seatwright.postgres.labels import GroupLabel, group_labels
from seatwright.web.portal.frame.language import gettext
from seatwright.web.portal.frame.words import words


async def titles_of(call: Call, jobs: Iterable[Job]) -> Mapping[JobNo, str]:
    """What each of these jobs does, in a few words that begin with a capital."""
    every = list(jobs)
    moves = {one.job_no: move_of(one.params) for one in every if one.kind is JobKind.MOVE}
    named = {one.new_group for one in moves.values() if one.new_group is not None}
    groups = await group_labels(call.tx, sorted(named))
    catalog = await catalog_of(call)
    titles: dict[JobNo, str] = {}
    for job in every:
        title = ""
        if job.kind is JobKind.BULK:
            title = _title_of_bulk(order_of(job.params), catalog)
        elif job.kind is JobKind.MOVE:
            title = _title_of_move(moves[job.job_no], catalog, groups)
        titles[job.job_no] = title or words(job.kind).capitalize()
    return titles


def _title_of_bulk(order: BulkOrder, catalog: TenantCatalog) -> str:
    """Empty where rows differ in what they do, or name more products than a title can."""
    if order.adopts:
        return gettext("Import what people hold")
    what = order.template or gettext(" and ").join(map(catalog.sku_name, order.about))
    if not what:
        return ""
    if order.kind is WantKind.ADD:
        return gettext("Give %(product)s") % {"product": what}
    if order.kind is WantKind.REMOVE:
        return gettext("Take %(product)s away") % {"product": what}
    if order.kind is WantKind.REPLACE:
        return gettext("Give %(product)s in place of what they have") % {"product": what}
    return ""


def _title_of_move(
    order: MoveOrder, catalog: TenantCatalog, groups: Mapping[GroupNo, GroupLabel]
) -> str:
    if order.new_group is not None and order.new_group in groups:
        label = groups[order.new_group].display_name
        return gettext("Move people to %(group)s") % {"group": label}
    if order.new_sku is None:
        return ""
    name = catalog.sku_name(order.new_sku)
    return gettext("Move people to %(product)s") % {"product": name}
