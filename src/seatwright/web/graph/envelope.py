"""Graph's error envelope: `{"error": {code, message, details, innerError}}`, on every path.

Microsoft documents the code and not the message, but in practice every refusal of a license shares
`Request_BadRequest`, and tools match fragments of the message (`entra-graph.md` ERR-001). So the
message is the one they know, and `details` holds our own code, which is stable, with our sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from seatwright.domain.errors import Reason, Refusal
from seatwright.web.answers import Answer

BAD_REQUEST: Final = "Request_BadRequest"
NOT_FOUND: Final = "Request_ResourceNotFound"
DENIED: Final = "Authorization_RequestDenied"
NO_TOKEN: Final = "InvalidAuthenticationToken"

JSON: Final = (b"content-type", b"application/json")


class GraphError(Exception):
    """An error of the Graph surface: status, Graph's code, and a message as its clients know it.

    `reason` and `detail` become `details[0]`: a code of the reasons table (`docs/reference/
    reasons.md`) and our own sentences.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        reason: str | None = None,
        detail: str | None = None,
        headers: tuple[tuple[bytes, bytes], ...] = (),
    ) -> None:
        """Take what the envelope says."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.reason = reason
        self.detail = detail
        self.headers = headers


def bad_request(message: str, *, reason: Reason = Reason.INVALID_VALUE) -> GraphError:
    """400 Request_BadRequest."""
    return GraphError(400, BAD_REQUEST, message, reason=reason)


def unsupported_query(message: str) -> GraphError:
    """400 Request_UnsupportedQuery: an option that is known, and not for this resource."""
    return GraphError(400, "Request_UnsupportedQuery", message, reason=Reason.INVALID_VALUE)


def _fact(refusal: Refusal, *names: str) -> str:
    """The first of these facts that the refusal has."""
    return next((str(refusal.context[name]) for name in names if name in refusal.context), "")


def _plans(refusal: Refusal) -> str:
    found = refusal.context.get("servicePlans") or refusal.context.get("servicePlan") or ()
    return ", ".join(str(one) for one in found) if isinstance(found, (list, tuple)) else str(found)


def _dependency(refusal: Refusal) -> str:
    candidates = refusal.context.get("anyOf") or ()
    needed = ", ".join(map(str, candidates)) if isinstance(candidates, (list, tuple)) else ""
    return (
        f"License assignment failed because service plan {_plans(refusal)} depends on the service"
        f" plan(s) {needed}"
    )


_MESSAGES: Final[Mapping[Reason, Callable[[Refusal], str]]] = {
    Reason.NOT_SIGNED_IN: lambda _: "Access token validation failure. Invalid audience or token.",
    Reason.ROLE_MISSING: lambda _: "Insufficient privileges to complete the operation.",
    Reason.HELD_FOR_APPROVAL: lambda _: (
        "Done, but for removals beyond the organization's limit: they wait for another"
        " administrator to approve them."
    ),
    Reason.UNKNOWN_USER: lambda refusal: _missing(_fact(refusal, "user")),
    Reason.UNKNOWN_GROUP: lambda refusal: _missing(_fact(refusal, "group")),
    Reason.UNKNOWN_SKU: lambda refusal: (
        f"License {_fact(refusal, 'skuId', 'sku')} does not correspond to a valid company License."
    ),
    Reason.NO_SEAT_LEFT: lambda refusal: (
        f"Subscription with SKU {_fact(refusal, 'skuId')} does not have any available licenses."
    ),
    Reason.USAGE_LOCATION_MISSING: lambda _: (
        "License assignment cannot be done for user with invalid usage location."
    ),
    Reason.USAGE_LOCATION_PROHIBITED: lambda _: (
        "License assignment cannot be done for user with invalid usage location: the product is"
        " not available there."
    ),
    Reason.INHERITED_ASSIGNMENT: lambda _: (
        "User license is inherited from a group membership and it cannot be removed directly from"
        " the user."
    ),
    Reason.NOT_ASSIGNED: lambda _: "User does not have a corresponding license.",
    Reason.CONFLICTING_SERVICE_PLANS: lambda refusal: (
        f"License assignment failed because service plans {_plans(refusal)} are mutually exclusive."
    ),
    Reason.DEPENDENCY_MISSING: _dependency,
    Reason.SERVICE_PLAN_NOT_IN_SKU: lambda refusal: (
        f"Service plan {_fact(refusal, 'servicePlan')} does not belong to the subscription"
        f" {_fact(refusal, 'skuId')}."
    ),
    Reason.NOT_ASSIGNABLE_TO_USERS: lambda refusal: (
        f"License {_fact(refusal, 'skuId')} cannot be assigned to a user."
    ),
    Reason.NO_CHANGE: lambda _: "No license changes provided.",
    Reason.ADDRESS_NOT_UNIQUE: lambda refusal: (
        "Another object with the same value for property"
        f" {_fact(refusal, 'field') or 'proxyAddresses'} already exists."
    ),
    Reason.GROUP_HAS_LICENSES: lambda _: (
        "The group has a product license assigned. Remove its licenses before you delete it."
    ),
}
"""What Graph's clients match (`entra-graph.md` §2.6); a reason without a row says our sentences."""

_NOT_FOUND: Final = frozenset({Reason.UNKNOWN_USER, Reason.UNKNOWN_GROUP})
"""Things that a path of this surface names; whatever else is unknown was named in a body."""


def _missing(what: str) -> str:
    return (
        f"Resource '{what}' does not exist or one of its queried reference-property objects are"
        " not present."
    )


def resource_missing(what: str, reason: str = "unknownPath") -> GraphError:
    """404: nothing has this key."""
    return GraphError(404, NOT_FOUND, _missing(what[:200]), reason=reason)


def error_of(refusal: Refusal) -> GraphError:
    """A refusal of the domain as Graph says it."""
    reason = refusal.reason
    status, code = 400, BAD_REQUEST
    if reason is Reason.NOT_SIGNED_IN:
        status, code = 401, NO_TOKEN
    elif reason in {Reason.ROLE_MISSING, Reason.OWN_CHANGE, Reason.HELD_FOR_APPROVAL}:
        status, code = 403, DENIED
    elif reason in _NOT_FOUND and not refusal.is_in_body:
        status, code = 404, NOT_FOUND
    elif reason is Reason.UNSUPPORTED_QUERY:
        code = "Request_UnsupportedQuery"
    elif reason is Reason.SYNC_STATE_NOT_FOUND:
        status, code = 410, reason.value
    say = _MESSAGES.get(reason)
    return GraphError(
        status,
        code,
        say(refusal) if say else refusal.detail,
        reason=reason,
        detail=refusal.detail,
        headers=((b"www-authenticate", b"Bearer"),) if status == 401 else (),
    )


def error_answer(
    error: GraphError, *, request_id: str, client_request_id: str, now: datetime
) -> Answer:
    """The envelope on the wire."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.reason is not None:
        told = {"code": str(error.reason), "message": error.detail or error.message}
        body["details"] = [told]
    body["innerError"] = {
        "date": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }
    content = msgspec.json.encode({"error": body})
    return Answer(error.status, [JSON, *error.headers], content)
