"""The browser, and axe-core: the judge of accessibility that most of the field uses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
AXE = "axe-core@4.14.1"
FOLDER = Path(__file__).parents[2] / ".venv" / "clients" / "node-axe-4.14.1"

# Chromium would look for news of its own on a network that tests do not have.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET))
        try:
            yield browser
        finally:
            browser.close()


def axe_script() -> str:
    """axe-core as its package has it, to be run inside a page."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("axe-core is not installed: npm is missing")
    script = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text('{"name": "axe", "private": true}\n')
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        done = subprocess.run(
            (npm, "install", *quiet, AXE), cwd=FOLDER, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"axe-core could not be installed: {done.stderr[-300:]}")
    return script.read_text()
