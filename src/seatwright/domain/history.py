"""What a history row can say. Both lists are closed; numbers are what is stored, never reused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Final
from uuid import UUID

from seatwright.domain.assignments import Source, Strategy
from seatwright.domain.ids import GroupNo, PrincipalNo, ServicePlanBits, SkuNo, UserNo


class HistoryAction(IntEnum):
    """What happened to the subject of a history row; the wire form is the name in lower camel case.

    A change to a person's own assignment and its effect are one row (assigned, updated, removed);
    an effect that comes from elsewhere (group, freed seat, date, rule) is one row granted or
    revoked; never both for one change (`interfaces.md`, "History row").
    """

    ASSIGNED = 1
    UPDATED = 2
    REMOVED = 3
    GRANTED = 4
    REVOKED = 5
    WAITING = 6
    FAILED = 7
    RESOLVED = 8
    USER_CREATED = 20
    USER_UPDATED = 21
    USER_DISABLED = 22
    USER_ENABLED = 23
    USER_DELETED = 24
    USER_RESTORED = 25
    USER_PURGED = 26
    NAMES_ERASED = 27
    GROUP_CREATED = 40
    GROUP_UPDATED = 41
    GROUP_DELETED = 42
    MEMBER_ADDED = 43
    MEMBER_REMOVED = 44
    GROUP_LICENSE_ASSIGNED = 45
    GROUP_LICENSE_UPDATED = 46
    GROUP_LICENSE_REMOVED = 47
    GROUP_NESTED = 48
    GROUP_UNNESTED = 49
    REPROCESSED = 50
    SUBSCRIPTION_CREATED = 60
    SUBSCRIPTION_UPDATED = 61
    SUBSCRIPTION_DELETED = 62
    CATALOG_CHANGED = 63
    TEMPLATE_CREATED = 70
    TEMPLATE_UPDATED = 71
    TEMPLATE_DELETED = 72
    SETTINGS_CHANGED = 80
    PRINCIPAL_CREATED = 81
    PRINCIPAL_REVOKED = 82
    PRINCIPAL_ROTATED = 83
    IMPORTED = 90
    EXPORTED = 91
    JOB_STARTED = 92
    JOB_CANCELLED = 93
    REMOVAL_HELD = 100
    HELD_CHANGE_APPROVED = 101
    HELD_CHANGE_REJECTED = 102
    CHANGE_UNDONE = 103
    REPORT_RUN = 120
    REPORT_RUN_DELETED = 121
    REPORT_SCHEDULED = 122
    REPORT_SCHEDULE_CHANGED = 123
    REPORT_UNSCHEDULED = 124
    RECONCILE_STARTED = 125
    SEATS_RECOUNTED = 126
    AUTO_CLAIM_SWITCHED = 135
    AUTO_CLAIM_POLICY_CREATED = 136
    AUTO_CLAIM_POLICY_UPDATED = 137
    AUTO_CLAIM_POLICY_DELETED = 138
    AUTO_CLAIM_NOTICE = 139
    PLATFORM_ADDED = 130
    PLATFORM_UPDATED = 131
    PLATFORM_REMOVED = 132
    SECURITY_ROLE_ASSIGNED = 133
    SECURITY_ROLE_REMOVED = 134
    GROUP_RULE_CHANGED = 145
    GROUP_RULE_PAUSED = 146
    GROUP_RULE_RESUMED = 147
    GROUP_MADE_STATIC = 148
    SEAT_CHANGE_SCHEDULED = 170
    SEAT_CHANGE_CANCELLED = 171
    SEAT_CHANGE_REFUSED = 172
    INVITATION_SENT = 173
    INVITATION_SENT_AGAIN = 174
    INVITATION_ACCEPTED = 175
    INVITATION_WITHDRAWN = 176
    INVITATION_EXPIRED = 177
    SIGNING_KEY_CREATED = 150
    SIGNING_KEYS_WITHDRAWN = 151
    WEBHOOK_CREATED = 165
    WEBHOOK_UPDATED = 166
    WEBHOOK_REMOVED = 167
    WEBHOOK_DISABLED = 168
    MAIL_WORDS_CHANGED = 169
    LICENSE_REQUESTED = 155
    REQUEST_DENIED = 156
    REQUEST_CANCELLED = 157
    REQUEST_EXPIRED = 158
    REQUEST_UNDONE = 159
    REQUEST_POLICY_CHANGED = 160
    REQUEST_POLICY_DELETED = 161
    REQUEST_ESCALATED = 162
    REQUEST_APPROVED = 163
    SIGN_IN_LINK_MADE = 180
    SIGNED_IN = 181
    SIGNED_OUT = 182
    REQUEST_SHARED = 187
    ACCOUNT_MADE = 190
    PASSWORD_LINK_MADE = 191
    PASSWORD_SET = 192
    ROLES_CHANGED = 193
    ACCOUNT_ENDED = 194
    DOMAIN_ADDED = 200
    DOMAIN_REMOVED = 201
    DEFAULT_DOMAIN_CHANGED = 202

    @property
    def wire(self) -> str:
        """The form people and programs read: `groupLicenseAssigned`."""
        head, *rest = self.name.lower().split("_")
        return head + "".join(word.capitalize() for word in rest)


def action_of_wire(text: str) -> HistoryAction | None:
    """The action that a wire form names, whatever its case; None when there is none."""
    return _BY_WIRE.get(text.lower())


_BY_WIRE = {action.wire.lower(): action for action in HistoryAction}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One row to append. When, by whom and the correlation id come from the call that writes it.

    `before` and `after` are the effective service plans of (user, sku); None: not held.
    `detail` holds what changed where no product is concerned (old and new values by field name);
    never a person's name or address, which an erasure could not blank.
    """

    action: HistoryAction
    reason: str | None = None
    strategy: Strategy | None = None
    user: UserNo | None = None
    group: GroupNo | None = None
    sku: SkuNo | None = None
    source: Source | None = None
    before: ServicePlanBits | None = None
    after: ServicePlanBits | None = None
    detail: Mapping[str, object] | None = None


LICENSE_ACTIONS: Final = (
    HistoryAction.ASSIGNED,
    HistoryAction.UPDATED,
    HistoryAction.REMOVED,
    HistoryAction.GRANTED,
    HistoryAction.REVOKED,
    HistoryAction.WAITING,
    HistoryAction.FAILED,
    HistoryAction.RESOLVED,
    HistoryAction.GROUP_LICENSE_ASSIGNED,
    HistoryAction.GROUP_LICENSE_UPDATED,
    HistoryAction.GROUP_LICENSE_REMOVED,
)
"""What the assignment history shows unless it is asked for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSubject:
    """A person or group as the history names it; an erasure leaves only the id.

    `name` is the user principal name of a person and None for a group.
    """

    id: UUID
    name: str | None
    display_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPrincipal:
    """Who acted, as the history names them; seatwright itself is one of them (T-190)."""

    id: UUID
    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPlace:
    """Where a page of the history ended: rows are newest first, by time and then by number."""

    at: datetime
    event_no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One stored row with the names behind its numbers.

    `before` and `after` are effective service plans, None where the product was or is not held.
    `source_group` names the group when the source is one.
    """

    place: HistoryPlace
    action: HistoryAction
    reason: str | None
    strategy: Strategy | None
    principal: NamedPrincipal
    user: NamedSubject | None
    group: NamedSubject | None
    sku: SkuNo | None
    source: Source | None
    source_group: NamedSubject | None
    before: ServicePlanBits | None
    after: ServicePlanBits | None
    detail: Mapping[str, object] | None
    correlation: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which rows are asked for: all conditions hold at once.

    `actions` None means every action. `principals` are several because names are not unique.
    `since` is the first moment that counts, `until` the first that does not.
    """

    actions: tuple[HistoryAction, ...] | None = LICENSE_ACTIONS
    user: UserNo | None = None
    group: GroupNo | None = None
    sku: SkuNo | None = None
    strategy: Strategy | None = None
    principals: tuple[PrincipalNo, ...] | None = None
    reason: str | None = None
    correlation: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
