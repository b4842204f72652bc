"""What the shipped pages say that the chat does, it does: each entry that promises something is played.

An entry that asks to write, tell or send something here has a row below: a conversation, and what must have come of it.
One without a row fails, and so does a row whose entry is gone.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.catalogue import Catalogue
from storage.consents import MARKETING
from storage.customers import Consents, Customers
from storage.orders import Orders
from storage.requests import Requests
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.bot.conversation.test_with_the_model import real_model

PAGES = Path(str(resources.files("bot.shop") / "pages"))
PROMISES = {
    "en": re.compile(
        r"in this chat|\bhere\b|tell us|tell a member|\bwrite\b|send us|send /|send a photo|give us|ask us|\bask for\b"
        r"|message you|we make an offer|we ask the carrier|ask the carrier",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        "在这里|告诉我们|告诉人工|发给我们|发照片|问我们|问一声|发“|要求|提供|报价|给您发|问快递"
    ),
}
URL = "https://shop.example/longjing"

Check = Callable[[Chat], Awaitable[bool]]


async def is_handed_over(chat: Chat) -> bool:
    return (await chat.contact()).conversation.owner == "queue" and "C-1" in said(chat.last)


async def is_linked(chat: Chat) -> bool:
    return (await chat.contact()).customer_id == "c1"


async def wants_no_advertising(chat: Chat) -> bool:
    async with chat.store.read() as connection:
        return not await Consents(connection).granted(MARKETING, customer_id="c1")


async def has_list_prices(chat: Chat) -> bool:
    async with chat.store.read() as connection:
        customer = await Customers(connection).get("c1")
    return customer is not None and not customer.personal_prices


async def has_the_link(chat: Chat) -> bool:
    return URL in {button.url for button in buttons(chat.last)}


async def is_among_the_offers(chat: Chat) -> bool:
    return "offer" in said(chat.last) or "优惠" in said(chat.last)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """A conversation and what must have come of it: `[…]` presses the button whose action begins so."""

    says: tuple[str, ...]
    files: str = ""
    """Kind of the request that the shop has then."""
    check: Check | None = None
    linked: bool = True
    elsewhere: str = ""
    """Why it isn't played here."""


def files(kind: str, *says: str) -> Deed:
    return Deed(says=says, files=kind)


def comes(check: Check, *says: str, linked: bool = True) -> Deed:
    return Deed(says=says, check=check, linked=linked)


def elsewhere(why: str) -> Deed:
    return Deed(says=(), elsewhere=why)


AT_THE_SHOP = elsewhere("it is written into the order, at the shop")
SIZES = elsewhere("advice on sizes has tests of its own")
WORKSHOP = elsewhere("the workshop does it, outside the chat")

EN: dict[str, Deed] = {
    "What do you know about me?": files("data_export", "my data", "[data:export]"),
    "How do I have my data deleted?": files("data_erasure", "delete my data", "[data:erase-yes]"),
    "How do I stop your messages?": comes(wants_no_advertising, "stop"),
    "How do I connect my Telegram account with my shop account?": comes(
        is_linked, "Where is my order A1024?", "5678", linked=False
    ),
    "Does the bot remember our chat, and who can read it?": files(
        "data_erasure", "please delete all my data", "[data:erase-yes]"
    ),
    "How do I reach a human?": comes(is_handed_over, "human"),
    "How do I make a complaint?": files(
        "complaint", "I want to make a complaint: the courier was rude to me"
    ),
    "How do I get an invoice?": files("invoice", "An invoice for order A1019 please", "[invoice:personal]"),
    "The invoice is wrong. Can you correct it?": files(
        "invoice", "The invoice for order A1019 is wrong, it should be in my own name"
    ),
    "I haven't received the invoice. Where is it?": files(
        "invoice",
        "I haven't received the invoice for order A1019, please send it again",
        "[invoice:personal]",
    ),
    "My points are missing. Why?": files("points_check", "My points for order A1019 are missing"),
    "How do I place an order?": comes(
        has_the_link, "I want to buy the Longjing Tea, can you send me the link?"
    ),
    "Can I change the address or the items?": files(
        "redirect", "Please redirect the parcel of order A1024 to 5 West Lake Road, Hangzhou"
    ),
    "How do I cancel an order?": files("cancel_order", "Please cancel order P3000", "[change:cancel-yes]"),
    "Can I put two orders into one parcel or split one?": files(
        "parcels", "Can you put orders P3000 and P4000 into one parcel?"
    ),
    "Can I have it wrapped as a gift with a card?": AT_THE_SHOP,
    "Paid, but the order says unpaid. What should I do?": files(
        "payment_check", "Order P4000 still says unpaid, but I paid it at 9:15 this morning"
    ),
    "How do I switch personal prices off?": comes(has_list_prices, "/prices", "[prices:off]"),
    "It got cheaper after I bought it. Do I get the difference?": files(
        "price_protection", "The tea of order P3000 got cheaper, I'd like the difference back"
    ),
    "When is the next sale?": comes(is_among_the_offers, "Are there any offers today?"),
    "Is there a student discount, or one for bulk orders?": files(
        "quote", "We need 80 pieces of the Longjing Tea for our company, can you make us an offer?"
    ),
    "Which size should I take?": SIZES,
    "How long do food and cosmetics keep?": comes(
        is_handed_over, "Which batch is the Longjing Tea from?", "[human:ask]"
    ),
    "When will a sold-out product be back?": files(
        "restock_notice", "Please tell me when the Bamboo Tray is back in stock"
    ),
    "Can I get a refund without sending the item back?": files(
        "item_problem", "The cup of order A1019 arrived broken, here is a photo"
    ),
    "How do I return something?": files("return", "I want to return the tea of order A1019, I don't like it"),
    "Which carriers do you use, and can I choose one?": AT_THE_SHOP,
    "How do I follow my parcel?": files(
        "chase_parcel", "Where is order A1024?", "The tracking has not moved for four days"
    ),
    "My parcel shows as delivered but I don't have it. What now?": files(
        "delivery_problem", "Order A1019 shows as delivered but I don't have it"
    ),
    "How do I send something in for repair?": files(
        "repair", "I want to send in the cup of order A1019 for repair, it leaks"
    ),
    "It arrived broken or wrong. Is that a warranty case?": files(
        "item_problem", "The cup of order A1019 arrived broken"
    ),
}
ZH: dict[str, Deed] = {
    "你们存了我的哪些信息？": files("data_export", "我的数据", "[data:export]"),
    "怎么删除我的数据？": files("data_erasure", "删除我的数据", "[data:erase-yes]"),
    "怎么不再收到你们的消息？": comes(wants_no_advertising, "退订"),
    "你们多久发一次广告？": elsewhere("how often is what tests of campaigns hold"),
    "怎么把 Telegram 和店铺账号绑定？": comes(is_linked, "我的订单A1024到哪了", "5678", linked=False),
    "机器人会记住聊天吗，谁能看到？": files("data_erasure", "请删除我的数据", "[data:erase-yes]"),
    "怎么转人工？": comes(is_handed_over, "人工"),
    "怎么投诉？": files("complaint", "我要投诉，快递员态度太差"),
    "怎么开发票？": files("invoice", "订单A1019开发票", "[invoice:personal]"),
    "可以开公司抬头吗？": files("invoice", "订单A1019开发票，抬头杭州清茶有限公司，税号91330106MA2CFX5R1L"),
    "发票开错了能改吗？": files("invoice", "订单A1019的发票开错了，要开我个人的"),
    "没收到发票，在哪里看？": files("invoice", "没收到订单A1019的发票，请重发", "[invoice:personal]"),
    "积分怎么少了，没到账？": files("points_check", "订单A1019的积分没到账"),
    "怎么下单？": comes(has_the_link, "我想买龙井茶，发个链接给我"),
    "怎么取消订单？": files("cancel_order", "帮我取消订单P3000", "[change:cancel-yes]"),
    "可以合并发货或者拆单吗？": files("parcels", "订单P3000和P4000能合并发货吗"),
    "付了款订单还是待付款怎么办？": files("payment_check", "订单P4000还是待付款，我今天上午9点已经付了"),
    "怎么关闭个人专属价？": comes(has_list_prices, "/prices", "[prices:off]"),
    "买了之后降价了，可以退差价吗？": files("price_protection", "订单P3000的龙井茶降价了，退我差价"),
    "什么时候有活动、大促？": comes(is_among_the_offers, "优惠"),
    "有学生优惠吗，批量购买、团购有折扣吗？": files("quote", "我们公司要买80盒龙井茶，能报个价吗"),
    "我该买什么尺码？": SIZES,
    "食品和化妆品的保质期多久？": comes(is_handed_over, "龙井茶是哪个批次的", "[human:ask]"),
    "缺货的商品什么时候补货？": files("restock_notice", "竹茶盘到货了告诉我一声"),
    "退款退到哪里？": comes(is_handed_over, "转人工，退款要退到新账户"),
    "可以只退款不退货吗？": files("item_problem", "订单A1019的陶瓷杯收到就是坏的，发照片给你们"),
    "哪些东西不能退？": files("item_problem", "龙井茶有质量问题，拍了照片"),
    "怎么退货？": files("return", "订单A1019的龙井茶我要退货，不喜欢"),
    "怎么查物流？": files("chase_parcel", "订单A1024到哪了", "物流四天没更新了"),
    "显示签收了但我没收到怎么办？": files("delivery_problem", "订单A1019显示签收了但我没收到"),
    "怎么寄修？": files("repair", "订单A1019的陶瓷杯要寄修，漏水"),
    "过保之后维修怎么收费？": WORKSHOP,
    "收到就是坏的或者发错了，算保修吗？": files("item_problem", "订单A1019的陶瓷杯收到就是坏的"),
    "发什么快递，可以指定吗？": AT_THE_SHOP,
    "可以包成礼物、写贺卡吗？": AT_THE_SHOP,
}
TABLES = {"en": EN, "zh": ZH}


def entries(language: str) -> dict[str, str]:
    """Headings and words of all entries of the shipped pages."""
    found = {}
    for page in sorted((PAGES / language).glob("*.md")):
        for entry in page.read_text("utf-8").split("\n## ")[1:]:
            heading, _, words = entry.partition("\n")
            found[heading.strip()] = words.strip()
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_promise_has_a_deed(language: str) -> None:
    promised = {heading for heading, words in entries(language).items() if PROMISES[language].search(words)}
    assert not promised - TABLES[language].keys()
    assert not TABLES[language].keys() - entries(language).keys()


async def _stock(connection: AsyncConnection) -> None:
    """A shop in which everything that the pages speak of can happen."""
    for order, number, status in (("p3", "P3000", "paid"), ("p4", "P4000", "placed")):
        await shop.add_order(connection, order, number, status)
    sent = await Orders(connection).get("o1")
    tea = await Catalogue(connection).get("p1")
    assert sent is not None
    assert tea is not None
    old = [replace(one, updated_at=shop.NOW - timedelta(days=4), scans=()) for one in sent.parcels]
    await Orders(connection).put_many([replace(sent, parcels=tuple(old))])
    await Catalogue(connection).put_many([replace(tea, url=URL, list_price=9900)])


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        (language, heading)
        for language, table in TABLES.items()
        for heading, deed in table.items()
        if not deed.elsewhere
    ],
)
async def test_a_promise_is_kept(new_chat: Callable[..., Chat], language: str, heading: str) -> None:
    deed = TABLES[language][heading]
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages, language=language)
    await chat.store.write(_stock)
    if deed.linked:
        await chat.link()
    for words in deed.says:
        if words.startswith("["):
            await chat.presses(action(chat.last, words.strip("[]")))
        else:
            await (chat.commands(words[1:]) if words.startswith("/") else chat.says(words))
    reply = said(chat.last)
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation((await chat.contact()).conversation.id)
    if deed.files:
        assert [one.kind for one in made] == [deed.files], reply
        assert made[0].number in reply
    if deed.check is not None:
        assert await deed.check(chat), reply
