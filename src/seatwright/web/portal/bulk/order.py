"""What the form of a bulk job says: who, what, and how; every fault of a row stays with its row."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from seatwright.app.bulk.again import once_more
from seatwright.app.bulk.orders import BulkCall, BulkLine, Resolved, fill_policy, resolve
from seatwright.app.bulk.people_text import read_people_text
from seatwright.app.bulk.tables import BulkTable
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.users import names_matching
from seatwright.app.people_filter import people_filter_of
from seatwright.domain.bulk import ROWS_MAX, Undone
from seatwright.domain.directory import parse_id
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
    if job := form.text("again"):
        return await _again(call, form, job)
    given = given_of(form.text("give"))
    table = await _table(call, form)
    disabled = await _disabled(call, form, given)
    shared = _Shared(
        action=form.text("action"),
        disabled=disabled,
        usage_location=form.text("usageLocation"),
        starts_at=form.text("startsAt"),
        expires_at=form.text("expiresAt"),
    )
    resolved = await resolve(
        call,
        BulkCall(
            lines=[shared.applied_to(line) for line in table.lines],
            fill=fill_policy(form.text("fill")),
            sku=given.sku,
            template=given.template,
            ignored_columns=table.ignored_columns,
            keeps_faults=True,
            # Whoever a group gives it already is left out unless the form says otherwise.
            spares_inherited=form.text("beside") is None,
        ),
    )
    return replace(resolved, blank=table.blank)


async def _again(call: Call, form: Form, job: str) -> Resolved:
    """The rows of an earlier job that failed, as the form of its page names it."""
    id_ = parse_id(job)
    if id_ is None:
        raise Refusal(Reason.UNKNOWN_JOB, f"There is no job “{job[:40]}”.")
    resolved = await once_more(
        call,
        id_,
        only_unseated=form.text("only") == Undone.UNSEATED.value,
        fill=fill_policy(form.text("fill")),
    )
    is_spared = form.text("beside") is None
    return replace(resolved, order=replace(resolved.order, spares_inherited=is_spared))


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


async def _table(call: Call, form: Form) -> BulkTable:
    chosen = form.all("user")
    if chosen:
        return _people(chosen)
    if form.text("match"):
        return _people(await _matching(call, dict(form.pairs)))
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


def _people(names: tuple[str, ...] | list[str]) -> BulkTable:
    return BulkTable(lines=[BulkLine(row_no=no, user=name) for no, name in enumerate(names, 1)])


async def _disabled(call: Call, form: Form, given: Given) -> tuple[str, ...] | None:
    """The service plans that were left unticked; None when they were not asked about."""
    asked = form.text("plansOf")
    if given.sku is None or asked != given.sku or form.text("action") == "remove":
        return None
    catalog = await catalog_of(call)
    on = frozenset(form.all("plan"))
    plans = catalog.plans_of(catalog.require_sku(given.sku, is_in_body=True).service_plans)
    return tuple(plan.name for plan in plans if plan.name not in on)
