"""Forms as browsers send them, and whether this site sent them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from multipart import (  # type: ignore[import-untyped]  # It ships no types.
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from seatwright.domain.errors import Reason, Refusal
from seatwright.identity.secrets import is_form_proof

FIELDS_MAX: Final = 2_000
FORM_BYTES_MAX: Final = 2 * 1024 * 1024
UPLOAD_BYTES_MAX: Final = 16 * 1024 * 1024
"""A form with a file: 200,000 rows of a bulk job, and no more."""

_FIELDS: Final = "application/x-www-form-urlencoded"
_PARTS: Final = "multipart/form-data"

_SAME: Final = frozenset({"same-origin", "none"})


class NothingTicked(Refusal):
    """A form that is about the ticked rows of a list, and none is ticked.

    Where the form says where its list is (`back`), the list itself is the answer.
    """

    def __init__(self) -> None:
        """Name no value: there is none."""
        super().__init__(
            Reason.INVALID_VALUE, "Nothing is ticked, so nothing was done: tick a row first."
        )


@dataclass(frozen=True, slots=True)
class Form:
    """What somebody filled in; a name may be there several times (boxes that are ticked).

    `files` are those that were chosen, by the name of their field.
    """

    pairs: tuple[tuple[str, str], ...]
    files: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A field without the spaces around it; None when it is missing or empty."""
        return next((value.strip() or None for key, value in self.pairs if key == name), None)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a field."""
        return tuple(value for key, value in self.pairs if key == name)

    def beside(self, *names: str) -> tuple[tuple[str, str], ...]:
        """Every field but these, to send the form again."""
        return tuple(pair for pair in self.pairs if pair[0] not in names)

    def having(self, name: str, value: str) -> Form:
        """The same form with one field in place of what it had under that name, and no files."""
        return Form((*self.beside(name), (name, value)))


def bytes_allowed(headers: Mapping[bytes, bytes], *, is_known: bool) -> int:
    """How large the body of a form may be: a file is taken from who seems to be signed in only."""
    return UPLOAD_BYTES_MAX if is_known and _kind_of(headers) == _PARTS else FORM_BYTES_MAX


def _kind_of(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()


def read_form(headers: Mapping[bytes, bytes], body: bytes) -> Form:
    """The fields of a form.

    Raises Refusal invalidValue for a body that is none.
    """
    kind = _kind_of(headers)
    if kind not in {_FIELDS, _PARTS}:
        raise Refusal(Reason.INVALID_VALUE, "The call is no form of this page: open it again.")
    try:
        if kind == _PARTS:
            return _form_of_parts(headers[b"content-type"].decode("latin-1"), body)
        pairs = parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=FIELDS_MAX,
        )
    except (ValueError, MultipartError):
        raise Refusal(
            Reason.INVALID_VALUE, "The form could not be read: open the page again."
        ) from None
    return Form(tuple(pairs))


def _form_of_parts(kind: str, body: bytes) -> Form:
    pairs: list[tuple[str, str]] = []
    files: dict[str, bytes] = {}
    for part, content in _parts(parse_options_header(kind)[1].get("boundary", ""), body):
        if part.filename is None:
            pairs.append((part.name, content.decode()))
        elif content:
            # A field without a chosen file is sent too, as an empty one without a name.
            files[part.name] = content
    return Form(tuple(pairs), files)


def _parts(boundary: str, body: bytes) -> Iterator[tuple[MultipartSegment, bytes]]:
    part: MultipartSegment | None = None
    chunks: list[bytes] = []
    with PushMultipartParser(boundary, max_segment_count=FIELDS_MAX) as parser:
        for event in (*parser.parse(body), *(() if parser.closed else parser.parse(b""))):
            if isinstance(event, MultipartSegment):
                part, chunks = event, []
            elif event:
                chunks.append(bytes(event))
            elif part is not None:
                yield part, b"".join(chunks)


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
