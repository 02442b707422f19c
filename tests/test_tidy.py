"""The rules of the house hold in every file, and every check can fail."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.tidiness import (
    PYTHON_CHECKS,
    SQL_CHECKS,
    TEXT_CHECKS,
    Check,
    Source,
    drawers,
    engine_doors,
    impure_domain,
    left_marks,
    long_files,
    long_functions,
    machine_paths,
    many_parameters,
    registry_hosts,
    repository_files,
    server_clock,
    sql_outside_its_room,
    wide_excepts,
)

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def files() -> list[Source]:
    found = list(repository_files(ROOT))
    assert any(source.place == "seatwright/settings.py" for source in found)
    return found


@pytest.mark.parametrize("check", PYTHON_CHECKS, ids=lambda check: check.__name__)
def test_no_python_file_breaks_a_rule(check: Check, files: list[Source]) -> None:
    sources = [source for source in files if source.place.endswith(".py")]
    assert list(itertools.chain.from_iterable(map(check, sources))) == []


@pytest.mark.parametrize("check", SQL_CHECKS, ids=lambda check: check.__name__)
def test_no_migration_breaks_a_rule(check: Check, files: list[Source]) -> None:
    sources = [source for source in files if source.place.endswith(".sql")]
    assert sources
    assert list(itertools.chain.from_iterable(map(check, sources))) == []


@pytest.mark.parametrize("check", TEXT_CHECKS, ids=lambda check: check.__name__)
def test_no_file_says_what_none_should(check: Check, files: list[Source]) -> None:
    assert list(itertools.chain.from_iterable(map(check, files))) == []


_DOMAIN = "seatwright/domain/x.py"
_POSTGRES = "seatwright/postgres/x.py"
_APP = "seatwright/app/x.py"


@pytest.mark.parametrize(
    ("check", "place", "text"),
    [
        (long_files, _APP, "\n" * 401),
        (long_functions, _APP, "def f():\n" + "    x = 1\n" * 70),
        (many_parameters, _APP, "def f(a, b, c, *, d, e, f, g): ..."),
        (drawers, "seatwright/app/utils.py", ""),
        (drawers, "seatwright/helpers/seats.py", ""),
        (impure_domain, _DOMAIN, "import os"),
        (impure_domain, _DOMAIN, "from pathlib import Path"),
        (impure_domain, _DOMAIN, "datetime.now()"),
        (impure_domain, _DOMAIN, "x = uuid4()"),
        (impure_domain, _DOMAIN, "open('x')"),
        (wide_excepts, _APP, "try:\n    f()\nexcept Exception:\n    pass"),
        (wide_excepts, _APP, "try:\n    f()\nexcept:\n    pass"),
        (wide_excepts, _APP, "try:\n    f()\nexcept BaseException as e:\n    raise X from e"),
        (sql_outside_its_room, _APP, "await tx.connection.execute('select 1')"),
        (sql_outside_its_room, _APP, "cursor.copy('copy license to stdout')"),
        (server_clock, _POSTGRES, "x = 'select NOW()'"),
        (server_clock, _POSTGRES, "x = 'where at < current_timestamp'"),
        (server_clock, "seatwright/postgres/migrations/1.sql", "at timestamptz default now()"),
        (engine_doors, _APP, "from seatwright.domain.reconcile import reconcile"),
        (engine_doors, _APP, "from seatwright.domain.reconcile.rounds import settle"),
        (left_marks, "docs/x.md", "TO" + "DO: later"),
        (registry_hosts, "x.lock", "https://files.python" + "hosted.org/x"),
        (machine_paths, "README.md", "cd /wo" + "rk/main"),
        (machine_paths, "README.md", "cd /ho" + "me/alex/seatwright"),
    ],
)
def test_a_file_that_breaks_the_rule_is_found(check: Check, place: str, text: str) -> None:
    assert len(list(check(Source(place=place, text=text)))) == 1


@pytest.mark.parametrize(
    ("check", "place", "text"),
    [
        (long_files, _APP, "\n" * 400),
        (long_functions, _APP, "def f():\n" + "    x = 1\n" * 69),
        (many_parameters, _APP, "def f(self, a, *, b, c, d, e, f): ..."),
        (impure_domain, _DOMAIN, "from dataclasses import dataclass"),
        (impure_domain, _APP, "import os"),
        (wide_excepts, _APP, "try:\n    f()\nexcept BaseException:\n    g()\n    raise"),
        (wide_excepts, "seatwright/web/edge.py", "try:\n    f()\nexcept Exception:\n    pass"),
        (sql_outside_its_room, _POSTGRES, "c.execute('select 1')"),
        (sql_outside_its_room, _APP, "flags = is_deleted.copy()"),
        (server_clock, _APP, "x = 'now()'"),
        (server_clock, "seatwright/postgres/migrations/1.sql", "-- never now() here"),
        (engine_doors, "seatwright/app/reconcile.py", "from seatwright.domain.reconcile import r"),
        (machine_paths, "README.md", "a checkout below /ro" + "ot works too"),
    ],
)
def test_a_file_that_keeps_the_rule_is_left_alone(check: Check, place: str, text: str) -> None:
    assert list(check(Source(place=place, text=text))) == []
