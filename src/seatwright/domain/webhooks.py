"""Webhooks: where an organization wants events posted to, and which."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.telling import EventKind

WEBHOOKS_MAX: Final = 20
"""Of one tenant: each is called for each event."""

OLD_SECRET_SIGNS: Final = timedelta(hours=24)
"""After a rotation both secrets sign for so long, so that a receiver can change in its own time."""

TEST_KIND: Final = "webhookTest"
"""The kind of a test call; no event has it, and no filter holds it back."""

URL_CHARACTERS_MAX: Final = 2_000
PORT_MAX: Final = 65_535

_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>\d{1,5}))?(?:[/?][!-\"$-~]*)?"
)
"""Scheme, host, port, path and query: no name and password, and nothing after a #."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address that events are posted to; `kinds` None: all of them, those to come included."""

    webhook_no: int
    id: UUID
    url: str
    kinds: tuple[str, ...] | None
    secret: str
    secret_before: str | None
    secret_before_until: datetime | None
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    disabled_why: str | None

    def wants(self, kind: str) -> bool:
        """Whether an event of this kind is posted to it."""
        return self.disabled_at is None and (self.kinds is None or kind in self.kinds)

    @property
    def host(self) -> str:
        """Where it is called; the rest of an address may be as good as a password."""
        found = _URL.fullmatch(self.url)
        assert found is not None, "only such are stored"
        return found["host"] if found["port"] is None else f"{found['host']}:{found['port']}"

    def secrets_at(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign a call: after a rotation both, for a day."""
        until = self.secret_before_until
        if self.secret_before is None or until is None or until <= now:
            return (self.secret,)
        return (self.secret, self.secret_before)


def check_url(text: str) -> str:
    """An address that events may be posted to.

    Where it leads is looked at when it is called. Raises Refusal invalidValue.
    """
    found = _URL.fullmatch(text) if len(text) <= URL_CHARACTERS_MAX else None
    if found is None:
        raise _unfit(
            text,
            "give an address such as https://hooks.example.com/licenses, of at most"
            f" {URL_CHARACTERS_MAX:,} characters in ASCII, without a name, a password or a #.",
        )
    if found["port"] is not None and not 1 <= int(found["port"]) <= PORT_MAX:
        raise _unfit(text, f"a port is a number from 1 to {PORT_MAX}.")
    if found["scheme"] != "https" and found["host"] not in _LOOPBACK:
        raise _unfit(text, "it must begin with https://.")
    return text


def _unfit(text: str, why: str) -> Refusal:
    return Refusal(Reason.INVALID_VALUE, f"A webhook cannot be at “{text[:100]}”: {why}")


def check_kinds(kinds: list[str] | None) -> tuple[str, ...] | None:
    """The kinds of events that a webhook wants, each once; None for all.

    Raises Refusal invalidValue for one that is none, and for none at all.
    """
    if kinds is None:
        return None
    known = [kind.value for kind in EventKind]
    if not kinds:
        raise Refusal(
            Reason.INVALID_VALUE,
            "A webhook without a kind would never be called: give null for all of them, or some"
            f" of: {', '.join(known)}.",
        )
    for kind in kinds:
        if kind not in known:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"There is no event “{kind[:60]}”. There are: {', '.join(known)}.",
            )
    return tuple(dict.fromkeys(kinds))
