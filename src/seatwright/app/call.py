"""One request or job slice at work: what every use case is given first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from seatwright.domain.tenants import Principal, Tenant
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The transaction, the tenant it sees, who acts, and when.

    `now` is business time, read once from the clock when the call began, so that everything one
    call writes carries one time. `correlation` joins logs, history and the answer. Whoever made
    the call commits it; a use case never does.
    """

    tx: Transaction
    tenant: Tenant
    principal: Principal
    now: datetime
    correlation: UUID
