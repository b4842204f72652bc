"""What the value of an attribute settles, and what it doesn't."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.conversation.skills import qualities
from bot.conversation.skills.goods import values
from bot.conversation.skills.goods.values import Amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2 litres", Amount(Decimal(2000), Decimal(2000), "ml")),
        ("0.5升", Amount(Decimal(500), Decimal(500), "ml")),
        ("−10 °C", Amount(Decimal(-10), Decimal(-10), "°c")),
        ("100–240 V", Amount(Decimal(100), Decimal(240), "v")),
        ("14 days", Amount(Decimal(336), Decimal(336), "h")),
        ("2年", Amount(Decimal(24), Decimal(24), "month")),
        ("16-inch laptop", Amount(Decimal(16), Decimal(16), "inch")),
        ("EU 36–41", Amount(Decimal(36), Decimal(41), "")),
    ],
)
def test_numbers_are_read_with_their_units(text: str, amount: Amount) -> None:
    assert amount in list(values.amounts(text))


@pytest.mark.parametrize(
    ("question", "value", "holds", "verdict"),
    [
        ("hold 2 litres", "500 ml", True, False),
        ("hold 0.4 litres", "500 ml", True, True),
        ("is it 600 ml", "500 ml", False, False),
        ("less than 1 kg", "320 g", False, True),
        ("more than 1 kg", "320 g", False, False),
        ("for 100 kg", "up to 120 kg", True, True),
        ("for 130 kg", "up to 120 kg", True, False),
        ("220 V", "100–240 V", False, True),
        ("43码", "36–41", False, False),
        ("size XXL", "S–XXL", False, True),
        ("size 3XL", "s–xxl", False, False),
        ("2 litres", "12 h", True, None),
        ("bluetooth 5", "5.3", False, None),
    ],
)
def test_a_number_settles_what_is_asked_in_its_unit(
    question: str, value: str, holds: bool, verdict: bool | None
) -> None:
    assert values.settles(question, (value,), holds=holds) is verdict


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("does the 36 v pack go on the 40 v mower", "40 V"),
        ("is it for 36 v", "40 V packs, not 36 V ones"),
        ("36伏的能用吗", "适配 40 V，不适配 36 V"),
    ],
)
def test_one_number_of_two_or_beside_what_is_denied_settles_nothing(question: str, value: str) -> None:
    assert values.settles(question, (value,), holds=False) is None


def test_another_attributes_number_settles_nothing() -> None:
    assert values.settles("hold 100 kg", ("1.1 kg",), holds=True, asked=False) is None


@pytest.mark.parametrize(
    ("question", "content", "value", "stated"),
    [
        ("does it open with a fingerprint", ["open", "fingerprint"], "fingerprint, code, key", True),
        ("is it cotton", ["cotton"], "cotton", True),
        ("能机洗吗", [], "可机洗", True),
        ("can I machine wash it", ["machine", "wash"], "hand wash", False),
        ("is it 100% wool", ["wool"], "wool", False),
        ("is it real leather", ["real", "leather"], "full-grain leather", False),
    ],
)
def test_a_value_states_only_what_is_asked_whole(
    question: str, content: list[str], value: str, stated: bool
) -> None:
    assert values.states(question, content, (value,)) is stated


@pytest.mark.parametrize(
    "value", ["not dishwasher safe", "leather-look", "不可机洗", "phones with magnetic charging"]
)
def test_what_denies_or_limits_is_no_yes(value: str) -> None:
    assert values.is_limited(value)


@pytest.mark.parametrize(
    ("value", "kept_out"),
    [("IP67", "under"), ("IPX8", "deep"), ("IPX4", "splashes"), ("IP65", "jets"), ("50 m", "")],
)
def test_classes_of_water_resistance(value: str, kept_out: str) -> None:
    assert values.water_class(value) == kept_out


@pytest.mark.parametrize(
    ("text", "name", "more"),
    [
        ("which is lighter", "weight", False),
        ("哪个更便宜", "price", False),
        ("which is the brightest", "brightness", True),
        ("哪个安静", "noise", False),
        ("which is warmer", "comfort", False),
    ],
)
def test_comparatives_say_what_and_which_way(text: str, name: str, more: bool) -> None:
    found = {(one.quality.name, one.more) for one in qualities.compared(text)}
    assert (name, more) in found


@pytest.mark.parametrize(
    ("text", "open_"), [("how heavy is it", True), ("what about it, is it heavy", False)]
)
def test_questions_that_yes_or_no_does_not_answer(text: str, open_: bool) -> None:
    assert qualities.is_open(text) is open_


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("which of them is warmer", True),
        ("could it go in the wash", True),
        ("能进洗碗机不", True),
        ("多重", True),
        ("socks that don't smell", False),
        ("porcelain", False),
        ("能放行李箱的", False),
    ],
)
def test_a_question_is_told_from_a_statement_by_its_form(text: str, asks: bool) -> None:
    assert qualities.in_question(text) is asks


@pytest.mark.parametrize(
    ("question", "content", "value", "denied"),
    [
        ("and rubber boots?", ["rubber"], "fabric, softshell, suede; not for rubber", True),
        ("would it do for suede?", ["suede"], "fabric, softshell, suede; not for rubber", False),
        ("能机洗吗", ["机洗"], "不可机洗，刷洗", True),
        ("is it not for rubber?", ["rubber"], "fabric; not for rubber", False),
    ],
)
def test_what_a_part_of_a_value_denies_is_denied(
    question: str, content: list[str], value: str, denied: bool
) -> None:
    assert values.denies(question, content, [value]) is denied
