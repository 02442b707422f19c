"""Walks every kind of page and sends every kind of form, right and wrong, and changes nothing."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import httpx

from tests.web.portal.visitor import Visitor

_HREF = re.compile(r'href="(/[^"#]*)')
_ID = re.compile(r"[0-9a-f-]{36}|[0-9a-f]{64}|[A-Z0-9_]{5,}|[a-z]+(?:[A-Z][a-z]+)+")
_WRONG_FIELDS_MAX = 2
_NOT_WALKED = ("/static", "/sign-out", "/sign-in")
_WRONG = "☃7"


@dataclass(slots=True)
class Form:
    """A form of a page: where it leads, and what it would send as it stands."""

    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._is_open = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, and its fields as they stand."""
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_open = has.get("method") == "post"
            if self._is_open:
                self.forms.append(Form(has.get("action", "")))
        elif self._is_open:
            self._note(tag, has)

    def handle_endtag(self, tag: str) -> None:
        """Note that a form is over."""
        self._is_open = self._is_open and tag != "form"

    def _note(self, tag: str, has: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], has.get("name", ""), has.get("type", "text")
        if tag == "option" and (name := self._select):
            if "selected" in has or name not in form.fields:
                form.fields[name] = [has.get("value", "")]
        elif tag == "select":
            self._select = name
            form.typed.add(name)
        elif tag == "textarea" or (tag == "input" and kind not in ("hidden", "file", "submit")):
            form.typed.add(name)
            if kind not in ("checkbox", "radio") or "checked" in has:
                form.fields.setdefault(name, []).append(has.get("value", ""))
        elif tag == "input" and kind == "hidden":
            form.fields.setdefault(name, []).append(has.get("value", ""))


def forms_of(page: str) -> list[Form]:
    """The forms of a page that change something."""
    read = _Forms()
    read.feed(page)
    return read.forms


async def walk(visitor: Visitor) -> AsyncIterator[tuple[str, httpx.Response]]:
    """One page of every kind that a page leads to, and what each kind of form answers.

    Forms are only previewed, so that nothing is changed: as they stand, and with nonsense in one
    field after another.
    """
    todo, kinds, sent = ["/", "/nowhere"], {"/"}, set[str]()
    while todo:
        path = todo.pop(0)
        page = await visitor.get(path)
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        yield path, page
        for link in dict.fromkeys(map(unescape, _HREF.findall(page.text))):
            if not link.startswith(_NOT_WALKED) and (kind := _kind_of(link)) not in kinds:
                kinds.add(kind)
                todo.append(link)
        for form in forms_of(page.text):
            action = form.action or path
            kind = f"{_kind_of(action)} {sorted(form.fields)}"
            if kind in sent or action.startswith(_NOT_WALKED):
                continue
            sent.add(kind)
            for fields in _tries(form):
                answer = await visitor.browser.post(
                    action,
                    data={**fields, "step": ["preview"]},
                    headers={"sec-fetch-site": "same-origin"},
                )
                yield f"{path} > {action}", answer


def _tries(form: Form) -> Iterator[dict[str, list[str]]]:
    yield form.fields
    for name in sorted(form.typed)[:_WRONG_FIELDS_MAX]:
        yield {**form.fields, name: [_WRONG]}


def _kind_of(link: str) -> str:
    path, _, query = link.partition("?")
    names = sorted(one.partition("=")[0] for one in query.split("&"))
    return f"{_ID.sub('ID', path)}?{'&'.join(names)}"
