"""What to type next: for each code that the server refuses with, the command that mends it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

FIXES: Final[Mapping[str, str]] = {
    "notSignedIn": "seatwright token create NAME --role global-administrator, then set"
    " SEATWRIGHT_TOKEN to what it prints",
    "roleMissing": "seatwright token create NAME --role ROLE, then set SEATWRIGHT_TOKEN to what it"
    " prints",
    "noSeatLeft": "seatwright subscriptions list shows what was bought, and `subscriptions create"
    " PRODUCT UNITS` adds seats",
    "usageLocationMissing": "seatwright users update PERSON --usage-location CC",
    "usageLocationProhibited": "seatwright users update PERSON --usage-location CC",
    "unknownUser": "seatwright users list --search TEXT",
    "unknownGroup": "seatwright groups list",
    "unknownSku": "seatwright licenses lists what you have, `seatwright catalog list` all products",
    "unknownTemplate": "seatwright templates list",
    "unknownMailKind": "seatwright mail kinds",
    "unknownJob": "seatwright jobs list",
    "unknownApp": "seatwright apps list",
    "unknownEnvironment": "seatwright environments list",
    "unknownFlow": "seatwright flows list",
    "unknownSecurityRole": "seatwright security-roles list",
    "unknownDefaultRole": "seatwright security-roles defaults",
    "unknownDomain": "seatwright domains list",
    "unknownSubscription": "seatwright subscriptions list",
    "servicePlanNotInSku": "seatwright catalog show PRODUCT lists its service plans",
    "notAssigned": "seatwright users show PERSON lists what a person holds",
    "inheritedAssignment": "seatwright users show PERSON names the group; change it there with"
    " `groups remove-member` or `groups unassign`",
    "conflictingServicePlans": "seatwright swap PERSON FROM TO exchanges one product for another",
    "groupHasLicenses": "seatwright groups unassign GROUP PRODUCT",
    "membersFollowRule": "seatwright groups rule show GROUP",
    "unknownHeldChange": "seatwright held list",
    "unknownChange": "seatwright history --everything --json shows the correlation ids",
    "stillRunning": "seatwright jobs list --state running",
    "importStopped": "run the same command with --confirm if the file is right",
    "seatsInUse": "seatwright unassign PERSON PRODUCT frees a seat",
    "unavailable": "run the same command again in a moment",
    "misdirected": "set SEATWRIGHT_URL to the address that the server was started with",
}
"""Codes that are not named here carry their whole remedy in the server's own sentence."""


def fix_of(code: str, *, names: Mapping[str, str] | None = None) -> str:
    """The step that mends a refusal, as a last line; empty when the refusal says it all itself.

    `names` are what the words in capitals stand for, as far as they are known.
    """
    step = FIXES.get(code, "")
    known = {word: shlex.quote(name) for word, name in (names or {}).items()}
    step = re.sub(r"\b[A-Z]+\b", lambda found: known.get(found[0], found[0]), step)
    return f"→ {step}" if step else ""
