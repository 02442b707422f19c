"""The stage on which a scenario is played: people, groups, products, and what happens to them.

It is the smallest store there can be: it keeps the wishes, asks the engine after every step and
writes down what the engine answers. Everything is called by the names of the scenario file.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from seatwright.domain.assignments import DIRECT, PRIORITY_DEFAULT, Source, SourceKind, Strategy
from seatwright.domain.ids import (
    ServicePlanBits,
    ServicePlanNo,
    SkuNo,
    UserNo,
    service_plan_numbers,
)
from seatwright.domain.reconcile import (
    Catalog,
    ChangeSet,
    Dependency,
    DirectChange,
    GroupLicense,
    Names,
    Pool,
    SkuFacts,
    Snapshot,
    UserState,
    Wish,
    after_direct_change,
    check_direct_change,
    check_group_licenses,
    check_group_licensing,
    reconcile,
)
from seatwright.domain.semantics import Preset, semantics_of
from tests.domain.reconcile.worlds import applied

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
# What a YAML file holds is looked at field by field, so it stays untyped until then.
Sheet = Mapping[str, Any]


@dataclass
class Group:
    """A group on the stage."""

    no: int
    members: dict[str, datetime] = field(default_factory=dict)
    subgroups: list[str] = field(default_factory=list)
    licenses: dict[str, tuple[ServicePlanBits, int, datetime]] = field(default_factory=dict)


class Stage:
    """Everything that a scenario file sets up, and every step that it may name."""

    def __init__(self, sheet: Sheet, preset: Preset) -> None:
        """Set up the people, products and groups of a scenario."""
        self.semantics = semantics_of(preset)
        self.now = MORNING
        self.tenant_location: str | None = sheet.get("tenant location")
        self.plans: dict[str, ServicePlanNo] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.product_no: dict[str, SkuNo] = {}
        self.sheet = sheet
        self.people: dict[str, UserState] = {}
        self.groups: dict[str, Group] = {}
        self.consumed: dict[SkuNo, int] = {}
        for name, product in sheet["products"].items():
            self.product_no[name] = SkuNo(len(self.product_no) + 1)
            self.products[name] = dict(product)
            self.bits(product["service plans"])
        for name, person in (sheet.get("people") or {}).items():
            self.add_person(name, person or {})
        for name, group in (sheet.get("groups") or {}).items():
            self.groups[name] = Group(no=len(self.groups) + 1)
            self.groups[name].subgroups = list((group or {}).get("subgroups", []))
            for member in (group or {}).get("members", []):
                self.groups[name].members[member] = self.now
            for product, choice in ((group or {}).get("licenses") or {}).items():
                self.license_group({"group": name, "product": product, **(choice or {})})
        self.settle(retry=self.people)

    def add_person(self, name: str, person: Sheet) -> None:
        """Put a person on the stage."""
        self.people[name] = UserState(
            user_no=UserNo(len(self.people) + 1), usage_location=person.get("location", "NO")
        )

    def bits(self, names: Iterable[str]) -> ServicePlanBits:
        """Turn the names of service plans into a set, numbering new names."""
        bits = 0
        for name in map(str, names):
            bits |= 1 << self.plans.setdefault(name, ServicePlanNo(len(self.plans)))
        return ServicePlanBits(bits)

    def plan_names(self, bits: ServicePlanBits) -> set[str]:
        """Turn a set of service plans into names."""
        named = {number: name for name, number in self.plans.items()}
        return {named[number] for number in service_plan_numbers(bits)}

    def all_plans(self, product: str) -> ServicePlanBits:
        """Give all service plans of a product."""
        return self.bits(self.products[product]["service plans"])

    def choice(self, step: Sheet) -> ServicePlanBits:
        """Give the service plans that a step switches off, said as `without` or `only`."""
        if "only" in step:
            return ServicePlanBits(self.all_plans(step["product"]) & ~self.bits(step["only"]))
        return self.bits(step.get("without", []))

    def catalog(self) -> Catalog:
        """Give the catalogue of the scenario."""
        facts = [
            SkuFacts(
                sku=self.product_no[name],
                part_number=name,
                service_plans=self.all_plans(name),
                is_assignable_to_users=product.get("applies to", "User") == "User",
                prohibited_locations=frozenset(product.get("prohibited in", [])),
            )
            for name, product in self.products.items()
        ]
        pairs = [[self.bits([name]) for name in pair] for pair in self.sheet.get("exclusions", [])]
        return Catalog(
            skus={f.sku: f for f in facts},
            exclusions=tuple((left, right) for left, right in pairs),
            dependencies=tuple(
                Dependency(
                    service_plans=self.bits([d["service plan"]]),
                    any_of=self.bits(d["needs any of"]),
                )
                for d in self.sheet.get("dependencies", [])
            ),
            prohibited_service_plans={
                place: self.bits(names)
                for place, names in (self.sheet.get("prohibited service plans") or {}).items()
            },
        )

    def snapshot(self, *, retry: Iterable[str] = ()) -> Snapshot:
        """Give the world as the engine sees it."""
        pools = (
            Pool(
                sku=self.product_no[name],
                assignable=product.get("seats", 0),
                consumed=self.consumed.get(self.product_no[name], 0),
                reserved=product.get("reserved", 0),
            )
            for name, product in self.products.items()
        )
        return Snapshot(
            now=self.now,
            semantics=self.semantics,
            default_usage_location=self.tenant_location,
            catalog=self.catalog(),
            pools=tuple(pools),
            users=tuple(
                replace(user, wishes=self.wishes(name)) for name, user in self.people.items()
            ),
            retry_users=frozenset(self.people[name].user_no for name in retry),
        )

    def wishes(self, person: str) -> tuple[Wish, ...]:
        """Give a person's own assignments and those of the groups that count for them."""
        own = tuple(w for w in self.people[person].wishes if w.source.kind is not SourceKind.GROUP)
        return own + tuple(
            Wish(
                sku=self.product_no[product],
                source=Source(kind=SourceKind.GROUP, no=group.no),
                strategy=Strategy.GROUP,
                disabled=disabled,
                priority=priority,
                assigned_at=max(since, joined),
            )
            for name, group in self.groups.items()
            for joined in [self.member_since(person, name)]
            if joined is not None
            for product, (disabled, priority, since) in group.licenses.items()
        )

    def member_since(self, person: str, group: str) -> datetime | None:
        """Say since when a person counts as a member, through subgroups where they count."""
        groups = [group]
        if self.semantics.nested_groups_count:
            groups += self.groups[group].subgroups
        return min(
            (self.groups[g].members[person] for g in groups if person in self.groups[g].members),
            default=None,
        )

    def names(self, person: str) -> Names:
        """Give the names of everything, for sentences."""
        return Names(
            user=person,
            products={number: name for name, number in self.product_no.items()},
            service_plans={number: name for name, number in self.plans.items()},
            groups={group.no: name for name, group in self.groups.items()},  # type: ignore[misc]
        )

    def settle(self, *, retry: Iterable[str] = ()) -> None:
        """Ask the engine and write down what it answers."""
        snapshot = self.snapshot(retry=retry)
        self.write(snapshot, reconcile(snapshot))

    def write(self, snapshot: Snapshot, change_set: ChangeSet) -> None:
        """Write down a change set, and hold the engine to having nothing to add."""
        assert change_set.is_settled
        after = applied(snapshot, change_set)
        assert reconcile(after).is_empty
        self.people = dict(zip(self.people, after.users, strict=True))
        self.consumed = {pool.sku: pool.consumed for pool in after.pools}

    # The steps, each named in the scenario file as the method is, with blanks.

    def play(self, verb: str, step: Any) -> None:
        """Play one step; a minute passes before it, so that there is an order in time."""
        self.now += timedelta(minutes=1)
        steps: Mapping[str, Callable[[Any], None]] = {
            "assign": self.assign,
            "remove": self.remove,
            "swap": self.swap,
            "join": self.join,
            "leave": self.leave,
            "license group": self.license_group_and_settle,
            "remove from group": self.remove_from_group,
            "reprocess": lambda person: self.settle(retry=[person]),
            "set seats": self.set_seats,
            "add service plan": self.add_service_plan,
            "move to": self.move_to,
            "delete": self.delete,
            "restore": self.restore,
            "wait days": self.wait_days,
            "exclude": self.exclude,
        }
        steps[verb](step)

    def change_directly(self, person: str, change: DirectChange, *, may_wait: bool) -> None:
        """Make a direct change, or be refused."""
        snapshot = self.snapshot()
        user_no = self.people[person].user_no
        changes = check_direct_change(
            snapshot,
            user_no=user_no,
            change=change,
            names=self.names(person),
            may_wait=may_wait,
        )
        users = tuple(
            after_direct_change(u, change) if u.user_no == user_no else u for u in snapshot.users
        )
        self.write(replace(snapshot, users=users), changes)

    def wish(self, step: Sheet) -> Wish:
        """Give the direct wish of a step."""
        days = step.get("for days")
        begins = step.get("from day")
        return Wish(
            sku=self.product_no[step["product"]],
            source=DIRECT,
            strategy=Strategy.MANUAL,
            disabled=self.choice(step),
            priority=step.get("priority", PRIORITY_DEFAULT),
            assigned_at=self.now,
            starts_at=None if begins is None else self.now + timedelta(days=begins),
            expires_at=None if days is None else self.now + timedelta(days=days),
        )

    def assign(self, step: Sheet) -> None:
        """Assign a product to a person by hand; `may wait` lets them join the waiting list."""
        change = DirectChange(adds=(self.wish(step),))
        self.change_directly(step["person"], change, may_wait=step.get("may wait", False))

    def remove(self, step: Sheet) -> None:
        """Remove a person's own assignment of a product."""
        change = DirectChange(removes=(self.product_no[step["product"]],))
        self.change_directly(step["person"], change, may_wait=False)

    def swap(self, step: Sheet) -> None:
        """Give one product and take another in one call."""
        add = self.wish({"product": step["give"]})
        change = DirectChange(adds=(add,), removes=(self.product_no[step["take"]],))
        self.change_directly(step["person"], change, may_wait=False)

    def join(self, step: Sheet) -> None:
        """Make people members of a group."""
        for person in step.get("people") or [step["person"]]:
            self.groups[step["group"]].members[person] = self.now
        self.settle(retry=step.get("people") or [step["person"]])

    def leave(self, step: Sheet) -> None:
        """Take a person out of a group."""
        del self.groups[step["group"]].members[step["person"]]
        self.settle(retry=[step["person"]])

    def license_group(self, step: Sheet) -> None:
        """Put a product on a group, or change its service plan choice."""
        group = self.groups[step["group"]]
        catalog, names = self.catalog(), self.names(step["group"])
        licenses = {
            self.product_no[name]: disabled for name, (disabled, _, _) in group.licenses.items()
        } | {self.product_no[step["product"]]: self.choice(step)}
        has_entra_p1 = self.sheet.get("tenant has Entra ID P1", True)
        check_group_licensing(self.semantics, has_entra_p1=has_entra_p1)
        check_group_licenses(
            catalog,
            licenses=tuple(GroupLicense(sku=s, disabled=d) for s, d in licenses.items()),
            semantics=self.semantics,
            names=names,
        )
        priority = step.get("priority", PRIORITY_DEFAULT)
        group.licenses[step["product"]] = (self.choice(step), priority, self.now)

    def license_group_and_settle(self, step: Sheet) -> None:
        """Put a product on a group; its members are tried, waiting ones too (GBL-125)."""
        self.license_group(step)
        self.settle(retry=[p for p in self.people if self.member_since(p, step["group"])])

    def remove_from_group(self, step: Sheet) -> None:
        """Take a product off a group."""
        del self.groups[step["group"]].licenses[step["product"]]
        self.settle(retry=[p for p in self.people if self.member_since(p, step["group"])])

    def set_seats(self, seats: Mapping[str, int]) -> None:
        """Buy or lose seats."""
        for name, number in seats.items():
            self.products[name]["seats"] = number
        self.settle()

    def add_service_plan(self, step: Sheet) -> None:
        """Let the maker of a product add a service plan to it."""
        product = self.products[step["product"]]
        product["service plans"] = [*product["service plans"], step["service plan"]]
        self.settle()

    def exclude(self, pair: list[str]) -> None:
        """Let the maker declare that two service plans exclude each other."""
        self.sheet = {**self.sheet, "exclusions": [*self.sheet.get("exclusions", []), pair]}
        self.settle()

    def move_to(self, step: Sheet) -> None:
        """Change a person's usage location."""
        person = step["person"]
        self.people[person] = replace(self.people[person], usage_location=step["location"])
        self.settle(retry=[person])

    def delete(self, person: str) -> None:
        """Delete a person for now; what they held is remembered for a restore."""
        self.remembered = self.people[person].held
        self.people[person] = replace(self.people[person], is_deleted=True)
        self.settle()

    def restore(self, person: str) -> None:
        """Restore a person with what they held, whether or not a seat is free."""
        for held in self.remembered:
            self.consumed[held.sku] += 1
        self.people[person] = replace(self.people[person], is_deleted=False, held=self.remembered)
        self.settle(retry=[person])

    def wait_days(self, days: int) -> None:
        """Let time pass."""
        self.now += timedelta(days=days)
        self.settle()
