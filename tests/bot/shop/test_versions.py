"""Versions of a product that a shop sells as products of their own, told by their names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.shop.versions import grouped
from storage.catalogue import Product

NOW = datetime(2026, 11, 28, 4, tzinfo=UTC)


def mug(zh: str, en: str, colour: tuple[str, str]) -> Product:
    return Product(
        id=en,
        code=en,
        name_zh=zh,
        name_en=en,
        attributes={
            "material": {"zh": ["材质", "瓷"], "en": ["Material", "china"]},
            "colour": {"zh": ["颜色", colour[0]], "en": ["Colour", colour[1]]},
        },
        list_price=7_900,
        currency="CNY",
        created_at=NOW,
        updated_at=NOW,
    )


BLUE = mug("马克杯，天青", "Mug, sky blue", ("天青", "sky blue"))
RED = mug("马克杯，铁锈红", "Mug, iron red", ("铁锈红", "iron red"))


def test_names_alike_but_for_an_attribute_are_versions_of_one_product() -> None:
    blue, red = grouped(BLUE), grouped(RED)
    assert blue.group_id is not None
    assert blue.group_id == red.group_id
    assert blue.options == {"colour": BLUE.attributes["colour"]}
    assert grouped(blue) == blue


def test_other_goods_are_no_versions_of_it() -> None:
    cup = mug("茶杯，天青", "Cup, sky blue", ("天青", "sky blue"))
    assert grouped(cup).group_id != grouped(BLUE).group_id
    assert grouped(replace(BLUE, category_id="x")).group_id != grouped(BLUE).group_id


def test_a_last_part_that_no_attribute_states_makes_no_version() -> None:
    leaf = mug("香插，荷叶", "Incense holder, lotus leaf", ("黄", "yellow"))
    assert grouped(leaf) == leaf


def test_what_the_shop_groups_itself_stays_so() -> None:
    own = replace(BLUE, group_id="mugs")
    assert grouped(own) == own


def test_a_new_name_leaves_the_group() -> None:
    renamed = replace(grouped(BLUE), name_zh="马克杯", name_en="Mug")
    assert grouped(renamed).group_id is None
    assert grouped(renamed).options == {}


def test_several_parts_are_several_options_in_the_words_of_each_language() -> None:
    sheets = mug("四件套，1.8 米床，燕麦", "Bedding set, for 1.8 m beds, oat", ("燕麦", "燕麦"))
    size = {"zh": ["床型", "1.8 米床"], "en": ["Bed", "1.8 米床"]}
    one = grouped(replace(sheets, attributes={**sheets.attributes, "bed": size}))
    assert list(one.options) == ["bed", "colour"]
    assert one.options["colour"]["en"] == ["Colour", "oat"]
    assert one.options["bed"]["en"] == ["Bed", "for 1.8 m beds"]
    other = replace(sheets, name_zh="四件套，1.5 米床，燕麦", name_en="Bedding set, for 1.5 m beds, oat")
    narrow = {"zh": ["床型", "1.5 米床"], "en": ["Bed", "1.5 米床"]}
    assert grouped(replace(other, attributes={**sheets.attributes, "bed": narrow})).group_id == one.group_id


def test_a_part_that_no_attribute_states_belongs_to_the_name() -> None:
    tea = mug("红茶，滇红，天青", "Black tea, Dianhong, sky blue", ("天青", "sky blue"))
    green = mug("红茶，祁门，天青", "Black tea, Keemun, sky blue", ("天青", "sky blue"))
    assert list(grouped(tea).options) == ["colour"]
    assert grouped(tea).group_id != grouped(green).group_id
