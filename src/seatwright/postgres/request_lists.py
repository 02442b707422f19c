"""Reading lists of requests: keyset pages of lines in four orders, searched, and counted a little.

By age an index has the order, and for each product too. By person there is none: the few lines that
a filter leaves are put in order, and where it leaves many the people are gone through in theirs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Final

from psycopg.rows import TupleRow

from seatwright.domain.ids import PrincipalNo, SkuNo, UserNo
from seatwright.domain.requests.lines import Line, LineOrder
from seatwright.domain.requests.policy import Decider
from seatwright.domain.requests.states import LineState
from seatwright.postgres.requests import LINE_COLUMNS, lines_from
from seatwright.postgres.transaction import Transaction

FEW: Final = 10_000
"""So many lines are put in order, and so many people are looked up, for one page."""

HITS_MAX: Final = 2 * FEW
"""Words of the directory that are read for one word of a search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordFound:
    """What one word of a search finds: products, and people; None: too many to be named here.

    `prefixes` are how words of a person begin that the word finds, all of them.
    """

    skus: Sequence[SkuNo]
    people: Sequence[UserNo] | None
    prefixes: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFilter:
    """Which lines: all conditions hold at once.

    `is_pending` None: whatever their state; what is pending `now` has not expired. `mine`: asked by
    this person or for them; `asked_by`: by this principal, which is nobody of the directory.
    `deciders`: pending before any of these, and `others_than`: no business of this person's own.
    `words` must each find a line, by its person or product. `products` are all there are, by name.
    """

    now: datetime
    is_pending: bool | None = None
    state: LineState | None = None
    sku: SkuNo | None = None
    user: UserNo | None = None
    mine: UserNo | None = None
    asked_by: PrincipalNo | None = None
    others_than: UserNo | None = None
    deciders: Collection[Decider] | None = None
    words: Sequence[WordFound] = ()
    order: LineOrder | None = None
    products: Sequence[SkuNo] = ()


class _Question:
    """The SQL of a filter: scans that together find its lines, each by an index of its own."""

    def __init__(self, tx: Transaction, wanted: LineFilter) -> None:
        self.values: dict[str, object] = {"tenant": tx.tenant_id}
        narrowest = min(
            (one for one in wanted.words if one.people is not None),
            key=lambda one: len(one.people or ()),
            default=None,
        )
        self.conditions = ["l.tenant_id = %(tenant)s", *self._states(wanted)]
        self.conditions += [self._word(one) for one in wanted.words if one is not narrowest]
        deciding = self._ways(wanted)
        found = [()] if narrowest is None else [(one,) for one in self._found(narrowest)]
        self.ways = [(*way, *one) for way, one in product(deciding, found)] or [("false",)]

    def value(self, value: object) -> str:
        """The placeholder of a value."""
        name = f"v{len(self.values)}"
        self.values[name] = value
        return f"%({name})s"

    def union(self, *more: str, tail: str) -> str:
        """The numbers of the lines, each scan with these conditions and this end."""
        return " union ".join(
            "(select l.line_no from license_request_line l where"
            f" {' and '.join((*self.conditions, *way, *more))} {tail})"
            for way in self.ways
        )

    @property
    def whole(self) -> str:
        """All conditions as one."""
        ways = " or ".join(f"({' and '.join((*way, 'true'))})" for way in self.ways)
        return " and ".join((*self.conditions, f"({ways})"))

    def _states(self, wanted: LineFilter) -> Iterable[str]:
        if wanted.is_pending is not None:
            yield f"l.state {'=' if wanted.is_pending else '<>'} 'pending'"
        if wanted.is_pending:
            yield f"l.due_at > {self.value(wanted.now)}"
        if wanted.others_than is not None:
            me = self.value(wanted.others_than)
            yield f"l.user_no <> {me} and l.requestor_no is distinct from {me}"
        if wanted.state is not None:
            yield f"l.state = {self.value(wanted.state.value)}"
        if wanted.sku is not None:
            yield f"l.sku_no = {self.value(wanted.sku)}"
        if wanted.user is not None:
            yield f"l.user_no = {self.value(wanted.user)}"

    def _ways(self, wanted: LineFilter) -> Sequence[tuple[str, ...]]:
        if wanted.deciders is not None:
            pairs = [
                (self.value(int(one.kind)), self.value(one.no)) for one in sorted(wanted.deciders)
            ]
            return [
                *((f"l.decider_kind = {kind}", f"l.decider_no = {no}") for kind, no in pairs),
                *(
                    (f"l.alternate_kind = {kind}", f"l.alternate_no = {no}", "l.alternate_kind > 0")
                    for kind, no in pairs
                ),
            ]
        if wanted.mine is not None:
            me = self.value(wanted.mine)
            return [(f"l.user_no = {me}",), (f"l.requestor_no = {me}",)]
        if wanted.asked_by is not None:
            return [(f"l.principal_no = {self.value(wanted.asked_by)}",)]
        return [()]

    def _found(self, word: WordFound) -> Iterable[str]:
        if word.skus:
            yield f"l.sku_no = any({self.value(list(word.skus))})"
        if word.people:
            yield f"l.user_no = any({self.value(list(word.people))})"

    def _word(self, word: WordFound) -> str:
        either = list(self._found(word))
        if word.people is None:
            begins = (
                "exists (select from search_word w where w.tenant_id = l.tenant_id"
                f" and w.user_no = l.user_no and w.word ^@ {self.value(prefix)})"
                for prefix in word.prefixes
            )
            either.append(" and ".join(begins))
        return f"({' or '.join(either) or 'false'})"


async def list_lines(
    tx: Transaction, wanted: LineFilter, *, after: int | None, limit: int
) -> list[Line]:
    """A page of lines after one of them.

    Without an order what is pending comes with the oldest first, else the newest first.
    """
    order = wanted.order or (LineOrder.OLDEST if wanted.is_pending else LineOrder.NEWEST)
    match order:
        case LineOrder.PERSON:
            numbers = await _by_person(tx, wanted, after=after, limit=limit)
        case LineOrder.PRODUCT:
            numbers = await _by_product(tx, wanted, after=after, limit=limit)
        case _:
            is_up = order is LineOrder.OLDEST
            numbers = await _by_age(tx, wanted, after=after, limit=limit, is_up=is_up)
    cursor = await tx.connection.execute(
        f"select {LINE_COLUMNS} from license_request_line"
        " where tenant_id = %s and line_no = any(%s)",
        (tx.tenant_id, numbers),
    )
    found = {line.line_no: line for line in await lines_from(tx, await cursor.fetchall())}
    return [found[one] for one in numbers if one in found]


async def _by_age(
    tx: Transaction, wanted: LineFilter, *, after: int | None, limit: int, is_up: bool
) -> list[int]:
    asked = _Question(tx, wanted)
    way, sign = ("asc", ">") if is_up else ("desc", "<")
    place = () if after is None else (f"l.line_no {sign} {asked.value(after)}",)
    end = f"order by line_no {way} limit {asked.value(limit)}"
    rows = await _rows(tx, asked, f"select line_no from ({asked.union(*place, tail=end)}) f {end}")
    return [int(row[0]) for row in rows]


async def count_lines(tx: Transaction, wanted: LineFilter, *, most: int) -> int:
    """How many lines there are, of which at most so many are looked at."""
    asked = _Question(tx, wanted)
    end = f"limit {asked.value(most)}"
    ((count,),) = await _rows(
        tx, asked, f"select count(*) from (select from ({asked.union(tail=end)}) f {end}) counted"
    )
    return int(count)


async def people_with(tx: Transaction, prefixes: Sequence[str]) -> list[UserNo] | None:
    """Whom a word of a search finds; None where they are many."""
    if not prefixes:
        return []
    longest, *others = sorted(prefixes, key=len, reverse=True)
    cursor = await tx.connection.execute(
        "select w.user_no from search_word w where w.tenant_id = %(tenant)s and w.word ^@ %(word)s"
        " and not exists (select from unnest(%(others)s::text[]) other where not exists (select"
        "   from search_word o where o.tenant_id = w.tenant_id and o.user_no = w.user_no"
        "   and o.word ^@ other)) limit %(hits)s",
        {"tenant": tx.tenant_id, "word": longest, "others": others, "hits": HITS_MAX},
    )
    rows = await cursor.fetchall()
    found = sorted({UserNo(row[0]) for row in rows})
    return None if len(rows) == HITS_MAX or len(found) > FEW else found


async def _by_person(
    tx: Transaction, wanted: LineFilter, *, after: int | None, limit: int
) -> list[int]:
    place = ("", 0, 0) if after is None else await _place_of(tx, after)
    if place is None:
        return []
    asked = _Question(tx, wanted)
    end = f"limit {asked.value(FEW + 1)}"
    rows = await _rows(tx, asked, f"select line_no from ({asked.union(tail=end)}) f {end}")
    name, user, line = (asked.value(one) for one in place)
    if len(rows) <= FEW:
        numbers = asked.value([int(row[0]) for row in rows])
        text = (
            "select line_no from (select l.line_no, l.user_no, coalesce((select"
            "   u.display_name_key from app_user u where u.tenant_id = l.tenant_id"
            "   and u.user_no = l.user_no), '') as name"
            "   from license_request_line l where l.tenant_id = %(tenant)s"
            f"  and l.line_no = any({numbers}) offset 0) l"
            f" where (name, user_no, line_no) > ({name}, {user}, {line})"
            " order by name, user_no, line_no"
        )
    else:
        text = (
            "select l.line_no from app_user u cross join lateral (select l.line_no"
            f"   from license_request_line l where {asked.whole} and l.user_no = u.user_no"
            "   offset 0) l where u.tenant_id = %(tenant)s"
            f" and (u.display_name_key, u.user_no) >= ({name}, {user})"
            f" and (u.display_name_key, u.user_no, l.line_no) > ({name}, {user}, {line})"
            " order by u.display_name_key, u.user_no, l.line_no"
        )
    rows = await _rows(tx, asked, f"{text} limit {asked.value(limit)}")
    return [int(row[0]) for row in rows]


async def _place_of(tx: Transaction, line_no: int) -> tuple[str, int, int] | None:
    """The name's key and the number of the person of a line, and its own."""
    cursor = await tx.connection.execute(
        "select coalesce(u.display_name_key, ''), l.user_no, l.line_no from license_request_line l"
        " left join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no"
        " where l.tenant_id = %s and l.line_no = %s",
        (tx.tenant_id, line_no),
    )
    return await cursor.fetchone()


_PRODUCTS: Final = """
with recursive asked (sku_no) as (
    (select l.sku_no from license_request_line l where l.tenant_id = %(tenant)s
      order by l.sku_no limit 1)
    union all
    select (select l.sku_no from license_request_line l
             where l.tenant_id = %(tenant)s and l.sku_no > asked.sku_no order by l.sku_no limit 1)
      from asked where asked.sku_no is not null
)
select a.sku_no, l.line_no is not null from asked a
  left join license_request_line l
    on l.tenant_id = %(tenant)s and l.line_no = %(after)s and l.sku_no = a.sku_no
 where a.sku_no is not null
"""


async def _by_product(
    tx: Transaction, wanted: LineFilter, *, after: int | None, limit: int
) -> list[int]:
    """Product by product, of those that anybody ever asked for: they are not many."""
    cursor = await tx.connection.execute(_PRODUCTS, {"tenant": tx.tenant_id, "after": after})
    asked_for = {SkuNo(row[0]): bool(row[1]) for row in await cursor.fetchall()}
    skus = [one for one in wanted.products if one in asked_for]
    begun = next((one for one in skus if asked_for[one]), None)
    if after is not None and begun is None:
        return []
    found: list[int] = []
    for sku in skus if begun is None else skus[skus.index(begun) :]:
        if len(found) == limit:
            break
        if wanted.sku not in {None, sku}:
            continue
        of_product = replace(wanted, sku=sku)
        place = after if sku == begun else None
        found += await _by_age(tx, of_product, after=place, limit=limit - len(found), is_up=True)
    return found


async def _rows(tx: Transaction, asked: _Question, text: str) -> list[TupleRow]:
    cursor = await tx.connection.execute(text.encode(), asked.values)
    return await cursor.fetchall()
