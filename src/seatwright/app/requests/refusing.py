"""Why nothing is asked: nobody needs it, nobody would decide about it, or too much is open."""

from __future__ import annotations

from seatwright.app.call import Call
from seatwright.app.requests.own_process import own_process
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.requests.policy import RequestPolicy, open_max
from seatwright.domain.roles import Permission
from seatwright.domain.tenant_catalog import CatalogSku
from seatwright.postgres.request_people import count_open_requests


def nobody_needs(sku: CatalogSku, reason: Reason) -> Refusal:
    """The refusal of a request for people of whom none needs it, by the reason of the first."""
    words = {
        Reason.ALREADY_REQUESTED: f"{sku.display_name} was asked for already, and that is being"
        " decided: GET /api/license-requests?mine=true shows it.",
        Reason.NO_CHANGE: f"{sku.display_name} is held, or was asked for, already by everybody for"
        " whom it is asked.",
        Reason.INVALID_VALUE: f"expiresAt is no later than {sku.display_name} ends as it is: give a"
        " later time.",
        Reason.NOT_ASSIGNED: f"Nobody of these has a {sku.display_name} of their own that ends:"
        " there is nothing to extend.",
    }
    return Refusal(reason, words[reason], context={"skuId": str(sku.sku_id)})


def not_to_extend(call: Call, sku: CatalogSku) -> Refusal:
    """More time is asked for others by who knows until when they have it, whatever they have."""
    return Refusal(
        Reason.ROLE_MISSING,
        f"“{call.principal.name}” may not ask for more time of {sku.display_name} for somebody"
        " else: leave it to themselves, or to who decides about their requests.",
        context={"skuId": str(sku.sku_id)},
    )


def why_closed(
    call: Call, sku: CatalogSku, policy: RequestPolicy, *, justification: str | None
) -> Refusal | None:
    """Why nobody would decide about this request; None when somebody will."""
    process = own_process(call)
    if process is not None:
        return process.refusal()
    if not policy.is_open:
        return Refusal(
            Reason.NOT_REQUESTABLE,
            f"{sku.display_name} cannot be asked for: its request policy says so. Ask an"
            " administrator, or for another product.",
            context={"skuId": str(sku.sku_id)},
        )
    if policy.needs_justification and justification is None:
        return Refusal(
            Reason.INVALID_VALUE,
            f"Say in justification what {sku.display_name} is needed for: whoever decides"
            " reads it.",
        )
    return None


async def why_too_many(call: Call) -> Refusal | None:
    """Why the caller may open no other request: each is a mail or more to those who decide."""
    if call.principal.may(Permission.DECIDE_ANY_REQUEST):
        return None
    most = open_max(call.tenant.settings)
    asker = call.principal
    count = await count_open_requests(
        call.tx, requestor=asker.user_no, principal=asker.principal_no, most=most
    )
    if count < most:
        return None
    return Refusal(
        Reason.TOO_MANY_OPEN_REQUESTS,
        f"“{asker.name}” has {count} license requests open, and nobody may have more than {most}"
        " (the setting requestsOpenMax): wait for decisions, cancel what is not needed any more, or"
        " let an administrator ask.",
        context={"open": count, "most": most},
    )
