"""What the rules say of each distinct grant, asked once and looked up after that.

A grant is one SKU with one set of service plans on: a wish without its person, source and dates.
A million people have millions of wishes and a few thousand grants. `Laws` answers for each of
them, and the answers become columns, so that the rules themselves are written once.

**Only some service plans matter.** A rule asks whether a person has any of some service plans.
Those that no answer names make no difference, so they are left out, and the rest is packed into
words of 64 bits: a single word wherever the rules name no more than 64 service plans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from seatwright.domain.ids import ServicePlanBits, ServicePlanNo, SkuNo, service_plan_numbers
from seatwright.domain.reconcile.columns import Flags, Int16s, Int32s, Int64s
from seatwright.domain.reconcile.laws import Laws, Prohibition
from seatwright.domain.reconcile.many_sets import WorkingSets, spans, starts_of
from seatwright.domain.reconcile.rows import union

Words = npt.NDArray[np.uint64]

_WORD_BITS: Final = 64


class GrantNumbers:
    """The distinct grants, numbered as they are met."""

    __slots__ = ("_laws", "_number", "_sets", "set_indices", "skus")

    def __init__(self, *, laws: Laws, sets: WorkingSets) -> None:
        """Begin without any."""
        self._laws = laws
        self._sets = sets
        self._number: dict[tuple[SkuNo, int], int] = {}
        self.skus: list[SkuNo] = []
        self.set_indices: list[int] = []

    def number_of(self, sku: SkuNo, *, disabled: ServicePlanBits) -> int:
        """Give the number of the grant of a SKU with these service plans off (GBL-030)."""
        bits = ServicePlanBits(self._laws.service_plans_of(sku) & ~disabled)
        key = sku, self._sets.index_of(bits)
        found = self._number.get(key)
        if found is None:
            found = self._number[key] = len(self.skus)
            self.skus.append(sku)
            self.set_indices.append(key[1])
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """The distinct grants, and what the rules say of each.

    `gives` and `conflicts` have a row for each word and a column for each grant. The any-of sets
    of grant g are the columns `need_first[g]` to `need_first[g] + need_count[g]` of `needs`.
    `is_barred` has a row for each kind of place and a column for each grant. `excludes_itself` says
    of each grant whether some of its service plans exclude others of them.
    """

    sku: Int16s
    set_index: Int32s
    is_unknown: Flags
    gives: Words
    conflicts: Words
    excludes_itself: Flags
    need_first: Int64s
    need_count: Int64s
    needs: Words
    is_barred: Flags

    def conflicting(self, grant: Int32s, *, owner: Int32s) -> Flags:
        """Say of each row whether its person is wished anything that it excludes (PLN-001).

        Rows are sorted by person; what they are wished is everything in these rows.
        """
        found = np.zeros(len(grant), np.bool_)
        for word, everything in enumerate(self._everything(grant, owner)):
            found |= (self.conflicts[word][grant] & everything) != 0
        return found

    def lacking(self, grant: Int32s, *, owner: Int32s) -> Flags:
        """Say of each row whether its person is not wished what it depends on (GBL-094)."""
        lacking = np.zeros(len(grant), np.bool_)
        needy = np.flatnonzero(self.need_count[grant])
        if not len(needy):
            return lacking
        counts = self.need_count[grant[needy]]
        need = spans(self.need_first[grant[needy]], counts)
        row = np.repeat(needy, counts)
        is_met = np.zeros(len(need), np.bool_)
        for word, everything in enumerate(self._everything(grant, owner)):
            is_met |= (self.needs[word][need] & everything[row]) != 0
        lacking[row[~is_met]] = True
        return lacking

    def _everything(self, grant: Int32s, owner: Int32s) -> Sequence[Words]:
        """Give, per word and row, all that the row's person is wished."""
        if not len(grant):
            return [np.zeros(0, np.uint64) for _ in self.gives]
        starts = starts_of(owner)
        counts = np.diff(starts, append=len(owner))
        return [
            np.repeat(np.bitwise_or.reduceat(gives[grant], starts), counts) for gives in self.gives
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The locations of a snapshot; the last entry is for people who have none.

    `kind` counts the rows of `Grants.is_barred`: places where the same is prohibited are of one
    kind. Whoever has no location is where the tenant is, as far as prohibitions go (GBL-061).
    """

    kind: Int16s
    is_known: Flags
    prohibitions: Sequence[Prohibition]


def places_of(locations: Sequence[str], *, default: str | None, laws: Laws) -> Places:
    """Sort the locations into kinds."""
    kinds: dict[Prohibition, int] = {}
    kind = [
        kinds.setdefault(laws.prohibited_in(location or default), len(kinds))
        for location in (*locations, None)
    ]
    return Places(
        kind=np.array(kind, np.int16),
        is_known=np.array([bool(location) for location in (*locations, None)]),
        prohibitions=tuple(kinds),
    )


def grants_of(numbers: GrantNumbers, *, laws: Laws, sets: WorkingSets, places: Places) -> Grants:
    """Ask the rules about each grant."""
    all_bits = [sets.bits_of(index) for index in numbers.set_indices]
    profiles = [laws.profile(bits) for bits in all_bits]
    needs = [any_of for profile in profiles for any_of in profile.needs]
    relevant = service_plan_numbers(union([*(p.conflicts for p in profiles), *needs]))
    need_count = np.array([len(profile.needs) for profile in profiles], np.int64)
    gives = _words(all_bits, relevant)
    conflicts = _words([profile.conflicts for profile in profiles], relevant)
    return Grants(
        sku=np.array(numbers.skus, np.int16),
        set_index=np.array(numbers.set_indices, np.int32),
        is_unknown=np.array([sku not in laws.catalog.skus for sku in numbers.skus], np.bool_),
        gives=gives,
        conflicts=conflicts,
        excludes_itself=np.asarray((gives & conflicts).any(axis=0)),
        need_first=np.cumsum(need_count) - need_count,
        need_count=need_count,
        needs=_words(needs, relevant),
        is_barred=_barred(numbers.skus, all_bits, laws=laws, places=places),
    )


def _words(sets: Sequence[ServicePlanBits], relevant: Sequence[ServicePlanNo]) -> Words:
    """Pack the relevant service plans of each set: a row for each word, a column for each set."""
    words = np.zeros((-(-len(relevant) // _WORD_BITS), len(sets)), np.uint64)
    for place, number in enumerate(relevant):
        has = np.array([bits >> number & 1 for bits in sets], np.uint64)
        words[place // _WORD_BITS] |= has << np.uint64(place % _WORD_BITS)
    return words


def _barred(
    skus: Sequence[SkuNo], all_bits: Sequence[ServicePlanBits], *, laws: Laws, places: Places
) -> Flags:
    """Say, per kind of place, which grants nobody there may have (GBL-060)."""
    return np.array(
        [
            [
                sku in laws.unassignable
                or sku in prohibited.skus
                or bool(bits & prohibited.service_plans)
                for sku, bits in zip(skus, all_bits, strict=True)
            ]
            for prohibited in places.prohibitions
        ],
        np.bool_,
    )
