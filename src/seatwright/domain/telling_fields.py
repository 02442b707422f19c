"""The fields of each kind of telling, each with a sample, by which templates are previewed.

This is the contract between whoever tells and whoever words it: a telling has exactly these
fields. Names and ids are text, moments are ISO 8601 in UTC, and a field may be None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.telling import EventKind, FieldValue, Telling

_REQUEST: Final = "3f0c2d3e-8a36-4c6e-9f0b-0d3f5c1b7a10"
_PERSON: Final = "Ada Nilsen"
_PRODUCT: Final = "Microsoft 365 E3"
_SOON: Final = "2027-01-15T09:00:00+00:00"
_REQUEST_FIELDS: Final[Mapping[str, FieldValue]] = {
    "requestId": _REQUEST,
    "product": _PRODUCT,
    "requestedBy": _PERSON,
    "people": "Ada Nilsen and 2 others",
}

FIELDS: Final[Mapping[EventKind, Mapping[str, FieldValue]]] = {
    EventKind.LICENSE_REQUEST_RECEIVED: {
        **_REQUEST_FIELDS,
        "justification": "We share the plans of the new plant.",
        "decideBy": _SOON,
    },
    EventKind.LICENSE_REQUEST_DECIDED: {
        **_REQUEST_FIELDS,
        "decision": "approved",
        "decidedBy": "Kari Berg",
        "message": "Welcome on board.",
    },
    EventKind.LICENSE_REQUEST_EXPIRED: {**_REQUEST_FIELDS, "askedAt": _SOON},
    EventKind.LICENSE_REQUEST_ESCALATED: {
        **_REQUEST_FIELDS,
        "justification": "We share the plans of the new plant.",
        "decideBy": _SOON,
    },
    EventKind.LICENSE_REQUEST_CANCELLED: {
        **_REQUEST_FIELDS,
        "why": "Ada Nilsen cancelled it.",
        "message": "I have one by now.",
    },
    EventKind.LICENSE_REQUEST_SHARED: {
        **_REQUEST_FIELDS,
        "sharedBy": "Kari Berg",
        "justification": "We share the plans of the new plant.",
        "decideBy": _SOON,
        "subject": "Do you know this project?",
        "message": "Does she need it already this year?",
        "link": "https://licenses.example.com/requests/3f0c2d3e-8a36-4c6e-9f0b-0d3f5c1b7a10",
    },
    EventKind.ASSIGNMENT_STARTED: {"product": _PRODUCT, "person": _PERSON, "expiresAt": _SOON},
    EventKind.ASSIGNMENT_EXPIRING: {
        "product": _PRODUCT,
        "person": _PERSON,
        "expiresAt": _SOON,
        "days": 7,
        "timeLeft": "7 days",
        "howToExtend": "POST /api/license-requests with extends: true asks for more time.",
    },
    EventKind.ASSIGNMENT_EXPIRED: {"product": _PRODUCT, "person": _PERSON, "expiredAt": _SOON},
    EventKind.INVITATION_SENT: {
        "invitationId": "9a4c1d52-77c0-4a6b-8a3e-2f0b6f5d1c44",
        "product": _PRODUCT,
        "person": "Gina Guest",
        "message": "We start on Monday.",
        "expiresAt": _SOON,
    },
    EventKind.INVITATION_EXPIRING: {"product": _PRODUCT, "person": _PERSON, "expiresAt": _SOON},
    EventKind.INVITATION_EXPIRED: {"product": _PRODUCT, "person": _PERSON, "expiredAt": _SOON},
    EventKind.SUBSCRIPTION_CHANGED: {
        "product": _PRODUCT,
        "subscriptionId": "8f6b0a56-7d0a-4f3f-8a6c-3d8d2d0c9e21",
        "before": "enabled",
        "state": "warning",
        "seats": 250,
        "nextState": "suspended",
        "nextAt": _SOON,
    },
    EventKind.SEATS_RUNNING_OUT: {"product": _PRODUCT, "seatsFree": 3, "app": "Field Visits"},
    EventKind.OVER_ASSIGNED: {
        "product": _PRODUCT,
        "seats": 250,
        "holders": 262,
        "seatsOver": 12,
        "until": _SOON,
    },
    EventKind.SEAT_CHANGE_EFFECTIVE: {
        "product": _PRODUCT,
        "seatsBefore": 250,
        "seatsAfter": 200,
        "message": "It took effect.",
    },
    EventKind.CLAIM_RELEASING: {
        "product": _PRODUCT,
        "person": _PERSON,
        "app": "Field Visits",
        "noticeId": "1b1c7f1e-6f57-4b0e-9d1c-7d3a3a3f6a02",
        "dueAt": _SOON,
    },
    EventKind.REPORT_READY: {
        "report": "holders",
        "runId": "5d1f0f2a-2b57-4e9c-8f2b-9d9f5f2a7c33",
        "rows": 89,
        "dueAt": _SOON,
        "file": "holders.xlsx is attached.",
    },
    EventKind.HELD_FOR_APPROVAL: {
        "heldId": "c0ffee00-1d2e-4c3b-8a49-5a6b7c8d9e0f",
        "product": _PRODUCT,
        "people": 412,
        "heldBy": "nightly import",
    },
    EventKind.WEBHOOK_DISABLED: {
        "webhookId": "0a7a9a3e-6d5c-4e6f-8f7a-1b2c3d4e5f60",
        "host": "hooks.example.com",
        "since": _SOON,
        "error": "503 Service Unavailable",
    },
    EventKind.MAIL_NOT_WORDED: {
        "mailKind": "assignmentExpiring",
        "tellingId": "5f0d6b1e-4f2b-4d4e-8d8c-6a1b2c3d4e5f",
        "error": "expiresAt is no moment: “soon”.",
    },
}


def misfit_of(telling: Telling) -> str | None:
    """Why a telling does not have the fields of its kind; None: it has them."""
    wanted, given = set(FIELDS[telling.kind]), set(telling.data)
    if wanted == given:
        return None
    missing, unknown = sorted(wanted - given), sorted(given - wanted)
    return f"{telling.kind.value}: missing {missing}, not known {unknown}"
