"""Checks an export of seatwright's history with nothing but Python's standard library.

    python3 -I check.py EXPORT [--head DIGEST]

An export holds every sealed row as it was sealed, one line of JSON each. Rows stand in blocks; the
digest of a block is the SHA-256 of its head and its rows, and its head holds the digest before. So
a row that is changed, removed, added or moved breaks the chain. Whoever writes the chain anew to
the end has another last digest: give one that was kept elsewhere with --head, and it must be in
the file. The exit code is 0 when everything holds, 1 when something does not, 2 for a wrong call.

This file is written to be read: it is all there is to trust.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NO_DIGEST = "0" * 64
MARK_DIGITS = 32
FINDINGS_MAX = 100
BLOCK_KEYS = {"block", "lastNo", "rows", "sealedAt", "before", "digest", "marks"}
END_KEYS = {"end", "blocks", "rows", "head", "heads", "file"}


class Broken(Exception):
    """The file cannot be read on from here."""


class Chain:
    """What has been read so far."""

    def __init__(self, head: str | None) -> None:
        self.head = head
        self.tenant = ""
        self.blocks = 0
        self.rows = 0
        self.digest = NO_DIGEST
        self.digests: set[str] = set()
        self.month = ""
        self.month_heads: dict[str, str] = {}
        self.file = hashlib.sha256()
        self.findings: list[str] = []

    def found(self, sentence: str) -> None:
        """Keep a sentence about something that does not hold."""
        self.findings.append(sentence)


def check(path: str, head: str | None) -> Chain:
    """Read the whole file once and compute every digest anew."""
    chain = Chain(head)
    try:
        with Path(path).open("rb") as file:
            _read(chain, iter(file))
    except Broken as broken:
        chain.found(str(broken))
    if head is not None and head not in chain.digests:
        chain.found(f"The head {head} is in no block: the history was cut or written anew.")
    return chain


def _read(chain: Chain, lines: Iterator[bytes]) -> None:
    raw = next(lines, b"")
    first = _object(chain, raw, "the first line")
    if first.get("export") != "seatwright history" or first.get("format") != 1:
        raise Broken("This is no export of a history that this checker knows.")
    chain.tenant = str(first.get("tenant"))
    chain.file.update(raw)
    for raw in lines:
        line = _object(chain, raw, f"what follows block {chain.blocks}")
        if "end" in line:
            _end(chain, line, following=next(lines, None))
            return
        chain.file.update(raw)
        _block(chain, line, lines)
    raise Broken("The file has no end: its last part is missing.")


def _object(chain: Chain, raw: bytes, place: str) -> dict[str, Any]:
    """A line that is no row; it has exactly one form, so that none of its bytes is without say."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Broken(f"The file cannot be read at {place}.")
    if raw != (json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n").encode():
        chain.found(f"The file has another form than the one it was written in, at {place}.")
    return value


def _block(chain: Chain, block: dict[str, Any], lines: Iterator[bytes]) -> None:
    number, count, marks = block.get("block"), block.get("rows"), block.get("marks")
    if (
        not (isinstance(number, int) and isinstance(count, int) and isinstance(marks, str))
        or set(block) != BLOCK_KEYS
    ):
        raise Broken(f"The file cannot be read at the head of a block after block {chain.blocks}.")
    if number != chain.blocks + 1:
        chain.found(f"Block {chain.blocks + 1} is missing: block {number} is in its place.")
    if block["before"] != chain.digest:
        chain.found(f"Block {number} does not follow the block before it.")
    rows = [row for _, row in zip(range(count), lines, strict=False)]
    for row in rows:
        chain.file.update(row)
    head = (
        f"seatwright history 1\n{chain.tenant}\n{number}\n{block['lastNo']}\n{len(rows)}\n"
        f"{block['sealedAt']}\n{block['before']}\n"
    )
    digest = hashlib.sha256(head.encode() + b"".join(rows)).hexdigest()
    if digest != block["digest"]:
        sentences = list(_wrong_rows(number, rows, marks))
        for sentence in sentences or [f"The head of block {number} was changed."]:
            chain.found(sentence)
    chain.blocks, chain.rows = number, chain.rows + len(rows)
    chain.digest, chain.month = str(block["digest"]), str(block["sealedAt"])[:7]
    chain.month_heads[chain.month] = chain.digest
    # Only what was computed counts as seen: a head that is merely written somewhere proves nothing.
    chain.digests.add(digest)


def _wrong_rows(number: int, rows: list[bytes], marks: str) -> Iterator[str]:
    """Which rows of a broken block are not the ones that were sealed, as far as the marks tell."""
    wanted = [marks[at : at + MARK_DIGITS] for at in range(0, len(marks), MARK_DIGITS)]
    there = [_mark(row) for row in rows]
    numbers = {mark[:16] for mark in wanted}
    for mark in there:
        if mark[:16] not in numbers:
            yield f"Row {_row_no(mark)} of block {number} was added or renumbered."
    for mark in wanted:
        if mark not in there:
            is_there = any(one[:16] == mark[:16] for one in there)
            what = "was changed" if is_there else "was removed"
            yield f"Row {_row_no(mark)} of block {number} {what}."
    if sorted(there) == sorted(wanted) and there != wanted:
        first = next(a for a, b in zip(there, wanted, strict=True) if a != b)
        yield f"Rows of block {number} are in another order, from row {_row_no(first)} on."


def _mark(row: bytes) -> str:
    try:
        number = int(json.loads(row)["no"])
    except (ValueError, KeyError, TypeError):
        number = 0
    text = row[:-1] if row.endswith(b"\n") else row
    return f"{number & (2**64 - 1):016x}{hashlib.sha256(text).hexdigest()[:16]}"


def _row_no(mark: str) -> int:
    try:
        return int(mark[:16], 16)
    except ValueError:
        return 0


def _end(chain: Chain, end: dict[str, Any], *, following: bytes | None) -> None:
    """The last line covers every byte before it, and says nothing else than what was read."""
    if set(end) != END_KEYS or end["end"] != "seatwright history":
        chain.found("The last line was changed.")
    if end.get("file") != chain.file.hexdigest():
        chain.found("Something in the file was changed after it was written.")
    told = (end.get("blocks"), end.get("rows"), end.get("head"))
    if told != (chain.blocks, chain.rows, chain.digest):
        chain.found("The last line tells of something else than the file has.")
    # The month of the last block may still have been running.
    over = {month: one for month, one in chain.month_heads.items() if month != chain.month}
    if end.get("heads") not in (over, chain.month_heads):
        chain.found("The heads of the months are not those of the file.")
    if following is not None:
        chain.found("Something was added after the end.")


def main(arguments: list[str]) -> int:
    """Check the file that the command line names."""
    head = None
    if len(arguments) == 3 and arguments[1] == "--head":
        head = arguments[2].strip().lower()
    elif len(arguments) != 1:
        sys.stderr.write("Usage: python3 -I check.py EXPORT [--head DIGEST]\n")
        return 2
    try:
        chain = check(arguments[0], head)
    except OSError as error:
        sys.stderr.write(f"{arguments[0]} cannot be read: {error.strerror}.\n")
        return 2
    for sentence in chain.findings[:FINDINGS_MAX]:
        sys.stdout.write(f"{sentence}\n")
    if len(chain.findings) > FINDINGS_MAX:
        sys.stdout.write(f"… and {len(chain.findings) - FINDINGS_MAX} more.\n")
    sys.stdout.write(
        f"{'BROKEN' if chain.findings else 'Intact'}: {chain.rows} rows in {chain.blocks} blocks of"
        f" tenant {chain.tenant}, head {chain.digest}.\n"
    )
    if head is None and not chain.findings:
        sys.stdout.write("Give a head that you kept with --head: only that shows a cut end.\n")
    return 1 if chain.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
