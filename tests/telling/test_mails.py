"""Mails: told once, sent once, to a server that is there, away, or refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from seatwright.app.telling.tell import tell
from seatwright.domain.outgoing import Attachment, Mail, NotTaken
from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.telling.mailbox import Mailbox, free_port, mail_server, parts
from tests.telling.scene import deliveries, set_settings, states, tell_all, telling, work_outbox
from tests.world import add_people, call_of


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox(port=free_port())) as served:
        yield served


async def test_a_telling_arrives_as_one_mail_in_text_and_html(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await set_settings(office, timeZone="Europe/Oslo")
    await tell_all(office, telling("e3:7", ada, product="Visio <Plan 2> & more"))
    await tell_all(office, telling("e3:7", ada, product="again"))
    await work_outbox(office, mailbox.mailer())
    await work_outbox(office, mailbox.mailer())
    [mail] = mailbox.arrived
    assert mailbox.addresses == ["ada@contoso.example"]
    assert mail["Subject"] == "Visio <Plan 2> & more ends in 7 days"
    assert mail["From"] == "Licenses <licenses@contoso.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    plain, html = parts(mail)
    assert plain.startswith("Hello ada,\n")
    assert "15 January 2027 at 10:00 (CET)" in plain
    assert "Visio &lt;Plan 2&gt; &amp; more" in html
    [row] = await deliveries(office)
    assert mail["Message-ID"] == f"<{row['id']}@contoso.example>"
    assert (row["state"], row["attempts"], row["error"]) == ("sent", 1, None)


async def test_administrators_are_told_at_their_addresses(office: Office, mailbox: Mailbox) -> None:
    await set_settings(office, administratorAddresses="one@contoso.example, two@contoso.example")
    await tell_all(office, telling("x", kind=EventKind.SEATS_RUNNING_OUT, app=None))
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == ["one@contoso.example", "two@contoso.example"]
    plain, _ = parts(mailbox.arrived[0])
    assert "claim them" not in plain, "a line that names what there is not is left out"


async def test_without_a_server_mails_are_shown_and_never_sent_later(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("x", ada))
    await work_outbox(office)
    assert await states(office) == [("ada@contoso.example", "shown")]
    await work_outbox(office, mailbox.mailer())
    assert mailbox.arrived == []


async def test_mails_wait_while_the_server_is_away_and_go_out_when_it_is_back(
    office: Office,
) -> None:
    people = await add_people(office, "ada", "bo", "cy")
    mailbox = Mailbox(port=free_port())
    await tell_all(office, *(telling("x", one) for one in people))
    await work_outbox(office, mailbox.mailer())
    assert {state for _, state in await states(office)} == {"queued"}
    ready = await office.admin.get("/readyz")
    assert ready.json()["database"] is True
    metrics = (await office.admin.get("/metrics")).text
    assert 'seatwright_deliveries{channel="mail",state="queued"} 3.0' in metrics
    with mail_server(mailbox):
        await work_outbox(office, mailbox.mailer())
        assert mailbox.arrived == [], "it is looked for again in a minute"
        office.clock.move(minutes=1)
        await work_outbox(office, mailbox.mailer())
    assert sorted(mailbox.addresses) == [f"{one}@contoso.example" for one in ("ada", "bo", "cy")]
    assert {state for _, state in await states(office)} == {"sent"}


async def test_a_mail_that_is_refused_for_good_is_dead_and_others_go_on(
    office: Office, mailbox: Mailbox
) -> None:
    ada, bo, cy = await add_people(office, "ada", "bo", "cy")
    mailbox.recipient_answers["ada@contoso.example"] = "550 No such mailbox"
    mailbox.answers["bo@contoso.example"] = "451 Greylisted"
    await tell_all(office, *(telling("x", one) for one in (ada, bo, cy)))
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == ["cy@contoso.example"]
    assert await states(office) == [
        ("ada@contoso.example", "dead"),
        ("bo@contoso.example", "queued"),
        ("cy@contoso.example", "sent"),
    ]
    del mailbox.answers["bo@contoso.example"]
    office.clock.move(minutes=1)
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == ["cy@contoso.example", "bo@contoso.example"]
    [first, *_] = await deliveries(office)
    assert "550" in first["error"]


async def test_what_is_refused_again_and_again_is_given_up_in_time(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await set_settings(office, deliveriesTriedHours=2)
    mailbox.answers["ada@contoso.example"] = "451 Later"
    await tell_all(office, telling("x", ada))
    pauses: list[int] = []
    row: dict[str, object] = {}
    for _ in range(6):
        await work_outbox(office, mailbox.mailer())
        [row] = await deliveries(office)
        if row["state"] == "dead":
            break
        office.clock.move(hours=1)
        pauses.append(int(str(row["attempts"])))
    assert pauses == [1, 2, 3]
    assert row["state"] == "dead"
    assert row["error"] == "451 Later"


async def test_a_server_that_takes_too_long_over_one_mail_is_away(
    office: Office, mailbox: Mailbox
) -> None:
    people = await add_people(office, "ada", "bo")
    mailbox.seconds = 1
    await tell_all(office, *(telling("x", one) for one in people))
    await work_outbox(office, mailbox.mailer(mail_seconds=0.2))
    [first, second] = await deliveries(office)
    assert first["error"] == "The server did not take it within 0.2 seconds."
    assert (first["attempts"], second["attempts"]) == (1, 0)


def mail_to(address: str, *, size: int | None = None) -> Mail:
    """A mail, with a file of this size if one is given."""
    text = "text/csv"
    file = None if size is None else Attachment(name="a.csv", media_type=text, content=b"x" * size)
    return Mail(id=uuid4(), to=address, subject="s", body="b", html="<p>b</p>", attachment=file)


async def test_a_file_that_is_too_large_for_the_server_holds_up_no_other_mail() -> None:
    mailbox = Mailbox(port=free_port())
    with mail_server(mailbox, data_size_limit=5_000):
        async with mailbox.mailer().session() as session:
            with pytest.raises(NotTaken, match="552") as refused:
                await session.send(mail_to("ada@contoso.example", size=9_000))
            assert refused.value.is_final
            await session.send(mail_to("bo@contoso.example", size=90))
    assert mailbox.addresses == ["bo@contoso.example"]


async def test_what_is_no_address_holds_up_no_other_mail_and_letters_are_no_matter() -> None:
    mailbox = Mailbox(port=free_port())
    with mail_server(mailbox, enable_SMTPUTF8=True):
        async with mailbox.mailer().session() as session:
            for address in ("@x", "a@b@c", "a@", "", "a b@c.example", "a@b\r\nBcc: eve@c.example"):
                with pytest.raises(NotTaken) as refused:
                    await session.send(mail_to(address))
                assert refused.value.is_final, address
            await session.send(mail_to("æ@contoso.example"))
    assert mailbox.addresses == ["æ@contoso.example"]
    assert mailbox.arrived[0]["To"] == "æ@contoso.example"


async def test_whoever_is_disabled_or_deleted_gets_no_mail(
    office: Office, mailbox: Mailbox
) -> None:
    ada, bo, cy = await add_people(office, "ada", "bo", "cy")
    await office.admin.patch(
        "/api/identity/users/ada@contoso.example", json={"accountEnabled": False}
    )
    await office.admin.delete("/api/identity/users/bo@contoso.example")
    await tell_all(office, *(telling("x", one) for one in (ada, bo, cy)))
    await work_outbox(office, mailbox.mailer())
    assert mailbox.addresses == ["cy@contoso.example"]


async def test_a_preview_tells_nobody(office: Office) -> None:
    [ada] = await add_people(office, "ada")
    async with call_of(office) as call:
        async with call.tx.tried():
            await tell(call, [telling("x", ada)])
        cursor = await call.tx.connection.execute("select count(*) from telling")
        assert await cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    "name", ["x\r\nBcc: eve@evil.example", "\u2028\u0085\u202e", "=?utf-8?q?a?="]
)
async def test_no_name_breaks_out_of_a_header(office: Office, mailbox: Mailbox, name: str) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("x", ada, product=name, person=name))
    await work_outbox(office, mailbox.mailer())
    [mail] = mailbox.arrived
    assert set(mail.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
    }
    assert mailbox.envelopes[0].rcpt_tos == ["ada@contoso.example"]


async def test_two_workers_at_once_send_every_mail_once(office: Office, mailbox: Mailbox) -> None:
    names = [f"p{number}" for number in range(120)]
    people = await add_people(office, *names)
    await tell_all(office, *(telling("x", one) for one in people))
    mailer = mailbox.mailer()
    await asyncio.gather(*(work_outbox(office, mailer) for _ in range(3)))
    assert len(mailbox.addresses) == len(set(mailbox.addresses)) == len(names)
    assert {state for _, state in await states(office)} == {"sent"}
