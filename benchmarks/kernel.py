"""The bulk kernel by itself: against the rules for one person at a time, and as people grow.

The world is that of `worlds.py` in which a fiftieth of the memberships have just moved: most
people hold what they should, two in three wait for a seat, a tenth have a conflict.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median
from typing import Final

import numpy as np

from benchmarks.memory import give_back, resident
from benchmarks.report import Figure, against_floor
from benchmarks.worlds import applied, company, first_people, moved_on
from seatwright.bootstrap import calm_collector
from seatwright.domain.reconcile import Snapshot
from seatwright.domain.reconcile.case import Case
from seatwright.domain.reconcile.columns import ColumnSnapshot
from seatwright.domain.reconcile.many import reconcile_many
from seatwright.domain.reconcile.many_people import user_states
from seatwright.domain.reconcile.rounds import rules_of

SAMPLE: Final = 20_000
"""So many people are decided one by one; the others would take as long each."""

NAME: Final = "R2 kernel beside the rules alone"
ROUNDS: Final = 3
_R2_MAX: Final = 0.45
_R4_MAX: Final = 1_100


def run(people: int) -> list[Figure]:
    """Measure R2 and R4 at one size; R5 is fitted to R2 over all of them."""
    calm_collector()
    world = _lived_in(people)
    sample = _objects(first_people(world, min(SAMPLE, people)))
    reconcile_many(world)
    rounds = [_round(world, sample) for _ in range(ROUNDS)]
    return [_against_rules(world, rounds), _bounded(world), _memory(world)]


def _round(world: ColumnSnapshot, sample: Snapshot) -> tuple[float, float]:
    """Processor seconds of the kernel, and of the rules as if they had decided everybody."""
    share = len(sample.users) / len(world.people.user_no)
    return _seconds(partial(reconcile_many, world)), _seconds(partial(_decide, sample)) / share


def _decide(sample: Snapshot) -> None:
    """Ask the rules about one person after the other, once: no seats, no rounds, no changes."""
    rules = rules_of(sample)
    for user in sample.users:
        Case(user, rules=rules, is_tried_again=True).decide()


def _lived_in(size: int) -> ColumnSnapshot:
    world = company(size)
    return moved_on(applied(world, reconcile_many(world)))


def _seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _against_rules(world: ColumnSnapshot, rounds: Sequence[tuple[float, float]]) -> Figure:
    people = len(world.people.user_no)
    figure = against_floor(
        NAME,
        unit="CPU s",
        measured=[many for many, _ in rounds],
        floor=[few for _, few in rounds],
        target=_R2_MAX,
        note=f"floor = rules one by one, no seats, on {min(SAMPLE, people):,} of them;"
        f" {median(many for many, _ in rounds) / people * 1e6:.1f} µs a person",
    )
    return replace(figure, people=people)


def _bounded(world: ColumnSnapshot) -> Figure:
    """How often the rules ran until nothing changed."""
    outcome = reconcile_many(world)
    assert outcome.is_settled, "the engine came to an end"
    return Figure(
        name="R7 rounds until nothing changes",
        unit="rounds",
        measured=outcome.rounds,
        ratio=outcome.rounds,
        target=3,
        people=len(world.people.user_no),
    )


def _objects(world: ColumnSnapshot) -> Snapshot:
    positions = np.arange(len(world.people.user_no))
    return Snapshot(
        now=world.now,
        semantics=world.semantics,
        default_usage_location=world.default_usage_location,
        catalog=world.catalog,
        pools=world.pools,
        users=tuple(user_states(world, positions)),
    )


def _memory(world: ColumnSnapshot) -> Figure:
    """Measure the peak above what the loaded world takes."""
    give_back()
    before = resident("VmRSS")
    reconcile_many(world)
    people = len(world.people.user_no)
    measured = (resident("VmHWM") - before) / people
    return Figure(
        name="R4 memory of the kernel over its input",
        unit="bytes a person",
        measured=measured,
        ratio=measured,
        target=_R4_MAX,
        people=people,
    )
