"""Templates become pages here: strings by gettext, numbers and dates by the reader's locale."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from seatwright.domain.exports import ListName
from seatwright.web.portal.frame.addresses import buy_path
from seatwright.web.portal.frame.language import ENGLISH, gettext, ngettext, said, said_part, spoken
from seatwright.web.portal.frame.languages import LANGUAGES_READ_MAX, locale_of
from seatwright.web.portal.frame.words import reason_words, source_words, words

_LOCALE_DEFAULT: Final = "en"
_DAY: Final = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d)\b")

STATIC: Final[Mapping[str, str]] = {
    "portal.css": "text/css; charset=utf-8",
    "portal.js": "text/javascript; charset=utf-8",
    "search.js": "text/javascript; charset=utf-8",
    "progress.js": "text/javascript; charset=utf-8",
    # htmx 2.0.11 as its package has it, under the Zero-Clause BSD license.
    "htmx.min.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""What the pages load beside themselves, each with its media type."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file that never changes under its name: the name holds a digest of it."""

    name: str
    media_type: str
    content: bytes


@lru_cache(maxsize=1)
def static_files() -> Mapping[str, StaticFile]:
    """Every static file by its name in a page."""
    found = {}
    for name, media_type in STATIC.items():
        content = (files("seatwright.web.portal") / "static" / name).read_bytes()
        stem, _, ending = name.rpartition(".")
        digest = hashlib.sha256(content).hexdigest()[:12]
        found[name] = StaticFile(f"{stem}.{digest}.{ending}", media_type, content)
    return found


_LIVE_FILTERS: Final = (
    ("get", ""),
    ("target", "#list"),
    ("select", "#list"),
    ("select-oob", "#clear, #set"),
    ("swap", "outerHTML"),
    ("push-url", "true"),
    ("sync", "this:replace"),
)
_LIVE_MORE: Final = (
    ("get", ""),
    ("target", "#rows"),
    ("select", "#rows > *"),
    ("select-oob", "#more"),
    ("swap", "beforeend"),
)


def live_filters(path: str, *, is_typing: bool = True) -> Markup:
    """The attributes of a form of filters whose list (`id="list"`) follows.

    It follows every letter, but where a field means nothing before it is complete: an address, a
    part number. There it waits until somebody leaves the field or presses the button.
    """
    typed = "input changed delay:250ms, " if is_typing else ""
    return _attributes(path, (*_LIVE_FILTERS, ("trigger", f"{typed}change, submit")))


def live_more(path: str) -> Markup:
    """The attributes of a link to the next page whose rows join those that are there.

    The rows are in `id="rows"`, the link in `id="more"`: what has no next page has it empty.
    """
    return _attributes(path, _LIVE_MORE)


def _attributes(path: str, fixed: Sequence[tuple[str, str]]) -> Markup:
    return Markup(" ").join(Markup('hx-{}="{}"').format(name, text or path) for name, text in fixed)


def _static_url(name: str) -> str:
    return f"/static/{static_files()[name].name}"


@lru_cache(maxsize=2)
def _environment(*, is_translated: bool) -> Environment:
    """The templates: in English as they are, or with every string in the language of the call.

    What the domain tells is said in that language where a template marks it (`{{ text | said }}`);
    nothing else that is put in is looked at, for people wrote it.
    """
    environment = Environment(
        loader=PackageLoader("seatwright.web.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # Every string goes through gettext: another language is a catalogue, see `languages.py`.
    if is_translated:
        environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    else:
        environment.install_gettext_translations(ENGLISH.translations, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    environment.filters |= {"said": said, "said_part": said_part}
    environment.globals["static"] = _static_url
    environment.globals["live_filters"] = live_filters
    environment.globals["live_more"] = live_more
    environment.globals |= {
        "words": words,
        "buy_path": buy_path,
        "list_words": list_words,
        "reason_words": reason_words,
        "source_words": source_words,
    }
    return environment


def list_words(name: str) -> str:
    """What the list of this name holds."""
    return words(ListName(name))


@dataclass(frozen=True, slots=True)
class Formats:
    """How a reader's locale writes numbers, money and times."""

    locale: Locale

    def number(self, value: float) -> str:
        """`4,234`."""
        return format_decimal(value, locale=self.locale)

    def money(self, value: float | Decimal, currency: str) -> str:
        """`€1,234.50`."""
        return format_currency(value, currency, locale=self.locale)

    def day(self, at: datetime) -> str:
        """`Nov 21, 2026`."""
        return format_date(at, format="medium", locale=self.locale)

    def days_in(self, sentence: str) -> str:
        """A sentence with every day in it (`2026-11-21`) as this locale writes days."""
        return _DAY.sub(lambda found: self.day(datetime.fromisoformat(found[0])), sentence)

    def moment(self, at: datetime) -> str:
        """`Nov 21, 2026, 9:00 AM`, UTC."""
        return format_datetime(at, format="medium", locale=self.locale)


@lru_cache(maxsize=256)
def formats_for(accept_language: str) -> Formats:
    """The formats of the first language that a browser asks for and Babel knows.

    A header that cannot be read counts as none: it only decides how numbers look.
    """
    for part in accept_language.split(",")[:LANGUAGES_READ_MAX]:
        locale = locale_of(part.partition(";")[0].strip())
        if locale is not None:
            return Formats(locale)
    return Formats(Locale.parse(_LOCALE_DEFAULT))


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """A template with its context as the body of an answer, in the language of the call."""
    language = spoken()
    environment = _environment(is_translated=language.sentences is not None)
    return environment.get_template(template).render({"language": language, **context}).encode()
