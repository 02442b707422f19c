"""What people are told: one thing that happened, to one person or to the administrators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TypeAlias

from seatwright.domain.ids import UserNo

FieldValue: TypeAlias = str | int | None
"""A name, an id, a moment in ISO 8601, or a count; None where there is none."""


@unique
class EventKind(StrEnum):
    """What can happen that somebody is told of; the values are the names that webhooks see."""

    LICENSE_REQUEST_RECEIVED = "licenseRequestReceived"
    LICENSE_REQUEST_DECIDED = "licenseRequestDecided"
    LICENSE_REQUEST_EXPIRED = "licenseRequestExpired"
    LICENSE_REQUEST_ESCALATED = "licenseRequestEscalated"
    LICENSE_REQUEST_CANCELLED = "licenseRequestCancelled"
    LICENSE_REQUEST_SHARED = "licenseRequestShared"
    ASSIGNMENT_STARTED = "assignmentStarted"
    ASSIGNMENT_EXPIRING = "assignmentExpiring"
    ASSIGNMENT_EXPIRED = "assignmentExpired"
    INVITATION_SENT = "invitationSent"
    INVITATION_EXPIRING = "invitationExpiring"
    INVITATION_EXPIRED = "invitationExpired"
    SUBSCRIPTION_CHANGED = "subscriptionChanged"
    SEATS_RUNNING_OUT = "seatsRunningOut"
    OVER_ASSIGNED = "overAssigned"
    SEAT_CHANGE_EFFECTIVE = "seatChangeEffective"
    CLAIM_RELEASING = "claimReleasing"
    REPORT_READY = "reportReady"
    HELD_FOR_APPROVAL = "heldForApproval"
    WEBHOOK_DISABLED = "webhookDisabled"
    MAIL_NOT_WORDED = "mailNotWorded"

    @property
    def is_decision(self) -> bool:
        """Somebody is asked to decide: what a daily mail of pending decisions gathers."""
        return self in {
            EventKind.LICENSE_REQUEST_RECEIVED,
            EventKind.LICENSE_REQUEST_ESCALATED,
            EventKind.HELD_FOR_APPROVAL,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One thing that happened, told to one person, or to the administrators (`user` None).

    `key` names what happened, for example a request's id and its step: with kind and person it is
    unique, so that it is told once however often it is noticed. `data` are exactly the fields of
    the kind (`telling_fields.py`): for the mail, the webhook and the inbox; never a secret. Every
    event goes to the webhooks too, once, whomever it is told to; what sums up several that are
    told besides is not `is_posted`.
    """

    kind: EventKind
    key: str
    user: UserNo | None
    data: Mapping[str, FieldValue]
    is_posted: bool = True
