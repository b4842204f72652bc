"""Products in a message: codes, whole words, and what only looks like a name."""

from __future__ import annotations

import pytest

from nlu.entities import ProductIndex
from nlu.types import CatalogueEntry


def index(**products: tuple[str, ...]) -> ProductIndex:
    return ProductIndex([CatalogueEntry(product_id=one, names=names) for one, names in products.items()])


def named(shop: ProductIndex, text: str) -> list[tuple[str, str]]:
    """The products found and the text that names each."""
    return [(span.value, text[span.start : span.end]) for span in shop.find(text)]


WORDS = index(
    hat=("Hat",),
    rings=("Rings",),
    dress=("Dress",),
    phones=("Headphones",),
    flask=("Ridge vacuum flask",),
    cover=("Phone cover",),
    mug=("Mug 350",),
)


@pytest.mark.parametrize(
    "text",
    [
        "what is this",
        "that one",
        "i hate it",
        "he hates it",
        "can you bring it",
        "bringing it back",
        "my address is wrong",
        "is my phone covered",
    ],
)
def test_a_name_within_another_word_is_not_said(text: str) -> None:
    assert WORDS.find(text) == []


def test_a_short_message_within_a_name_is_not_the_name() -> None:
    assert index(a=("Headphones",), b=("Earrings",)).find("phone") == []
    assert index(a=("Headphones",), b=("Earrings",)).find("ring") == []


@pytest.mark.parametrize(
    ("text", "product", "said"),
    [
        ("what about the hat", "hat", "hat"),
        ("what hats do you have", "hat", "hats"),
        ("hat多少钱", "hat", "hat"),
        ("bring me a ring", "rings", "ring"),
        ("two dresses please", "dress", "dresses"),
        ("my headfones broke", "phones", "headfones"),
        ("head phones", "phones", "head phones"),
        ("the ridge vacum flask leaks", "flask", "ridge vacum flask"),
        ("ridge vacuum flasks", "flask", "ridge vacuum flasks"),
        ("is the phone cover black", "cover", "phone cover"),
        ("a mug 350ml", "mug", "mug 350ml"),
    ],
)
def test_plurals_and_slips_name_it_still(text: str, product: str, said: str) -> None:
    assert named(WORDS, text) == [(product, said)]


def test_a_name_said_letter_by_letter_is_sure_and_a_plural_less_so() -> None:
    assert [span.score for span in WORDS.find("the hat")] == [1.0]
    assert [span.score for span in WORDS.find("the hats")] == [0.857]


@pytest.mark.parametrize(
    ("text", "product", "said"),
    [
        ("md 77 pro", "pro", "md 77 pro"),
        ("md77pro在吗", "pro", "md77pro"),
        ("the md-77 pro", "pro", "md-77 pro"),
        ("md 77 please", "plain", "md 77"),
    ],
)
def test_the_longest_code_is_meant(text: str, product: str, said: str) -> None:
    assert named(index(plain=("MD-77",), pro=("MD-77-PRO",)), text) == [(product, said)]


@pytest.mark.parametrize("text", ["md-77", "md77", "md 77 在吗"])
def test_a_code_of_two_products_names_neither(text: str) -> None:
    assert index(a=("MD-77",), b=("MD-77",)).find(text) == []


def test_a_code_that_one_product_has_twice_names_it() -> None:
    assert named(index(a=("MD-77", "md-77", "MD77")), "md 77") == [("a", "md 77")]


def test_a_longer_code_of_two_products_is_not_the_shorter_one_of_a_third() -> None:
    shop = index(a=("MD-77",), b=("MD-77-PRO",), c=("MD-77-PRO",))
    assert shop.find("md 77 pro") == shop.find("md-77-pro") == []


def test_every_place_where_a_name_may_begin_is_tried() -> None:
    text = "云朵好看，云朵耳机"
    assert named(index(a=("云朵降噪蓝牙耳机",)), text) == [("a", "云朵耳机")]
