"""Variants in a conversation: one card for a product, and questions for another colour, size or volume of it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.telegram.parts import MAX_CAPTION, parts_of, utf16_length
from bot.messages import Outgoing, Reply
from storage.catalogue import Catalogue, Product
from tests.bot.conversation.chat import Chat, action, said

COLOURS = {"Red": "红色", "Sage green": "鼠尾草绿", "Navy": "藏青色"}
SIZES = ("XL", "S", "M")


def face(label: tuple[str, str], value: tuple[str, str]) -> dict[str, list[str]]:
    return {"zh": [label[0], value[0]], "en": [label[1], value[1]]}


async def jackets(connection: AsyncConnection) -> None:
    """A jacket in colours and sizes: none in navy XL, none left of red S and of all in navy."""
    catalogue = Catalogue(connection)
    cup = await catalogue.get("p2")
    assert cup is not None
    made: list[Product] = []
    for en, zh in COLOURS.items():
        for size in SIZES:
            if (en, size) == ("Navy", "XL"):
                continue
            out = en == "Navy" or (en, size) == ("Red", "S")
            made.append(
                replace(
                    cup,
                    id=f"j-{en.split()[0].lower()}-{size.lower()}",
                    code=f"J{len(made)}",
                    name_zh=f"防雨夹克，颜色 {zh}，尺码 {size}",
                    name_en=f"Rain jacket, Colour {en}, Size {size}",
                    attributes={},
                    group_id="jacket",
                    options={
                        "colour": face(("颜色", "Colour"), (zh, en)),
                        "size": face(("尺码", "Size"), (size, size)),
                    },
                    picture=f"https://shop.example/{en.split()[0].lower()}.jpg",
                    list_price=12_900,
                    stock=0 if out else 9,
                )
            )
    oils = [
        replace(
            cup, id=f"oil-{volume}", code=f"OIL{volume}", name_zh=f"橄榄油 {volume}毫升",
            name_en=f"Olive oil, {volume} ml", attributes={}, group_id="oil",
            options={"volume": face(("容量", "Volume"), (f"{volume}毫升", f"{volume} ml"))},
        )
        for volume in (1000, 250, 500)
    ]  # fmt: skip
    await catalogue.put_many([*made, *oils])


@pytest.fixture
async def shop(chat: Chat) -> Chat:
    await chat.store.write(jackets)
    return chat


def shown(reply: Reply | None) -> list[str]:
    assert reply is not None
    return [card.product_id for card in reply.cards]


@pytest.mark.parametrize(
    ("text", "colours", "sizes"),
    [
        ("jacket", "Colour: Navy (sold out), Red, Sage green", "Size: S, M, XL"),
        ("防雨夹克", "颜色：藏青色（售罄）、红色、鼠尾草绿", "尺码：S、M、XL"),
    ],
)
async def test_a_product_is_one_card_with_what_it_comes_in(
    shop: Chat, text: str, colours: str, sizes: str
) -> None:
    reply = await shop.says(text, "product_search")
    assert len(shown(reply)) == 1
    assert {colours, sizes} < set(said(reply).splitlines())


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("in red ?", "j-red-m"),
        ("红色 的 呢", "j-red-m"),
        ("do you have it in sage", "j-sage-m"),
        ("and the green one ?", "j-sage-m"),
        ("有 XL 吗", "j-sage-xl"),
        ("S码 还 有 货 吗", "j-sage-s"),
        ("what about a red one in XL", "j-red-xl"),
        ("红色 XL 的 有 吗", "j-red-xl"),
        ("navy ?", "j-navy-m"),
    ],
)
async def test_a_value_is_asked_for(shop: Chat, text: str, product: str) -> None:
    """Of what nothing is said about stays as it is on the screen."""
    await shop.presses("product:show:j-sage-m")
    reply = await shop.says(text, "stock_question")
    assert shown(reply) == [product]
    assert reply is not None
    assert reply.cards[0].picture == f"https://shop.example/{product.split('-')[1]}.jpg"
    there = "Yes, there is" in reply.text or "有的" in reply.text
    assert there == (product != "j-navy-m")
    # It is what is spoken of from now on.
    assert "129" in said(await shop.says("多少钱", "price_question"))
    assert (await shop.contact()).conversation.memory["product"] == product


async def test_what_is_sold_out_leads_to_others(shop: Chat) -> None:
    await shop.presses("product:show:j-red-m")
    reply = await shop.says("有 S码 吗", "stock_question")
    assert shown(reply) == ["j-red-s"]
    assert action(reply, "recommend:like")
    # Of red there is no S, but M and XL; in S there is green.
    assert "尺码：S（售罄）、M、XL" in said(reply)
    assert "红色（售罄）" in said(reply)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("有 XXL 的 吗", "没有XXL的，目前有：S（售罄）、M、XL"),
        ("do you have it in 3XL", "in 3XL. There is: S (sold out), M, XL"),
        ("in white ?", "in white. There is: "),
        ("藏青色 的 XL 呢", "没有藏青色 XL的，目前有：S（售罄）、M（售罄）"),
    ],
)
async def test_a_value_that_there_is_not_is_said_with_those_that_there_are(
    shop: Chat, text: str, answer: str
) -> None:
    await shop.presses("product:show:j-red-m")
    reply = await shop.says(text, "stock_question")
    assert answer in said(reply)
    assert shown(reply) == []


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("有 哪些 尺码", "“防雨夹克”有：S、M、XL。"),
        ("which sizes ?", "Rain jacket is available in S, M, XL."),
        ("what colors do you have", "Rain jacket is available in Navy (sold out), Red, Sage green."),
        ("还有 别的 颜色 吗", "“防雨夹克”有：藏青色（售罄）、红色、鼠尾草绿。"),
    ],
)
async def test_what_there_is_is_told(shop: Chat, text: str, answer: str) -> None:
    await shop.presses("product:show:j-red-m")
    assert said(await shop.says(text, "product_question")) == answer


@pytest.mark.parametrize(
    "text", ["the 500 ml one", "有 500毫升 的 吗", "0.5L", "do you have 500ml", "来 500 ml 的"]
)
async def test_an_amount_is_the_same_in_every_unit(shop: Chat, text: str) -> None:
    await shop.presses("product:show:oil-250")
    assert shown(await shop.says(text, "stock_question")) == ["oil-500"]


async def test_an_amount_that_there_is_not(shop: Chat) -> None:
    await shop.presses("product:show:oil-250")
    answer = said(await shop.says("有 2升 的 吗", "stock_question"))
    assert "没有2升的，目前有：250毫升、500毫升、1000毫升" in answer


@pytest.mark.parametrize(
    "text",
    ["it's nice, what's it made of?", "I'm not sure it's warm", "42块能卖吗", "龙井茶 有 红色 的 吗"],
)
async def test_other_questions_are_not_about_variants(shop: Chat, text: str) -> None:
    """A letter of "it's" is no size, a sum none either, and who names other goods means those."""
    await shop.presses("product:show:j-sage-m")
    reply = await shop.says(text, "product_question")
    assert not set(shown(reply)) & {"j-sage-s", "j-red-m"}
    assert "Yes, there is" not in said(reply)
    assert "有的：" not in said(reply)


async def test_several_that_fit_are_told(shop: Chat) -> None:
    """The green one is shown in M: whoever asks for navy XL's colour in a size that isn't made hears which are."""
    await shop.presses("product:show:j-red-xl")
    reply = await shop.says("藏青色 的 呢", "stock_question")
    assert shown(reply) == []
    assert "S（售罄）、M（售罄）" in said(reply)


async def test_thousands_of_variants_stay_short_and_quick(chat: Chat) -> None:
    async def many(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        cup = await catalogue.get("p2")
        assert cup is not None
        await catalogue.put_many(
            [
                replace(
                    cup,
                    id=f"v{number:04}",
                    code=f"V{number}",
                    name_zh=f"手机壳 型号{number}",
                    name_en=f"Phone case, model {number}",
                    attributes={},
                    group_id="case",
                    options={
                        "model": face(("型号", "Model"), (f"型号{number}" + "长" * 180, f"model {number}"))
                    },
                )
                for number in range(2_000)
            ]
        )

    await chat.store.write(many)
    reply = await chat.says("手机壳", "product_search")
    assert len(shown(reply)) == 1
    assert "另有" in said(reply)
    assert reply is not None
    for part in parts_of(Outgoing(outbox_id=1, channel="telegram", address="1", reply=reply)):
        assert utf16_length(part.text) <= MAX_CAPTION
    began = time.monotonic()
    reply = await chat.says("model 1234 please", "stock_question")
    assert shown(reply) == ["v1234"]
    assert time.monotonic() - began < 2


async def test_a_sale_is_told_with_what_it_was(chat: Chat) -> None:
    async def sale(connection: AsyncConnection) -> None:
        catalogue = Catalogue(connection)
        tea = await catalogue.get("p1")
        assert tea is not None
        await catalogue.put_many([replace(tea, sale_price=9_900)])

    await chat.store.write(sale)
    told = "¥99.00（原价 ¥128.00）"
    assert told in said(await chat.says("龙井茶多少钱", "price_question"))
    assert told in said(await chat.presses("product:show:p1"))
    assert told in said(await chat.says("龙井茶便宜点", "discount_request"))
    assert "龙井茶" in said(await chat.says("100元以内的龙井茶", "product_search"))
