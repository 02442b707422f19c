"""Reasons and refusals."""

from seatwright.domain.errors import ChangeReason, Reason, Refusal


def test_a_refusal_says_its_code_and_its_sentences() -> None:
    refusal = Refusal(Reason.NO_SEAT_LEFT, "No seat is left.", context={"sku": 3})
    assert str(refusal) == "noSeatLeft: No seat is left."
    assert refusal.detail == "No seat is left."
    assert refusal.context == {"sku": 3}
    assert Refusal(Reason.NO_CHANGE, "Nothing.").context == {}


def test_no_code_stands_for_both_a_refusal_and_a_change() -> None:
    assert not {str(r) for r in Reason} & {str(r) for r in ChangeReason}


def test_codes_are_written_in_camel_case() -> None:
    for code in [*Reason, *ChangeReason]:
        assert str(code).isalpha() and str(code)[0].islower()
