"""The life of a tenant: what its administrators do to it, step after step, drawn from a seed.

Everything goes through the API of a real application over a real database. In between a crash:
every connection of the application is cut while a call or a job's slice is somewhere between
reading and writing. Nothing is told to the engine but what a user would tell it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

import httpx
import psycopg

from seatwright.app.catalog import catalog_of
from seatwright.app.upkeep import tend_tenant
from seatwright.app.work import Workshop, work_job
from seatwright.domain.errors import Reason
from seatwright.domain.ids import UserNo
from seatwright.domain.reconcile import ChangeSet, ErrorChange, Snapshot, reconcile
from seatwright.domain.settings import semantics_in, usage_location_in
from seatwright.postgres.jobs import open_jobs
from seatwright.postgres.pools import read_pools
from seatwright.postgres.world_read import read_people
from tests.books import audit
from tests.lives.holds import broken_holds
from tests.office import Office
from tests.world import call_of

PEOPLE: Final = 40
GROUPS: Final = 7
# Suites, a smaller suite with an exclusion, and add-ons that need what the suites bring.
SKUS: Final = ("SPE_E3", "SPE_E5", "EXCHANGESTANDARD", "EXCHANGEDESKLESS", "MCOEV", "POWER_BI_PRO")
LOCATIONS: Final = ("NO", "DE", "US")
PREVIEWED: Final = 0.2
BRAKED: Final = 0.6
WORK_ROUNDS_MAX: Final = 200
RECOVERY_CALLS_MAX: Final = 50

# What holds whatever happens; the rest of the audits is about a tenant that nobody takes seats
# from, and whose waiting list fills itself.
_EXPECTED_FROM_OUTSIDE: Final = ("more seats are in use than there are",)
_NATIVE_ONLY: Final = ("a seat is free while somebody waits for it",)


class CutError(Exception):
    """The application lost its database in a call, as it should when that is cut off."""


@dataclass(slots=True, kw_only=True)
class Life:
    """A tenant, what its administrators remember of it, and the dice."""

    office: Office
    owner_url: str
    cut_connections: Callable[[], None]
    dice: random.Random
    people: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    subscriptions: dict[str, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)
    second: httpx.AsyncClient | None = None
    done: list[str] = field(default_factory=list)
    crashes: int = 0
    is_careful: bool = True
    born: int = 0

    async def begin(self) -> None:
        """A few people, groups, and seats for half of them."""
        for _ in range(PEOPLE // 2):
            await self.hire()
        for number in range(GROUPS):
            answer = await self.send("POST", "groups", json={"displayName": f"Group {number}"})
            self.groups.append(answer.json()["id"])
        for sku in SKUS:
            answer = await self.office.admin.post(
                "/api/subscriptions", json={"skuPartNumber": sku, "units": PEOPLE // 4}
            )
            assert answer.status_code == 201, answer.text
            self.subscriptions[sku] = answer.json()["id"]
        await self._set_brake()

    async def _set_brake(self) -> None:
        """Whether large removals wait; a second administrator is there to decide about them."""
        token = await self.office.admin.post(
            "/api/tokens", json={"name": "second", "roles": ["license-administrator"]}
        )
        assert token.status_code == 201, token.text
        self.second = self.office.client(token.json()["token"])
        brake = {"brakeOnRemovals": self.dice.random() < BRAKED}
        answer = await self.office.admin.patch("/api/settings", json=brake)
        assert answer.status_code == 200, answer.text

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One call; a refusal is an answer like any other, a fault of ours is not."""
        whole = path if path.startswith("/") else f"/api/identity/{path}"
        if self.is_careful and self.dice.random() < PREVIEWED:
            more["headers"] = await self._foreseen(method, whole, **more)
        answer = await self.office.admin.request(method, whole, **more)
        noun = path.partition("/")[0]
        self.told[f"{method} {noun} {answer.status_code}"] += 1
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            raise CutError(answer.text)
        assert answer.status_code < 500, f"{method} {whole}: {answer.text}"
        assert answer.status_code != httpx.codes.PRECONDITION_FAILED, (
            f"{method} {whole}: {answer.text}"
        )
        if method != "GET" and answer.is_success:
            self.done.append(answer.headers["x-correlation-id"])
        return answer

    async def _foreseen(self, method: str, path: str, **more: Any) -> dict[str, str]:
        """Preview a call first: then it must do exactly what its preview said."""
        preview = await self.office.admin.request(method, path, params={"preview": "true"}, **more)
        self.told[f"preview {preview.status_code}"] += 1
        if preview.status_code != httpx.codes.OK:
            return {}
        return {"if-match": f'"{preview.json()["digest"]}"'}

    def person(self) -> str:
        """Anybody who was ever hired."""
        return self.dice.choice(self.people)

    def group(self) -> str:
        """Any group."""
        return self.dice.choice(self.groups)

    def sku(self) -> str:
        """Any product."""
        return self.dice.choice(SKUS)

    async def hire(self) -> None:
        """A new person, some of them without a usage location."""
        if self.born >= PEOPLE:
            await self.send("POST", f"users/{self.person()}/restore")
            return
        self.born += 1
        name = f"p{self.born:03}@contoso.example"
        location = self.dice.choice((*LOCATIONS, None))
        body = {"userPrincipalName": name, "displayName": name, "usageLocation": location}
        answer = await self.send("POST", "users", json=body)
        assert answer.status_code == 201, answer.text
        self.people.append(name)

    async def leave(self) -> None:
        """A person is deleted, or comes back."""
        name = self.person()
        await self.send("DELETE", f"users/{name}")
        if self.dice.random() < 0.7:
            await self.send("POST", f"users/{name}/restore")

    async def relocate(self) -> None:
        """A person's usage location changes, or is forgotten."""
        location = self.dice.choice((*LOCATIONS, None))
        await self.send("PATCH", f"users/{self.person()}", json={"usageLocation": location})

    async def join(self) -> None:
        """Some people join a group."""
        people = self.dice.sample(self.people, self.dice.randint(1, 5))
        await self.send("POST", f"groups/{self.group()}/members", json={"users": people})

    async def part(self) -> None:
        """A person leaves a group."""
        await self.send("DELETE", f"groups/{self.group()}/members/{self.person()}")

    async def nest(self) -> None:
        """A group is put into another, or taken out."""
        outer, inner = self.group(), self.group()
        if self.dice.random() < 0.5:
            await self.send("POST", f"groups/{outer}/members", json={"groups": [inner]})
        else:
            await self.send("DELETE", f"groups/{outer}/members/{inner}")

    async def license_group(self) -> None:
        """A group gives a product, some of its service plans off."""
        body = {"skuPartNumber": self.sku(), "priority": self.dice.choice((1, 128, 128, 200))}
        await self.send("POST", f"groups/{self.group()}/licenses", json=body)

    async def unlicense_group(self) -> None:
        """A group no longer gives a product."""
        await self.send("DELETE", f"groups/{self.group()}/licenses/{self.sku()}")

    async def assign(self) -> None:
        """A person gets a product, perhaps for some days only, perhaps from tomorrow on."""
        body: dict[str, object] = {"skuPartNumber": self.sku()}
        if self.dice.random() < 0.2:
            ends = self.office.clock.now() + timedelta(days=self.dice.randint(2, 9))
            body["expiresAt"] = ends.isoformat()
        if self.dice.random() < 0.1:
            starts = self.office.clock.now() + timedelta(days=1)
            body["startsAt"] = starts.isoformat()
        await self.send("POST", f"users/{self.person()}/licenses", json=body)

    async def unassign(self) -> None:
        """A person's own product is taken away."""
        await self.send("DELETE", f"users/{self.person()}/licenses/{self.sku()}")

    async def swap(self) -> None:
        """One product for another, without a gap."""
        old, new = self.dice.sample(SKUS, 2)
        body = {"skuPartNumber": new, "replaces": [old]}
        await self.send("POST", f"users/{self.person()}/licenses", json=body)

    async def bulk(self) -> None:
        """A bulk job for some people, worked at once."""
        people = self.dice.sample(self.people, self.dice.randint(2, 10))
        sku, action = self.sku(), self.dice.choice(("add", "add", "remove"))
        body = {
            "rows": [{"user": one, "sku": sku, "action": action} for one in people],
            "fillPolicy": self.dice.choice(("asMany", "wait", "allOrNothing")),
        }
        await self.send("POST", "/api/identity/licenses/bulk-assign", json=body)
        await self.work()

    async def move(self) -> None:
        """People move to a group, between groups or to another product, as a job."""
        people = self.dice.sample(self.people, self.dice.randint(2, 12))
        groups, skus = self.dice.sample(self.groups, 2), self.dice.sample(SKUS, 2)
        bodies: tuple[dict[str, object], ...] = (
            {"kind": "directToGroup", "sku": skus[0], "group": groups[0], "all": True},
            {"kind": "directToGroup", "sku": skus[0], "group": groups[0], "users": people},
            {"kind": "groupToGroup", "fromGroup": groups[0], "toGroup": groups[1]},
            {"kind": "productToProduct", "fromSku": skus[0], "toSku": skus[1], "users": people},
            {"kind": "productToProduct", "fromSku": skus[0], "toSku": skus[1], "all": True},
            {
                "kind": "productToProduct",
                "fromSku": skus[0],
                "toSku": skus[1],
                "group": groups[0],
            },
        )
        await self.send("POST", "/api/moves", json=self.dice.choice(bodies))
        await self.work()

    async def buy(self) -> None:
        """More or fewer seats; the seller may take what is in use."""
        units = self.dice.randint(PEOPLE // 8, PEOPLE // 2)
        path = f"/api/subscriptions/{self.subscriptions[self.sku()]}"
        body = {"units": units, "external": self.dice.random() < 0.3}
        await self.send("PATCH", path, json=body)

    async def reprocess(self) -> None:
        """A person or a group is looked at again."""
        if self.dice.random() < 0.5:
            await self.send("POST", f"users/{self.person()}/reprocess")
        else:
            await self.send("POST", f"groups/{self.group()}/reprocess")

    async def sleep(self) -> None:
        """Time passes: dates come, deleted people are forgotten."""
        self.office.clock.move(hours=self.dice.choice((1, 8, 24, 24 * 7)))
        await self.tick()

    async def crash(self) -> None:
        """Every connection is cut while something is being done; then it is done again."""
        self.crashes += 1
        self.is_careful = False
        step = self.dice.choice(
            (Life.bulk, Life.join, Life.assign, Life.unlicense_group, Life.buy, Life.move)
        )
        doing = asyncio.ensure_future(step(self))
        await asyncio.sleep(self.dice.uniform(0, 0.02))
        await asyncio.to_thread(self.cut_connections)
        with contextlib.suppress(CutError, psycopg.OperationalError):
            await doing
        await self._recover()
        self.is_careful = True

    async def _recover(self) -> None:
        """Ask until the application has sessions again; the first answers may be 503."""
        for _ in range(RECOVERY_CALLS_MAX):
            answer = await self.office.admin.get("/api/jobs?limit=1")
            if answer.status_code == 200:
                return
            assert answer.status_code == 503, answer.text
        raise AssertionError("the application does not find its database again")

    async def work(self) -> None:
        """Work on every open job to its end."""
        for _ in range(WORK_ROUNDS_MAX):
            async with call_of(self.office) as call:
                jobs = await open_jobs(call.tx)
            if not jobs:
                return
            for job in jobs:
                await work_job(self._workshop, self.office.made.tenant.tenant_id, job.job_no)
        raise AssertionError("jobs do not end")

    async def tick(self) -> None:
        """What the worker does each minute."""
        await tend_tenant(self._workshop, self.office.made.tenant.tenant_id)

    @property
    def _workshop(self) -> Workshop:
        return Workshop(database=self.office.database, clock=self.office.clock)

    async def wrongs(self) -> list[str]:
        """What is wrong now, once all that is due was done; empty when all is well."""
        await self.tick()
        await self.work()
        async with call_of(self.office) as call:
            semantics = semantics_in(call.tenant.settings)
        due = await self._due()
        is_filling = semantics.seats_refill_by_themselves
        passed = _EXPECTED_FROM_OUTSIDE + (() if is_filling else _NATIVE_ONLY)
        found = await asyncio.to_thread(
            audit,
            self.owner_url,
            self.office.made.tenant.tenant_id,
            nested=semantics.nested_groups_count,
        )
        found = [sentence for sentence in found if not sentence.startswith(passed)]
        found += await asyncio.to_thread(_broken_intervals, self.owner_url)
        found += await asyncio.to_thread(broken_holds, self.owner_url)
        if due.changes or due.seat_changes or any(map(_is_news, due.error_changes)):
            found.append(f"the engine would change something: {due}")
        return found

    async def _due(self) -> ChangeSet:
        """What a reconcile of the whole tenant would still change; nobody is tried again."""
        async with call_of(self.office) as call:
            semantics = semantics_in(call.tenant.settings)
            cursor = await call.tx.connection.execute(
                "select user_no from app_user where tenant_id = %s", (call.tx.tenant_id,)
            )
            everybody = [UserNo(row[0]) for row in await cursor.fetchall()]
            return reconcile(
                Snapshot(
                    now=call.now,
                    semantics=semantics,
                    default_usage_location=usage_location_in(call.tenant.settings),
                    catalog=(await catalog_of(call)).engine,
                    pools=tuple(replace(pool) for pool in await read_pools(call.tx)),
                    users=await read_people(
                        call.tx, everybody, nested=semantics.nested_groups_count
                    ),
                )
            )


def _is_news(error: ErrorChange) -> bool:
    """Whether a stored error is wrong.

    Who lacks both a seat and what the product depends on has two true reasons; which is stored
    depends on whether there were seats when it was decided, and seats are taken by others.
    """
    return not {error.before, error.after} <= {Reason.NO_SEAT_LEFT, Reason.DEPENDENCY_MISSING}


def _broken_intervals(owner_url: str) -> list[str]:
    """Intervals of one person and product that overlap each other or what is held now."""
    with psycopg.connect(owner_url) as owner:
        rows = owner.execute(
            "with spans as (select tenant_id, user_no, sku_no, valid_from, valid_to"
            " from license_interval union all select tenant_id, user_no, sku_no, since, 'infinity'"
            " from effective_license), ordered as (select *, lag(valid_to) over"
            " (partition by tenant_id, user_no, sku_no order by valid_from, valid_to) as before"
            " from spans)"
            " select user_no, sku_no, before, valid_from from ordered where before > valid_from"
        ).fetchall()
    return [f"intervals overlap: {rows[:5]}"] if rows else []
