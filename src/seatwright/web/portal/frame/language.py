"""The language of the pages: every string goes through gettext, one catalogue for each language."""

from __future__ import annotations

from gettext import NullTranslations
from typing import Final

TRANSLATIONS: Final = NullTranslations()
"""What pages and Python strings are translated by; another language is a catalogue beside them."""


def gettext(message: str) -> str:
    """A message in the reader's language."""
    return TRANSLATIONS.gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """A message in the reader's language, for one or for several."""
    return TRANSLATIONS.ngettext(singular, plural, count)


def marked(message: str) -> str:
    """Mark a message for the catalogue of strings, where it is kept until it is shown."""
    return message
