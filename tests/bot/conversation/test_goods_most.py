"""The cheapest, lightest or biggest of a kind of goods, of those shown or of all; what there is in them compared."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Attributes, Catalogue, Category
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

_SEARCH = Meaning(intents=(("product_search", 0.9),), wishes=(("product_search", ""),))
_QUESTION = Meaning(intents=(("product_question", 0.9),), wishes=(("product_question", ""),))
_COMPARE = Meaning(intents=(("product_compare", 0.9),), wishes=(("product_compare", ""),))


def _weighs(value: str) -> Attributes:
    return {"net_weight": {"zh": ["净重", value], "en": ["Net weight", value]}}


async def _sold(chat: Chat, *told: tuple[str, int, int, Attributes]) -> None:
    """Products of a name, a price in major units, a stock and attributes; ids m0, m1, …"""

    async def work(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        some = await catalogue.get("p2")
        assert some is not None
        old = [replace(one, active=False) for one in await catalogue.active()]
        await catalogue.put_categories([Category(id="finds", name_zh="好物", name_en="Finds")])
        await catalogue.put_many(
            [
                *old,
                *(
                    replace(
                        some, id=f"m{place}", code=f"M{place}", name_zh=name, name_en=name, description_zh="",
                        description_en="", category_id="finds", brand="", list_price=price * 100, stock=stock,
                        attributes=facts,
                    )
                    for place, (name, price, stock, facts) in enumerate(told)
                ),
            ]
        )  # fmt: skip

    await chat.store.write(work)


def _shown(chat: Chat) -> list[str]:
    return [card.product_id for card in (chat.last.cards if chat.last is not None else ())]


async def test_the_cheapest_and_the_dearest_of_a_kind(chat: Chat) -> None:
    chat.language = "en"
    await _sold(
        chat, ("Amber tea", 90, 5, {}), ("Grey tea", 40, 5, {}), ("Cobalt tea", 200, 5, {}),
        ("Oak tea", 10, 0, {}), ("Wool scarf", 5, 5, {}),
    )  # fmt: skip
    await chat.says("what is your cheapest tea", _SEARCH)
    assert _shown(chat) == ["m1"], "what is sold out, or of another kind, is none of them"
    assert "cheapest" in said(chat.last)
    assert "¥40.00" in said(chat.last)
    await chat.says("and the most expensive one", _QUESTION)
    assert _shown(chat) == ["m2"]


async def test_of_a_kind_by_what_is_stated_with_those_of_which_it_isnt(chat: Chat) -> None:
    await _sold(
        chat, ("铁 锅", 90, 5, _weighs("2 公斤")), ("铝 锅", 80, 5, _weighs("900 克")), ("铜 锅", 300, 5, {})
    )
    await chat.says("最轻 的 锅", _SEARCH)
    assert _shown(chat) == ["m1"]
    assert "另有 1 种" in said(chat.last), "of one it isn't stated"


async def test_ties_are_said(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 40, 5, {}), ("Grey tea", 40, 5, {}), ("Cobalt tea", 200, 5, {}))
    await chat.says("the cheapest tea", _SEARCH)
    assert _shown(chat) == ["m0", "m1"]
    assert "These 2 are equally the cheapest" in said(chat.last)


async def test_what_nothing_states_is_said_not_to_be_stated(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 40, 5, {}), ("Grey tea", 50, 5, {}))
    await chat.says("the lightest tea", _SEARCH)
    assert "doesn't state which is the lightest" in said(chat.last)


async def test_a_share_of_something_ranks_nothing(chat: Chat) -> None:
    chat.language = "en"
    down = {"temperature": {"en": ["Comfort temperature", "90 % down"], "zh": ["温标", "90%"]}}
    await _sold(chat, ("Amber duvet", 40, 5, down), ("Grey duvet", 50, 5, {}))
    await chat.says("the warmest duvet", _SEARCH)
    assert "doesn't state which is the warmest" in said(chat.last)


async def test_of_those_shown(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, {}), ("Grey tea", 40, 5, {}), ("Oak lamp", 5, 5, {}))
    await chat.says("tea", _SEARCH)
    assert set(_shown(chat)) == {"m0", "m1"}
    await chat.says("the cheapest of these", _QUESTION)
    assert "Grey tea is cheaper" in said(chat.last)
    assert "Oak lamp" not in said(chat.last)


async def test_of_the_whole_shop_by_price(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, {}), ("Oak lamp", 500, 5, {}), ("Pine lamp", 900, 0, {}))
    await chat.says("the most expensive thing in the shop", _SEARCH)
    assert _shown(chat) == ["m1"]


async def test_the_best_of_a_kind_keeps_what_was_told_before(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, {}), ("Grey tea", 40, 5, {}), ("Cobalt tea", 200, 5, {}))
    await chat.says("tea for my mum under 100", _SEARCH)
    await chat.says("the most expensive tea", _SEARCH)
    assert _shown(chat) == ["m0"]


async def test_what_is_asked_of_orders_is_no_question_of_goods(chat: Chat) -> None:
    chat.language = "en"
    await chat.link()
    await _sold(chat, ("Amber tea", 90, 5, {}))
    await chat.says(
        "what is the most expensive of my orders",
        Meaning(intents=(("order_facts", 0.6),), wishes=(("order_facts", ""),)),
    )
    assert not _shown(chat)


async def test_what_a_hundred_grams_cost_decides_what_is_better_value(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, _weighs("200 g")), ("Grey tea", 50, 5, _weighs("100 g")))
    await chat.says("tea", _SEARCH)
    await chat.says("which is cheaper per 100 g", _COMPARE)
    assert "Amber tea is better value: ¥45.00 per 100 g against ¥50.00 per 100 g" in said(chat.last)


async def test_pieces_are_compared_with_pieces_alone(chat: Chat) -> None:
    await _sold(chat, ("红 茶", 90, 5, _weighs("30 片")), ("绿 茶", 50, 5, _weighs("100 克")))
    await chat.says("茶", _SEARCH)
    await chat.says("哪个 更划算", _COMPARE)
    assert "每件 ¥3.00" in said(chat.last)
    assert "每100克 ¥50.00" in said(chat.last)
    assert "更划算：" not in said(chat.last), "nothing is concluded of a piece and 100 g"


async def test_goods_spoken_of_one_after_another_can_be_compared(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, _weighs("200 g")), ("Grey tea", 50, 5, _weighs("100 g")))
    await chat.presses("product:show:m0")
    await chat.presses("product:show:m1")
    await chat.says("which of them is cheaper", _COMPARE)
    assert "Grey tea is cheaper: ¥50.00 against ¥90.00" in said(chat.last)


async def test_other_goods_are_looked_for_and_not_in_what_is_spoken_of(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Office chair", 800, 5, {}), ("Iron wok", 90, 5, {}))
    await chat.presses("product:show:m0")
    await chat.says("is there a pan that works on induction", _QUESTION)
    assert _shown(chat) == ["m1"]


async def test_what_stands_on_the_card_is_not_said_to_be_unknown(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Pop-up tent", 300, 5, {}))

    async def work(connection: AsyncConnection) -> None:
        tent = await Catalogue(connection).get("m0")
        assert tent is not None
        await Catalogue(connection).put_many([replace(tent, brand="Lanye")])

    await chat.store.write(work)
    await chat.says("Lanye Pop-up tent", _QUESTION)
    assert _shown(chat) == ["m0"]
    assert "found nothing" not in said(chat.last)


async def test_more_than_all_that_is_shown(chat: Chat) -> None:
    chat.language = "en"
    kettles = [
        (f"Kettle {size}", 50, 5, {"capacity": {"en": ["Capacity", f"{size} L"]}}) for size in range(1, 6)
    ]
    await _sold(chat, *kettles)
    await chat.says("a Kettle for my mum", _SEARCH)
    shown = _shown(chat)
    others = Meaning(intents=(("product_search", 0.9),), wishes=(), others=True)
    await chat.says("something bigger", others)
    most = max(int(one[1:]) for one in shown)
    assert set(_shown(chat)) == {f"m{place}" for place in range(most + 1, 5)}
    assert _shown(chat) or "Nothing of what fits is bigger than these" in said(chat.last)


async def test_more_than_what_is_stated_in_one_unit(chat: Chat) -> None:
    chat.language = "en"
    weights = ("900 pieces", "100 g", "200 g", "250 g")
    await _sold(chat, *((f"Kettle {place}", 50, 5, _weighs(value)) for place, value in enumerate(weights)))
    await chat.says("a Kettle for my mum", _SEARCH)
    assert _shown(chat) == ["m0", "m1", "m2"]
    others = Meaning(intents=(("product_search", 0.9),), wishes=(), others=True)
    await chat.says("something heavier", others)
    assert _shown(chat) == ["m3"]


async def test_a_colour_that_nothing_comes_in_is_said(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Oak lamp", 50, 5, {}), ("Pine lamp", 60, 5, {}))
    await chat.says("a lamp for my mum", _SEARCH)
    await chat.says("a black lamp", _SEARCH)
    assert "none of what fits in that colour" in said(chat.last)


async def test_a_price_by_the_unit_is_worked_out_or_said_to_be_open(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("Amber tea", 90, 5, _weighs("200 g")), ("Grey kettle", 50, 5, {}))
    asks = Meaning(intents=(("price_question", 0.9),), wishes=(("price_question", ""),))
    await chat.says("how much is the Amber tea per 50 g", asks)
    assert "¥22.50 per 50 g" in said(chat.last)
    await chat.says("how much is the Grey kettle per metre", asks)
    assert "isn't stated" in said(chat.last)
