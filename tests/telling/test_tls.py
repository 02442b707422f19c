"""Mails and webhooks over TLS, with real servers whose certificates an own authority signed."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.telling.certificates import Authority
from tests.telling.hooks import caller, receiver
from tests.telling.mailbox import Mailbox, free_port, mail_server
from tests.telling.scene import deliveries, tell_all, telling, work_outbox
from tests.world import add_people


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The authority, trusted as a worker trusts one: by its environment."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    return authority


async def call_once(office: Office, secured: ssl.SSLContext) -> tuple[list[str], dict[str, Any]]:
    """The paths that were posted to a receiver called localhost, and the row of the call."""
    made = caller()
    with receiver(secured) as served:
        url = served.url.replace("http://127.0.0.1", "https://localhost")
        answer = await office.admin.post("/api/webhooks", json={"url": url})
        assert answer.status_code == 201, answer.text
        await tell_all(office, telling("x", kind=EventKind.OVER_ASSIGNED))
        await work_outbox(office, caller=made)
        await made.close()
        [row] = await deliveries(office, channel="webhook")
        return [one.headers["host"].partition(":")[0] for one in served.arrived], row


async def test_a_webhook_is_called_over_tls_by_the_name_that_its_address_says(
    office: Office, trusted: Authority
) -> None:
    asked_for: list[str | None] = []
    secured = trusted.server("localhost")
    secured.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    arrived, row = await call_once(office, secured)
    assert (arrived, row["state"]) == (["localhost"], "sent")
    assert asked_for == ["localhost"], "though it is connected to by its address"


async def test_a_receiver_with_the_certificate_of_another_name_gets_nothing(
    office: Office, trusted: Authority
) -> None:
    arrived, row = await call_once(office, trusted.server("hooks.example.com"))
    assert (arrived, row["state"]) == ([], "queued")
    assert "certificate" in row["error"].casefold()


async def test_a_receiver_of_an_authority_that_nobody_trusts_gets_nothing(
    office: Office, authority: Authority
) -> None:
    arrived, row = await call_once(office, authority.server("localhost"))
    assert (arrived, row["state"]) == ([], "queued")
    assert "certificate" in row["error"].casefold()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mails_go_over_tls_to_a_server_whose_certificate_is_trusted(
    office: Office, trusted: Authority, security: str
) -> None:
    [ada] = await add_people(office, "ada")
    secured = trusted.server("localhost")
    options: dict[str, Any] = {"ssl_context": secured}
    if security == "starttls":
        options = {"tls_context": secured, "require_starttls": True}
    with mail_server(Mailbox(port=free_port()), **options) as mailbox:
        await tell_all(office, telling("x", ada))
        # Its certificate is not that of the address, so nothing is handed in.
        await work_outbox(office, mailbox.mailer(security=security))
        [row] = await deliveries(office)
        assert (row["state"], row["attempts"], mailbox.arrived) == ("queued", 0, [])
        assert "certificate" in row["error"].casefold()
        office.clock.move(minutes=1)
        await work_outbox(office, mailbox.mailer(security=security, host="localhost"))
        assert mailbox.addresses == ["ada@contoso.example"]
    [row] = await deliveries(office)
    assert row["state"] == "sent"
