"""How an organization words its mails, and which kinds it mails at all."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.app.telling.scene import AS_IT_CAME, read_scene, words_with
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.mail_templates import EVERYWHERE, Rendered, check_words, render
from seatwright.domain.mail_words import WORDS, MailWords
from seatwright.domain.telling import EventKind
from seatwright.domain.telling_fields import FIELDS
from seatwright.postgres.mail_choices import ChosenWords, delete_words, read_words, write_words
from seatwright.postgres.queue import wake_deliveries
from seatwright.postgres.tellings import route_unworded


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOfMail:
    """A kind of mail as it is worded here; `is_changed` when otherwise than it came."""

    kind: EventKind
    is_on: bool
    words: MailWords
    is_changed: bool

    @property
    def names(self) -> tuple[str, ...]:
        """What its words may name."""
        return (*FIELDS[self.kind], *EVERYWHERE)


def parse_kind(text: str, *, is_in_body: bool = False) -> EventKind:
    """The kind of event of a name, whatever its case.

    Raises Refusal unknownMailKind.
    """
    for kind in EventKind:
        if kind.value.lower() == text.lower():
            return kind
    raise Refusal(
        Reason.UNKNOWN_MAIL_KIND,
        f"There is no kind of mail “{text[:60]}”. There are:"
        f" {', '.join(one.value for one in EventKind)}.",
        is_in_body=is_in_body,
    )


async def kinds_of_mail(call: Call) -> list[KindOfMail]:
    """Every kind, as it is worded here."""
    chosen = await read_words(call.tx)
    return [_of(kind, chosen.get(kind)) for kind in EventKind]


async def kind_of_mail(call: Call, kind: EventKind) -> KindOfMail:
    """One kind, as it is worded here."""
    return _of(kind, (await read_words(call.tx)).get(kind))


def _of(kind: EventKind, chosen: ChosenWords | None) -> KindOfMail:
    there = chosen or AS_IT_CAME
    words = words_with(kind, there)
    return KindOfMail(kind=kind, is_on=there.is_on, words=words, is_changed=words != WORDS[kind])


async def change_words(
    call: Call,
    kind: EventKind,
    *,
    subject: str | None,
    body: str | None,
    is_on: bool | None,
) -> KindOfMail:
    """Word a kind of mail, or have it mailed or not; None leaves what is.

    Raises Refusal invalidValue for words that could not be sent.
    """
    there = (await read_words(call.tx)).get(kind, AS_IT_CAME)
    words = words_with(kind, there)
    wanted = MailWords(
        subject=words.subject if subject is None else subject,
        body=words.body if body is None else body.replace("\r\n", "\n"),
    )
    check_words(kind, wanted)
    shipped = WORDS[kind]
    new = ChosenWords(
        is_on=there.is_on if is_on is None else is_on,
        subject=None if wanted.subject == shipped.subject else wanted.subject,
        body=None if wanted.body == shipped.body else wanted.body,
    )
    await write_words(call.tx, kind, new, at=call.now)
    await _try_again(call, kind)
    await _record(call, kind, on=new.is_on)
    return _of(kind, new)


async def restore_words(call: Call, kind: EventKind) -> KindOfMail:
    """Word a kind of mail as it came, and have it mailed."""
    if await delete_words(call.tx, kind):
        await _try_again(call, kind)
        await _record(call, kind, restored=True)
    return _of(kind, None)


async def _try_again(call: Call, kind: EventKind) -> None:
    """Have what could not be worded before worded anew."""
    if await route_unworded(call.tx, kind):
        await wake_deliveries(call.tx)


async def show_words(
    call: Call, kind: EventKind, *, subject: str | None, body: str | None
) -> Rendered:
    """What a mail of sample data would look like, with these words or those that are.

    Raises Refusal invalidValue for words that could not be sent.
    """
    scene = await read_scene(call)
    words = scene.words_of(kind)
    wanted = MailWords(
        subject=words.subject if subject is None else subject,
        body=words.body if body is None else body,
    )
    check_words(kind, wanted)
    return render(
        wanted,
        FIELDS[kind],
        recipient="Ada Nilsen",
        organization=scene.organization,
        zone=scene.zone,
    )


async def _record(call: Call, kind: EventKind, **detail: object) -> None:
    line = HistoryLine(
        action=HistoryAction.MAIL_WORDS_CHANGED, detail={"kind": kind.value, **detail}
    )
    await record(call, line)
