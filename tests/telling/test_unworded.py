"""What no mail can be worded of holds up nothing else, is shown, and is tried again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.telling.hooks import caller, receiver
from tests.telling.mailbox import Mailbox, free_port, mail_server
from tests.telling.scene import set_settings, tell_all, telling, work_outbox
from tests.world import add_people, call_of

TEMPLATE = "/api/mail-templates/assignmentExpiring"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox(port=free_port())) as served:
        yield served


async def test_a_telling_without_words_stops_no_other_and_is_shown_to_administrators(
    office: Office, mailbox: Mailbox
) -> None:
    ada, bo = await add_people(office, "ada", "bo")
    await set_settings(office, administratorAddresses="chief@contoso.example")
    with receiver() as hook:
        made = await office.admin.post("/api/webhooks", json={"url": hook.url})
        assert made.status_code == 201, made.text
        await tell_all(
            office,
            telling("bad", ada, expiresAt="soon"),
            telling("worse", bo, expiresAt="soon"),
        )
        await tell_all(office, telling("good", bo), telling("run", kind=EventKind.REPORT_READY))
        for _ in range(2):
            await work_outbox(office, mailbox.mailer(), caller())
        assert len(hook.arrived) == 5, "four and what says so; facts need no words"
    assert sorted(mailbox.addresses) == ["bo@contoso.example", "chief@contoso.example"]
    told = (await office.admin.get("/api/inbox?of=administrators")).json()["value"]
    [unworded] = [one for one in told if one["kind"] == "mailNotWorded"]
    assert unworded["data"]["mailKind"] == "assignmentExpiring"
    assert "soon" in unworded["text"]
    made = await office.admin.post(
        "/api/tokens", json={"name": "a", "roles": ["person"], "user": "ada@contoso.example"}
    )
    inbox = (await office.client(made.json()["token"]).get("/api/inbox")).json()["value"]
    assert "expiresAt: soon" in inbox[0]["text"], "the facts are shown as they are"


async def test_once_the_words_are_changed_it_is_tried_again(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("bad", ada, expiresAt="soon"))
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == []
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update telling set data = data || '{\"expiresAt\": null}' where event_key = 'bad'"
        )
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == []
    changed = await office.admin.patch(TEMPLATE, json={"subject": "It ends"})
    assert changed.status_code == 200, changed.text
    await work_outbox(office, mailbox.mailer())
    await work_outbox(office, mailbox.mailer())
    assert [mail["Subject"] for mail in mailbox.arrived] == ["It ends"]


async def test_a_kind_that_only_a_newer_release_knows_waits_for_it(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("new", ada), telling("old", ada))
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update telling set kind = 'somethingNewer' where event_key = 'new'"
        )
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == ["ada@contoso.example"]
