"""A policy that somebody is still filling in: checked as it would be, and nothing of it stored."""

from __future__ import annotations

from seatwright.app.auto_claim.apps import apps_of, list_apps, require_app
from seatwright.app.auto_claim.orders import PolicyEdit, PolicyField, edited
from seatwright.app.auto_claim.policies import (
    PolicySeen,
    blank_policy,
    products_of,
    refuse_name_twins,
    refuse_twins,
    require_policy,
    seen,
)
from seatwright.app.call import Call


async def check_name(call: Call, name: str) -> None:
    """Hold a name for a new policy to its rules, before there is an app.

    Raises Refusal invalidValue for a name that is none, or taken.
    """
    choice = (await list_apps(call))[0]
    named = await edited(call, blank_policy(call, choice), choice, {PolicyField.NAME: name})
    await refuse_name_twins(call, named)


async def draft_new(call: Call, *, app: str, edit: PolicyEdit) -> PolicySeen:
    """What `add_policy` would make now, but for the switch. Raises Refusal as it does."""
    choice = await require_app(call, app)
    new = await edited(call, blank_policy(call, choice), choice, {**products_of(choice), **edit})
    await refuse_twins(call, new)
    return (await seen(call, (new,)))[0]


async def draft_change(call: Call, text: str, edit: PolicyEdit) -> PolicySeen:
    """What `change_policy` would make of a policy now. Raises Refusal as it does."""
    stored = await require_policy(call, text)
    choice = (await apps_of(call, [stored.app]))[stored.app]
    wanted = await edited(call, stored, choice, edit)
    await refuse_twins(call, wanted)
    return (await seen(call, (wanted,)))[0]
