"""Environments, apps and flows from files: matched by outer id, then by name; safe to repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import uuid4

from seatwright.app.auto_claim.defaults import settle_defaults
from seatwright.app.call import Call
from seatwright.app.catalog import catalog_of
from seatwright.app.directory.imports import ImportResult
from seatwright.app.platform.apps import NEW_APP, AppEdit, edited_app, fields_of_app
from seatwright.app.platform.environments import (
    NEW_ENVIRONMENT,
    EnvironmentEdit,
    fields_of_environment,
)
from seatwright.app.platform.flows import NEW_FLOW, FlowEdit, edited_flow, fields_of_flow
from seatwright.app.platform.matching import (
    Matched,
    Sorter,
    finish,
    names,
    number_of,
    overtaken,
    place,
    places,
)
from seatwright.app.platform.naming import texts_to_find
from seatwright.app.platform.security_roles import make_built_in_roles
from seatwright.domain.csv_text import Table, TableRow
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.ids import UserNo
from seatwright.domain.platform import AppNo, EnvironmentNo, FlowNo
from seatwright.domain.platform_file import (
    cell,
    filled,
    flag,
    needs_of_cell,
    parts,
    shares_of_cell,
)
from seatwright.domain.platform_needs import read_needs
from seatwright.domain.platform_things import AppFields, EnvironmentFields, FlowFields, Shares
from seatwright.postgres.groups import find_groups
from seatwright.postgres.platform_apps import (
    AppRecord,
    apps_by_number,
    find_apps,
    insert_apps,
    lock_apps,
    update_apps,
)
from seatwright.postgres.platform_environments import (
    EnvironmentRecord,
    environments_by_number,
    find_environments,
    insert_environments,
    lock_environments,
    update_environments,
)
from seatwright.postgres.platform_flows import (
    FlowRecord,
    find_flows,
    flows_by_number,
    insert_flows,
    lock_flows,
    update_flows,
)
from seatwright.postgres.platform_shares import AppShares, add_shares, clear_shares
from seatwright.postgres.tenants import take_numbers
from seatwright.postgres.users import find_users


async def import_environments(call: Call, table: Table) -> ImportResult:
    """Create and change environments as a file says; none is deleted.

    Raises Refusal invalidValue where somebody else took a name meanwhile.
    """
    texts = names(table)
    numbers = await find_environments(call.tx, texts)
    await lock_environments(call.tx, sorted(set(numbers.values())))
    stored = await environments_by_number(call.tx, sorted(set(numbers.values())))
    by_outer = {
        one.external_id.casefold(): one.environment_no for one in stored.values() if one.external_id
    }

    def match(row: TableRow) -> Matched[EnvironmentNo, EnvironmentFields]:
        outer, name = filled(row, "externalId"), row.values["displayName"]
        number = by_outer.get(outer.casefold()) if outer else None
        number = number or numbers.get(name)
        found = stored.get(number) if number is not None else None
        solutions = cell(row, "solutions")
        edit = EnvironmentEdit(
            name=name,
            external_id=outer,
            is_managed=flag(row, "managed"),
            solutions=None if solutions is None else parts(solutions),
        )
        before = None if found is None else fields_of_environment(found)
        return Matched(
            row,
            None if found is None else found.environment_no,
            uuid4() if found is None else found.id,
            before,
            edit.over(before or NEW_ENVIRONMENT),
        )

    rows: Sorter[EnvironmentNo, EnvironmentFields] = Sorter()
    for row in table.rows:
        rows.take(row, match)
    first = await take_numbers(call.tx, "environment", len(rows.created))
    new = [
        EnvironmentRecord(environment_no=EnvironmentNo(no), id=one.id, fields=one.after)
        for no, one in enumerate(rows.created, start=first)
    ]
    changed = [
        EnvironmentRecord(environment_no=no, id=one.id, fields=one.after)
        for no, one in rows.changed
    ]
    if not (
        await update_environments(call.tx, changed)
        and await insert_environments(call.tx, new, at=call.now)
    ):
        raise overtaken()
    if new:
        await make_built_in_roles(call, [one.environment_no for one in new])
    # The first managed environment brings the default auto-claim policies.
    await settle_defaults(call)
    return await finish(call, rows, rows.result(call, table, "environments"), "environment")


async def import_apps(call: Call, table: Table) -> ImportResult:
    """Create and change apps, and whom they are shared with, as a file says; none is deleted.

    Where the file has the column sharedWith, it says everything about whom an app is shared with.
    Raises Refusal invalidValue where somebody else took an outer id meanwhile.
    """
    ids, keys = texts_to_find(names(table))
    candidates = await find_apps(call.tx, ids=ids, keys=keys)
    await lock_apps(call.tx, [one[0] for one in candidates])
    stored = await apps_by_number(call.tx, [one[0] for one in candidates])
    by_text = await places(call, table)
    catalog = await catalog_of(call)
    shares = await _shares(call, table)

    def match(row: TableRow) -> Matched[AppNo, AppFields]:
        environment = place(row, by_text)
        number = number_of(candidates, row, environment)
        found = None if number is None else stored[number]
        before = None if found is None else fields_of_app(found)
        start = before or NEW_APP
        needs = cell(row, "requires")
        _ = shares(row)
        edit = AppEdit(
            name=row.values["displayName"],
            external_id=filled(row, "externalId"),
            kind=filled(row, "kind"),
            is_premium=flag(row, "premium"),
            needs_security_role=flag(row, "needsSecurityRole"),
            client_version_min=cell(row, "clientVersionMin"),
        )
        after = edited_app(
            edit,
            start,
            environment=start.environment if cell(row, "environment") is None else environment,
            needs=start.needs if needs is None else read_needs(catalog, needs_of_cell(needs)),
        )
        return Matched(row, number, uuid4() if found is None else found.id, before, after)

    rows: Sorter[AppNo, AppFields] = Sorter()
    for row in table.rows:
        rows.take(row, match)
    first = await take_numbers(call.tx, "app", len(rows.created))
    new = [
        AppRecord(app_no=AppNo(no), id=one.id, fields=one.after)
        for no, one in enumerate(rows.created, start=first)
    ]
    changed = [AppRecord(app_no=no, id=one.id, fields=one.after) for no, one in rows.changed]
    if not (await update_apps(call.tx, changed) and await insert_apps(call.tx, new, at=call.now)):
        raise overtaken()
    numbers = {one.row.row_no: one.number for one in rows.matched if one.number is not None}
    numbers |= {
        one.row.row_no: record.app_no for one, record in zip(rows.created, new, strict=True)
    }
    if "sharedWith" in table.columns:
        await clear_shares(call.tx, numbers.values())
        wanted = [
            AppShares(app_no=numbers[one.row.row_no], shares=shares(one.row))
            for one in rows.matched
        ]
        await add_shares(call.tx, wanted)
    return await finish(call, rows, rows.result(call, table, "apps"), "app")


async def import_flows(call: Call, table: Table) -> ImportResult:
    """Create and change flows as a file says; none is deleted.

    Raises Refusal invalidValue where somebody else took an outer id meanwhile.
    """
    ids, keys = texts_to_find(names(table))
    candidates = await find_flows(call.tx, ids=ids, keys=keys)
    await lock_flows(call.tx, [one[0] for one in candidates])
    stored = await flows_by_number(call.tx, [one[0] for one in candidates])
    by_text = await places(call, table)
    owners = await find_users(
        call.tx, sorted({row.values.get("owner", "") for row in table.rows} - {""})
    )

    def match(row: TableRow) -> Matched[FlowNo, FlowFields]:
        environment = place(row, by_text)
        number = number_of(candidates, row, environment)
        found = None if number is None else stored[number]
        before = None if found is None else fields_of_flow(found)
        start = before or NEW_FLOW
        edit = FlowEdit(
            name=row.values["displayName"],
            external_id=filled(row, "externalId"),
            is_premium=flag(row, "premium"),
            uses_attended_rpa=flag(row, "attendedRpa"),
            trigger=filled(row, "trigger"),
        )
        where = start.environment if environment is None else environment
        if not where:
            raise Refusal(Reason.INVALID_VALUE, "A flow is in an environment: name it.")
        after = edited_flow(edit, start, environment=where, owner=_owner(row, owners, start.owner))
        return Matched(row, number, uuid4() if found is None else found.id, before, after)

    rows: Sorter[FlowNo, FlowFields] = Sorter()
    for row in table.rows:
        rows.take(row, match)
    first = await take_numbers(call.tx, "flow", len(rows.created))
    new = [
        FlowRecord(flow_no=FlowNo(no), id=one.id, fields=one.after)
        for no, one in enumerate(rows.created, start=first)
    ]
    changed = [FlowRecord(flow_no=no, id=one.id, fields=one.after) for no, one in rows.changed]
    if not (await update_flows(call.tx, changed) and await insert_flows(call.tx, new, at=call.now)):
        raise overtaken()
    return await finish(call, rows, rows.result(call, table, "flows"), "flow")


def _owner(row: TableRow, owners: Mapping[str, UserNo], before: UserNo | None) -> UserNo | None:
    text = cell(row, "owner")
    if text is None:
        return before
    if text and text not in owners:
        raise Refusal(
            Reason.UNKNOWN_USER,
            f"There is no person “{text[:60]}”: the owner of a flow is in the directory.",
            context={"value": text[:60]},
        )
    return owners[text] if text else None


async def _shares(call: Call, table: Table) -> Callable[[TableRow], Shares]:
    """What gives the shares of a row, with everybody whom the file names looked up at once."""
    texts = [shares_of_cell(row.values.get("sharedWith", "")) for row in table.rows]
    users = await find_users(call.tx, sorted({one for text in texts for one in text.users}))
    groups = await find_groups(call.tx, sorted({one for text in texts for one in text.groups}))

    def shares(row: TableRow) -> Shares:
        text = shares_of_cell(row.values.get("sharedWith", ""))
        for noun, named, found in (
            ("person", text.users, users),
            ("group", text.groups, groups),
        ):
            unknown = next((one for one in named if one not in found), None)
            if unknown is not None:
                raise Refusal(
                    Reason.INVALID_VALUE,
                    f"sharedWith names a {noun} “{unknown[:60]}” that is not there.",
                    context={"value": unknown[:60]},
                )
        return Shares(
            everyone=text.everyone,
            groups=frozenset(groups[one] for one in text.groups),
            users=frozenset(users[one] for one in text.users),
        )

    return shares
