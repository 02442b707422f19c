"""The history over HTTP: pages, filters, names, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from seatwright.domain.assignments import DIRECT, Source, SourceKind, Strategy
from seatwright.domain.history import HistoryAction, HistoryLine
from seatwright.domain.ids import GroupNo, PrincipalNo, SkuNo, UserNo
from seatwright.domain.reconcile.world import Catalog
from seatwright.domain.roles import Role
from seatwright.postgres.catalog_read import read_catalog
from seatwright.postgres.history_read import WALK_ROWS_MAX
from seatwright.postgres.history_write import Signature, append_history
from tests.office import Office

PATH = "/api/identity/licenses/assignment-history"
ADA, BOB = UserNo(1), UserNo(2)
SALES = GroupNo(1)


@dataclass(frozen=True, slots=True)
class Archive:
    """An office whose history a test fills row by row."""

    office: Office
    ids: dict[str, UUID]

    async def append(self, *lines: HistoryLine, correlation: UUID | None = None) -> UUID:
        """Write rows as one call would, a minute after the ones before."""
        self.office.clock.move(minutes=1)
        number = correlation or uuid4()
        async with self.office.database.transaction(self.office.made.tenant.tenant_id) as tx:
            signature = Signature(
                at=self.office.clock.now(), principal=PrincipalNo(1), correlation=number
            )
            await append_history(tx, lines, signature=signature)
        return number

    async def catalog(self) -> Catalog:
        """The tenant's catalogue as the engine sees it."""
        async with self.office.database.transaction(self.office.made.tenant.tenant_id) as tx:
            return (await read_catalog(tx)).engine

    async def rows(self, **query: str | int) -> list[dict[str, Any]]:
        """One page of the history."""
        answer = await self.office.admin.get(PATH, params=query)
        assert answer.status_code == 200, answer.text
        value: list[dict[str, Any]] = answer.json()["value"]
        return value

    async def execute(self, statement: str, *values: object) -> None:
        """Change the tenant's rows behind the product's back."""
        async with self.office.database.transaction(self.office.made.tenant.tenant_id) as tx:
            await tx.connection.execute(statement.encode(), values)


@pytest.fixture
async def archive(office: Office) -> Archive:
    ids = {"ada": uuid4(), "bob": uuid4(), "sales": uuid4()}
    made = Archive(office, ids)
    tenant = office.made.tenant.tenant_id
    for number, name in ((ADA, "ada"), (BOB, "bob")):
        await made.execute(
            "insert into app_user (tenant_id, user_no, id, upn, upn_key, display_name,"
            " display_name_key, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            tenant,
            number,
            ids[name],
            f"{name.title()}@contoso.example",
            f"{name}@contoso.example",
            name.title(),
            name,
            office.clock.now(),
        )
    await made.execute(
        "insert into app_group (tenant_id, group_no, id, display_name, display_name_key,"
        " created_at) values (%s, %s, %s, 'Sales', 'sales', %s)",
        tenant,
        SALES,
        ids["sales"],
        office.clock.now(),
    )
    return made


def line(action: HistoryAction, **fields: Any) -> HistoryLine:
    """A row about Ada and the first product, unless the fields say otherwise."""
    return HistoryLine(action=action, **{"user": ADA, "sku": SkuNo(1), **fields})


async def test_a_row_says_what_for_whom_by_whom_when_why_and_how(archive: Archive) -> None:
    plans = (await archive.catalog()).skus[SkuNo(1)].service_plans
    lowest = plans & -plans
    number = await archive.append(
        line(
            HistoryAction.ASSIGNED,
            reason="assigned",
            strategy=Strategy.MANUAL,
            source=DIRECT,
            after=plans & ~lowest,
        )
    )
    [row] = await archive.rows()
    assert row["action"] == "assigned"
    assert row["at"] == "2026-11-21T09:01:00Z"
    assert row["user"] == {
        "id": str(archive.ids["ada"]),
        "userPrincipalName": "Ada@contoso.example",
        "displayName": "Ada",
    }
    assert row["principal"]["name"] == "local administrator"
    assert row["principal"]["kind"] == "token"
    assert (row["strategy"], row["reason"]) == ("manual", "assigned")
    assert row["source"] == {"kind": "direct", "group": None}
    assert row["before"] is None
    assert len(row["after"]["disabledServicePlans"]) == 1
    assert len(row["after"]["enabledServicePlans"]) == plans.bit_count() - 1
    assert row["sku"]["skuPartNumber"]
    assert row["correlationId"] == str(number)


async def test_pages_hold_every_row_once_newest_first(archive: Archive) -> None:
    for _ in range(3):
        await archive.append(*[line(HistoryAction.UPDATED) for _ in range(5)])
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (
            await archive.office.admin.get(
                PATH, params={"limit": 4, **({"cursor": cursor} if cursor else {})}
            )
        ).json()
        seen += [int(row["id"]) for row in page["value"]]
        cursor = page["nextCursor"]
    assert len(seen) == 15
    assert seen == sorted(set(seen), reverse=True)


async def filled(archive: Archive) -> UUID:
    """One row of each kind that the filters below tell apart."""
    group = Source(kind=SourceKind.GROUP, no=SALES)
    await archive.append(line(HistoryAction.ASSIGNED, strategy=Strategy.MANUAL, source=DIRECT))
    await archive.append(
        line(
            HistoryAction.GRANTED,
            user=BOB,
            sku=SkuNo(2),
            strategy=Strategy.GROUP,
            reason="groupJoined",
            source=group,
        )
    )
    await archive.append(
        HistoryLine(action=HistoryAction.GROUP_LICENSE_ASSIGNED, group=SALES, sku=SkuNo(2))
    )
    return await archive.append(HistoryLine(action=HistoryAction.USER_UPDATED, user=BOB))


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ({}, ["groupLicenseAssigned", "granted", "assigned"]),
        ({"kind": "license"}, ["groupLicenseAssigned", "granted", "assigned"]),
        (
            {"kind": "all"},
            ["userUpdated", "groupLicenseAssigned", "granted", "assigned", "principalCreated"],
        ),
        ({"user": "ADA@contoso.example"}, ["assigned"]),
        ({"user": "bob@contoso.example", "kind": "all"}, ["userUpdated", "granted"]),
        ({"group": "Sales"}, ["groupLicenseAssigned", "granted"]),
        ({"group": "sales", "user": "bob@contoso.example"}, ["granted"]),
        ({"group": "sales", "action": "granted"}, ["granted"]),
        ({"action": "ASSIGNED,userUpdated"}, ["userUpdated", "assigned"]),
        ({"strategy": "group"}, ["granted"]),
        ({"strategy": "bulk"}, []),
        ({"reason": "groupJoined"}, ["granted"]),
        (
            {"principal": "Local Administrator"},
            ["groupLicenseAssigned", "granted", "assigned"],
        ),
        ({"principal": "seatwright", "kind": "all"}, ["principalCreated"]),
        ({"principal": "seatwright", "user": "bob@contoso.example"}, []),
        ({"since": "2026-11-21T09:02:00Z"}, ["groupLicenseAssigned", "granted"]),
        ({"since": "2026-11-21T10:02:00+01:00"}, ["groupLicenseAssigned", "granted"]),
        ({"until": "2026-11-21T09:02:00Z"}, ["assigned"]),
        ({"since": "2026-11-21", "until": "2026-11-21", "action": "granted"}, ["granted"]),
        ({"since": "2026-11-22"}, []),
        ({"until": "2026-11-20"}, []),
    ],
)
async def test_a_filter_shows_what_meets_it_and_nothing_else(
    archive: Archive, query: dict[str, str], actions: Sequence[str]
) -> None:
    await filled(archive)
    assert [row["action"] for row in await archive.rows(**query)] == list(actions)


async def test_a_product_is_named_in_any_of_its_ways(archive: Archive) -> None:
    await filled(archive)
    sku = (await archive.rows(action="assigned"))[0]["sku"]
    for text in (sku["skuId"].upper(), sku["skuPartNumber"].lower()):
        assert [row["action"] for row in await archive.rows(sku=text)] == ["assigned"]


async def test_the_rows_of_one_call_are_found_by_its_correlation_id(archive: Archive) -> None:
    number = await filled(archive)
    rows = await archive.rows(correlationId=str(number), kind="all")
    assert [row["action"] for row in rows] == ["userUpdated"]
    assert await archive.rows(correlationId=str(number)) == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"user": "nobody@contoso.example"}, 404, "unknownUser"),
        ({"user": str(uuid4())}, 404, "unknownUser"),
        ({"user": "a\0b"}, 404, "unknownUser"),
        ({"reason": "a\0b"}, 400, "invalidValue"),
        ({"group": "Nothing"}, 404, "unknownGroup"),
        ({"sku": "Nothing"}, 404, "unknownSku"),
        ({"principal": "Nobody"}, 404, "unknownPrincipal"),
        ({"job": str(uuid4())}, 404, "unknownJob"),
        ({"job": "x"}, 400, "invalidValue"),
        ({"correlationId": "x"}, 400, "invalidValue"),
        ({"action": "danced"}, 400, "invalidValue"),
        ({"action": ""}, 400, "invalidValue"),
        ({"strategy": "luck"}, 400, "invalidValue"),
        ({"kind": "some"}, 400, "invalidValue"),
        ({"since": "yesterday"}, 400, "invalidValue"),
        ({"until": "9999-12-31"}, 400, "invalidValue"),
        ({"format": "xml"}, 400, "invalidValue"),
        ({"cursor": "x"}, 400, "invalidValue"),
        ({"limit": "0"}, 400, "invalidValue"),
    ],
)
async def test_a_question_that_cannot_be_understood_is_refused_with_what_to_do(
    office: Office, query: dict[str, str], status: int, code: str
) -> None:
    answer = await office.admin.get(PATH, params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert len(answer.json()["detail"]) > 20


async def test_a_deleted_person_is_still_found_and_named(archive: Archive) -> None:
    await archive.append(line(HistoryAction.REMOVED))
    await archive.execute("update app_user set deleted_at = now() where user_no = %s", ADA)
    [row] = await archive.rows(user="ada@contoso.example")
    assert row["user"]["displayName"] == "Ada"
    assert len(await archive.rows(user=str(archive.ids["ada"]))) == 1


async def test_an_erased_person_keeps_the_id_and_loses_the_names(archive: Archive) -> None:
    await archive.append(line(HistoryAction.REMOVED))
    await archive.execute("delete from app_user where user_no = %s", ADA)
    tenant = archive.office.made.tenant.tenant_id
    await archive.execute(
        "insert into history_name (tenant_id, noun, subject_no, id, erased_at)"
        " values (%s, 'user', %s, %s, now())",
        tenant,
        ADA,
        archive.ids["ada"],
    )
    [row] = await archive.rows(user=str(archive.ids["ada"]))
    assert row["user"] == {
        "id": str(archive.ids["ada"]),
        "userPrincipalName": None,
        "displayName": None,
    }


def read_csv(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.mark.parametrize("how", ["format", "accept"])
async def test_csv_holds_every_row_and_no_formula(archive: Archive, how: str) -> None:
    await archive.execute("update app_user set display_name = '=1+1' where user_no = %s", ADA)
    for _ in range(3):
        await archive.append(*[line(HistoryAction.UPDATED) for _ in range(1500)])
    answer = (
        await archive.office.admin.get(PATH, params={"format": "csv", "limit": 1})
        if how == "format"
        else await archive.office.admin.get(PATH, headers={"accept": "text/csv"})
    )
    rows = read_csv(answer)
    assert len({row["id"] for row in rows}) == 4500
    assert rows[0]["displayName"] == "'=1+1"
    assert rows[0]["at"] > rows[-1]["at"]


async def test_an_empty_history_is_a_csv_with_a_header(office: Office) -> None:
    answer = await office.admin.get(PATH, params={"format": "csv"})
    assert read_csv(answer) == []
    assert answer.text.startswith("id,at,action,")


async def test_readers_of_reports_may_and_people_may_not(office: Office) -> None:
    assert (await (await office.as_role(Role.REPORTS_READER)).get(PATH)).status_code == 200
    assert (await (await office.as_role(Role.PERSON)).get(PATH)).status_code == 403


@pytest.mark.parametrize("query", [{"reason": "expired"}, {"strategy": "bulk", "kind": "all"}])
async def test_a_rare_reason_is_found_page_by_page_and_a_page_reads_only_so_much(
    archive: Archive, query: dict[str, str]
) -> None:
    rare = {"reason": "expired", "strategy": Strategy.BULK}
    await archive.append(line(HistoryAction.REVOKED, **rare))
    for _ in range(3):
        await archive.append(*[line(HistoryAction.UPDATED) for _ in range(WALK_ROWS_MAX // 2)])
    await archive.append(line(HistoryAction.REVOKED, **rare))
    pages: list[list[str]] = []
    cursor: str | None = ""
    while cursor is not None:
        place = {"cursor": cursor} if cursor else {}
        answer = await archive.office.admin.get(PATH, params={**query, **place})
        pages.append([row["action"] for row in answer.json()["value"]])
        cursor = answer.json()["nextCursor"]
    assert pages == [["revoked"], ["revoked"]]
    exported = await archive.office.admin.get(PATH, params={**query, "format": "csv"})
    assert len(read_csv(exported)) == 2


async def test_a_reason_that_no_row_has_ends(archive: Archive) -> None:
    await archive.append(*[line(HistoryAction.UPDATED) for _ in range(WALK_ROWS_MAX)])
    first = (await archive.office.admin.get(PATH, params={"reason": "nothing"})).json()
    assert first["value"] == []
    params = {"reason": "nothing", "cursor": first["nextCursor"]}
    assert (await archive.office.admin.get(PATH, params=params)).json() == {
        "value": [],
        "nextCursor": None,
    }
