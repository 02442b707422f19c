"""The numbers by which everything inside seatwright is called.

Inside, a thing has a small number that is dense within its tenant, because the engine packs
numbers into columns; outside, it has a UUID. Nothing here leaves the house on the wire.
"""

from typing import NewType

TenantId = NewType("TenantId", int)
UserNo = NewType("UserNo", int)
GroupNo = NewType("GroupNo", int)
SkuNo = NewType("SkuNo", int)
ServicePlanNo = NewType("ServicePlanNo", int)
PrincipalNo = NewType("PrincipalNo", int)
JobNo = NewType("JobNo", int)

ServicePlanBits = NewType("ServicePlanBits", int)
"""A set of service plans as a bit mask: bit n stands for service plan number n."""

ServicePlanSetId = NewType("ServicePlanSetId", int)
"""The stored form of a set of service plans; 0 is the empty set."""

NO_SERVICE_PLANS = ServicePlanBits(0)
"""The empty set of service plans."""


def service_plan_bits(*numbers: ServicePlanNo) -> ServicePlanBits:
    """Give the set that holds exactly these service plans."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return ServicePlanBits(bits)


def service_plan_numbers(bits: ServicePlanBits) -> tuple[ServicePlanNo, ...]:
    """Give the service plans of a set, smallest number first."""
    found = []
    rest = int(bits)
    while rest:
        # The lowest bit that is left: a product has twenty of a catalogue's thousand.
        lowest = rest & -rest
        found.append(ServicePlanNo(lowest.bit_length() - 1))
        rest ^= lowest
    return tuple(found)
