"""`/api/moves`: people change the way they come by a license, or the product, without a gap."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec
from litestar import Request, Response, post

from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.moves.foresee import MoveForesight
from seatwright.app.moves.orders import MoveCall, resolve_move
from seatwright.app.moves.start import StartedMove, start_move
from seatwright.app.moves.tables import read_move_table
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.jobs import Outcome, RowAction
from seatwright.domain.roles import Permission
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Shape
from seatwright.web.rest.bulk import ended_shape
from seatwright.web.rest.jobs import JobRowShape, JobShape, job_shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.uploads import read_upload
from seatwright.web.rest.waiting import answer_when_done, wait_seconds

_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}


class MoveBody(Body, kw_only=True, frozen=True):
    """Who moves, from what to what.

    `directToGroup`: `sku`, `group`, and `users` or `all`. `groupToGroup`: `fromGroup`, `toGroup`,
    and `users` where not everybody moves. `productToProduct`: `fromSku`, `toSku`, and `users`, a
    `group` whose license changes, or `all`. People are named by user principal name, id, mail
    address or display name, groups by id or name.
    """

    kind: str
    users: list[str] | None = None
    all: bool = False
    sku: str | None = None
    from_sku: str | None = None
    to_sku: str | None = None
    group: str | None = None
    from_group: str | None = None
    to_group: str | None = None
    disabled_service_plans: list[str] | None = None
    surplus: str | None = None
    strategies: list[str] | None = None
    wait: bool = False


class SurplusShape(Shape, kw_only=True, frozen=True):
    """A service plan that people would lose, and how many they are (GBL-076)."""

    name: str
    display_name: str
    people: int


class MoveOutcomeShape(Shape, kw_only=True, frozen=True):
    """How many people would end so."""

    outcome: str
    reason: str | None
    rows: int


class MoveForesightShape(Shape, kw_only=True, frozen=True):
    """What would become of everybody, as the `result` of a preview; `rows` are the first 1,000.

    `surplus` are the service plans that people would lose (GBL-076), `leftOut` counts people by
    strategies that were not chosen.
    """

    total: int
    succeeded: int
    unchanged: int
    failed: int
    waiting: int
    warning: str | None
    left_out: dict[str, int]
    outcomes: list[MoveOutcomeShape]
    surplus: list[SurplusShape]
    rows: list[JobRowShape]
    ignored_columns: list[str]


class MoveStartedShape(JobShape, kw_only=True, frozen=True):
    """A move that was started; `leftOut` counts people by strategies that were not chosen."""

    warning: str | None
    left_out: dict[str, int]
    ignored_columns: list[str]


@post(
    "/api/moves",
    opt=needs(Permission.MOVE),
    summary="Move people without a gap",
    status_code=202,
)
async def start_move_route(
    call: TheCall, request: Request[Any, Any, Any]
) -> Response[MoveStartedShape]:
    """JSON, or CSV with one person a row and the rest in the query.

    The answer is a job. A row that waits is tried again until it can be done (`wait`).
    """
    sent, ignored = await _read_call(request)
    started = await start_move(call, await resolve_move(call, sent))
    if started.foresight is not None:
        tell_result(request, await _foresight_shape(call, started, started.foresight, ignored))
    # Whoever waits for a seat may wait for days: the call does not.
    seconds = 0.0 if sent.waits else wait_seconds(request)
    shape = partial(ended_shape, ignored)
    answer_when_done(request, call, started.job, seconds=seconds, shape=shape)
    return Response(
        _started_shape(started, ignored),
        status_code=202,
        headers={"location": f"/api/jobs/{started.job.id}"},
    )


async def _read_call(request: Request[Any, Any, Any]) -> tuple[MoveCall, tuple[str, ...]]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return _call_of_body(_json_body(await request.body())), ()
    upload = await read_upload(request)
    asked = {**request.query_params, **upload.fields}
    lines, ignored = await asyncio.to_thread(read_move_table, upload.content)
    return (
        MoveCall(
            kind=asked.get("kind") or "",
            lines=lines,
            sku=asked.get("sku") or None,
            from_sku=asked.get("fromSku") or None,
            to_sku=asked.get("toSku") or None,
            group=asked.get("group") or None,
            from_group=asked.get("fromGroup") or None,
            to_group=asked.get("toGroup") or None,
            disabled=_list(asked, "disabledServicePlans"),
            surplus=asked.get("surplus") or None,
            strategies=_list(asked, "strategies"),
            waits=_flag(asked.get("wait") or ""),
        ),
        ignored,
    )


def _list(asked: Mapping[str, str], name: str) -> list[str] | None:
    text = asked.get(name)
    return None if text is None else [one.strip() for one in text.split(",") if one.strip()]


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _FLAGS:
        raise Refusal(Reason.INVALID_VALUE, f"wait is “{word[:60]}”: give true or false.")
    return _FLAGS[word]


def _json_body(content: bytes) -> MoveBody:
    try:
        return msgspec.json.decode(content, type=MoveBody)
    except msgspec.DecodeError as error:
        raise Refusal(Reason.INVALID_VALUE, f"The call does not fit: {error}.") from None


def _call_of_body(body: MoveBody) -> MoveCall:
    return MoveCall(
        kind=body.kind,
        lines=None if body.users is None else list(enumerate(body.users, start=1)),
        sku=body.sku,
        from_sku=body.from_sku,
        to_sku=body.to_sku,
        group=body.group,
        from_group=body.from_group,
        to_group=body.to_group,
        is_whole=body.all,
        disabled=body.disabled_service_plans,
        surplus=body.surplus,
        strategies=body.strategies,
        waits=body.wait,
    )


def _started_shape(started: StartedMove, ignored: tuple[str, ...]) -> MoveStartedShape:
    return MoveStartedShape(
        **msgspec.structs.asdict(job_shape(started.job)),
        warning=started.warning,
        left_out=_left_out(started),
        ignored_columns=list(ignored),
    )


def _left_out(started: StartedMove) -> dict[str, int]:
    return {one.value: people for one, people in started.left_out.items()}


async def _foresight_shape(
    call: Call, started: StartedMove, foresight: MoveForesight, ignored: tuple[str, ...]
) -> MoveForesightShape:
    catalog = await catalog_of(call)
    counts = sorted(foresight.counts.items(), key=lambda one: (-one[1], str(one[0])))
    sums = Counter[Outcome]()
    for (outcome, _), rows in counts:
        sums[outcome] += rows
    return MoveForesightShape(
        total=started.job.total,
        succeeded=sums[Outcome.SUCCEEDED],
        unchanged=foresight.unchanged,
        failed=sums[Outcome.FAILED],
        waiting=sums[Outcome.WAITING],
        warning=started.warning,
        left_out=_left_out(started),
        outcomes=[
            MoveOutcomeShape(outcome=outcome, reason=reason and reason.value, rows=rows)
            for (outcome, reason), rows in counts
        ],
        surplus=[
            SurplusShape(
                name=catalog.service_plans[number].name,
                display_name=catalog.service_plans[number].display_name,
                people=people,
            )
            for number, people in sorted(foresight.surplus.items())
        ],
        rows=[
            JobRowShape(
                row=row.row_no,
                user=row.user_text,
                sku=None,
                action=RowAction.MOVE,
                outcome=result.outcome,
                reason=result.reason and result.reason.value,
                message=result.message,
                effect=result.effect and result.effect.value,
            )
            for row, result in foresight.rows
        ],
        ignored_columns=list(ignored),
    )


MOVE_ROUTES = (start_move_route,)
