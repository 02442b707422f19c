"""Why something was refused or went wrong, and why something changed: two closed lists.

One cause has one code everywhere: in the API, in the history, in the engine and in what people
read. The codes are those of the reasons table in `docs/reference/reasons.md`.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType


@unique
class Reason(StrEnum):
    """Every cause of a refusal or of an error on an assignment; the value is the code."""

    NO_SEAT_LEFT = "noSeatLeft"
    CONFLICTING_SERVICE_PLANS = "conflictingServicePlans"
    DEPENDENCY_MISSING = "dependencyMissing"
    USAGE_LOCATION_MISSING = "usageLocationMissing"
    USAGE_LOCATION_PROHIBITED = "usageLocationProhibited"
    ADDRESS_NOT_UNIQUE = "addressNotUnique"
    SIBLING_FAILED = "siblingFailed"
    INHERITED_ASSIGNMENT = "inheritedAssignment"
    NOT_ASSIGNED = "notAssigned"
    UNKNOWN_USER = "unknownUser"
    UNKNOWN_GROUP = "unknownGroup"
    UNKNOWN_SKU = "unknownSku"
    SERVICE_PLAN_NOT_IN_SKU = "servicePlanNotInSku"
    NOT_ASSIGNABLE_TO_USERS = "notAssignableToUsers"
    NO_CHANGE = "noChange"
    SEATS_IN_USE = "seatsInUse"
    BELOW_OFFER_MINIMUM = "belowOfferMinimum"
    GROUP_HAS_LICENSES = "groupHasLicenses"
    PREREQUISITE_MISSING = "prerequisiteMissing"
    SUBSCRIPTION_SUSPENDED = "subscriptionSuspended"
    HELD_FOR_APPROVAL = "heldForApproval"
    WORLD_MOVED = "worldMoved"
    NOT_SIGNED_IN = "notSignedIn"
    ROLE_MISSING = "roleMissing"
    INVALID_VALUE = "invalidValue"
    UNKNOWN_APP = "unknownApp"
    UNKNOWN_ENVIRONMENT = "unknownEnvironment"
    UNKNOWN_FLOW = "unknownFlow"
    UNKNOWN_SECURITY_ROLE = "unknownSecurityRole"
    UNKNOWN_DEFAULT_ROLE = "unknownDefaultRole"
    STILL_IN_USE = "stillInUse"
    UNKNOWN_DOMAIN = "unknownDomain"
    DOMAIN_TAKEN = "domainTaken"
    UNKNOWN_POLICY = "unknownPolicy"
    UNKNOWN_NOTICE = "unknownNotice"
    UNKNOWN_WEBHOOK = "unknownWebhook"
    UNKNOWN_DELIVERY = "unknownDelivery"
    UNKNOWN_MAIL_KIND = "unknownMailKind"
    UNKNOWN_TEMPLATE = "unknownTemplate"
    UNKNOWN_JOB = "unknownJob"
    UNKNOWN_REQUEST = "unknownRequest"
    UNKNOWN_PRINCIPAL = "unknownPrincipal"
    UNKNOWN_SUBSCRIPTION = "unknownSubscription"
    UNKNOWN_SEAT_CHANGE = "unknownSeatChange"
    SEAT_CHANGE_SCHEDULED = "seatChangeScheduled"
    UNKNOWN_INVITATION = "unknownInvitation"
    ALREADY_INVITED = "alreadyInvited"
    UNKNOWN_HELD_CHANGE = "unknownHeldChange"
    UNKNOWN_CHANGE = "unknownChange"
    OWN_CHANGE = "ownChange"
    TOO_EARLY = "tooEarly"
    STILL_RUNNING = "stillRunning"
    UNKNOWN_REPORT = "unknownReport"
    UNKNOWN_REPORT_RUN = "unknownReportRun"
    UNKNOWN_REPORT_SCHEDULE = "unknownReportSchedule"
    UNKNOWN_EXPORT = "unknownExport"
    TOO_MANY_EXPORTS = "tooManyExports"
    ALREADY_DECIDED = "alreadyDecided"
    IMPORT_STOPPED = "importStopped"
    CALL_IN_PROGRESS = "callInProgress"
    KEY_REUSED = "keyReused"
    SURPLUS_SERVICE_PLANS = "surplusServicePlans"
    STRATEGY_NOT_CHOSEN = "strategyNotChosen"
    UNSUPPORTED_QUERY = "unsupportedQuery"
    SYNC_STATE_NOT_FOUND = "syncStateNotFound"
    INVALID_RULE = "invalidMembershipRule"
    MEMBERS_FOLLOW_RULE = "membersFollowRule"
    ALREADY_REQUESTED = "alreadyRequested"
    STILL_PENDING = "stillPending"
    OWN_REQUEST = "ownRequest"
    OWN_PROCESS = "ownProcess"
    NOT_REQUESTABLE = "notRequestable"
    TOO_MANY_OPEN_REQUESTS = "tooManyOpenRequests"
    TOO_MANY_TEST_MAILS = "tooManyTestMails"
    # The rest is answered by a launch only.
    ACCOUNT_DISABLED = "accountDisabled"
    FEATURE_OFF = "featureOff"
    NO_POLICY = "noPolicy"
    POLICY_OFF = "policyOff"
    POLICY_NOT_YET_ACTIVE = "policyNotYetActive"
    POLICY_CAP_REACHED = "policyCapReached"
    NOT_IN_GROUP = "notInGroup"
    ENVIRONMENT_OUT_OF_SCOPE = "environmentOutOfScope"
    NOT_PREMIUM = "notPremium"
    CLIENT_TOO_OLD = "clientTooOld"
    TRIAL_NOT_IN_USE = "trialNotInUse"


@unique
class ChangeReason(StrEnum):
    """Every cause of a change that did happen; the value is the code kept in the history."""

    ASSIGNED = "assigned"
    UNASSIGNED = "unassigned"
    GROUP_JOINED = "groupJoined"
    GROUP_LEFT = "groupLeft"
    GROUP_LICENSE_CHANGED = "groupLicenseChanged"
    CLAIMED = "claimed"
    REQUEST_APPROVED = "requestApproved"
    SEAT_FREED = "seatFreed"
    STARTED = "started"
    EXPIRED = "expired"
    SWAPPED = "swapped"
    IMPORTED = "imported"
    RECLAIMED = "reclaimed"
    UNDONE = "undone"
    RECONCILED = "reconciled"
    USER_DELETED = "userDeleted"
    USER_RESTORED = "userRestored"
    REMOVAL_APPROVED = "removalApproved"
    REMOVAL_REJECTED = "removalRejected"
    RULE_FOLLOWED = "ruleFollowed"


_NO_CONTEXT: Mapping[str, object] = MappingProxyType({})


class Refusal(Exception):
    """A request that cannot be granted, with its cause and what to do about it.

    `detail` is whole sentences for people: what was wrong, with which value, and what to do.
    `context` holds the same facts for programs (ids, numbers), under the wire's field names.
    `is_in_body` says that the unknown thing was named in the body of a call, not in its path.
    """

    def __init__(
        self,
        reason: Reason,
        detail: str,
        *,
        context: Mapping[str, object] = _NO_CONTEXT,
        is_in_body: bool = False,
    ) -> None:
        """Take the cause, the sentences and, if there are any, the facts behind them."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.context = context
        self.is_in_body = is_in_body

    def __str__(self) -> str:
        """Give the code and the sentences, as a log line wants them."""
        return f"{self.reason}: {self.detail}"
