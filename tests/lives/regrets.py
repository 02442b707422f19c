"""Second thoughts: held removals are decided, and what was done is undone at once or much later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import psycopg

from tests.lives.life import PEOPLE, Life

Pair = tuple[str, int]

_HOLDINGS: Final = """
select u.upn, l.sku_no, s.bits from effective_license l
  join app_user u on u.tenant_id = l.tenant_id and u.user_no = l.user_no
  join service_plan_set s on s.tenant_id = l.tenant_id and s.set_id = l.enabled_set
"""
# Who is told why they do not hold what they should, and who holds what was to go.
_TOLD: Final = """
select u.upn, x.sku_no from app_user u
  join (select tenant_id, user_no, sku_no from license_error
        union select tenant_id, user_no, sku_no from assignment where source_kind = 4) x
    on x.tenant_id = u.tenant_id and x.user_no = u.user_no
"""


async def crowd(life: Life) -> None:
    """Half of all people get a product by a group, where there are seats."""
    group, sku = life.group(), life.sku()
    path = f"/api/subscriptions/{life.subscriptions[sku]}"
    await life.send("PATCH", path, json={"units": PEOPLE})
    await life.send("POST", f"groups/{group}/licenses", json={"skuPartNumber": sku})
    people = life.dice.sample(life.people, len(life.people) // 2)
    await life.send("POST", f"groups/{group}/members", json={"users": people})


async def strip(life: Life) -> None:
    """A product is taken from everybody by their own name."""
    sku = life.sku()
    rows = [{"user": one, "sku": sku, "action": "remove"} for one in life.people]
    await life.send("POST", "/api/identity/licenses/bulk-assign", json={"rows": rows})
    await life.work()


async def strip_groups(life: Life) -> None:
    """No group gives a product any more."""
    sku = life.sku()
    for group in life.groups:
        await life.send("DELETE", f"groups/{group}/licenses/{sku}")


_STEPS: Final[tuple[Callable[[Life], Awaitable[object]], ...]] = (
    Life.bulk,
    Life.join,
    Life.part,
    Life.nest,
    Life.license_group,
    Life.unlicense_group,
    Life.assign,
    Life.unassign,
    Life.swap,
    Life.move,
    strip,
)


async def decide(life: Life) -> None:
    """Somebody decides about a held removal, and is not the one who made it."""
    listed = await life.office.admin.get("/api/held-changes", params={"state": "pending"})
    found = listed.json()["value"]
    if not found:
        return
    assert life.second is not None
    held, how = life.dice.choice(found), life.dice.choice(("approve", "reject"))
    own = await life.office.admin.post(f"/api/held-changes/{held['id']}/{how}")
    is_mine = held["madeBy"]["name"] != "seatwright"
    assert (own.status_code == 403) is is_mine or own.is_success, own.text
    if own.is_success:
        return
    answer = await life.second.post(f"/api/held-changes/{held['id']}/{how}")
    life.told[f"held {how} {answer.status_code}"] += 1
    assert answer.status_code == 200, answer.text
    await life.work()


async def undo_any(life: Life) -> None:
    """Anything that was ever done is undone, however old and whatever came of it since."""
    if life.done:
        await _undo(life, life.dice.choice(life.done))


async def regret(life: Life) -> None:
    """Something is done and undone: everybody has again what they had, unless they are told."""
    await life.work()
    before, told_before = _pairs(life)
    done = len(life.done)
    step = life.dice.choice(_STEPS)
    await step(life)
    await life.work()
    if len(life.done) == done:
        return
    rows = await _undo(life, life.done[-1])
    if rows is None:
        return
    after, told = _pairs(life)
    named = {row["user"] for row in rows if row["outcome"] != "succeeded" or row["reason"]}
    wrong = {
        pair: (before.get(pair), after.get(pair))
        for pair in before.keys() | after.keys()
        if before.get(pair) != after.get(pair)
        and pair[0] not in named
        and pair not in told
        and pair not in told_before
    }
    assert not wrong, f"{step.__name__} was undone, but not for {wrong}; told: {rows}"
    life.told["regretted"] += 1


async def _undo(life: Life, change: str) -> list[dict[str, Any]] | None:
    """Undo a call with its job; the rows that tell what became of it, None if it cannot be."""
    answer = await life.send("POST", f"/api/history/changes/{change}/undo")
    life.told[f"undo {answer.status_code}"] += 1
    if not answer.is_success:
        assert answer.status_code in {404, 409}, answer.text
        return None
    body = answer.json()
    job = (body.get("answer") or body)["jobId"]
    await life.work()
    ended = (await life.office.admin.get(f"/api/jobs/{job}")).json()
    assert ended["state"] == "completed", ended
    rows = await life.office.admin.get(f"/api/jobs/{job}/rows", params={"limit": 1000})
    found: list[dict[str, Any]] = rows.json()["value"]
    return found


def _pairs(life: Life) -> tuple[dict[Pair, str], set[Pair]]:
    with psycopg.connect(life.owner_url) as owner:
        held = {(row[0], row[1]): row[2] for row in owner.execute(_HOLDINGS).fetchall()}
        told = {(row[0], row[1]) for row in owner.execute(_TOLD).fetchall()}
    return held, told
