"""An office whose Graph surface has routes to try it with."""

from __future__ import annotations

import pytest

from seatwright.domain.clock import Clock
from seatwright.web.graph.application import GraphApplication
from seatwright.web.watch import Watch
from tests.office import Office
from tests.web.graph.city import City, city_of
from tests.web.graph.tried import TRIED


@pytest.fixture
def tried(office: Office) -> Office:
    """An office whose Graph surface has the routes above."""
    clock: Clock = office.clock
    office.app = Watch(GraphApplication(database=office.database, clock=clock, routes=TRIED))
    office.admin = office.client(office.made.token)
    return office


@pytest.fixture
async def city(office: Office) -> City:
    """A tenant under the preset `entra`."""
    return await city_of(office)
