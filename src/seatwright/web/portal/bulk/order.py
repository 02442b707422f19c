"""What the form of a bulk job says: who, what, and how; every fault of a row stays with its row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.app.bulk.orders import BulkCall, BulkLine, Resolved, fill_policy, resolve
from seatwright.app.bulk.people_text import read_people_text
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import names_matching
from seatwright.app.people_filter import people_filter_of
from seatwright.domain.bulk import ROWS_MAX
from seatwright.domain.errors import Reason, Refusal
from seatwright.web.portal.frame.files import lines_of
from seatwright.web.portal.frame.forms import Form

PRODUCT: Final = "sku:"
TEMPLATE: Final = "template:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What people are to get or lose: a product, a template, or what each row says itself."""

    sku: str | None = None
    template: str | None = None


def given_of(text: str | None) -> Given:
    """What the field “give” says."""
    if text and text.startswith(PRODUCT):
        return Given(sku=text.removeprefix(PRODUCT))
    if text and text.startswith(TEMPLATE):
        return Given(template=text.removeprefix(TEMPLATE))
    return Given()


async def resolved_of(call: Call, form: Form) -> Resolved:
    """The job that a form asks for; rows with faults are in it, and fail with them.

    Raises Refusal for what is wrong with the form or file as a whole.
    """
    given = given_of(form.text("give"))
    lines, ignored = await _lines(call, form)
    disabled = await _disabled(call, form, given)
    shared = _Shared(
        action=form.text("action"),
        disabled=disabled,
        usage_location=form.text("usageLocation"),
        starts_at=form.text("startsAt"),
        expires_at=form.text("expiresAt"),
    )
    return await resolve(
        call,
        BulkCall(
            lines=[shared.applied_to(line) for line in lines],
            fill=fill_policy(form.text("fill")),
            sku=given.sku,
            template=given.template,
            ignored_columns=ignored,
            keeps_faults=True,
            # Whoever a group gives it already is left out unless the form says otherwise.
            spares_inherited=form.text("beside") is None,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What holds for every row that does not say it itself."""

    action: str | None
    disabled: tuple[str, ...] | None
    usage_location: str | None
    starts_at: str | None
    expires_at: str | None

    def applied_to(self, line: BulkLine) -> BulkLine:
        return BulkLine(
            row_no=line.row_no,
            user=line.user,
            sku=line.sku,
            action=line.action or self.action,
            disabled=line.disabled if line.sku or line.disabled else self.disabled,
            usage_location=line.usage_location or self.usage_location,
            starts_at=line.starts_at or self.starts_at,
            expires_at=line.expires_at or self.expires_at,
        )


async def _lines(call: Call, form: Form) -> tuple[list[BulkLine], tuple[str, ...]]:
    chosen = form.all("user")
    if chosen:
        return _people(chosen), ()
    if form.text("match"):
        return _people(await _matching(call, dict(form.pairs))), ()
    text = form.text("lines")
    if text is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "Nobody is named yet: choose a file, or paste the addresses of people.",
        )
    return await asyncio.to_thread(read_people_text, lines_of(form))


async def _matching(call: Call, given: Mapping[str, str]) -> list[str]:
    query = (await people_filter_of(call, given)).query
    names = await names_matching(call, query, limit=ROWS_MAX + 1)
    if not names:
        raise Refusal(Reason.INVALID_VALUE, "Nobody matches any more: choose other people.")
    return names


def _people(names: tuple[str, ...] | list[str]) -> list[BulkLine]:
    return [BulkLine(row_no=number, user=name) for number, name in enumerate(names, start=1)]


async def _disabled(call: Call, form: Form, given: Given) -> tuple[str, ...] | None:
    """The service plans that were left unticked; None when they were not asked about."""
    asked = form.text("plansOf")
    if given.sku is None or asked != given.sku or form.text("action") == "remove":
        return None
    catalog = await catalog_of(call)
    on = frozenset(form.all("plan"))
    plans = catalog.plans_of(catalog.require_sku(given.sku, is_in_body=True).service_plans)
    return tuple(plan.name for plan in plans if plan.name not in on)
