"""Which version is wanted of each thing that is to be changed: values belong to the thing, and the option, named."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from bot.conversation.skills import line_words, sizes_said, variants
from bot.conversation.turn import Turn
from storage.catalogue import Product, Variant
from storage.orders import OrderLine

GLASSES = OrderLine(product_id="glasses", quantity=1, unit_price=100, name_en="Sunglasses", name_zh="墨镜")
CASES = OrderLine(product_id="cases", quantity=1, unit_price=100, name_en="Luggage Set", name_zh="行李箱套装")


def _variant(**options: str) -> Variant:
    faces = {key: {"en": [key.replace("_", " "), value]} for key, value in options.items()}
    return Variant(id="-".join(options.values()), group_id="glasses", options=faces, stock=3)


FRAMES = tuple(
    _variant(frame_color=frame, lens_color=lens)
    for frame, lens in (("black", "green"), ("brown", "black"), ("silver", "blue"))
)


def _group(base: Variant) -> variants.Group:
    product = SimpleNamespace(options=base.options, group_id="glasses", id=base.id, name_en="Sunglasses")
    return variants.Group(cast(Product, product), FRAMES)


def _turn(text: str) -> Turn:
    return cast(Turn, SimpleNamespace(text=text, understanding=None, language="en"))


@pytest.mark.parametrize(
    ("text", "of_glasses", "of_cases"),
    [
        ("frame color black for the Sunglasses and 4-piece for the Luggage Set", "black", "4-piece"),
        ("Luggage Set: 4-piece, Sunglasses: black", "black", "4-piece"),
    ],
)
def test_of_several_things_each_has_what_is_said_of_it(text: str, of_glasses: str, of_cases: str) -> None:
    said = line_words.of_each(text, [GLASSES, CASES])
    assert of_glasses in said["glasses"]
    assert of_cases not in said["glasses"]
    assert of_cases in said["cases"]
    assert of_glasses not in said["cases"]


def test_one_thing_has_all_that_is_said() -> None:
    assert line_words.of_each("black, and 4-piece", [CASES]) == {"cases": "black, and 4-piece"}


@pytest.mark.parametrize(
    ("text", "variant"),
    [
        ("frame color black", "black-green"),
        ("lens color black", "brown-black"),
        ("the silver ones", "silver-blue"),
    ],
)
def test_a_value_of_two_options_is_of_the_one_that_is_called_by_its_name(text: str, variant: str) -> None:
    choice = variants.choose(_turn(text), _group(FRAMES[2]))
    assert choice is not None
    assert choice.variant == variant


def test_a_value_of_two_options_that_none_is_called_for_is_had_by_what_has_it_in_one() -> None:
    choice = variants.choose(_turn("in black"), _group(FRAMES[2]))
    assert choice is not None
    assert not choice.wished


def test_the_large_one_is_no_material() -> None:
    assert sizes_said.extreme("black and large", {("leather",), ("nylon",), ("polyester",)}) is None
    assert sizes_said.extreme("the large one", {("250 ml",), ("500 ml",), ("1000 ml",)}) == ("1000 ml",)
