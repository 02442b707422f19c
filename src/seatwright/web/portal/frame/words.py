"""Codes as a person reads them: every reason, state and kind that a page may show has words.

A page never shows a code alone (`look.md`, "Errors"). Words are kept untranslated and go through
gettext when they are shown. A test holds the tables complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from seatwright.app.auto_claim.taking import TakenOutcome
from seatwright.domain.assignments import SourceKind, Strategy
from seatwright.domain.auto_claim import EnvironmentScope, PolicyOrigin, PolicyStatus
from seatwright.domain.auto_claim_notices import NoticeKind, NoticeOutcome
from seatwright.domain.brake import HeldOutcome, HeldState
from seatwright.domain.bulk import RowEffect
from seatwright.domain.conflicts import ConflictKind
from seatwright.domain.errors import ChangeReason, Reason
from seatwright.domain.exports import ListName
from seatwright.domain.history_timeline import SpanKind
from seatwright.domain.jobs import JobKind, JobState, Outcome
from seatwright.domain.launch import LaunchEvent
from seatwright.domain.moves import MoveKind, Surplus
from seatwright.domain.requests.lines import How
from seatwright.domain.requests.states import LineState
from seatwright.domain.subscriptions import SubscriptionStatus
from seatwright.web.portal.frame.language import gettext, marked
from seatwright.web.reasons import MEANINGS

_ERRORS: Final[Mapping[Reason, str]] = {
    Reason.NO_SEAT_LEFT: marked("no seat is left"),
    Reason.CONFLICTING_SERVICE_PLANS: marked("conflicts with another product they have"),
    Reason.DEPENDENCY_MISSING: marked("needs a service plan that they do not have"),
    Reason.USAGE_LOCATION_MISSING: marked("the usage location is not known"),
    Reason.USAGE_LOCATION_PROHIBITED: marked("may not be used where they are"),
    Reason.ADDRESS_NOT_UNIQUE: marked("somebody else has the same address"),
    Reason.SIBLING_FAILED: marked("another product of the same group could not be given"),
    Reason.SUBSCRIPTION_SUSPENDED: marked("the purchase is suspended"),
    Reason.HELD_FOR_APPROVAL: marked("held for approval by a second administrator"),
}
"""What stands on assignments, in a few words; the rest has the sentence of `/docs/errors`."""

_CHANGES: Final[Mapping[Enum, str]] = {
    ChangeReason.ASSIGNED: marked("assigned directly"),
    ChangeReason.UNASSIGNED: marked("taken from them"),
    ChangeReason.GROUP_JOINED: marked("joined a group"),
    ChangeReason.GROUP_LEFT: marked("left a group"),
    ChangeReason.GROUP_LICENSE_CHANGED: marked("what a group gives was changed"),
    ChangeReason.CLAIMED: marked("claimed when it was needed"),
    ChangeReason.REQUEST_APPROVED: marked("asked for and approved"),
    ChangeReason.SEAT_FREED: marked("a seat came free"),
    ChangeReason.STARTED: marked("its first day came"),
    ChangeReason.EXPIRED: marked("its last day is over"),
    ChangeReason.SWAPPED: marked("moved or swapped"),
    ChangeReason.IMPORTED: marked("imported"),
    ChangeReason.RECLAIMED: marked("taken back, as it was not used"),
    ChangeReason.UNDONE: marked("an earlier change was undone"),
    ChangeReason.RECONCILED: marked("licenses checked again"),
    ChangeReason.USER_DELETED: marked("the person was deleted"),
    ChangeReason.USER_RESTORED: marked("the person was restored"),
    ChangeReason.REMOVAL_APPROVED: marked("a held removal was approved"),
    ChangeReason.REMOVAL_REJECTED: marked("a held removal was rejected"),
    ChangeReason.RULE_FOLLOWED: marked("the rule of a group changed its members"),
}

_SOURCES: Final[Mapping[Enum, str]] = {
    SourceKind.DIRECT: marked("assigned directly"),
    SourceKind.GROUP: marked("given by a group"),
    SourceKind.POLICY: marked("claimed by a policy"),
    SourceKind.REQUEST: marked("asked for and approved"),
    SourceKind.HOLD: marked("held for approval: its removal waits for a second administrator"),
}

_STRATEGIES: Final[Mapping[Enum, str]] = {
    Strategy.MANUAL: marked("by hand"),
    Strategy.BULK: marked("in bulk"),
    Strategy.GROUP: marked("by group"),
    Strategy.REQUEST: marked("by request"),
    Strategy.ON_DEMAND: marked("on demand"),
}

_WORDS: Final[Mapping[type[Enum], Mapping[Enum, str]]] = {
    ChangeReason: _CHANGES,
    SourceKind: _SOURCES,
    Strategy: _STRATEGIES,
    JobState: {
        JobState.QUEUED: marked("waits for its turn"),
        JobState.RUNNING: marked("running"),
        JobState.COMPLETED: marked("done"),
        JobState.FAILED: marked("failed"),
        JobState.CANCELLED: marked("cancelled"),
    },
    JobKind: {
        JobKind.BULK: marked("bulk assignment"),
        JobKind.RULES: marked("rules of groups"),
        JobKind.REPORT: marked("report"),
        JobKind.EXPORT: marked("file of a list"),
        JobKind.RECONCILE: marked("checking licenses again"),
        JobKind.MOVE: marked("move"),
        JobKind.DECISION: marked("decision about held removals"),
        JobKind.UNDO: marked("undo"),
    },
    ListName: {
        ListName.USERS: marked("Users"),
        ListName.IDLE_PEOPLE: marked("Idle people"),
        ListName.APPS: marked("Apps of a person"),
        ListName.LICENSES: marked("Licenses"),
        ListName.HOLDERS: marked("Holders"),
        ListName.WAITING: marked("Waiting list"),
        ListName.PEOPLE_TO_ASK: marked("Whom to ask for a seat"),
        ListName.GIVING_GROUPS: marked("Groups that give a product"),
        ListName.SUBSCRIPTIONS: marked("What was bought"),
        ListName.SEAT_CHANGES: marked("Booked changes of seats"),
        ListName.ERRORS: marked("Errors"),
        ListName.GROUPS: marked("Groups"),
        ListName.MEMBERS: marked("Members of a group"),
        ListName.GROUP_LICENSES: marked("Licenses of a group"),
        ListName.GROUP_ERRORS: marked("Errors of a group"),
        ListName.JOBS: marked("Jobs"),
        ListName.JOB_ROWS: marked("Rows of a job"),
        ListName.AUTO_CLAIM_POLICIES: marked("Auto-claim policies"),
        ListName.AUTO_CLAIM_CLAIMS: marked("What a policy gave"),
        ListName.AUTO_CLAIM_NOTICES: marked("Notices of auto-claim"),
        ListName.REQUESTS: marked("Requests"),
        ListName.REQUEST_POLICIES: marked("Who decides about requests"),
        ListName.TEMPLATES: marked("Templates"),
        ListName.CONFLICTS: marked("Conflicts"),
        ListName.STRATEGIES: marked("Strategies"),
        ListName.HELD: marked("Held removals"),
        ListName.HELD_PEOPLE: marked("People of a held removal"),
        ListName.HISTORY: marked("History"),
        ListName.PAST_HOLDERS: marked("Who held a product on a day"),
        ListName.TIMELINE: marked("What a person held"),
        ListName.SEALS: marked("Seals of the history"),
        ListName.ROLES: marked("Roles"),
        ListName.TOKENS: marked("Tokens"),
        ListName.CLIENTS: marked("API clients"),
        ListName.ACCOUNTS: marked("Accounts with a password"),
        ListName.SESSIONS: marked("Who is signed in"),
        ListName.WEBHOOKS: marked("Webhooks"),
        ListName.WEBHOOK_CALLS: marked("Calls of a webhook"),
        ListName.MAIL_KINDS: marked("Kinds of mail"),
        ListName.MAILS: marked("Mails"),
        ListName.MY_LICENSES: marked("My licenses"),
        ListName.INBOX: marked("Inbox"),
    },
    Outcome: {
        Outcome.SUCCEEDED: marked("done"),
        Outcome.FAILED: marked("failed"),
        Outcome.WAITING: marked("waits"),
        Outcome.CANCELLED: marked("cancelled"),
    },
    RowEffect: {
        RowEffect.GIVEN: marked("given"),
        RowEffect.BESIDE: marked("given directly beside the group"),
        RowEffect.CHANGED: marked("had it: service plans or dates changed"),
        RowEffect.HAD: marked("had it already"),
        RowEffect.HAD_BY_GROUP: marked("left out: has it through a group"),
        RowEffect.TWICE: marked("twice in the file"),
        RowEffect.NOTHING: marked("nothing to change"),
        RowEffect.TAKEN: marked("taken away"),
    },
    HeldState: {
        HeldState.PENDING: marked("waits for a decision"),
        HeldState.APPROVED: marked("approved"),
        HeldState.REJECTED: marked("rejected"),
        HeldState.ENDED: marked("nobody is left in it"),
    },
    HeldOutcome: {
        HeldOutcome.REVOKED: marked("lost it"),
        HeldOutcome.KEPT: marked("has it another way"),
        HeldOutcome.PUT_BACK: marked("put back as it was"),
        HeldOutcome.OWN_NOW: marked("has it as a direct assignment"),
        HeldOutcome.GONE: marked("was deleted"),
    },
    LineState: {
        LineState.PENDING: marked("waits for a decision"),
        LineState.APPROVED: marked("approved"),
        LineState.DENIED: marked("denied"),
        LineState.CANCELLED: marked("taken back"),
        LineState.EXPIRED: marked("ran out"),
        LineState.UNDONE: marked("undone"),
    },
    How: {
        How.PERSON: marked("by a person"),
        How.POLICY: marked("by the request policy"),
        How.AUTO_CLAIM: marked("by auto-claim"),
        How.TIME: marked("by time"),
    },
    PolicyStatus: {
        PolicyStatus.ON: marked("On"),
        PolicyStatus.OFF: marked("Off"),
        PolicyStatus.FEATURE_OFF: marked("Auto-claim is off"),
    },
    PolicyOrigin: {
        PolicyOrigin.ADMINISTRATOR: marked("made by an administrator"),
        PolicyOrigin.SYSTEM: marked("made by seatwright"),
    },
    EnvironmentScope: {
        EnvironmentScope.ALL_ENVIRONMENTS: marked("All environments"),
        EnvironmentScope.ONLY_MANAGED_ENVIRONMENTS: marked("Managed environments"),
    },
    NoticeKind: {
        NoticeKind.RELEASE: marked("will be released"),
        NoticeKind.SEATS: marked("seats run out"),
    },
    NoticeOutcome: {
        NoticeOutcome.KEPT: marked("kept"),
        NoticeOutcome.USED: marked("used again"),
        NoticeOutcome.RELEASED: marked("released"),
        NoticeOutcome.HELD: marked("held for approval by a second administrator"),
        NoticeOutcome.GONE: marked("no longer so"),
        NoticeOutcome.FILLED: marked("enough seats again"),
    },
    TakenOutcome: {
        TakenOutcome.UNASSIGNED: marked("taken back"),
        TakenOutcome.STILL_GIVEN: marked("taken back, and something else still gives the product"),
        TakenOutcome.HELD: marked("held for approval by a second administrator"),
        TakenOutcome.NOT_CLAIMED: marked("holds nothing that the policy gave"),
    },
    LaunchEvent: {
        LaunchEvent.APP_LAUNCH: marked("opened an app"),
        LaunchEvent.FLOW_TRIGGER: marked("ran a flow"),
        LaunchEvent.FLOW_SAVE: marked("saved a flow"),
        LaunchEvent.FLOW_TURN_ON: marked("turned a flow on"),
        LaunchEvent.LICENSE_REQUESTED: marked("asked for a license"),
        LaunchEvent.GO_PREMIUM: marked("chose Go Premium on the desktop"),
        LaunchEvent.TRIAL_RPA_USE: marked("used attended automation in a trial"),
    },
    ConflictKind: {
        ConflictKind.INSUFFICIENT_SEATS: marked("Too few seats"),
        ConflictKind.EXCLUSION: marked("Products that exclude each other"),
        ConflictKind.DEPENDENCY_MISSING: marked("A needed service plan is missing"),
        ConflictKind.USAGE_LOCATION_MISSING: marked("Usage location not known"),
        ConflictKind.USAGE_LOCATION_PROHIBITED: marked("Not allowed where they are"),
        ConflictKind.DUPLICATE: marked("The same service twice"),
        ConflictKind.DIRECT_BESIDE_INHERITED: marked("Direct assignments that a group gives too"),
    },
    MoveKind: {
        MoveKind.DIRECT_TO_GROUP: marked("from direct assignments to a group"),
        MoveKind.GROUP_TO_GROUP: marked("from one group to another"),
        MoveKind.PRODUCT_TO_PRODUCT: marked("from one product to another"),
    },
    Surplus: {
        Surplus.SKIP: marked("leave those people as they are"),
        Surplus.KEEP_DIRECT: marked("let them keep their own assignment beside the group"),
        Surplus.ADD_TO_GROUP: marked("switch the service plans on for the whole group"),
    },
    SpanKind: {
        SpanKind.HELD: marked("had it"),
        SpanKind.WAITING: marked("waited for a seat"),
        SpanKind.FAILED: marked("could not get it"),
    },
    SubscriptionStatus: {
        SubscriptionStatus.ENABLED: marked("active"),
        SubscriptionStatus.WARNING: marked("expired, and still in use"),
        SubscriptionStatus.SUSPENDED: marked("suspended"),
        SubscriptionStatus.LOCKED_OUT: marked("locked out"),
        SubscriptionStatus.DELETED: marked("deleted"),
    },
}


KIND_ADVICE: Final[Mapping[ConflictKind, str]] = {
    ConflictKind.INSUFFICIENT_SEATS: marked(
        "More people should have these products than there are seats. Buy what is missing, or take"
        " a seat back from somebody who does not use it: whoever waits gets it by themselves."
    ),
    ConflictKind.EXCLUSION: marked(
        "Two products of one person have service plans that cannot be had together. Open the"
        " person: switch one of the two off, or take one product away."
    ),
    ConflictKind.DEPENDENCY_MISSING: marked(
        "A product has a service plan that needs another one, which they do not have. Open the"
        " person: give them a product that has it, or switch off what needs it."
    ),
    ConflictKind.USAGE_LOCATION_MISSING: marked(
        "A license needs the country in which it is used. Open the person and say where they are,"
        " or choose a usage location for everybody who has none in the settings."
    ),
    ConflictKind.USAGE_LOCATION_PROHIBITED: marked(
        "The product may not be used in the country of these people. Open the person: correct the"
        " usage location if it is wrong, or take the product away."
    ),
    ConflictKind.DUPLICATE: marked(
        "Two products of one person have the same service, so that it may be paid twice. Where the"
        " others cover a product whole, it can go and nothing is lost. What was assigned directly"
        " goes all at once; what a group gives goes when the person leaves the group."
    ),
    ConflictKind.DIRECT_BESIDE_INHERITED: marked(
        "A group gives these people what was assigned to them directly, too. The direct assignment"
        " can go: they keep the product as long as they are in the group. Whoever would lose"
        " anything is left out."
    ),
}
"""What to do about each kind of conflict."""


def words(one: Enum) -> str:
    """A state, kind or outcome in words."""
    return gettext(_WORDS[type(one)][one])


def reason_words(code: str) -> str:
    """Why something changed, failed or waits, in a few words; a code of neither list as it is."""
    if code in _REASON_OF_CODE:
        reason = _REASON_OF_CODE[code]
        return gettext(_ERRORS[reason] if reason in _ERRORS else MEANINGS[reason].meaning)
    change = _CHANGE_OF_CODE.get(code)
    return code if change is None else gettext(_CHANGES[change])


def source_words(kind: SourceKind) -> str:
    """What kind of thing gives somebody a product."""
    return words(kind)


_REASON_OF_CODE: Final = {reason.value: reason for reason in Reason}
_CHANGE_OF_CODE: Final = {reason.value: reason for reason in ChangeReason}
