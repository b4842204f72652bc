"""What is asked of the conversation itself: say it again, in another language; what was ordered, and how a request
stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.conversation.skills.talk import in_short
from nlu.acts import Act
from storage.requests import Requests
from tests.bot.conversation.chat import TEXTS, Chat, action, said
from tests.bot.conversation.test_danger import memory_of
from tests.fakes import Meaning, does


def wishes(intent: str, words: str) -> Meaning:
    """One wish that only its acts tell."""
    return does(wishes=((intent, words),))


async def asks(chat: Chat, intent: str, words: str) -> str:
    return said(await chat.says(words, wishes(intent, words)))


async def test_it_is_said_again_in_short_and_what_was_asked_stays_open(new_chat: Callable[..., Chat]) -> None:
    ann = new_chat(address="7")
    await ann.link("c2")
    asked = said(await ann.says("取消 B2001", "cancel_order"))
    before = (await memory_of(ann)).pending
    again = await asks(ann, "repeat", "什么意思，再说一遍")
    assert again.startswith("简单说：")
    assert again.removeprefix("简单说：").split("。")[0] in asked
    assert (await memory_of(ann)).pending == before
    # Its buttons are there again, too.
    await ann.presses(action(ann.last, "change:cancel-yes"))
    async with ann.store.read() as connection:
        assert len(await Requests(connection).find()) == 1


async def test_who_heard_nothing_yet_is_told_so(chat: Chat) -> None:
    assert await asks(chat, "repeat", "再说一遍") == TEXTS.say("zh", "repeat-nothing")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("好的。", "好的。"),
        ("One thing. Another thing.", "One thing. Another thing."),
        (f"先说结论。{'这里很长' * 40}。要取消吗？", "先说结论。要取消吗？"),
        (f"It came on 3 May. {'Much more is said ' * 10}. So be it.", "It came on 3 May."),
    ],
)
def test_in_short_is_the_beginning_and_the_question(text: str, short: str) -> None:
    assert in_short(text) == short


@pytest.mark.parametrize(
    ("words", "said_in"),
    [
        ("english please", "en"),
        ("你会说英文吗", "en"),
        ("能说中文吗", "zh"),
        ("do you speak Mandarin", "zh"),
    ],
)
async def test_the_language_is_switched(chat: Chat, words: str, said_in: str) -> None:
    assert await asks(chat, "language", words) == TEXTS.say(said_in, "language-set")
    assert (await chat.contact()).conversation.language == said_in
    # From now on, whatever the words are in.
    expected = TEXTS.say(said_in, "thanks")
    assert said(await chat.says("谢谢 thanks", "thanks")) == expected


async def test_a_language_that_is_not_named_is_asked_for(chat: Chat) -> None:
    assert await asks(chat, "language", "换种语言") == TEXTS.say("zh", "language-which")
    await chat.presses(action(chat.last, "language:set:en"))
    assert (await chat.contact()).conversation.language == "en"


@pytest.mark.parametrize(
    ("words", "first", "lines"),
    [
        ("A1024 里有什么", "订单 A1024 里有：", True),
        ("A1024 一共几件", "一共 2 件", True),
        ("A1024 里龙井茶几件", "一共 1 件", True),
        ("A1024 总共多少钱", "一共 ¥173.00", False),
        ("A1024 什么时候下的单", "11月21日", False),
        ("how many items are in A1024", "They are 2 items", True),
        ("what did I pay for A1024", "¥173.00 in all", False),
        ("when did I order A1024", "On Sat 21 Nov", False),
    ],
)
async def test_the_fact_that_was_asked_for_comes_first(
    chat: Chat, words: str, first: str, lines: bool
) -> None:
    await chat.link()
    text = await asks(chat, "order_facts", words)
    assert text.startswith(first)
    assert ("× 1" in text) is lines
    assert (await memory_of(chat)).order == "o1"


async def test_a_stranger_is_asked_who_they_are_first(chat: Chat) -> None:
    assert "173" not in await asks(chat, "order_facts", "A1024 总共多少钱")


async def test_how_a_request_stands_is_told(new_chat: Callable[..., Chat]) -> None:
    ann = new_chat(address="7", language="en")
    await ann.link("c2")
    assert await asks(ann, "request_status", "what became of it") == TEXTS.say("en", "requests-none")
    await ann.says("cancel B2001", "cancel_order")
    await ann.says("yes", does(Act.YES))
    async with ann.store.read() as connection:
        (made,) = await Requests(connection).find()
    assert made.number in await asks(ann, "request_status", "and now?")
