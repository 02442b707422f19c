"""Reading the rules of a tenant, which may be thousands, without keeping other calls waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from seatwright.domain.ids import GroupNo
from seatwright.domain.rules.parsing import is_known, parse_rule
from seatwright.domain.rules.tree import Rule
from seatwright.postgres.dynamic_read import StoredRule

_READING: Final = threading.Lock()
"""Several calls that come first after a start do not each read the same thousands of rules."""

AT_ONCE_MAX: Final = 20
"""New rules that are read in between: a few milliseconds, in which no other call goes on."""


async def trees_of(rules: Sequence[StoredRule]) -> Mapping[GroupNo, Rule]:
    """The trees of these rules, by their groups.

    Most are known from the last time. After a start thousands may be new, which takes seconds: a
    thread reads them, so that the other calls of the process go on.
    """
    if sum(not is_known(one.text) for one in rules) > AT_ONCE_MAX:
        return await asyncio.to_thread(_read_in_turn, rules)
    return _read(rules)


def _read_in_turn(rules: Sequence[StoredRule]) -> Mapping[GroupNo, Rule]:
    with _READING:
        return _read(rules)


def _read(rules: Sequence[StoredRule]) -> Mapping[GroupNo, Rule]:
    return {one.group: parse_rule(one.text) for one in rules}
