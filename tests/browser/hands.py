"""A pair of hands in a browser: every click counts, and nothing is found but by what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page


@dataclass(slots=True)
class Hands:
    """Somebody who begins at the start page and knows no address of any other."""

    page: Page
    clicks: list[str] = field(default_factory=list)

    def press(
        self, kind: str, name: str, *, within: Locator | None = None, is_exact: bool = True
    ) -> None:
        """Click a link, a button, a box or a tab by the words on it."""
        self.clicks.append(name)
        place = within or self.page
        place.get_by_role(kind, name=name, exact=is_exact).first.click()  # type: ignore[arg-type]
        self.page.wait_for_load_state()

    def confirm(self) -> None:
        """Do what a preview shows: its one main button says what that is."""
        main = self.page.locator("main button.main").first
        self.clicks.append(main.inner_text())
        main.click()
        self.page.wait_for_load_state()

    def choose(self, label: str, option: str) -> None:
        """Choose what begins so from a list: a click that opens it, and one on what is chosen."""
        self.clicks += [label, option]
        place = self.page.get_by_label(label, exact=True).first
        shown = [one.strip() for one in place.locator("option").all_inner_texts()]
        place.select_option(label=next(one for one in shown if one.startswith(option)))

    def type(self, label: str, text: str, *, enter: bool = False) -> None:
        """Write into a field; typing is no click."""
        place = self.page.get_by_label(label, exact=True).first
        place.fill(text)
        if enter:
            place.press("Enter")
            self.page.wait_for_load_state()

    def attach(self, label: str, file: Path) -> None:
        """Choose a file: a click that opens the dialog of the system, and one on the file."""
        self.clicks += [label, file.name]
        self.page.get_by_label(label).set_input_files(file)

    def reads(self, text: str) -> None:
        """What must be there to be read; it may take its moment to come."""
        self.page.get_by_text(text).first.wait_for()
