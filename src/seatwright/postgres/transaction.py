"""One transaction of one tenant: what every query of this package is given.

The tenant is set inside the transaction (`set_config(..., true)`), so that a connection that goes
back to the pool carries nothing over, and row-level security answers with nothing when it is unset.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from psycopg import AsyncConnection
from psycopg.rows import TupleRow

from seatwright.domain.ids import ServicePlanBits, ServicePlanSetId, TenantId

NOTHING = ServicePlanSetId(0)
"""The empty service plan set: it has a number and no row."""


class PlanSetDictionary:
    """What this process knows of the tenants' service plan sets.

    Sets are immutable, so an entry is never wrong; only what was committed enters.
    """

    __slots__ = ("_bits", "_ids")

    def __init__(self) -> None:
        self._bits: dict[TenantId, dict[ServicePlanSetId, ServicePlanBits]] = {}
        self._ids: dict[TenantId, dict[ServicePlanBits, ServicePlanSetId]] = {}

    def bits(self, tenant: TenantId) -> dict[ServicePlanSetId, ServicePlanBits]:
        """Set number to service plans, for one tenant; the live dictionary."""
        return self._bits.setdefault(tenant, {NOTHING: ServicePlanBits(0)})

    def ids(self, tenant: TenantId) -> dict[ServicePlanBits, ServicePlanSetId]:
        """Service plans to set number, for one tenant; the live dictionary."""
        return self._ids.setdefault(tenant, {ServicePlanBits(0): NOTHING})


@dataclass(slots=True)
class Transaction:
    """An open transaction that sees one tenant.

    Nothing in here commits: the edge that opened it does (one request or job slice, one
    transaction). `taken` are the numbers that it gave to new rows, by noun, and
    `has_changed_catalog` says that its tenant's catalogue is no longer the one of its version.
    """

    connection: AsyncConnection[TupleRow]
    tenant_id: TenantId
    dictionary: PlanSetDictionary
    taken: dict[str, list[range]] = field(default_factory=dict)
    has_changed_catalog: bool = False
    beside: tuple[Transaction, ...] = ()
    _fresh: dict[ServicePlanBits, ServicePlanSetId] = field(default_factory=dict)
    _is_together: bool = False

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Send the statements of the block in one round trip; inside another such block, in its.

        psycopg's own nested pipelines would wait for the server at the end of each.
        """
        if self._is_together:
            yield
            return
        async with self.connection.pipeline():
            self._is_together = True
            try:
                yield
            finally:
                self._is_together = False

    @asynccontextmanager
    async def tried(self) -> AsyncIterator[None]:
        """Take back what the block writes, and the locks that it takes, at its end."""
        fresh, taken = dict(self._fresh), {noun: list(made) for noun, made in self.taken.items()}
        try:
            async with self.connection.transaction(force_rollback=True):
                yield
        finally:
            # Sets and numbers of rows that are not there must not be known by them.
            self._fresh, self.taken = fresh, taken

    async def plan_set_ids(
        self, sets: Iterable[ServicePlanBits]
    ) -> dict[ServicePlanBits, ServicePlanSetId]:
        """The number of each combination; new combinations are stored."""
        known = self.dictionary.ids(self.tenant_id)
        wanted = set(sets)
        missing = [bits for bits in wanted if bits not in known and bits not in self._fresh]
        if missing:
            await self._store(missing)
        return {bits: known[bits] if bits in known else self._fresh[bits] for bits in wanted}

    async def plan_set_id(self, bits: ServicePlanBits) -> ServicePlanSetId:
        """The number of one combination."""
        return (await self.plan_set_ids((bits,)))[bits]

    async def plan_set_bits(
        self, set_ids: Iterable[int]
    ) -> dict[ServicePlanSetId, ServicePlanBits]:
        """The service plans behind each number.

        Raises KeyError for a number that no row has: the database is then inconsistent.
        """
        known = self.dictionary.bits(self.tenant_id)
        wanted = {ServicePlanSetId(set_id) for set_id in set_ids}
        fresh = {set_id: bits for bits, set_id in self._fresh.items()}
        missing = [one for one in wanted if one not in known and one not in fresh]
        if missing:
            cursor = await self.connection.execute(
                "select set_id, bits from service_plan_set"
                " where tenant_id = %s and set_id = any(%s)",
                (self.tenant_id, missing),
            )
            for set_id, bits in await cursor.fetchall():
                self._fresh[ServicePlanBits(int(bits, 16))] = ServicePlanSetId(set_id)
            fresh = {set_id: bits for bits, set_id in self._fresh.items()}
        return {one: known[one] if one in known else fresh[one] for one in wanted}

    async def _store(self, missing: list[ServicePlanBits]) -> None:
        """Find or make the rows of combinations that this process has not met.

        Inserting in one order keeps two sessions that store the same sets from locking crosswise.
        """
        texts = sorted(f"{bits:x}" for bits in missing)
        await self.connection.execute(
            "insert into service_plan_set (tenant_id, bits)"
            " select %s, unnest(%s::text[]) on conflict do nothing",
            (self.tenant_id, texts),
        )
        cursor = await self.connection.execute(
            "select set_id, bits from service_plan_set where tenant_id = %s and bits = any(%s)",
            (self.tenant_id, texts),
        )
        for set_id, bits in await cursor.fetchall():
            self._fresh[ServicePlanBits(int(bits, 16))] = ServicePlanSetId(set_id)

    def remember(self) -> None:
        """Share what was learnt with the process; called after a commit, never before."""
        bits_of, id_of = self.dictionary.bits(self.tenant_id), self.dictionary.ids(self.tenant_id)
        for bits, set_id in self._fresh.items():
            bits_of[set_id] = bits
            id_of[bits] = set_id
