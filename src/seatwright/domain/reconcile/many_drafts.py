"""What plain people would be given if there were seats for all, and the seats that they claim.

A **draft** is a change as it stands if nobody is denied a seat. A **claim** is a draft that needs
a seat of which there may be too few: only claims take part in the rounds. In the end the drafts
of the denied claims are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

from seatwright.domain.errors import Reason
from seatwright.domain.reconcile.columns import (
    REASONS,
    ErrorColumns,
    Flags,
    Int16s,
    Int32s,
    Int64s,
)
from seatwright.domain.reconcile.many_failing import Foreseen, without_failing
from seatwright.domain.reconcile.many_grants import Grants
from seatwright.domain.reconcile.many_rows import NO_SET, Chunk, Pairs, givers
from seatwright.domain.reconcile.many_sets import Owned, find, spans

NONE: Final = -1
"""No giver, no claim or no stored error, in a column of numbers."""

NO_SEAT_LEFT: Final = REASONS.index(Reason.NO_SEAT_LEFT)

_NOT_WAITING: Final = np.iinfo(np.int64).max
_SKU_BITS: Final = 16
_SOURCE_BITS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """The changes of plain people if nobody is denied, sorted by person and SKU.

    `person` is the position among the snapshot's people; a set is `NO_SET` for no license.
    """

    person: Int32s
    sku: Int16s
    before: Int32s
    after: Int32s
    source: Int64s
    strategy: Int16s


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """The drafts that need a seat of which there may be too few, sorted by person and SKU.

    `draft` is the row of the draft. `since` is since when the person waits: now, if they did not
    before. `row_count` says how many wishes are behind a claim; they are `ClaimRows`, in order.
    `is_fragile`: see `many_failing`.
    """

    person: Int32s
    sku: Int16s
    priority: Int16s
    since: Int64s
    draft: Int32s
    row_count: Int32s
    is_fragile: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRows:
    """The wishes behind the claims: the source, and the row of the error stored on it or `NONE`."""

    source: Int64s
    stored: Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedyRows:
    """All wishes of those who depend on something and claim something, sorted by person.

    Only they may turn out to be no plain matter when a seat is denied. `claim` is the row of the
    claim that a wish is behind, or `NONE`.
    """

    person: Int32s
    grant: Int32s
    claim: Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """The wishes of plain people that fail by themselves, sorted by person and SKU.

    `priority` is the smallest of the person's wishes for the SKU; `stored` the row of the error
    stored on it, or `NONE`.
    """

    person: Int32s
    sku: Int16s
    source: Int64s
    reason: Int16s
    priority: Int16s
    stored: Int32s


_Table = TypeVar("_Table", bound="Drafts | Claims | ClaimRows | NeedyRows | Failures")


class Stack(Generic[_Table]):
    """Tables of one kind that are put below each other, in the end and a column at a time."""

    __slots__ = ("_columns", "_kind", "row_count")

    def __init__(self, kind: type[_Table]) -> None:
        """Begin with no table."""
        self._kind = kind
        self._columns: dict[str, list[npt.NDArray[np.generic]]] = {
            field.name: [] for field in fields(kind)
        }
        self.row_count = 0

    def add(self, table: _Table) -> None:
        """Put a table below the others."""
        for name, parts in self._columns.items():
            parts.append(getattr(table, name))
        self.row_count += len(next(iter(self._columns.values()))[-1])

    def joined(self) -> _Table:
        """Give all rows as one table; the parts are given up column by column to save memory."""
        names = list(self._columns)
        return self._kind(**{name: np.concatenate(self._columns.pop(name)) for name in names})


class Drafting:
    """Drafts chunk after chunk.

    `held` counts, per SKU number, the people who hold it; `kept` the plain people among them
    who are wished it. `is_moved` says, per person, whether they have a draft that is no claim.
    """

    __slots__ = (
        "_errors",
        "_grants",
        "_is_maybe_short",
        "_now",
        "claim_rows",
        "claims",
        "drafts",
        "failures",
        "held",
        "is_moved",
        "is_open",
        "kept",
        "needy",
    )

    def __init__(
        self, *, grants: Grants, errors: ErrorColumns, is_maybe_short: Flags, people: int, now: int
    ) -> None:
        """Begin with nobody drafted; `is_maybe_short` has an entry for each SKU number."""
        self._grants = grants
        self._errors = errors
        self._is_maybe_short = is_maybe_short
        self._now = now
        self.drafts = Stack(Drafts)
        self.claims = Stack(Claims)
        self.claim_rows = Stack(ClaimRows)
        self.needy = Stack(NeedyRows)
        self.failures = Stack(Failures)
        self.held = np.zeros(len(is_maybe_short), np.int64)
        self.kept = self.held.copy()
        self.is_moved = np.zeros(people, np.bool_)
        self.is_open = np.zeros(people, np.bool_)

    def add(
        self,
        whole: Chunk,
        *,
        is_plain: Flags,
        found: Foreseen,
        first_person: int,
        errors: Owned,
    ) -> None:
        """Draft the changes of a chunk's plain people, and collect their claims and failures."""
        self.is_open[first_person : first_person + len(is_plain)] = found.is_known
        self._add_failures(whole, found, first_person=first_person, errors=errors)
        chunk, is_fragile = without_failing(whole, found)
        pairs = chunk.pairs
        is_held, is_wished = pairs.held != NO_SET, pairs.wished != NO_SET
        plain = is_plain[pairs.owner]
        is_draft = plain & (pairs.held != pairs.wished)
        is_claim = is_draft & self._is_claim(pairs)
        self.is_moved[first_person + pairs.owner[is_draft & ~is_claim]] = True
        self.held += np.bincount(pairs.sku[is_held], minlength=len(self.held))
        is_kept = plain & is_held & is_wished
        self.kept += np.bincount(pairs.sku[is_kept], minlength=len(self.kept))
        drafted, claimed = np.flatnonzero(is_draft), np.flatnonzero(is_claim)
        # The rows so far are asked for before rows are added: a claim and a draft are counted
        # over all chunks.
        draft = self.drafts.row_count + np.searchsorted(drafted, claimed)
        self.needy.add(self._needy(chunk, claimed, first_person=first_person))
        self._add_claims(
            chunk,
            claimed,
            draft=draft,
            is_fragile=is_fragile[claimed],
            first_person=first_person,
            errors=errors,
        )
        self.drafts.add(_drafts(chunk, drafted, first_person=first_person))

    def claimants(self, chunk: Chunk) -> Int32s:
        """Give who of a chunk's people would have a claim; who has two comes twice."""
        return chunk.pairs.owner[self._is_claim(chunk.pairs)]

    def _is_claim(self, pairs: Pairs) -> Flags:
        is_new: Flags = (pairs.held == NO_SET) & (pairs.wished != NO_SET)
        return is_new & self._is_maybe_short[pairs.sku]

    def _add_failures(
        self, chunk: Chunk, found: Foreseen, *, first_person: int, errors: Owned
    ) -> None:
        pairs, rows = chunk.pairs, chunk.rows
        pair = rows.pair[found.failing]
        offer = rows.offer[found.failing]
        failing, place = np.unique(pair, return_inverse=True)
        count = np.bincount(place, minlength=len(failing))
        source = rows.offers.source[offer]
        stored_on = self._stored_on(_pair_key(pairs.owner[failing], pairs.sku[failing]), errors)
        self.failures.add(
            Failures(
                person=first_person + rows.owner[found.failing],
                sku=pairs.sku[pair],
                source=source,
                reason=found.reason,
                priority=_smallest(rows.offers.priority[offer], count)[place],
                stored=self._stored(stored_on, place.astype(np.int64), source),
            )
        )

    def _add_claims(
        self,
        chunk: Chunk,
        claimed: Int64s,
        *,
        draft: Int64s,
        is_fragile: Flags,
        first_person: int,
        errors: Owned,
    ) -> None:
        pairs, rows = chunk.pairs, chunk.rows
        count = pairs.count[claimed]
        offer = rows.offer[spans(pairs.first[claimed], count)]
        claim_of_row = np.repeat(np.arange(len(claimed)), count)
        source = rows.offers.source[offer]
        key = _pair_key(pairs.owner[claimed], pairs.sku[claimed])
        failing = self._stored_on(key, errors)
        self.claims.add(
            Claims(
                person=first_person + pairs.owner[claimed],
                sku=pairs.sku[claimed],
                priority=_smallest(rows.offers.priority[offer], count),
                since=self._since(failing, claims=len(claimed)),
                draft=draft.astype(np.int32),
                row_count=count.astype(np.int32),
                is_fragile=is_fragile,
            )
        )
        self.claim_rows.add(
            ClaimRows(source=source, stored=self._stored(failing, claim_of_row, source))
        )

    def _stored_on(self, claim_key: Int64s, errors: Owned) -> Owned:
        """Give the stored errors of these claims: which rows, and of which claim."""
        sku = self._errors.sku_no[errors.rows]
        claim = find(_pair_key(errors.owner, sku), among=claim_key)
        is_here = claim != NONE
        rows = errors.rows
        numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
        return Owned(numbers[is_here], claim[is_here].astype(np.int32))

    def _since(self, failing: Owned, *, claims: int) -> Int64s:
        """Give since when each claim waits; see `Case.waiting_since`."""
        since = np.full(claims, _NOT_WAITING, np.int64)
        is_waiting = self._errors.reason[failing.rows] == NO_SEAT_LEFT
        waiting_since = self._errors.waiting_since[failing.rows][is_waiting]
        np.minimum.at(since, failing.owner[is_waiting], waiting_since)
        since[since == _NOT_WAITING] = self._now
        return since

    def _stored(self, failing: Owned, claim_of_row: Int64s, source: Int64s) -> Int32s:
        """Give the row of the error stored on each claim and source, `NONE` for none."""
        stored_source = self._errors.source[failing.rows]
        # A source does not fit beside the claim into one number, so it is ranked first.
        ranked = np.unique(stored_source)
        rank = find(source, among=ranked)
        among = failing.owner.astype(np.int64) << _SOURCE_BITS | find(stored_source, among=ranked)
        place = find(claim_of_row << _SOURCE_BITS | rank, among=among)
        is_stored = (rank != NONE) & (place != NONE)
        stored = np.full(len(source), NONE, np.int32)
        stored[is_stored] = np.asarray(failing.rows)[place[is_stored]]
        return stored

    def _needy(self, chunk: Chunk, claimed: Int64s, *, first_person: int) -> NeedyRows:
        pairs, rows = chunk.pairs, chunk.rows
        people = int(pairs.owner[-1]) + 1 if len(pairs.owner) else 0
        has_claim, depends = np.zeros(people, np.bool_), np.zeros(people, np.bool_)
        has_claim[pairs.owner[claimed]] = True
        depends[rows.owner[self._grants.need_count[rows.grant] > 0]] = True
        found = np.flatnonzero((has_claim & depends)[rows.owner])
        claim = np.full(len(pairs.owner), NONE, np.int32)
        claim[claimed] = self.claims.row_count + np.arange(len(claimed))
        return NeedyRows(
            person=first_person + rows.owner[found],
            grant=rows.grant[found],
            claim=claim[rows.pair[found]],
        )


def _drafts(chunk: Chunk, drafted: Int64s, *, first_person: int) -> Drafts:
    pairs, rows = chunk.pairs, chunk.rows
    is_given = pairs.wished[drafted] != NO_SET
    offer = rows.offer[givers(chunk, drafted[is_given])]
    source = np.full(len(drafted), NONE, np.int64)
    strategy = np.full(len(drafted), NONE, np.int16)
    source[is_given] = rows.offers.source[offer]
    strategy[is_given] = rows.offers.strategy[offer]
    return Drafts(
        person=first_person + pairs.owner[drafted],
        sku=pairs.sku[drafted],
        before=pairs.held[drafted],
        after=pairs.wished[drafted],
        source=source,
        strategy=strategy,
    )


def _pair_key(owner: Int32s, sku: Int16s) -> Int64s:
    return owner.astype(np.int64) << _SKU_BITS | sku


def _smallest(values: Int16s, counts: Int64s) -> Int16s:
    """Give the smallest value of each run; no run is empty."""
    if not len(counts):
        return values
    return np.minimum.reduceat(values, np.cumsum(counts) - counts)
