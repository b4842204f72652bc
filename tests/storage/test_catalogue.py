"""Finding products, and changing their price."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storage import Store
from storage.catalogue import Catalogue, Product
from storage.finding import parts_of, pattern, split
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
        assert [item.id for item in await Catalogue(connection).search(words, now=NOW)] == found


async def test_price_and_number_narrow_a_search(any_store: Store) -> None:
    await any_store.write(stock_shop)
    async with any_store.read() as connection:
        catalogue = Catalogue(connection)

        async def ids(words: list[str], **filters: object) -> list[str]:
            return [item.id for item in await catalogue.search(words, now=NOW, **filters)]  # type: ignore[arg-type]

        assert await ids(["kettle"], max_price=10_000) == ["p2"]
        assert await ids([], limit=2) == ["p2", "p1"]
        assert await ids(["玻璃", "kettle"]) == ["p2"]


async def test_what_is_not_sold_any_more_is_not_found(store: Store) -> None:
    await store.write(stock_shop)
    await store.write(lambda c: Catalogue(c).put_many([a_product(active=False)]))
    async with store.read() as connection:
        assert [item.id for item in await Catalogue(connection).search(["kettle"], now=NOW)] == ["p2"]
        assert await Catalogue(connection).get("p1") is not None


async def test_price_changes_are_kept(any_store: Store) -> None:
    await any_store.write(stock_shop)
    later = NOW + timedelta(days=1)
    changes = [
        (a_product(), a_product(list_price=17_900)),
        (a_product("p2", list_price=9_900), a_product("p2", list_price=9_900, stock=8)),
        (a_product("p3"), a_product("p3", list_price=21_900)),
    ]
    await any_store.write(lambda c: Catalogue(c).keep_price_changes(changes, later))
    await any_store.write(lambda c: Catalogue(c).keep_price_changes(changes[1:2], later))
    async with any_store.read() as connection:
        kept = (await connection.execute(select(price_change).order_by(price_change.c.product_id))).all()
    assert [(one.product_id, one.old_price, one.new_price, one.at) for one in kept] == [
        ("p1", 19_900, 17_900, later),
        ("p3", 19_900, 21_900, later),
    ]


_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("sale", "price"),
    [
        ({}, 19_900),
        ({"sale_price": 9_900}, 9_900),
        ({"sale_price": 9_900, "sale_from": NOW, "sale_until": NOW + _DAY}, 9_900),
        ({"sale_price": 9_900, "sale_from": NOW + _DAY}, 19_900),
        ({"sale_price": 9_900, "sale_until": NOW}, 19_900),
        # The list price has fallen below it since.
        ({"sale_price": 19_900}, 19_900),
        ({"sale_price": 29_900}, 19_900),
    ],
)
async def test_the_sale_price_counts_while_the_sale_lasts(
    any_store: Store, sale: dict[str, object], price: int
) -> None:
    """In a search with a limit just as for one product."""
    item = a_product(**sale)
    assert item.price_at(NOW) == price
    await any_store.write(stock_shop)
    await any_store.write(lambda c: Catalogue(c).put_many([item]))
    async with any_store.read() as connection:
        catalogue = Catalogue(connection)
        for words in ((), ("stainless",)):
            within = await catalogue.search(words, now=NOW, max_price=price)
            below = await catalogue.search(words, now=NOW, max_price=price - 1)
            assert "p1" in {one.id for one in within}
            assert "p1" not in {one.id for one in below}
        assert await catalogue.get("p1") == item


def _variants(count: int, **values: object) -> list[Product]:
    """A kettle in so many colours, all as good an answer."""
    return [
        a_product(
            f"k{number:04}",
            group_id="kettle",
            options={"colour": {"zh": ["颜色", f"色{number}"], "en": ["Colour", f"shade {7000 + number}"]}},
            name_en="Kelvo travel kettle",
            name_zh="旅行水壶",
            **{"stock": 9, **values},
        )
        for number in range(count)
    ]


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
    for word in split(words):
        for part in (word, *parts_of(word)):
            assert pattern(part).strip("% ")


@pytest.mark.parametrize("count", [3, 2_000])
async def test_different_goods_come_before_the_same_in_another_colour(any_store: Store, count: int) -> None:
    await any_store.write(stock_shop)
    await any_store.write(lambda c: Catalogue(c).put_many(_variants(count, list_price=1_000)))
    async with any_store.read() as connection:
        catalogue = Catalogue(connection)
        found = await catalogue.search(["kettle"], now=NOW, limit=3)
        cheapest = await catalogue.search([], now=NOW, limit=2)
        shade = await catalogue.search(["shade", "7002", "kettle"], now=NOW, limit=1)
    assert [item.id for item in found] == ["k0000", "p1", "p2"]
    assert [item.id for item in cheapest] == ["k0000", "p2"]
    assert [item.id for item in shade] == ["k0002"]


async def test_variants_are_known_by_their_group(any_store: Store) -> None:
    await any_store.write(stock_shop)
    gone, *others = _variants(4)
    await any_store.write(lambda c: Catalogue(c).put_many([replace(gone, active=False), *others]))
    async with any_store.read() as connection:
        found = await Catalogue(connection).variants({"kettle", "none"})
        assert await Catalogue(connection).variants(()) == {}
    assert [one.id for one in found.pop("kettle")] == ["k0001", "k0002", "k0003"]
    assert not found


async def test_all_of_a_product_comes_back(any_store: Store) -> None:
    """Options keep their order."""
    options = {
        name: {"zh": [name, "一"], "en": [name, "one"]} for name in ("size", "colour", "fabric", "age")
    }
    item = a_product(
        group_id="g",
        options=options,
        sale_price=100,
        sale_from=NOW,
        sale_until=NOW + _DAY,
        stock_by_place={"Berlin": 2, "北京": 3},
        more_pictures=["https://shop.example/2.jpg"],
    )
    await any_store.write(stock_shop)
    await any_store.write(lambda c: Catalogue(c).put_many([item]))
    async with any_store.read() as connection:
        known = await Catalogue(connection).get("p1")
    assert known == item
    assert known is not None
    assert list(known.options) == list(options)


async def test_chinese_words_are_found_by_their_parts(store: Store) -> None:
    await store.write(stock_shop)
    async with store.read() as connection:
        catalogue = Catalogue(connection)
        assert [item.id for item in await catalogue.search(["壶子"], now=NOW)] == ["p1", "p2"]
        assert [item.id for item in await catalogue.search(["龙井绿茶"], now=NOW)] == ["p3"]
