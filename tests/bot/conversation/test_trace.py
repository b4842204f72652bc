"""Each answer keeps where it comes from: the page, the product, the order, the price rule, the request, the text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.sources import Sources
from bot.conversation.trace import Entry, Fact, Of, Price, ReadAs, Rule, Shown, Trace, dump_trace, load_trace
from bot.linking.linker import Linker
from bot.messages import Card, Reply
from nlu.acts import Act
from nlu.types import Passage
from storage import Store, erasure
from storage.conversations import Conversations, Message
from storage.drafts import SkillSwitches
from storage.person import find_account
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning


async def answers(chat: Chat) -> list[Message]:
    """What the bot said in a conversation."""
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        history = await Conversations(connection).history(conversation.id)
    return [one for one in history if one.direction == "out"]


async def trace(chat: Chat) -> Trace:
    """Of the last answer."""
    kept = load_trace((await answers(chat))[-1].trace)
    assert kept is not None
    return kept


def of(kept: Trace, thing: Of) -> list[tuple[str, str]]:
    """Which of its things the facts speak of, in which texts."""
    return [(fact.which, fact.text) for fact in kept.facts if fact.of is thing]


@pytest.fixture
async def shopper(any_store: Store) -> Chat:
    """A customer of the shop who is known, on each database."""
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    await chat.link()
    return chat


async def test_an_answer_of_the_pages_keeps_its_entry(shopper: Chat) -> None:
    shopper.pages.passages["运费"] = "满 99 元包邮。"
    await shopper.says("运费怎么算", "shipping_fee")
    kept = await trace(shopper)
    assert kept.entries == (Entry(page="page", title="运费", language="zh", chance=0.9),)
    assert kept.skills == ("policy",)
    assert kept.read == ReadAs(intent="shipping_fee", chance=0.9, wishes=("shipping_fee",))
    assert not kept.facts


async def test_a_fact_of_a_product_keeps_the_attribute(shopper: Chat) -> None:
    assert "陶" in said(await shopper.says("龙井茶是什么材质", "product_question"))
    (fact,) = (await trace(shopper)).facts
    assert fact == Fact(of=Of.PRODUCT, which="龙井茶", text="fact", said={"材质": "陶"})


async def test_a_fact_of_an_order_keeps_its_number_and_what_was_said(shopper: Chat) -> None:
    await shopper.says("A1024 到哪了", "order_status")
    kept = await trace(shopper)
    assert kept.skills == ("order_status",)
    assert {which for which, _ in of(kept, Of.ORDER)} == {"A1024"}
    first, scan = kept.facts[:2]
    assert (first.text, first.said["tracking"], first.said["carrier"]) == (
        "parcel-in_transit",
        "SF100200300",
        "顺丰",
    )
    # It names no order: that which was named before it is meant.
    assert (scan.text, scan.which, scan.said["place"]) == ("parcel-scan", "A1024", "杭州")


async def test_a_personal_price_keeps_its_code_and_its_rules(shopper: Chat) -> None:
    await shopper.says("龙井茶便宜点", "discount_request")
    kept = await trace(shopper)
    (code, text), disclosed = of(kept, Of.CODE)
    assert code in said(shopper.last)
    assert text == "offer-first"
    # It names no code: that which was named before it is meant.
    assert disclosed == (code, "offer-disclosure")
    (price,) = kept.prices
    assert (price.product, price.personal) == ("p1", True)
    assert price.rules


async def test_no_better_price_keeps_why(shopper: Chat) -> None:
    shopper.decisions.discount = 0.0
    await shopper.says("龙井茶便宜点", "discount_request")
    kept = await trace(shopper)
    assert [(price.product, price.personal) for price in kept.prices] == [("p1", False)]
    assert ("龙井茶", "price-best") in of(kept, Of.PRODUCT)
    # Logged like a personal price: policies are judged by those whom they gave nothing, too.
    assert shopper.decisions.shown == ["p1"]


async def test_a_request_keeps_its_number(shopper: Chat) -> None:
    await shopper.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await shopper.presses("change:cancel-yes:o8")
    kept = await trace(shopper)
    ((number, text),) = of(kept, Of.REQUEST)
    assert number in said(shopper.last)
    assert text == "cancel-asked"
    assert kept.facts[0].said["number"] == "A8000"
    # What the button carried names somebody's order.
    assert kept.read == ReadAs(pressed="change:cancel-yes")


async def test_recommended_products_keep_what_chose_them(shopper: Chat) -> None:
    reply = await shopper.says("推荐点东西", "recommend_request")
    assert reply is not None
    kept = await trace(shopper)
    assert [card.product for card in kept.shown] == [card.product_id for card in reply.cards]
    assert all(card.policy and card.reasons for card in kept.shown)


async def test_what_the_message_does_is_kept(shopper: Chat) -> None:
    await shopper.says("我要退货", "return_request")
    await shopper.says("算了不退了", Meaning(intents=(("deny", 0.9),), acts={Act.WITHDRAWS: 0.9}))
    assert (await trace(shopper)).read.acts == ("withdraws",)


async def test_only_what_is_said_is_kept(shopper: Chat) -> None:
    shopper.pages.passages["运费"] = "满 99 元包邮。"
    await shopper.says("运费怎么算", "shipping_fee")
    # The same is not said twice, though the page was put into words again.
    again = await shopper.says("运费怎么算", "shipping_fee")
    assert "包邮" not in said(again)
    kept = await trace(shopper)
    assert kept.entries == ()
    assert [fact.of for fact in kept.facts] == [Of.SHOP]


async def test_personal_data_is_kept_with_the_message_alone(shopper: Chat) -> None:
    reply = await shopper.says("A1024 寄到哪个地址", "order_facts")
    assert "文三路" in said(reply)
    (message,) = (await answers(shopper))[-1:]
    assert "文三路" not in str(message.trace)
    (fact,) = (await trace(shopper)).facts
    assert (fact.text, fact.said["address"]) == ("order-fact-address", "")
    assert "文三路" in said(await shopper.says("再说一遍", "repeat"))
    (again,) = (await trace(shopper)).facts
    assert (again.text, again.said["text"]) == ("repeat-short", "")


async def test_a_greeting_keeps_its_text_without_the_name(shopper: Chat) -> None:
    assert "王小明" in said(await shopper.says("你好", "greeting"))
    assert (await trace(shopper)).facts == (Fact(of=Of.SHOP, text="greeting-known", said={"shop": "小茶铺"}),)


async def test_a_skill_on_trial_leaves_nothing_in_what_was_sent(shopper: Chat) -> None:
    await shopper.store.write(lambda c: SkillSwitches(c).set("price", "shadow", shopper.now))
    await shopper.says("龙井茶多少钱", "price_question")
    kept = await trace(shopper)
    assert kept.skills == ("fallback",)
    assert not of(kept, Of.PRODUCT)


async def test_it_is_erased_with_the_message(shopper: Chat) -> None:
    await shopper.says("A1024 到哪了", "order_status")
    await trace(shopper)

    async def forget(connection: AsyncConnection) -> None:
        person = await find_account(connection, shopper.channel, shopper.address)
        await erasure.erase(connection, person, shopper.now)

    conversation = (await shopper.contact()).conversation
    await shopper.store.write(forget)
    async with shopper.store.read() as connection:
        history = await Conversations(connection).history(conversation.id)
    assert [one.trace for one in history] == [None] * len(history)


@pytest.fixture
def gathered() -> Callable[[Reply], Trace]:
    """The trace of an answer for which some things were looked at."""
    sources = Sources()
    sources.text("status-delivered", "delivered", {})
    sources.text("thanks", "You're welcome!", {})
    sources.text("attribute", "Care: hand wash", {"label": "Care", "value": "hand wash"})
    sources.text("fact", "Care: hand wash (Scarf).", {"facts": "Care: hand wash", "name": "Scarf"})
    sources.text("greeting-known", "Hi Ann! Tea House here.", {"name": "Ann", "shop": "Tea House"})
    sources.passage(
        Passage(page="care", title="Wool", text="Wash it cold.", language="en", score=0.5), "Wash it cold."
    )
    for label, values in (("Price", "¥1 / ¥2"), ("Care", "not stated / hand wash")):
        sources.text("compare-row", f"· {label}: {values}", {"label": label, "values": values})
    return lambda reply: sources.of(reply, ReadAs(), ["product", "product"])


def test_a_part_belongs_to_the_text_around_it(gathered: Callable[[Reply], Trace]) -> None:
    kept = gathered(Reply(text="Care: hand wash (Scarf)."))
    assert kept.facts == (Fact(of=Of.PRODUCT, which="Scarf", text="fact", said={"Care": "hand wash"}),)
    assert kept.skills == ("product",)


def test_an_attribute_on_a_card_is_that_products(gathered: Callable[[Reply], Trace]) -> None:
    cards = (
        Card(product_id="p1", title="Tea", text="¥1"),
        Card(product_id="p2", title="Hat", text="Care: hand wash"),
    )
    kept = gathered(Reply(text="These:", cards=cards))
    assert kept.facts == (Fact(of=Of.PRODUCT, which="Hat", text="attribute", said={"Care": "hand wash"}),)
    assert kept.shown == (Shown(product="p1", title="Tea"), Shown(product="p2", title="Hat"))


def test_rows_of_a_comparison_are_one_fact(gathered: Callable[[Reply], Trace]) -> None:
    (fact,) = gathered(Reply(text="Tea / Hat\n· Price: ¥1 / ¥2\n· Care: not stated / hand wash")).facts
    assert (fact.of, fact.text) == (Of.PRODUCT, "compare-row")
    assert fact.said == {"Price": "¥1 / ¥2", "Care": "not stated / hand wash"}


def test_words_without_a_value_count_where_they_are_a_sentence(gathered: Callable[[Reply], Trace]) -> None:
    assert gathered(Reply(text="It was delivered by bike.")).facts == ()
    kept = gathered(Reply(text="Good. You're welcome!"))
    assert kept.facts == (Fact(of=Of.SHOP, text="thanks"),)


def test_a_customers_name_is_not_kept(gathered: Callable[[Reply], Trace]) -> None:
    (fact,) = gathered(Reply(text="Hi Ann! Tea House here.")).facts
    assert (fact.of, fact.which, dict(fact.said)) == (Of.SHOP, "", {"shop": "Tea House"})


def test_an_entry_counts_where_its_words_are_said(gathered: Callable[[Reply], Trace]) -> None:
    assert [one.title for one in gathered(Reply(text="Wash it cold.\n\nYou're welcome!")).entries] == ["Wool"]
    assert gathered(Reply(text="Wash it.")).entries == ()


def test_what_is_kept_can_be_read_again_and_anything_else_is_none() -> None:
    whole = Trace(
        read=ReadAs(intent="price_question", chance=0.5, acts=("aside",)),
        skills=("offers",),
        entries=(Entry(page="a", title="b", language="en", chance=0.5),),
        facts=(Fact(of=Of.CODE, which="X1", text="offer-first", said={"price": "¥1"}),),
        shown=(Shown(product="p1", title="Tea", policy="new/1", reasons=("popular",)),),
        prices=(Price(product="p1", policy="r/1", personal=True, rules=(Rule(code="loyalty", share=0.08),)),),
    )
    assert load_trace(dump_trace(whole)) == whole
    assert load_trace(None) is None
    assert load_trace({"facts": [{"of": "no such thing", "text": "x"}]}) is None
    assert load_trace({"facts": 5}) is None


_IDS = st.sampled_from(
    [
        "attribute",
        "fact",
        "order-line",
        "parcel-scan",
        "offer-first",
        "thanks",
        "compare-row",
        "greeting-known",
    ]
)
_NAMES = st.sampled_from(
    ["name", "number", "request", "code", "label", "value", "values", "facts", "text", "day"]
)
_WORDS = st.text(alphabet="ab1 .。\n·¥", max_size=12)


@given(
    said_in=st.lists(st.tuples(_IDS, st.dictionaries(_NAMES, _WORDS, max_size=4)), max_size=8),
    said_=st.lists(_WORDS, max_size=6),
    on_cards=st.lists(st.tuples(_WORDS, _WORDS), max_size=3),
)
def test_whatever_is_said_it_can_be_traced_and_kept(
    said_in: list[tuple[str, dict[str, str]]], said_: list[str], on_cards: list[tuple[str, str]]
) -> None:
    sources = Sources()
    made = [(text_id, " ".join(values.values()), values) for text_id, values in said_in]
    for text_id, words, values in made:
        sources.text(text_id, words, values)
    cards = tuple(Card(product_id="p", title=title, text=text) for title, text in on_cards)
    text = " ".join([*said_, *(words for _, words, _ in made[:4])])
    kept = sources.of(Reply(text=text, cards=cards), ReadAs(), [])
    assert load_trace(json.loads(json.dumps(dump_trace(kept)))) == kept
    known = {text_id for text_id, words, _ in made if words.strip()}
    assert {fact.text for fact in kept.facts} <= known
