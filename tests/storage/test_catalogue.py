"""Finding products, and changing their price."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storage import NotFound, Store
from storage.catalogue import Catalogue, _parts, _pattern, _split
from storage.schema import price_change
from tests.storage.shop import NOW, a_product, stock_shop


async def test_a_product_comes_back_as_it_was_put(any_store: Store) -> None:
    await any_store.write(stock_shop)
    async with any_store.read() as connection:
        catalogue = Catalogue(connection)
        assert await catalogue.get("p1") == a_product()
        assert list(await catalogue.by_ids(["p3", "gone"])) == ["p3"]
        assert [item.id for item in await catalogue.active()] == ["p1", "p2", "p3"]
        assert [item.id for item in await catalogue.active(category_id="tea")] == ["p3"]
        assert [item.name("en") for item in await catalogue.categories()] == ["Kitchen appliances", "Tea"]


def test_a_product_speaks_both_languages() -> None:
    product = a_product()
    assert product.name("zh-CN") == "不锈钢电热水壶 1.7升"
    assert product.name("en") == "Stainless steel kettle 1.7 L"
    assert product.labels("zh") == [("颜色", "红色")]
    assert product.labels("en") == [("Colour", "red")]
    assert a_product(name_en="").name("en") == "不锈钢电热水壶 1.7升"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["kettles"], ["p1", "p2"]),
        (["水壶"], ["p1", "p2"]),
        (["玻璃", "水壶"], ["p2"]),
        (["Glass", "KETTLE"], ["p2"]),
        (["tea"], ["p3"]),  # and not what has "steam" or "instead" in it
        (["龙井"], ["p3"]),
        (["红色"], ["p1", "p2"]),
        (["appliances"], ["p1", "p2"]),
        (["p3"], ["p3"]),
        (["%"], []),
        (["_"], []),
        (["'; drop table product; --"], []),
        (["unicorn"], []),
        (["unicorn", "tea"], ["p3"]),
    ],
)
async def test_words_find_products_in_either_language(
    store: Store, words: list[str], found: list[str]
) -> None:
    await store.write(stock_shop)
    async with store.read() as connection:
        assert [item.id for item in await Catalogue(connection).search(words)] == found


async def test_price_and_number_narrow_a_search(any_store: Store) -> None:
    await any_store.write(stock_shop)
    async with any_store.read() as connection:
        catalogue = Catalogue(connection)

        async def ids(words: list[str], **filters: object) -> list[str]:
            return [item.id for item in await catalogue.search(words, **filters)]  # type: ignore[arg-type]

        assert await ids(["kettle"], max_price=10_000) == ["p2"]
        assert await ids([], limit=2) == ["p2", "p1"]
        assert await ids(["玻璃", "kettle"]) == ["p2"]


async def test_what_is_not_sold_any_more_is_not_found(store: Store) -> None:
    await store.write(stock_shop)
    await store.write(lambda c: Catalogue(c).put_many([a_product(active=False)]))
    async with store.read() as connection:
        assert [item.id for item in await Catalogue(connection).search(["kettle"])] == ["p2"]
        assert await Catalogue(connection).get("p1") is not None


async def test_a_price_change_is_kept(any_store: Store) -> None:
    await any_store.write(stock_shop)
    later = NOW + timedelta(days=1)
    await any_store.write(lambda c: Catalogue(c).set_price("p1", 17_900, now=later))
    await any_store.write(lambda c: Catalogue(c).set_price("p1", 17_900, now=later))
    async with any_store.read() as connection:
        changes = (await connection.execute(select(price_change))).all()
        known = await Catalogue(connection).get("p1")
    assert [(change.old_price, change.new_price, change.at) for change in changes] == [
        (19_900, 17_900, later)
    ]
    assert known is not None
    assert known.list_price == 17_900


async def test_a_price_that_is_none_is_refused(store: Store) -> None:
    await store.write(stock_shop)
    with pytest.raises(ValueError, match="above 0"):
        await store.write(lambda c: Catalogue(c).set_price("p1", 0, now=NOW))
    with pytest.raises(NotFound):
        await store.write(lambda c: Catalogue(c).set_price("gone", 5, now=NOW))


async def test_putting_products_again_changes_nothing_until_something_differs(any_store: Store) -> None:
    await any_store.write(stock_shop)
    later = NOW + timedelta(days=1)
    products = [a_product(f"p{i}", updated_at=later) for i in range(4, 200)]
    assert await any_store.write(lambda c: Catalogue(c).put_many(products)) == len(products)
    assert await any_store.write(lambda c: Catalogue(c).put_many(products)) == 0
    assert await any_store.write(lambda c: Catalogue(c).put_many([a_product(updated_at=later)])) == 0
    assert await any_store.write(lambda c: Catalogue(c).put_many([a_product(stock=6)])) == 1


@given(st.lists(st.text(max_size=30), max_size=5))
def test_no_word_makes_a_pattern_that_matches_everything(words: list[str]) -> None:
    for word in _split(words):
        for part in (word, *_parts(word)):
            assert _pattern(part).strip("% ")


async def test_different_goods_come_before_the_same_in_another_colour(store: Store) -> None:
    await store.write(stock_shop)
    colours = [
        a_product(
            f"k{i}", brand="Kelvo", name_en=f"Kelvo travel kettle, {colour}", name_zh=f"旅行水壶{i}", stock=9
        )
        for i, colour in enumerate(("white", "blue", "green"))
    ]
    await store.write(lambda c: Catalogue(c).put_many(colours))
    async with store.read() as connection:
        found = await Catalogue(connection).search(["kettle"], limit=3)
    assert [item.id for item in found] == ["k0", "p1", "p2"]


async def test_chinese_words_are_found_by_their_parts(store: Store) -> None:
    await store.write(stock_shop)
    async with store.read() as connection:
        catalogue = Catalogue(connection)
        assert [item.id for item in await catalogue.search(["壶子"])] == ["p1", "p2"]
        assert [item.id for item in await catalogue.search(["龙井绿茶"])] == ["p3"]
