"""What sending goods costs, by what pages say of it."""

import pytest

from bot.conversation.skills.goods import postage
from nlu.products import places


@pytest.mark.parametrize(
    ("said", "fee", "free"),
    [
        ("Inland £3.20, 2 working days, free from £40.", 320, 4000),
        ("Delivery is €7 and free over €90 of goods.", 700, 9000),
        ("省内 ¥8，满 ¥99 包邮，2–3 天。", 800, 9900),
        ("The islands cost $12.", 1200, None),
    ],
)
def test_a_fee_and_the_sum_from_which_there_is_none(said: str, fee: int, free: int | None) -> None:
    (rule,) = postage.rules(said, "EUR")
    assert (rule.fee, rule.free) == (fee, free)


def test_a_sentence_without_a_sum_tells_no_fee() -> None:
    assert not list(postage.rules("We send on weekdays.", "EUR"))


def test_a_longer_name_of_a_place_is_not_the_shorter_one_in_it() -> None:
    assert places.speaks_of("Northern Ireland £9", "northern-ireland")
    assert not places.speaks_of("Northern Ireland £9", "ireland")
    assert places.speaks_of("Ireland and Northern Ireland", "ireland")


def test_what_holds_for_all_of_them_holds_for_those_before_it() -> None:
    told = postage.told(
        ["浙江 ¥5，1–2 天；", "其他省份 ¥10，2–4 天，这些地方满 ¥199 包邮。", "西藏 ¥22，满 ¥599 包邮。"],
        "CNY",
    )
    assert [(one.fee, one.free) for one in told] == [(500, 19900), (1000, 19900), (2200, 59900)]
    apart = postage.told(
        ["Zhejiang ¥5, 1–2 days;", "other provinces ¥10;", "free from ¥199 for all these."], "CNY"
    )
    assert [(one.fee, one.free) for one in apart] == [(500, 19900), (1000, 19900)]


def test_other_provinces_are_in_the_country() -> None:
    assert places.region("Chengdu") in places.PROVINCES
    assert places.region("香港") not in places.PROVINCES
