"""Sending mails to an SMTP server, several over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import aiosmtplib

from seatwright.domain.mail_addresses import is_mail_address
from seatwright.domain.outgoing import Mail, NotTaken, ServerAway

TIMEOUT_SECONDS: Final = 30.0
"""For each command; a server that needs longer is away."""

MAIL_SECONDS: Final = 60.0
"""For one mail in all, so that a server that drips holds no worker longer than its lease."""

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
    mail_seconds: float = MAIL_SECONDS


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
            yield SmtpSession(client, server)
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

    __slots__ = ("_client", "_server")

    def __init__(self, client: aiosmtplib.SMTP, server: SmtpServer) -> None:
        self._client = client
        self._server = server

    async def send(self, mail: Mail) -> None:
        """Hand one mail in; it is sent once the server has answered to its last line.

        Raises NotTaken when this mail was refused, and ServerAway when the next one would be too.
        """
        message = self._message(mail)
        seconds = self._server.mail_seconds
        try:
            async with asyncio.timeout(seconds):
                await self._hand_in(message, mail)
        except TimeoutError as error:
            # In the middle of a conversation: nothing more can be said over this connection.
            self._client.close()
            raise ServerAway(f"The server did not take it within {seconds:g} seconds.") from error

    def _message(self, mail: Mail) -> EmailMessage:
        try:
            if not is_mail_address(mail.to):
                raise ValueError(f"“{mail.to[:100]}” is no mail address.")
            return message_of(mail, sender=self._server.sender)
        except (ValueError, MessageError, LookupError) as error:
            raise NotTaken(f"It is no mail that could be sent: {error}", is_final=True) from error

    async def _hand_in(self, message: EmailMessage, mail: Mail) -> None:
        try:
            await self._client.send_message(message, recipients=[mail.to])
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            raise _not_taken(refused.code, refused.message) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise NotTaken(error.message, is_final=True) from error
        except aiosmtplib.SMTPDataError as error:
            raise _not_taken(error.code, error.message) from error
        except aiosmtplib.SMTPSenderRefused as error:
            # What is too large is refused with the sender's line (RFC 1870, section 6.1).
            if mail.attachment is not None and error.code >= _FINAL:
                raise _not_taken(error.code, error.message) from error
            raise ServerAway(_said(error)) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            # A lost connection, no answer in time: not this mail's fault.
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
    local, _, domain = mail.to.rpartition("@")
    # In two parts, for a whole address may have only letters of ASCII before its @ (RFC 6531).
    message["To"] = Address(username=local, domain=domain)
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
