"""One request or job slice at work: what every use case is given first."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from seatwright.app.ledger import Ledger
from seatwright.domain.tenants import Principal, Tenant
from seatwright.postgres.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The transaction, the tenant it sees, who acts, and when.

    `now` is business time, read once from the clock when the call began, so that everything one
    call writes carries one time. `correlation` joins logs, history and the answer. Whoever made
    the call commits it; a use case never does. `ledger` is what it did to licenses. `is_foreseen`:
    somebody looks at the ledger before anything is committed (a preview, or `If-Match`), so that
    what a job would do later must be in it too. `is_preview`: nothing of it will ever be committed.
    """

    tx: Transaction
    tenant: Tenant
    principal: Principal
    now: datetime
    correlation: UUID
    ledger: Ledger = field(default_factory=Ledger, compare=False, repr=False)
    is_foreseen: bool = False
    is_preview: bool = False
