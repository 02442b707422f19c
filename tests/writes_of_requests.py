"""The same for license requests: asked by the administrator, so decided by another."""

from __future__ import annotations

from tests.asking import POLICIES, URL
from tests.office import Office
from tests.previews import administrator, upn
from tests.world import set_seats
from tests.writes import write

PRODUCT = "PROJECTPROFESSIONAL"


async def set_requests(office: Office) -> dict[str, str]:
    """Five requests for people of the crowd: three pending, one approved, one denied."""
    await set_seats(office, PRODUCT, 20)
    names = {}
    for place, name in enumerate(("asked", "other_asked", "approved", "denied", "last_asked")):
        body = {
            "skuPartNumber": PRODUCT,
            "people": [upn(f"p{place:02}")],
            "justification": "For the plant.",
        }
        answer = await office.admin.post(URL, json=body)
        assert answer.status_code == 201, answer.text
        names[name] = answer.json()["id"]
    async with await administrator(office, "decider") as other:
        for name, decision in (("approved", "approve"), ("denied", "deny")):
            answer = await other.post(f"{URL}/{names[name]}/decision", json={"decision": decision})
            assert answer.status_code == 200, answer.text
    return names


REQUEST_WRITES = (
    write(
        "POST /api/license-requests",
        URL,
        {"skuPartNumber": PRODUCT, "people": [upn("p09")], "justification": "Needed."},
    ),
    write(
        "POST /api/license-requests/{request_id}/decision",
        f"{URL}/{{asked}}/decision",
        {"decision": "approve"},
        by_another=True,
    ),
    write(
        "POST /api/license-requests/{request_id}/cancel",
        f"{URL}/{{other_asked}}/cancel",
        {"message": "Not needed."},
    ),
    write(
        "POST /api/license-requests/{request_id}/undo",
        f"{URL}/{{approved}}/undo",
        {},
        by_another=True,
    ),
    write(
        "POST /api/license-requests/{request_id}/share",
        f"{URL}/{{last_asked}}/share",
        {"people": [upn("p01")], "subject": "Does she need it?"},
    ),
    write("POST /api/license-requests/{request_id}/again", f"{URL}/{{denied}}/again"),
    write(
        "PUT /api/license-request-policies/{product}",
        f"{POLICIES}/default",
        {"approvers": {"kind": "manager", "level": 2}, "licenseDays": 90},
    ),
    write("DELETE /api/license-request-policies/{product}", f"{POLICIES}/default"),
    write(
        "POST /api/license-requests/decisions",
        f"{URL}/decisions",
        {"decisions": [{"request": "{last_asked}", "decision": "deny"}]},
        by_another=True,
    ),
)
