"""Refusals as problem+json (RFC 9457): which status each reason has, and the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.errors import Reason, Refusal

STATUS_OF: Final[Mapping[Reason, int]] = {
    Reason.NO_SEAT_LEFT: 409,
    Reason.CONFLICTING_SERVICE_PLANS: 409,
    Reason.DEPENDENCY_MISSING: 409,
    Reason.USAGE_LOCATION_MISSING: 400,
    Reason.USAGE_LOCATION_PROHIBITED: 409,
    Reason.ADDRESS_NOT_UNIQUE: 409,
    Reason.SIBLING_FAILED: 409,
    Reason.INHERITED_ASSIGNMENT: 409,
    Reason.NOT_ASSIGNED: 404,
    Reason.UNKNOWN_USER: 404,
    Reason.UNKNOWN_GROUP: 404,
    Reason.UNKNOWN_SKU: 404,
    Reason.SERVICE_PLAN_NOT_IN_SKU: 400,
    Reason.NOT_ASSIGNABLE_TO_USERS: 400,
    Reason.NO_CHANGE: 400,
    Reason.SEATS_IN_USE: 409,
    Reason.BELOW_OFFER_MINIMUM: 409,
    Reason.GROUP_HAS_LICENSES: 409,
    Reason.PREREQUISITE_MISSING: 409,
    Reason.SUBSCRIPTION_SUSPENDED: 409,
    Reason.HELD_FOR_APPROVAL: 202,
    Reason.WORLD_MOVED: 412,
    Reason.NOT_SIGNED_IN: 401,
    Reason.ROLE_MISSING: 403,
    Reason.INVALID_VALUE: 400,
    Reason.UNKNOWN_APP: 404,
    Reason.UNKNOWN_ENVIRONMENT: 404,
    Reason.UNKNOWN_FLOW: 404,
    Reason.UNKNOWN_SECURITY_ROLE: 404,
    Reason.UNKNOWN_DEFAULT_ROLE: 404,
    Reason.STILL_IN_USE: 409,
    Reason.UNKNOWN_DOMAIN: 404,
    Reason.DOMAIN_TAKEN: 409,
    Reason.UNKNOWN_POLICY: 404,
    Reason.UNKNOWN_NOTICE: 404,
    Reason.UNKNOWN_WEBHOOK: 404,
    Reason.UNKNOWN_DELIVERY: 404,
    Reason.UNKNOWN_MAIL_KIND: 404,
    Reason.UNKNOWN_TEMPLATE: 404,
    Reason.UNKNOWN_JOB: 404,
    Reason.UNKNOWN_REQUEST: 404,
    Reason.UNKNOWN_PRINCIPAL: 404,
    Reason.UNKNOWN_SUBSCRIPTION: 404,
    Reason.UNKNOWN_SEAT_CHANGE: 404,
    Reason.SEAT_CHANGE_SCHEDULED: 409,
    Reason.UNKNOWN_INVITATION: 404,
    Reason.ALREADY_INVITED: 409,
    Reason.UNKNOWN_HELD_CHANGE: 404,
    Reason.UNKNOWN_CHANGE: 404,
    Reason.OWN_CHANGE: 403,
    Reason.TOO_EARLY: 409,
    Reason.STILL_RUNNING: 409,
    Reason.UNKNOWN_REPORT: 404,
    Reason.UNKNOWN_REPORT_RUN: 404,
    Reason.UNKNOWN_REPORT_SCHEDULE: 404,
    Reason.UNKNOWN_EXPORT: 404,
    Reason.TOO_MANY_EXPORTS: 409,
    Reason.ALREADY_DECIDED: 409,
    Reason.IMPORT_STOPPED: 409,
    Reason.CALL_IN_PROGRESS: 409,
    Reason.KEY_REUSED: 422,
    Reason.SURPLUS_SERVICE_PLANS: 409,
    Reason.STRATEGY_NOT_CHOSEN: 409,
    Reason.UNSUPPORTED_QUERY: 400,
    Reason.SYNC_STATE_NOT_FOUND: 410,
    Reason.INVALID_RULE: 400,
    Reason.MEMBERS_FOLLOW_RULE: 409,
    Reason.ALREADY_REQUESTED: 409,
    Reason.STILL_PENDING: 409,
    Reason.OWN_REQUEST: 403,
    Reason.OWN_PROCESS: 409,
    Reason.NOT_REQUESTABLE: 409,
    Reason.TOO_MANY_OPEN_REQUESTS: 409,
    Reason.TOO_MANY_TEST_MAILS: 409,
}
"""The REST column of the reasons table (`interfaces.md`); launch overrides it for itself."""

UNKNOWN_IN_BODY: Final = frozenset(
    {
        Reason.UNKNOWN_USER,
        Reason.UNKNOWN_GROUP,
        Reason.UNKNOWN_SKU,
        Reason.UNKNOWN_MAIL_KIND,
    }
)
"""These are 404 when the path names the thing and 400 when the body does."""


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    if refusal.reason in UNKNOWN_IN_BODY and refusal.is_in_body:
        return 400
    return STATUS_OF.get(refusal.reason, 403)


def title_of(code: str) -> str:
    """`noSeatLeft` as people read it: No seat left."""
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in code)
    return words[:1].upper() + words[1:]


def problem(
    *, status: int, code: str, detail: str, extra: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The body of an error answer."""
    return {
        "type": f"/docs/errors#{code}",
        "title": title_of(code),
        "status": status,
        "detail": detail,
        "code": code,
        **(extra or {}),
    }
