"""Wishes that are known by their words alone, and what those words don't mean."""

from __future__ import annotations

import pytest

from bot.conversation.skills import wished_in_words
from nlu.types import Entity, EntityKind, Sentiment, Understanding


def read(text: str, count: int = 0) -> Understanding:
    entities = (
        Entity(kind=EntityKind.QUANTITY, text=str(count), value=str(count), start=0, end=1, score=0.9),
    )
    return Understanding(
        text=text, language="zh", intents=(), entities=entities if count else (), sentiment=Sentiment.NEUTRAL,
        sentiment_strength=0.0, urgent=False, out_of_scope=0.0, understood=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("tell me when the mug is back in stock", "restock_notice"),
        ("龙井茶补货了通知我", "restock_notice"),
        ("不用通知我到货了", "restock_notice"),
        ("leave it with the guard, please", "delivery_note"),
        ("能放驿站吗", "delivery_note"),
        ("送货前先打个电话", "delivery_note"),
        ("can you call me back tomorrow", "call_back"),
        ("给我回个电话", "call_back"),
        ("I want to make a complaint about your courier", "complaint"),
        ("我要投诉", "complaint"),
        ("any news on my complaint?", "request_status"),
        ("C-12 怎么样了", "request_status"),
        ("order 1 says unpaid but I paid", "payment_check"),
        ("积分没到账", "points_check"),
        ("水壶坏了要寄修", "repair_request"),
        ("please redirect the parcel to my office", "redirect"),
        ("物流三天没更新了", "stands_still"),
        ("两单能合并发货吗", "parcels"),
        ("can I get a quote?", "quote"),
    ],
)
def test_plain_words_are_heard(text: str, wish: str) -> None:
    assert wished_in_words.meant(read(text)) == wish


@pytest.mark.parametrize(
    "text",
    [
        "tell me when my parcel is back in the warehouse",
        "is it back in stock?",
        "为什么把快递放门卫了",
        "why did the courier leave it with the guard",
        "don't call me back",
        "别给我打电话",
        "You promised a call back on Tuesday",
        "how do I make a complaint?",
        "I don't want to complain, I just want a person",
        "this is no complaint, the lamp is just late",
        "怎么赚积分",
        "how long does a repair take if something is broken?",
        "how does your company work",
        "is there a discount for companies?",
        "when will it be delivered?",
    ],
)
def test_other_words_are_left_to_the_reader(text: str) -> None:
    assert not wished_in_words.meant(read(text))


def test_many_for_a_company_want_an_offer_and_a_few_do_not() -> None:
    assert wished_in_words.meant(read("we need some for our company", 80)) == "quote"
    assert wished_in_words.meant(read("how do I order that many for our company?", 80)) != "quote"
    assert wished_in_words.meant(read("我们公司想订，最少订多少份", 80)) != "quote"
    assert not wished_in_words.meant(read("we need some for our company", 2))


def test_who_wishes_something_else_as_well_is_read_on() -> None:
    assert wished_in_words.alone("restock_notice", frozenset({"stock_question"}))
    assert not wished_in_words.alone("restock_notice", frozenset({"stock_question", "cancel_order"}))
