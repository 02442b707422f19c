"""Reports: who lacks a license, who has one as an exception, who does not use theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.settings import setting_value
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres import reports as rows
from seatwright.postgres.reports import ReportRow

INACTIVE_DAYS_MAX = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A product that so many people have by hand that another strategy would serve better."""

    sku: CatalogSku
    people: int
    advice: str


async def users_without_license(call: Call, *, after: int, limit: int) -> tuple[ReportRow, ...]:
    """Enabled people who hold nothing; one more than `limit` if there are more."""
    return await rows.users_without_license(call.tx, after=after, limit=limit + 1)


async def direct_assignments(
    call: Call, *, sku: str | None, after: tuple[int, int], limit: int
) -> tuple[ReportRow, ...]:
    """Products on people themselves, of one product or of all.

    Raises Refusal unknownSku.
    """
    chosen = None
    if sku is not None:
        chosen = (await catalog_of(call)).require_sku(sku, is_in_body=True).sku_no
    return await rows.direct_assignments(call.tx, sku=chosen, after=after, limit=limit + 1)


async def inactive_holders(
    call: Call, *, days: int, after: tuple[int, int], limit: int
) -> tuple[ReportRow, ...]:
    """Holders who did not sign in for this many days.

    Raises Refusal invalidValue for a number of days outside 1 to 3650.
    """
    if not 1 <= days <= INACTIVE_DAYS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"inactiveDays is {days}: give a number from 1 to {INACTIVE_DAYS_MAX}.",
        )
    since = call.now - timedelta(days=days)
    return await rows.inactive_holders(call.tx, since=since, after=after, limit=limit + 1)


async def strategy_advice(call: Call) -> tuple[Advice, ...]:
    """Products that are handled by hand for more people than the tenant's threshold says."""
    threshold = setting_value(call.tenant.settings, "bulkAdviceAbove")
    assert isinstance(threshold, int), "the setting is a number"
    catalog = await catalog_of(call)
    return tuple(
        Advice(
            sku=catalog.skus[sku],
            people=people,
            advice=f"{people} people have {catalog.skus[sku].display_name} by hand. License a group"
            " that they share, or use a bulk job with a template: both follow when people come"
            " and go, and neither forgets anyone.",
        )
        for sku, people in await rows.manual_counts(call.tx)
        if people > threshold
    )
