"""The browser, and axe-core: the judge of accessibility that most of the field uses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tools.browser import CHROMIUM, chromium

AXE = "axe-core@4.14.1"
FOLDER = Path(__file__).parents[2] / ".venv" / "clients" / "node-axe-4.14.1"


@contextmanager
def installed_chromium() -> Iterator[Browser]:
    """A browser, where there is one."""
    if not CHROMIUM.exists():
        pytest.skip("chromium is not installed")
    with chromium() as browser:
        yield browser


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
