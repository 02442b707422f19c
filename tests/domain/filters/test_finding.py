"""A filter asked of one thing in memory answers as the database would."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.filters import (
    SUBSCRIPTION_PROPERTIES,
    Scope,
    check_filter,
    finds,
    parse_filter,
)

TRIAL = {
    "id": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "commerceSubscriptionId": "CSP-17",
    "createdDateTime": datetime(2026, 11, 21, 9, tzinfo=UTC),
    "isTrial": True,
    "nextLifecycleDateTime": None,
    "skuId": "05e9a617-0261-4cee-bb44-138d3ef5d965",
    "skuPartNumber": "SPE_E3",
    "status": "Enabled",
    "totalLicenses": 25,
}


def found(text: str) -> bool:
    scope = Scope(noun="subscriptions", properties=SUBSCRIPTION_PROPERTIES, is_advanced=True)
    return finds(check_filter(parse_filter(text), scope), TRIAL)


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("status eq 'ENABLED'", "status eq 'Warning'"),
        ("status ne 'Warning'", "status ne 'enabled'"),
        ("skuPartNumber in ('x', 'spe_e3')", "skuPartNumber in ('x')"),
        ("startsWith(skuPartNumber, 'spe')", "startsWith(skuPartNumber, 'e3')"),
        ("startsWith(commerceSubscriptionId, 'csp-') eq true", "not startsWith(skuPartNumber,'S')"),
        ("id eq 6F9619FF-8B86-D011-B42D-00CF4FC964FF", "id eq '6f9619ff'"),
        ("id ne 'csp-17'", "id ne '6F9619FF-8B86-D011-B42D-00CF4FC964FF'"),
        ("skuId eq '05E9A617-0261-4cee-bb44-138d3ef5d965'", "skuId eq 'no guid'"),
        ("isTrial eq true", "not (isTrial eq true)"),
        ("totalLicenses ge 25", "totalLicenses gt 25"),
        ("totalLicenses lt 25.5 and totalLicenses le 25", "totalLicenses in (24, 26)"),
        ("createdDateTime le 2026-11-21T10:00:00+01:00", "createdDateTime lt 2026-11-21T09:00:00Z"),
        ("nextLifecycleDateTime eq null", "nextLifecycleDateTime ne null"),
        ("nextLifecycleDateTime ne 2026-11-21T09:00:00Z", "nextLifecycleDateTime le 2026-11-21"),
        ("not (nextLifecycleDateTime ge 2026-11-21)", "nextLifecycleDateTime in (2026-11-21)"),
        ("status eq 'x' or isTrial eq true", "status eq 'Enabled' and isTrial eq false"),
    ],
)  # fmt: skip
def test_a_filter_finds_what_it_says(yes: str, no: str) -> None:
    assert found(yes), yes
    assert not found(no), no


@pytest.mark.parametrize("text", ["totalLicenses eq '25'", "totalLicenses gt true", "isTrial eq 1",
                                  "totalLicenses eq null"])  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        found(text)
    assert refused.value.reason is Reason.INVALID_VALUE
