"""Microsoft's table is read whole, with all that is wrong in it (`entra-graph.md` §5.2)."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest

from seatwright.domain.catalog import AppliesTo, Sku, SkuId, additions_of
from seatwright.domain.errors import Reason, Refusal
from seatwright.shipped.microsoft_csv import MicrosoftTable, WarningKind, read_microsoft_csv
from seatwright.shipped.reader import load_catalog

HEADER = (
    "Product_Display_Name",
    "String_Id",
    "GUID",
    "Service_Plan_Name",
    "Service_Plan_Id",
    "Service_Plans_Included_Friendly_Names",
)
SKU_ONE, SKU_TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
PLAN_ONE, PLAN_TWO, PLAN_THREE = (f"{n}{'a' * 7}-aaaa-4aaa-8aaa-aaaaaaaaaaaa" for n in "123")


def row(
    sku: str = SKU_ONE,
    plan: str = PLAN_ONE,
    *,
    part_number: str = "WIDGET",
    product: str = "Widget",
    plan_name: str = "WIDGET_S",
    label: str = "Widget service",
) -> tuple[str, ...]:
    """One row of the table."""
    return (product, part_number, sku, plan_name, plan, label)


def table_of(
    *rows: Sequence[str], header: Sequence[str] = HEADER, encoding: str = "utf-8-sig"
) -> bytes:
    """The file that holds these rows."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, *rows])
    return out.getvalue().encode(encoding)


def read(*rows: Sequence[str]) -> MicrosoftTable:
    """Read a table of these rows."""
    return read_microsoft_csv(table_of(*rows))


def kinds(table: MicrosoftTable) -> Counter[WarningKind]:
    """How often each thing was settled."""
    return Counter(warning.kind for warning in table.warnings)


def plan_names(table: MicrosoftTable) -> dict[str, str]:
    """Service plan names by id."""
    return {str(plan.service_plan_id): plan.name for plan in table.content.service_plans}


def test_a_clean_table_is_read_without_a_warning() -> None:
    table = read(row(), row(plan=PLAN_TWO, plan_name="WIDGET_P", label="Widget plus"))
    (sku,) = table.content.skus
    assert (sku.part_number, sku.display_name, len(sku.service_plan_ids)) == ("WIDGET", "Widget", 2)
    assert (table.rows, table.warnings) == (2, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_spreadsheets_write_are_read_alike(encoding: str) -> None:
    table = read_microsoft_csv(table_of(row(product="Wídget"), encoding=encoding))
    assert table.content.skus[0].display_name == "Wídget"
    assert table.warnings == ()


def test_an_old_encoding_is_read_and_said() -> None:
    table = read_microsoft_csv(table_of(row(product="Wídget"), encoding="cp1252"))
    assert table.content.skus[0].display_name == "Wídget"
    assert kinds(table) == {WarningKind.ENCODING: 1}


def test_columns_may_stand_in_any_order_and_case() -> None:
    header = [name.upper().replace("_", " ") + " " for name in reversed(HEADER)]
    table = read_microsoft_csv(table_of(tuple(reversed(row())), header=header))
    assert table.content.skus[0].part_number == "WIDGET"


def test_one_part_number_of_two_ids_stays_two_products() -> None:
    table = read(row(), row(SKU_TWO, part_number="widget"))
    assert {str(sku.sku_id) for sku in table.content.skus} == {SKU_ONE, SKU_TWO}
    assert kinds(table) == {WarningKind.PART_NUMBER_SHARED: 1}


def test_repeated_rows_count_once() -> None:
    table = read(row(), row())
    assert len(table.content.skus[0].service_plan_ids) == 1
    assert kinds(table) == {WarningKind.REPEATED_ROW: 1}
    assert table.warnings[0].row == 3


def test_blanks_of_every_kind_are_taken_out_also_around_ids() -> None:
    table = read(
        row(f"{SKU_ONE}\u00a0", part_number="WIDGET\u00a0", product=" Widget\u00a0One "),
        row(plan=PLAN_TWO, product="Widget One", plan_name="Rights \tfor \tWidgets"),
    )
    (sku,) = table.content.skus
    assert (sku.part_number, sku.display_name) == ("WIDGET", "Widget One")
    assert plan_names(table)[PLAN_TWO] == "Rights for Widgets"
    assert table.warnings == ()


def test_ids_in_capitals_are_the_same_ids() -> None:
    table = read(row(), row(SKU_ONE.upper(), PLAN_ONE.upper()))
    assert len(table.content.skus) == 1


def test_the_spelling_of_most_rows_names_a_service_plan() -> None:
    table = read(
        row(plan_name="WIDGET_S)"),
        row(SKU_TWO, part_number="OTHER"),
        row("3" + SKU_TWO[1:], part_number="THIRD"),
    )
    assert plan_names(table) == {PLAN_ONE: "WIDGET_S"}
    assert kinds(table) == {WarningKind.SERVICE_PLAN_NAME_VARIES: 1}


def test_a_stray_bracket_is_no_part_of_a_name() -> None:
    assert plan_names(read(row(plan_name="WIDGET_S)"))) == {PLAN_ONE: "WIDGET_S"}
    assert plan_names(read(row(plan_name="Widgets (E3)"))) == {PLAN_ONE: "Widgets (E3)"}


def test_two_names_in_a_cell_are_shared_out_between_their_ids() -> None:
    table = read(
        row(SKU_TWO, PLAN_ONE, part_number="OTHER", plan_name="WIDGET_S"),
        row(plan=PLAN_ONE, plan_name="WIDGET_S\nWIDGET_EXTRA_ADDON"),
        row(plan=PLAN_TWO, plan_name="WIDGET_S\nWIDGET_EXTRA_ADDON"),
    )
    assert plan_names(table) == {PLAN_ONE: "WIDGET_S", PLAN_TWO: "WIDGET_EXTRA_ADDON"}


def test_one_service_plan_name_of_two_ids_stays_two_service_plans() -> None:
    table = read(row(), row(plan=PLAN_TWO))
    assert len(table.content.service_plans) == 2
    assert kinds(table) == {WarningKind.SERVICE_PLAN_NAME_SHARED: 1}


def test_the_label_of_most_rows_is_shown() -> None:
    table = read(
        row(label="widget SERVICE"),
        row(SKU_TWO, part_number="OTHER"),
        row("3" + SKU_TWO[1:], part_number="THIRD"),
    )
    assert table.content.service_plans[0].display_name == "Widget service"
    assert kinds(table) == {WarningKind.SERVICE_PLAN_LABEL_VARIES: 1}


@pytest.mark.parametrize(
    "broken",
    [
        row("not-an-id"),
        row(plan=PLAN_ONE[:-1]),
        row(part_number="\u00a0"),
        ("Widget", "WIDGET"),
    ],
)
def test_a_row_without_part_number_or_ids_is_left_out_and_said(broken: tuple[str, ...]) -> None:
    table = read(broken, row(SKU_TWO))
    assert [str(sku.sku_id) for sku in table.content.skus] == [SKU_TWO]
    assert kinds(table) == {WarningKind.ROW_LEFT_OUT: 1}
    assert table.warnings[0].row == 2


def test_empty_rows_are_nothing() -> None:
    table = read(("", "\u00a0"), row(), ())
    assert (table.rows, table.warnings) == (1, ())


def test_another_file_is_refused_with_the_column_that_is_missing() -> None:
    with pytest.raises(Refusal, match="Product_Display_Name") as refused:
        read_microsoft_csv(b"UserPrincipalName,SkuPartNumber\n")
    assert refused.value.reason is Reason.INVALID_VALUE


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(Refusal):
        read_microsoft_csv(b"")


def test_company_level_facts_come_from_the_shipped_catalogue() -> None:
    table = read(
        row(plan="113feb6c-3fe4-4440-bddc-54d774bf0318", plan_name="EXCHANGE_S_FOUNDATION")
    )
    (plan,) = table.content.service_plans
    assert plan.applies_to is AppliesTo.COMPANY
    assert not plan.counts_as_duplicate


@pytest.mark.parametrize(
    ("part_number", "applies_to"),
    [
        ("POWERAPPS_PER_APP_GCC", AppliesTo.COMPANY),
        ("VIRTUAL_AGENT_USL_GCC", AppliesTo.USER),
        ("CDSAICAPACITY_GOV", AppliesTo.COMPANY),
    ],
)
def test_products_like_the_excluded_ones_are_out_of_scope_too(
    part_number: str, applies_to: AppliesTo
) -> None:
    (sku,) = read(row(part_number=part_number)).content.skus
    assert (sku.in_strategy_scope, sku.applies_to) == (False, applies_to)
    assert sku.scope_note


def test_a_known_id_never_becomes_a_second_product() -> None:
    known = load_catalog()
    e3 = next(sku for sku in known.skus if sku.part_number == "SPE_E3")
    table = read(
        row(str(e3.sku_id), part_number="SPE_E3_RENAMED", product="Renamed"),
        row(str(e3.sku_id), str(e3.service_plan_ids[0]), part_number="SPE_E3_RENAMED"),
    )
    additions = additions_of(table.content, to=known)
    assert additions.skus == ()
    assert [str(plan.service_plan_id) for plan in additions.service_plans] == [PLAN_ONE]
    (growth,) = additions.growths
    assert growth.sku_id == e3.sku_id
    assert [str(plan) for plan in growth.service_plan_ids] == [PLAN_ONE]


def test_reading_the_same_table_again_adds_nothing() -> None:
    table = read(row(), row(SKU_TWO, PLAN_TWO, part_number="OTHER", plan_name="OTHER_S"))
    again = additions_of(table.content, to=table.content)
    assert (again.skus, again.service_plans, again.growths) == ((), (), ())


def _sku(table: MicrosoftTable, part_number: str) -> Sku:
    return next(sku for sku in table.content.skus if sku.part_number == part_number)


def test_microsofts_table_is_read_whole(microsoft_csv: bytes) -> None:
    table = read_microsoft_csv(microsoft_csv)
    assert (len(table.content.skus), len(table.content.service_plans)) == (569, 723)
    assert table.rows == 5_457
    assert kinds(table) == {
        WarningKind.PART_NUMBER_SHARED: 1,
        WarningKind.REPEATED_ROW: 9,
        WarningKind.SERVICE_PLAN_NAME_VARIES: 7,
        WarningKind.SERVICE_PLAN_NAME_SHARED: 1,
        WarningKind.SERVICE_PLAN_LABEL_VARIES: 140,
    }
    assert len(_sku(table, "SPE_E5").service_plan_ids) == 86


def test_hazards_of_microsofts_table_are_settled(microsoft_csv: bytes) -> None:
    table = read_microsoft_csv(microsoft_csv)
    names = plan_names(table)
    assert names["113feb6c-3fe4-4440-bddc-54d774bf0318"] == "EXCHANGE_S_FOUNDATION"
    assert names["a64b30ba-f310-4065-b444-2670ef146db0"] == "PBI_PREMIUM_EM1_ADDON"
    assert names["bea4c11e-220a-4e6d-8eb8-8ea15d019f90"] == "RMS_S_ENTERPRISE"
    assert len([sku for sku in table.content.skus if sku.part_number == "MCOPSTN5"]) == 2
    for sku in table.content.skus:
        assert sku.part_number == " ".join(sku.part_number.split())
        assert "\u00a0" not in sku.display_name


def test_microsofts_table_adds_only_what_does_not_ship(microsoft_csv: bytes) -> None:
    known = load_catalog()
    additions = additions_of(read_microsoft_csv(microsoft_csv).content, to=known)
    shipped = {sku.sku_id for sku in known.skus}
    assert len(additions.skus) == 569 - (len(shipped) - 1)
    assert shipped.isdisjoint(sku.sku_id for sku in additions.skus)
    assert additions.growths == ()
    assert SkuId(UUID("06ebc4ee-1bb5-47dd-8120-11324bc54e06")) in shipped
