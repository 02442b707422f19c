"""A mail server in the process of the tests, which can refuse, hang and go away."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from seatwright.mail.smtp import SmtpMailer, SmtpServer

SENDER = "Licenses <licenses@contoso.example>"


@dataclass
class Mailbox:
    """What arrived, in order; `answers` says what an address is answered instead of 250."""

    port: int
    arrived: list[EmailMessage] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    recipient_answers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    async def handle_RCPT(  # noqa: N802, PLR0917  # The library calls it so.
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take a recipient, or answer as the test wants."""
        del server, session, options
        if address in self.recipient_answers:
            return self.recipient_answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # The library calls it so.
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Take a mail, or answer as the test wants."""
        del server, session
        await asyncio.sleep(self.seconds)
        answer = self.answers.get(envelope.rcpt_tos[0])
        if answer is not None:
            return answer
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.arrived.append(message)
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def addresses(self) -> list[str]:
        """To whom mails arrived, in order."""
        return [envelope.rcpt_tos[0] for envelope in self.envelopes]

    def mailer(self, **changes: Any) -> SmtpMailer:
        """A mailer that hands mails in here."""
        facts: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "sender": SENDER,
        }
        return SmtpMailer(SmtpServer(**{**facts, **changes}))


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def mail_server(mailbox: Mailbox, **options: Any) -> Iterator[Mailbox]:
    """Serve a mailbox until the block ends."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


def parts(message: EmailMessage) -> tuple[str, str]:
    """The plain and the HTML part of a mail."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage) and isinstance(html, EmailMessage)
    # On the wire lines end with CR and LF.
    return (
        str(plain.get_content()).replace("\r\n", "\n"),
        str(html.get_content()).replace("\r\n", "\n"),
    )
