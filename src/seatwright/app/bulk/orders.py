"""From what a caller sent to an order: every text is resolved before anyone is touched.

What is wrong with the file itself (an unknown product or service plan, a date that is none)
refuses the whole call and names the row. Only a person who is not found is the row's own failure,
unless the call keeps faults: then each of them is its row's, and the other rows are done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import TypeVar

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.templates import require_template
from seatwright.domain.bulk import (
    ROWS_MAX,
    BulkOrder,
    BulkProduct,
    BulkRow,
    FillPolicy,
    Mending,
    RowFault,
)
from seatwright.domain.csv_text import NO_BLANK_ROWS, BlankRows
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import ServicePlanBits
from seatwright.domain.locations import parse_location
from seatwright.domain.subscriptions import parse_moment
from seatwright.domain.tenant_catalog import CatalogSku, TenantCatalog
from seatwright.domain.wants import WantKind

USER_TEXT_LENGTH_MAX = 500
UNKNOWN_LISTED_MAX = 5
NEAR_MATCHES_MAX = 3
NAMED_MAX = 2
"""Products that the title of a job names; of more it says none."""
NEAR_LOOKUPS_MAX = 50
"""Unknown products for which one file is told what they may mean: each costs milliseconds."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkLine:
    """One row as it was sent; what is None is as the whole order says."""

    row_no: int
    user: str
    sku: str | None = None
    action: str | None = None
    disabled: tuple[str, ...] | None = None
    usage_location: str | None = None
    starts_at: str | None = None
    expires_at: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkCall:
    """Everything of a bulk call: its rows, and what holds for rows that do not say it."""

    lines: Sequence[BulkLine]
    fill: FillPolicy = FillPolicy.AS_MANY
    sku: str | None = None
    template: str | None = None
    ignored_columns: tuple[str, ...] = ()
    adopts: bool = False
    keeps_faults: bool = False
    spares_inherited: bool = False
    mending: Mending | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A bulk call with every text resolved but those that name people; `blank` rows say nothing."""

    order: BulkOrder
    rows: tuple[BulkRow, ...]
    ignored_columns: tuple[str, ...] = ()
    blank: BlankRows = NO_BLANK_ROWS


async def resolve(call: Call, sent: BulkCall) -> Resolved:
    """Resolve products, service plans, locations and dates of a bulk call.

    Raises Refusal: invalidValue, unknownSku, unknownTemplate, servicePlanNotInSku and
    notAssignableToUsers, each naming the row.
    """
    if not sent.lines:
        raise Refusal(Reason.INVALID_VALUE, "There are no rows: send at least one person.")
    if len(sent.lines) > ROWS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"There are {len(sent.lines)} rows and one job takes {ROWS_MAX}: split them, and send"
            " the parts one after another.",
        )
    if sent.sku is not None and sent.template is not None:
        raise Refusal(
            Reason.INVALID_VALUE, "Name a product or a template for the rows, not both of them."
        )
    catalog = await catalog_of(call)
    products, template_name = await _template(call, sent.template)
    if sent.sku is not None:
        _check_assignable(catalog.require_sku(sent.sku, is_in_body=True))
    if not sent.keeps_faults:
        _check_products(catalog, sent)
    reader = _Reader(catalog=catalog, sent=sent, template_name=template_name, now=call.now)
    # In a thread, for a large file keeps the others of this process waiting for a second.
    rows = await asyncio.to_thread(reader.rows)
    skus, kinds = sorted({row.sku for row in rows if row.sku is not None}), {r.kind for r in rows}
    return Resolved(
        order=BulkOrder(
            fill=sent.fill,
            products=products,
            adopts=sent.adopts,
            spares_inherited=sent.spares_inherited,
            mending=sent.mending,
            about=tuple(skus) if len(skus) <= NAMED_MAX else (),
            template="" if skus else template_name,
            kind=kinds.pop() if len(kinds) == 1 else None,
        ),
        rows=rows,
        ignored_columns=sent.ignored_columns,
    )


async def _template(call: Call, text: str | None) -> tuple[tuple[BulkProduct, ...], str]:
    if text is None:
        return (), ""
    template = await require_template(call, text)
    products = tuple(
        BulkProduct(sku=product.sku_no, disabled=product.disabled) for product in template.products
    )
    return products, template.name


def _check_products(catalog: TenantCatalog, sent: BulkCall) -> None:
    """Refuse the whole call for products that are unknown or missing, with what they may mean."""
    first_rows: dict[str, int] = {}
    for line in sent.lines:
        first_rows.setdefault(line.sku or "", line.row_no)
    if "" in first_rows and sent.sku is None and sent.template is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"Row {first_rows['']} names no product: give it one, or name one for all rows with"
            " skuPartNumber, skuId or templateId.",
            context={"row": first_rows[""]},
        )
    unknown = {
        text: row for text, row in first_rows.items() if text and not _find(catalog, text, row)
    }
    if not unknown:
        return
    text, row = next(iter(unknown.items()))
    near = near_matches(catalog, text)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    others = [f"“{one}” (row {at})" for one, at in list(unknown.items())[1:UNKNOWN_LISTED_MAX]]
    more = f" Unknown too: {', '.join(others)}." if others else ""
    raise Refusal(
        Reason.UNKNOWN_SKU,
        f"Row {row}: there is no product “{text[:120]}” in the catalogue.{meant}{more} Nobody was"
        " touched. GET /api/catalog/products lists every product.",
        context={"row": row, "sku": text, "nearMatches": near},
        is_in_body=True,
    )


def _find(catalog: TenantCatalog, text: str, row: int) -> CatalogSku | None:
    try:
        return catalog.sku_by_text(text)
    except Refusal as refusal:
        raise _in_row(refusal, row) from None


def near_matches(catalog: TenantCatalog, text: str) -> list[str]:
    """Part numbers that a misspelt product may have meant, nearest first."""
    names: dict[str, str] = {}
    for sku in catalog.skus.values():
        for name in (sku.part_number, sku.display_name, *sku.aliases):
            names.setdefault(name.casefold(), sku.part_number)
    near = get_close_matches(text.casefold(), names, n=NEAR_MATCHES_MAX, cutoff=0.6)
    return list(dict.fromkeys(names[name] for name in near))


def _check_assignable(sku: CatalogSku) -> None:
    if not sku.is_assignable_to_users:
        raise Refusal(
            Reason.NOT_ASSIGNABLE_TO_USERS,
            f"{sku.display_name} ({sku.part_number}) is for the whole organisation and cannot be"
            " assigned to people.",
            context={"skuId": str(sku.sku_id)},
        )


def _in_row(refusal: Refusal, row: int) -> Refusal:
    return Refusal(
        refusal.reason,
        f"Row {row}: {refusal.detail}",
        context={"row": row, **refusal.context},
        is_in_body=True,
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Reads lines; each distinct text is read once, for files say the same again and again."""

    catalog: TenantCatalog
    sent: BulkCall
    template_name: str
    now: datetime
    _skus: dict[str | None, CatalogSku | None] = field(default_factory=dict)
    _plans: dict[tuple[str | None, tuple[str, ...]], ServicePlanBits] = field(default_factory=dict)
    _kinds: dict[str, WantKind] = field(default_factory=dict)
    _locations: dict[str, str] = field(default_factory=dict)
    _expiries: dict[str, datetime] = field(default_factory=dict)
    _moments: dict[str, datetime] = field(default_factory=dict)
    _since_days: dict[str, datetime] = field(default_factory=dict)
    _unknown: dict[str, Refusal] = field(default_factory=dict)

    def rows(self) -> tuple[BulkRow, ...]:
        """All lines as rows; raises Refusal, naming the row, for a text that cannot be read."""
        return tuple(map(self._read, self.sent.lines))

    def _read(self, line: BulkLine) -> BulkRow:
        try:
            return self._row(line)
        except Refusal as refusal:
            if self.sent.keeps_faults:
                return _faulty(line, refusal)
            raise _in_row(refusal, line.row_no) from None

    def _row(self, line: BulkLine) -> BulkRow:
        if len(line.user) > USER_TEXT_LENGTH_MAX:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"the person's name has {len(line.user)} characters: an id, user principal name or"
                f" mail address has at most {USER_TEXT_LENGTH_MAX}.",
            )
        sku = self._sku(line.sku or None)
        starts = _maybe(self._moments, line.starts_at, self._start)
        expires = _maybe(self._expiries, line.expires_at, self._expiry)
        if starts is not None and expires is not None and expires <= starts:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"expiresAt {expires.isoformat()} is not after startsAt {starts.isoformat()}:"
                " give a later end.",
            )
        return BulkRow(
            row_no=line.row_no,
            user_text=line.user.strip(),
            sku_text=self.template_name if sku is None else sku.part_number,
            sku=None if sku is None else sku.sku_no,
            kind=_once(self._kinds, line.action or WantKind.ADD.value, _kind),
            disabled=self._disabled(sku, line.disabled),
            usage_location=_maybe(self._locations, line.usage_location, _location),
            starts_at=starts,
            expires_at=expires,
            since=_maybe(self._since_days, line.since, self._since),
        )

    def _sku(self, text: str | None) -> CatalogSku | None:
        if text not in self._skus:
            wanted = text or self.sent.sku
            if wanted is None and self.sent.template is None:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    "The row names no product: give it one, or choose one for all rows.",
                )
            sku = None if wanted is None else self._known(wanted)
            if sku is not None:
                _check_assignable(sku)
            self._skus[text] = sku
        return self._skus[text]

    def _known(self, text: str) -> CatalogSku:
        sku = self.catalog.sku_by_text(text)
        if sku is not None:
            return sku
        if text not in self._unknown:
            may_look = len(self._unknown) < NEAR_LOOKUPS_MAX
            near = near_matches(self.catalog, text) if may_look else []
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            self._unknown[text] = Refusal(
                Reason.UNKNOWN_SKU,
                f"There is no product “{text[:120]}” in the catalogue.{meant}",
                context={"sku": text, "nearMatches": near},
                is_in_body=True,
            )
        raise self._unknown[text]

    def _disabled(
        self, sku: CatalogSku | None, texts: tuple[str, ...] | None
    ) -> ServicePlanBits | None:
        if texts is None:
            return None
        if sku is None:
            raise Refusal(
                Reason.INVALID_VALUE,
                "a template says itself which service plans are off: leave them out of the row.",
            )
        key = (sku.part_number, texts)
        if key not in self._plans:
            self._plans[key] = self.catalog.disabled_bits(sku, texts)
        return self._plans[key]

    def _start(self, text: str) -> datetime:
        return parse_moment(text, name="startsAt")

    def _expiry(self, text: str) -> datetime:
        moment = parse_moment(text, name="expiresAt")
        if moment <= self.now:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"expiresAt {moment.isoformat()} is over already: give a later time.",
            )
        return moment

    def _since(self, text: str) -> datetime:
        moment = parse_moment(text, name="since")
        if moment > self.now:
            raise Refusal(
                Reason.INVALID_VALUE,
                f"since {moment.isoformat()} has not come yet: give the day it was assigned.",
            )
        return moment


def _faulty(line: BulkLine, refusal: Refusal) -> BulkRow:
    said = refusal.detail
    return BulkRow(
        row_no=line.row_no,
        user_text=line.user.strip()[:USER_TEXT_LENGTH_MAX],
        sku_text=(line.sku or "")[:USER_TEXT_LENGTH_MAX],
        sku=None,
        fault=RowFault(reason=refusal.reason, message=said[:1].upper() + said[1:]),
    )


def _once(read: dict[str, _Value], text: str, reader: Callable[[str], _Value]) -> _Value:
    if text not in read:
        read[text] = reader(text)
    return read[text]


def _maybe(
    read: dict[str, _Value], text: str | None, reader: Callable[[str], _Value]
) -> _Value | None:
    return _once(read, text, reader) if text else None


_BULK_KINDS = (WantKind.ADD, WantKind.REMOVE, WantKind.REPLACE)
_SPELLINGS = {"assign": WantKind.ADD, "unassign": WantKind.REMOVE, "swap": WantKind.REPLACE}


def _kind(text: str) -> WantKind:
    word = text.strip().casefold()
    kinds = {kind.value: kind for kind in _BULK_KINDS} | _SPELLINGS
    if word not in kinds:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"the action is “{text[:60]}”: give add, remove or replace.",
        )
    return kinds[word]


def _location(text: str) -> str:
    location = parse_location(text)
    if location is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text[:60]}” is no usage location: give a two-letter ISO 3166-1 code such as NO.",
        )
    return location


def fill_policy(text: str | None) -> FillPolicy:
    """The fill policy that a caller names, whatever its case.

    Raises Refusal invalidValue for another word.
    """
    if not text:
        return FillPolicy.AS_MANY
    found = next((one for one in FillPolicy if one.value.casefold() == text.casefold()), None)
    if found is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"fillPolicy is “{text[:60]}”: give {_listed(one.value for one in FillPolicy)}.",
        )
    return found


def _listed(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}"
