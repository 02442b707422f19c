"""The language of the pages: every string goes through gettext, one catalogue for each language.

Which language a call is answered in is known to whatever runs in that call, and to nothing else: a
context variable, as each call is a task of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Final

from babel import Locale

from seatwright.web.portal.frame.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Language:
    """A language that pages are in: their own strings, and the sentences of the domain.

    `locale` says how numbers and dates are written; None leaves that to what the browser asks for.
    """

    tag: str = "en"
    direction: str = "ltr"
    locale: Locale | None = None
    translations: NullTranslations = field(default_factory=NullTranslations)
    sentences: Sentences | None = None


ENGLISH: Final = Language()
"""What the strings are written in."""

_spoken: ContextVar[Language] = ContextVar("language", default=ENGLISH)


def spoken() -> Language:
    """The language that this call is answered in."""
    return _spoken.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Answer in this language what is done inside."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def gettext(message: str) -> str:
    """A message in the reader's language; what the domain has words for is found as well."""
    found = _spoken.get().translations.gettext(message)
    return found if found is not message else said_part(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """A message in the reader's language, for one or for several."""
    return _spoken.get().translations.ngettext(singular, plural, count)


def said(sentence: str) -> str:
    """A finished sentence of the domain, or several, in the reader's language.

    For what the domain tells and nothing else: never for what somebody wrote, a name, or a value of
    a form. What is no known sentence stays as it is.
    """
    sentences = _spoken.get().sentences
    return sentence if sentences is None else sentences.said(sentence)


def said_part(words: str) -> str:
    """A part of a sentence that the domain made, such as a label, in the reader's language."""
    sentences = _spoken.get().sentences
    return words if sentences is None else sentences.said_part(words)


def marked(message: str) -> str:
    """Mark a message for the catalogue of strings, where it is kept until it is shown."""
    return message
