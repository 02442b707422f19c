"""Who tells what: reports that are there, claims that go, seats that run out, removals held."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.auto_claim import buy, give_claim, make, turn_on
from tests.office import Office
from tests.reports import tick, work_runs
from tests.telling.mailbox import Mailbox, free_port, mail_server, parts
from tests.telling.scene import set_settings, work_outbox
from tests.world import add_group, add_people, set_seats

SCHEDULES = "/api/reports/inventory/schedules"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox(port=free_port())) as served:
        yield served


async def inbox(office: Office, kind: str) -> list[dict[str, Any]]:
    rows = (await office.admin.get("/api/inbox")).json()["value"]
    return [row for row in rows if row["kind"] == kind]


def attachments(mail: EmailMessage) -> list[tuple[str | None, bytes]]:
    found = []
    for one in mail.iter_attachments():
        content = one.get_content()
        found.append(
            (one.get_filename(), content if isinstance(content, bytes) else content.encode())
        )
    return found


async def test_a_scheduled_report_is_mailed_once_with_its_file(
    office: Office, mailbox: Mailbox
) -> None:
    to = ["chief@contoso.example", "money@contoso.example"]
    for workbook in (False, True):
        answer = await office.admin.post(
            SCHEDULES,
            json={"cadence": "daily", "at": "06:30", "recipients": to, "workbook": workbook},
        )
        assert answer.json()["recipients"] == to
    refused = await office.admin.post(
        SCHEDULES, json={"cadence": "daily", "at": "06:30", "recipients": ["x\nBcc: y@z.example"]}
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue")
    office.clock.time = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
    for _ in range(2):
        await tick(office)
        await work_runs(office)
        await work_outbox(office, mailbox.mailer())
    assert sorted(mailbox.addresses) == sorted(to * 2)
    files = dict(one for mail in mailbox.arrived for one in attachments(mail))
    assert sorted(str(name) for name in files) == [
        "inventory-2026-11-22.csv",
        "inventory-2026-11-22.xlsx",
    ]
    assert files["inventory-2026-11-22.csv"].startswith(b"product,skuPartNumber,")
    CalamineWorkbook.from_filelike(io.BytesIO(files["inventory-2026-11-22.xlsx"]))
    plain, _ = parts(mailbox.arrived[0])
    assert "It is attached" in plain


async def test_a_schedule_changes_whom_it_is_mailed_to(office: Office) -> None:
    made = (await office.admin.post(SCHEDULES, json={"cadence": "daily", "at": "06:30"})).json()
    path = f"{SCHEDULES}/{made['id']}"
    for recipients in (["a@contoso.example"], []):
        changed = await office.admin.patch(path, json={"recipients": recipients})
        assert changed.json()["recipients"] == recipients


async def test_whoever_does_not_use_a_claim_is_told_before_it_goes(
    office: Office, mailbox: Mailbox
) -> None:
    await add_people(office, "ada")
    await turn_on(office)
    await make(office, releaseAfterDays=30, noticeDays=7, alertBelow=20)
    await buy(office, "POWERAPPS_PER_USER", 10)
    await give_claim(office, "Makers", "ada")
    await set_settings(office, administratorAddresses="chief@contoso.example")
    office.clock.move(days=23)
    await tick(office)
    await tick(office)
    await work_outbox(office, mailbox.mailer())
    assert sorted(mailbox.addresses) == ["ada@contoso.example", "chief@contoso.example"]
    told = dict(zip(mailbox.addresses, mailbox.arrived, strict=True))
    plain, _ = parts(told["ada@contoso.example"])
    assert "given back on 21 December 2026" in plain
    [low] = await inbox(office, "seatsRunningOut")
    assert low["data"]["seatsFree"] == 9


async def test_removals_that_are_held_are_told_to_the_administrators_once(office: Office) -> None:
    names = [f"p{number:02}" for number in range(14)]
    people = await add_people(office, *names)
    await set_seats(office, "SPE_E3", 20)
    group = f"/api/identity/groups/{await add_group(office, 'Crowd', people)}/licenses"
    given = await office.admin.post(group, json={"skuPartNumber": "SPE_E3"})
    assert given.status_code < 300, given.text
    looked = await office.admin.delete(f"{group}/SPE_E3?preview=true")
    assert looked.status_code == 200
    assert await inbox(office, "heldForApproval") == []
    removed = await office.admin.delete(f"{group}/SPE_E3")
    assert removed.status_code == 202, removed.text
    [held] = await inbox(office, "heldForApproval")
    assert held["data"]["people"] == 14
    assert held["subject"] == "Microsoft 365 E3: 14 removals wait for approval"
