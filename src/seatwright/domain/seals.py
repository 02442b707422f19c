"""Seals: the history of a tenant as a chain of blocks, in which no row changes unseen.

A block is a run of rows by number. Its digest is the SHA-256 of a head, which names the block and
holds the digest before, and of every row's canonical line. Whoever keeps one digest somewhere else
can prove that nothing up to that block was changed since. `shipped/check_history.py` computes the
same without seatwright, and a test holds the two together.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from seatwright.domain.errors import Reason, Refusal

FORMAT: Final = 1
"""The version of the canonical lines and of the head; it is part of what is sealed."""

NO_DIGEST: Final = "0" * 64
"""What the first block has for the digest before."""

ROWS_IN_BLOCK_MAX: Final = 10_000
ROWS_TO_SEAL_AT_ONCE: Final = 1000
"""So many rows are sealed at the next tick; fewer wait until the last block is old enough."""

SEAL_WITHIN: Final = timedelta(minutes=10)
MARK_BYTES: Final = 8
"""Enough to tell which row of a broken block differs; the digest is what proves that it does."""

NUMBER_BYTES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A history row as it is sealed: its number, and its canonical text (one line of JSON)."""

    event_no: int
    text: str

    @property
    def mark(self) -> bytes:
        """The row's number and the first bytes of its line's SHA-256."""
        digest = hashlib.sha256(self.text.encode()).digest()
        return self.event_no.to_bytes(NUMBER_BYTES, "big") + digest[:MARK_BYTES]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A sealed run of rows: those above the block before's `last_no`, up to its own.

    `digest` is in hexadecimal; `marks` holds 16 bytes for each row, in order.
    """

    block_no: int
    last_no: int
    row_count: int
    sealed_at: datetime
    digest: str
    marks: bytes = b""


class BreakKind(StrEnum):
    """What is wrong with a block."""

    ROW_CHANGED = "rowChanged"
    ROW_REMOVED = "rowRemoved"
    ROW_ADDED = "rowAdded"
    BLOCK_CHANGED = "blockChanged"
    BLOCK_MISSING = "blockMissing"
    HEAD_UNKNOWN = "headUnknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """One place at which the chain does not hold; `event_no` where it is about one row."""

    kind: BreakKind
    block_no: int | None
    event_no: int | None = None

    @property
    def words(self) -> str:
        """What it means, as a sentence."""
        match self.kind:
            case BreakKind.ROW_CHANGED:
                return f"Row {self.event_no} of block {self.block_no} was changed."
            case BreakKind.ROW_REMOVED:
                return f"Row {self.event_no} of block {self.block_no} was removed."
            case BreakKind.ROW_ADDED:
                return f"Row {self.event_no} was put into block {self.block_no} after its sealing."
            case BreakKind.BLOCK_CHANGED:
                return f"The record of block {self.block_no} itself was changed."
            case BreakKind.BLOCK_MISSING:
                return f"Block {self.block_no} is missing."
            case BreakKind.HEAD_UNKNOWN:
                return (
                    "No block has the head that was given: the history was cut or written anew"
                    " since, or the head is of another tenant."
                )


def sealed(lines: Sequence[Line], *, tenant: UUID, previous: Block | None, at: datetime) -> Block:
    """The block of these rows, in the order of their numbers, after the block before."""
    assert lines, "a block has rows"
    assert all(a.event_no < b.event_no for a, b in itertools.pairwise(lines))
    block = Block(
        block_no=1 if previous is None else previous.block_no + 1,
        last_no=lines[-1].event_no,
        row_count=len(lines),
        # Business time may step back; a chain does not.
        sealed_at=at if previous is None else max(at, previous.sealed_at),
        digest="",
        marks=b"".join(line.mark for line in lines),
    )
    before = NO_DIGEST if previous is None else previous.digest
    digest = digest_of(block, lines, tenant=tenant, before=before)
    return Block(
        block_no=block.block_no,
        last_no=block.last_no,
        row_count=block.row_count,
        sealed_at=block.sealed_at,
        digest=digest,
        marks=block.marks,
    )


def digest_of(block: Block, lines: Sequence[Line], *, tenant: UUID, before: str) -> str:
    """The SHA-256 of a block's head and lines, in hexadecimal."""
    head = (
        f"seatwright history {FORMAT}\n{tenant}\n{block.block_no}\n{block.last_no}\n"
        f"{len(lines)}\n{moment_text(block.sealed_at)}\n{before}\n"
    )
    digest = hashlib.sha256(head.encode())
    for line in lines:
        digest.update(line.text.encode())
        digest.update(b"\n")
    return digest.hexdigest()


def moment_text(at: datetime) -> str:
    """A moment as canonical texts have it: UTC, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_due(previous: Block | None, *, rows: int, now: datetime) -> bool:
    """Whether so many unsealed rows are to become a block now, or may wait for more."""
    if rows == 0:
        return False
    if previous is None or rows >= ROWS_TO_SEAL_AT_ONCE:
        return True
    return not previous.sealed_at <= now < previous.sealed_at + SEAL_WITHIN


def breaks_in(
    block: Block, lines: Sequence[Line], *, tenant: UUID, previous: Block | None
) -> Iterator[Break]:
    """Everything that is wrong with a block, given the rows that are there for it now."""
    expected_no = 1 if previous is None else previous.block_no + 1
    for missing in range(expected_no, block.block_no):
        yield Break(kind=BreakKind.BLOCK_MISSING, block_no=missing)
    before = NO_DIGEST if previous is None else previous.digest
    if digest_of(block, lines, tenant=tenant, before=before) == block.digest:
        return
    found = list(_row_breaks(block, lines))
    yield from found
    if not found and expected_no == block.block_no:
        yield Break(kind=BreakKind.BLOCK_CHANGED, block_no=block.block_no)


def _row_breaks(block: Block, lines: Sequence[Line]) -> Iterator[Break]:
    width = NUMBER_BYTES + MARK_BYTES
    marks = (block.marks[at : at + width] for at in range(0, len(block.marks), width))
    sealed_marks = {int.from_bytes(mark[:NUMBER_BYTES], "big"): mark for mark in marks}
    there = {line.event_no: line.mark for line in lines}
    for event_no in sorted(sealed_marks.keys() | there.keys()):
        if event_no not in there:
            kind = BreakKind.ROW_REMOVED
        elif event_no not in sealed_marks:
            kind = BreakKind.ROW_ADDED
        elif there[event_no] != sealed_marks[event_no]:
            kind = BreakKind.ROW_CHANGED
        else:
            continue
        yield Break(kind=kind, block_no=block.block_no, event_no=event_no)


def parse_digest(text: str) -> str:
    """A digest that somebody kept, in lower case.

    Raises Refusal invalidValue for what is none.
    """
    digest = text.strip().lower()
    if len(digest) != len(NO_DIGEST) or not set(digest) <= set("0123456789abcdef"):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"head is “{text[:80]}”: give the 64 hexadecimal digits of a digest, as"
            " GET /api/history/head and /api/history/heads show them.",
        )
    return digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The last block of a month that is over, for keeping elsewhere."""

    month: str
    block_no: int
    last_no: int
    digest: str
    sealed_at: datetime
