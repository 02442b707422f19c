"""The engine: wishes, directory, catalogue and seats in, a change set with reasons out.

`reconcile(snapshot)` is the one door. It is pure: the same snapshot gives the same change set,
byte for byte, and applying a change set and reconciling again changes nothing.
"""

from seatwright.domain.ids import SkuNo
from seatwright.domain.reconcile.changes import (
    Action,
    Change,
    ChangeSet,
    ErrorChange,
    SeatChange,
)
from seatwright.domain.reconcile.checks import (
    DirectChange,
    GroupLicense,
    after_direct_change,
    check_choice,
    check_direct_change,
    check_group_licenses,
    check_group_licensing,
    check_is_own,
)
from seatwright.domain.reconcile.differences import change_set
from seatwright.domain.reconcile.one_more import one_more
from seatwright.domain.reconcile.rounds import rules_of, settle
from seatwright.domain.reconcile.rows import Rules, unsettled
from seatwright.domain.reconcile.sentences import Names, Shortfall, refusal
from seatwright.domain.reconcile.world import (
    Catalog,
    Dependency,
    Held,
    Pool,
    SkuFacts,
    Snapshot,
    StoredError,
    UserState,
    Wish,
)

__all__ = [
    "Action",
    "Catalog",
    "Change",
    "ChangeSet",
    "Dependency",
    "DirectChange",
    "ErrorChange",
    "GroupLicense",
    "Held",
    "Names",
    "Pool",
    "Rules",
    "SeatChange",
    "Shortfall",
    "SkuFacts",
    "Snapshot",
    "StoredError",
    "UserState",
    "Wish",
    "after_direct_change",
    "check_choice",
    "check_direct_change",
    "check_group_licenses",
    "check_group_licensing",
    "check_is_own",
    "one_more",
    "reconcile",
    "refusal",
    "rules_of",
    "unsettled_skus",
]


def reconcile(snapshot: Snapshot) -> ChangeSet:
    """Give what must change so that everybody holds what they should.

    For all or some of a tenant's people; see `Snapshot`. Raises KeyError for a wished SKU that
    the catalogue does not know and ValueError for a person or a license that occurs twice.
    """
    return change_set(settle(snapshot), pools=snapshot.pools)


def unsettled_skus(snapshot: Snapshot) -> frozenset[SkuNo]:
    """The SKUs whose seats a reconcile of this snapshot could move: their pools must be locked."""
    rules = rules_of(snapshot)
    return frozenset(sku for user in snapshot.users for sku in unsettled(user, rules))
