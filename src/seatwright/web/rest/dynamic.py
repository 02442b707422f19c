"""`/api/identity/groups/{id}/rule` and `/api/dynamic-groups`: the rules of dynamic groups."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import UNSET, UnsetType

from seatwright.app.call import Call
from seatwright.app.directory.groups import find_group
from seatwright.app.directory.users import find_user
from seatwright.app.dynamic.rules import RuleOrder, RuleOutcome, change_rule, evaluate_group
from seatwright.app.dynamic.trials import PEOPLE_MAX, Trial, look_at_rule, try_rule
from seatwright.domain.directory import Group, User
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission
from seatwright.domain.rules.lint import Remark
from seatwright.domain.rules.one import AssignedPlan, Clause, Held
from seatwright.domain.rules.problems import Problem
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, Shape
from seatwright.web.rest.preview import tell_result
from seatwright.web.rest.rule_orders import rule_order, state_of


class RuleChange(Body, kw_only=True, frozen=True):
    """A rule to give, null to make the group static; the processing state is On or Paused."""

    membership_rule: str | UnsetType | None = UNSET
    membership_rule_processing_state: str | UnsetType = UNSET


class RuleTrial(Body, kw_only=True, frozen=True):
    """Up to 20 people by UPN or id; without a rule they are judged by the group's own."""

    users: list[str]
    membership_rule: str | None = None


class RuleText(Body, kw_only=True, frozen=True):
    """A rule to be looked at."""

    membership_rule: str


class RuleShape(Shape, kw_only=True, frozen=True):
    """A group's rule; all null for a static group.

    `status` is notStarted, evaluating, processing, complete, error or paused. `asks` names what of
    a person the rule looks at.
    """

    group_id: UUID
    display_name: str
    membership_rule: str | None
    membership_rule_processing_state: str | None
    status: str | None
    asks: list[str]
    changed_at: datetime | None
    evaluated_at: datetime | None
    members_changed_at: datetime | None


class RuleChanged(RuleShape, kw_only=True, frozen=True):
    """What a change of a rule came to: who joins and leaves, at once or by the job.

    `takenIn` is how many people the rule takes in; null where nobody was judged.
    """

    taken_in: int | None
    joining: int
    leaving: int
    job_id: UUID | None
    warning: str | None


class ClauseShape(Shape, kw_only=True, frozen=True):
    """What one clause says of a person: the property that it looks at, and what it found there.

    A joined clause has its parts in `clauses`, and -and, -or or -not in `joinedBy`.
    """

    expression: str
    result: bool
    property: str | None
    value: str | bool | list[str] | None
    joined_by: str | None
    clauses: list[ClauseShape]


class TrialPerson(Shape, kw_only=True, frozen=True):
    """Whom a rule was tried on."""

    id: UUID
    user_principal_name: str
    display_name: str


class TrialShape(Shape, kw_only=True, frozen=True):
    """What a rule says of one person; `isMember` says whether they are in the group now."""

    user: TrialPerson
    result: bool
    is_member: bool | None
    account: ClauseShape


class TrialsShape(Shape, kw_only=True, frozen=True):
    """What a rule says of some people, in the order in which they were named."""

    membership_rule: str
    value: list[TrialShape]


class ProblemShape(Shape, kw_only=True, frozen=True):
    """What is wrong with a rule, and where; both numbers count from 1."""

    flaw: str
    message: str
    line: int
    column: int
    text: str
    expected: list[str]


class RemarkShape(Shape, kw_only=True, frozen=True):
    """Something that could be said better; `instead` can stand in its place, where that is sure."""

    advice: str
    message: str
    line: int
    column: int
    instead: str | None


class LookShape(Shape, kw_only=True, frozen=True):
    """What is said of a rule: a problem, or its canonical form, what it asks, and advice."""

    is_valid: bool
    problem: ProblemShape | None
    canonical: str | None
    asks: list[str]
    remarks: list[RemarkShape]


def _rule_fields(group: Group) -> dict[str, object]:
    state = group.dynamic
    looked = None if state is None else look_at_rule(state.rule)
    return {
        "group_id": group.id,
        "display_name": group.display_name,
        "membership_rule": None if state is None else state.rule,
        "membership_rule_processing_state": state_of(state),
        "status": None if state is None else state.status.value,
        "asks": [] if looked is None else list(looked.asks),
        "changed_at": None if state is None else state.changed_at,
        "evaluated_at": None if state is None else state.evaluated_at,
        "members_changed_at": None if state is None else state.members_changed_at,
    }


def _changed_shape(outcome: RuleOutcome) -> RuleChanged:
    return RuleChanged(
        **_rule_fields(outcome.group),  # type: ignore[arg-type]  # each value is of its field
        taken_in=outcome.taken,
        joining=outcome.joining,
        leaving=outcome.leaving,
        job_id=None if outcome.job is None else outcome.job.id,
        warning=outcome.warning,
    )


def _clause_shape(clause: Clause) -> ClauseShape:
    return ClauseShape(
        expression=clause.expression,
        result=clause.holds,
        property=clause.property,
        value=_value(clause.value),
        joined_by=clause.joint,
        clauses=[_clause_shape(one) for one in clause.clauses],
    )


def _value(held: Held) -> str | bool | list[str] | None:
    match held:
        case datetime():
            return held.isoformat()
        case tuple():
            return [one.service if isinstance(one, AssignedPlan) else one for one in held]
        case _:
            return held


def _trial_shape(trial: Trial) -> TrialShape:
    return TrialShape(
        user=TrialPerson(
            id=trial.user.id,
            user_principal_name=trial.user.user_principal_name,
            display_name=trial.user.display_name,
        ),
        result=trial.account.holds,
        is_member=trial.is_member,
        account=_clause_shape(trial.account),
    )


def _problem_shape(problem: Problem) -> ProblemShape:
    return ProblemShape(
        flaw=problem.flaw.value,
        message=problem.message,
        line=problem.place.line,
        column=problem.place.column,
        text=problem.text,
        expected=list(problem.expected),
    )


def _remark_shape(remark: Remark) -> RemarkShape:
    return RemarkShape(
        advice=remark.advice.value,
        message=remark.message,
        line=remark.place.line,
        column=remark.place.column,
        instead=remark.instead,
    )


@get(
    "/api/identity/groups/{group:str}/rule",
    opt=needs(Permission.READ_DIRECTORY),
    summary="The rule of a group",
)
async def get_rule(call: TheCall, group: FromPath[str]) -> RuleShape:
    """The rule, whether it is on, and how far the members are what it says."""
    found = await find_group(call, group)
    return RuleShape(**_rule_fields(found))  # type: ignore[arg-type]  # each value is of its field


@patch(
    "/api/identity/groups/{group:str}/rule",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Give a group a rule",
)
async def change_one_rule(
    call: TheCall,
    request: Request[Any, Any, Any],
    *,
    group: FromPath[str],
    data: JSONBody[RuleChange],
) -> RuleChanged:
    """Give, change, pause or resume a rule. Up to 500 people move in the call, more as a job.

    Whoever belongs stays undisturbed. With a preview everybody who would come or go is counted,
    and their licenses with them.
    """
    found = await find_group(call, group)
    order = rule_order(data.membership_rule, data.membership_rule_processing_state)
    if order is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            "The call changes nothing: give a membershipRule or a membershipRuleProcessingState.",
        )
    return tell_result(request, _changed_shape(await change_rule(call, found, order)))


@delete(
    "/api/identity/groups/{group:str}/rule",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Make a group static",
)
async def drop_one_rule(call: TheCall, group: FromPath[str]) -> None:
    """Its members stay, and are put in and taken out by hand from now on."""
    await change_rule(call, await find_group(call, group), RuleOrder())


@post(
    "/api/identity/groups/{group:str}/rule/evaluate",
    opt=needs(Permission.WRITE_GROUPS),
    summary="Judge everybody by a group's rule again",
    status_code=200,
)
async def evaluate_one_group(
    call: TheCall, request: Request[Any, Any, Any], group: FromPath[str]
) -> RuleChanged:
    """Never needed where all is well: memberships follow people by themselves."""
    found = await find_group(call, group)
    return tell_result(request, _changed_shape(await evaluate_group(call, found)))


@post(
    "/api/identity/groups/{group:str}/rule/validate",
    opt=needs(Permission.READ_DIRECTORY),
    summary="Try a rule on people",
    status_code=200,
)
async def validate_rule(
    call: TheCall, group: FromPath[str], data: JSONBody[RuleTrial]
) -> TrialsShape:
    """For each of up to 20 people whether the rule takes them in, clause by clause.

    Without a `membershipRule` the group's own is tried. Nothing is changed.
    """
    found = await find_group(call, group)
    users = await _people(call, data.users)
    rule, trials = await try_rule(call, data.membership_rule, users, group=found)
    return TrialsShape(membership_rule=rule, value=[_trial_shape(one) for one in trials])


async def _people(call: Call, texts: list[str]) -> list[User]:
    if not texts or len(texts) > PEOPLE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"users names {len(texts)} people: name 1 to {PEOPLE_MAX}.",
            context={"field": "users"},
        )
    return [await find_user(call, text) for text in texts]


@post(
    "/api/dynamic-groups/lint",
    opt=needs(Permission.READ_DIRECTORY),
    summary="Look at a rule",
    status_code=200,
)
async def lint_rule(call: TheCall, data: JSONBody[RuleText]) -> LookShape:
    """Whether a rule can be read, how it reads, what it asks, and what could be said better."""
    del call
    looked = look_at_rule(data.membership_rule)
    return LookShape(
        is_valid=looked.problem is None,
        problem=None if looked.problem is None else _problem_shape(looked.problem),
        canonical=looked.canonical,
        asks=list(looked.asks),
        remarks=[_remark_shape(one) for one in looked.remarks],
    )


DYNAMIC_ROUTES = (
    get_rule,
    change_one_rule,
    drop_one_rule,
    evaluate_one_group,
    validate_rule,
    lint_rule,
)
