"""One chunk of people: their wishes beside what they hold, and what the rules have to say.

**The packing.** What a person holds and what they are wished come as two tables in no common
order. One 64-bit number each, of person, SKU and row, sorted once, brings both together: equal
upper bits are one person and SKU (a *pair*), and as the rows of what is held are counted first,
they come first. Sorting whole numbers is many times faster than sorting rows.

**Why it equals `one.py`.** Whether somebody is a plain matter is asked as in `one._plainly`: a
place that bars a grant, a location that is missing, a service plan that excludes another, a
dependency that is not met. The answers are those of `Laws`, looked up. Of plain people each pair
gets the union of its grants. Everybody else, and whoever waits and is not tried again, becomes a
`Case`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from seatwright.domain.reconcile.columns import Flags, HeldColumns, Int16s, Int32s, Int64s
from seatwright.domain.reconcile.many_grants import Grants, Places
from seatwright.domain.reconcile.many_sets import WorkingSets, owned, spans, starts_of
from seatwright.domain.reconcile.many_wishes import Offers, Wishes
from seatwright.domain.semantics import Semantics

NO_SET: Final = -1
"""No license, in a column of sets."""

CHUNK_USERS_MAX: Final = 1 << 18
"""More people would not fit into the packed number."""

_SKU_BITS: Final = 16
_ROW_BITS: Final = 29


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Each person and SKU that is held or wished, sorted.

    `owner` is the position of the person in the chunk. `held` and `wished` are sets of service
    plans, `NO_SET` for none. The wishes behind a pair are the rows from `first` on, `count` of
    them.
    """

    owner: Int32s
    sku: Int16s
    held: Int32s
    wished: Int32s
    first: Int64s
    count: Int64s


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The wishes of a chunk, sorted by pair; `offers` is what `offer` counts."""

    owner: Int32s
    pair: Int64s
    offer: Int32s
    grant: Int32s
    at: Int64s
    offers: Offers


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """What there is to decide about some people next to each other."""

    pairs: Pairs
    rows: Rows


def chunk_of(
    wishes: Wishes, *, held: HeldColumns, users: Int32s, grants: Grants, sets: WorkingSets
) -> Chunk:
    """Put what people are wished beside what they hold.

    Raises KeyError for a wished SKU that the catalogue does not know, and ValueError if somebody
    holds one SKU twice (GBL-021).
    """
    grant = wishes.offers.grant[wishes.offer]
    unknown = grants.is_unknown[grant]
    if unknown.any():
        raise KeyError(int(grants.sku[grant[unknown][0]]))
    theirs = owned(held.user_no, users=users)
    packed = np.concatenate(
        [
            _packed(theirs.owner, held.sku_no[theirs.rows], first_row=0),
            _packed(wishes.owner, grants.sku[grant], first_row=len(theirs.owner)),
        ]
    )
    packed.sort()
    row = packed & (1 << _ROW_BITS) - 1
    packed >>= _ROW_BITS
    starts = starts_of(packed)
    is_wish = row >= len(theirs.owner)
    pair = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(packed)))[is_wish]
    wish = row[is_wish] - len(theirs.owner)
    rows = Rows(
        owner=wishes.owner[wish],
        pair=pair,
        offer=wishes.offer[wish],
        grant=grant[wish],
        at=wishes.at[wish],
        offers=wishes.offers,
    )
    count = np.bincount(pair, minlength=len(starts))
    first = np.cumsum(count) - count
    is_held = ~is_wish[starts]
    if int(is_held.sum()) != len(theirs.owner):
        raise ValueError("The snapshot says that somebody holds one SKU twice.")
    held_set = np.full(len(starts), NO_SET, np.int32)
    held_set[is_held] = held.enabled_set[theirs.rows][row[starts[is_held]]]
    pairs = Pairs(
        owner=(packed[starts] >> _SKU_BITS).astype(np.int32),
        sku=(packed[starts] & (1 << _SKU_BITS) - 1).astype(np.int16),
        held=held_set,
        wished=_wished(grants.set_index[rows.grant], first=first, count=count, sets=sets),
        first=first,
        count=count,
    )
    return Chunk(pairs=pairs, rows=rows)


def _packed(owner: Int32s, sku_no: Int16s, *, first_row: int) -> Int64s:
    key = owner.astype(np.int64) << _SKU_BITS | sku_no
    return key << _ROW_BITS | np.arange(first_row, first_row + len(owner))


def _wished(sets_by_row: Int32s, *, first: Int64s, count: Int64s, sets: WorkingSets) -> Int32s:
    """Give the union of the sets of each pair's wishes; nearly always they are one set."""
    wished = np.full(len(first), NO_SET, np.int32)
    some = np.flatnonzero(count)
    wished[some] = sets_by_row[first[some]]
    more = np.flatnonzero(count > 1)
    for turn in range(1, int(count.max(initial=0))):
        more = more[count[more] > turn]
        other = sets_by_row[first[more] + turn]
        differs = other != wished[more]
        widened = more[differs]
        wished[widened] = sets.unions(wished[widened], other[differs])
    return wished


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerns:
    """Which wishes of a chunk some rule has something to say about.

    `conflicting` are those that exclude another wish of the person, or are excluded by one;
    `lacking` those that depend on what the person is not wished; `others` all that a place, a
    missing location or the group's own license stand in the way of.
    """

    conflicting: Flags
    lacking: Flags
    others: Flags

    def any(self) -> Flags:
        """Say of each wish whether any rule has something to say about it."""
        concerns: Flags = self.conflicting | self.lacking | self.others
        return concerns


def concerns_of(
    chunk: Chunk, *, location: Int16s, grants: Grants, places: Places, semantics: Semantics
) -> Concerns:
    """Ask the rules about each wish of the chunk; `location` is that of its people."""
    rows, pairs = chunk.rows, chunk.pairs
    is_inherited = rows.offers.is_inherited[rows.offer]
    is_place_known = places.is_known[location[rows.owner]]
    stays = pairs.held[rows.pair] != NO_SET
    # Both come in blocks of a person, so that the look-ups stay near each other.
    others = grants.is_barred[places.kind[location[rows.owner]], rows.grant]
    others |= ~is_place_known & ~is_inherited & ~stays
    if semantics.prerequisite_in_same_group:
        others |= is_inherited & (grants.need_count[rows.grant] > 0)
    return Concerns(
        conflicting=grants.conflicting(rows.grant, owner=rows.owner),
        lacking=grants.lacking(rows.grant, owner=rows.owner),
        others=others,
    )


def givers(chunk: Chunk, pairs: Int64s) -> Int64s:
    """Give the row of the earliest wish of each of these pairs, which all have one.

    No wish of a plain person fails, so `differences._giver` comes down to the earliest one and,
    where two are as early, the smaller source.
    """
    first, count = chunk.pairs.first[pairs], chunk.pairs.count[pairs]
    giver = first.copy()
    several = np.flatnonzero(count > 1)
    if len(several):
        counts = count[several]
        rows = spans(first[several], counts)
        which = np.repeat(np.arange(len(several)), counts)
        source = chunk.rows.offers.source[chunk.rows.offer[rows]]
        order = np.lexsort((source, chunk.rows.at[rows], which))
        giver[several] = rows[order[np.cumsum(counts) - counts]]
    return giver
