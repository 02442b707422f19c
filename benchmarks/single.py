"""B3: one assignment over HTTP, beside the same rows by hand and a call that does nothing."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks import floor
from benchmarks.report import Figure
from benchmarks.stage import ROUNDS, SKU, Stage, staged

CALLS = 300
"""Calls of each kind in one round."""

WARM_UP = 50
NO_OP = "/api/nothing"
"""A path that no route has: it costs the token, the middleware and an answer, and nothing else."""


def run() -> list[Figure]:
    """Measure the single assignment; the target is floor + 3 x no-op."""
    people = 2 * (ROUNDS * CALLS + WARM_UP)
    with staged(people, seats=2 * people) as stage:
        addresses = stage.addresses
        taken = iter(addresses)
        for _ in range(WARM_UP):
            _assign(stage, next(taken))
            _by_hand(stage, next(taken))
            _nothing(stage)
        rounds = [_round(stage, taken.__next__) for _ in range(ROUNDS)]
    product, hand, nothing = (statistics.median(column) for column in zip(*rounds, strict=True))
    allowed = hand + 3 * nothing
    return [
        Figure(
            name="B3 single assign over HTTP, p50",
            unit="ms",
            measured=product,
            floor=allowed,
            ratio=product / allowed,
            target=1.0,
            note=f"floor = by hand {hand:.2f} + 3 x no-op {nothing:.2f}",
        )
    ]


def _round(stage: Stage, next_address: Callable[[], str]) -> tuple[float, float, float]:
    """The p50 of each kind, in milliseconds, their calls interleaved one by one."""
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(CALLS):
        times[0].append(_timed(lambda: _assign(stage, next_address())))
        times[1].append(_timed(lambda: _by_hand(stage, next_address())))
        times[2].append(_timed(lambda: _nothing(stage)))
    product, hand, nothing = (statistics.median(one) * 1000 for one in times)
    return product, hand, nothing


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _assign(stage: Stage, address: str) -> None:
    answer = stage.api.post(f"/api/identity/users/{address}/licenses", json={"skuPartNumber": SKU})
    assert answer.status_code == 201, answer.text


def _by_hand(stage: Stage, address: str) -> None:
    floor.assign_one(stage.database, stage.floor, address, at=datetime.now(UTC))


def _nothing(stage: Stage) -> None:
    answer = stage.api.get(NO_OP)
    assert answer.status_code == 404, answer.text
