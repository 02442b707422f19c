"""Dates of purchases that no calendar can keep, and terms that a renewal cannot make shorter."""

from __future__ import annotations

import pytest

from tests.office import Office
from tests.timing import SUBSCRIPTIONS, bought, buy

TERM = {"startsAt": "2026-06-01T00:00:00Z", "nextLifecycleAt": "2027-06-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("field", "at"),
    [
        ("nextLifecycleAt", "9999-12-31T00:00:00Z"),
        ("startsAt", "9999-01-01T00:00:00Z"),
        ("startsAt", "0001-01-01T00:00:00Z"),
        ("startsAt", "1969-12-31T23:59:59Z"),
    ],
)
async def test_a_purchase_has_dates_of_our_time(office: Office, field: str, at: str) -> None:
    body = {"skuPartNumber": "SPE_E3", "units": 5, field: at}
    refused = await office.admin.post(SUBSCRIPTIONS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue"), refused.text
    assert refused.json()["detail"].startswith(f"{field} is {at[:10]}")
    assert "from 1970 to 9900" in refused.json()["detail"]
    assert (await office.admin.get(SUBSCRIPTIONS)).json()["value"] == []


@pytest.mark.parametrize("until", ["2026-12-01T00:00:00Z", "2027-06-01T00:00:00Z"])
async def test_a_renewal_does_not_end_a_term_earlier_than_was_paid_for(
    office: Office, until: str
) -> None:
    made = await buy(office, 1, **TERM)
    url = f"{SUBSCRIPTIONS}/{made['id']}/renew"
    refused = await office.admin.post(url, json={"until": until})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalidValue"), refused.text
    assert "lasts until 2027-06-01 00:00 as it is" in refused.json()["detail"]
    assert (await bought(office, made))["nextLifecycleAt"] == TERM["nextLifecycleAt"]
    late = await office.admin.post(url, json={"until": "9999-12-31T00:00:00Z"})
    assert (late.status_code, late.json()["code"]) == (400, "invalidValue"), late.text
    done = await office.admin.post(url, json={"until": "2027-06-02T00:00:00Z"})
    assert done.json()["nextLifecycleAt"] == "2027-06-02T00:00:00Z"
