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
