"""Inboxes, what people want to be mailed, daily mails, and how an organization words them."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from seatwright.domain.roles import Role
from seatwright.domain.telling import EventKind
from tests.office import Office
from tests.telling.mailbox import Mailbox, free_port, mail_server, parts
from tests.telling.scene import set_settings, tell_all, telling, work_outbox
from tests.world import add_people, call_of

TEMPLATES = "/api/mail-templates"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox(port=free_port())) as served:
        yield served


async def as_person(office: Office, number: int) -> httpx.AsyncClient:
    """A client of a token that acts as this person."""
    answer = await office.admin.post(
        "/api/tokens", json={"name": f"person {number}", "roles": [Role.PERSON.value]}
    )
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "update principal set user_no = %s where tenant_id = %s and id = %s",
            (number, call.tx.tenant_id, answer.json()["id"]),
        )
    return office.client(answer.json()["token"])


def preferences(name: str) -> str:
    return f"/api/identity/users/{name}@contoso.example/mail-preferences"


async def test_a_person_reads_what_they_were_told_and_nothing_else(office: Office) -> None:
    ada, bo = await add_people(office, "ada", "bo")
    await tell_all(
        office, telling("a", ada), telling("b", ada), telling("c", bo), telling("d", None)
    )
    async with await as_person(office, ada) as client:
        page = (await client.get("/api/inbox?limit=1")).json()
        rest = (await client.get(f"/api/inbox?cursor={page['nextCursor']}")).json()
        assert len(page["value"]) == len(rest["value"]) == 1
        assert page["value"][0]["subject"] == "Microsoft 365 E3 ends in 7 days"
        assert (await client.get("/api/inbox/unread")).json() == {"unread": 2}
        read = await client.post(f"/api/inbox/{page['value'][0]['id']}/read")
        assert read.status_code == 204
        unread = (await client.get("/api/inbox?unread=true")).json()["value"]
        assert [one["id"] for one in unread] == [rest["value"][0]["id"]]
        assert (await client.post("/api/inbox/read")).json()["marked"] == 1
        closed = await client.get("/api/inbox?of=administrators")
        assert (closed.status_code, closed.json()["code"]) == (403, "roleMissing")
        async with await as_person(office, bo) as other:
            [theirs] = (await other.get("/api/inbox")).json()["value"]
        missed = await client.post(f"/api/inbox/{theirs['id']}/read")
        assert (missed.status_code, missed.json()["code"]) == (404, "unknownNotice")
    [shared] = (await office.admin.get("/api/inbox")).json()["value"]
    reader = await office.as_role(Role.GLOBAL_READER)
    assert (await reader.get("/api/inbox/unread")).json() == {"unread": 1}
    assert (await reader.post(f"/api/inbox/{shared['id']}/read")).status_code == 404
    assert (await office.admin.post(f"/api/inbox/{shared['id']}/read")).status_code == 204
    assert (await reader.get("/api/inbox/unread")).json() == {"unread": 0}


async def test_an_administrator_who_is_a_person_has_an_inbox_beside_the_shared_one(
    office: Office,
) -> None:
    [ada] = await add_people(office, "ada")
    body = {"name": "ada", "roles": ["license-administrator"], "user": "ada@contoso.example"}
    made = await office.admin.post("/api/tokens", json=body)
    await tell_all(office, telling("own", ada), telling("shared", None))
    client = office.client(made.json()["token"])
    for of in ("me", "administrators"):
        assert len((await client.get(f"/api/inbox?of={of}")).json()["value"]) == 1, of
    assert (await client.post("/api/inbox/read?of=me")).json()["marked"] == 1
    assert (await client.get("/api/inbox/unread?of=administrators")).json() == {"unread": 1}
    chosen = await client.patch(preferences("ada"), json={"daily": True})
    assert (chosen.status_code, chosen.json()["daily"]) == (200, True)


async def test_people_choose_what_they_are_mailed_and_their_inbox_has_it_all(
    office: Office, mailbox: Mailbox
) -> None:
    ada, bo = await add_people(office, "ada", "bo")
    async with await as_person(office, ada) as client:
        assert (await client.get(preferences("ada"))).json() == {
            "mail": True,
            "daily": False,
            "muted": [],
        }
        changed = await client.patch(preferences("ada"), json={"muted": ["assignmentexpiring"]})
        assert changed.json()["muted"] == ["assignmentExpiring"]
        assert (await client.patch(preferences("ada"), json={"muted": ["x"]})).status_code == 400
        for name in ("bo", "nobody"):
            answer = await client.patch(preferences(name), json={"mail": False})
            assert (answer.status_code, answer.json()["code"]) == (404, "unknownUser")
        await office.admin.patch(preferences("bo"), json={"mail": False})
        kinds = (EventKind.ASSIGNMENT_EXPIRING, EventKind.ASSIGNMENT_EXPIRED)
        await tell_all(
            office, *(telling("x", who, kind=kind) for who in (ada, bo) for kind in kinds)
        )
        await work_outbox(office, mailbox.mailer())
        assert mailbox.addresses == ["ada@contoso.example"]
        assert mailbox.arrived[0]["Subject"] == "Microsoft 365 E3 has ended"
        assert len((await client.get("/api/inbox")).json()["value"]) == 2


async def test_decisions_come_in_one_mail_at_the_hour_of_the_organization(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await set_settings(office, timeZone="Europe/Oslo", digestHour=7)
    await office.admin.patch(preferences("ada"), json={"daily": True})
    asked = EventKind.LICENSE_REQUEST_RECEIVED
    await tell_all(
        office,
        telling("1", ada, kind=asked, product="Visio"),
        telling("2", ada, kind=asked, product="Project"),
        telling("3", ada, kind=EventKind.ASSIGNMENT_EXPIRED),
    )
    await work_outbox(office, mailbox.mailer())
    assert [mail["Subject"] for mail in mailbox.arrived] == ["Microsoft 365 E3 has ended"]
    office.clock.move(hours=20, minutes=59)  # From 09:00 UTC to 05:59, which is 06:59 in Oslo.
    await work_outbox(office, mailbox.mailer())
    assert len(mailbox.arrived) == 1
    office.clock.move(minutes=1)
    await work_outbox(office, mailbox.mailer())
    await work_outbox(office, mailbox.mailer())
    [_, daily] = mailbox.arrived
    assert daily["Subject"] == "Contoso: 2 decisions wait for you"
    plain, _ = parts(daily)
    assert "- Ada Nilsen asks for Visio\n- Ada Nilsen asks for Project\n" in plain


async def test_an_organization_words_its_mails_and_has_the_old_words_back(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    path = f"{TEMPLATES}/assignmentExpiring"
    came = (await office.admin.get(path)).json()
    words = {"subject": "Slutt på {{ product }}", "text": "Hei {{ recipient }}\n<b>{{person}}</b>"}
    sample = (await office.admin.post(f"{path}/sample", json=words)).json()
    assert sample["subject"] == "Slutt på Microsoft 365 E3"
    assert "&lt;b&gt;Ada Nilsen&lt;/b&gt;" in sample["html"]
    assert (await office.admin.get(path)).json() == came
    assert (await office.admin.patch(path, json=words)).json()["changed"] is True
    await tell_all(office, telling("x", ada))
    await work_outbox(office, mailbox.mailer())
    assert mailbox.arrived[0]["Subject"] == "Slutt på Microsoft 365 E3"
    assert (await office.admin.delete(path)).json() == came
    await office.admin.patch(path, json={"mailed": False})
    await tell_all(office, telling("y", ada))
    await work_outbox(office, mailbox.mailer())
    assert len(mailbox.arrived) == 1


async def test_words_that_could_not_be_sent_are_refused(office: Office) -> None:
    for words, says in (
        ({"subject": "{{ nope }}"}, "There are: product"),
        ({"subject": "a\nBcc: eve@evil.example"}, "one line"),
        ({"text": "{{ product"}, "lone {{"),
        ({"text": "{% for x in y %}{{ x }}{% endfor %}"}, "names “x”"),
        ({"text": "{{ product.__class__ }}"}, "lone {{"),
        ({"subject": " "}, "give 1 to 250"),
        ({"text": "x" * 10_001}, "give 1 to 10,000"),
    ):
        answer = await office.admin.patch(f"{TEMPLATES}/assignmentExpiring", json=words)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), words
        assert says in answer.json()["detail"]


async def test_every_shipped_mail_renders_with_its_sample(office: Office) -> None:
    rows = (await office.admin.get(f"{TEMPLATES}?limit=100")).json()["value"]
    assert {row["kind"] for row in rows} == {kind.value for kind in EventKind}
    for row in rows:
        answer = await office.admin.post(f"{TEMPLATES}/{row['kind']}/sample", json={})
        assert answer.status_code == 200, answer.text
        assert "{{" not in answer.text


async def test_a_daily_mail_leaves_out_what_was_decided_meanwhile(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await office.admin.patch(preferences("ada"), json={"daily": True})
    decided, asked = str(uuid4()), EventKind.LICENSE_REQUEST_RECEIVED
    await tell_all(
        office,
        telling("1", ada, kind=asked, requestId=decided, product="Visio"),
        telling("2", ada, kind=asked, product="Project"),
    )
    async with call_of(office) as call:
        await call.tx.connection.execute(
            "insert into license_request (tenant_id, id, principal_no, sku_no, disabled_set,"
            " created_at) values (%s, %s, 0, 1, 0, %s)",
            (call.tx.tenant_id, decided, call.now),
        )
    await work_outbox(office, mailbox.mailer())
    office.clock.move(days=1)
    await work_outbox(office, mailbox.mailer())
    [daily] = mailbox.arrived
    assert daily["Subject"] == "Contoso: 1 decision waits for you"
    assert "Visio" not in parts(daily)[0]
