"""R7's bound, and the equality behind all figures: both engines in small worlds made to be hard.

Chains and circles of dependencies, suites that exclude each other, seats that come free in the
middle, holdings that nobody would have given: those of the tests, with other seeds.
"""

from __future__ import annotations

from typing import Final

from benchmarks.report import Figure
from seatwright.domain.reconcile import reconcile
from seatwright.domain.reconcile.many import reconcile_many
from tests.domain.reconcile.crowds import crowd
from tests.domain.reconcile.quarrels import quarrelsome_crowd
from tests.domain.reconcile.thrifty import thrifty_crowd

SEEDS: Final = range(1_000_000, 1_001_000)


def run() -> list[Figure]:
    """Count the rounds and the differences over all seeds and kinds of worlds."""
    rounds, differences, worlds = 0, 0, 0
    for seed in SEEDS:
        for make in (crowd, thrifty_crowd, quarrelsome_crowd):
            world = make(seed)
            columns = world.columns()
            expected = reconcile(world.objects())
            found = reconcile_many(columns, chunk_users=1 + seed % 5)
            differences += found.change_set(columns.plan_sets) != expected
            rounds = max(rounds, found.rounds)
            worlds += 1
    return [
        _count("R7 rounds at most, adversarial worlds", rounds, target=3, worlds=worlds),
        _count("bulk kernel differs from the engine for few", differences, target=0, worlds=worlds),
    ]


def _count(name: str, found: int, *, target: int, worlds: int) -> Figure:
    return Figure(
        name=name,
        unit="rounds" if "rounds" in name else "worlds",
        measured=found,
        ratio=found,
        target=target,
        note=f"{worlds:,} worlds",
    )
