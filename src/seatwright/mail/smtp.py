"""Sending mails to an SMTP server, several over one connection."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from seatwright.domain.outgoing import Mail, NotTaken, ServerAway

TIMEOUT_SECONDS: Final = 30.0
"""For each command; a server that needs longer is away."""

_FINAL: Final = 500
"""From this code on a server has refused for good (RFC 5321, section 4.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mails are handed in. `security` is starttls, tls or none; the password never shows."""

    host: str
    port: int
    security: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class SmtpMailer:
    """Sends mails by one SMTP server."""

    __slots__ = ("_server",)

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    @asynccontextmanager
    async def session(self) -> AsyncIterator[SmtpSession]:
        """A connection over which mails go, one after the other.

        Raises ServerAway when the server cannot be reached or does not let us sign in.
        """
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            timeout=TIMEOUT_SECONDS,
        )
        try:
            await client.connect()
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServerAway(_said(error)) from error
        try:
            yield SmtpSession(client, server.sender)
        finally:
            await _leave(client)


async def _leave(client: aiosmtplib.SMTP) -> None:
    """Say goodbye, to whoever still listens."""
    try:
        if client.is_connected:
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        pass  # Every mail has its answer already, and a goodbye needs none.
    finally:
        client.close()


class SmtpSession:
    """An open connection to the server."""

    __slots__ = ("_client", "_sender")

    def __init__(self, client: aiosmtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Hand one mail in; it is sent once the server has answered to its last line.

        Raises NotTaken when this mail was refused, and ServerAway when the next one would be too.
        """
        try:
            message = message_of(mail, sender=self._sender)
        except ValueError as error:
            raise NotTaken(f"It is no mail that could be sent: {error}", is_final=True) from error
        try:
            await self._client.send_message(message, recipients=[mail.to])
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _not_taken(refused.code, refused.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise NotTaken(error.message, is_final=True) from error
        except aiosmtplib.SMTPDataError as error:
            raise _not_taken(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            # A sender that is refused, a lost connection, no answer in time: not this mail's fault.
            raise ServerAway(_said(error)) from error


def _not_taken(code: int, said: str) -> NotTaken:
    return NotTaken(f"{code} {said}", status=code, is_final=code >= _FINAL)


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__


def message_of(mail: Mail, *, sender: str) -> EmailMessage:
    """A mail with its headers; the library refuses whatever would break out of one.

    The Message-ID is the same at every try, so that a mail that reaches a mailbox twice is known
    as one. The date is the machine's: it says when the mail left, not which business day it was.
    """
    message = EmailMessage()
    message["From"] = sender
    message["To"] = Address(addr_spec=mail.to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{mail.id}@{message['From'].addresses[0].domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(mail.body)
    message.add_alternative(mail.html, subtype="html")
    if mail.attachment is not None:
        kind, _, subtype = mail.attachment.media_type.partition("/")
        message.add_attachment(
            mail.attachment.content,
            maintype=kind,
            subtype=subtype,
            filename=mail.attachment.name,
        )
    return message
