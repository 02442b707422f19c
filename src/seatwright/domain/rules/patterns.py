"""Regular expressions that people write, by RE2: linear in the text, whatever they write.

What RE2 cannot do (looking around, going back to what matched) is an error when a rule is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import re2

MEMORY_MAX = 1 << 20
"""Bytes that one pattern may use; a longer one is refused as too large."""

KEPT_MAX = 20_000
"""Patterns that are kept, as many as rules: some 3 kB each, a tenth of a millisecond to make."""


class PatternError(Exception):
    """A pattern that RE2 does not take, with what it says about it."""


def compile_pattern(pattern: str) -> Callable[[str], bool]:
    """Give the test whether a text has the pattern anywhere in it, in any case (DYN-024, DYN-029).

    Raises PatternError.
    """
    return _compiled(pattern)


@lru_cache(maxsize=KEPT_MAX)
def _compiled(pattern: str) -> Callable[[str], bool]:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = MEMORY_MAX
    try:
        # In bytes: as text every match would have its places counted, which takes twice as long.
        search = re2.compile(pattern.encode(), options).search
    except re2.error as error:
        raise PatternError(_words_of(error)) from None
    return lambda text: search(text.encode()) is not None


def _words_of(error: Exception) -> str:
    said = error.args[0] if error.args else "it is no regular expression"
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
