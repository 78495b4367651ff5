"""What is masked as personal data, and what is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workloads.pipeline.config import MaskConfig
from workloads.pipeline.mask import Masked, mask
from workloads.pipeline.record import Record


def masked(value: object, **config: object) -> tuple[object, Masked]:
    """A value as it comes out of the stage."""
    counts = Masked()
    (record,) = mask(iter([Record("id", "here", {"text": value})]), MaskConfig.model_validate(config), counts)
    return record.fields["text"], counts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to Ada.L+x@mail.example.co.uk, please", "write to [EMAIL], please"),
        ("card 4111-1111-1111-1111.", "card [CARD]."),
        ("pay to DE89 3704 0044 0532 0130 00 now", "pay to [IBAN] now"),
        ("GB82WEST12345698765432", "[IBAN]"),
        ("from 10.1.2.3:80 and 2001:db8::1", "from [IP]:80 and [IP]"),
        ("call +1 (415) 555-2671 or 030 / 123 45 67", "call [PHONE] or [PHONE]"),
        ("415-555-2671", "[PHONE]"),
        ("order 4111 1111 1111 1112, 12:30, 3.14159, v1.2.3.4567", None),
        ("a@b, 2024-05-17, 1,234,567 or 1234567890, :: and DE12 3456", None),
    ],
)
def test_personal_data_are_replaced_by_their_kind(text: str, expected: str | None) -> None:
    assert masked(text)[0] == (expected or text)


def test_only_what_is_asked_for_at_any_depth_and_counted() -> None:
    value = {"a": ["x@example.org", 5, None], "b": "ORD-77 of y@example.org"}
    found, counts = masked(value, kinds=["email"], patterns={"order": r"ORD-\d+"})
    assert found == {"a": ["[EMAIL]", 5, None], "b": "[ORDER] of [EMAIL]"}
    assert counts.report()["masked"] == {
        "records": 1,
        "by_kind": {"email": 2, "order": 1},
        "by_field": {"text": 3},
    }
    assert masked("x@example.org", kinds=[])[0] == "x@example.org"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=15, max_size=15), st.sampled_from(["", " ", "-"]))
def test_any_number_with_a_cards_checksum_is_one(digits: list[int], between: str) -> None:
    weights = [2 if place % 2 == 0 else 1 for place in range(15)]
    summed = sum(sum(divmod(digit * weight, 10)) for digit, weight in zip(digits, weights, strict=True))
    for last in range(10):
        number = "".join(map(str, [*digits, last]))
        shown = between.join(number[at : at + 4] for at in range(0, 16, 4))
        is_card = (summed + last) % 10 == 0
        assert masked(f"no {shown}!", kinds=["card"])[0] == ("no [CARD]!" if is_card else f"no {shown}!")
