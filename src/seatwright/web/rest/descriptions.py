"""The words of the API's description that no type can say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seatwright.domain.roles import Permission
from seatwright.web.rest.bulk import BulkBody, EndedShape
from seatwright.web.rest.holdings import HoldingsShape
from seatwright.web.rest.moves import MoveBody

ABOUT: Final = """\
A control plane that gives every person the licenses they should have, and says why.

Every call needs a token: `Authorization: Bearer TOKEN`. Lists are pages: `limit` rows and a
`nextCursor` for the next page, null on the last one. A call that changes something may carry an
`Idempotency-Key`: sent again with the same body it gets the first answer again. Whatever is refused
is answered as problem+json with a `code` of the closed list at `/docs/errors`, and a `detail` that
says what to do."""

TAGS: Final[Mapping[str, str]] = {
    "auto-claim": "Licenses at the moment somebody needs one: the policies and what they gave",
    "catalog": "Products and their service plans",
    "clients": "API clients",
    "conflicts": "What is at odds, each with the call that would end it",
    "deliveries": "Mails and calls of webhooks, and what became of each",
    "dynamic-groups": "Membership rules, looked at before anybody is moved by them",
    "exports": "Files out",
    "groups": "Groups, their members and their licenses",
    "history": "Seals of the history, to prove that nothing was changed",
    "held-changes": "Removals that wait for a second administrator",
    "imports": "Files in",
    "invitations": "People from outside, for whom seats are held until they accept",
    "inbox": "What people and administrators were told",
    "jobs": "Work in the background",
    "license-requests": "Asking for products, and deciding about it",
    "license-request-policies": "Who decides about which product",
    "launch": "Somebody opens an app: licensed in milliseconds, or told why not and what to do",
    "licenses": "Seats, who holds them, who waits, bulk assignment and history",
    "reconcile": "Looking at everybody anew, and what that found.",
    "mail-templates": "How the organization words its mails",
    "moves": "From one assignment, group or product to another, without a gap",
    "platform": "Environments, apps, flows, and the security roles that people have there",
    "reports": "What to look at",
    "settings": "The tenant's settings",
    "subscriptions": "Purchases",
    "seat-changes": "Purchases",
    "templates": "Named sets of products",
    "tokens": "Long-lived tokens",
    "accounts": "Who signs in with a password",
    "role-assignments": "Who has which roles",
    "users": "People and their licenses",
    "webhooks": "Where events are posted to",
}

PARAMETERS: Final[Mapping[str, str]] = {
    "Idempotency-Key": "A name for this call, kept for 24 hours: the same key with the same body"
    " gets the first answer again, with another body 422, and 409 while the first call runs.",
    "If-Match": "The digest that a preview answered, in double quotes: the call is done if it still"
    " comes to the same change set, and answered with 412 and the difference if not.",
    "Prefer": "`wait=10` waits so many seconds for the job, and answers 200 if it ended by then.",
    "action": "Only these actions, separated by commas, whatever kind they are.",
    "at": "Who held it at this moment: a time (ISO 8601, UTC unless it says otherwise), or a date,"
    " which means its beginning.",
    "channel": "Only mails (mail) or only calls of webhooks (webhook).",
    "confirm": "true takes an import that removes or disables more than the tenant's limit.",
    "correlation_id": "The correlation id of a call or job, as the history shows it.",
    "domain": "A domain of the tenant, whatever its case and spelling.",
    "filter": "An OData filter on what the list shows, `city eq 'Oslo'` for one; the reference's"
    " page of queries has every property.",
    "held_id": "The id of a held change.",
    "list_held.state": "Only held changes that are so: pending, approved, rejected or ended.",
    "correlationId": "Only what one call or job did.",
    "count": "true also counts them all.",
    "cursor": "The `nextCursor` of the page before.",
    "deleted": "People who were deleted and can be restored, instead of those who are there.",
    "department": "Only people of this department.",
    "disabledServicePlans": "Service plans to leave off, separated by commas; else as it is now.",
    "enabled": "Only people whose account is enabled, or is not.",
    "external": "The change happened at the seller: it is taken as a fact even when more seats are"
    " in use than are left.",
    "fillPolicy": "allOrNothing, asMany (default) or wait.",
    "format": "json (default), or csv, which has every row at once; reports also as xlsx.",
    "from": "The first month, as 2026-01; without it only the last.",
    "group": "A group by its id.",
    "head": "A digest that was kept elsewhere: it must be one of the chain.",
    "inactiveDays": "How long without a sign-in counts as inactive.",
    "job": "Only what this job did.",
    "job_id": "The id of a job.",
    "list_deliveries.state": "Only those that are so: queued, sent, shown or dead.",
    "list_inbox.unread": "true shows only what nobody has read yet.",
    "account_id": "An account: the id that lists show.",
    "slug": "A role, by its slug.",
    "withPeople": "true removes a domain though people have it in their user principal names.",
    "holder_id": "Somebody with roles: the id that the list shows.",
    "webhook_id": "The id of a webhook.",
    "of": "Whose inbox: me, or administrators. Without it, people see their own.",
    **dict.fromkeys(
        (
            "show_mail_template.kind",
            "change_mail_template.kind",
            "restore_mail_template.kind",
            "show_sample.kind",
        ),
        "A kind of event, such as assignmentExpiring.",
    ),
    "kind": "license (default) for what happened to licenses, all for everything.",
    "licensed": "Only groups with a license, or without.",
    "limit": "How many rows a page has.",
    "member": "A member by id or user principal name; a group by its id.",
    "mode": "merge (default) adds and changes; replace also takes out what no row names.",
    "origin": "Only products that were shipped, imported or are own.",
    "outcome": "Only rows that ended so: succeeded, failed, waiting or cancelled.",
    "delivery_id": "The id of a mail or a call of a webhook.",
    "days": "The past 1, 7, 30 or 90 days (default 90).",
    "notice_id": "The id of a notice.",
    "order": "oldest, newest, person or product; without it pending ones come oldest first, others"
    " newest first.",
    "policy": "An auto-claim policy by id or name.",
    "preview": "true says what would happen and changes nothing: the call is run and rolled back.",
    "principal": "Only what this principal did, by id or name.",
    "principal_id": "The id of a token or client.",
    "read_assignment_history.group": "Only what concerns this group, by id, external id or name.",
    "reason": "Only rows with this reason.",
    "unassign_user_license.reason": "Why, for the history.",
    "start_move_route.disabledServicePlans": "Service plans to leave off in the new product,"
    " separated by commas; else those that were off in the old one.",
    "start_move_route.fromGroup": "The group that people leave, by id or name.",
    "start_move_route.fromSku": "The product that people move from.",
    "start_move_route.group": "The group that people join, or whose license changes.",
    "start_move_route.kind": "directToGroup, groupToGroup or productToProduct.",
    "start_move_route.strategies": "Which of people's own assignments move, separated by commas.",
    "start_move_route.surplus": "skip (default), keepDirect or addToGroup: for whom service plans"
    " would go off.",
    "start_move_route.toGroup": "The group that people join, by id or name.",
    "start_move_route.toSku": "The product that people move to.",
    "start_move_route.wait": "true keeps who cannot be moved yet as rows that are tried again.",
    "report": "The id of a report.",
    "run_id": "The id of a run.",
    "run_report.group": "Only what this group does not give, by id, external id or name.",
    "run_report.inactiveDays": "Who did not sign in for so many days does not use what they hold.",
    "run_report.newcomerDays": "Whose account or license is younger is too new to tell.",
    "run_report.reason": "Only errors with this code.",
    "run_report.sinceDays": "Only what happened in the last so many days.",
    "run_report.source": "all (default), direct or inherited.",
    "schedule_id": "The id of a schedule.",
    "search": "The beginnings of words to find.",
    "since": "Not before this date or time (ISO 8601, UTC unless it says otherwise).",
    "sku": "A product by id, part number or alias, whatever the case.",
    "skuId": "The product of every row that names none, by id.",
    "skuPartNumber": "The product of every row that names none, by part number.",
    "state": "Only jobs in this state: queued, running, completed, failed or cancelled.",
    "list_license_requests.state": "Only lines that are so: pending, approved, denied, cancelled,"
    " expired or undone; completed are all but the pending ones.",
    "product": "A product, by id, part number or alias; of request policies also `default`, for all"
    " that have none of their own.",
    "person": "A person, by id or user principal name; of a process the caller, if it is left out.",
    "approver": "Only what is pending before this person, by id or user principal name.",
    "mine": "Only what the caller asked for, or what was asked for them.",
    "toDecide": "Only what is pending before the caller.",
    "request_id": "The id of a license request.",
    "strategy": "Only what came about this way: manual, bulk, group, request or on_demand.",
    "invitation_id": "The id of an invitation.",
    "list_invitations.state": "Only invitations that are so: pending, accepted, expired or"
    " withdrawn.",
    "months": "How many months to look ahead: 1 to 36.",
    "subscription": "The id of a subscription.",
    "subscription_id": "The id of a subscription.",
    "change_id": "The id of a booked change of seats.",
    "template": "A template by id or name.",
    "templateId": "The template of every row that names no product.",
    "to": "The last month, as 2026-06; without it this one.",
    "telling_id": "The id of something in an inbox.",
    "transitive": "Also the members of groups inside the group.",
    "until": "Not after this date, or before this time.",
    "user": "A person by id or user principal name, whatever the case.",
    "userType": "Member or Guest.",
    "app": "An app by its id, the id it came with, or a name that only it has.",
    "environment": "An environment by its id, the id it came with, or its name.",
    "flow": "A flow by its id, the id it came with, or a name that only it has.",
    "role": "A security role by its id.",
    "rule": "A default role by its id.",
    "managed": "Only managed environments, or only those that are not.",
    "unshare_app.member": "`everyone`, a group by its id, or a person.",
    "all": "Every product of the catalogue, also those without a subscription or a holder.",
}
"""By name, or by function and name where one route means something of its own."""

ALSO_ASKS: Final[Mapping[str, Mapping[str, str]]] = {
    "run_report": {
        "group": "string",
        "inactiveDays": "integer",
        "newcomerDays": "integer",
        "reason": "string",
        "sinceDays": "integer",
        "sku": "string",
        "source": "string",
        "strategy": "string",
    },
    "bulk_assign": {
        "skuId": "string",
        "skuPartNumber": "string",
        "templateId": "string",
        "fillPolicy": "string",
    },
    "start_move_route": dict.fromkeys(
        (
            "kind",
            "sku",
            "fromSku",
            "toSku",
            "group",
            "fromGroup",
            "toGroup",
            "disabledServicePlans",
            "surplus",
            "strategies",
            "wait",
        ),
        "string",
    ),
}
"""Query parameters that a function reads from the request itself."""

ALSO_TAKES: Final[Mapping[str, Any]] = {"bulk_assign": BulkBody, "start_move_route": MoveBody}
"""JSON bodies of functions that also take a file."""

ALSO_ANSWERS: Final[Mapping[str, tuple[Any, ...]]] = {
    "bulk_assign": (EndedShape,),
    "apply_template": (EndedShape,),
    "import_holdings": (HoldingsShape,),
    "undo_change": (EndedShape,),
    "undo_of_job": (EndedShape,),
    "start_move_route": (EndedShape,),
}
"""What is answered in place of a job that ended while the caller waited (`Prefer: wait=…`)."""

MAY_BE_HELD: Final = frozenset(
    {
        Permission.WRITE_USERS,
        Permission.WRITE_GROUPS,
        Permission.ASSIGN_TO_USERS,
        Permission.ASSIGN_TO_GROUPS,
        Permission.BULK_ASSIGN,
        Permission.MOVE,
        Permission.REPROCESS,
        Permission.UNDO_CHANGES,
    }
)
"""Permissions with which licenses can be taken: their calls may answer that removals wait."""

STATUSES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Malformed", "The call does not fit: a value is missing, unknown or malformed."),
    401: ("NotSignedIn", "There is no token, or it is unknown or revoked."),
    403: ("RoleMissing", "The principal has none of the roles that may do this."),
    404: ("NotFound", "What the call names is not there."),
    409: ("Conflict", "A rule or the state of things stands in the way."),
    412: ("WorldMoved", "What was previewed is not what would happen now."),
    413: ("TooLarge", "The body is too large."),
    422: ("KeyReused", "The Idempotency-Key came with another body before."),
    429: ("TooMany", "Too many calls in a short time."),
    503: ("Unavailable", "The database cannot be reached, or other calls stood in the way."),
}
"""Names and words of the refusals, by status."""
