"""Which passwords are taken, and why others are not."""

from __future__ import annotations

import pytest

from seatwright.domain.passwords import misfit_of

NAMES = ("ada.lovelace@contoso.example", "Ada Lovelace", "Contoso")


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("too short", "9 characters"),
        ("x" * 257, "or fewer"),
        ("aaaaaaaaaaaa", "pattern"),
        ("abababababab", "pattern"),
        ("123456789012", "pattern"),
        ("fedcba987654", None),
        ("abcdefghijklmnop", "pattern"),
        ("Password1234!", "tried first"),
        ("P4ssw0rd-2026-P4ssw0rd", "tried first"),
        ("Welcome2026!!", "tried first"),
        ("ada.lovelace1", "the name itself"),
        ("Lovelace123456", "the name itself"),
        ("contoso-2026-11", "the name itself"),
        ("correct horse battery staple", "tried first"),
        ("four plain words here", None),
        ("  blanks count too  ", None),
        ("Grüße aus Århus", None),
    ],
)
def test_long_words_of_ones_own_are_taken_and_what_guessers_try_is_not(
    password: str, says: str | None
) -> None:
    misfit = misfit_of(password, names=NAMES)
    assert (misfit is None) if says is None else (misfit is not None and says in misfit)
