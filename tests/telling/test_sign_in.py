"""Signing in to a mail server: what it refuses holds mails up, and no password is ever shown."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from seatwright.bootstrap import mailer_of
from seatwright.settings import Settings, SettingsError
from tests.office import Office
from tests.telling.mailbox import Mailbox, free_port, mail_server
from tests.telling.scene import deliveries, tell_all, telling, work_outbox
from tests.world import add_people

PASSWORD = "not-to-be-shown"


def authenticate(  # noqa: PLR0917  # The library calls it so.
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object
) -> AuthResult:
    """Let in whoever has the password."""
    del server, session, envelope, mechanism
    assert isinstance(auth_data, LoginPassword)
    return AuthResult(success=auth_data.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    options = {
        "authenticator": authenticate,
        "auth_require_tls": False,
    }
    with mail_server(Mailbox(port=free_port()), **options) as served:
        yield served


async def test_a_wrong_password_holds_mails_up_and_is_not_shown(
    office: Office, mailbox: Mailbox, capfd: pytest.CaptureFixture[str]
) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("x", ada))
    wrong = mailbox.mailer(user="licenses", password=f"{PASSWORD}-wrong")
    assert PASSWORD not in repr(wrong)
    await work_outbox(office, wrong)
    [row] = await deliveries(office)
    assert (row["state"], row["attempts"]) == ("queued", 0)
    assert row["error"].startswith("535")
    shown = json.dumps((await office.admin.get("/api/deliveries")).json())
    assert PASSWORD not in shown + "".join(capfd.readouterr())
    office.clock.move(minutes=1)
    await work_outbox(office, mailbox.mailer(user="licenses", password=PASSWORD))
    assert mailbox.addresses == ["ada@contoso.example"]


async def test_a_server_that_speaks_no_tls_gets_nothing_over_starttls(
    office: Office, mailbox: Mailbox
) -> None:
    [ada] = await add_people(office, "ada")
    await tell_all(office, telling("x", ada))
    await work_outbox(
        office, mailbox.mailer(user="licenses", password=PASSWORD, security="starttls")
    )
    [row] = await deliveries(office)
    assert row["state"] == "queued"
    assert mailbox.arrived == []


def test_the_settings_of_a_mail_server_are_read_and_refused_with_the_rule(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("mail") / "password"
    file.write_text(f"{PASSWORD}\n")
    given = {
        "SEATWRIGHT_MAIL_HOST": "smtp.contoso.example",
        "SEATWRIGHT_MAIL_FROM": "Licenses <licenses@contoso.example>",
        "SEATWRIGHT_MAIL_USER": "licenses",
        "SEATWRIGHT_MAIL_PASSWORD_FILE": str(file),
    }
    assert mailer_of(Settings.from_environment({})) is None
    settings = Settings.from_environment(given)
    assert mailer_of(settings) is not None
    assert (settings.mail_port, settings.mail_security) == (587, "starttls")
    secret = Settings.from_environment({**given, "SEATWRIGHT_MAIL_PASSWORD": PASSWORD})
    assert PASSWORD not in repr(secret)
    assert Settings.from_environment(secret.to_environment()) == secret
    for name, value, says in (
        ("MAIL_FROM", "", "MAIL_FROM is not"),
        ("MAIL_FROM", "nobody", "one mail address"),
        ("MAIL_FROM", "a@b.example\nBcc: c@d.example", "one mail address"),
        ("MAIL_SECURITY", "ssl", "starttls, tls, none"),
        ("MAIL_PORT", "0", "from 1 to"),
        ("WEBHOOK_NETWORKS", "10.0.0.1/8", "Give networks"),
    ):
        with pytest.raises(SettingsError, match=says):
            Settings.from_environment({**given, f"SEATWRIGHT_{name}": value})
    file.unlink()
    with pytest.raises(SettingsError, match="cannot be read"):
        mailer_of(settings)
