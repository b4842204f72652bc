"""Which size somebody takes: from the product's own size table and what they tell of themselves, with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.sizes import table_of
from nlu.products.bodies import read
from storage.catalogue import Attributes, Catalogue
from tests.bot.conversation.chat import Chat, buttons, said
from tests.fakes import Meaning

_ASKS = Meaning(intents=(("product_question", 0.6),), wishes=())
_ZH = "S：身高155–165，体重45–55；M：身高165–172，体重55–65；L：身高172–180，体重65–75"
_EN = "S: height 155–165, weight 45–55; M: height 165–172, weight 55–65; L: height 172–180, weight 65–75"


def _table(zh: str = _ZH, en: str = _EN) -> Attributes:
    return {"size_table": {"zh": ["尺码表", zh], "en": ["Size table", en]}}


async def _sold(chat: Chat, *told: tuple[str, str, Attributes]) -> None:
    async def work(connection: AsyncConnection) -> None:
        some = await Catalogue(connection).get("p2")
        assert some is not None
        await Catalogue(connection).put_many(
            [
                replace(some, id=f"s{place}", code=f"S{place}", name_zh=zh, name_en=en, attributes=facts)
                for place, (zh, en, facts) in enumerate(told)
            ]
        )

    await chat.store.write(work)
    chat.understander.products |= {
        name: f"s{place}" for place, (zh, en, _) in enumerate(told) for name in (zh, en)
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("身高175体重70穿什么码", {"height": 175, "weight": 70}),
        ("I'm 168 cm, 60 kg, which size?", {"height": 168, "weight": 60}),
        ("and my wife, 160/50?", {"height": 160, "weight": 50}),
        ("我1米75，140斤", {"height": 175, "weight": 70}),
        ("5'9\" and 150 lbs", {"height": 175.3, "weight": 68}),
        ("胸围 96", {"chest": 96}),
        ("my feet are 26.5 cm", {"foot": 26.5}),
        ("I wear EU 42", {"worn": 42}),
        ("两件 一共 199 元", {}),
        ("order 102938 please", {}),
    ],
)
def test_measures_are_read_as_people_tell_them(text: str, told: dict[str, float]) -> None:
    assert read(text) == told


async def test_the_size_is_told_with_the_rows_that_it_is_from(chat: Chat) -> None:
    await _sold(chat, ("羊毛衫", "Wool jumper", _table()))
    reply = await chat.says("羊毛衫 我身高170体重60 穿什么码", _ASKS)
    assert "穿 M 码" in said(reply)
    assert "身高165–172" in said(reply)
    assert "体重60" in said(reply)


async def test_at_the_edge_of_two_sizes_the_other_measure_decides(chat: Chat) -> None:
    await _sold(chat, ("羊毛衫", "Wool jumper", _table()))
    reply = await chat.says("羊毛衫 我身高165体重60 穿什么码", _ASKS)
    assert "穿 M 码" in said(reply)


async def test_measures_hold_for_other_goods_and_are_of_somebody_else_when_told_anew(chat: Chat) -> None:
    chat.language = "en"
    wide = "S: height 150–170; M: height 170–190"
    await _sold(chat, ("羊毛衫", "Wool jumper", _table()), ("卫衣", "Fleece hoodie", _table("", wide)))
    await chat.says("I'm 168 cm, 60 kg, which size of the Wool jumper should I take?", _ASKS)
    assert "Size M" in said(chat.last)
    await chat.says("and my wife, 160/50?", Meaning(intents=(("out_of_scope", 0.3),), wishes=()))
    assert "Size S of Wool jumper" in said(chat.last)
    await chat.says("what about the Fleece hoodie", Meaning(intents=(("product_question", 0.6),), wishes=()))
    assert "Size S of Fleece hoodie" in said(chat.last)
    assert "160" in said(chat.last)
    await chat.says("my brother is 178 cm, which size of the Wool jumper should he take?", _ASKS)
    assert "you said height 178 cm." in said(chat.last), "with nobody else's weight"


async def test_between_two_sizes_the_tables_rule_holds_else_the_pages(chat: Chat) -> None:
    chat.language = "en"
    table = "S: chest 80–88; M: chest 92–96"
    ruled = _table("", f"{table}; between: larger")
    await _sold(chat, ("羊毛衫", "Wool jumper", ruled), ("卫衣", "Fleece hoodie", _table("", table)))
    chat.pages.passages["Which size should I take?"] = (
        "Tables are on each page. Between two sizes take the smaller one."
    )
    await chat.says("my chest is 90 cm, which size of the Wool jumper should I take?", _ASKS)
    assert "Between S, M" in said(chat.last)
    assert "take the larger one then: M" in said(chat.last)
    await chat.says("which size of the Fleece hoodie should I take, chest 90?", _ASKS)
    assert "Between two sizes take the smaller one." in said(chat.last)


async def test_what_is_not_known_is_asked_once(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("羊毛衫", "Wool jumper", _table()))
    await chat.says("which size of the Wool jumper should I take?", _ASKS)
    assert "height, weight" in said(chat.last)
    await chat.says("what size should I take then", _ASKS)
    assert "The size table of Wool jumper: S: height 155–165" in said(chat.last)
    await chat.says("I'm 175 cm", Meaning(intents=(("out_of_scope", 0.3),), wishes=()))
    assert "Size L" in said(chat.last)


async def test_beyond_the_table_no_size_is_named(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("羊毛衫", "Wool jumper", _table()))
    reply = await chat.says("I'm 195 cm, 95 kg, which size of the Wool jumper?", _ASKS)
    assert "none of the sizes" in said(reply)


async def test_without_a_table_no_size_is_guessed(chat: Chat) -> None:
    chat.language = "en"
    sizes: Attributes = {"sizes": {"en": ["Sizes", "S–XL"], "zh": ["尺码", "S–XL"]}}
    await _sold(chat, ("羊毛衫", "Wool jumper", sizes))
    reply = await chat.says("I'm 168 cm, 60 kg, which size of the Wool jumper should I take?", _ASKS)
    assert "no size table for Wool jumper" in said(reply)
    assert "S–XL" in said(reply)
    assert any(button.action == "human:ask" for button in buttons(reply))


async def test_a_number_that_is_nobodys_measure_asks_for_no_size(chat: Chat) -> None:
    chat.language = "en"
    await _sold(chat, ("羽绒被", "Down duvet", {}))
    reply = await chat.says("what size Down duvet for a 180 cm bed?", _ASKS)
    assert "size table" not in said(reply)


async def test_a_table_that_cannot_be_read_is_none(chat: Chat) -> None:
    async with chat.store.read() as connection:
        some = await Catalogue(connection).get("p2")
    assert some is not None
    assert table_of(replace(some, attributes=_table("见图", "see the picture")), "en") is None
    read_ = table_of(replace(some, attributes=_table()), "zh")
    assert read_ is not None
    assert [row.size for row in read_.rows] == ["S", "M", "L"]
    assert read_.measures == ("height", "weight")
