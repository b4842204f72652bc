"""What the demo shop sells."""

from __future__ import annotations

import re
from collections import Counter

from bot.shop.demo.catalogue import all_products, categories


def test_there_are_about_five_hundred_goods_on_twenty_shelves() -> None:
    goods = all_products()
    assert 480 <= len(goods) <= 530
    assert len(categories()) == 20
    assert min(Counter(item.category.id for item in goods).values()) >= 20


def test_every_product_has_a_name_and_words_of_its_own_in_both_languages() -> None:
    goods = all_products()
    for face in (0, 1):
        assert len({item.name[face] for item in goods}) == len(goods)
    assert len({item.code for item in goods}) == len(goods)
    for item in goods:
        assert re.search(r"[\u4e00-\u9fff]", item.name[0])
        assert not re.search(r"[\u4e00-\u9fff]", item.name[1] + item.description[1])
        assert len(item.description[0]) > 15
        assert len(item.description[1]) > 30
        assert len(item.options) == 1
        assert item.attributes


def test_attributes_are_translated() -> None:
    for item in all_products():
        for faces in (*item.options.values(), *item.attributes.values()):
            assert faces["zh"][0] != faces["en"][0]
            # Numbers, sizes and names of standards are the same everywhere; words are not.
            if faces["zh"][1] == faces["en"][1]:
                assert not re.search(r"[a-z]{3}", faces["zh"][1]), (item.code, faces)


def test_a_price_leaves_a_margin() -> None:
    assert all(item.price * 0.75 > item.cost > 0 for item in all_products())
