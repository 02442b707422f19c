"""A tenant of any size in the real tables, loaded in seconds, for benchmarks of the engine.

The world of `performance.md` §G: 2,000 groups whose sizes follow Zipf's law, five memberships a
person (doubles fall together), 30 products of the shipped catalogue, one person in ten with a
product by hand, six products with seats for four in five of those who are wished them. The owner of
the tables writes it by COPY, past the wall; what people hold is what the engine gives them.
People have the names that the demonstration draws from, so that searching finds some and not all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psycopg

from seatwright.app.tenants import NewTenant, create_tenant
from seatwright.demo.words import GIVEN_NAMES, SURNAMES
from seatwright.domain.assignments import Strategy
from seatwright.domain.directory import text_key
from seatwright.domain.ids import SkuNo, TenantId
from seatwright.domain.reconcile.laws import laws_of
from seatwright.domain.tenant_catalog import TenantCatalog
from seatwright.postgres.bulk_read import EPOCH_MICROSECONDS
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.codes import STRATEGY_TO_CODE
from seatwright.postgres.pool import Database

GROUPS: Final = 2_000
MEMBERSHIPS_EACH: Final = 5
PRODUCTS: Final = 30
SHORT_PRODUCTS: Final = 6
SEATS_FOR: Final = 0.8
"""Seats of a short product, as a part of those who are wished it."""
BY_HAND: Final = 0.1
MOVED: Final = 0.005
"""The part of the memberships that a perturbation takes away, and the part that it adds."""

SINCE: Final = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NOW: Final = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SEED: Final = 20261121

Column = npt.NDArray[Any]

_PEOPLE = """
insert into app_user (tenant_id, user_no, id, upn, upn_key, display_name, display_name_key,
    usage_location, created_at)
select %(tenant)s, n, gen_random_uuid(), 'user' || n || '@town.example',
       'user' || n || '@town.example', g.name || ' ' || s.name, g.key || ' ' || s.key,
       case when n %% 20 = 0 then null when n %% 3 = 0 then 'DE' else 'NO' end, %(since)s
  from generate_series(1, %(people)s) n
  join unnest(%(given)s::text[], %(given_keys)s::text[]) with ordinality g (name, key, place)
    on g.place = 1 + n %% cardinality(%(given)s::text[])
  join unnest(%(surnames)s::text[], %(surname_keys)s::text[]) with ordinality s (name, key, place)
    on s.place = 1 + n / 7 %% cardinality(%(surnames)s::text[])
 order by n
"""
_GROUPS = """
insert into app_group (tenant_id, group_no, id, display_name, display_name_key, created_at)
select %(tenant)s, n, gen_random_uuid(), 'Group ' || n, 'group ' || n, %(since)s
  from generate_series(1, %(groups)s) n
"""
_COUNTERS = """
insert into tenant_counter (tenant_id, noun, last_no)
values (%(tenant)s, 'user', %(people)s), (%(tenant)s, 'group', %(groups)s)
on conflict (tenant_id, noun) do update set last_no = excluded.last_no
"""
_LEAVE = """
delete from membership m using (
    select distinct on (user_no) user_no, group_no from membership
     where tenant_id = %(tenant)s and user_no = any(%(users)s) order by user_no, group_no) gone
 where m.tenant_id = %(tenant)s and m.user_no = gone.user_no and m.group_no = gone.group_no
"""
_JOIN = """
insert into membership (tenant_id, user_no, group_no, since)
select distinct %(tenant)s::int4, u, g, %(since)s::timestamptz
  from unnest(%(users)s::int4[], %(groups)s::int4[]) as new (u, g) on conflict do nothing
"""
_SWITCH = """
update assignment set disabled_set = %(set)s
 where tenant_id = %(tenant)s and group_no = any(%(groups)s) and sku_no = %(sku)s
"""
TENTH: Final = GROUPS + 1
"""The group of a tenth of the people, which gives nothing yet."""
JOINED: Final = GROUPS + 2
"""A group that gives `Town.joined_product`, and has nobody in it yet."""
SWITCHED: Final = tuple(range(40, 47))
"""Groups that switch a service plan off and on again; each has one person in seventy."""
_INDEXES: Final = (
    "app_user_upn",
    "app_user_name",
    "membership_group",
    "effective_license_sku",
    "license_error_waiting",
    "license_error_source",
    "license_interval_sku",
    "license_interval_user",
)
"""Built after the rows are there, as a restore builds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """A loaded tenant."""

    tenant_id: TenantId
    token: str
    people: int
    catalog: TenantCatalog
    products: tuple[SkuNo, ...]

    @property
    def ample_products(self) -> tuple[SkuNo, ...]:
        """Those with seats for everybody."""
        return tuple(s for place, s in enumerate(self.products) if not _is_short(place))

    @property
    def joined_product(self) -> SkuNo:
        """What the group `JOINED` gives."""
        return self.ample_products[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """Who is wished what: members of groups, what groups give, and products by hand."""

    member: Column
    group: Column
    giver: Column
    given: Column
    disabled: tuple[int, ...]
    person: Column
    product: Column


async def found_town(app_url: str, *, people: int) -> Town:
    """Make the tenant with its catalogue; nobody lives there yet."""
    database = Database(app_url, connections_max=2)
    await database.open()
    try:
        new = NewTenant(name=f"Town of {people}", domain="town.example", usage_location="NO")
        made = await create_tenant(database, new, now=SINCE)
        async with database.transaction(made.tenant.tenant_id) as tx:
            catalog = await read_catalog(tx)
    finally:
        await database.close()
    return Town(
        tenant_id=made.tenant.tenant_id,
        token=made.token,
        people=people,
        catalog=catalog,
        products=_products(catalog),
    )


def _products(catalog: TenantCatalog) -> tuple[SkuNo, ...]:
    """Thirty products, those first that exclude the fewest of the ones before them."""
    laws = laws_of(catalog.engine)
    rest = [s for s, facts in catalog.engine.skus.items() if facts.is_assignable_to_users]
    profile = {s: laws.profile(catalog.engine.skus[s].service_plans) for s in rest}
    chosen: list[SkuNo] = []
    taken = 0
    while len(chosen) < PRODUCTS:
        best = min(
            rest,
            key=lambda s: ((profile[s].conflicts & taken).bit_count(), len(profile[s].needs), s),
        )
        rest.remove(best)
        chosen.append(best)
        taken |= catalog.engine.skus[best].service_plans
    return tuple(chosen)


def _is_short(place: int) -> bool:
    return place % (PRODUCTS // SHORT_PRODUCTS) == 0


def load_wishes(owner: psycopg.Connection[Any], town: Town) -> None:
    """Write people, groups, memberships, assignments and seats."""
    values = {
        "tenant": town.tenant_id,
        "people": town.people,
        "groups": JOINED,
        "since": SINCE,
        "given": list(GIVEN_NAMES),
        "given_keys": [text_key(name) for name in GIVEN_NAMES],
        "surnames": list(SURNAMES),
        "surname_keys": [text_key(name) for name in SURNAMES],
    }
    wishes = _wishes(np.random.default_rng(SEED), town)
    with indexes_later(owner):
        for statement in (_PEOPLE, _GROUPS, _COUNTERS):
            owner.execute(statement.encode(), values)
        copy_in(
            owner,
            "membership (tenant_id, user_no, group_no, since)",
            _same(town.tenant_id, wishes.member),
            wishes.member,
            wishes.group,
            moments(_same(_micros(SINCE), wishes.member, np.int64)),
        )
        sets = _store_sets(owner, town, wishes.disabled)
        disabled = np.array([sets[one] for one in wishes.disabled], dtype=np.int32)
        by_hand = _same(0, wishes.person)
        _load_assignments(owner, town, "group_no", wishes.giver, wishes.given, disabled)
        _load_assignments(owner, town, "user_no", wishes.person, wishes.product, by_hand)
        _load_seats(owner, town, wishes)


def _wishes(random: np.random.Generator, town: Town) -> _Wishes:
    giver, given, disabled = _group_licenses(random, town)
    member, group = _memberships(random, town.people)
    everybody = np.arange(1, town.people + 1, dtype=np.int32)
    person = np.sort(random.choice(everybody, int(town.people * BY_HAND), replace=False))
    products = np.array(town.products, dtype=np.int16)
    return _Wishes(
        member=member,
        group=group,
        giver=giver,
        given=given,
        disabled=disabled,
        person=person,
        product=products[random.integers(0, PRODUCTS, len(person))],
    )


def perturb(owner: psycopg.Connection[Any], town: Town, *, turn: int) -> None:
    """Move people between groups behind the product's back, and change what some groups give.

    Of the memberships a two-hundredth goes and as many come; some groups switch a service plan of
    each of their products off, or on again.
    """
    random = np.random.default_rng(SEED + turn)
    count = int(town.people * MEMBERSHIPS_EACH * MOVED)
    leaving = random.choice(np.arange(1, town.people + 1), count, replace=False).astype(np.int32)
    owner.execute(_LEAVE.encode(), {"tenant": town.tenant_id, "users": leaving.tolist()})
    owner.execute(
        _JOIN.encode(),
        {
            "tenant": town.tenant_id,
            "since": SINCE,
            "users": random.integers(1, town.people + 1, count).tolist(),
            "groups": _by_zipf(random, count).tolist(),
        },
    )
    _switch(owner, town, is_off=turn % 2 == 1)
    owner.execute("analyze membership, assignment")


def _switch(owner: psycopg.Connection[Any], town: Town, *, is_off: bool) -> None:
    """Have some groups leave the first service plan of each of their products off, or on."""
    for sku in town.products:
        plans = town.catalog.engine.skus[sku].service_plans
        first = plans & -plans if is_off else 0
        values = {
            "tenant": town.tenant_id,
            "groups": list(SWITCHED),
            "sku": sku,
            "set": _store_sets(owner, town, (first,))[first],
        }
        owner.execute(_SWITCH.encode(), values)


def _by_zipf(random: np.random.Generator, count: int) -> npt.NDArray[np.int32]:
    weights = np.cumsum(1 / np.arange(1, GROUPS + 1))
    drawn = np.searchsorted(weights / weights[-1], random.random(count)) + 1
    return drawn.astype(np.int32)


def _memberships(
    random: np.random.Generator, people: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    everybody = np.arange(1, people + 1, dtype=np.int64)
    users = np.repeat(everybody, MEMBERSHIPS_EACH)
    tenth = random.choice(everybody, people // 10, replace=False)
    keys = np.concatenate([users << 16 | _by_zipf(random, len(users)), tenth << 16 | TENTH])
    keys = np.unique(keys)
    return (keys >> 16).astype(np.int32), (keys & 0xFFFF).astype(np.int32)


def _group_licenses(
    random: np.random.Generator, town: Town
) -> tuple[Column, Column, tuple[int, ...]]:
    """One or two products a group; half of the licenses have service plans switched off."""
    rows: list[tuple[int, int, int]] = []
    for group in range(1, GROUPS + 1):
        # The order of the products and that of the sizes of groups have nothing to do with each
        # other.
        for product in random.choice(PRODUCTS, size=1 + group % 2, replace=False):
            sku = town.products[product]
            plans = town.catalog.engine.skus[sku].service_plans
            has_choice = random.random() < 0.5
            numbers = range(plans.bit_length() if has_choice else 0)
            off = sum(1 << n for n in numbers if plans >> n & 1 and random.random() < 0.2)
            rows.append((group, sku, off))
    rows.append((JOINED, town.joined_product, 0))
    return (
        np.array([row[0] for row in rows], dtype=np.int32),
        np.array([row[1] for row in rows], dtype=np.int16),
        tuple(row[2] for row in rows),
    )


def _store_sets(
    owner: psycopg.Connection[Any], town: Town, sets: tuple[int, ...]
) -> Mapping[int, int]:
    texts = sorted({f"{one:x}" for one in sets if one})
    owner.execute(
        "insert into service_plan_set (tenant_id, bits) select %s, unnest(%s::text[])"
        " on conflict do nothing",
        (town.tenant_id, texts),
    )
    rows = owner.execute(
        "select bits, set_id from service_plan_set where tenant_id = %s", (town.tenant_id,)
    )
    return {0: 0} | {int(bits, 16): number for bits, number in rows}


def _load_assignments(
    owner: psycopg.Connection[Any], town: Town, subject: str, *columns: Column
) -> None:
    """Assignments of people or groups: whose, of which product, with what switched off."""
    strategy = Strategy.GROUP if subject == "group_no" else Strategy.MANUAL
    numbers = columns[0]
    copy_in(
        owner,
        f"assignment (tenant_id, {subject}, sku_no, disabled_set, strategy, created_at,"
        " created_by)",
        _same(town.tenant_id, numbers),
        *columns,
        _same(STRATEGY_TO_CODE[strategy], numbers, np.int16),
        moments(_same(_micros(SINCE), numbers, np.int64)),
        _same(0, numbers),
    )


def _load_seats(owner: psycopg.Connection[Any], town: Town, wishes: _Wishes) -> None:
    """Seats by how many people are wished each product; every fifth product is short."""
    for place, sku in enumerate(town.products):
        licensed = np.zeros(JOINED + 1, dtype=np.bool_)
        licensed[wishes.giver[wishes.given == sku]] = True
        wished = np.zeros(town.people + 1, dtype=np.bool_)
        wished[wishes.member[licensed[wishes.group]]] = True
        wished[wishes.person[wishes.product == sku]] = True
        seats = int(wished.sum() * SEATS_FOR) if _is_short(place) else 2 * town.people
        owner.execute(
            "update sku_pool set assignable = %s where tenant_id = %s and sku_no = %s",
            (seats, town.tenant_id, sku),
        )


@contextlib.contextmanager
def indexes_later(owner: psycopg.Connection[Any]) -> Iterator[None]:
    """Take the secondary indexes away for the block, and build them anew at its end."""
    rows = owner.execute(
        "select indexname, indexdef from pg_indexes where schemaname = 'public'"
        " and indexname = any(%s)",
        (list(_INDEXES),),
    ).fetchall()
    for name, _ in rows:
        owner.execute(f"drop index {name}".encode())
    yield
    for _, definition in rows:
        owner.execute(str(definition).encode())


def copy_in(owner: psycopg.Connection[Any], into: str, *columns: Column) -> None:
    """COPY whole columns in PostgreSQL's binary form."""
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for place, column in enumerate(columns):
        fields += [(f"length{place}", ">i4"), (f"value{place}", column.dtype.newbyteorder(">").str)]
    rows = np.empty(len(columns[0]), dtype=fields)
    rows["count"] = len(columns)
    for place, column in enumerate(columns):
        rows[f"length{place}"] = column.dtype.itemsize
        rows[f"value{place}"] = column
    with owner.cursor().copy(f"copy {into} from stdin (format binary)".encode()) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        data = rows.tobytes()
        for first in range(0, len(data), 1 << 20):
            copy.write(data[first : first + (1 << 20)])
        copy.write(b"\xff\xff")


def _same(value: int, like: Column, kind: type = np.int32) -> Column:
    return np.full(len(like), value, dtype=kind)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def moments(since_1970: Column) -> npt.NDArray[np.int64]:
    """Microseconds since 1970 as PostgreSQL stores them."""
    return (since_1970 - EPOCH_MICROSECONDS).astype(np.int64)
