"""The bulk kernel by itself: against the engine for few on the same people, and as they grow.

The world is that of `worlds.py` in which a fiftieth of the memberships have just moved: most
people hold what they should, two in three wait for a seat, a tenth have a conflict.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from benchmarks.report import Figure, against_floor
from benchmarks.worlds import applied, company, first_people, moved_on
from seatwright.domain.reconcile import Snapshot, reconcile
from seatwright.domain.reconcile.columns import ColumnSnapshot
from seatwright.domain.reconcile.many import reconcile_many
from seatwright.domain.reconcile.many_people import user_states

SIZES: Final = (10_000, 100_000, 1_000_000)
SAMPLE: Final = 20_000
"""So many people are decided one by one; the others would take as long each."""

ROUNDS: Final = 3
_R2_MAX: Final = 0.45
_R4_MAX: Final = 1_100
_R5_MAX: Final = 1.08


def run(sizes: Sequence[int] = SIZES) -> list[Figure]:
    """Measure R2 and R4 at the larger sizes, and R5 over all of them."""
    figures: list[Figure] = []
    seconds: list[float] = []
    for size in sizes:
        world = _lived_in(size)
        many = _rounds_of(partial(reconcile_many, world))
        seconds.append(median(many))
        if size > min(sizes):
            figures += [_against_scalar(world, many), _memory(world)]
    return [*figures, _growth(sizes, seconds)]


def _lived_in(size: int) -> ColumnSnapshot:
    world = company(size)
    return moved_on(applied(world, reconcile_many(world)))


def _rounds_of(work: Callable[[], object]) -> list[float]:
    """Give the processor seconds of each of some rounds of the same work."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        seconds.append(time.process_time() - begun)
    return seconds


def _against_scalar(world: ColumnSnapshot, many: Sequence[float]) -> Figure:
    size = len(world.people.user_no)
    sample = min(SAMPLE, size)
    snapshot = _objects(first_people(world, sample))
    scalar = [one * size / sample for one in _rounds_of(partial(reconcile, snapshot))]
    return against_floor(
        f"R2 kernel, {size:,} people",
        unit="CPU s",
        measured=many,
        floor=scalar,
        target=_R2_MAX,
        note=f"the floor is the engine for few on {sample:,} of them",
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
    """Measure the peak above what the loaded world takes; the kernel resets the mark for us."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak_bytes()
    reconcile_many(world)
    size = len(world.people.user_no)
    measured = (_peak_bytes() - before) / size
    return Figure(
        name=f"R4 memory, {size:,} people",
        unit="bytes a person",
        measured=measured,
        floor=_R4_MAX,
        ratio=measured / _R4_MAX,
        target=1,
        note="peak above the loaded world; the floor is what is allowed",
    )


def _peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kibibytes) * 1024


def _growth(sizes: Sequence[int], seconds: Sequence[float]) -> Figure:
    """Fit the exponent with which the processor time grows with the number of people."""
    logs = [math.log(size) for size in sizes]
    slope, _ = np.polyfit(logs, [math.log(one) for one in seconds], 1)
    return Figure(
        name=f"R5 growth, {sizes[0]:,} to {sizes[-1]:,} people",
        unit="exponent",
        measured=float(slope),
        floor=1,
        ratio=float(slope),
        target=_R5_MAX,
    )
