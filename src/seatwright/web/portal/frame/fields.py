"""What a form says of a day and of service plans, read the same on every page."""

from __future__ import annotations

from datetime import datetime

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.domain.subscriptions import parse_moment
from seatwright.web.portal.frame.forms import Form


def moment_of(form: Form, name: str) -> datetime | None:
    """A day or moment of a form; None where nothing was filled in."""
    text = form.text(name)
    return None if text is None else parse_moment(text, name=name)


async def plans_off(call: Call, form: Form, sku: str) -> tuple[str, ...] | None:
    """The service plans of a product that were left unticked; None if the form asks for none."""
    if form.text("plansOf") is None:
        return None
    catalog = await catalog_of(call)
    on = frozenset(form.all("plan"))
    plans = catalog.plans_of(catalog.require_sku(sku).service_plans)
    return tuple(plan.name for plan in plans if plan.name not in on)
