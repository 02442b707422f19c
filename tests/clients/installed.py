"""Real clients, installed once into the checkout's environment: venvs for Python, one for Node.

Each version has a folder of its own below `.venv/clients`, so a second run finds it there. Where a
registry or a program is missing, the tests are skipped with a word.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / ".venv" / "clients"
PYTHON = ("msgraph-sdk==1.65.0", "azure-identity==1.27.0")
AZURE = ("azure-cli==2.91.0",)
NODE = ("@microsoft/microsoft-graph-client@3.0.7", "@pnp/cli-microsoft365@11.11.0")

_SECONDS_MAX = 900


def python_client() -> Path:
    """The interpreter of an environment that has the Graph SDK for Python."""
    return _environment("python-msgraph-1.65.0", PYTHON, "the Graph SDK for Python")


def azure_cli() -> Path:
    """The interpreter of an environment that has the Azure CLI: whole, as its users have it."""
    return _environment("azure-cli-2.91.0", AZURE, "the Azure CLI")


def _environment(name: str, packages: Sequence[str], what: str) -> Path:
    folder = FOLDER / name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
        if uv is None:
            pytest.skip(f"{what} is not installed: uv is missing")
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        _run(uv, "pip", "install", "--quiet", "--python", str(python), *packages)
        (folder / "complete").touch()
    return python


def node_client() -> Path:
    """A folder whose `node_modules` has the Graph client and the CLI for Microsoft 365."""
    folder = FOLDER / "node-graph-3.0.7-m365-11.11.0"
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("the clients for Node are not installed: node and npm are missing")
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"name": "clients", "private": true}\n')
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        _run(npm, "install", *quiet, *NODE, folder=folder)
        (folder / "complete").touch()
    return folder


def oidc_provider() -> Path:
    """A folder with the OpenID provider for Node, as its lock file has it, and its program."""
    source = Path(__file__).with_name("oidc_provider")
    folder = FOLDER / "node-oidc-provider-8.8.1"
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("the OpenID provider is not installed: node and npm are missing")
    folder.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        shutil.copy(file, folder / file.name)
    if not (folder / "complete").exists():
        quiet = ("--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
        _run(npm, "ci", *quiet, folder=folder)
        (folder / "complete").touch()
    return folder


def _run(*command: str, folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"a client could not be installed in {_SECONDS_MAX} seconds")
    if done.returncode:
        pytest.skip(f"a client could not be installed: {done.stderr[-300:]}")
