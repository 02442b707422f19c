"""What every code of a refusal means and what to do: the words of `/docs/errors`.

The `type` of every problem+json leads to its row there. A test holds this table complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from seatwright.domain.errors import Reason
from seatwright.web.problems import STATUS_OF


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says has happened, and what mends it."""

    meaning: str
    fix: str


MEANINGS: Final[Mapping[Reason, Meaning]] = {
    Reason.NO_SEAT_LEFT: Meaning(
        "Every seat of the product is in use or reserved.",
        "Buy seats, free one, or let the person wait where the call offers it.",
    ),
    Reason.CONFLICTING_SERVICE_PLANS: Meaning(
        "A service plan of the product cannot be had together with one the person has.",
        "Leave one of the two service plans off, or swap the products in one call.",
    ),
    Reason.DEPENDENCY_MISSING: Meaning(
        "A service plan needs another one that the person does not have, or that is in use.",
        "Assign the product that has it first, or switch both service plans off.",
    ),
    Reason.USAGE_LOCATION_MISSING: Meaning(
        "It is not known where the person uses services, and licenses depend on it.",
        "Set the person's usageLocation, in the same call if you like.",
    ),
    Reason.USAGE_LOCATION_PROHIBITED: Meaning(
        "The product or one of its service plans may not be used where the person is.",
        "Correct the usage location, leave the service plan off, or choose another product.",
    ),
    Reason.ADDRESS_NOT_UNIQUE: Meaning(
        "Two people have the same mail address, and the product needs one of its own.",
        "Give one of them another address, then reprocess.",
    ),
    Reason.SIBLING_FAILED: Meaning(
        "Another product of the same group could not be given, so this one was not either.",
        "Mend what the other product's row says.",
    ),
    Reason.INHERITED_ASSIGNMENT: Meaning(
        "The license comes from a group and cannot be changed at the person.",
        "Change the license of the group, or take the person out of it.",
    ),
    Reason.NOT_ASSIGNED: Meaning(
        "The person or group does not have the product.",
        "Look at their licenses to see what they have.",
    ),
    Reason.UNKNOWN_USER: Meaning(
        "Nobody has that id or user principal name.", "Search for the person, or create them."
    ),
    Reason.UNKNOWN_GROUP: Meaning(
        "No group has that id or name.", "List the groups, and give the id of one."
    ),
    Reason.UNKNOWN_SKU: Meaning(
        "No product has that id, part number or alias.",
        "List the catalogue's products, import Microsoft's table, or make an own product.",
    ),
    Reason.SERVICE_PLAN_NOT_IN_SKU: Meaning(
        "The product does not contain that service plan.",
        "Name one of the service plans that the detail lists.",
    ),
    Reason.NOT_ASSIGNABLE_TO_USERS: Meaning(
        "The product is for the whole organisation and not for people.",
        "Nothing needs to be assigned: the organisation has it once it is bought.",
    ),
    Reason.NO_CHANGE: Meaning(
        "The call asks for what is so already, or for nothing.",
        "Nothing needs to be done; else say what is to change.",
    ),
    Reason.SEATS_IN_USE: Meaning(
        "More seats are in use than would be left.",
        "Free seats first, or say that the cut came from outside.",
    ),
    Reason.BELOW_OFFER_MINIMUM: Meaning(
        "The offer is sold in larger numbers.", "Give at least the offer's minimum."
    ),
    Reason.GROUP_HAS_LICENSES: Meaning(
        "A group that gives licenses cannot be deleted.", "Take the group's licenses away first."
    ),
    Reason.PREREQUISITE_MISSING: Meaning(
        "The tenant lacks a product that this needs.",
        "Buy the product that the detail names, or choose the native semantics.",
    ),
    Reason.SUBSCRIPTION_SUSPENDED: Meaning(
        "The state of the subscription does not allow that.",
        "Renew the subscription first.",
    ),
    Reason.HELD_FOR_APPROVAL: Meaning(
        "The change removes more than the tenant's limit and waits for a second administrator.",
        "Ask another administrator to approve it.",
    ),
    Reason.WORLD_MOVED: Meaning(
        "What would happen now is not what the preview showed.",
        "Look at the difference, and apply the new preview.",
    ),
    Reason.NOT_SIGNED_IN: Meaning(
        "There is no token, or it is unknown or revoked.",
        "Send “Authorization: Bearer TOKEN”; `seatwright token create` makes one.",
    ),
    Reason.ROLE_MISSING: Meaning(
        "None of the principal's roles may do this, or its tenant is suspended.",
        "Use a principal with one of the roles that the detail names.",
    ),
    Reason.INVALID_VALUE: Meaning(
        "A value is missing, unknown or malformed.", "Correct the value that the detail names."
    ),
    Reason.UNKNOWN_APP: Meaning("No app has that id.", "List the apps."),
    Reason.UNKNOWN_ENVIRONMENT: Meaning("No environment has that id.", "List the environments."),
    Reason.UNKNOWN_FLOW: Meaning("No flow has that id.", "List the flows."),
    Reason.UNKNOWN_SECURITY_ROLE: Meaning(
        "No security role has that id, or the environment has none of that name.",
        "List the security roles of the environment.",
    ),
    Reason.UNKNOWN_DEFAULT_ROLE: Meaning("No default role has that id.", "List the default roles."),
    Reason.STILL_IN_USE: Meaning(
        "Something else belongs to what is to be deleted.", "Delete what the detail names first."
    ),
    Reason.UNKNOWN_DOMAIN: Meaning(
        "The tenant does not own that domain.", "List the tenant's domains, or add it."
    ),
    Reason.DOMAIN_TAKEN: Meaning(
        "Another tenant of the installation owns that domain, or its people are named in it.",
        "Have it removed there first, or ask whoever runs the installation.",
    ),
    Reason.UNKNOWN_POLICY: Meaning("No auto-claim policy has that id.", "List the policies."),
    Reason.UNKNOWN_NOTICE: Meaning("No notice to you has that id.", "List the notices."),
    Reason.UNKNOWN_WEBHOOK: Meaning("No webhook has that id.", "List the webhooks."),
    Reason.UNKNOWN_DELIVERY: Meaning(
        "No mail or call of a webhook has that id: they are kept as long as a setting says.",
        "List the deliveries.",
    ),
    Reason.UNKNOWN_MAIL_KIND: Meaning("No kind of mail has that name.", "List the kinds of mail."),
    Reason.UNKNOWN_TEMPLATE: Meaning("No template has that id or name.", "List the templates."),
    Reason.UNKNOWN_JOB: Meaning("No job has that id.", "List the jobs."),
    Reason.UNKNOWN_REQUEST: Meaning("No license request has that id.", "List the requests."),
    Reason.UNKNOWN_PRINCIPAL: Meaning(
        "No token or client has that id, or it was revoked.", "List the tokens or clients."
    ),
    Reason.UNKNOWN_SUBSCRIPTION: Meaning("No subscription has that id.", "List the subscriptions."),
    Reason.UNKNOWN_SEAT_CHANGE: Meaning(
        "No change of seats has that id.", "List the changes of seats."
    ),
    Reason.SEAT_CHANGE_SCHEDULED: Meaning(
        "Another number of units is booked for that day.",
        "Cancel what is booked, or choose another day.",
    ),
    Reason.UNKNOWN_INVITATION: Meaning("No invitation has that id.", "List the invitations."),
    Reason.ALREADY_INVITED: Meaning(
        "Somebody with that address was invited and has not accepted yet.",
        "Send the invitation again, or withdraw it first.",
    ),
    Reason.UNKNOWN_HELD_CHANGE: Meaning("No held change has that id.", "List the held changes."),
    Reason.UNKNOWN_CHANGE: Meaning(
        "No change with that correlation id touched a wish in the last 30 days.",
        "Find the correlation id in the history.",
    ),
    Reason.OWN_CHANGE: Meaning(
        "Whoever made a held change does not decide about it.",
        "Ask another administrator, or undo your own change.",
    ),
    Reason.TOO_EARLY: Meaning(
        "An administrator who is alone decides about their own held change after 15 minutes.",
        "Look at the people again, and decide once the detail's time has come.",
    ),
    Reason.STILL_RUNNING: Meaning(
        "The job that makes the change has not ended.", "Wait until it has, or cancel it."
    ),
    Reason.UNKNOWN_REPORT: Meaning("No report has that id.", "List the reports."),
    Reason.UNKNOWN_REPORT_RUN: Meaning(
        "The report has no run with that id, or it was forgotten after 90 days.",
        "List the runs of the report, or start another.",
    ),
    Reason.UNKNOWN_REPORT_SCHEDULE: Meaning(
        "The report has no schedule with that id.", "List the schedules of the report."
    ),
    Reason.UNKNOWN_EXPORT: Meaning(
        "You have no file of a list with that id, or it was forgotten after 7 days.",
        "Export the list again from its page.",
    ),
    Reason.TOO_MANY_TEST_MAILS: Meaning(
        "So many test mails were asked for in a few minutes that no more are sent.",
        "Look at the answers to those, and wait some minutes.",
    ),
    Reason.TOO_MANY_EXPORTS: Meaning(
        "You have as many files of lists in the making, or kept, as one person may.",
        "Wait until one is done, or delete one that is not needed any more.",
    ),
    Reason.ALREADY_DECIDED: Meaning(
        "It was decided, or has ended, before.", "Read it again to see how."
    ),
    Reason.IMPORT_STOPPED: Meaning(
        "The import would remove or disable more than the tenant's limit.",
        "Check the file; if it is right, send it again with confirm=true.",
    ),
    Reason.CALL_IN_PROGRESS: Meaning(
        "The first call with this Idempotency-Key is still running.", "Ask again in a moment."
    ),
    Reason.KEY_REUSED: Meaning(
        "The Idempotency-Key came with another body before.", "Use a new key for a new call."
    ),
    Reason.SURPLUS_SERVICE_PLANS: Meaning(
        "The person would lose service plans by the move that the new assignment leaves off.",
        "Choose to keep their own assignment, or to add the service plans to the group.",
    ),
    Reason.INVALID_RULE: Meaning(
        "The membership rule cannot be read, or asks what cannot be asked.",
        "Mend the rule at the line and column that the detail names.",
    ),
    Reason.MEMBERS_FOLLOW_RULE: Meaning(
        "The group is dynamic: its rule alone says who is in it.",
        "Change the rule or the person's attributes, or make the group static first.",
    ),
    Reason.STRATEGY_NOT_CHOSEN: Meaning(
        "The assignment came about in a way that the move was not asked to touch.",
        "Name its strategy in the call's strategies if it is to be moved.",
    ),
    Reason.UNSUPPORTED_QUERY: Meaning(
        "A filter, an order or a search asks what this property does not answer.",
        "Ask for what the table of properties has, as an advanced query where it says so.",
    ),
    Reason.SYNC_STATE_NOT_FOUND: Meaning(
        "The token of a delta query is older than seven days, or the directory was restored since.",
        "Begin again with a delta query without a token.",
    ),
    Reason.ALREADY_REQUESTED: Meaning(
        "The person has asked for the product, and that is not decided yet.",
        "Wait for the decision, or cancel the request and ask anew.",
    ),
    Reason.STILL_PENDING: Meaning(
        "The request was not decided yet, so that there is nothing to undo.",
        "Deny it, or cancel it.",
    ),
    Reason.OWN_REQUEST: Meaning(
        "Nobody decides what they asked for, or what they would get.",
        "Leave it to the other approvers, or to another administrator.",
    ),
    Reason.OWN_PROCESS: Meaning(
        "The organisation has a process of its own for asking for licenses.",
        "Follow its message and address, which the answer holds.",
    ),
    Reason.NOT_REQUESTABLE: Meaning(
        "The product's request policy says that it cannot be asked for.",
        "Ask an administrator, or for another product.",
    ),
    Reason.TOO_MANY_OPEN_REQUESTS: Meaning(
        "Whoever asks has as many license requests open as the setting requestsOpenMax allows.",
        "Wait for decisions, or cancel what is not needed any more.",
    ),
    Reason.ACCOUNT_DISABLED: Meaning(
        "The person's account is disabled.", "Enable the account first."
    ),
    Reason.FEATURE_OFF: Meaning("Auto-claim is switched off.", "Switch it on in the settings."),
    Reason.NO_POLICY: Meaning(
        "No auto-claim policy is for this app.", "Make one, or request the license."
    ),
    Reason.POLICY_OFF: Meaning("The auto-claim policy is switched off.", "Switch it on."),
    Reason.POLICY_NOT_YET_ACTIVE: Meaning(
        "The auto-claim policy is not active yet.", "Try again once its delay has passed."
    ),
    Reason.POLICY_CAP_REACHED: Meaning(
        "The auto-claim policy has given as many licenses as it may.", "Raise its limit."
    ),
    Reason.NOT_IN_GROUP: Meaning(
        "The auto-claim policy is for a group that the person is not in.",
        "Add the person to the group, or request the license.",
    ),
    Reason.ENVIRONMENT_OUT_OF_SCOPE: Meaning(
        "The auto-claim policy is not for this environment.", "Add the environment to the policy."
    ),
    Reason.NOT_PREMIUM: Meaning("The app needs no license.", "Just start it."),
    Reason.CLIENT_TOO_OLD: Meaning(
        "The client is too old to claim a license.", "Update the client."
    ),
    Reason.TRIAL_NOT_IN_USE: Meaning(
        "The trial that the claim would follow is not in use.", "Start the trial, or request."
    ),
}
"""Every reason of the domain."""

SURFACE_CODES: Final[Mapping[str, tuple[int, Meaning]]] = {
    "unknownPath": (
        404,
        Meaning("There is nothing at that path.", "Look for the path at /docs."),
    ),
    "methodNotAllowed": (
        405,
        Meaning("The path does not answer that method.", "Use one of the `Allow` header."),
    ),
    "bodyTooLarge": (413, Meaning("The body is too large.", "Split it and send the parts.")),
    "misdirected": (
        421,
        Meaning(
            "The server does not answer under that Host.",
            "Set SEATWRIGHT_PUBLIC_URL to the address by which people reach it.",
        ),
    ),
    "failedDependency": (
        424,
        Meaning(
            "A step of a batch was not run, because one that it depends on failed.",
            "Mend the step that failed, and send both again.",
        ),
    ),
    "tooManyCalls": (
        429,
        Meaning(
            "More calls from one address than the limit lets by.",
            "Wait as long as `Retry-After` says, or set SEATWRIGHT_RATE_LIMIT.",
        ),
    ),
    "refused": (
        400,
        Meaning("The call is no HTTP that the server takes.", "The detail says what is wrong."),
    ),
    "internalError": (
        500,
        Meaning(
            "A mistake of seatwright's; nothing was changed.",
            "Find its correlation id in the logs, and report it.",
        ),
    ),
    "unavailable": (
        503,
        Meaning("The database cannot be reached; nothing was changed.", "Try again in a moment."),
    ),
    "tooBusy": (
        503,
        Meaning(
            "Other calls changed the same things each time; nothing was changed.",
            "Try again in a moment.",
        ),
    ),
    "outcomeUnknown": (
        503,
        Meaning(
            "The connection broke while the change was being stored.",
            "Look whether it is there; with an Idempotency-Key sending it again is safe.",
        ),
    ),
}
"""Codes of what is refused before or beside the domain, with their status."""


def every_code() -> Mapping[str, tuple[int, Meaning]]:
    """Each code with its status over REST; what only a launch answers is 403."""
    reasons = {
        reason.value: (STATUS_OF.get(reason, 403), meaning) for reason, meaning in MEANINGS.items()
    }
    return {**reasons, **SURFACE_CODES}
