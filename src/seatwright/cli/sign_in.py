"""`seatwright sign-in-link`: a link that signs the local administrator in to the portal, once."""

from __future__ import annotations

from seatwright.cli.operator import Operator, operate
from seatwright.cli.options import AsJson, TenantName
from seatwright.cli.screen import print_json, say, warn


def sign_in_link(*, tenant: TenantName = None, as_json: AsJson = False) -> None:
    """Print a link that signs the local administrator in once (works on the database)."""

    async def work(operator: Operator) -> str:
        from seatwright.app.portal_sessions import link_for_administrator

        async with operator.in_tenant(tenant) as call:
            link = await link_for_administrator(call)
        return f"{operator.settings.resolved_public_url}/sign-in/link/{link}"

    url = operate(work)
    if as_json:
        print_json({"url": url})
        return
    say(url)
    warn("It works once, within a day, for whoever opens it: send it to nobody else.")
