"""Administrators who apply previews of the same seats at the same moment."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from tests.office import Office
from tests.previews import (
    E3,
    GROUPS,
    Json,
    administrator,
    apply,
    ask,
    holders,
    licensed_team,
    licenses,
    people_of,
    upn,
)
from tests.world import add_people, counts_agree, set_seats


async def looked(client: httpx.AsyncClient, path: str, body: Json) -> str:
    """The digest of what a call would do, in which somebody gets a license."""
    answer = await ask(client, "POST", path, body)
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert seen["counts"]["grants"] == 1
    return str(seen["digest"])


@pytest.mark.parametrize("run", range(5))
async def test_one_of_two_gets_the_last_seat_by_name(office: Office, run: int) -> None:
    await add_people(office, "ada", "bob")
    await set_seats(office, "SPE_E3", 1)
    mia, noor = await administrator(office, "Mia"), await administrator(office, "Noor")
    calls = [(mia, "ada"), (noor, "bob")]
    digests = [await looked(client, licenses(name), E3) for client, name in calls]
    office.clock.move(minutes=1)
    answers = await asyncio.gather(
        *(
            apply(client, "POST", licenses(name), E3, digest=digest)
            for (client, name), digest in zip(calls, digests, strict=True)
        )
    )
    assert sorted(one.status_code for one in answers) == [201, 412]
    won = 0 if answers[0].status_code == 201 else 1
    winner, loser = calls[won][1], calls[1 - won][1]
    told = answers[1 - won].json()
    assert (told["code"], told["digest"]) == ("worldMoved", None)
    assert told["refused"]["code"] == "noSeatLeft"
    assert people_of(told["vanished"]["changes"]) == [loser]
    assert told["meanwhile"][0]["user"] == winner
    assert told["meanwhile"][0]["principal"] == ("Mia", "Noor")[won]
    assert f"{loser} gets Microsoft 365 E3" in told["detail"]
    assert await holders(office) == [winner]
    assert await counts_agree(office)


@pytest.mark.parametrize("run", range(5))
async def test_one_of_two_gets_the_last_seat_of_a_group(office: Office, run: int) -> None:
    group = await licensed_team(office, "ada", seats=2)
    await add_people(office, "bob", "cid")
    members = f"{GROUPS}/{group}/members"
    mia, noor = await administrator(office, "Mia"), await administrator(office, "Noor")
    calls = [(mia, "bob"), (noor, "cid")]
    bodies = [{"users": [upn(name)]} for _, name in calls]
    digests = [
        await looked(client, members, body) for (client, _), body in zip(calls, bodies, strict=True)
    ]
    office.clock.move(minutes=1)
    answers = await asyncio.gather(
        *(
            apply(client, "POST", members, body, digest=digest)
            for (client, _), body, digest in zip(calls, bodies, digests, strict=True)
        )
    )
    assert sorted(one.status_code for one in answers) == [200, 412]
    won = 0 if answers[0].status_code == 200 else 1
    winner, loser = calls[won][1], calls[1 - won][1]
    told = answers[1 - won].json()
    assert people_of(told["vanished"]["changes"]) == [loser]
    assert [(one["code"], one["user"]["displayName"]) for one in told["appeared"]["errors"]] == [
        ("noSeatLeft", loser)
    ]
    assert told["meanwhile"][0]["user"] == winner
    assert await holders(office) == ["ada", winner]
    # Nothing of the one that was stopped stayed: not the membership either.
    found = (await office.admin.get(members)).json()["value"]
    assert sorted(one["displayName"] for one in found) == sorted(["ada", winner])
    assert await counts_agree(office)


@pytest.mark.parametrize("seed", range(4))
async def test_of_many_who_looked_at_one_world_only_one_is_done_each_round(
    office: Office, seed: int
) -> None:
    """Whoever is told that the world moved looks again, until the seats are gone."""
    dice = random.Random(seed)
    names = [f"p{number}" for number in range(7)]
    await add_people(office, *names)
    seats = dice.randint(1, 4)
    await set_seats(office, "SPE_E3", seats)
    clients = [await administrator(office, name) for name in names]
    open_calls = dict(zip(names, clients, strict=True))
    for round_ in range(seats):
        digests = {
            name: await looked(client, licenses(name), E3) for name, client in open_calls.items()
        }
        office.clock.move(minutes=1)
        answers = dict(
            zip(
                digests,
                await asyncio.gather(
                    *(
                        apply(open_calls[name], "POST", licenses(name), E3, digest=digest)
                        for name, digest in digests.items()
                    )
                ),
                strict=True,
            )
        )
        done = [name for name, answer in answers.items() if answer.status_code == 201]
        moved = [name for name, answer in answers.items() if answer.status_code == 412]
        assert (len(done), len(moved)) == (1, len(answers) - 1), f"round {round_}"
        for name in moved:
            assert people_of(answers[name].json()["vanished"]["changes"]) in ([name], [])
        del open_calls[done[0]]
    assert len(await holders(office)) == seats
    assert await counts_agree(office)
