"""Drawing people: names, work, managers and how lately they signed in, all from one seed."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

from seatwright.demo.draft import DraftPerson, Standing
from seatwright.demo.words import (
    AGENCIES,
    CONTRACTOR_TITLES,
    DEPARTMENTS,
    EXECUTIVE_TITLES,
    GIVEN_NAMES,
    OFFICES,
    SURNAMES,
)

COMPANY: Final = "Fjordline Logistics"
COST_CENTERS_EACH: Final = 4
"""Cost centres of each department."""

TEAM_SIZE: Final = 9
"""Employees of a department report to the one who leads their team of this many."""

_DISABLED_SHARE: Final = 0.01
_NEVER_SIGNED_IN_SHARE: Final = 0.02
_IDLE_SHARE: Final = 0.06
_LETTERS: Final = {"ø": "o", "æ": "ae", "ß": "ss", "đ": "d", "ł": "l"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Headcount:
    """How many people of each standing."""

    executives: int
    employees: int
    contractors: int
    guests: int = 0

    @property
    def total(self) -> int:
        """Everybody."""
        return self.executives + self.employees + self.contractors + self.guests

    @classmethod
    def of(cls, size: int) -> Headcount:
        """The usual mixture for a company of this size, at least one executive."""
        executives = max(1, size * 35 // 1000)
        contractors = size * 20 // 1000
        return cls(
            executives=executives,
            employees=size - executives - contractors,
            contractors=contractors,
        )

    def standings(self) -> Iterator[Standing]:
        """One for each person, the top of the company first."""
        for standing, count in (
            (Standing.EXECUTIVE, self.executives),
            (Standing.EMPLOYEE, self.employees),
            (Standing.CONTRACTOR, self.contractors),
            (Standing.GUEST, self.guests),
        ):
            for _ in range(count):
                yield standing


def draw_people(
    headcount: Headcount, *, seed: int, at: datetime, domain: str
) -> tuple[DraftPerson, ...]:
    """People of a company; the same seed, day and domain give the same people."""
    crowd = _Crowd(seed=seed, at=at, domain=domain)
    return tuple(crowd.person(standing) for standing in headcount.standings())


class _Crowd:
    """The people drawn so far: whose address is taken, and who leads which team."""

    def __init__(self, *, seed: int, at: datetime, domain: str) -> None:
        # Nothing here is secret: the seed is there so that the same people come out again.
        self._chance = random.Random(seed)  # noqa: S311
        self._at = at
        self._domain = domain
        self._count = 0
        self._addresses: Counter[str] = Counter()
        self._head: str | None = None
        self._heads: dict[str, str] = {}
        self._leads: dict[str, tuple[str, int]] = {}
        self._department_shares = list(accumulate(one.share for one in DEPARTMENTS))
        self._office_shares = list(accumulate(one.share for one in OFFICES))

    def person(self, standing: Standing) -> DraftPerson:
        """One more person of the company."""
        chance = self._chance
        given, surname = chance.choice(GIVEN_NAMES), chance.choice(SURNAMES)
        department = chance.choices(DEPARTMENTS, cum_weights=self._department_shares)[0]
        office = chance.choices(OFFICES, cum_weights=self._office_shares)[0]
        number = chance.randrange(COST_CENTERS_EACH)
        self._count += 1
        address = self._address(given, surname)
        return DraftPerson(
            external_id=f"P{self._count:07d}",
            standing=standing,
            user_principal_name=address,
            given_name=given,
            surname=surname,
            job_title=self._title(standing, department.titles, department.name),
            department=department.name,
            cost_center=f"{1000 + 100 * DEPARTMENTS.index(department) + number}",
            company_name=COMPANY if _is_staff(standing) else chance.choice(AGENCIES),
            city=office.city,
            region=office.region,
            usage_location=office.usage_location,
            is_enabled=chance.random() >= _DISABLED_SHARE,
            manager=self._manager(standing, department.name, address),
            last_sign_in_at=self._last_sign_in(),
        )

    def _address(self, given: str, surname: str) -> str:
        local = f"{_plain(given)}.{_plain(surname)}"
        self._addresses[local] += 1
        taken = self._addresses[local]
        return f"{local}{'' if taken == 1 else taken}@{self._domain}"

    def _title(self, standing: Standing, titles: tuple[str, ...], department: str) -> str:
        if standing is Standing.EXECUTIVE:
            if self._head is None:
                return "Chief Executive Officer"
            if department not in self._heads:
                return f"Executive Vice President {department}"
            return f"{self._chance.choice(EXECUTIVE_TITLES)}, {department}"
        if standing is Standing.EMPLOYEE:
            return self._chance.choice(titles)
        return self._chance.choice(CONTRACTOR_TITLES)

    def _manager(self, standing: Standing, department: str, address: str) -> str | None:
        """Executives report to the head of their department, everybody else to who leads them."""
        if self._head is None:
            self._head = address
            return None
        head = self._heads.get(department, self._head)
        if standing is Standing.EXECUTIVE:
            self._heads.setdefault(department, address)
            return head
        lead, size = self._leads.get(department, (head, TEAM_SIZE))
        if size >= TEAM_SIZE and standing is Standing.EMPLOYEE:
            self._leads[department] = (address, 0)
            return head
        self._leads[department] = (lead, size + 1)
        return lead

    def _last_sign_in(self) -> datetime | None:
        draw = self._chance.random()
        if draw < _NEVER_SIGNED_IN_SHARE:
            return None
        days = 35 + 200 * self._chance.random()
        if draw >= _NEVER_SIGNED_IN_SHARE + _IDLE_SHARE:
            days = min(self._chance.expovariate(0.7), 30.0)
        return (self._at - timedelta(days=days)).replace(microsecond=0)


def _is_staff(standing: Standing) -> bool:
    return standing in {Standing.EXECUTIVE, Standing.EMPLOYEE}


def _plain(name: str) -> str:
    """A name as it stands in an address: small Latin letters only."""
    folded = unicodedata.normalize("NFKD", "".join(_LETTERS.get(c, c) for c in name.lower()))
    return re.sub(r"[^a-z]", "", folded)
