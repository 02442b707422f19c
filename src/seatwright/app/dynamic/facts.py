"""What rules ask of a few people, read together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from seatwright.app.call import Call
from seatwright.app.dynamic.plans import ask_plans, plan_words
from seatwright.domain.directory import User, UserField, UserFields
from seatwright.domain.ids import UserNo
from seatwright.domain.person_changes import fields_of
from seatwright.domain.rules.one import AssignedPlan, Facts, Held
from seatwright.domain.rules.properties import Origin, Source
from seatwright.domain.rules.tree import MemberOf, Rule
from seatwright.postgres.dynamic_columns import decoded
from seatwright.postgres.dynamic_plans import plans_of_few
from seatwright.postgres.dynamic_read import ids_of_groups_of
from seatwright.postgres.user_read import read_users

_AS_THEY_ARE: UserFields = MappingProxyType({})


async def facts_of_few(
    call: Call,
    users: Sequence[UserNo],
    rules: Sequence[Rule],
    *,
    changed: UserFields = _AS_THEY_ARE,
    with_deleted: bool = False,
) -> Mapping[UserNo, Facts]:
    """What these rules ask of these people, who is deleted left out unless `with_deleted`.

    `changed` are fields as they are about to be written, of all of these people alike.
    """
    people = await read_users(call.tx, users)
    sources = {id_ for rule in rules if isinstance(rule, MemberOf) for id_ in rule.groups}
    groups = await ids_of_groups_of(call.tx, users, sources) if sources else {}
    plans: Mapping[int, tuple[AssignedPlan, ...]] = {}
    if ask_plans(rules):
        plans = await plans_of_few(call.tx, await plan_words(call), users)
    found: dict[UserNo, Facts] = {}
    for user, person in people.items():
        if with_deleted or person.deleted_at is None:
            found[user] = Facts(
                values={**values_of(person, changed), Origin.ASSIGNED_PLANS: plans.get(user, ())},
                manager=None if person.manager is None else person.manager.id,
                groups=groups.get(user, frozenset()),
            )
    return found


def values_of(person: User, changed: UserFields = _AS_THEY_ARE) -> dict[Source, Held]:
    """The values of a person by source, service plans left out."""
    fields = {**fields_of(person), **changed}
    values: dict[Source, Held] = {
        field: decoded(field, value)
        for field, value in fields.items()
        if field is not UserField.MANAGER
    }
    upn = str(fields[UserField.USER_PRINCIPAL_NAME])
    values[Origin.ID] = str(person.id)
    values[Origin.PROXY_ADDRESSES] = decoded(Origin.PROXY_ADDRESSES, fields.get(UserField.MAIL))
    if values.get(UserField.MAIL_NICKNAME) is None:
        values[UserField.MAIL_NICKNAME] = upn.partition("@")[0]
    return values
