"""What the engine looks at: an immutable snapshot of people, wishes, licenses and seats.

Everything is dense numbers and bit masks. Names, UUIDs and texts stay outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from seatwright.domain.assignments import PRIORITY_DEFAULT, Source, Strategy
from seatwright.domain.errors import Reason
from seatwright.domain.ids import ServicePlanBits, SkuNo, UserNo
from seatwright.domain.semantics import Semantics


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One assignment as it reaches one person: this source says they should have this SKU.

    A group's license is one wish per member; the caller resolves membership (nested or not, as
    the tenant's semantics say) before it makes the snapshot. `priority` runs from 0, served
    first, to 255. A wish counts while `starts_at` <= now < `expires_at`.
    """

    sku: SkuNo
    source: Source
    strategy: Strategy
    disabled: ServicePlanBits
    priority: int = PRIORITY_DEFAULT
    assigned_at: datetime
    starts_at: datetime | None = None
    expires_at: datetime | None = None

    def counts_at(self, now: datetime) -> bool:
        """Whether it has started and has not expired."""
        is_started = self.starts_at is None or self.starts_at <= now
        return is_started and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One effective license: the SKU uses a seat and these service plans are on.

    `given_by`, where the caller knows it, is the source behind it; an error row about a license
    whose wish is gone is put on that source (CON-01).
    """

    sku: SkuNo
    enabled: ServicePlanBits
    given_by: Source | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredError:
    """One error row: why this source could not give all it should.

    `waiting_since` is when the row was first stored with this reason; for `noSeatLeft` it is
    the place in the waiting list, and it is the same on every source of one person and SKU.
    """

    sku: SkuNo
    source: Source
    reason: Reason
    waiting_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """One person: what they are wished, what they hold, and what went wrong before.

    A restored person gets back what they held even without a free seat: the caller passes it as
    `held`, and holders are never dropped for lack of seats.
    """

    user_no: UserNo
    usage_location: str | None
    is_deleted: bool = False
    wishes: tuple[Wish, ...] = ()
    held: tuple[Held, ...] = ()
    errors: tuple[StoredError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuFacts:
    """What the catalogue says of one SKU; locations are ISO 3166-1 alpha-2 codes."""

    sku: SkuNo
    part_number: str
    service_plans: ServicePlanBits
    is_assignable_to_users: bool = True
    prohibited_locations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """Whoever has one of `service_plans` needs at least one of `any_of` (GBL-094)."""

    service_plans: ServicePlanBits
    any_of: ServicePlanBits


# Two catalogues are the same only if they are one object: it is the key of the compiled rules.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Catalog:
    """The catalogue as the rules see it.

    `exclusions` are pairs of sets: no plan of the left goes with a different plan of the right,
    on one person, from different SKUs (PLN-001). `prohibited_service_plans` says, per location,
    which service plans may not be used there. Keep one object per version of a tenant's
    catalogue: what is compiled from it is remembered by object.
    """

    skus: Mapping[SkuNo, SkuFacts]
    exclusions: tuple[tuple[ServicePlanBits, ServicePlanBits], ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    prohibited_service_plans: Mapping[str, ServicePlanBits] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The seats of one SKU in the whole tenant, whoever is in the snapshot.

    A caller that turns its own reservation into licenses leaves it out of `reserved`.
    """

    sku: SkuNo
    assignable: int
    consumed: int
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything the engine may know, for all or some of a tenant's people.

    `users` may be any subset: seats for it are what is free plus what it holds itself. Under
    semantics where seats do not refill by themselves (GBL-120), people who already wait for a
    seat are tried again only if they are in `retry_users`: those whom a reprocess, a membership
    change or a change of the group's licenses named (GBL-125).
    """

    now: datetime
    semantics: Semantics
    default_usage_location: str | None
    catalog: Catalog
    pools: tuple[Pool, ...]
    users: tuple[UserState, ...]
    retry_users: frozenset[UserNo] = frozenset()
