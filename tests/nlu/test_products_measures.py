"""Quantities that a message asks for, and how goods stand to them by what is stated."""

from __future__ import annotations

import pytest

from nlu.products import measures
from nlu.products.needs import read


def test_measures_are_of_what_is_stated_and_no_price() -> None:
    need = read("a gaiwan under 250 grams, at least 140 ml", ("gaiwan",))
    assert need.high is None
    facts = (("Volume", "150 ml"), ("Weight", "210 g"))
    assert not measures.breaks(need.said, facts)
    assert measures.breaks(need.said, (("Volume", "120 ml"), ("Weight", "210 g")))
    assert measures.breaks("三百毫升往上", (("容量", "60 毫升"),))
    assert measures.breaks("at least 300 ml", ())


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a ladder of 3 metres", {"long"}),
        ("三米的梯子", {"long"}),
        ("a ladder, 2 m", {"short"}),
        ("a ladder of 9 metres", {"short", "long", "unknown"}),
        ("a ladder", {"short", "long", "unknown"}),
    ],
)
def test_what_has_as_much_or_the_least_that_is_more_comes_nearest(text: str, kept: set[str]) -> None:
    goods = {"short": (("Length", "2 m"),), "long": (("Length", "3.5 m"),), "unknown": ()}
    assert measures.nearest(text, goods) == kept


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("12 volts", "in 230 V, out 12 V or 24 V", measures.MET),
        ("12v", "24 V lamps (not 12 V ones)", measures.AGAINST),
        ("chest 97 cm", "L, chest 96–102 cm", measures.MET),
        ("胸围110", "L，胸围96–102", measures.UNSTATED),
        ("胸围110", "L，胸围 96–102 厘米", measures.AGAINST),
        ("for 5 people", "serves 4–6 people", measures.MET),
        ("a metre and a half wide", "1,500 mm", measures.LARGER),
    ],
)
def test_how_goods_stand_to_a_quantity(text: str, value: str, how: int) -> None:
    (one,) = measures.asked(text)[:1]
    assert measures.stands(one, (("Facts", value),))[0] == how
