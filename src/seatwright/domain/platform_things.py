"""Environments, apps and flows as they are stored, shown and changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique
from typing import Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from seatwright.domain.directory import PersonRef, parse_id
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import GroupNo, UserNo
from seatwright.domain.platform import (
    AppKind,
    AppNo,
    ClientVersion,
    EnvironmentNo,
    FlowTrigger,
    LaunchTarget,
    Need,
    auto_claim_apps_of_app,
)

NAME_LENGTH_MAX: Final = 200
EXTERNAL_ID_LENGTH_MAX: Final = 200
SOLUTIONS_MAX: Final = 500
NEEDS_MAX: Final = 20
SHARES_AT_ONCE_MAX: Final = 1000

Shown = TypeVar("Shown", bound="StrEnum")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentRef:
    """An environment as other things name it."""

    environment_no: EnvironmentNo
    id: UUID
    name: str
    is_managed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingFields:
    """What is set about an environment, an app or a flow; `external_id` is its id elsewhere."""

    name: str = ""
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFields(ThingFields):
    """What is set about an environment; the solutions come already sorted and each once."""

    is_managed: bool = False
    solutions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFields(ThingFields):
    """What is set about an app, apart from whom it is shared with."""

    kind: AppKind = AppKind.POWER_APP
    environment: EnvironmentNo | None = None
    is_premium: bool = False
    needs_security_role: bool = False
    needs: tuple[Need, ...] = ()
    client_version_min: ClientVersion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFields(ThingFields):
    """What is set about a flow; one that is stored has an environment."""

    environment: EnvironmentNo | None = None
    is_premium: bool = False
    uses_attended_rpa: bool = False
    trigger: FlowTrigger = FlowTrigger.INSTANT
    owner: UserNo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFacts:
    """What an environment has in it."""

    app_count: int
    flow_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """Where an app is, and how many groups and people it is shared with one by one.

    `has_policy` says that an auto-claim policy is for it alone.
    """

    environment: EnvironmentRef | None
    is_shared_with_everyone: bool
    group_count: int
    user_count: int
    has_policy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFacts:
    """Where a flow is, and whose; its owner's license counts unless it is started by hand."""

    environment: EnvironmentRef
    owner: PersonRef | None


Fields = TypeVar("Fields", bound=ThingFields)
Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing(Generic[Fields, Facts]):
    """An environment, an app or a flow: what is set about it, and what is known besides."""

    number: int
    id: UUID
    fields: Fields
    facts: Facts
    created_at: datetime

    @property
    def name(self) -> str:
        """What people call it."""
        return self.fields.name


Environment: TypeAlias = Thing[EnvironmentFields, EnvironmentFacts]
App: TypeAlias = Thing[AppFields, AppFacts]
Flow: TypeAlias = Thing[FlowFields, FlowFacts]


def environment_ref(one: Environment) -> EnvironmentRef:
    """An environment as other things name it."""
    return EnvironmentRef(
        environment_no=EnvironmentNo(one.number),
        id=one.id,
        name=one.name,
        is_managed=one.fields.is_managed,
    )


def target_of_app(one: App) -> LaunchTarget:
    """What a launch of an app goes by, without whom it is shared with one by one."""
    app, fields, environment = AppNo(one.number), one.fields, one.facts.environment
    is_desktop = fields.kind is AppKind.DESKTOP_CLIENT
    return LaunchTarget(
        id=one.id,
        name=one.name,
        app=app,
        kind=fields.kind,
        is_managed=environment is not None and environment.is_managed,
        is_premium=fields.is_premium or is_desktop,
        uses_attended_rpa=is_desktop,
        auto_claim_apps=auto_claim_apps_of_app(fields.kind, app),
        needs=fields.needs,
    )


@unique
class HolderKind(StrEnum):
    """With whom an app is shared, or who has a security role, in the order of their lists."""

    EVERYONE = "everyone"
    GROUP = "group"
    USER = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """With whom an app is to be shared besides those it is shared with."""

    everyone: bool = False
    groups: frozenset[GroupNo] = frozenset()
    users: frozenset[UserNo] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom an app is shared with, or who has a role: `id` and `name` are None for everyone."""

    kind: HolderKind
    number: int
    id: UUID | None
    name: str | None
    user_principal_name: str | None
    since: datetime | None

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands in a list: everyone, then groups, then people."""
        return list(HolderKind).index(self.kind), self.number


EVERYBODY: Final = Holder(
    kind=HolderKind.EVERYONE, number=0, id=None, name=None, user_principal_name=None, since=None
)


def checked_name(text: str, *, noun: str) -> str:
    """A name with single blanks.

    Raises Refusal invalidValue for one that is empty or too long, or that looks like an id.
    """
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME_LENGTH_MAX or "\0" in name:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The name of {noun} has {len(name)} characters: give 1 to {NAME_LENGTH_MAX}.",
            context={"value": name[:60]},
        )
    if parse_id(name) is not None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The name “{name}” looks like an id: give {noun} a name that people can read.",
            context={"value": name},
        )
    return name


def checked_external_id(text: str | None) -> str | None:
    """An id of another system as it is written there; None for an empty one.

    Raises Refusal invalidValue for one that is too long.
    """
    external = (text or "").strip()
    if len(external) > EXTERNAL_ID_LENGTH_MAX or "\0" in external:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"externalId has {len(external)} characters: give at most {EXTERNAL_ID_LENGTH_MAX}.",
            context={"value": external[:60]},
        )
    return external or None


def checked_solutions(texts: Sequence[str]) -> tuple[str, ...]:
    """Names of solutions, each once whatever its case, sorted.

    Raises Refusal invalidValue for an empty or overlong name, or too many of them.
    """
    if len(texts) > SOLUTIONS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"{len(texts)} solutions are given: an environment has at most {SOLUTIONS_MAX}.",
        )
    names = [checked_name(text, noun="a solution") for text in texts]
    by_key = {name.casefold(): name for name in reversed(names)}
    return tuple(sorted(by_key.values(), key=str.casefold))


def chosen(kind: type[Shown], text: str, *, field: str) -> Shown:
    """The member of a closed list that a text names, whatever its case.

    Raises Refusal invalidValue that lists them.
    """
    wanted = text.strip().casefold()
    for one in kind:
        if one.value.casefold() == wanted:
            return one
    raise Refusal(
        Reason.INVALID_VALUE,
        f"{field} cannot be “{text[:60]}”: give one of {', '.join(one.value for one in kind)}.",
        context={"value": text[:60]},
    )


def check_app(fields: AppFields) -> None:
    """What an app cannot be.

    Raises Refusal invalidValue.
    """
    if fields.needs_security_role and fields.environment is None:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The app {fields.name} asks for a security role, and those belong to an environment:"
            " say in which environment the app is.",
            context={"value": fields.name},
        )
    if len(fields.needs) > NEEDS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The app {fields.name} lists {len(fields.needs)} alternatives in requires: give at"
            f" most {NEEDS_MAX}.",
            context={"value": fields.name},
        )


def check_flow(fields: FlowFields) -> None:
    """What a flow cannot be: nowhere, or with attended RPA and not premium (M-08).

    Raises Refusal invalidValue.
    """
    if fields.environment is None:
        raise Refusal(Reason.INVALID_VALUE, "A flow is in an environment: name it.")
    if fields.uses_attended_rpa and not fields.is_premium:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"The flow {fields.name} uses attended RPA, which only a premium flow can: say that"
            " it is premium too.",
            context={"value": fields.name},
        )
