"""A page as an answer: its frame, its headers, and what every page knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from litestar import Request, Response
from litestar.types import HTTPScope

from seatwright.app.call import Call
from seatwright.app.directory.named import NamedChange
from seatwright.domain.roles import Permission
from seatwright.identity.secrets import form_proof
from seatwright.web.answers import Answer
from seatwright.web.portal.frame.language import spoken
from seatwright.web.portal.frame.rendering import Formats, formats_for, render

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self';"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
    "vary": "accept-language",
}
"""Of every page: nothing comes from, goes to or is framed by another host, or is kept."""

HTML: Final = "text/html"
"""Litestar adds the charset; pages made outside the routes add it themselves."""


def page(
    request: Request[Any, Any, Any], template: str, *, status: int = 200, **context: object
) -> Response[bytes]:
    """A page for somebody who is signed in."""
    body = render_page(request.scope, template, context)
    return Response(body, status_code=status, media_type=HTML, headers=dict(SECURITY_HEADERS))


def render_page(scope: HTTPScope, template: str, context: Mapping[str, object]) -> bytes:
    """A template inside the frame of whoever the call belongs to."""
    call: Call = scope["state"]["call"]
    return render(
        template,
        {
            "me": call.principal,
            "tenant": call.tenant,
            "may": {one.name: call.principal.may(one) for one in Permission},
            "proof": form_proof(scope["state"]["session"]),
            "here": scope["path"],
            "formats": formats_of(scope),
            "correlation": str(scope["state"]["correlation"]),
            "undo": (undo := scope["state"].get("undo")),
            # Whether a form of the list that is shown came without a ticked row.
            "is_unticked": b"unticked=yes" in scope["query_string"],
            # Whether the frame says what was done: the page need not say it again.
            "told": _tells(undo),
            **context,
        },
    )


def is_told(request: Request[Any, Any, Any]) -> bool:
    """Whether the frame says what was just done: one line of it is enough."""
    return _tells(request.scope["state"].get("undo"))


def _tells(undo: Any) -> bool:
    return bool(undo and (undo.events or undo.purchase))


def answer_page(status: int, body: bytes, *extra: tuple[bytes, bytes]) -> Answer:
    """A page made outside the routes."""
    headers = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
    headers += [
        (b"content-type", f"{HTML}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        *extra,
    ]
    return Answer(status, headers, body)


def stranger_page(scope: HTTPScope, template: str, **context: object) -> bytes:
    """A template for somebody who is not signed in."""
    correlation = str(scope["state"].get("correlation", ""))
    return render(template, {"formats": formats_of(scope), "correlation": correlation, **context})


def formats_of(scope: HTTPScope) -> Formats:
    """How this browser's reader writes numbers and dates: as the language that they read does."""
    locale = spoken().locale
    return formats_for(languages_asked(scope)) if locale is None else Formats(locale)


def languages_asked(scope: HTTPScope) -> str:
    """The languages that a browser asks for, the first one first; a list beyond reason is cut."""
    return dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")[:400]


def see(location: str) -> Response[None]:
    """Where to look after a change (303): reloading that page changes nothing again."""
    return Response(None, status_code=303, headers={"location": location})


def note(request: Request[Any, Any, Any], sentences: Sequence[str]) -> None:
    """Have a preview of this change say more than who gains and loses licenses."""
    request.scope["state"]["notes"] = tuple(sentences)


def name_them(request: Request[Any, Any, Any], named: Sequence[tuple[str, NamedChange]]) -> None:
    """Have a preview of this change name whom it is about, each part under its words."""
    request.scope["state"]["named"] = tuple(named)


def keep(request: Request[Any, Any, Any]) -> None:
    """Have what a page wrote that is only read be kept: that its file was taken, say."""
    request.scope["state"]["is_kept"] = True


def back_to(path: str, **said: str) -> Response[None]:
    """Back to a page of this portal, which says in its query what became of its form."""
    own = own_path(path)
    return see(f"{own}{'&' if '?' in own else '?'}{urlencode(said)}")


def own_path(text: str) -> str:
    """A path of this portal out of a query or form; the start page for anything else.

    `//host` and `/\\host` are other hosts to a browser.
    """
    parts = urlsplit(text)
    is_own = (
        text.startswith("/")
        and not text.startswith(("//", "/\\"))
        and not parts.scheme
        and not parts.netloc
        and text.isprintable()
        and "\\" not in text
    )
    return text if is_own else "/"
