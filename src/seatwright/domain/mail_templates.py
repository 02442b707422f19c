"""Putting names into the words of a mail; and saying why words do not fit.

A template holds text and placeholders, and nothing that runs: whoever may word a mail can neither
read what is not theirs nor keep a worker busy. Values go in as they are and are escaped once, as
text for the plain part and as HTML for the other, so that a name can be neither.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.mail_words import MailWords
from seatwright.domain.telling import EventKind, FieldValue
from seatwright.domain.telling_fields import FIELDS

SUBJECT_CHARACTERS_MAX: Final = 250
BODY_CHARACTERS_MAX: Final = 10_000
EVERYWHERE: Final = ("recipient", "organization")
"""What every kind of mail can name beside its own fields."""

MOMENTS: Final = frozenset(
    {"askedAt", "decideBy", "dueAt", "expiredAt", "expiresAt", "nextAt", "since", "until"}
)
"""Fields that are moments, shown in the tenant's time zone."""

_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LINK: Final = re.compile(r"https?://[^\s<>\"'&]+(?:&amp;[^\s<>\"'&]+)*")
_PAGE: Final = (
    '<!doctype html><html><head><meta charset="utf-8"></head>'
    "<body style=\"font-family:'Segoe UI',system-ui,sans-serif;font-size:14px;line-height:20px;"
    'color:#201f1e">{paragraphs}</body></html>'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A mail as it will be sent."""

    subject: str
    body: str
    html: str


def check_words(kind: EventKind, words: MailWords) -> None:
    """Refuse words that could not be sent.

    Raises Refusal invalidValue: too long, empty, a subject of two lines, or a name that is none.
    """
    for what, text, most in (
        ("subject", words.subject, SUBJECT_CHARACTERS_MAX),
        ("text", words.body, BODY_CHARACTERS_MAX),
    ):
        if not text.strip() or len(text) > most:
            raise _unfit(kind, f"the {what} has {len(text):,} characters: give 1 to {most:,}.")
        _check_names(kind, what, text)
    if not words.subject.isprintable():
        raise _unfit(kind, "the subject holds a line break or control character: give one line.")
    if any(not one.isprintable() for one in words.body if one not in "\n\t"):
        raise _unfit(kind, "the text holds a control character: leave it out.")


def _check_names(kind: EventKind, what: str, text: str) -> None:
    known = (*FIELDS[kind], *EVERYWHERE)
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            raise _unfit(kind, f"the {what} names “{name}”. There are: {', '.join(known)}.")
    rest = _PLACEHOLDER.sub("", text)
    for braces in ("{{", "}}"):
        if braces in rest:
            raise _unfit(
                kind, f"the {what} has a lone {braces}: a name is written {{{{ product }}}}."
            )


def _unfit(kind: EventKind, why: str) -> Refusal:
    return Refusal(Reason.INVALID_VALUE, f"The mail {kind.value} cannot be worded so: {why}")


def render(
    words: MailWords,
    data: Mapping[str, FieldValue],
    *,
    recipient: str,
    organization: str,
    zone: tzinfo,
) -> Rendered:
    """Put names into words; a line that names something which there is not is left out."""
    values: dict[str, str | None] = {
        name: _shown(name, value, zone=zone) for name, value in data.items()
    }
    values |= {"recipient": one_line(recipient), "organization": one_line(organization)}
    kept = [line for line in words.body.split("\n") if _has_all(line, values)]
    body = "\n".join(_filled(line, values) for line in kept).strip() + "\n"
    subject = one_line(_filled(words.subject, values))[:SUBJECT_CHARACTERS_MAX]
    return Rendered(subject=subject, body=body, html=as_html(body))


def bare_facts(kind: EventKind, data: Mapping[str, FieldValue]) -> Rendered:
    """What happened and its fields, as they are: for facts that no words fit."""
    body = "".join(f"{one_line(name)}: {one_line(str(value))}\n" for name, value in data.items())
    return Rendered(subject=kind.value, body=body, html=as_html(body))


def _has_all(line: str, values: Mapping[str, str | None]) -> bool:
    return all(values.get(name) for name in _PLACEHOLDER.findall(line))


def _filled(text: str, values: Mapping[str, str | None]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or "", text)


def _shown(name: str, value: FieldValue, *, zone: tzinfo) -> str | None:
    if value is None:
        return None
    if isinstance(value, int):
        return f"{value:,}"
    if name in MOMENTS:
        return moment(datetime.fromisoformat(value), zone=zone)
    return one_line(value)


def moment(at: datetime, *, zone: tzinfo) -> str:
    """A moment as people of a time zone read it."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y} at {local:%H:%M} ({local.tzname()})"


def one_line(text: str) -> str:
    """Text without anything that could end a header, or the line that it stands in."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def as_html(body: str) -> str:
    """Plain text as a small page: paragraphs, line breaks, and addresses as links."""
    paragraphs = [
        "<p>" + _LINK.sub(_anchor, html.escape(block.strip())).replace("\n", "<br>") + "</p>"
        for block in re.split(r"\n\s*\n", body)
        if block.strip()
    ]
    return _PAGE.format(paragraphs="".join(paragraphs))


def _anchor(found: re.Match[str]) -> str:
    return f'<a href="{found[0]}">{found[0]}</a>'
