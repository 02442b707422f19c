"""A test mail: asked for on its page or over the API, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatwright.app.telling.test_mail import TEST_MAILS_MAX
from seatwright.domain.roles import Role
from tests.office import Office
from tests.telling.mailbox import Mailbox, free_port, mail_server, parts
from tests.telling.scene import set_settings, work_outbox
from tests.web.portal.visitor import led_to, visit
from tests.world import add_people


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox(port=free_port())) as served:
        yield served


async def test_a_test_mail_reaches_whoever_asks_and_its_answer_is_told(
    office: Office, mailbox: Mailbox
) -> None:
    await add_people(office, "ada")
    visitor = await visit(office)
    page = await visitor.get("/settings/mail")
    sent = await visitor.send("/settings/mail", page, to="ada@contoso.example")
    path = led_to(sent)
    waits = await visitor.get(path)
    assert "It waits to be sent." in waits.text
    assert "hx-trigger" in waits.text
    await work_outbox(office, mailbox.mailer())
    [mail] = mailbox.arrived
    assert mail["Subject"] == "A test mail from seatwright"
    plain, _ = parts(mail)
    assert "local administrator had this sent" in plain
    assert "The mail server took it." in (await visitor.get(path)).text
    mailbox.answers["bob@contoso.example"] = "550 No such mailbox here"
    made = await office.admin.post("/api/deliveries/test-mail", json={"to": "bob@contoso.example"})
    assert made.status_code == 201, made.text
    await work_outbox(office, mailbox.mailer())
    refused = await visitor.get(f"/settings/deliveries/{made.json()['id']}")
    assert "550 No such mailbox here" in refused.text
    assert "The mail server refused it" in refused.text


async def test_test_mails_are_few_and_go_to_an_address(office: Office) -> None:
    async def ask(**body: str) -> tuple[int, str]:
        answer = await office.admin.post("/api/deliveries/test-mail", json=body)
        return answer.status_code, answer.json().get("code", answer.json().get("address", ""))

    status, _ = await ask()
    assert status == 400
    await set_settings(office, administratorAddresses="one@contoso.example, two@contoso.example")
    assert await ask() == (201, "one@contoso.example")
    assert (await ask(to="nobody"))[0] == 400
    for _ in range(TEST_MAILS_MAX - 1):
        assert (await ask(to="two@contoso.example"))[0] == 201
    full = await office.admin.post("/api/deliveries/test-mail", json={})
    assert (full.status_code, "tooManyTestMails" in full.text) == (409, True)
    office.clock.move(minutes=11)
    assert (await ask())[0] == 201
    reader = await visit(office, Role.LICENSE_ADMINISTRATOR)
    page = await reader.get("/settings/mail")
    assert (await reader.send("/settings/mail", page, to="x@contoso.example")).status_code == 403
