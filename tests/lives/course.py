"""The course of a life: which steps it takes, how often, and when it is looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from tests.lives.life import Life
from tests.lives.regrets import crowd, decide, regret, strip, strip_groups, undo_any

Step = Callable[[Life], Awaitable[object]]

STEPS: Final[tuple[tuple[Step, int], ...]] = (
    (Life.hire, 3),
    (Life.leave, 4),
    (Life.relocate, 4),
    (Life.join, 14),
    (Life.part, 10),
    (Life.nest, 3),
    (Life.license_group, 6),
    (Life.unlicense_group, 4),
    (Life.assign, 16),
    (Life.unassign, 10),
    (Life.swap, 6),
    (Life.bulk, 5),
    (Life.move, 4),
    (Life.buy, 4),
    (Life.reprocess, 3),
    (Life.sleep, 3),
    (Life.crash, 2),
    (crowd, 3),
    (strip, 2),
    (strip_groups, 2),
    (decide, 4),
    (regret, 6),
    (undo_any, 2),
)


async def live(life: Life, steps: int, *, checked_every: int) -> None:
    """Live so many steps; asserts every so often, and at the end, that nothing is wrong."""
    await life.begin()
    actions = [step for step, _ in STEPS]
    weights = [weight for _, weight in STEPS]
    lived: list[str] = []
    for number in range(1, steps + 1):
        step = life.dice.choices(actions, weights)[0]
        lived.append(step.__name__)
        await step(life)
        if number % checked_every == 0 or number == steps:
            wrongs = await life.wrongs()
            assert not wrongs, "\n".join(
                (f"after step {number}: {lived[-checked_every:]}", *wrongs)
            )
