"""The demo tenant: the company whose group table stands in source 004, down to its three errors."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from seatwright.demo.draft import (
    DraftAssignment,
    DraftGroup,
    DraftGroupLicense,
    DraftPerson,
    DraftPurchase,
    Standing,
    TenantDraft,
)
from seatwright.demo.generate import group_people
from seatwright.demo.people import Headcount, draw_people

DEMO_NAME: Final = "Demo"
DEMO_DOMAIN: Final = "demo.example"
DEMO_SEED: Final = 4

HEADCOUNT: Final = Headcount(executives=156, employees=4234, contractors=89, guests=12)
CONTRACTOR_SEATS: Final = 86
"""Three fewer than there are contractors (T-177)."""

LATECOMER_DAYS: Final = (9, 6, 2)
"""How many days ago the contractors came who found no seat."""

HR_GROUP: Final = "Human Resources"
OWN_PRODUCT: Final = "FJORDLINE_ROUTE_STUDIO"

_HR_SPARE_SEATS: Final = 18
_PROJECT_PEOPLE: Final = 38
_VISIO_PEOPLE: Final = 31
_ROUTE_STUDIO_PEOPLE: Final = 64


def draft_demo(at: datetime, *, seed: int = DEMO_SEED) -> TenantDraft:
    """The demo tenant as it should be on this day."""
    people = draw_people(HEADCOUNT, seed=seed, at=at, domain=DEMO_DOMAIN)
    groups = group_people(people)
    hr = next(group for group in groups if group.display_name == HR_GROUP)
    contractors = _places(people, Standing.CONTRACTOR)
    late = contractors[CONTRACTOR_SEATS:]
    return TenantDraft(
        domain=DEMO_DOMAIN,
        at=at,
        people=people,
        groups=groups,
        purchases=_purchases(hr),
        group_licenses=(
            DraftGroupLicense(group=Standing.EMPLOYEE.value, sku="SPE_E3"),
            DraftGroupLicense(group=Standing.EXECUTIVE.value, sku="SPE_E5"),
            DraftGroupLicense(group=Standing.CONTRACTOR.value, sku="EXCHANGESTANDARD"),
            DraftGroupLicense(group=HR_GROUP, sku="POWERAPPS_PER_USER"),
            DraftGroupLicense(group="Sales", sku="POWER_BI_PRO"),
        ),
        assignments=_assignments(people, contractor=contractors[0]),
        latecomers=tuple(zip(late, LATECOMER_DAYS, strict=True)),
    )


def _places(
    people: tuple[DraftPerson, ...], standing: Standing, department: str | None = None
) -> tuple[int, ...]:
    return tuple(
        place
        for place, person in enumerate(people)
        if person.standing is standing and department in (None, person.department)
    )


def _assignments(
    people: tuple[DraftPerson, ...], *, contractor: int
) -> tuple[DraftAssignment, ...]:
    engineers = _places(people, Standing.EMPLOYEE, "Engineering")
    planners = _places(people, Standing.EMPLOYEE, "Operations")
    return (
        # The duplicate of source 004: Exchange Online from a suite and on its own (T-212).
        DraftAssignment(people=(contractor,), sku="SPE_E3", note="Works on site until spring"),
        DraftAssignment(
            people=engineers[:_PROJECT_PEOPLE], sku="PROJECTPROFESSIONAL", note="Project leads"
        ),
        DraftAssignment(
            people=engineers[-_VISIO_PEOPLE:], sku="VISIOCLIENT", note="Plant drawings"
        ),
        DraftAssignment(
            people=planners[:_ROUTE_STUDIO_PEOPLE], sku=OWN_PRODUCT, note="Route planners"
        ),
    )


def _purchases(hr: DraftGroup) -> tuple[DraftPurchase, ...]:
    return (
        replace(
            _bought("M365E3-1", "SPE_E3", 4000, "33.80", days=400, renewal=330), offer_minimum=300
        ),
        _bought("M365E3-2", "SPE_E3", 500, "35.10", days=190, renewal=175),
        _bought("M365E5-1", "SPE_E5", 400, "54.60", days=400, renewal=330),
        _bought("EXO1-1", "EXCHANGESTANDARD", CONTRACTOR_SEATS, "3.70", days=300, renewal=65),
        _bought(
            "PAPPS-1",
            "POWERAPPS_PER_USER",
            len(hr.members) + _HR_SPARE_SEATS,
            "18.70",
            days=120,
            renewal=245,
        ),
        _bought("PBI-1", "POWER_BI_PRO", 1000, "13.10", days=210, renewal=155),
        _bought("O365E1-1", "STANDARDPACK", 250, "8.40", days=90, renewal=275),
        _bought("O365E3-1", "ENTERPRISEPACK", 250, "22.40", days=90, renewal=275),
        _bought("M365F3-1", "SPE_F1", 300, "7.50", days=60, renewal=305),
        _bought("PROJ3-1", "PROJECTPROFESSIONAL", 60, "28.10", days=150, renewal=215),
        DraftPurchase(
            external_id="VISIO2-1",
            sku="VISIOCLIENT",
            units=45,
            price=Decimal("14.00"),
            status="Warning",
            days_since_start=377,
            days_to_renewal=18,
        ),
        DraftPurchase(
            external_id="PAUTO-1",
            sku="FLOW_PER_USER",
            units=25,
            price=Decimal("14.00"),
            status="Suspended",
            days_since_start=430,
            days_to_renewal=40,
        ),
        replace(
            _bought("ROUTE-1", OWN_PRODUCT, 80, "95.00", days=240, renewal=125), offer_minimum=50
        ),
    )


def _bought(
    external_id: str,
    sku: str,
    units: int,
    price: str,
    *,
    days: int,
    renewal: int,
) -> DraftPurchase:
    return DraftPurchase(
        external_id=external_id,
        sku=sku,
        units=units,
        price=Decimal(price),
        days_since_start=days,
        days_to_renewal=renewal,
    )
