"""For whom, for what, how much: what is shown over several turns breaks nothing that was told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.skills.recommending import only_akin
from nlu.products.needs import Need
from storage.catalogue import Attributes, Catalogue, Category, Product
from storage.events import Events, StoredEvent
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

_LOOKS = Meaning(intents=(("recommend_request", 0.9),), wishes=(("recommend_request", ""),))
_TELLS = Meaning(intents=(("out_of_scope", 0.3),), wishes=())


def _facts(**told: tuple[str, str]) -> Attributes:
    return {key: {"en": [label, value], "zh": [label, value]} for key, (label, value) in told.items()}


async def _put(connection: AsyncConnection, products: Sequence[Product]) -> None:
    catalogue = Catalogue(connection)
    await catalogue.put_categories([Category(id="gifts", name_zh="好物", name_en="Finds")])
    await catalogue.put_many(products)


async def _made(chat: Chat, *told: tuple[str, int, int, Attributes], category: str = "gifts") -> None:
    """Products of a name, a price in minor units, a stock and attributes; their ids are n0, n1, …"""

    async def work(connection: AsyncConnection) -> None:
        some = await Catalogue(connection).get("p2")
        assert some is not None
        blank = replace(some, description_zh="", description_en="", category_id=category, brand="")
        await _put(
            connection,
            [
                replace(
                    blank, id=f"n{place}", code=f"N{place}", name_zh=name, name_en=name,
                    list_price=price, stock=stock, attributes=facts,
                )
                for place, (name, price, stock, facts) in enumerate(told)
            ],
        )  # fmt: skip

    await chat.store.write(work)


def _shown(chat: Chat) -> list[str]:
    return [card.product_id for card in (chat.last.cards if chat.last is not None else ())]


@pytest.fixture
def english(chat: Chat) -> Chat:
    chat.language = "en"
    return chat


async def test_what_was_told_holds_over_the_turns_that_follow(english: Chat) -> None:
    await _made(
        english,
        ("Amber tea", 9000, 5, {}), ("Cobalt tea", 20000, 5, {}), ("Tea pot", 8000, 5, {}), ("Grey tea", 40000, 5, {}),
        category="tea",
    )  # fmt: skip
    await english.says("a present for my mum under 300, she likes tea", _LOOKS)
    assert {"n0", "n1"} <= set(_shown(english))
    assert "n3" not in _shown(english)
    await english.says("she already has a tea pot", _TELLS)
    assert "n2" not in _shown(english)
    assert {"n0", "n1"} <= set(_shown(english))
    await english.says("under 100 please", _TELLS)
    assert set(_shown(english)) <= {"n0", "p1"}


async def test_what_the_nearest_costs_is_said_and_it_is_not_offered(english: Chat) -> None:
    await _made(english, ("Walnut lamp", 9000, 5, {}), ("Oak lamp", 7000, 0, {}))
    reply = await english.says("a lamp under 80", _LOOKS)
    assert "¥90.00" in said(reply)
    assert "Walnut lamp" in said(reply)
    assert not _shown(english)


async def _expected(chat: Chat, product: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        known = await Catalogue(connection).get(product)
        assert known is not None
        await _put(connection, [replace(known, restock_at=shop.NOW + timedelta(days=9))])

    await chat.store.write(work)


async def test_what_fits_but_is_sold_out_is_named_and_shown_only_to_who_can_wait(english: Chat) -> None:
    await _made(english, ("Walnut lamp", 9000, 0, {}))
    await _expected(english, "n0")
    reply = await english.says("a lamp for my mum", _LOOKS)
    assert "“Walnut lamp” would fit" in said(reply)
    assert not _shown(english)
    await english.says("no hurry, I can wait", _TELLS)
    assert _shown(english) == ["n0"]


async def test_of_goods_of_a_quantity_only_what_holds_it_is_shown(english: Chat) -> None:
    def long(value: str) -> Attributes:
        return _facts(length=("Length", value))

    await _made(
        english, ("Rope A", 900, 5, long("10 m")), ("Rope B", 900, 5, long("30 m")), ("Rope C", 900, 5, {})
    )
    await english.says("a rope, 25 metres", _LOOKS)
    assert _shown(english) == ["n1"]
    await english.says("at least 40 metres", _TELLS)
    assert not _shown(english)


async def test_of_what_fits_the_one_with_less_is_shown_where_less_is_wanted(english: Chat) -> None:
    def weight(value: str) -> Attributes:
        return _facts(weight=("Weight", value))

    await _made(english, ("Oak mallet", 900, 5, weight("600 g")), ("Elm mallet", 900, 5, weight("400 g")))
    await english.says("a mallet for my wife, the lighter one", _LOOKS)
    assert _shown(english) == ["n1"]


async def test_an_allergen_must_be_stated_to_be_absent(english: Chat) -> None:
    free = _facts(free_from=("Free from", "nuts"))
    await _made(
        english, ("Seed snack", 2000, 5, free), ("Oat snack", 2000, 5, {}), ("Almond snack", 2000, 5, {})
    )
    reply = await english.says("snacks for my friend, he's allergic to nuts", _LOOKS)
    assert _shown(english) == ["n0"]
    assert "free of nuts" in said(reply), "that others are left out is said"
    await english.says("anything under 15?", _TELLS)
    assert not _shown(english)


async def test_goods_of_no_known_kind_are_not_taken_to_be_free_of_an_allergen(english: Chat) -> None:
    made = _facts(material=("Material", "steel"))
    free = _facts(free_from=("Free from", "nuts"))
    await _made(
        english, ("Seed morsel", 2000, 5, {}), ("Oat morsel", 2000, 5, free), ("Morsel", 2000, 5, made)
    )
    await english.says("a morsel for my friend, he's allergic to nuts", _LOOKS)
    assert set(_shown(english)) == {"n1", "n2"}


async def test_a_diet_tells_what_is_not_eaten(english: Chat) -> None:
    holds = _facts(made=("Ingredients", "flour, butter, egg"))
    await _made(
        english,
        ("Walnut snack", 2000, 5, holds),
        ("Oat snack", 2000, 5, _facts(made=("Ingredients", "oats"))),
    )
    await english.says("vegan snacks please", _LOOKS)
    assert _shown(english) == ["n1"]


async def test_what_speaks_against_a_version_is_said_and_it_is_not_shown(english: Chat) -> None:
    def colour(value: str) -> Attributes:
        return _facts(colour=("Colour", value))

    await _made(english, ("Oak lamp, black", 9000, 5, {}), ("Oak lamp, white", 20000, 5, {}))

    async def grouped(connection: AsyncConnection) -> None:
        found = await Catalogue(connection).by_ids({"n0", "n1"})
        await Catalogue(connection).put_many(
            [
                replace(found[one], group_id="g", options=colour(value))
                for one, value in (("n0", "black"), ("n1", "white"))
            ]
        )

    await english.store.write(grouped)
    await english.says("a lamp for my mum under 100", _LOOKS)
    assert _shown(english) == ["n0"]
    asks = Meaning(intents=(("product_question", 0.9),), wishes=(("product_question", ""),))
    reply = await english.says("do you have it in white", asks)
    assert "costs ¥200.00; you said ¥100.00 or less" in said(reply)
    assert not _shown(english)


async def test_what_was_told_holds_after_something_else_was_asked(english: Chat) -> None:
    await _made(english, ("Amber tea", 9000, 5, {}), ("Grey tea", 40000, 5, {}), category="tea")
    await english.says("a tea for my mum under 100", _LOOKS)
    asks = Meaning(intents=(("delivery_time", 0.9),), wishes=(("delivery_time", ""),))
    await english.says("how long is delivery", asks)
    others = Meaning(intents=(("recommend_request", 0.9),), wishes=(("recommend_request", ""),))
    await english.says("show me tea then", others)
    assert "n1" not in _shown(english)


async def test_what_customers_did_is_said_only_where_five_of_them_did_it(chat: Chat) -> None:
    def bought(customer: int) -> StoredEvent:
        return StoredEvent(
            id=f"e{customer}", kind="purchase", customer_id=f"x{customer}", product_id="p1", at=shop.NOW
        )

    await chat.store.write(lambda c: Events(c).append([bought(one) for one in range(4)]))
    assert "店里热卖" not in said(await chat.says("推荐 点 什么", "recommend_request"))
    await chat.store.write(lambda c: Events(c).append([bought(4)]))
    chat.address = "101"
    assert "店里热卖" in said(await chat.says("推荐 点 什么", "recommend_request"))


@pytest.mark.parametrize("seed", range(6))
async def test_no_constraint_is_broken_whatever_is_sold_and_told(english: Chat, seed: int) -> None:
    drawn = random.Random(seed)
    for _ in range(4):
        goods, facts = [], {}
        for place in range(10):
            held, price, stock = (
                drawn.choice(["", "nuts", "wool"]),
                drawn.randrange(1, 400),
                drawn.randrange(3),
            )
            low = drawn.choice([None, 0, 3, 8])
            told = _facts(made=("Ingredients", f"{held} and more")) if held else {}
            told = {**told, **(_facts(age=("Age", f"{low}–{low + 4} years")) if low is not None else {})}
            goods.append((f"{drawn.choice(['Snack', 'Toy', 'Scarf'])} {place}", price * 100, stock, told))
            facts[f"n{place}"] = (held, price, stock, low)
        await _made(english, *goods)
        english.address = str(drawn.random())
        most, age, held = (
            drawn.randrange(50, 400),
            drawn.choice([None, 4, 9]),
            drawn.choice(["", "nuts", "wool"]),
        )
        for_whom = f"my {age} year old nephew" if age is not None else "a friend"
        what = drawn.choice(["a snack", "a toy", "something"])
        refused = drawn.choice([f", allergic to {held}", f", no {held}"]) if held else ""
        await english.says(f"{what} for {for_whom}{refused}", _LOOKS)
        await english.says(f"no more than {most}", _TELLS)
        for one in _shown(english):
            holds, price, stock, low = facts.get(one, ("", 0, 1, None))
            assert price <= most
            assert stock > 0
            assert not held or holds != held
            assert age is None or (low is not None and low <= age <= low + 4)


async def test_a_name_with_an_article_is_no_other_kind_of_goods(chat: Chat) -> None:
    await _made(chat, ("Merino crew-neck jumper", 24200, 5, {}), ("头戴耳机", 24200, 5, {}))
    async with chat.store.read() as connection:
        found = await Catalogue(connection).by_ids(["n0", "n1"])
    assert not only_akin(Need(words=("jumper", "the merino crew-neck jumper")), [found["n0"]])
    assert only_akin(Need(words=("耳机", "游戏耳机")), [found["n1"]])


async def test_who_is_allergic_hears_what_is_left_out_though_nothing_is_of_that_kind(english: Chat) -> None:
    await english.says("a zither for him, he's allergic to nuts", _LOOKS)
    assert not _shown(english)
    assert "free of nuts" in said(english.last)


async def test_what_is_told_while_something_else_is_answered_holds(english: Chat) -> None:
    await _made(
        english,
        ("Seed bar", 500, 5, _facts(ingredients=("Ingredients", "sesame, honey"))),
        ("Oat bar", 600, 5, _facts(free=("Free from", "sesame"))),
        ("Rye bar", 600, 5, _facts(ingredients=("Ingredients", "rye, apple"))),
    )
    asks = Meaning(intents=(("return_policy", 0.9),), wishes=(("return_policy", ""),))
    await english.says("I'm allergic to sesame, can opened food go back?", asks)
    await english.says("show me a bar", _LOOKS)
    assert _shown(english) == ["n1"]


async def test_a_limit_in_a_question_keeps_nothing_back(english: Chat) -> None:
    await _made(english, ("Lamp", 9000, 5, {}), ("Desk lamp", 3000, 0, {}))
    asks = Meaning(intents=(("product_question", 0.9),), wishes=(("product_question", ""),))
    await english.says("is the Desk lamp over 100?", asks)
    assert "Desk lamp" in said(english.last)


async def test_goods_go_before_the_question_who_writes(english: Chat) -> None:
    await _made(english, ("Bread basket", 900, 5, {}), ("Lamp", 9000, 5, {}))
    guessed = Meaning(
        intents=(("item_problem", 0.5), ("product_search", 0.2)), wishes=(("item_problem", ""),)
    )
    await english.says("a basket for the bread", guessed)
    assert _shown(english) == ["n0"]
    plain = Meaning(intents=(("item_problem", 0.95),), wishes=(("item_problem", ""),))
    await english.says("the basket broke", plain)
    assert not _shown(english), "what went wrong is no wish"


async def test_nothing_of_another_kind_stands_in_for_the_kind_that_is_named(english: Chat) -> None:
    await _made(english, ("Oak tray", 9000, 5, {}), ("Tea towel for trays", 500, 5, {}))
    await english.says("a tray under 50", _LOOKS)
    assert "n1" not in _shown(english)
    assert "Oak tray" in said(english.last), "what comes nearest is told"
