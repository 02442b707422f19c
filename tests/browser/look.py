"""Looks at a page: what axe-core finds, what the console says, what is wider than the screen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urljoin, urlsplit

from playwright.sync_api import BrowserContext, Page

PHONE: Final = 390
FILES: Final = (".csv", ".xlsx")
_ID: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d|\b\d+\b"
)
# What axe-core calls a rule of WCAG 2.2, levels A and AA, and its advice on structure.
_AXE: Final = {
    "light": """() => axe.run(document, {runOnly: {type: 'tag', values: [
        'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})""",
    # Nothing but the colors differs.
    "dark": "() => axe.run(document, {runOnly: ['color-contrast']})",
}
_SERIOUS: Final = frozenset({"serious", "critical", "moderate"})


@dataclass(frozen=True, slots=True)
class Looker:
    """Opens pages and says what is wrong with them."""

    base: str
    context: BrowserContext
    axe: str

    def follow(self, *beginnings: str) -> dict[str, Looked]:
        """One page of each shape that links lead to."""
        found: dict[str, Looked] = {}
        waiting = list(beginnings)
        while waiting:
            path = waiting.pop()
            if shape_of(path) in found:
                continue
            found[shape_of(path)] = looked = self.faults(path)
            waiting += [link for link in looked.inside() if not link.split("?")[0].endswith(FILES)]
        return found

    def faults(self, path: str) -> Looked:
        """Everything wrong with a page: in light and dark, wide and on a phone."""
        page = self.context.new_page()
        looked = Looked(path)
        page.on("console", lambda one: looked.hear(one.type, one.text))
        page.on("pageerror", lambda one: looked.hear("error", str(one)))
        page.on("request", lambda one: looked.ask(one.url, self.base))
        try:
            answer = page.goto(self.base + path)
            if answer is None or answer.status >= 400:
                looked.faults.append(f"answers {answer and answer.status}")
                return looked
            looked.links = page.eval_on_selector_all(
                "a[href]", "all => all.map((one) => one.getAttribute('href'))"
            )
            page.evaluate(self.axe)
            for scheme in ("light", "dark"):
                self._judge(page, scheme, looked)
            page.set_viewport_size({"width": PHONE, "height": 844})
            self._measure(page, looked)
        finally:
            page.close()
        return looked

    def _judge(self, page: Page, scheme: Literal["light", "dark"], looked: Looked) -> None:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for one in page.evaluate(_AXE[scheme])["violations"]:
            if one["impact"] in _SERIOUS:
                where = "; ".join(_where(node) for node in one["nodes"][:3])
                looked.faults.append(f"{scheme}: {one['id']} ({one['impact']}): {where}")

    def _measure(self, page: Page, looked: Looked) -> None:
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > PHONE:
            looked.faults.append(f"is {wide} pixels wide on a screen of {PHONE}")


def _where(node: dict[str, Any]) -> str:
    return f"{node['target'][0]} {node['html'][:160]}"


@dataclass(slots=True)
class Looked:
    """What was seen of a page."""

    path: str
    faults: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def inside(self) -> list[str]:
        """The paths of this portal that its links name."""
        links = (urljoin(self.path, link).partition("#")[0] for link in self.links)
        return [link for link in links if link.startswith("/")]

    def hear(self, kind: str, text: str) -> None:
        """A line of the console."""
        if kind in {"error", "warning"}:
            self.faults.append(f"the console says: {text}")

    def ask(self, url: str, base: str) -> None:
        """A request that the page makes."""
        if not url.startswith((base, "data:")):
            self.faults.append(f"asks another host: {url}")


_PAGES: Final = frozenset({"import", "new"})
"""What stands where a thing is named, and is a page of its own."""


def shape_of(link: str) -> str:
    """A link with its ids taken out: two pages of one shape look alike.

    >>> shape_of("/users/715354eb-83e6-41c6-a4a6-92a5d054c64b?done=assigned")
    '/users/*?done'
    """
    parts = urlsplit(link)
    head, *rest = _ID.sub("*", parts.path).removeprefix("/").split("/")
    if head in {"users", "licenses", "groups"} and rest and rest[0] not in _PAGES:
        rest[0] = "*"
    if head == "settings" and rest[1:]:
        rest[1] = "*"
    given = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    names = sorted(given - {"cursor"})
    return "/" + "/".join([head, *rest]) + (f"?{'&'.join(names)}" if names else "")
