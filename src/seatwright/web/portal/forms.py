"""Forms as browsers send them, and whether this site sent them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from seatwright.domain.errors import Reason, Refusal
from seatwright.identity.secrets import is_form_proof

FIELDS_MAX: Final = 2_000
FORM_BYTES_MAX: Final = 2 * 1024 * 1024

_SAME: Final = frozenset({"same-origin", "none"})


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in; a name may be there several times (boxes that are ticked)."""

    pairs: tuple[tuple[str, str], ...]

    def text(self, name: str) -> str | None:
        """A field without the spaces around it; None when it is missing or empty."""
        return next((value.strip() or None for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for key, value in self.pairs if key == name)

    def beside(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Every field but these, to send the form again."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)


def read_form(headers: Mapping[bytes, bytes], body: bytes) -> Form:
    """The fields of a form.

    Raises Refusal invalidValue for a body that is none.
    """
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/x-www-form-urlencoded":
        raise Refusal(Reason.INVALID_VALUE, "The call is no form of this page: open it again.")
    try:
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        raise Refusal(
            Reason.INVALID_VALUE, "The form could not be read: open the page again."
        ) from None
    return Form(tuple(pairs))


def comes_from_here(headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser says that a page of this host sent the form.

    Browsers send one of the two headers with every form; who sends neither is no browser. The Host
    is one of ours: the front door has looked.
    """
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site.decode("latin-1").lower() in _SAME
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    return (
        bool(origin)
        and urlsplit(origin).netloc == headers.get(b"host", b"").decode("latin-1").lower()
    )


def is_own_form(form: Form, session: str) -> bool:
    """Whether the form was made for this session."""
    return is_form_proof(session, form.text("proof") or "")
