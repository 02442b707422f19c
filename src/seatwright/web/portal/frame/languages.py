"""Languages that are there: a file `de.po` for each, made from `messages.pot` by a translator.

They lie beside `messages.pot`, or in the directory of the setting `SEATWRIGHT_LANGUAGES_DIR`. A
translation that cannot be filled in (a place is misspelt, say) is left out, and its string stays
English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from gettext import GNUTranslations
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Final

import structlog
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from seatwright.web.portal.frame.language import ENGLISH, Language
from seatwright.web.portal.frame.sentences import Sentences

log = structlog.get_logger(__name__)

SENTENCE: Final = "sentence"
"""The context of what the domain tells: those messages are patterns of finished sentences."""

LANGUAGES_READ_MAX: Final = 10
"""So many languages of a browser's list are looked at."""

_SHIPPED: Final = Path(str(files("seatwright.web.portal")))
_NAMED: Final = re.compile(r"%\((\w+)\)")


class LanguageError(Exception):
    """A file of translations cannot be used; the message names it and says what to do."""


class Languages:
    """The languages that pages can be answered in; English is always one."""

    __slots__ = ("_by_locale",)

    def __init__(self, languages: Mapping[str, Language] | None = None) -> None:
        self._by_locale = dict(languages or {})

    def asked_for(self, accept_language: str) -> Language:
        """The first language of a browser's list that is there; English without one.

        `de-AT` is served by `de_AT.po`, else by `de.po`, with numbers and dates as in Austria.
        """
        if not self._by_locale:
            return ENGLISH
        for part in accept_language.split(",")[:LANGUAGES_READ_MAX]:
            locale = locale_of(part.partition(";")[0].strip())
            if locale is None:
                continue
            for name in (str(locale), f"{locale.language}_{locale.script}", locale.language):
                if name in self._by_locale:
                    return replace(self._by_locale[name], locale=locale)
            if locale.language == ENGLISH.tag:
                return ENGLISH
        return ENGLISH


def locale_of(tag: str) -> Locale | None:
    """The locale of a tag such as `de-AT`; None for one that Babel does not know."""
    try:
        return Locale.parse(tag, sep="-") if tag and tag != "*" else None
    except (UnknownLocaleError, ValueError):
        return None


def languages_in(directory: Path | None = None) -> Languages:
    """The languages that ship, and those of a directory; of two files for one, the latter.

    Raises LanguageError for a file that is no catalogue, or whose name is no language.
    """
    found: dict[str, Language] = {}
    for folder in (_SHIPPED, *(() if directory is None else (directory,))):
        if not folder.is_dir():
            raise LanguageError(
                f"{folder} is no directory: make it, and put files such as de.po in"
            )
        for path in sorted(folder.glob("*.po")):
            language = read_language(path)
            found[str(language.locale)] = language
    return Languages(found)


def read_catalogue(path: Path) -> Catalog:
    """The translations of one file, whose name is its language; raises LanguageError."""
    locale = locale_of(path.stem.replace("_", "-"))
    if locale is None:
        raise LanguageError(f"{path} is named after no language: name it as de.po or pt_BR.po is.")
    try:
        with path.open("rb") as file:
            return read_po(file, locale=locale, ignore_obsolete=True, abort_invalid=True)
    except (OSError, PoFileError, UnicodeDecodeError) as error:
        raise LanguageError(f"{path} cannot be read as a catalogue of strings: {error}") from error


def read_language(path: Path) -> Language:
    """The language of one file; raises LanguageError."""
    catalogue = read_catalogue(path)
    locale = catalogue.locale
    assert locale is not None, "it was read in one"
    drop_misfits(catalogue, path)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    told = {
        str(one.id): str(one.string)
        for one in catalogue
        if one.context == SENTENCE and one.string and not one.fuzzy
    }
    return Language(
        tag=str(locale).replace("_", "-"),
        direction=locale.text_direction,
        locale=locale,
        translations=GNUTranslations(compiled),
        sentences=Sentences(told),
    )


def drop_misfits(catalogue: Catalog, path: Path) -> None:
    """Take out what would fail when it is shown, and say so in the log."""
    for message in [one for one in catalogue if one.id and one.string and not fits(one)]:
        log.warning("a translation does not fit its string", file=str(path), string=message.id)
        catalogue.delete(message.id, message.context)


def fits(message: Message) -> bool:
    """Whether a translation can be filled in with what its string is filled in with."""
    strings, texts = _each(message.id), _each(message.string)
    values = dict.fromkeys(_NAMED.findall(" ".join(strings)), 1)
    if not _fills(strings[0], values):
        # It is shown as it is, with a percent sign of its own.
        return True
    return all(_fills(one, values) for one in texts)


def _each(text: Sequence[str] | str | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def _fills(text: str, values: Mapping[str, int]) -> bool:
    try:
        text % values
    except (KeyError, TypeError, ValueError):
        return False
    return True
