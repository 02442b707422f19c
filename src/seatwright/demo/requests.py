"""The demo's license requests: three engineers want drawings, a manager wants plans for two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import uuid4

from seatwright.app.call import Call
from seatwright.app.requests.asking import ask
from seatwright.app.requests.orders import AskOrder
from seatwright.demo.draft import TenantDraft
from seatwright.postgres.users import find_users

DEPARTMENT: Final = "Operations"
ASKED: Final = (
    ("VISIOCLIENT", 130, 1, "I redraw the plans of the quay before the inspection in December."),
    ("VISIOCLIENT", 52, 1, "Handover of the crane drawings."),
    ("VISIOCLIENT", 20, 1, "Reviewing what the contractors send."),
    ("PROJECTPROFESSIONAL", 9, 2, "Two of us plan the new terminal from January on."),
)
"""Which product, how many hours ago, for how many people, and what for."""


async def load_requests(call: Call, draft: TenantDraft) -> None:
    """Let people of one department ask, each on their own day; nobody has decided yet.

    No seat is held for them: the demo's numbers of free seats are those of its purchases.
    """
    settings = {**call.tenant.settings, "requestHoldHours": 0}
    calm = replace(call, tenant=replace(call.tenant, settings=settings))
    asking = _people(draft)
    for place, (sku, hours, size, why) in enumerate(ASKED):
        people = asking[2 * place : 2 * place + size]
        users = await find_users(call.tx, people)
        who = replace(call.principal, user_no=users[people[0]])
        then = replace(
            calm, principal=who, now=draft.at - timedelta(hours=hours), correlation=uuid4()
        )
        await ask(then, AskOrder(sku=sku, people=people, justification=why))


def _people(draft: TenantDraft) -> Sequence[str]:
    """People of the department from its middle: its first and last have licenses of their own."""
    names = [one.user_principal_name for one in draft.people if one.department == DEPARTMENT]
    middle = len(names) // 2
    return names[middle : middle + 2 * len(ASKED)]
