"""What a worker's tick does for a tenant, each thing apart from what becomes of the others.

One of the outer edges: a bug, or one row that nobody foresaw, ends the step that met it and is
logged. Steps behind it still run, each minute anew, or dates of all people would stand still with
it. When everything has run, whoever asked for the tick hears of the failures together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from psycopg_pool import PoolTimeout

from seatwright.domain.ids import TenantId

log = structlog.get_logger(__name__)

PAGES_MAX = 2000
"""Pages of one step in one tick: of 500 people each, they are a million."""


class Tick:
    """The steps of one tick of a tenant, and what failed of them."""

    __slots__ = ("_failed", "_tenant_id")

    def __init__(self, tenant_id: TenantId) -> None:
        self._tenant_id = tenant_id
        self._failed: list[Exception] = []

    async def run(self, name: str, act: Callable[[], Awaitable[object]]) -> None:
        """Run one step, page by page for as long as it says that there is more.

        Raises PoolTimeout: without the database no other step would come further.
        """
        try:
            for _ in range(PAGES_MAX):
                if not await act():
                    break
        except PoolTimeout:
            raise
        except Exception as error:
            log.exception("a step failed", tenant=self._tenant_id, step=name)
            self._failed.append(error)

    def end(self) -> None:
        """End the tick. Raises ExceptionGroup with what failed."""
        if self._failed:
            raise ExceptionGroup(f"steps of tenant {self._tenant_id} failed", self._failed)
