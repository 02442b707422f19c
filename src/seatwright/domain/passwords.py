"""Which passwords are taken: long ones that nobody guesses by rule (NIST SP 800-63B, 5.1.1.2).

No mix of kinds of characters is asked for: it makes people choose what guessers try first.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from typing import Final

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 256
"""Long enough for any sentence, and short enough that hashing one costs what it should."""

_DISTINCT_MIN: Final = 5
_NAME_PART_MIN: Final = 4

_COMMON: Final = frozenset({
    "password", "passwort", "passord", "wachtwoord", "contrasena", "motdepasse", "qwerty",
    "qwertyuiop", "azerty", "azertyuiop", "asdfghjkl", "zxcvbnm", "letmein", "letmeinplease",
    "welcome", "welcometo", "iloveyou", "administrator", "administrateur", "admin", "root",
    "changeme", "changemenow", "pleasechangeme", "secret", "topsecret", "sunshine", "princess",
    "football", "baseball", "superman", "batman", "dragon", "monkey", "master", "shadow",
    "trustno", "whatever", "starwars", "login", "hello", "helloworld", "computer", "internet",
    "microsoft", "office", "windows", "company", "spring", "summer", "autumn", "winter",
    "january", "february", "september", "october", "november", "december", "monday", "seatwright",
    "license", "licenses", "correcthorsebatterystaple", "thequickbrownfox", "abcdefghijkl",
})  # fmt: skip
"""What guessers try first; digits and signs around or in the middle make it no better."""

_LOOKS_LIKE: Final = str.maketrans("01345@$", "oieasas")


def normal_password(text: str) -> str:
    """A password as it is compared, whatever keyboard wrote it."""
    return unicodedata.normalize("NFC", text)


def misfit_of(password: str, *, names: Iterable[str]) -> str | None:
    """Why a password is not taken, and what to do; None for one that is."""
    if len(password) < LENGTH_MIN:
        return f"It has {len(password)} characters: give {LENGTH_MIN} or more, such as a few words."
    if len(password) > LENGTH_MAX:
        return f"It has {len(password)} characters: give {LENGTH_MAX} or fewer."
    if len(set(password.casefold())) < _DISTINCT_MIN or _is_run(password):
        return "It is one pattern that goes on: give a few words that have nothing to do with it."
    for form in {_letters(password), _letters(_read(password))}:
        if _is_common(form):
            return "It is among those that are tried first: give a few words of your own."
        if any(form == _letters(part) for name in names for part in _parts(name)):
            return "It is the name itself: give a few words that nobody knows you by."
    return None


def _read(password: str) -> str:
    """With letters for the digits and signs that stand for them inside words."""
    words = re.split(r"[\s._-]+", password)
    return " ".join(one.translate(_LOOKS_LIKE) for one in words if not one.isdecimal())


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalpha())


def _is_common(form: str) -> bool:
    """A common word, also twice or more in a row."""
    return any(
        form == word * times for word in _COMMON for times in range(1, LENGTH_MAX // len(word) + 1)
    )


def _is_run(password: str) -> bool:
    """Digits or letters that follow each other, as in 123456789012."""
    steps = {ord(after) - ord(one) for one, after in itertools.pairwise(password)}
    return len(steps) == 1 or (password.isdecimal() and steps <= {1, -9})


def _parts(name: str) -> list[str]:
    """A name, what is before its @, and each word of it that says something."""
    found = [name, name.partition("@")[0], *re.split(r"[^\w]+", name)]
    return [one for one in found if len(_letters(one)) >= _NAME_PART_MIN]
