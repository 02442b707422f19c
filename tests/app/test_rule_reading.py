"""Thousands of rules that are new to a process keep nobody waiting while they are read."""

from __future__ import annotations

import asyncio
import time

from seatwright.app.dynamic.reading import trees_of
from seatwright.domain.ids import GroupNo
from seatwright.domain.rules.parsing import is_known, parse_rule
from seatwright.postgres.dynamic_read import StoredRule

RULES = [
    StoredRule(
        group=GroupNo(number),
        text=f'user.department -eq "Read {number}" -and user.city -match "^o{number}.*"',
    )
    for number in range(1500)
]


async def test_others_go_on_while_rules_are_read_and_then_the_rules_are_known() -> None:
    assert not is_known(RULES[0].text)
    beats = 0
    first, second = asyncio.create_task(trees_of(RULES)), asyncio.create_task(trees_of(RULES))
    while not (first.done() and second.done()):
        await asyncio.sleep(0.01)
        beats += 1
    assert beats >= 5
    trees = await first
    assert await second == trees
    assert all(trees[one.group] is parse_rule(one.text) for one in RULES)
    begun = time.perf_counter()
    await trees_of(RULES)
    assert time.perf_counter() - begun < 0.1
