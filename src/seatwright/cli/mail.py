"""`seatwright mail`: what was sent or would be, in which words, and who wants which."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from seatwright.cli.client import Json, api_path, open_api
from seatwright.cli.endings import EXIT_CODES
from seatwright.cli.options import AsJson, Limit, Person, ShowAll, given, rows_wanted
from seatwright.cli.preview import previewable
from seatwright.cli.screen import print_json, say
from seatwright.cli.tables import Column, moment, show_facts, show_list

mail_commands = typer.Typer(
    help="Mails: what was sent or would be, in which words, and who wants which.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
)

MailId: TypeAlias = Annotated[
    str, typer.Argument(metavar="MAIL", help="A mail's id: `seatwright mail list`.")
]
Kind: TypeAlias = Annotated[
    str, typer.Argument(metavar="KIND", help="A kind of mail: `seatwright mail kinds`.")
]

DELIVERIES = (
    Column(title="Id", cell="id", is_small=True),
    Column(title="To", cell="address"),
    Column(title="What", cell=lambda row: row["subject"] or row["kind"]),
    Column(title="State", cell="state"),
    Column(title="Written (UTC)", cell=moment("createdAt")),
    Column(title="Answer", cell="error", is_prose=True, is_optional=True),
)
_KINDS = (
    Column(title="Kind", cell="kind"),
    Column(title="Mailed", cell=lambda row: "yes" if row["mailed"] else "no"),
    Column(title="Words", cell=lambda row: "own" if row["changed"] else "as they came"),
    Column(title="Subject", cell="subject", is_prose=True),
)


@mail_commands.command("list", epilog=EXIT_CODES)
def list_(
    *,
    state: Annotated[
        str | None, typer.Option(help="Only queued, sent, shown (no server is set) or dead.")
    ] = None,
    limit: Limit = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
) -> None:
    """List mails, newest first."""
    wanted = rows_wanted(limit=limit, show_all=show_all, as_json=as_json)
    query = {"channel": "mail", "state": state}
    with open_api() as api:
        found = api.listing(api_path("deliveries"), query=query, limit=wanted)
    show_list(found, DELIVERIES, empty="There are no such mails.", as_json=as_json)


@mail_commands.command("show", epilog=EXIT_CODES)
def show(mail: MailId, *, as_json: AsJson = False) -> None:
    """Show a mail as it was sent or would be, with what the server said."""
    with open_api() as api:
        found = api.read(api_path("deliveries", mail))
    if as_json:
        print_json(found)
        return
    show_facts(
        [
            ("To", found["address"]),
            ("Subject", found["subject"]),
            ("State", found["state"]),
            ("Tries", found["attempts"]),
            ("Written (UTC)", moment("createdAt")(found)),
            ("Next try (UTC)", moment("nextAt")(found)),
            ("Answer", found["error"]),
        ]
    )
    _say_text(found["text"])


@mail_commands.command("send", epilog=EXIT_CODES)
@previewable()
def send(mail: MailId) -> None:
    """Send a mail that was given up, or only shown."""
    with open_api() as api:
        found = api.write("POST", api_path("deliveries", mail, "send"))
    say(f"It is tried again: “{found['subject']}” to {found['address']}.")


@mail_commands.command("test", epilog=EXIT_CODES)
@previewable()
def send_test(
    to: Annotated[
        str | None,
        typer.Argument(metavar="ADDRESS", help="Without one: you, else the administrators."),
    ] = None,
) -> None:
    """Send a test mail, and keep what the server answers."""
    with open_api() as api:
        found = api.write("POST", api_path("deliveries", "test-mail"), body=given(to=to))
    say(f"A test mail to {found['address']} is on its way: seatwright mail show {found['id']}")


@mail_commands.command("kinds", epilog=EXIT_CODES)
def kinds(*, as_json: AsJson = False) -> None:
    """List the kinds of mail, and which are worded otherwise than they came."""
    with open_api() as api:
        found = api.listing(api_path("mail-templates"), limit=None)
    show_list(found, _KINDS, empty="There are no kinds.", as_json=as_json)


@mail_commands.command("words", epilog=EXIT_CODES)
def words(kind: Kind, *, as_json: AsJson = False) -> None:
    """Show the words of a kind of mail, and which names they may hold."""
    with open_api() as api:
        found = api.read(api_path("mail-templates", kind))
    if as_json:
        print_json(found)
        return
    names = ", ".join(found["names"])
    show_facts(
        [("Kind", found["kind"]), ("Mailed", "yes" if found["mailed"] else "no"), ("Names", names)]
    )
    say("")
    say(f"Subject: {found['subject']}")
    _say_text(found["text"])


@mail_commands.command("reword", epilog=EXIT_CODES)
@previewable()
def reword(
    kind: Kind,
    *,
    subject: Annotated[str | None, typer.Option(help="The subject, with {{ names }}.")] = None,
    text_file: Annotated[
        Path | None,
        typer.Option("--text", exists=True, dir_okay=False, help="A file with the text."),
    ] = None,
    mailed: Annotated[
        bool | None, typer.Option("--mailed/--not-mailed", help="Whether it is mailed at all.")
    ] = None,
) -> None:
    """Word a kind of mail, or have it mailed or not."""
    text = None if text_file is None else text_file.read_text()
    body = given(subject=subject, text=text, mailed=mailed)
    with open_api() as api:
        found = api.write("PATCH", api_path("mail-templates", kind), body=body)
    mailing = "is mailed" if found["mailed"] else "is not mailed"
    say(f"{found['kind']} {mailing}. Subject: {found['subject']}")


@mail_commands.command("restore", epilog=EXIT_CODES)
@previewable()
def restore(kind: Kind) -> None:
    """Word a kind of mail as it came, and have it mailed."""
    with open_api() as api:
        found = api.write("DELETE", api_path("mail-templates", kind))
    say(f"{found['kind']} is worded as it came. Subject: {found['subject']}")


@mail_commands.command("sample", epilog=EXIT_CODES)
def sample(kind: Kind, *, as_json: AsJson = False) -> None:
    """Show a kind of mail with sample data."""
    with open_api() as api:
        found = api.write("POST", api_path("mail-templates", kind, "sample"), body={})
    if as_json:
        print_json(found)
    else:
        say(f"Subject: {found['subject']}")
        _say_text(found["text"])


@mail_commands.command("preferences", epilog=EXIT_CODES)
def preferences(person: Person, *, as_json: AsJson = False) -> None:
    """Show what a person is mailed."""
    with open_api() as api:
        found = api.read(api_path("identity", "users", person, "mail-preferences"))
    _tell(person, found, as_json=as_json)


@mail_commands.command("choose", epilog=EXIT_CODES)
@previewable()
def choose(
    person: Person,
    *,
    mail: Annotated[
        bool | None, typer.Option("--mail/--no-mail", help="Whether they are mailed at all.")
    ] = None,
    daily: Annotated[
        bool | None,
        typer.Option("--daily/--at-once", help="Decisions that wait: in one mail a day."),
    ] = None,
    mute: Annotated[
        list[str] | None,
        typer.Option("--mute", metavar="KIND", help="Not mailed; again for more, `none` for none."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Choose what a person is mailed; the inbox has everything."""
    muted = None if mute is None else [kind for kind in mute if kind != "none"]
    body = given(mail=mail, daily=daily, muted=muted)
    with open_api() as api:
        path = api_path("identity", "users", person, "mail-preferences")
        found = api.write("PATCH", path, body=body)
    _tell(person, found, as_json=as_json)


def _say_text(text: str) -> None:
    """Print the text of a mail line by line, as it is."""
    say("")
    for line in text.rstrip().split("\n"):
        say(line)


def _tell(person: str, found: Json, *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    if not found["mail"]:
        say(f"{person} is mailed nothing; the inbox has everything.")
        return
    when = "once a day" if found["daily"] else "at once"
    but = f", but not {', '.join(found['muted'])}" if found["muted"] else ""
    say(f"{person} is mailed everything{but}. Decisions that wait come {when}.")
