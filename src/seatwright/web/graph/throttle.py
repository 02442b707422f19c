"""Throttling as Microsoft publishes it (`entra-graph.md` §2.10), for tenants that turn it on.

So that people can try their scripts against it: off by default, on by the tenant's setting
`graphThrottling`. Resource units are counted for each app in a tenant over ten seconds, writes over
150 seconds. A process counts for itself, so a server with several lets a little more by.
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from seatwright.domain.tenants import Principal, Tenant
from seatwright.web.answers import Answer
from seatwright.web.graph.envelope import GraphError
from seatwright.web.graph.request import Sent


class TenantSize(StrEnum):
    """What the setting may be: off, or the size of tenant whose limits to keep (THR-002)."""

    OFF = "off"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


UNITS_MAX: Final[Mapping[str, int]] = {
    TenantSize.SMALL: 3_500,
    TenantSize.MEDIUM: 5_000,
    TenantSize.LARGE: 8_000,
}
"""Resource units that one app may use in ten seconds, by the tenant's size (THR-002)."""

UNITS_SECONDS: Final = 10.0
WRITES_MAX: Final = 3_000
WRITES_SECONDS: Final = 150.0
"""Writes of one app in one tenant (THR-003)."""

TOLD_FROM: Final = 0.8
TOLD_TO: Final = 1.8
"""Between these shares of a limit the answer says how near it is (THR-007)."""

# THR-004, longest first; what is not listed costs 1.
_COSTS: Final = (
    (re.compile(r"groups/[^/]+/transitivemembers"), 5),
    (re.compile(r"groups/[^/]+/members"), 3),
    (re.compile(r"users/[^/]+/licensedetails"), 2),
    (re.compile(r"(users|groups|directoryobjects)/[^/]+/(transitivememberof|memberof)"), 2),
    (re.compile(r"(users|groups|directoryobjects)/[^/]+/checkmembergroups"), 4),
    (re.compile(r"(users|groups|directoryobjects)/[^/]+/getmembergroups"), 2),
    (re.compile(r"directoryobjects/getbyids"), 5),
    (re.compile(r"subscribedskus"), 3),
    (re.compile(r"users"), 2),
)
_READING_POSTS: Final = re.compile(
    r".*/(checkmembergroups|getmembergroups|getmemberobjects|getbyids)"
)
_APPS_MAX: Final = 10_000

_GRAIN_SECONDS: Final = 0.1
"""Calls so close together are one entry: what is remembered does not grow with their number."""


@dataclass(slots=True)
class _Window:
    """What was used within the last seconds."""

    seconds: float
    used: deque[tuple[float, int]] = field(default_factory=deque)
    total: int = 0

    def at(self, now: float) -> int:
        """How much was used until now."""
        while self.used and self.used[0][0] <= now - self.seconds:
            self.total -= self.used.popleft()[1]
        return self.total

    def take(self, now: float, cost: int) -> None:
        """Use some; refused calls count too (THR-009)."""
        if self.used and now - self.used[-1][0] < _GRAIN_SECONDS:
            at, before = self.used.pop()
            self.used.append((at, before + cost))
        else:
            self.used.append((now, cost))
        self.total += cost

    def wait(self, now: float, cost: int, limit: int) -> float:
        """How long until this much fits."""
        over = self.total + cost - limit
        for at, one in self.used:
            over -= one
            if over <= 0:
                return max(0.001, at + self.seconds - now)
        return self.seconds


@dataclass(slots=True)
class _App:
    units: _Window = field(default_factory=lambda: _Window(UNITS_SECONDS))
    writes: _Window = field(default_factory=lambda: _Window(WRITES_SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Toll:
    """What a call costs, and how near its app is to its limit."""

    units: int
    share: float

    def on(self, answer: Answer) -> Answer:
        """The answer with what it cost (THR-007)."""
        headers = [*answer.headers, (b"x-ms-resource-unit", str(self.units).encode())]
        if TOLD_FROM <= self.share <= TOLD_TO:
            told = f"{self.share:.2f}".encode()
            headers.append((b"x-ms-throttle-limit-percentage", told))
        return Answer(answer.status, headers, answer.body)


def cost_of(sent: Sent) -> int:
    """The resource units of a call (THR-004 to THR-006)."""
    path = "/".join(sent.segments).casefold()
    base = 1
    if not is_write(sent):
        base = next((cost for pattern, cost in _COSTS if pattern.fullmatch(path)), 1)
    top = sent.options.get("$top", "")
    base -= "$select" in sent.options
    base += "$expand" in sent.options
    base -= top.isascii() and top.isdigit() and int(top[:9]) < 20
    return max(1, base)


def is_write(sent: Sent) -> bool:
    """Whether a call counts as a write (THR-005)."""
    if sent.method == "GET":
        return False
    return _READING_POSTS.fullmatch("/".join(sent.segments).casefold()) is None


class Throttle:
    """Counts the calls of every app in every tenant that asked for it."""

    __slots__ = ("_apps", "_seconds")

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._apps: OrderedDict[tuple[UUID, UUID], _App] = OrderedDict()

    def take(self, sent: Sent, *, tenant: Tenant, principal: Principal, size: str) -> Toll | None:
        """Count a call; None where the tenant does not throttle.

        Raises GraphError 429 for one beyond a limit.
        """
        if size == TenantSize.OFF:
            return None
        app = self._app(tenant.id, principal.id)
        now, units = self._seconds(), cost_of(sent)
        writes = int(is_write(sent))
        limit = UNITS_MAX[size]
        used, written = app.units.at(now), app.writes.at(now)
        app.units.take(now, units)
        app.writes.take(now, writes)
        if writes and written + writes > WRITES_MAX:
            wait = app.writes.wait(now, 0, WRITES_MAX)
            scope = f"Write/{principal.id}/{tenant.id}"
            raise _too_many(scope, "WriteLimitExceeded", wait)
        if used + units > limit:
            wait = app.units.wait(now, 0, limit)
            scope = f"ReadWrite/{principal.id}/{tenant.id}"
            raise _too_many(scope, "ResourceUnitLimitExceeded", wait)
        share = max((used + units) / limit, (written + writes) / WRITES_MAX if writes else 0.0)
        return Toll(units=units, share=share)

    def _app(self, tenant: UUID, principal: UUID) -> _App:
        key = (tenant, principal)
        app = self._apps.pop(key, None) or _App()
        self._apps[key] = app
        while len(self._apps) > _APPS_MAX:
            self._apps.popitem(last=False)
        return app


def _too_many(scope: str, why: str, wait: float) -> GraphError:
    return GraphError(
        429,
        "TooManyRequests",
        "Too many requests. Wait as long as Retry-After says, and try again.",
        reason="tooManyCalls",
        headers=(
            (b"retry-after", str(max(1, round(wait + 0.5))).encode()),
            (b"x-ms-throttle-scope", f"Tenant_Application/{scope}".encode()),
            (b"x-ms-throttle-information", why.encode()),
        ),
    )
