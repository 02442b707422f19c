"""Lists that can be had as a file, and how long and how many such files are kept."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum, unique
from typing import Final

INLINE_ROWS_MAX: Final = 10_000
"""A longer list is made into a file by a job (issue 7, "Everywhere")."""

EXPORTS_KEPT: Final = timedelta(days=7)

OPEN_MAX: Final = 3
"""Files that one person may have in the making at once."""

KEPT_MAX: Final = 20
"""Files that one person may have, those in the making included."""


@unique
class FileKind(StrEnum):
    """What kind of file; the value is its ending."""

    CSV = "csv"
    XLSX = "xlsx"


ROWS_MAX: Final = {FileKind.CSV: 10_000_000, FileKind.XLSX: 3_000_000}
"""A sheet holds 1,000,000 rows and what is longer goes on in the next one; nobody opens four."""


@unique
class ListName(StrEnum):
    """A list of the portal; the value is its name in addresses and files."""

    USERS = "users"
    IDLE_PEOPLE = "idle-people"
    APPS = "apps"
    LICENSES = "licenses"
    HOLDERS = "holders"
    WAITING = "waiting"
    PEOPLE_TO_ASK = "people-to-ask"
    GIVING_GROUPS = "giving-groups"
    SUBSCRIPTIONS = "subscriptions"
    SEAT_CHANGES = "seat-changes"
    ERRORS = "errors"
    GROUPS = "groups"
    MEMBERS = "members"
    GROUP_LICENSES = "group-licenses"
    GROUP_ERRORS = "group-errors"
    JOBS = "jobs"
    JOB_ROWS = "job-rows"
    AUTO_CLAIM_POLICIES = "auto-claim-policies"
    AUTO_CLAIM_CLAIMS = "auto-claim-claims"
    AUTO_CLAIM_NOTICES = "auto-claim-notices"
    REQUESTS = "requests"
    REQUEST_POLICIES = "request-policies"
    TEMPLATES = "templates"
    CONFLICTS = "conflicts"
    STRATEGIES = "strategies"
    HELD = "held"
    HELD_PEOPLE = "held-people"
    HISTORY = "history"
    PAST_HOLDERS = "past-holders"
    TIMELINE = "timeline"
    SEALS = "seals"
    ROLES = "roles"
    TOKENS = "tokens"
    CLIENTS = "clients"
    ACCOUNTS = "accounts"
    SESSIONS = "sessions"
    WEBHOOKS = "webhooks"
    WEBHOOK_CALLS = "webhook-calls"
    MAIL_KINDS = "mail-kinds"
    MAILS = "mails"
    MY_LICENSES = "my-licenses"
    INBOX = "inbox"
