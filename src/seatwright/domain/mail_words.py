"""What each kind of mail says as it comes; an organization may say it otherwise.

`{{ name }}` stands for a field of the kind (`telling_fields.py`), for `recipient` or for
`organization`. A line that names something which there is not is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.domain.telling import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """Subject and text of a mail, with placeholders."""

    subject: str
    body: str


def _words(subject: str, *lines: str) -> MailWords:
    return MailWords(subject=subject, body="\n".join(("Hello {{ recipient }},", "", *lines)))


WORDS: Final[Mapping[EventKind, MailWords]] = {
    EventKind.LICENSE_REQUEST_RECEIVED: _words(
        "{{ requestedBy }} asks for {{ product }}",
        "{{ requestedBy }} asks for {{ product }}, for {{ people }}.",
        "They write: {{ justification }}",
        "",
        "Please decide by {{ decideBy }}.",
        "",
        "seatwright requests show {{ requestId }}",
    ),
    EventKind.LICENSE_REQUEST_DECIDED: _words(
        "Your request for {{ product }}: {{ decision }}",
        "The request of {{ requestedBy }} for {{ product }} was decided: {{ decision }}.",
        "It is about {{ people }}.",
        "Decided by {{ decidedBy }}.",
        "They write: {{ message }}",
    ),
    EventKind.LICENSE_REQUEST_EXPIRED: _words(
        "The request for {{ product }} has expired",
        "Nobody decided in time about {{ product }} for {{ people }}, asked for on {{ askedAt }}.",
        "",
        "It can be asked for again.",
    ),
    EventKind.LICENSE_REQUEST_ESCALATED: _words(
        "{{ requestedBy }} still waits for {{ product }}",
        "Nobody has decided yet about {{ product }}, which {{ requestedBy }} asks for.",
        "It is about {{ people }}.",
        "They write: {{ justification }}",
        "",
        "It has come to you now. Please decide by {{ decideBy }}.",
        "",
        "seatwright requests show {{ requestId }}",
    ),
    EventKind.LICENSE_REQUEST_CANCELLED: _words(
        "The request for {{ product }} was taken back",
        "The request of {{ requestedBy }} for {{ product }}, for {{ people }}, was taken back.",
        "{{ why }}",
        "They write: {{ message }}",
    ),
    EventKind.LICENSE_REQUEST_SHARED: _words(
        "{{ sharedBy }} asks what you think: {{ product }} for {{ people }}",
        "{{ requestedBy }} asks for {{ product }}, for {{ people }}.",
        "They write: {{ justification }}",
        "",
        "{{ sharedBy }} asks what you think of it: {{ subject }}",
        "{{ message }}",
        "",
        "Please answer {{ sharedBy }} by {{ decideBy }}. The decision stays with whoever decides.",
        "",
        "{{ link }}",
    ),
    EventKind.ASSIGNMENT_STARTED: _words(
        "You have {{ product }} now",
        "{{ person }} has {{ product }} from today.",
        "It ends on {{ expiresAt }}.",
    ),
    EventKind.ASSIGNMENT_EXPIRING: _words(
        "{{ product }} ends in {{ timeLeft }}",
        "{{ product }} of {{ person }} ends on {{ expiresAt }}.",
        "{{ howToExtend }}",
    ),
    EventKind.ASSIGNMENT_EXPIRED: _words(
        "{{ product }} has ended",
        "{{ product }} of {{ person }} ended on {{ expiredAt }}.",
    ),
    EventKind.INVITATION_SENT: _words(
        "{{ organization }}: an invitation for {{ person }}",
        "{{ person }} is invited by {{ organization }}, with {{ product }}.",
        "{{ message }}",
        "",
        "The invitation can be accepted until {{ expiresAt }}.",
    ),
    EventKind.INVITATION_EXPIRING: _words(
        "The invitation of {{ person }} ends soon",
        "{{ person }} has not accepted yet. {{ product }} is held for them until {{ expiresAt }}.",
    ),
    EventKind.INVITATION_EXPIRED: _words(
        "The invitation of {{ person }} has ended",
        "{{ person }} did not accept until {{ expiredAt }}, so the seat of {{ product }} is free.",
    ),
    EventKind.SUBSCRIPTION_CHANGED: _words(
        "{{ product }}: a subscription is {{ state }}",
        "A subscription of {{ product }} with {{ seats }} seats was {{ before }} and is"
        " {{ state }}.",
        "It will be {{ nextState }} on {{ nextAt }}.",
        "",
        "seatwright subscriptions show {{ subscriptionId }}",
    ),
    EventKind.SEATS_RUNNING_OUT: _words(
        "{{ product }}: {{ seatsFree }} seats left",
        "Free seats of {{ product }}: {{ seatsFree }}.",
        "People who open {{ app }} claim them.",
    ),
    EventKind.OVER_ASSIGNED: _words(
        "{{ product }}: {{ seatsOver }} seats too few",
        "{{ holders }} people have {{ product }}, and there are {{ seats }} seats.",
        "Please buy {{ seatsOver }} seats, or free them, until {{ until }}.",
    ),
    EventKind.SEAT_CHANGE_EFFECTIVE: _words(
        "{{ product }}: {{ seatsAfter }} seats",
        "The seats of {{ product }} were to change from {{ seatsBefore }} to {{ seatsAfter }}.",
        "{{ message }}",
    ),
    EventKind.CLAIM_RELEASING: _words(
        "{{ product }} will be released",
        "{{ person }} has {{ product }} for {{ app }} and has not used it for long.",
        "It is given back on {{ dueAt }}, unless {{ app }} is opened before.",
        "",
        "To keep it: seatwright auto-claim notices keep {{ noticeId }}",
    ),
    EventKind.REPORT_READY: _words(
        "Report {{ report }}: {{ rows }} rows",
        "The report {{ report }} of {{ dueAt }} is ready: {{ rows }} rows.",
        "{{ file }}",
    ),
    EventKind.HELD_FOR_APPROVAL: _words(
        "{{ product }}: {{ people }} removals wait for approval",
        "{{ heldBy }} would take {{ product }} from {{ people }} people, and that was held.",
        "A second administrator decides.",
        "",
        "seatwright held show {{ heldId }}",
    ),
    EventKind.WEBHOOK_DISABLED: _words(
        "A webhook was disabled",
        "Every call of {{ host }} has failed since {{ since }}, so it is called no more.",
        "The last answer: {{ error }}",
        "",
        "seatwright webhooks show {{ webhookId }}",
    ),
    EventKind.MAIL_NOT_WORDED: _words(
        "A mail could not be worded: {{ mailKind }}",
        "A mail of the kind {{ mailKind }} could not be worded, so it was sent to nobody.",
        "What stood against it: {{ error }}",
        "",
        "The inbox of whom it is to has the facts. Once the words of the kind are changed, it is"
        " tried again:",
        "seatwright mail reword {{ mailKind }}",
    ),
}
