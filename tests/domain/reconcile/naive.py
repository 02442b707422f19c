"""The rules once more, naively, from the facts: what the engine is compared with.

Written from `spec/entra-graph.md` and the decision records, with plain sets and whole-tenant loops:
no masks, no compiled rules, no short cuts, no state between steps. It is slow and short, so that
one can read it beside the facts, whose numbers stand at each rule. It knows the engine's data
(the snapshot) and its closed list of reasons, and nothing of how it decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from seatwright.domain.assignments import Source
from seatwright.domain.reconcile import Snapshot
from tests.domain.reconcile.naive_rules import PASSES_MAX, Errors, Licenses, Person, Row


@dataclass(frozen=True)
class Outcome:
    """What everybody should hold, and why they do not hold the rest."""

    licenses: dict[int, Licenses]
    errors: dict[int, Errors]


def decide_naively(world: Snapshot) -> Outcome:
    """What should be: decide everybody and serve the seats, until holding it changes nothing."""
    people = {user.user_no: Person(world, user) for user in world.users}
    for _ in range(PASSES_MAX):
        _serve(world, list(people.values()))
        if all(person.licenses == person.held for person in people.values()):
            break
        for person in people.values():
            person.held = person.licenses
    return Outcome(
        licenses={no: person.licenses for no, person in people.items()},
        errors={no: person.errors for no, person in people.items()},
    )


def _serve(world: Snapshot, people: list[Person]) -> None:
    """Give the seats: holders keep theirs; then by priority, then who waited longest (SKU-014)."""
    for person in people:
        person.begin()
    forgiven: set[tuple[int, int, Source]] = set()
    for _ in range(PASSES_MAX):
        left = _left(world, people)
        short = {sku for sku, seats in left.items() if _wanting(people, sku) > max(0, seats)}
        if short:
            _deny(people, {sku: left[sku] for sku in short})
            continue
        # Who was denied a seat that turns out to be left after all may ask again, once.
        again = {
            (person.user.user_no, sku, source)
            for person in people
            for sku, source in person.denied - person.waiting
            if left.get(sku, 0) - _wanting(people, sku) > 0
        } - forgiven
        if not again:
            return
        forgiven |= again
        for person in people:
            no = person.user.user_no
            person.denied = frozenset(key for key in person.denied if (no, *key) not in again)
            person.decide()


def _left(world: Snapshot, people: list[Person]) -> dict[int, int]:
    """The seats of each product that these people may use, less those of holders who stay."""
    left: dict[int, int] = {}
    for pool in world.pools:
        ours = sum(held.sku == pool.sku for user in world.users for held in user.held)
        stay = sum(pool.sku in p.held and pool.sku in p.licenses for p in people)
        left[pool.sku] = pool.assignable - pool.reserved - pool.consumed + ours - stay
    for person in people:
        for sku in person.licenses:
            left.setdefault(sku, 0)
    return left


def _wanting(people: list[Person], sku: int) -> int:
    return sum(sku in p.licenses and sku not in p.held for p in people)


def _deny(people: list[Person], left: dict[int, int]) -> None:
    """Serve everybody in their turn and deny the rest; a group's products are one claim."""
    claims = sorted(claim for person in people for claim in _claims(person))
    seats = {sku: max(0, number) for sku, number in left.items()}
    by_number: dict[int, Person] = {person.user.user_no: person for person in people}
    seated: set[tuple[int, int]] = set()
    for _, _, user_no, source, skus in claims:
        wanted = [sku for sku in skus if sku in seats and (user_no, sku) not in seated]
        missing = [sku for sku in wanted if not seats[sku]]
        if missing:
            person = by_number[user_no]
            person.denied |= {
                row.key
                for row in person.rows
                if row.sku in missing and source in (None, row.source)
            }
            continue
        for sku in wanted:
            seats[sku] -= 1
            seated.add((user_no, sku))
    for person in people:
        person.decide()


Claim = tuple[int, datetime, int, Source | None, tuple[int, ...]]


def _claims(person: Person) -> Iterable[Claim]:
    asking = [row for row in person.rows if row.sku not in person.held]
    if not person.world.semantics.siblings_fail_together:
        for sku in person.licenses:
            if sku not in person.held:
                yield _claim(person, [row for row in asking if row.sku == sku], None)
        return
    asking = [row for row in asking if row.key not in person.errors]
    for source in {row.source for row in asking}:
        rows = [row for row in asking if row.source == source]
        for part in [rows] if rows[0].is_group else [[row] for row in rows]:
            yield _claim(person, part, source)


def _claim(person: Person, rows: list[Row], source: Source | None) -> Claim:
    skus = tuple(sorted({row.sku for row in rows}))
    since = min(person.waits_since(sku) for sku in skus)
    return min(row.priority for row in rows), since, person.user.user_no, source, skus
