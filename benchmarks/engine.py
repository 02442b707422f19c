"""The engine in a real database: R1, R4, R6, R7, I1, I2, E1 and E2 at one size."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.console import Console

from benchmarks import full, joining, storage
from benchmarks.report import Figure
from benchmarks.stand import stand
from seatwright.bootstrap import calm_collector


def run(people: int) -> Iterator[Figure]:
    """Load a town of this size and measure it; the collector is as calm as a worker's.

    A figure comes as soon as it is there, for a million people take half an hour.
    """
    calm_collector()
    console, begun = Console(stderr=True), time.perf_counter()
    console.print(f"A town of {people:,}; the brake on removals is switched off in it.")
    with stand(people) as made:
        console.print(f"Loaded in {time.perf_counter() - begun:.0f} s.")
        yield storage.fresh(made)
        yield storage.past(made)
        yield from full.measure(made)
        yield from joining.measure(made)
        yield storage.lived_in(made)
