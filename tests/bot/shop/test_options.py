"""Values of options: the same amount written in several ways, and the order that people expect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.shop import options


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("the 500 ml one", "500ml"),
        ("500毫升的", "500ml"),
        ("０.５ L", "500ml"),
        ("1公斤", "1000g"),
        ("两斤 2斤", "1000g"),
        ("1.2 m", "1200mm"),
        ("1 TB", "1024gb"),
    ],
)
def test_the_same_amount_is_written_the_same_way(words: str, amount: str) -> None:
    assert amount in options.folded(words).split()


@pytest.mark.parametrize("words", ["500 mlx", "5 years", "size 42", "v1.5.2 l"])
def test_what_has_no_unit_stays(words: str) -> None:
    assert options.folded(words) == words


@pytest.mark.parametrize(
    ("values", "ordered"),
    [
        (["XL", "S", "3XL", "M", "XXS", "L", "XXL"], ["XXS", "S", "M", "L", "XL", "XXL", "3XL"]),
        (
            ["M（6–11公斤）", "NB（0–5公斤）", "L（9–14公斤）"],
            ["NB（0–5公斤）", "M（6–11公斤）", "L（9–14公斤）"],
        ),
        (["大号", "小号", "中号"], ["小号", "中号", "大号"]),
        (["1 L", "250 ml", "500 ml"], ["250 ml", "500 ml", "1 L"]),
        (["1公斤", "500克"], ["500克", "1公斤"]),
        (["42", "41.5", "9"], ["9", "41.5", "42"]),
        (["red", "blue", "red"], ["red", "blue"]),
        (["2 L", "large"], ["2 L", "large"]),
        ([], []),
    ],
)
def test_values_are_in_the_order_that_people_expect(values: list[str], ordered: list[str]) -> None:
    assert options.in_order(values) == ordered


@pytest.mark.parametrize(
    ("name", "parts", "title"),
    [
        ("Rain Jacket, Colour Red, Size M", ["Colour", "Red", "Size", "M"], "Rain Jacket"),
        ("电热水壶 白色", ["颜色", "白色"], "电热水壶"),
        ("250克龙井", ["250克"], "龙井"),
        ("Item", ["m"], "Item"),
        ("Red", ["Red"], "Red"),
        ("Red", ["red", ""], "Red"),
    ],
)
def test_a_name_is_told_without_the_values_in_it(name: str, parts: list[str], title: str) -> None:
    assert options.without(name, parts) == title


@given(st.lists(st.text(max_size=12), max_size=6), st.text(max_size=20))
def test_no_words_are_too_odd(values: list[str], name: str) -> None:
    assert sorted(options.in_order(values)) == sorted(set(values))
    assert options.without(name, values) or not name
