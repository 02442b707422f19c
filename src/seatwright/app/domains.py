"""The domains of a tenant: by them whoever signs in finds it, whichever organization they are of.

Nobody is asked to prove a domain; one that people of another tenant have in their names is left to
whoever runs the installation, who answers for its tenants. Which people the directory takes does
not depend on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from seatwright.app.call import Call
from seatwright.app.record import record
from seatwright.domain.domain_names import parse_domain_name, shown_domain_name, spellings_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.tenants import TenantDomain
from seatwright.postgres import domains as stored
from seatwright.postgres.tenants import lock_settings

DOMAINS_MAX: Final = 1_000
"""Of one tenant; answers that list all of them have no pages."""


async def list_domains(call: Call, *, after: str, limit: int) -> Sequence[TenantDomain]:
    """The tenant's domains by name, one more than `limit` if there are more."""
    return await stored.list_domains(call.tx, after=after, limit=limit + 1)


async def all_domains(call: Call) -> Sequence[TenantDomain]:
    """Every domain of the tenant, by name."""
    return await stored.list_domains(call.tx, after="", limit=DOMAINS_MAX)


async def get_domain(call: Call, text: str) -> TenantDomain:
    """One of the tenant's domains. Raises Refusal unknownDomain, also for what is no name."""
    try:
        name = parse_domain_name(text)
    except Refusal:
        raise _unknown(call, text[:100]) from None
    found = await stored.find_domain(call.tx, name)
    if found is None:
        raise _unknown(call, name)
    return found


def _unknown(call: Call, name: str) -> Refusal:
    return Refusal(
        Reason.UNKNOWN_DOMAIN,
        f"“{shown_domain_name(name)}” is no domain of “{call.tenant.name}”: list its domains, or"
        " add this one.",
        context={"domain": name},
    )


async def add_domain(
    call: Call, text: str, *, is_vouched: bool = False
) -> tuple[TenantDomain, bool]:
    """Give the tenant a domain, and say whether it is new: one that it has stays as it is.

    Raises Refusal invalidValue for a text that is no domain name or for one too many, and
    domainTaken for one of another tenant, or (unless the operator vouches for it, `is_vouched`)
    for one that people of another have in their names or mail addresses.
    """
    name = parse_domain_name(text)
    await lock_settings(call.tx)
    found = await stored.find_domain(call.tx, name)
    if found is not None:
        return found, False
    if await stored.count_domains(call.tx) >= DOMAINS_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"“{call.tenant.name}” has {DOMAINS_MAX} domains, which is the most that a tenant may"
            " have: remove one first.",
        )
    is_others = not is_vouched and await stored.is_domain_of_others(call.tx, spellings_of(name))
    if is_others or not await stored.insert_domain(call.tx, name, at=call.now):
        raise domain_taken(name)
    await _record(call, HistoryAction.DOMAIN_ADDED, domain=name)
    return await get_domain(call, name), True


def domain_taken(name: str) -> Refusal:
    """What is said of a domain that another tenant, or its people, have; never which one."""
    return Refusal(
        Reason.DOMAIN_TAKEN,
        f"“{shown_domain_name(name)}” belongs to another tenant of this installation, or people"
        " of another are named in it: have it removed there first, or ask whoever runs the"
        " installation.",
        context={"domain": name},
    )


async def make_default(call: Call, text: str) -> TenantDomain:
    """Make one of the tenant's domains its default; the one it was stays its domain.

    Raises Refusal unknownDomain.
    """
    await lock_settings(call.tx)
    found = await get_domain(call, text)
    if found.is_default:
        return found
    await stored.write_default_domain(call.tx, found.name)
    await _record(call, HistoryAction.DEFAULT_DOMAIN_CHANGED, domain=found.name)
    return await get_domain(call, found.name)


async def people_in(call: Call, domain: TenantDomain) -> int:
    """How many people have a user principal name in a domain."""
    return await stored.count_people_in(call.tx, spellings_of(domain.name))


async def remove_domain(call: Call, text: str, *, people_max: int | None = 0) -> TenantDomain:
    """Take a domain from the tenant; people and their licenses stay as they are.

    Raises Refusal unknownDomain, and stillInUse for the default one, and for one that people have
    in their user principal names, if more than the caller says (`people_max`; None: any number).
    That refusal has `people` in its context.
    """
    await lock_settings(call.tx)
    found = await get_domain(call, text)
    shown = shown_domain_name(found.name)
    if found.is_default:
        raise Refusal(
            Reason.STILL_IN_USE,
            f"“{shown}” is the default domain of “{call.tenant.name}”: make another one the"
            " default first.",
            context={"domain": found.name},
        )
    people = await people_in(call, found)
    if people_max is not None and people > people_max:
        who = "1 person has" if people == 1 else f"{people:,} people have"
        raise Refusal(
            Reason.STILL_IN_USE,
            f"{who} “{shown}” in their user principal names, and may be unable to sign in without"
            " it: rename them first, or say that it goes with people in it (withPeople).",
            context={"domain": found.name, "people": people},
        )
    await stored.delete_domain(call.tx, found.name)
    await _record(call, HistoryAction.DOMAIN_REMOVED, domain=found.name, people=people)
    return found


async def take_domain(call: Call, text: str) -> TenantDomain:
    """Take a domain back from the tenant, as the operator may: also its default one.

    Another of its domains is the default then, or one made for it where it has no other. Raises
    Refusal unknownDomain.
    """
    await lock_settings(call.tx)
    found = await get_domain(call, text)
    if found.is_default:
        others = [one.name for one in await all_domains(call) if not one.is_default]
        if not others:
            others = [f"tenant-{call.tenant.id}.example"]
            await stored.insert_domain(call.tx, others[0], at=call.now)
            await _record(call, HistoryAction.DOMAIN_ADDED, domain=others[0])
        await make_default(call, others[0])
    return await remove_domain(call, found.name, people_max=None)


async def _record(call: Call, action: HistoryAction, **detail: object) -> None:
    await record(call, HistoryLine(action=action, detail=detail))
