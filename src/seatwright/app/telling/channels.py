"""What sending needs of the world outside: a mail server, and a client for webhooks."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from seatwright.domain.outgoing import Mail, WebhookCall


class MailSession(Protocol):
    """An open connection to a mail server."""

    async def send(self, mail: Mail) -> None:
        """Hand one mail in. Raises NotTaken, and ServerAway when the next would fail too."""
        ...


class Mailer(Protocol):
    """A mail server. Where none is set there is no mailer, and mails are only shown."""

    def session(self) -> AbstractAsyncContextManager[MailSession]:
        """Connect. Raises ServerAway."""
        ...


class WebhookCaller(Protocol):
    """Posts events."""

    async def call(self, call: WebhookCall) -> int:
        """Post one event; the status that says it was taken. Raises NotTaken."""
        ...
