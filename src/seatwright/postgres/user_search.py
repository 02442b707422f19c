"""Finding a page of people by name, in a time that does not grow with the directory.

Some of what is asked of people says by itself who they are: a word of a search, a product, an
error, no license at all. Whoever is few that way is looked up and sorted by name; a word has the
names of its people beside it, so that even those of a common one are. Where they are many, people
are asked in the order of their names until the page is full, which is soon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from seatwright.domain.directory import UserQuery, searched_words, text_key
from seatwright.domain.ids import UserNo
from seatwright.postgres.filters import Condition
from seatwright.postgres.transaction import Transaction

FEW: Final = 10_000
"""So many are looked up and sorted by name."""

FEW_NAMED: Final = 20_000
"""So many people of a word are looked up among those of another."""

SORTED_NAMED: Final = 50_000
"""So many are sorted by the names that are beside the word."""

MANY_NAMED: Final = 100_000
"""So many still are, where a page is not full of those who come first by name."""

ASKED: Final = 200
"""So many come first."""

AT_ONCE: Final = 4
"""So many pages of those who have one trait are asked for the others before all of them are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trait:
    """What is asked of people and says who they are.

    `rows` is the SQL of rows `w` behind FROM, with `values` in it; each names a person who has the
    trait, and somebody may have several. `has_names`: the person's `name_key` is beside the number.
    """

    rows: str
    values: tuple[object, ...]
    has_names: bool = False

    @property
    def who(self) -> str:
        """The numbers of those who have it, as a query."""
        return f"select w.user_no from {self.rows}"

    @property
    def has(self) -> str:
        """Whether the person `u` does; a scalar, so that the planner asks each whom it comes to."""
        return f"(select true from {self.rows} and w.user_no = u.user_no limit 1)"

    @property
    def most(self) -> int:
        """So many can be sorted."""
        return SORTED_NAMED if self.has_names else FEW


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which people are wanted: by traits, and by what else is known of the person `u`.

    Those who have the first of `sorted` are sorted, and those of the rest of it are few enough to
    be looked up among them; for `others` people are asked. `after` is the name key and number
    after which people come.
    """

    sorted: tuple[Trait, ...]
    others: tuple[Trait, ...]
    plain: Condition
    after: tuple[str, int] | None

    @property
    def traits(self) -> tuple[Trait, ...]:
        """All of them."""
        return (*self.sorted, *self.others)


_BY_NAME: Final = " order by u.display_name_key, u.user_no limit %s"


async def asked(
    tx: Transaction,
    query: UserQuery,
    conditions: Sequence[Condition],
    *,
    after: tuple[str, int] | None,
) -> Wanted:
    """What a query asks of people who come after a name key and number."""
    sizes = {one: await _count(tx, one, one.most + 1) for one in _traits(tx, query)}
    by_size = sorted(sizes, key=lambda one: (not one.has_names, sizes[one]))
    rare = [one for one in by_size if sizes[one] <= min(one.most, FEW_NAMED)]
    first = rare or [one for one in by_size if sizes[one] <= one.most][:1]
    return Wanted(
        sorted=tuple(first),
        others=tuple(one for one in by_size if one not in first),
        plain=_plain(query, conditions),
        after=after,
    )


async def first_numbers(tx: Transaction, wanted: Wanted, limit: int) -> list[UserNo]:
    """The first of the people who are wanted, by name: no more than `limit`, in no order."""
    if wanted.sorted and wanted.sorted[0].has_names:
        return await _by_names(tx, wanted, limit)
    if wanted.sorted or not wanted.others:
        return await all_numbers(tx, wanted, limit)
    found = await _among_first(tx, wanted, limit)
    if len(found) == limit:
        return found
    for one in wanted.others:
        if one.has_names and await _count(tx, one, MANY_NAMED + 1) <= MANY_NAMED:
            others = tuple(other for other in wanted.others if other is not one)
            return await _by_names(tx, replace(wanted, sorted=(one,), others=others), limit)
    return await _numbers(tx, wanted, _has(wanted.others), limit)


async def all_numbers(tx: Transaction, wanted: Wanted, limit: int) -> list[UserNo]:
    """The people who are wanted, in the order of their names: no more than `limit`."""
    text = "".join(f" and u.user_no in ({one.who})" for one in wanted.traits)
    if wanted.sorted:
        rare, *others = wanted.traits
        among = "".join(f" and r.user_no in ({one.who})" for one in others)
        text = (
            f" and u.user_no = any (array(select r.user_no from ({rare.who}) r where true{among}))"
        )
    return await _numbers(tx, wanted, Condition(text=text, values=_values(wanted.traits)), limit)


def _has(traits: Sequence[Trait]) -> Condition:
    """Ask a person for each trait."""
    text = "".join(f" and {one.has}" for one in traits)
    return Condition(text=text, values=_values(traits))


async def _by_names(tx: Transaction, wanted: Wanted, limit: int) -> list[UserNo]:
    """Ask those who have the first trait for all else, in the order of the names beside it."""
    named, *few = wanted.sorted
    rows, values = named.rows, named.values
    for one in few:
        rows += f" and w.user_no in ({one.who})"
        values += one.values
    if wanted.after is not None:
        rows += " and (w.name_key, w.user_no) > (%s, %s)"
        values += wanted.after
    has = _has(wanted.others)
    found: list[UserNo] = []
    # One person may have several rows, which are side by side.
    for most in (AT_ONCE * limit, None):
        cursor = await tx.connection.execute(
            f"select r.user_no from (select w.name_key, w.user_no from {rows}"
            " order by w.name_key, w.user_no limit %s) r"
            " where (select true from app_user u where u.tenant_id = %s and u.user_no = r.user_no"
            f" and {wanted.plain.text}{has.text})"
            " group by r.name_key, r.user_no order by r.name_key, r.user_no limit %s",
            (*values, most, tx.tenant_id, *wanted.plain.values, *has.values, limit),
        )
        found = [UserNo(row[0]) for row in await cursor.fetchall()]
        if len(found) == limit:
            break
    return found


async def _among_first(tx: Transaction, wanted: Wanted, limit: int) -> list[UserNo]:
    """Ask those who come first by name, and nobody else."""
    plain, has = _placed(wanted), _has(wanted.traits)
    cursor = await tx.connection.execute(
        "select u.user_no from (select u.user_no, u.display_name_key from app_user u"
        f" where u.tenant_id = %s and {plain.text}{_BY_NAME}) u where true{has.text}{_BY_NAME}",
        (tx.tenant_id, *plain.values, ASKED, *has.values, limit),
    )
    return [UserNo(row[0]) for row in await cursor.fetchall()]


async def _numbers(
    tx: Transaction, wanted: Wanted, condition: Condition, limit: int
) -> list[UserNo]:
    plain = _placed(wanted)
    cursor = await tx.connection.execute(
        "select u.user_no from app_user u"
        f" where u.tenant_id = %s and {plain.text}{condition.text}{_BY_NAME}",
        (tx.tenant_id, *plain.values, *condition.values, limit),
    )
    return [UserNo(row[0]) for row in await cursor.fetchall()]


async def _count(tx: Transaction, one: Trait, most: int) -> int:
    """How many rows say who has a trait, counted no further than `most`."""
    cursor = await tx.connection.execute(
        f"select count(*) from (select from {one.rows} limit %s) counted", (*one.values, most)
    )
    row = await cursor.fetchone()
    return 0 if row is None else int(row[0])


def _values(traits: Sequence[Trait]) -> tuple[object, ...]:
    return tuple(value for one in traits for value in one.values)


def _traits(tx: Transaction, query: UserQuery) -> Iterator[Trait]:
    """Those that are rarer by what one knows beforehand come first: a long word fits few."""
    for word in sorted(searched_words(query.search or ""), key=len, reverse=True):
        yield Trait(
            rows="search_word w where w.tenant_id = %s and w.word ^@ %s",
            values=(tx.tenant_id, word),
            has_names=True,
        )
    if query.is_unlicensed:
        yield Trait(rows="unlicensed_user w where w.tenant_id = %s", values=(tx.tenant_id,))
    if query.is_in_error:
        yield Trait(rows="license_error w where w.tenant_id = %s", values=(tx.tenant_id,))
    if query.holds is not None:
        yield Trait(
            rows="effective_license w where w.tenant_id = %s and w.sku_no = %s",
            values=(tx.tenant_id, query.holds),
        )


def _placed(wanted: Wanted) -> Condition:
    """What is known of the person `u`, and where they come by name."""
    if wanted.after is None:
        return wanted.plain
    return Condition(
        text=f"{wanted.plain.text} and (u.display_name_key, u.user_no) > (%s, %s)",
        values=(*wanted.plain.values, *wanted.after),
    )


def _plain(query: UserQuery, conditions: Sequence[Condition]) -> Condition:
    """Pieces of SQL, all constant, with the values that go into each."""
    pieces = [*_columns(query), *conditions]
    return Condition(
        text=" and ".join(one.text for one in pieces),
        values=tuple(value for one in pieces for value in one.values),
    )


def _columns(query: UserQuery) -> Iterator[Condition]:
    yield Condition(text=f"u.deleted_at is {'not null' if query.is_deleted else 'null'}")
    if query.department is not None:
        yield Condition(text="u.department_key = %s", values=(text_key(query.department),))
    if query.is_enabled is not None:
        # In words of the index of those who are disabled, of whom there may be few.
        yield Condition(text="u.is_enabled" if query.is_enabled else "not u.is_enabled")
    if query.user_type is not None:
        yield Condition(text="u.user_type = %s", values=(query.user_type,))
    if query.location is not None:
        yield Condition(text="u.usage_location = %s", values=(query.location.strip().upper(),))
    if query.manager is not None:
        yield Condition(text="u.manager_no = %s", values=(query.manager,))
