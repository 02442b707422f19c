"""Runs the commands of a page of the docs, block by block, as a reader would type them.

A fenced block marked `sh` is run; the block marked `text` after it is what it prints. All blocks
of a page share one shell, so what one exports the next one has. A block that ends in a refusal says
so beside its mark: `sh exit=1`. Blocks with another mark, `bash` say, are for other machines and
are not run.

`python -m tools.tour PAGE …` writes what the commands print now into the pages. It needs a server
with the demo, which it starts itself.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
START_SECONDS_MAX: Final = 120.0
PAGE_SECONDS_MAX: Final = 600.0

# The server of the pages runs at the address and in the directory that a reader has.
_READERS_PORT: Final = "8080"
_READERS_DIRECTORY: Final = "~/.local/share/seatwright"
# The reader's server is started by `serving`; what it printed is this block's output.
_SERVE: Final = "./run"

_BLOCK = re.compile(
    r"^```sh(?: exit=(?P<code>\d+))?\n(?P<commands>.*?)^```\n(?:\n```text\n(?P<output>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
_TOKEN: Final = re.compile(r"\bswt_[\w-]{20,}")
_LINK: Final = re.compile(r"(?<=/sign-in/link/)[\w-]{20,}")
_CHANGING: Final = (
    (_TOKEN, "swt_…"),
    (_LINK, "…"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "DIGEST"),
    (re.compile(r"\b20\d\d-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?"), "DATE"),
    # How many people there are depends on which pages ran before.
    (re.compile(r"\b\d+ of \d+ people\b"), "N of N people"),
    # And so does how many seats are free.
    (re.compile(r"\bSeats free +\d+"), "Seats free N"),
    (re.compile(r"\b\d+ free\b"), "N free"),
    (re.compile(r"\b\d+ → \d+\b"), "N → N"),
    (re.compile(r"\b([A-Z]{3}) +[\d,]+\.\d\d +[\d,]+\.\d\d\b"), r"\1 N N"),
    (re.compile(r"[ \t]+"), " "),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of commands: the exit code that it should have, and what the page says it prints.

    `span` is where the output stands in the page, None when the page shows none.
    """

    page: Path
    line: int
    commands: str
    exit_code: int
    output: str | None
    span: tuple[int, int] | None

    @property
    def is_serving(self) -> bool:
        """Whether the block starts the server, instead of being typed into the shell."""
        return self.commands.strip() == _SERVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a block: the exit codes of every command of it that failed, and its output."""

    block: Block
    failures: tuple[int, ...]
    output: str

    @property
    def is_as_told(self) -> bool:
        """Whether the commands ended as the page says."""
        wanted = (self.block.exit_code,) if self.block.exit_code else ()
        return self.failures == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A server with the demo, and what it greeted with."""

    port: int
    data_dir: Path
    greeting: str

    def as_read(self, text: str) -> str:
        """Text as a reader sees it who runs seatwright as it comes."""
        text = text.replace(f"127.0.0.1:{self.port}", f"127.0.0.1:{_READERS_PORT}")
        return text.replace(str(self.data_dir), _READERS_DIRECTORY)


def blocks_of(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    text = page.read_text()
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start()) + 1,
            commands=found["commands"],
            exit_code=int(found["code"] or 0),
            output=found["output"],
            span=None if found["output"] is None else found.span("output"),
        )
        for found in _BLOCK.finditer(text)
    ]


def unchanging(text: str) -> list[str]:
    """The lines of an output without what differs from run to run: ids, dates, tokens, widths."""
    for pattern, word in _CHANGING:
        text = pattern.sub(word, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


@contextlib.contextmanager
def serving(*, is_demo: bool = True) -> Iterator[Serving]:
    """Serve as `./run` does, on a free port and in a directory of its own, until the block ends."""
    directory = Path(tempfile.mkdtemp(prefix="seatwright-docs-"))
    directory.chmod(0o711)
    try:
        with _served(directory / "data", is_demo=is_demo) as server:
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _served(data_dir: Path, *, is_demo: bool) -> Iterator[Serving]:
    out = data_dir.parent / "greeting"
    with out.open("wb") as greeting, (data_dir.parent / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(_programs() / "seatwright"),
                "serve",
                "--demo" if is_demo else "--empty",
                "--port",
                "0",
                "--data-dir",
                str(data_dir),
            ],
            stdout=greeting,
            stderr=log,
            env=_environment(),
            start_new_session=True,
        )
    try:
        yield Serving(port=_port(out, process), data_dir=data_dir, greeting=out.read_text())
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(greeting: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)[\s\S]*\n$", greeting.read_text())
        if found:
            return int(found[1])
        time.sleep(0.1)
    log = (greeting.parent / "log").read_text()[-2000:]
    raise RuntimeError(f"the server for the docs did not start; its log ends with:\n{log}")


def run_page(page: Path, server: Serving) -> list[Result]:
    """Run the blocks of a page in one shell, in a directory of its own."""
    blocks = blocks_of(page)
    with tempfile.TemporaryDirectory(prefix="seatwright-page-") as place:
        for name in ("work", "results"):
            (Path(place) / name).mkdir()
        script = "\n".join(
            f"trap 'echo $? >>\"$RESULTS/{number}.failures\"' ERR\n"
            f'{{\n{block.commands}:\n}} >"$RESULTS/{number}.out" 2>&1\n'
            for number, block in enumerate(blocks)
            if not block.is_serving
        )
        environment = {
            **_environment(),
            "SEATWRIGHT_DATA_DIR": str(server.data_dir),
            "SEATWRIGHT_PORT": str(server.port),
            "URL": f"http://127.0.0.1:{server.port}",
            "RESULTS": f"{place}/results",
        }
        subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=f"{place}/work",
            env=environment,
            check=False,
            timeout=PAGE_SECONDS_MAX,
            stdin=subprocess.DEVNULL,
        )
        return [_result(block, Path(place, "results"), n, server) for n, block in enumerate(blocks)]


def _result(block: Block, results: Path, number: int, server: Serving) -> Result:
    if block.is_serving:
        return Result(block=block, failures=(), output=server.as_read(server.greeting))
    failures = results / f"{number}.failures"
    return Result(
        block=block,
        failures=tuple(int(code) for code in failures.read_text().split())
        if failures.exists()
        else (),
        output=server.as_read((results / f"{number}.out").read_text()),
    )


def _programs() -> Path:
    return Path(sys.executable).parent


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("SEATWRIGHT_")}
    kept.pop("FORCE_COLOR", None)
    return {
        **kept,
        "PATH": f"{_programs()}:{os.environ.get('PATH', '/usr/bin:/bin')}",
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }


def write_outputs(page: Path, results: Sequence[Result]) -> None:
    """Put what the commands printed into the page."""
    text = page.read_text()
    for result in reversed(results):
        told = result.block.output
        # Other dates and ids are no news, and would only make the change harder to read.
        if told is not None and unchanging(told) != unchanging(result.output):
            assert result.block.span is not None
            start, end = result.block.span
            text = text[:start] + _tidied(result.output) + text[end:]
    page.write_text(text)


def _tidied(output: str) -> str:
    """An output as a page shows it: no token, not even one of a server that is gone."""
    output = _LINK.sub("…", _TOKEN.sub("swt_…", output))
    lines = [line.rstrip() for line in output.strip("\n").splitlines()]
    return "".join(f"{line}\n" for line in lines)


def main(pages: Sequence[str]) -> int:
    """Run pages and write what they print into them; say which commands ended otherwise."""
    code = 0
    with serving() as server:
        for name in pages:
            page = Path(name)
            results = run_page(page, server)
            write_outputs(page, results)
            for result in results:
                if not result.is_as_told:
                    code = 1
                    sys.stderr.write(
                        f"{page}:{result.block.line}: ended with {result.failures}\n{result.output}"
                    )
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
