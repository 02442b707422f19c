"""What a terminal sees and what a pipe gets: widths, colours, exit codes in the help."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

from seatwright.cli.endings import Ending
from seatwright.cli.screen import visible
from seatwright.cli.tables import plain
from tests.cli.conftest import ServedOffice

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
WIDTH = 100


def in_terminal(
    office: ServedOffice, *arguments: str, interrupt_at: bytes = b"", **environment: str
) -> tuple[str, int]:
    """What a terminal of 100 columns shows for a command, and its exit code.

    Ctrl-C is typed as soon as `interrupt_at` is on the screen, and again like somebody whose
    first one came while Python could not raise it (in a finalizer, it is only printed).
    """
    parent, child = pty.openpty()
    ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "seatwright", *arguments],
        stdin=child,
        stdout=child,
        stderr=child,
        env={
            **{name: value for name, value in os.environ.items() if name not in _LEFT_OUT},
            "TERM": "xterm-256color",
            "SEATWRIGHT_URL": office.url,
            "SEATWRIGHT_TOKEN": office.token,
            **environment,
        },
    )
    os.close(child)
    shown, again_at = b"", 0.0
    while (piece := _read(parent)) != b"":
        shown += piece or b""
        if interrupt_at and interrupt_at in shown and time.monotonic() >= again_at:
            process.send_signal(signal.SIGINT)
            again_at = time.monotonic() + 5
    os.close(parent)
    return shown.decode().replace("\r\n", "\n"), process.wait(30)


def _read(parent: int) -> bytes | None:
    """What comes next; None after a second without anything, and nothing at the end."""
    if not select.select([parent], [], [], 1)[0]:
        return None
    try:
        return os.read(parent, 65536)
    except OSError:  # The other end is closed: Linux answers EIO, others an empty read.
        return b""


_LEFT_OUT = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}


@pytest.fixture
def office(served_office: ServedOffice) -> ServedOffice:
    """A person with a long name, licensed."""
    served_office.done(
        "users", "create", "maximiliana.featherstonehaugh-cholmondeley@contoso.example",
        "--name", "Maximiliana Featherstonehaugh-Cholmondeley", "--usage-location", "GB",
        "--department", "Research, development and everything that comes after",
    )  # fmt: skip
    served_office.done("subscriptions", "create", "SPE_E3", "100")
    return served_office


@pytest.mark.parametrize(
    "arguments",
    [("users", "list"), ("licenses",), ("settings",), ("history", "--everything"), ("--help",)],
)
def test_a_table_fits_a_terminal_of_a_hundred_columns(
    office: ServedOffice, arguments: tuple[str, ...]
) -> None:
    shown, code = in_terminal(office, *arguments)
    lines = ESCAPE.sub("", shown).splitlines()
    assert code == 0
    assert lines
    assert max(len(line) for line in lines) <= WIDTH


def test_a_terminal_gets_bold_heads_and_no_color_gets_none(office: ServedOffice) -> None:
    assert "\x1b[1m" in in_terminal(office, "licenses")[0]
    plain, _ = in_terminal(office, "licenses", NO_COLOR="1")
    assert "\x1b" not in plain
    assert "SPE_E3" in plain
    refused, code = in_terminal(office, "users", "show", "nobody", NO_COLOR="1")
    assert code == Ending.REFUSED
    assert "\x1b" not in refused


def test_a_pipe_loses_nothing_and_gets_no_escape_codes(office: ServedOffice) -> None:
    text = office.done("users", "list")
    assert "maximiliana.featherstonehaugh-cholmondeley@contoso.example" in text
    assert "Maximiliana Featherstonehaugh-Cholmondeley" in text
    assert "\x1b" not in text
    assert not any(line.endswith(" ") for line in text.splitlines())


@pytest.mark.parametrize("command", [(), ("users",), ("assign",), ("token", "create")])
def test_every_help_ends_with_the_exit_codes(
    served_office: ServedOffice, command: tuple[str, ...]
) -> None:
    text = " ".join(served_office.done(*command, "--help").split())
    assert text.endswith("4 done in part, some rows failed.")


@pytest.mark.parametrize("served_office", [False], indirect=True, ids=["without a worker"])
def test_ctrl_c_ends_the_waiting_and_not_the_job(office: ServedOffice, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(
        "UserPrincipalName,SkuPartNumber\n"
        "maximiliana.featherstonehaugh-cholmondeley@contoso.example,SPE_E3\n"
    )
    shown, code = in_terminal(office, "bulk", str(file), interrupt_at="━".encode())
    assert code == 130
    job = json.loads(office.done("jobs", "list", "--json"))["value"][0]
    assert job["state"] == "queued"
    assert f"The job goes on. `seatwright jobs show {job['id']} --wait`" in shown


def test_a_reader_that_leaves_early_is_no_error(office: ServedOffice) -> None:
    environment = {**os.environ, "SEATWRIGHT_URL": office.url, "SEATWRIGHT_TOKEN": office.token}
    command = f"{sys.executable} -m seatwright catalog list --all --json | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], check=True, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_an_escape_code_in_a_name_never_reaches_the_screen() -> None:
    assert visible("\x1b[31mred\x07 and\nmore") == "\ufffd[31mred\ufffd and more"
    assert plain(["a\x9bb"]) == "a\ufffdb"
