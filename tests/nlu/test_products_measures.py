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
        ("胸围110", "L，胸围 96–102 厘米", measures.OUTSIDE),
        ("一米二七", "124–133 厘米", measures.MET),
        ("127 cm", "134–143 cm", measures.OUTSIDE),
        ("for 5 people", "serves 4–6 people", measures.MET),
        ("a metre and a half wide", "1,500 mm", measures.LARGER),
    ],
)
def test_how_goods_stand_to_a_quantity(text: str, value: str, how: int) -> None:
    (one,) = measures.asked(text)[:1]
    assert measures.stands(one, (("Facts", value),))[0] == how


def test_nobody_is_shown_what_is_stated_for_others_of_another_height() -> None:
    sizes = {"120": (("Fits height", "114–123 cm"),), "130": (("Fits height", "124–133 cm"),), "none": ()}
    assert measures.nearest("127 cm", {one: facts for one, facts in sizes.items() if one != "120"}) == {"130"}
    assert measures.breaks("he is 127 cm tall", sizes["120"])
    assert not measures.breaks("about 125 tall", sizes["130"])
    assert not measures.breaks("身高一米二七", sizes["none"])


def test_shoes_are_longer_inside_than_the_foot() -> None:
    def inside(length: str) -> tuple[tuple[str, str], ...]:
        return (("Inner length", length),)

    assert measures.breaks("her foot's 17.1 cm", inside("17.3 cm"))
    assert not measures.breaks("her foot's 17.1 cm", inside("18.6 cm"))
    assert not measures.breaks("脚长17厘米", (("Colour", "red"),))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the sandals in 27, for Saturday", {"27", "cap", "s", "m"}),
        ("凉鞋27码周末就要", {"27", "cap", "s", "m"}),
        ("he's a 29", {"29", "cap", "s", "m"}),
        ("小号", {"s", "cap", "27", "29"}),
        ("for 27 people", {"27", "29", "cap", "s", "m"}),
        ("27 euros", {"27", "29", "cap", "s", "m"}),
        ("in 99", {"27", "29", "cap", "s", "m"}),
    ],
)
def test_a_size_without_a_unit_is_one_that_goods_are_stated_in(text: str, kept: set[str]) -> None:
    stated = {"27": ("Size", "EU 27"), "29": ("尺码", "29 码"), "s": ("Size", "S (7)"), "m": ("Size", "M")}
    goods = {"cap": (), **{one: (fact,) for one, fact in stated.items()}}
    assert measures.nearest(text, goods) == kept
