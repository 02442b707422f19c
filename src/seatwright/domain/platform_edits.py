"""What callers and files say about environments, apps and flows, and what these are afterwards.

An edit names other things by text. Those are looked up first, all at once, so that one edit and
50,000 rows of a file go the same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.platform import AppKind, EnvironmentNo, FlowTrigger, read_version
from seatwright.domain.platform_needs import NeedOrder, read_needs
from seatwright.domain.platform_things import (
    AppFields,
    EnvironmentFields,
    Fields,
    FlowFields,
    check_app,
    check_flow,
    checked_external_id,
    checked_name,
    checked_solutions,
    chosen,
)
from seatwright.domain.tenant_catalog import TenantCatalog

Value = TypeVar("Value")
Placed = TypeVar("Placed", bound=AppFields | FlowFields)

QUOTED_LENGTH_MAX: Final = 60
"""How much of a caller's text a sentence says again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the texts of edits name: environments and people that are there, and the catalogue."""

    environments: Mapping[str, EnvironmentNo]
    people: Mapping[str, UserNo]
    catalog: TenantCatalog

    def environment(self, text: str) -> EnvironmentNo:
        """The environment that a text names.

        Raises Refusal unknownEnvironment.
        """
        if text not in self.environments:
            raise unknown_environment(text)
        return self.environments[text]

    def person(self, text: str) -> UserNo:
        """The person whom a text names.

        Raises Refusal unknownUser.
        """
        if text not in self.people:
            raise Refusal(
                Reason.UNKNOWN_USER,
                f"There is no person “{text[:QUOTED_LENGTH_MAX]}”: the owner of a flow is in the"
                " directory.",
                context={"value": text[:QUOTED_LENGTH_MAX]},
                is_in_body=True,
            )
        return self.people[text]


def unknown_environment(text: str) -> Refusal:
    """What to say to somebody who names an environment that is not there."""
    return Refusal(
        Reason.UNKNOWN_ENVIRONMENT,
        f"There is no environment “{text[:QUOTED_LENGTH_MAX]}”: GET /api/platform/environments"
        " lists which there are.",
        context={"environment": text[:200], "value": text[:QUOTED_LENGTH_MAX]},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingEdit(ABC, Generic[Fields]):
    """What a caller says about a thing; None stays as it is, an empty text or list clears."""

    name: str | None = None
    external_id: str | None = None

    @property
    def environment_text(self) -> str:
        """The environment that it names; empty where it names none."""
        return ""

    @property
    def owner_text(self) -> str:
        """The person whom it names; empty where it names nobody."""
        return ""

    def places(self, known: Known) -> frozenset[EnvironmentNo | None] | None:
        """The environments, or none, where the thing is that a row is about; None: anywhere.

        Raises Refusal unknownEnvironment.
        """
        return None

    @abstractmethod
    def over(self, before: Fields, known: Known) -> Fields:
        """The fields of the thing after the edit.

        Raises Refusal invalidValue, and of what it names unknownEnvironment, unknownUser and
        unknownSku.
        """

    def _named(self, before: Fields, *, noun: str) -> Fields:
        """The fields with their name and outer id edited; a thing is never without a name."""
        name, external_id = before.name, before.external_id
        if self.name is not None or not name:
            name = checked_name(self.name or "", noun=noun)
        if self.external_id is not None:
            external_id = checked_external_id(self.external_id)
        return replace(before, name=name, external_id=external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentEdit(ThingEdit[EnvironmentFields]):
    """What a caller says about an environment."""

    is_managed: bool | None = None
    solutions: Sequence[str] | None = None

    def over(self, before: EnvironmentFields, known: Known) -> EnvironmentFields:
        """The environment after the edit."""
        solutions = before.solutions
        if self.solutions is not None:
            solutions = checked_solutions(self.solutions)
        return replace(
            self._named(before, noun="an environment"),
            is_managed=_kept(self.is_managed, before.is_managed),
            solutions=solutions,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEdit(ThingEdit[Placed]):
    """What a caller says about something that is in an environment."""

    environment: str | None = None

    @property
    def environment_text(self) -> str:
        """The environment that it names; empty where it names none."""
        return (self.environment or "").strip()

    def places(self, known: Known) -> frozenset[EnvironmentNo | None] | None:
        """The one that it names, or none where it says so; None: anywhere."""
        return None if self.environment is None else frozenset({self._environment(None, known)})

    def _environment(self, before: EnvironmentNo | None, known: Known) -> EnvironmentNo | None:
        if self.environment is None:
            return before
        return known.environment(self.environment_text) if self.environment_text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEdit(PlacedEdit[AppFields]):
    """What a caller says about an app."""

    kind: str | None = None
    is_premium: bool | None = None
    needs_security_role: bool | None = None
    needs: Sequence[NeedOrder] | None = None
    client_version_min: str | None = None

    def over(self, before: AppFields, known: Known) -> AppFields:
        """The app after the edit."""
        after = replace(
            self._named(before, noun="an app"),
            environment=self._environment(before.environment, known),
            is_premium=_kept(self.is_premium, before.is_premium),
            needs_security_role=_kept(self.needs_security_role, before.needs_security_role),
        )
        if self.kind is not None:
            after = replace(after, kind=chosen(AppKind, self.kind, field="kind"))
        if self.needs is not None:
            after = replace(after, needs=read_needs(known.catalog, self.needs))
        if self.client_version_min is not None:
            text = self.client_version_min.strip()
            after = replace(after, client_version_min=read_version(text) if text else None)
        check_app(after)
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEdit(PlacedEdit[FlowFields]):
    """What a caller says about a flow; its environment can be changed and not cleared."""

    is_premium: bool | None = None
    uses_attended_rpa: bool | None = None
    trigger: str | None = None
    owner: str | None = None

    @property
    def owner_text(self) -> str:
        """The person whom it names; empty where it names nobody."""
        return (self.owner or "").strip()

    def over(self, before: FlowFields, known: Known) -> FlowFields:
        """The flow after the edit."""
        after = replace(
            self._named(before, noun="a flow"),
            environment=self._environment(before.environment, known),
            is_premium=_kept(self.is_premium, before.is_premium),
            uses_attended_rpa=_kept(self.uses_attended_rpa, before.uses_attended_rpa),
        )
        if self.trigger is not None:
            after = replace(after, trigger=chosen(FlowTrigger, self.trigger, field="trigger"))
        if self.owner is not None:
            text = self.owner_text
            after = replace(after, owner=known.person(text) if text else None)
        check_flow(after)
        return after


def _kept(said: Value | None, before: Value) -> Value:
    return before if said is None else said
