"""People for tests of rules, from the words of a scenario to what the rules ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from uuid import NAMESPACE_URL, uuid5

import numpy as np

from seatwright.domain.directory import UserField
from seatwright.domain.rules.many import People, ValueColumn
from seatwright.domain.rules.one import AssignedPlan, Facts, Held
from seatwright.domain.rules.properties import PROPERTIES, Origin, Source

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)

_BY_WORD: Mapping[str, Source] = {
    **{name.partition(".")[2]: one.source for name, one in PROPERTIES.items()},
    "hired": UserField.EMPLOYEE_HIRE_DATE,
    "plans": Origin.ASSIGNED_PLANS,
}


def facts_of(name: str, said: Mapping[str, object]) -> Facts:
    """A person of a scenario."""
    values: dict[Source, Held] = {Origin.ID: str(uuid5(NAMESPACE_URL, name))}
    for word, value in said.items():
        values[_BY_WORD[word.casefold()]] = _held(word, value)
    mail = values.get(UserField.MAIL)
    values[Origin.PROXY_ADDRESSES] = (f"SMTP:{mail}",) if mail else ()
    return Facts(values=values)


def _held(word: str, value: object) -> Held:
    if word == "plans" and isinstance(value, list):
        return tuple(AssignedPlan(service_plan_id=f"id-{one}", service=one) for one in value)
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return value if isinstance(value, bool) else str(value)


def people_of(everybody: Sequence[Facts]) -> People:
    """The same people as columns."""
    columns: dict[Source, ValueColumn] = {}
    for source in {one.source for one in PROPERTIES.values()}:
        held = [facts.values.get(source) for facts in everybody]
        distinct = list(dict.fromkeys(held))
        place = np.array([distinct.index(value) for value in held], dtype=np.int32)
        columns[source] = ValueColumn(values=distinct, place=place)
    return People(user_no=np.arange(len(everybody), dtype=np.int32), columns=columns)
