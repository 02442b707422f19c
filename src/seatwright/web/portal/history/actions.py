"""What can be asked for in the history: every action in a word or two, under what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from seatwright.domain.history import HistoryAction as Did
from seatwright.web.portal.frame.language import gettext, marked

ACTIONS: Final[Mapping[str, Mapping[Did, str]]] = {
    marked("Licenses"): {
        Did.ASSIGNED: marked("assigned directly"),
        Did.UPDATED: marked("assignment changed"),
        Did.REMOVED: marked("assignment taken away"),
        Did.GRANTED: marked("given by a group, a date or a free seat"),
        Did.REVOKED: marked("lost by a group or a date"),
        Did.WAITING: marked("waits for a seat"),
        Did.FAILED: marked("could not be given"),
        Did.RESOLVED: marked("error is over"),
        Did.REPROCESSED: marked("licenses checked again"),
        Did.RECONCILE_STARTED: marked("everybody checked again"),
        Did.REMOVAL_HELD: marked("removal held for approval"),
        Did.HELD_CHANGE_APPROVED: marked("held removal approved"),
        Did.HELD_CHANGE_REJECTED: marked("held removal rejected"),
        Did.CHANGE_UNDONE: marked("change undone"),
    },
    marked("Groups"): {
        Did.GROUP_LICENSE_ASSIGNED: marked("group gives a product"),
        Did.GROUP_LICENSE_UPDATED: marked("group gives other service plans"),
        Did.GROUP_LICENSE_REMOVED: marked("group gives a product no more"),
        Did.MEMBER_ADDED: marked("member joined"),
        Did.MEMBER_REMOVED: marked("member left"),
        Did.GROUP_CREATED: marked("group made"),
        Did.GROUP_UPDATED: marked("group changed"),
        Did.GROUP_DELETED: marked("group deleted"),
        Did.GROUP_NESTED: marked("group put into a group"),
        Did.GROUP_UNNESTED: marked("group taken out of a group"),
        Did.GROUP_RULE_CHANGED: marked("rule changed"),
        Did.GROUP_RULE_PAUSED: marked("rule paused"),
        Did.GROUP_RULE_RESUMED: marked("rule resumed"),
        Did.GROUP_MADE_STATIC: marked("rule taken away"),
    },
    marked("People"): {
        Did.USER_CREATED: marked("person added"),
        Did.USER_UPDATED: marked("person changed"),
        Did.USER_DISABLED: marked("account disabled"),
        Did.USER_ENABLED: marked("account enabled"),
        Did.USER_DELETED: marked("person deleted"),
        Did.USER_RESTORED: marked("person restored"),
        Did.USER_PURGED: marked("person removed for good"),
        Did.NAMES_ERASED: marked("names erased"),
        Did.INVITATION_SENT: marked("invitation sent"),
        Did.INVITATION_SENT_AGAIN: marked("invitation sent again"),
        Did.INVITATION_ACCEPTED: marked("invitation accepted"),
        Did.INVITATION_WITHDRAWN: marked("invitation withdrawn"),
        Did.INVITATION_EXPIRED: marked("invitation ran out"),
    },
    marked("Purchases and products"): {
        Did.SUBSCRIPTION_CREATED: marked("seats bought"),
        Did.SUBSCRIPTION_UPDATED: marked("purchase changed"),
        Did.SUBSCRIPTION_DELETED: marked("purchase deleted"),
        Did.SEAT_CHANGE_SCHEDULED: marked("other seats booked"),
        Did.SEAT_CHANGE_CANCELLED: marked("booked seats cancelled"),
        Did.SEAT_CHANGE_REFUSED: marked("booked seats refused"),
        Did.SEATS_RECOUNTED: marked("seats counted anew"),
        Did.CATALOG_CHANGED: marked("catalogue changed"),
        Did.TEMPLATE_CREATED: marked("template made"),
        Did.TEMPLATE_UPDATED: marked("template changed"),
        Did.TEMPLATE_DELETED: marked("template deleted"),
    },
    marked("Requests"): {
        Did.LICENSE_REQUESTED: marked("asked for"),
        Did.REQUEST_APPROVED: marked("approved"),
        Did.REQUEST_DENIED: marked("denied"),
        Did.REQUEST_CANCELLED: marked("taken back"),
        Did.REQUEST_EXPIRED: marked("ran out"),
        Did.REQUEST_UNDONE: marked("approval undone"),
        Did.REQUEST_ESCALATED: marked("went to the next approver"),
        Did.REQUEST_SHARED: marked("shown to others"),
        Did.REQUEST_POLICY_CHANGED: marked("request policy changed"),
        Did.REQUEST_POLICY_DELETED: marked("request policy deleted"),
    },
    marked("Auto-claim and apps"): {
        Did.AUTO_CLAIM_SWITCHED: marked("auto-claim switched on or off"),
        Did.AUTO_CLAIM_POLICY_CREATED: marked("policy made"),
        Did.AUTO_CLAIM_POLICY_UPDATED: marked("policy changed"),
        Did.AUTO_CLAIM_POLICY_DELETED: marked("policy deleted"),
        Did.AUTO_CLAIM_NOTICE: marked("notice given or ended"),
        Did.PLATFORM_ADDED: marked("app, flow or environment added"),
        Did.PLATFORM_UPDATED: marked("app, flow or environment changed"),
        Did.PLATFORM_REMOVED: marked("app, flow or environment removed"),
        Did.SECURITY_ROLE_ASSIGNED: marked("security role given"),
        Did.SECURITY_ROLE_REMOVED: marked("security role taken"),
    },
    marked("Jobs, files and reports"): {
        Did.JOB_STARTED: marked("job started"),
        Did.JOB_CANCELLED: marked("job cancelled"),
        Did.IMPORTED: marked("file imported"),
        Did.EXPORTED: marked("list exported"),
        Did.REPORT_RUN: marked("report made"),
        Did.REPORT_RUN_DELETED: marked("report deleted"),
        Did.REPORT_SCHEDULED: marked("report scheduled"),
        Did.REPORT_SCHEDULE_CHANGED: marked("schedule changed"),
        Did.REPORT_UNSCHEDULED: marked("schedule deleted"),
    },
    marked("Settings and access"): {
        Did.SETTINGS_CHANGED: marked("settings changed"),
        Did.ROLES_CHANGED: marked("roles given or taken"),
        Did.SIGNED_IN: marked("signed in"),
        Did.SIGNED_OUT: marked("signed out"),
        Did.SIGN_IN_LINK_MADE: marked("sign-in link made"),
        Did.ACCOUNT_MADE: marked("password account made"),
        Did.ACCOUNT_ENDED: marked("password account ended"),
        Did.DOMAIN_ADDED: marked("domain added"),
        Did.DOMAIN_REMOVED: marked("domain removed"),
        Did.DEFAULT_DOMAIN_CHANGED: marked("default domain changed"),
        Did.PASSWORD_LINK_MADE: marked("password link made"),
        Did.PASSWORD_SET: marked("password set"),
        Did.PRINCIPAL_CREATED: marked("token or client made"),
        Did.PRINCIPAL_REVOKED: marked("token or client revoked"),
        Did.PRINCIPAL_ROTATED: marked("secret renewed"),
        Did.SIGNING_KEY_CREATED: marked("signing key made"),
        Did.SIGNING_KEYS_WITHDRAWN: marked("signing keys withdrawn"),
        Did.WEBHOOK_CREATED: marked("webhook made"),
        Did.WEBHOOK_UPDATED: marked("webhook changed"),
        Did.WEBHOOK_REMOVED: marked("webhook removed"),
        Did.WEBHOOK_DISABLED: marked("webhook switched off"),
        Did.MAIL_WORDS_CHANGED: marked("words of a mail changed"),
    },
}
"""Every action once, in the order in which they are asked for most."""


def action_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The list of a page: headings, and under each the names on the wire with their words."""
    return [
        (gettext(heading), [(did.wire, gettext(text)) for did, text in group.items()])
        for heading, group in ACTIONS.items()
    ]
