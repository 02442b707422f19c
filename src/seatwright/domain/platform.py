"""The platform: environments, apps, flows and desktop clients, and what a launch of one needs.

A launch names one of these things. `LaunchTarget` is everything about it that decides whether a
license is needed, which ones are enough, who may open it, and which auto-claim policy may help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final, NewType
from uuid import UUID

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import NO_SERVICE_PLANS, GroupNo, ServicePlanBits, SkuNo, UserNo

EnvironmentNo = NewType("EnvironmentNo", int)
AppNo = NewType("AppNo", int)
FlowNo = NewType("FlowNo", int)
SecurityRoleNo = NewType("SecurityRoleNo", int)


@unique
class AppKind(StrEnum):
    """What kind of thing an app is; the value is stored and shown."""

    POWER_APP = "powerApp"
    """An app of an environment; its auto-claim app is Power Apps (A-41, A-42)."""

    DESKTOP_CLIENT = "desktopClient"
    """Power Automate for desktop; its auto-claim app is attended RPA (A-46, A-47)."""

    OTHER = "other"
    """Any other app of the organization: it is an auto-claim app of its own."""


@unique
class FlowTrigger(StrEnum):
    """What starts a flow, which says whose license counts (M-09)."""

    INSTANT = "instant"
    AUTOMATED = "automated"
    SCHEDULED = "scheduled"

    @property
    def runs_as_owner(self) -> bool:
        """Whether the owner's license counts, and not that of whoever is there."""
        return self is not FlowTrigger.INSTANT


@unique
class AutoClaimKind(StrEnum):
    """The auto-claim apps of the sources, and one kind for everything else (A-49, T-100, T-101)."""

    POWER_APPS = "powerApps"
    POWER_AUTOMATE = "powerAutomatePerUser"
    POWER_AUTOMATE_RPA = "powerAutomateRpaAttended"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AutoClaimApp:
    """What a policy is for: one of the sources' three, or an app of the organization by number.

    At most one policy per auto-claim app (A-19).
    """

    kind: AutoClaimKind
    app_no: AppNo = AppNo(0)


POWER_APPS: Final = AutoClaimApp(kind=AutoClaimKind.POWER_APPS)
POWER_AUTOMATE: Final = AutoClaimApp(kind=AutoClaimKind.POWER_AUTOMATE)
POWER_AUTOMATE_RPA: Final = AutoClaimApp(kind=AutoClaimKind.POWER_AUTOMATE_RPA)

ClientVersion = tuple[int, ...]
"""A version as its numbers: `2.43.204` is (2, 43, 204)."""

DESKTOP_CLAIM_VERSION_MIN: Final[ClientVersion] = (2, 43)
"""The oldest Power Automate for desktop that may claim (A-46, A-47)."""

DESKTOP_CLIENT: Final = "power-automate-desktop"
"""How a launch names Power Automate for desktop in a tenant that has not stored it as an app."""

DESKTOP_CLIENT_ID: Final = UUID("5c7a4f1e-9d0b-4c52-8a3e-2f6b1d7c9e04")
"""The id of that client; every tenant has the same."""

_VERSION: Final = re.compile(r"\d{1,9}(\.\d{1,9}){0,4}", re.ASCII)


def read_version(text: str) -> ClientVersion:
    """The numbers of a version.

    Raises Refusal invalidValue for a text that is none.
    """
    if not _VERSION.fullmatch(text.strip()):
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{text[:40]}” is no version: give numbers with points between them, such as 2.43.",
        )
    return tuple(int(part) for part in text.strip().split("."))


def version_text(version: ClientVersion) -> str:
    """A version as people write it."""
    return ".".join(str(part) for part in version)


def is_old_version(version: ClientVersion, *, than: ClientVersion) -> bool:
    """Whether a version comes before another; 2.43 and 2.43.0 are the same."""
    width = max(len(version), len(than))
    return _padded(version, width) < _padded(than, width)


def _padded(version: ClientVersion, width: int) -> ClientVersion:
    return version + (0,) * (width - len(version))


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One way to be licensed for an app: a product, or service plans that are all on.

    Exactly one of the two is given: `sku` None means the service plans.
    """

    sku: SkuNo | None = None
    service_plans: ServicePlanBits = NO_SERVICE_PLANS

    def is_met_by(self, held: Mapping[SkuNo, ServicePlanBits]) -> bool:
        """Whether somebody who effectively holds these products has what it asks for.

        Service plans may come from several products; a product that is held with every service
        plan off entitles to nothing.
        """
        if self.sku is not None:
            return bool(held.get(self.sku, 0))
        on = 0
        for bits in held.values():
            on |= bits
        return self.service_plans & on == self.service_plans


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """Whom an app is shared with; somebody else is not offered a license by opening it (A-51)."""

    is_with_everyone: bool = False
    groups: frozenset[GroupNo] = frozenset()
    users: frozenset[UserNo] = frozenset()

    def includes(self, user: UserNo, groups: Iterable[GroupNo]) -> bool:
        """Whether it is shared with a person who is in these groups, nested ones included."""
        return self.is_with_everyone or user in self.users or not self.groups.isdisjoint(groups)


EVERYONE: Final = Sharing(is_with_everyone=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchTarget:
    """What a launch names, with everything that decides about it.

    `needs` are alternatives, any one of which is enough. Empty stands for the needs of its first
    auto-claim app (`platform_needs.needs_of`), and for none where an own app states none.
    `auto_claim_apps` are in the order in which their policies are asked: a flow without RPA may
    also be helped by the policy of attended RPA, which covers everything that per user does
    (A-45). `client_version_min` is None where the client's version does not matter.
    """

    id: UUID
    name: str
    app: AppNo | None = None
    flow: FlowNo | None = None
    kind: AppKind | None = None
    environment: EnvironmentNo | None = None
    environment_name: str | None = None
    is_managed: bool = False
    is_premium: bool = False
    uses_attended_rpa: bool = False
    auto_claim_apps: tuple[AutoClaimApp, ...]
    sharing: Sharing = EVERYONE
    needs: tuple[Need, ...] = ()
    client_version_min: ClientVersion | None = None
    needs_security_role: bool = False
    owner: UserNo | None = None
    runs_as_owner: bool = False

    @property
    def needs_license(self) -> bool:
        """Whether a license is needed at all.

        Premium apps and flows need one (A-41, A-43), and everything in a managed environment
        does (A-42, A-44). An own app needs one where it says which.
        """
        if self.kind is AppKind.OTHER:
            return self.is_premium or bool(self.needs)
        return self.is_premium or self.is_managed


def auto_claim_apps_of_app(kind: AppKind, app: AppNo) -> tuple[AutoClaimApp, ...]:
    """The auto-claim apps whose policies may help somebody who opens an app."""
    match kind:
        case AppKind.POWER_APP:
            return (POWER_APPS,)
        case AppKind.DESKTOP_CLIENT:
            return (POWER_AUTOMATE_RPA,)
        case AppKind.OTHER:
            return (AutoClaimApp(kind=AutoClaimKind.OWN, app_no=app),)


def auto_claim_apps_of_flow(*, uses_attended_rpa: bool) -> tuple[AutoClaimApp, ...]:
    """The auto-claim apps whose policies may help somebody who runs, saves or turns on a flow."""
    if uses_attended_rpa:
        return (POWER_AUTOMATE_RPA,)
    return (POWER_AUTOMATE, POWER_AUTOMATE_RPA)


def desktop_client() -> LaunchTarget:
    """Power Automate for desktop as it is where the tenant says nothing else about it."""
    return LaunchTarget(
        id=DESKTOP_CLIENT_ID,
        name="Power Automate for desktop",
        kind=AppKind.DESKTOP_CLIENT,
        is_premium=True,
        uses_attended_rpa=True,
        auto_claim_apps=(POWER_AUTOMATE_RPA,),
        client_version_min=DESKTOP_CLAIM_VERSION_MIN,
    )
