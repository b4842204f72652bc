"""The shipped model and pages in place of the scripted ones: messages nobody should have to repeat."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

import nlu
from bot.conversation.phrases import asks_for_hours
from bot.conversation.texts import LANGUAGES, Texts
from nlu.pages import MarkdownPages, PagesModel, Section
from nlu.types import Language, PageIndex
from nlu.understander import TransformerUnderstander
from storage.conversations import Conversations
from tests.bot.conversation.chat import Chat, said
from tests.conftest import absent


@cache
def real_model() -> tuple[TransformerUnderstander, PageIndex]:
    """The shipped model, and the shop's pages as it reads them."""
    try:
        understander = nlu.load()
    except nlu.ModelDamaged:
        absent("the trained model")
        raise
    return understander, nlu.load_pages(Path(str(resources.files("bot.shop") / "pages")), understander)


@pytest.fixture
async def real_chat(new_chat: Callable[..., Chat]) -> Chat:
    """A linked customer in front of the bot with the real model."""
    understander, pages = real_model()
    chat = new_chat(understander=understander, pages=pages)
    await chat.link()
    return chat


@pytest.mark.parametrize(
    ("text", "skill", "answer"),
    [
        ("查一下订单 A1024", "order_status", "顺丰"),
        ("帮我取消订单 A1024", "changes", "取消不了"),
        ("我要投诉", "complaint", "抱歉"),
        ("帮我转人工", "human", "人工"),
        ("别再给我发广告了", "consent", "不再给您发"),
        ("我有多少积分", "membership", "320"),
        ("能便宜点吗 龙井茶", "offers", "¥115.20"),
        ("I want to cancel my order A1024", "changes", "can't be cancelled"),
        ("please stop sending me ads", "consent", "no more promotions"),
        ("I want to speak to a human", "human", "colleague"),
        ("where is my refund for A1019?", "refund_status", "A1019"),
        ("收到的杯子有裂纹", "returns", "抱歉"),
    ],
)
async def test_plain_messages_reach_their_skill(real_chat: Chat, text: str, skill: str, answer: str) -> None:
    reply = said(await real_chat.says(text))
    async with real_chat.store.read() as connection:
        history = await Conversations(connection).history((await real_chat.contact()).conversation.id)
    assert history[0].skill == skill
    assert answer in reply
    assert history[0].understanding is not None


@pytest.mark.parametrize(
    "text", ["x" * 4096, "测" * 4096, "\u202eاهلا", "<b>&</b>", "¿qué tal?", "{ $name }", "1"]
)
async def test_odd_messages_are_answered_by_the_real_thing_too(real_chat: Chat, text: str) -> None:
    assert said(await real_chat.says(text)).strip()


async def _skill_of_last(chat: Chat) -> str:
    async with chat.store.read() as connection:
        history = await Conversations(connection).history((await chat.contact()).conversation.id)
    return history[-1].skill


async def test_a_place_in_the_list_is_that_product_and_no_new_search(real_chat: Chat) -> None:
    await real_chat.says("推荐点东西")
    await real_chat.says("第二个有黑色的吗")
    assert await _skill_of_last(real_chat) in ("product", "stock")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("推荐点东西", "想送个爱喝茶的朋友"),
        ("推荐点东西", "给我妈用的"),
        ("recommend something", "for my dad who loves fishing"),
        ("recommend something", "it's for a ten year old"),
    ],
)
async def test_few_words_after_a_recommendation_go_on_looking(real_chat: Chat, first: str, then: str) -> None:
    await real_chat.says(first)
    await real_chat.says(then)
    assert await _skill_of_last(real_chat) in ("recommend", "search")


@pytest.mark.parametrize(
    "text", ["你好，我的快递怎么还没到？", "快递怎么还没到啊", "快递还没到", "我买的东西几天了还没到"]
)
async def test_whoever_waits_for_a_parcel_is_told_where_it_is(real_chat: Chat, text: str) -> None:
    await real_chat.says(text)
    assert await _skill_of_last(real_chat) == "order_status"


@pytest.mark.parametrize(("text", "days"), [("how long do refunds take?", "3–5"), ("退款多久到账", "3–5")])
async def test_a_stranger_learns_how_long_refunds_take(
    new_chat: Callable[..., Chat], text: str, days: str
) -> None:
    understander, pages = real_model()
    reply = said(await new_chat(understander=understander, pages=pages).says(text))
    assert days in reply


@pytest.mark.parametrize(
    ("text", "language", "title"),
    [
        ("退货有什么规定", "zh", "退货有什么规定？"),
        ("怎么退货", "zh", "怎么退货？"),
        ("what's your return policy", "en", "What is your return policy?"),
        ("how do I return something", "en", "How do I return something?"),
    ],
)
def test_the_rules_of_returns_and_the_way_to_return_are_told_apart(
    text: str, language: Language, title: str
) -> None:
    _, pages = real_model()
    assert pages.search(text, language)[0].title == title


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_quick_questions_of_the_chat_are_understood(real_chat: Chat, language: str) -> None:
    skills = []
    for text in Texts.load().questions(language):
        await real_chat.says(text)
        skills.append(await _skill_of_last(real_chat))
    assert skills == ["order_status", "policy", "recommend"]


@pytest.mark.parametrize(
    ("text", "place"), [("where r u based", "1 Demo Road"), ("你们店开在哪儿", "示例路")]
)
async def test_where_the_shop_is_is_not_answered_with_another_page(
    new_chat: Callable[..., Chat], text: str, place: str
) -> None:
    understander, pages = real_model()
    assert place in said(await new_chat(understander=understander, pages=pages).says(text))


@pytest.mark.parametrize(
    "text",
    ["就想问下几点有客服", "人工客服几点下班", "what time are agents there", "when is customer service open"],
)
async def test_who_asks_when_people_are_there_is_told_and_not_passed_on(
    new_chat: Callable[..., Chat], text: str
) -> None:
    understander, pages = real_model()
    assert "9:00" in said(await new_chat(understander=understander, pages=pages).says(text))


@pytest.mark.parametrize(
    "text",
    [
        "叫客服",
        "几点能转人工",
        "客服什么时候回我",
        "when will an agent answer me",
        "when does my parcel get there",
    ],
)
def test_who_wants_one_of_them_now_does_not_ask_for_hours(text: str) -> None:
    assert not asks_for_hours(text)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_the_pages_are_asked_for_an_intent_finds_a_passage_of_that_intent(language: Language) -> None:
    understander, pages = real_model()
    for text_id in Texts.load().variables[language]:
        if text_id.startswith("page-question-"):
            question = Texts.load().say(language, text_id)
            title = pages.search(question, language, 1, at_least=0.1)[0].title
            meaning = understander.understand([title])[0]
            assert meaning.intents[0].intent == text_id.removeprefix("page-question-"), question


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("is it sent with SF or someone else", "SF Express or JD Logistics"),
    ],
)
async def test_a_question_known_to_be_one_for_the_pages_is_answered_by_the_nearest(
    new_chat: Callable[..., Chat], text: str, words: str
) -> None:
    understander, pages = real_model()
    # What it is about is known, and the general answer would help less.
    assert words in said(await new_chat(understander=understander, pages=pages).says(text))


async def test_who_likes_tea_is_shown_tea(real_chat: Chat) -> None:
    reply = said(await real_chat.says("想送个爱喝茶的朋友，预算200以内"))
    assert "龙井茶" in reply
    assert "喝茶：" in reply, "how it meets the need"
    assert reply.startswith("找到一件")


@pytest.mark.parametrize(
    "text", ["周日开门吗 开的话我去自提", "are you there on sunday, then i'll pick it up"]
)
async def test_what_introduces_a_page_answers_nothing_else(new_chat: Callable[..., Chat], text: str) -> None:
    understander, pages = real_model()
    reply = said(await new_chat(understander=understander, pages=pages).says(text))
    assert "演示店铺" not in reply
    assert "is a demo shop" not in reply


@pytest.mark.parametrize(
    ("text", "word"), [("几天内可以退货？", "这条说明目前只有英文版：\n"), ("how many days to return?", "")]
)
async def test_a_page_in_the_other_language_is_said_to_be(
    new_chat: Callable[..., Chat], text: str, word: str
) -> None:
    understander, _ = real_model()
    section = Section(
        page="returns", title="How many days to return?", text="Thirty days, free of charge.", language="en"
    )
    english = MarkdownPages([section], PagesModel.of(understander.folder, understander.encoder))
    reply = said(await new_chat(understander=understander, pages=english).says(text))
    assert reply == f"{word}Thirty days, free of charge."
