"""Numbers that stand for closed enums in hot tables. Never reuse one: old rows carry it."""

from __future__ import annotations

from typing import Final

from seatwright.domain.assignments import Strategy

STRATEGY_TO_CODE: Final[dict[Strategy, int]] = {
    Strategy.MANUAL: 1,
    Strategy.BULK: 2,
    Strategy.GROUP: 3,
    Strategy.REQUEST: 4,
    Strategy.ON_DEMAND: 5,
}
STRATEGY_OF_CODE: Final[dict[int, Strategy]] = {
    code: strategy for strategy, code in STRATEGY_TO_CODE.items()
}
