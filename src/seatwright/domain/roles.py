"""Who may do what: the roles of a principal, the permissions they give, and nothing else decides.

The roles and what each may do are those of `interfaces.md` ("Roles"). Every route names the one
permission it needs; the table below is the only place where a role meets a permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a principal is in its tenant; the values are the slugs used everywhere."""

    GLOBAL_ADMINISTRATOR = "global-administrator"
    LICENSE_ADMINISTRATOR = "license-administrator"
    USER_ADMINISTRATOR = "user-administrator"
    GROUPS_ADMINISTRATOR = "groups-administrator"
    BILLING_ADMINISTRATOR = "billing-administrator"
    IDENTITY_GOVERNANCE_ADMINISTRATOR = "identity-governance-administrator"
    GLOBAL_READER = "global-reader"
    REPORTS_READER = "reports-reader"
    HELPDESK_ADMINISTRATOR = "helpdesk-administrator"
    APP_GATEWAY = "app-gateway"
    PERSON = "person"


class Permission(StrEnum):
    """One thing that a route or command may ask for; the value is a phrase for people."""

    READ_DIRECTORY = "read people and groups"
    WRITE_USERS = "create and change people"
    SET_USAGE_LOCATION = "set where a person uses services"
    WRITE_GROUPS = "create and change groups and their members"
    READ_LICENSES = "read products, seats and who holds them"
    ASSIGN_TO_USERS = "assign products to people"
    ASSIGN_TO_GROUPS = "assign products to groups"
    BULK_ASSIGN = "assign products in bulk"
    MOVE = "move people between assignments, licensed groups and products"
    REPROCESS = "reprocess people and groups"
    READ_TEMPLATES = "read templates"
    WRITE_TEMPLATES = "create and change templates"
    READ_SUBSCRIPTIONS = "read subscriptions and prices"
    WRITE_SUBSCRIPTIONS = "change subscriptions, prices and seats"
    WRITE_CATALOG = "change the catalogue"
    READ_JOBS = "read jobs and their rows"
    READ_HISTORY = "read the history"
    READ_REPORTS = "read reports, with prices"
    READ_AUTO_CLAIM = "read auto-claim policies and what they gave"
    MANAGE_AUTO_CLAIM = "make and change auto-claim policies, and turn auto-claim on"
    SEE_REQUESTS = "see license requests: one's own, and those one decides about"
    TAKE_PART_IN_REQUESTS = "ask for products, and decide about requests as their approver"
    READ_ANY_REQUEST = "see everybody's license requests, and request policies"
    DECIDE_ANY_REQUEST = "decide about everybody's license requests"
    MANAGE_REQUEST_POLICIES = "change request policies"
    READ_PLATFORM = "read environments, apps, flows and who may open them"
    WRITE_PLATFORM = "change environments, apps and flows, and whom apps are shared with"
    ASSIGN_SECURITY_ROLES = "give security roles to people and group teams"
    SEE_NOTICES = "read notices about claimed licenses, and keep one that would be released"
    USE_INBOX = "read what one is told, and choose which of it is mailed"
    READ_TELLING = "read the administrators' inbox, and what was sent by mail and webhooks"
    MANAGE_TELLING = "word mails, choose webhooks, and have something sent again"
    READ_SETTINGS = "read the tenant's settings"
    WRITE_SETTINGS = "change the tenant's settings"
    DECIDE_HELD_CHANGES = "decide about removals that are held"
    UNDO_CHANGES = "undo changes of the last 30 days"
    MANAGE_ACCESS = "manage tokens, clients and roles"
    LAUNCH = "launch apps and flows"
    LAUNCH_FOR_ANYONE = "launch apps and flows for anyone"


_READ_PEOPLE: Final = frozenset({Permission.READ_DIRECTORY, Permission.READ_LICENSES})
_READ_ALL: Final = _READ_PEOPLE | {
    Permission.READ_TEMPLATES,
    Permission.READ_SUBSCRIPTIONS,
    Permission.READ_JOBS,
    Permission.READ_HISTORY,
    Permission.READ_REPORTS,
    Permission.READ_AUTO_CLAIM,
    Permission.READ_PLATFORM,
    Permission.READ_SETTINGS,
    Permission.USE_INBOX,
    Permission.READ_TELLING,
}
_TAKE_PART: Final = frozenset({Permission.SEE_REQUESTS, Permission.TAKE_PART_IN_REQUESTS})
_DECIDE: Final = _TAKE_PART | {Permission.READ_ANY_REQUEST, Permission.DECIDE_ANY_REQUEST}

PERMISSIONS_OF: Final[dict[Role, frozenset[Permission]]] = {
    Role.GLOBAL_ADMINISTRATOR: frozenset(Permission),
    Role.LICENSE_ADMINISTRATOR: _READ_ALL
    | _DECIDE
    | {
        Permission.ASSIGN_TO_USERS,
        Permission.ASSIGN_TO_GROUPS,
        Permission.BULK_ASSIGN,
        Permission.MOVE,
        Permission.REPROCESS,
        Permission.SET_USAGE_LOCATION,
        Permission.WRITE_TEMPLATES,
        Permission.DECIDE_HELD_CHANGES,
        Permission.UNDO_CHANGES,
        Permission.SEE_NOTICES,
        Permission.MANAGE_REQUEST_POLICIES,
    },
    Role.USER_ADMINISTRATOR: _READ_PEOPLE
    | _DECIDE
    | {
        Permission.WRITE_USERS,
        Permission.SET_USAGE_LOCATION,
        Permission.WRITE_GROUPS,
        Permission.ASSIGN_TO_USERS,
        Permission.REPROCESS,
        Permission.READ_TEMPLATES,
        Permission.READ_JOBS,
        Permission.READ_HISTORY,
        Permission.UNDO_CHANGES,
    },
    Role.GROUPS_ADMINISTRATOR: _READ_PEOPLE
    | {
        Permission.WRITE_GROUPS,
        Permission.ASSIGN_TO_GROUPS,
        Permission.REPROCESS,
        Permission.READ_JOBS,
        Permission.READ_HISTORY,
        Permission.UNDO_CHANGES,
    },
    Role.BILLING_ADMINISTRATOR: frozenset(
        {
            Permission.READ_LICENSES,
            Permission.READ_SUBSCRIPTIONS,
            Permission.READ_REPORTS,
            Permission.WRITE_SUBSCRIPTIONS,
            Permission.READ_JOBS,
        }
    ),
    Role.IDENTITY_GOVERNANCE_ADMINISTRATOR: _READ_PEOPLE,
    Role.GLOBAL_READER: _READ_ALL
    | {Permission.SEE_NOTICES, Permission.SEE_REQUESTS, Permission.READ_ANY_REQUEST},
    Role.REPORTS_READER: frozenset(
        {Permission.READ_LICENSES, Permission.READ_HISTORY, Permission.READ_REPORTS}
    ),
    Role.HELPDESK_ADMINISTRATOR: _READ_PEOPLE | {Permission.REPROCESS, Permission.READ_PLATFORM},
    Role.APP_GATEWAY: frozenset({Permission.LAUNCH, Permission.LAUNCH_FOR_ANYONE}),
    Role.PERSON: _TAKE_PART | {Permission.LAUNCH, Permission.SEE_NOTICES, Permission.USE_INBOX},
}


def permissions_of(roles: Iterable[Role]) -> frozenset[Permission]:
    """Everything that any of these roles permits."""
    return frozenset().union(*(PERMISSIONS_OF[role] for role in roles))


def roles_permitting(permission: Permission) -> tuple[Role, ...]:
    """The roles that give a permission, in the order of the table."""
    return tuple(role for role in Role if permission in PERMISSIONS_OF[role])
