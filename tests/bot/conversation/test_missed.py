"""A turn that may not have been understood is marked, with where it was said; others are not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.conversation.memory import QUESTION_HOLDS
from nlu.workshop.dialogues.corpus import _question, _shown
from storage.missed import WHY
from storage.schema import message
from tests.bot.conversation.chat import Chat, said
from tests.fakes import Meaning

VAGUE = Meaning(intents=(("order_status", 0.2), ("refund_status", 0.18)))
NOTHING = Meaning(intents=(("chitchat", 0.05),), understood=False)


async def marks(chat: Chat) -> dict[str, str | None]:
    """Why each message of the customer's may not have been understood."""
    return {text: row.missed for text, row in (await _kept(chat)).items()}


async def _kept(chat: Chat) -> dict[str, Any]:
    async with chat.store.read() as connection:
        rows = await connection.execute(
            select(message.c.text, message.c.missed, message.c.understanding)
            .where(message.c.direction == "in", message.c.text != "")
            .order_by(message.c.id)
        )
        return {row.text: row for row in rows}


async def test_what_is_not_understood_or_asked_back_about_is_marked(chat: Chat) -> None:
    await chat.says("那个呢", VAGUE)
    await chat.says("嗯哼哈", NOTHING)
    await chat.link()
    await chat.says("我的订单呢", "order_status")
    assert await marks(chat) == {"那个呢": "asked_back", "嗯哼哈": "unclear", "我的订单呢": None}
    assert {"asked_back", "unclear", "repeated", "handed_over"} == set(WHY)


async def test_the_same_words_again_are_marked_while_they_are_remembered(chat: Chat) -> None:
    await chat.link()
    first = said(await chat.says("A1024 到哪了", "order_status"))
    assert "没有新的变化" in said(await chat.says("A1024 呢", "order_status"))
    chat.now += QUESTION_HOLDS + timedelta(minutes=1)
    assert said(await chat.says("A1024 现在呢", "order_status")) == first
    found = await marks(chat)
    assert (found["A1024 到哪了"], found["A1024 呢"]) == (None, "repeated")
    assert found["A1024 现在呢"] is None


async def test_what_came_before_a_person_was_wanted_is_marked(chat: Chat) -> None:
    await chat.link()
    await chat.says("你好", "greeting")
    await chat.says("A1024 到哪了", "order_status")
    await chat.presses("human:ask")
    assert await marks(chat) == {"你好": None, "A1024 到哪了": "handed_over"}


async def test_a_greeting_before_a_person_tells_nothing(chat: Chat) -> None:
    await chat.says("你好", "greeting")
    await chat.says("转人工", "human_agent")
    assert await marks(chat) == {"你好": None, "转人工": None}


async def test_where_it_was_said_is_kept_as_the_corpus_has_it(chat: Chat) -> None:
    await chat.link()
    await chat.says("我要退货", "return_request")
    await chat.says("嗯哼哈", NOTHING)
    where = (await _kept(chat))["嗯哼哈"].understanding["where"]
    question = _question(where["asked"], "")
    assert question is not None
    assert question.task == "return"
    assert where["tasks"] == ["return"]
    assert where["shown"]
    for shown in where["shown"]:
        assert _shown(shown).kind == "order"
        assert "A10" not in shown
    assert "where" not in (await _kept(chat))["我要退货"].understanding
