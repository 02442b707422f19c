"""Subscriptions as a file: taken in whole or not at all, and given out as they can be taken in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID, uuid4

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.record import record
from seatwright.app.subscription_words import purchase_line, state_told
from seatwright.app.subscriptions import dated, dated_again, recount
from seatwright.app.telling.tell import tell
from seatwright.domain.csv_text import Table, TableRow, read_table, write_table
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import SkuNo
from seatwright.domain.subscriptions import (
    SUBSCRIPTIONS_MAX,
    Subscription,
    SubscriptionStatus,
    check_subscription,
    parse_moment,
    parse_offer_type,
    parse_status,
)
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.subscriptions import (
    insert_subscriptions,
    list_subscriptions,
    lock_pools,
    update_subscriptions,
)

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "SubscriptionId": ("id",),
    "ExternalId": ("external subscription id", "commerceSubscriptionId"),
    "SkuPartNumber": ("sku", "skuId", "product", "part number"),
    "Units": ("seats", "licenses", "totalLicenses", "quantity"),
    "Status": ("state",),
    "StartsAt": ("start", "start date", "starts"),
    "NextLifecycleAt": ("nextLifecycleDateTime", "renewal date", "ends at", "end date"),
    "UnitPrice": ("price",),
    "Currency": (),
    "OfferMinimum": ("minimum", "offer minimum units"),
    "IncludedUnits": ("included",),
    "IsTrial": ("trial",),
    "OfferType": ("offer",),
    "Renews": ("recurring billing", "auto renew"),
    "TermMonths": ("term",),
    "BillingMonths": ("billing cycle",),
}
"""Columns of the file with the other spellings of their headers."""

PROBLEMS_TOLD_MAX: Final = 50
_YES_OR_NO: Final = {
    **dict.fromkeys(("yes", "true", "1"), True),
    **dict.fromkeys(("no", "false", "0", ""), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionImport:
    """What an import did; `ignored_columns` were not understood."""

    rows: int
    created: int
    updated: int
    unchanged: int
    ignored_columns: tuple[str, ...]


async def import_subscriptions(call: Call, content: bytes) -> SubscriptionImport:
    """Take purchases from a file; safe to run again.

    A row is the purchase with its subscription id or external id; a row with neither is the next
    one of its product that has no external id either, or a new one. What the file does not name
    stays. A file says what is so at the seller: fewer units than are in use are taken as a fact.

    Raises Refusal invalidValue with every row that does not fit; nothing is then changed.
    """
    table = read_table(
        content,
        columns=COLUMNS,
        required=("SkuPartNumber", "Units"),
        rows_max=SUBSCRIPTIONS_MAX,
    )
    catalog = await catalog_of(call)
    pools = await lock_pools(call.tx, catalog.skus)
    stored = await list_subscriptions(call.tx)
    wanted = _Reading(call, catalog, stored).read(table)
    known = {one.subscription_id: one for one in stored}
    created = [one for one in wanted if one.subscription_id not in known]
    updated = [one for one in wanted if known.get(one.subscription_id, one) != one]
    if len(stored) + len(created) > SUBSCRIPTIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"With this file the tenant would have {len(stored) + len(created)} subscriptions;"
            f" {SUBSCRIPTIONS_MAX} is the most there can be.",
        )
    # Updates go first: a file may give one purchase's external id to another.
    await update_subscriptions(call.tx, updated)
    await insert_subscriptions(call.tx, created)
    touched = {one.sku_no for one in (*created, *updated)}
    await recount(call, {no: pool for no, pool in pools.items() if no in touched})
    await tell(
        call,
        [
            state_told(
                known[one.subscription_id],
                one,
                product=catalog.sku_name(one.sku_no),
                at=call.now,
            )
            for one in updated
            if one.status is not known[one.subscription_id].status
        ],
    )
    done = SubscriptionImport(
        rows=len(table.rows),
        created=len(created),
        updated=len(updated),
        unchanged=len(wanted) - len(created) - len(updated),
        ignored_columns=table.ignored_columns,
    )
    detail = {"kind": "subscriptions", "created": done.created, "updated": done.updated}
    await record(
        call,
        HistoryLine(action=HistoryAction.IMPORTED, detail=detail),
        *_lines(stored, created=created, updated=updated),
    )
    return done


def _lines(
    stored: Iterable[Subscription],
    *,
    created: Iterable[Subscription],
    updated: Iterable[Subscription],
) -> Iterator[HistoryLine]:
    """A row for each purchase, from which the true-up statement knows what was bought when."""
    before = {one.subscription_id: one for one in stored}
    for one in created:
        yield purchase_line(HistoryAction.SUBSCRIPTION_CREATED, before=None, after=one)
    for one in updated:
        yield purchase_line(
            HistoryAction.SUBSCRIPTION_UPDATED, before=before[one.subscription_id], after=one
        )


class _Reading:
    """The rows of a file, matched with the purchases that are there."""

    def __init__(self, call: Call, catalog: TenantCatalog, stored: list[Subscription]) -> None:
        self._call = call
        self._catalog = catalog
        self._by_id = {one.subscription_id: one for one in stored}
        self._by_external = {one.external_id: one for one in stored if one.external_id}
        # Purchases without a name of their own, first started first: rows take them in turn.
        self._unnamed: dict[SkuNo, list[Subscription]] = defaultdict(list)
        for one in sorted(stored, key=lambda o: (o.starts_at, o.created_at, o.subscription_id)):
            if one.external_id is None:
                self._unnamed[one.sku_no].append(one)
        # New ids rise with the rows, so that the same file meets the same purchases again.
        self._new_ids = iter(sorted(uuid4() for _ in range(SUBSCRIPTIONS_MAX)))

    def read(self, table: Table) -> list[Subscription]:
        """Read every row, or refuse the file with all that is wrong in it."""
        found: dict[UUID, tuple[int, Subscription]] = {}
        problems = []
        # Rows with a name of their own choose first, so that no other row takes their purchase.
        for row in sorted(table.rows, key=_is_unnamed):
            try:
                one = self._row(row, table.columns)
                if one.subscription_id in found:
                    earlier = found[one.subscription_id][0]
                    raise Refusal(
                        Reason.INVALID_VALUE, f"it names the same subscription as row {earlier}."
                    )
                found[one.subscription_id] = (row.row_no, one)
            except Refusal as refusal:
                problems.append((row.row_no, refusal.detail))
        if problems:
            raise _unfit(sorted(problems))
        return [one for _, one in sorted(found.values(), key=lambda pair: pair[0])]

    def _row(self, row: TableRow, columns: frozenset[str]) -> Subscription:
        sku = self._catalog.require_sku(row.values["SkuPartNumber"], is_in_body=True)
        stored = self._stored(row, sku.sku_no)
        if stored.sku_no != sku.sku_no:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"the subscription is of {self._catalog.sku_name(stored.sku_no)}, not of"
                f" {sku.display_name}: a purchase never changes its product.",
            )
        fields = {
            field: read(row.values[column], column)
            for column, (field, read) in _FIELDS.items()
            # An empty cell keeps what is stored: people delete columns they do not know.
            if column in columns and row.values[column]
        }
        read = replace(stored, **fields)  # type: ignore[arg-type]  # _FIELDS reads each as its type
        is_new = stored.subscription_id not in self._by_id
        now = self._call.now
        wanted = dated(read, now=now) if is_new else dated_again(read, stored, now)
        return check_subscription(wanted, is_external=True)

    def _stored(self, row: TableRow, sku_no: SkuNo) -> Subscription:
        """The purchase that a row is about, or a new one without units."""
        named = row.values.get("SubscriptionId", "")
        if named:
            return self._by_subscription_id(named, sku_no)
        external_id = row.values.get("ExternalId", "")
        if external_id:
            return self._by_external.get(external_id) or self._new(next(self._new_ids), sku_no)
        if self._unnamed[sku_no]:
            return self._unnamed[sku_no].pop(0)
        return self._new(next(self._new_ids), sku_no)

    def _by_subscription_id(self, text: str, sku_no: SkuNo) -> Subscription:
        try:
            subscription_id = UUID(text)
        except ValueError:
            raise Refusal(
                Reason.INVALID_VALUE, f"SubscriptionId is “{text}”: give an id, or leave it empty."
            ) from None
        stored = self._by_id.get(subscription_id)
        if stored in self._unnamed[sku_no]:
            self._unnamed[sku_no].remove(stored)
        return stored or self._new(subscription_id, sku_no)

    def _new(self, subscription_id: UUID, sku_no: SkuNo) -> Subscription:
        now = self._call.now
        return Subscription(
            subscription_id=subscription_id,
            sku_no=sku_no,
            units=0,
            status=SubscriptionStatus.ENABLED,
            starts_at=now,
            created_at=now,
        )


def _is_unnamed(row: TableRow) -> bool:
    return not (row.values.get("SubscriptionId") or row.values.get("ExternalId"))


def _unfit(problems: list[tuple[int, str]]) -> Refusal:
    told = [{"row": row, "message": message} for row, message in problems[:PROBLEMS_TOLD_MAX]]
    first_row, first = problems[0]
    more = f" {len(problems) - 1} more rows do not fit either." if len(problems) > 1 else ""
    return Refusal(
        Reason.INVALID_VALUE,
        f"Row {first_row} does not fit: {first}{more} Nothing was changed.",
        context={"rows": told, "rowsUnfit": len(problems)},
    )


def _whole_number(text: str, column: str) -> int:
    digits = text.replace(" ", "").replace(",", "").replace("\u00a0", "")
    if not digits.isascii() or not digits.isdigit():
        raise Refusal(Reason.INVALID_VALUE, f"{column} is “{text}”: give a whole number.")
    return int(digits[:12])


def _price(text: str, column: str) -> Decimal:
    try:
        price = Decimal(text.replace(" ", ""))
    except InvalidOperation:
        price = Decimal("nan")
    if not price.is_finite():
        raise Refusal(Reason.INVALID_VALUE, f"{column} is “{text}”: give a number such as 36.00.")
    return price


def _yes_or_no(text: str, column: str) -> bool:
    answer = _YES_OR_NO.get(text.casefold())
    if answer is None:
        raise Refusal(Reason.INVALID_VALUE, f"{column} is “{text}”: give yes or no.")
    return answer


_FIELDS: Final[Mapping[str, tuple[str, Callable[[str, str], object]]]] = {
    "ExternalId": ("external_id", lambda text, _: text),
    "Units": ("units", _whole_number),
    "Status": ("status", lambda text, _: parse_status(text)),
    "StartsAt": ("starts_at", lambda text, column: parse_moment(text, name=column)),
    "NextLifecycleAt": ("next_lifecycle_at", lambda text, column: parse_moment(text, name=column)),
    "UnitPrice": ("unit_price", _price),
    "Currency": ("currency", lambda text, _: text.upper()),
    "OfferMinimum": ("offer_minimum", _whole_number),
    "IncludedUnits": ("included_units", _whole_number),
    "IsTrial": ("is_trial", _yes_or_no),
    "OfferType": ("offer_type", lambda text, _: parse_offer_type(text)),
    "Renews": ("renews", _yes_or_no),
    "TermMonths": ("term_months", _whole_number),
    "BillingMonths": ("billing_months", _whole_number),
}


async def export_subscriptions(call: Call) -> Iterator[bytes]:
    """Every purchase as a file that `import_subscriptions` takes back unchanged."""
    catalog = await catalog_of(call)
    stored = await list_subscriptions(call.tx)
    return write_table(tuple(COLUMNS), (_cells(one, catalog) for one in stored))


def _cells(one: Subscription, catalog: TenantCatalog) -> tuple[str | None, ...]:
    sku = catalog.skus[one.sku_no]
    # A part number that two products share would not find this one again (REF-010).
    is_alone = len(catalog.skus_named(sku.part_number)) == 1
    return (
        str(one.subscription_id),
        one.external_id,
        sku.part_number if is_alone else str(sku.sku_id),
        str(one.units),
        one.status.value,
        one.starts_at.isoformat(),
        one.next_lifecycle_at.isoformat() if one.next_lifecycle_at else None,
        None if one.unit_price is None else str(one.unit_price),
        one.currency,
        str(one.offer_minimum),
        str(one.included_units),
        "yes" if one.is_trial else "no",
        one.offer_type.value,
        "yes" if one.renews else "no",
        str(one.term_months),
        str(one.billing_months),
    )
