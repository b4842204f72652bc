"""Later turns of a conversation, read by the shipped model: what they are about is what was spoken of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest

from bot.conversation import routing
from bot.conversation.routing import Reading
from bot.conversation.skills import of_the_last
from nlu.acts import Act, Wish
from nlu.types import Understanding
from tests.bot.conversation.chat import Chat, said
from tests.bot.conversation.test_variants import jackets
from tests.bot.conversation.test_with_the_model import real_model
from tests.fakes import Meaning, does


@pytest.fixture
def visitor(new_chat: Callable[..., Chat]) -> Chat:
    """Somebody unknown in front of the bot with the shipped model."""
    understander, pages = real_model()
    return new_chat(understander=understander, pages=pages)


async def _last(chat: Chat, *said_by_them: str) -> str:
    replies = [said(await chat.says(text)) for text in said_by_them]
    return replies[-1]


@pytest.mark.parametrize(
    ("turns", "answer", "another"),
    [
        (["寄台湾多少钱", "那要几天"], "4–7 天", "无理由"),
        (["寄台湾多少钱", "那日本呢"], "7–15 个工作日", "不太确定"),
        (["do you ship to taiwan and how much", "how long does it take"], "4–7 days", "Standard delivery"),
        (["能货到付款吗", "手续费多少"], "5 元", "哪件商品"),
        (["能货到付款吗", "新疆也行吗"], "货到付款", "另加 10 元"),
        (["能分期吗", "手续费多少"], "3 期免息", "货到付款"),
        (["do you gift wrap", "how much is that"], "¥5", "Which product"),
        (["can i pay on delivery", "is there a fee"], "¥5", "foreign"),
    ],
)
async def test_a_short_question_is_asked_of_what_the_pages_told(
    visitor: Chat, turns: Sequence[str], answer: str, another: str
) -> None:
    told = await _last(visitor, *turns)
    assert answer in told
    assert another not in told


@pytest.mark.parametrize(
    ("turns", "answer"),
    [
        (["保修多久", "积分会过期吗"], "12 个月后过期"),
        (["what is your warranty", "which payment methods do you take"], "UnionPay"),
        (["怎么退货", "能上门取吗"], "次日上门"),
        (["can i return opened cosmetics", "how do i pay"], "instalments"),
        (["怎么下单", "微信可以吗"], "微信支付"),
        (["可以分期吗", "那微信可以吗"], "微信支付"),
        (["how do i become a member", "what do i get for it", "how do points work"], "1 point per yuan"),
        (["do you have a store", "which street is it on"], "1 Demo Road"),
        (["有实体店吗", "可以去那里退货吗"], "取货和退货"),
        (["能寄到德国吗", "多少钱"], "120 元"),
        (["can you gift wrap it", "can i add a note"], "60 words"),
        (["可以用国外的信用卡吗", "那如果尺寸不合可以退嗎"], "无理由退货"),
        (["do you ship to taiwan", "do they accept octopus card"], "UnionPay"),
    ],
)
async def test_another_question_is_answered_by_its_own_entry(
    visitor: Chat, turns: Sequence[str], answer: str
) -> None:
    assert answer in await _last(visitor, *turns)


@pytest.mark.parametrize(
    ("turns", "answer"),
    [
        (["can i get an invoice", "when will i get it"], "24 hours"),
        (["能开发票吗", "要多久"], "24 小时"),
    ],
)
async def test_who_is_asked_who_they_are_may_ask_something_else_meanwhile(
    visitor: Chat, turns: Sequence[str], answer: str
) -> None:
    assert answer in await _last(visitor, *turns)
    contact = await visitor.contact()
    pending = contact.conversation.memory["pending"]
    assert pending is not None
    assert pending["kind"] == "link"


@pytest.fixture
async def linked(visitor: Chat) -> Chat:
    """Somebody with orders in front of the bot with the shipped model."""
    await visitor.link()
    return visitor


@pytest.mark.parametrize(
    ("turns", "answer"),
    [
        (["A1024 到哪了", "你确定吗"], "就是这样显示的"),
        (["where is my order A1024", "are you sure?"], "shop's system"),
        (["A1024 到哪了", "那我现在该怎么办"], "不需要您做什么"),
        (["where is my order A1024", "so what do i do now"], "nothing you need to do"),
        (["where is my order A1024", "why is it taking so long"], "gives no reason"),
        (["can i return opened cosmetics", "why not"], "don't say why"),
        (["can i return opened cosmetics", "so can i or not?"], "cannot be returned"),
        (["帮我取消订单 A1024", "为什么不行"], "取消不了"),
        (["有龙井茶吗", "不是 我说的是绿茶"], "龙井"),
        (["帮我取消订单 A1024", "退款要多久到账"], "3–5 个工作日"),
        (["帮我取消订单 A1024", "退款几天"], "3–5 个工作日"),
        (["where is my order A1024", "how long for the refund"], "3–5 working days"),
        (["什么时候到货"], "A1024"),
        (["can i speak chinese"], "以后用中文"),
        (["说明书有英文的吗"], "有中文和英文"),
    ],
)
async def test_what_is_asked_of_the_last_answer_is_answered(
    linked: Chat, turns: Sequence[str], answer: str
) -> None:
    assert answer in await _last(linked, *turns)


async def test_who_asks_what_to_do_after_a_danger_hears_the_advice(linked: Chat) -> None:
    told = await _last(linked, "插座冒烟了", "我该怎么办")
    assert "拉下电闸" in told


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("are you sure?", "sure"), ("你确定吗", "sure"), ("oh. ok so what are my options then", "now"),
        ("那我现在该怎么办", "now"), ("why not", "why"), ("凭什么啊", "why"), ("so can i or not?", "whether"),
        ("那到底能不能呢", "whether"),
        ("why is it late", None), ("so", None), ("怎么办理退货", None), ("can you do it in blue", None),
        ("这个怎么弄才能充电", None),
    ],
)  # fmt: skip
def test_only_what_names_nothing_is_asked_of_the_last_answer(text: str, asked: str | None) -> None:
    assert of_the_last.asked(text) == asked


def _points_at(place: int, *intents: tuple[str, float]) -> Meaning:
    """A message that points at one of the products shown and in which no wish is read."""
    return replace(does(Act.ASIDE, points=(place,)), intents=intents, wishes=())


async def test_what_is_asked_of_one_product_is_asked_of_another_that_is_only_pointed_at(chat: Chat) -> None:
    shown = [card.title for card in (await chat.says("推荐一下", "recommend_request")).cards]
    assert len(shown) > 1
    asked = ((1, "第二个有货吗", ("stock_question", 0.96)), (0, "第一个呢", ("chitchat", 0.1)))
    for place, text, meaning in asked:
        reply = await chat.says(text, _points_at(place, meaning))
        assert shown[place] in reply.text
        assert not reply.cards, "its stock is told, not all that there is to know of it"


async def test_the_place_that_is_said_counts_and_not_what_the_reader_takes_to_be_meant(chat: Chat) -> None:
    shown = [card.title for card in (await chat.says("推荐一下", "recommend_request")).cards]
    await chat.says("第二个有货吗", _points_at(1, ("stock_question", 0.96)))
    told = said(await chat.says("第一个多少钱", replace(_points_at(1), intents=(("price_question", 0.96),))))
    assert shown[0] in told
    assert shown[1] not in told


@pytest.mark.parametrize("text", ["最后一个多少钱", "how much is the last one", "the sixth please"])
async def test_a_place_of_nothing_that_was_shown_names_nothing(chat: Chat, text: str) -> None:
    assert said(await chat.says(text, "price_question"))


async def test_who_leaves_a_list_of_advertising_and_comes_back_has_bargained_over_nothing(chat: Chat) -> None:
    reply = said(await chat.says("算了，有优惠还是告诉我吧", "discount_request"))
    assert "谢谢您来看看" not in reply


async def test_words_that_mean_nothing_find_no_page(visitor: Chat) -> None:
    await visitor.says("asdf qwer zxcv")
    assert "Manual" not in said(await visitor.says("blorp the fleem"))


async def test_when_an_order_comes_is_told_again_where_its_state_was_told(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    assert "预计" in said(await chat.says("請問我的訂單什麼時候會到", "delivery_time"))


def test_the_same_words_are_answered_as_what_they_likelier_wish() -> None:
    def wish(intent: str, chance: float, end: int) -> tuple[Wish, Understanding]:
        return Wish(intent=intent, probability=chance, text="", start=0, end=end), cast(Understanding, None)

    fact, stock = wish("product_question", 0.92, 20), wish("stock_question", 0.85, 20)
    both = Reading(language="en", wishes=(fact, stock, wish("price_question", 0.6, 9)))
    assert [routing.is_read_otherwise(both, one) for one, _ in both.wishes] == [False, True, False]
    back = Reading(language="en", wishes=(wish("return_request", 0.9, 20), wish("refund_request", 0.8, 20)))
    assert not any(routing.is_read_otherwise(back, one) for one, _ in back.wishes)


@pytest.mark.parametrize(
    ("turns", "language", "asked"),
    [
        (["how do i return something", "yes please"], "en", "order number"),
        (["怎么退货", "好的"], "zh", "订单号"),
    ],
)
async def test_a_yes_before_it_is_known_who_writes_hears_what_is_still_needed(
    new_chat: Callable[..., Chat], turns: list[str], language: str, asked: str
) -> None:
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages, language=language)
    rule = await _last(chat, turns[0])
    reply = await _last(chat, turns[1])
    assert asked in reply
    assert reply not in rule


async def test_what_a_product_on_the_screen_comes_in_is_told_and_not_the_rule_for_all(
    new_chat: Callable[..., Chat],
) -> None:
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages, language="en")
    await chat.store.write(jackets)
    await chat.presses("product:show:j-sage-m")
    assert "S, M, XL" in said(await chat.says("which sizes?"))
