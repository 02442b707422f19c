"""Wishes that fail by themselves, found in columns: most of those about whom the rules speak.

A person with a conflict or an unmet dependency mostly stays in it for months, and what the rules
say is then known without asking them at length: the wishes that fail give nothing, and the others
are as plain as anybody's. Here those wishes are found, so that they can be left out of the chunk
and come back as errors in the end.

**When it is known.** Either service plans exclude each other or dependencies are unmet, not both;
no other rule has anything to say; what fails is not held, so that it gives nothing and nothing
else of that product stands; and what stays and takes part in a conflict is held as it is wished.
Then `one._Deliberation` comes down to one pass: what is held is taken, and the rest take their
turns (`_conflicting`); or what lacks something falls away until nothing does (`_unmet`). Nothing
is retained, for all that stands has what it depends on. Asked again with the outcome held, the
rules say the same, so that such a person needs no further round. Everybody else is a `Case`.

**Fragile claims.** A seat that is denied to somebody in a conflict may let another of their wishes
pass. So whoever is denied one that takes part in the conflict becomes a `Case` in that moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from seatwright.domain.errors import Reason
from seatwright.domain.reconcile.columns import REASONS, Flags, Int16s, Int64s
from seatwright.domain.reconcile.many_grants import Grants
from seatwright.domain.reconcile.many_rows import NO_SET, Chunk, Concerns, Pairs, Rows
from seatwright.domain.reconcile.many_sets import starts_of
from seatwright.domain.semantics import ExclusionOrder, Semantics

CONFLICTING: Final = REASONS.index(Reason.CONFLICTING_SERVICE_PLANS)
UNMET: Final = REASONS.index(Reason.DEPENDENCY_MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What the rules say of those people of a chunk of whom that is known.

    `is_known` says of each person whether they are one of them. `failing` are rows, in order, with
    the position of their `reason`. `is_fragile` says of each pair whether a denial of it may
    change what the rules say.
    """

    is_known: Flags
    failing: Int64s
    reason: Int16s
    is_fragile: Flags


def foreseen(
    chunk: Chunk, concerns: Concerns, *, among: Flags, grants: Grants, semantics: Semantics
) -> Foreseen:
    """Find the wishes that fail by themselves, of everybody `among` of whom that can be known."""
    rows, people = chunk.rows, len(among)
    is_conflicting = _whose(concerns.conflicting, rows, people)
    is_lacking = _whose(concerns.lacking, rows, people)
    is_simple = among & (is_conflicting ^ is_lacking) & ~_whose(concerns.others, rows, people)
    if semantics.siblings_fail_together or not is_simple.any():
        return _nothing(chunk, people)
    finder = _Finder(chunk=chunk, grants=grants, semantics=semantics)
    unmet = finder.lacking((is_simple & is_lacking)[rows.owner])
    excluded = finder.excluded(
        concerns.conflicting & (is_simple & is_conflicting)[rows.owner],
        rest=(is_simple & is_conflicting)[rows.owner],
    )
    is_known = is_simple & ~_whose(finder.is_doubtful, rows, people)
    reason = np.zeros(len(rows.owner), np.int16)
    reason[unmet] = UNMET
    reason[excluded] = CONFLICTING
    failing = np.flatnonzero((unmet | excluded) & is_known[rows.owner])
    is_fragile = np.zeros(len(chunk.pairs.owner), np.bool_)
    is_fragile[rows.pair[concerns.conflicting & is_known[rows.owner]]] = True
    return Foreseen(
        is_known=is_known, failing=failing, reason=reason[failing], is_fragile=is_fragile
    )


def without_failing(chunk: Chunk, found: Foreseen) -> tuple[Chunk, Flags]:
    """Give the chunk without the wishes that fail, and which of its pairs are fragile.

    Every wish of such a pair fails and nothing of it is held, so the pairs go with them.
    """
    if not len(found.failing):
        return chunk, found.is_fragile
    pairs, rows = chunk.pairs, chunk.rows
    stays = np.ones(len(pairs.owner), np.bool_)
    stays[rows.pair[found.failing]] = False
    stands = stays[rows.pair]
    place = np.cumsum(stays) - 1
    count = pairs.count[stays]
    rest = Chunk(
        pairs=Pairs(
            owner=pairs.owner[stays],
            sku=pairs.sku[stays],
            held=pairs.held[stays],
            wished=pairs.wished[stays],
            first=np.cumsum(count) - count,
            count=count,
        ),
        rows=Rows(
            owner=rows.owner[stands],
            pair=place[rows.pair[stands]],
            offer=rows.offer[stands],
            grant=rows.grant[stands],
            at=rows.at[stands],
            offers=rows.offers,
        ),
    )
    return rest, found.is_fragile[stays]


def _whose(concerns: Flags, rows: Rows, people: int) -> Flags:
    is_concerned = np.zeros(people, np.bool_)
    is_concerned[rows.owner[concerns]] = True
    return is_concerned


def _nothing(chunk: Chunk, people: int) -> Foreseen:
    return Foreseen(
        is_known=np.zeros(people, np.bool_),
        failing=np.zeros(0, np.int64),
        reason=np.zeros(0, np.int16),
        is_fragile=np.zeros(len(chunk.pairs.owner), np.bool_),
    )


class _Finder:
    """Finds what fails, and notes the rows of whom that is in doubt."""

    __slots__ = ("_chunk", "_grants", "_has_one_grant", "_is_held", "_semantics", "is_doubtful")

    def __init__(self, *, chunk: Chunk, grants: Grants, semantics: Semantics) -> None:
        rows, pairs = chunk.rows, chunk.pairs
        self._chunk = chunk
        self._grants = grants
        self._semantics = semantics
        self._is_held: Flags = (pairs.held != NO_SET)[rows.pair]
        differs = rows.grant != rows.grant[pairs.first[rows.pair]]
        has_one_grant = np.ones(len(pairs.owner), np.bool_)
        has_one_grant[rows.pair[differs]] = False
        self._has_one_grant: Flags = has_one_grant[rows.pair]
        self.is_doubtful = np.zeros(len(rows.owner), np.bool_)

    def lacking(self, among: Flags) -> Flags:
        """Find the wishes that fall away because something they depend on is not there."""
        fails = np.zeros(len(among), np.bool_)
        standing = np.flatnonzero(among)
        while len(standing):
            is_lacking = self._lacks(standing)
            if not is_lacking.any():
                break
            fails[standing[is_lacking]] = True
            standing = standing[~is_lacking]
        self.is_doubtful |= fails & (self._is_held | ~self._has_one_grant)
        return fails

    def excluded(self, flagged: Flags, *, rest: Flags) -> Flags:
        """Find the wishes whose service plans exclude something that is taken before them.

        `flagged` are the wishes that take part in a conflict, of all the wishes in `rest`.
        """
        rows, pairs = self._chunk.rows, self._chunk.pairs
        is_as_wished = (pairs.held == pairs.wished)[rows.pair]
        self.is_doubtful |= flagged & self._is_held & ~is_as_wished
        self.is_doubtful |= flagged & ~self._is_held & ~self._has_one_grant
        self.is_doubtful |= flagged & self._grants.excludes_itself[rows.grant]
        fails = np.zeros(len(flagged), np.bool_)
        fails[self._losers(np.flatnonzero(flagged))] = True
        standing = np.flatnonzero(rest & ~fails)
        self.is_doubtful[standing[self._lacks(standing)]] = True
        return fails

    def _lacks(self, standing: Int64s) -> Flags:
        rows = self._chunk.rows
        return self._grants.lacking(rows.grant[standing], owner=rows.owner[standing])

    def _losers(self, flagged: Int64s) -> Int64s:
        """Give who comes too late: each person's wishes take their turns, one at a time."""
        rows, grants = self._chunk.rows, self._grants
        turns = flagged[self._in_turn(flagged)]
        owner = rows.owner[turns]
        starts = starts_of(owner)
        count = np.diff(starts, append=len(owner))
        taken = np.zeros((len(grants.gives), len(starts)), np.uint64)
        losers: list[Int64s] = [np.zeros(0, np.int64)]
        for turn in range(int(count.max(initial=0))):
            whose = np.flatnonzero(count > turn)
            row = turns[starts[whose] + turn]
            clashes = (grants.conflicts[:, rows.grant[row]] & taken[:, whose]).any(axis=0)
            # What is held is taken, whatever it excludes.
            clashes &= ~self._is_held[row]
            taken[:, whose[~clashes]] |= grants.gives[:, rows.grant[row[~clashes]]]
            losers.append(row[clashes])
        return np.concatenate(losers)

    def _in_turn(self, flagged: Int64s) -> Int64s:
        """Put wishes in the order in which `one._Deliberation` ranks them, person by person."""
        rows = self._chunk.rows
        offer = rows.offer[flagged]
        priority = rows.offers.priority[offer]
        if self._semantics.exclusion_order is ExclusionOrder.TIME:
            priority = np.zeros_like(priority)
        return np.lexsort(
            (
                rows.offers.source[offer],
                self._chunk.pairs.sku[rows.pair[flagged]],
                rows.at[flagged],
                priority,
                ~self._is_held[flagged],
                rows.owner[flagged],
            )
        )
