"""Collects every string that pages show into one catalogue, and finds those that are in none.

`python -m tools.strings` writes `messages.pot` beside the templates: a translator makes a language
of it, and nothing of the code changes. `python -m tools.strings --check` says whether it is old,
and `--check de.po` how much of it a translation has, and what cannot be filled in.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po
from jinja2 import Environment

from seatwright.web.portal.frame.languages import SENTENCE, fits, read_catalogue
from tools.sentences import sentences

PORTAL: Final = Path(__file__).parent.parent / "src" / "seatwright" / "web" / "portal"
CATALOGUE: Final = PORTAL / "messages.pot"

_METHODS: Final = (("**.py", "python"), ("**/templates/**.html", "jinja2"))
_OPTIONS: Final = {"**/templates/**.html": {"trimmed": "false", "newstyle_gettext": "true"}}
_KEYWORDS: Final[dict[str, tuple[int | tuple[int, int], ...] | None]] = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "marked": None,
}
# Words that people read beside the text between the tags.
_SPOKEN: Final = re.compile(r'\b(?:aria-label|placeholder|title|alt)="([^"<>{}]*)"')
# What is typed or sent is the same in every language: commands, keys, addresses of an example.
_CODE: Final = re.compile(r"<(code|kbd)\b.*?</\1>|\S+@\S+", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>?|^[^<]*>")
_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_NAMES: Final = frozenset({"seatwright", "nbsp", "amp"})


def catalogue() -> bytes:
    """Every string of the templates and of the pages' code, sorted, with where it stands."""
    found = Catalog(project="seatwright", charset="utf-8")
    for file, _, message, comments, context in extract_from_dir(
        str(PORTAL), method_map=list(_METHODS), options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    for message, file in sentences():
        found.add(message, None, [(f"seatwright/{file}", 0)], context=SENTENCE)
    written = BytesIO()
    write_po(written, found, omit_header=True, sort_output=True, include_lineno=False, width=100)
    return written.getvalue()


def untranslated(template: Path) -> Iterator[str]:
    """Words of a template that go through no catalogue, each with its line."""
    environment = Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.i18n"]
    )
    in_block, is_translated, markup, line_of = False, False, "", []
    for line, kind, text in environment.lex(template.read_text()):
        if kind == "block_begin":
            in_block = True
        elif kind == "block_end":
            in_block = False
        elif in_block and kind == "name" and text in {"trans", "endtrans"}:
            is_translated = text == "trans"
        elif kind == "data" and not is_translated:
            markup += text
            line_of += [line] * len(text)
        elif kind == "variable_begin":
            # What is put in between keeps a tag whole and words apart.
            markup += "{"
            line_of.append(line)
    markup = _CODE.sub(_blank, markup)
    blank = _TAG.sub(_blank, markup)
    for found in (*_WORD.finditer(blank), *_spoken(markup)):
        if found[0] not in _NAMES:
            yield f"{template.name}:{line_of[found.start()]}: {found[0]}"


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _spoken(markup: str) -> Iterator[re.Match[str]]:
    for attribute in _SPOKEN.finditer(markup):
        yield from _WORD.finditer(markup, *attribute.span(1))


def misfits(translation: Path) -> Iterator[str]:
    """What of a translation cannot be filled in, a line for each; the last says how much is there.

    Raises LanguageError for a file that cannot be read.
    """
    messages = [one for one in read_catalogue(translation) if one.id]
    done = [one for one in messages if "".join(one.string or ()) and not one.fuzzy]
    for one in done:
        if not fits(one):
            yield f"{translation}: {one.string!r} does not have the places of {one.id!r}"
    yield f"{translation}: {len(done):,} of {len(messages):,} strings are translated"


def main() -> int:
    """Write the catalogue, or say that it is old, or what is amiss with a translation."""
    match sys.argv[1:]:
        case ["--check"]:
            return int(not CATALOGUE.exists() or CATALOGUE.read_bytes() != catalogue())
        case ["--check", file]:
            lines = list(misfits(Path(file)))
            sys.stdout.write("\n".join((*lines, "")))
            return int(len(lines) > 1)
    CATALOGUE.write_bytes(catalogue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
