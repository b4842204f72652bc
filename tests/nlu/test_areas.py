"""Places that texts name, and what is part of what."""

from __future__ import annotations

import pytest

from nlu import areas


def _areas(text: str) -> set[str]:
    return {area for one in areas.named(text) for area in one.areas}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("can it go to Aberdeen?", "Aberdeen"),
        ("WHAT ABOUT NORTHERN IRELAND", "NORTHERN IRELAND"),
        ("a shop in Zurich", "Zurich"),
        ("能寄到北爱尔兰吗", "北爱尔兰"),
        ("发挪威要多久", "挪威"),
        ("广州收", "广州"),
    ],
)
def test_a_place_is_found_by_its_longest_name(text: str, named: str) -> None:
    (found,) = areas.named(text)
    assert text[found.start : found.end] == named


@pytest.mark.parametrize(
    "text", ["is it on sale?", "a nice wedding present", "reading lamp", "要加一个", "下单", "", "🚚"]
)
def test_words_that_are_towns_too_name_none(text: str) -> None:
    assert areas.named(text) == ()


@pytest.mark.parametrize(
    ("place", "text", "near"),
    [
        ("Glasgow", "within Scotland two days", 1),
        ("Glasgow", "the UK costs 5", 3),
        ("Glasgow", "Northern Ireland costs 9", None),
        ("Glasgow", "we pack it in paper", None),
        ("格拉斯哥", "苏格兰 5 天", 1),
        ("Munich", "to the EU by road", 2),
        ("UK", "not to Great Britain", 1),
        ("Vienna", "Vienna: next day", 0),
    ],
)
def test_a_text_is_the_nearer_to_a_place_the_smaller_the_area_that_it_names(
    place: str, text: str, near: int | None
) -> None:
    assert areas.nearness(text, frozenset(_areas(place))) == near


def test_regions_of_china_are_known_by_their_cities() -> None:
    assert areas.nearness("新疆另加 10 元", frozenset(_areas("喀什"))) == 0
    assert areas.nearness("中国大陆包邮", frozenset(_areas("喀什"))) == 1


def test_every_area_is_part_of_one_that_the_table_has() -> None:
    table = areas._table()
    assert not {larger for within in table.within.values() for larger in within} - table.within.keys()


@pytest.mark.parametrize(
    ("text", "near"),
    [("国外可送 20 个国家", True), ("Abroad it takes two weeks.", True), ("只送台湾", False)],
)
def test_a_country_is_reached_by_what_is_said_of_all_others(text: str, near: bool) -> None:
    germany = areas.named("寄德国")[0].areas
    assert (areas.nearness(text, germany) is not None) is near
