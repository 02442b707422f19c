"""Webhooks: signed, filtered, tried again, disabled, and never into a private network."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from seatwright.app.outbox.sending import take_chunk
from seatwright.app.work import Workshop
from seatwright.domain.outgoing import Channel
from seatwright.domain.telling import EventKind
from seatwright.webhooks.addresses import may_call
from seatwright.webhooks.caller import HttpCaller, pause_in
from tests.office import Office
from tests.telling.hooks import DRIPS, Arrived, Receiver, caller, receiver
from tests.telling.scene import deliveries, set_settings, tell_all, telling, work_outbox
from tests.world import add_people

HOOKS = "/api/webhooks"


@pytest.fixture
def served() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
async def calls() -> AsyncIterator[HttpCaller]:
    made = caller()
    yield made
    await made.close()


async def add(office: Office, url: str, **more: object) -> dict[str, Any]:
    answer = await office.admin.post(HOOKS, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def is_signed(arrived: Arrived, secret: str) -> bool:
    try:
        Webhook(secret).verify(arrived.body, arrived.headers)
    except WebhookVerificationError:
        return False
    return True


async def test_an_event_is_posted_once_and_the_signature_holds(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    hook = await add(office, served.url)
    people = await add_people(office, "ada", "bo")
    await tell_all(office, *(telling("e3:7", one) for one in people))
    await work_outbox(office, caller=calls)
    await work_outbox(office, caller=calls)
    [arrived] = served.arrived
    assert is_signed(arrived, hook["secret"])
    assert not is_signed(arrived, "whsec_" + "A" * 43 + "=")
    body = json.loads(arrived.body)
    assert body["type"] == "assignmentExpiring"
    assert body["data"]["product"] == "Microsoft 365 E3"
    assert body["tenantId"] == str(office.made.tenant.id)
    [row] = await deliveries(office, channel="webhook")
    assert arrived.headers["webhook-id"] == "msg_" + row["id"].replace("-", "")
    listed = (await office.admin.get(HOOKS)).text
    assert "secret" not in json.loads(listed)["value"][0]
    assert hook["secret"] not in listed


async def test_a_webhook_gets_the_kinds_that_it_wants(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    hook = await add(office, served.url, kinds=["overAssigned"])
    await tell_all(
        office,
        telling("a", kind=EventKind.OVER_ASSIGNED),
        telling("b", kind=EventKind.SEATS_RUNNING_OUT),
    )
    await work_outbox(office, caller=calls)
    assert [json.loads(one.body)["type"] for one in served.arrived] == ["overAssigned"]
    changed = await office.admin.patch(f"{HOOKS}/{hook['id']}", json={"kinds": None})
    assert changed.json()["kinds"] is None
    await tell_all(office, telling("c", kind=EventKind.SEATS_RUNNING_OUT))
    await work_outbox(office, caller=calls)
    assert len(served.arrived) == 2
    for kinds in (["nope"], []):
        refused = await office.admin.patch(f"{HOOKS}/{hook['id']}", json={"kinds": kinds})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    none = await office.admin.post(HOOKS, json={"url": served.url, "kinds": []})
    assert (none.status_code, none.json()["code"]) == (400, "invalidValue")


async def test_after_a_rotation_both_secrets_sign_for_a_day(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    old = await add(office, served.url)
    new = (await office.admin.post(f"{HOOKS}/{old['id']}/rotate")).json()
    for wanted in ([True, True], [False, True]):
        answer = await office.admin.post(f"{HOOKS}/{old['id']}/test")
        assert answer.status_code == 202
        await work_outbox(office, caller=calls)
        arrived = served.arrived[-1]
        assert [is_signed(arrived, one["secret"]) for one in (old, new)] == wanted
        office.clock.move(days=1)


async def test_a_call_that_fails_is_tried_again_with_the_same_id_and_its_tries_are_kept(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    hook = await add(office, served.url)
    served.statuses = [500, 422]
    delivery = (await office.admin.post(f"{HOOKS}/{hook['id']}/test")).json()
    for minutes in (1, 5, 0):
        await work_outbox(office, caller=calls)
        office.clock.move(minutes=minutes)
    shown = (await office.admin.get(f"/api/deliveries/{delivery['id']}")).json()
    assert [one["status"] for one in shown["tries"]] == [204, 422, 500]
    assert shown["state"] == "sent"
    assert len({one.headers["webhook-id"] for one in served.arrived}) == 1
    listed = (await office.admin.get(f"{HOOKS}/{hook['id']}/calls")).json()["value"]
    assert [one["id"] for one in listed] == [delivery["id"]]
    again = await office.admin.post(f"/api/deliveries/{delivery['id']}/send")
    assert again.json()["code"] == "alreadyDecided"


async def test_a_receiver_that_is_away_is_asked_once_a_minute_and_holds_up_nobody(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    with receiver() as other:
        await add(office, served.url)
        await add(office, other.url)
        served.always = 503
        await tell_all(office, *(telling(f"k{n}", kind=EventKind.OVER_ASSIGNED) for n in range(30)))
        await work_outbox(office, caller=calls)
        assert len(other.arrived) == 30
        assert len(served.arrived) == 1
        served.always = 204
        office.clock.move(minutes=1)
        await work_outbox(office, caller=calls)
        assert len(served.arrived) == 31
        assert len(other.arrived) == 30


@pytest.mark.parametrize(
    ("said", "minutes"), [("600", 10), ("99999999999", 60), ("5", 1), ("soon", 1), ("-3", 1)]
)
async def test_a_receiver_that_asks_for_a_pause_has_it_within_bounds(
    office: Office, served: Receiver, calls: HttpCaller, *, said: str, minutes: int
) -> None:
    await add(office, served.url)
    served.statuses, served.retry_after = [429], said
    await tell_all(office, telling("a", kind=EventKind.OVER_ASSIGNED))
    await work_outbox(office, caller=calls)
    office.clock.move(minutes=minutes, seconds=-30)
    await work_outbox(office, caller=calls)
    assert len(served.arrived) == 1
    office.clock.move(minutes=1)
    await work_outbox(office, caller=calls)
    assert len(served.arrived) == 2


def test_a_pause_may_be_said_as_a_date() -> None:
    now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    for said, minutes in (
        ("Sat, 21 Nov 2026 09:20:00 GMT", 20),
        ("Sat, 21 Nov 2026 08:00:00 GMT", 0),
    ):
        assert pause_in(said, now=now) == timedelta(minutes=minutes)
    assert pause_in(None, now=now) is None


async def test_a_webhook_that_fails_for_long_is_disabled_and_the_administrators_are_told(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    await set_settings(office, webhooksDisabledAfterHours=2)
    hook = await add(office, served.url)
    served.always = 503
    await tell_all(office, telling("a", kind=EventKind.OVER_ASSIGNED))
    for _ in range(4):
        await work_outbox(office, caller=calls)
        office.clock.move(hours=1)
    shown = (await office.admin.get(f"{HOOKS}/{hook['id']}")).json()
    assert shown["enabled"] is False
    assert "503" in shown["disabledReason"]
    inbox = (await office.admin.get("/api/inbox")).json()["value"]
    assert inbox[0]["kind"] == "webhookDisabled"
    assert f"127.0.0.1:{served.port}" in inbox[0]["text"]
    assert "/licenses" not in inbox[0]["text"], "a path may be as good as a password"
    dead = (await office.admin.get("/api/deliveries?channel=webhook&state=dead")).json()["value"]
    refused = await office.admin.post(f"/api/deliveries/{dead[0]['id']}/send")
    assert refused.status_code == 400
    served.always = 204
    enabled = await office.admin.patch(f"{HOOKS}/{hook['id']}", json={"enabled": True})
    assert enabled.json()["failingSince"] is None
    again = await office.admin.post(f"/api/deliveries/{dead[0]['id']}/send")
    assert again.json()["state"] == "queued"
    await work_outbox(office, caller=calls)
    assert json.loads(served.arrived[-1].body)["type"] == "overAssigned"


async def test_a_receiver_that_drips_is_left_after_the_time_of_one_call(
    office: Office, served: Receiver
) -> None:
    served.drips = 0.1
    await add(office, served.url)
    await tell_all(office, telling("a", kind=EventKind.OVER_ASSIGNED))
    hasty = caller(seconds=0.4)
    began = time.monotonic()
    await work_outbox(office, caller=hasty)
    assert time.monotonic() - began < served.drips * DRIPS
    await hasty.close()
    [row] = await deliveries(office, channel="webhook")
    assert (row["state"], row["error"]) == ("queued", "There was no answer within 0.4 seconds.")


async def test_a_receiver_that_is_gone_is_called_no_more(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    hook = await add(office, served.url)
    served.always = 410
    await tell_all(office, *(telling(key, kind=EventKind.OVER_ASSIGNED) for key in "abc"))
    await work_outbox(office, caller=calls)
    assert len(served.arrived) == 1
    assert (await office.admin.get(f"{HOOKS}/{hook['id']}")).json()["enabled"] is False


async def test_a_call_that_is_being_made_is_not_given_up_and_no_other_is_made(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    hook = await add(office, served.url)
    other = await add(office, served.url)
    for _ in range(2):
        await office.admin.post(f"{HOOKS}/{hook['id']}/test")
    workshop = Workshop(database=office.database, clock=office.clock, caller=calls)
    chunk = await take_chunk(workshop, office.made.tenant.tenant_id, Channel.WEBHOOK, limit=1)
    await office.admin.patch(f"{HOOKS}/{hook['id']}", json={"enabled": False})
    rows = await deliveries(office, channel="webhook")
    assert [row["state"] for row in rows] == ["queued", "dead"]
    await chunk.give_back()
    await work_outbox(office, caller=calls)
    rows = await deliveries(office, channel="webhook")
    assert [row["state"] for row in rows] == ["dead", "dead"]
    assert served.arrived == []
    await office.admin.post(f"{HOOKS}/{other['id']}/test")
    moved = "https://moved.example/secret"
    await office.admin.patch(f"{HOOKS}/{other['id']}", json={"url": moved})
    rows = await deliveries(office, channel="webhook")
    assert rows[-1]["address"] == "moved.example"


async def test_no_webhook_leads_into_a_private_network(office: Office, served: Receiver) -> None:
    strict = HttpCaller()
    served.location = "http://127.0.0.1:1/"
    await add(office, served.url)
    await add(office, f"https://localhost:{served.port}/")
    await tell_all(office, telling("a", kind=EventKind.OVER_ASSIGNED))
    await work_outbox(office, caller=strict)
    await strict.close()
    assert served.arrived == []
    errors = [row["error"] for row in await deliveries(office, channel="webhook")]
    assert all("SEATWRIGHT_WEBHOOK_NETWORKS" in one for one in errors)
    told = [one for one in errors if one.startswith("localhost")]
    assert told and all("127." not in one and "::1" not in one for one in told)


async def test_a_redirect_is_not_followed(
    office: Office, served: Receiver, calls: HttpCaller
) -> None:
    with receiver() as inner:
        served.always, served.location = 307, inner.url
        await add(office, served.url)
        await tell_all(office, telling("a", kind=EventKind.OVER_ASSIGNED))
        await work_outbox(office, caller=calls)
        assert (len(served.arrived), inner.arrived) == (1, [])


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "0.0.0.0",  # noqa: S104  # Nothing is bound to it.
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "::",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_not_called(text: str) -> None:
    assert not may_call(ip_address(text), allowed=())


def test_the_internet_and_allowed_networks_are_called() -> None:
    assert may_call(ip_address("93.184.215.14"), allowed=())
    assert may_call(ip_address("2606:2800:21f:cb07:6820:80da:af6b:8b2c"), allowed=())
    assert may_call(ip_address("::ffff:10.0.0.1"), allowed=[ip_network("10.0.0.0/24")])


async def test_an_address_that_does_not_fit_is_refused(office: Office) -> None:
    for url in (
        "http://hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com/#part",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/\r\nx: y",
        "https:///path",
        "hooks.example.com",
        "https://" + "a" * 2000,
    ):
        answer = await office.admin.post(HOOKS, json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalidValue"), url
