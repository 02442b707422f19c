"""Mails, webhooks and the inbox from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from seatwright.cli.endings import Ending
from tests.cli.conftest import ServedOffice


def test_a_kind_of_mail_is_worded_looked_at_and_restored(
    served_office: ServedOffice, tmp_path: Path
) -> None:
    text = tmp_path / "words.txt"
    text.write_text("Hei {{ recipient }}\n\n{{ product }} slutter.\n")
    done = served_office.done
    said = done(
        *("mail", "reword", "assignmentExpiring", "--subject", "Slutt: {{ product }}"),
        *("--text", str(text)),
    )
    assert "assignmentExpiring is mailed. Subject: Slutt: {{ product }}" in said
    sample = done("mail", "sample", "assignmentExpiring")
    assert "Subject: Slutt: Microsoft 365 E3\n\nHei Ada Nilsen\n\nMicrosoft 365 E3" in sample
    assert "own" in done("mail", "kinds")
    assert "recipient, organization" in " ".join(done("mail", "words", "overAssigned").split())
    assert "as it came" in done("mail", "restore", "assignmentExpiring")
    assert "no such mails" in done("mail", "list", "--state", "dead")


def test_a_person_chooses_and_the_inbox_is_read(served_office: ServedOffice) -> None:
    done = served_office.done
    done("users", "create", "ada@contoso.example", "--name", "Ada")
    said = done("mail", "choose", "ada@contoso.example", "--daily", "--mute", "overAssigned")
    assert "but not overAssigned. Decisions that wait come once a day." in " ".join(said.split())
    told = json.loads(done("mail", "preferences", "ada@contoso.example", "--json"))
    assert told == {"mail": True, "daily": True, "muted": ["overAssigned"]}
    sent = " ".join(done("mail", "test", "ada@contoso.example").split())
    assert "A test mail to ada@contoso.example is on its way" in sent
    assert "Nothing was told" in done("inbox", "list")
    assert "0 things are read" in done("inbox", "read", "--all")


def test_a_webhook_is_added_tried_rotated_disabled_and_removed(
    served_office: ServedOffice,
) -> None:
    done = served_office.done
    made = json.loads(done("webhooks", "add", "https://hooks.example.com/x", "--json"))
    hook = made["id"]
    assert made["secret"].startswith("whsec_")
    listed = done("webhooks", "list")
    assert "hooks.example.com" in listed and made["secret"] not in listed
    assert "on its way" in done("webhooks", "test", hook)
    assert "webhookTest" in done("webhooks", "calls", hook)
    rotated = done("webhooks", "rotate", hook)
    assert "whsec_" in rotated and made["secret"] not in rotated
    assert "is disabled" in done("webhooks", "change", hook, "--disable")
    assert "disabled" in done("webhooks", "show", hook)
    changed = done("webhooks", "change", hook, "--enable", "--kind", "overAssigned")
    assert "is enabled, for overAssigned events" in changed
    done("webhooks", "remove", hook)
    assert "There are no webhooks" in done("webhooks", "list")


def test_reading_needs_to_be_told_what(served_office: ServedOffice) -> None:
    result = served_office.run("inbox", "read")
    assert result.exit_code == Ending.USAGE
