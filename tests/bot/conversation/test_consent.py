"""A no holds at once; a yes is the answer to a question that says what it is for, and the ledger keeps the question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.messages import Reply
from nlu.acts import Act
from storage.schema import consent
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, buttons, said
from tests.fakes import Meaning, does, means

ASKED = ("可以不定期给您发优惠", "May Tea House write to you")


async def ledger(chat: Chat) -> list[tuple[bool, str | None]]:
    """What was said about marketing in the conversation, in order: yes or no, and to which question."""
    async with chat.store.read() as connection:
        rows = await connection.execute(
            select(consent.c.granted, consent.c.wording)
            .where(consent.c.source.startswith("conversation"))
            .order_by(consent.c.id)
        )
        return [(row.granted, row.wording) for row in rows]


def asks(reply: Reply | None) -> bool:
    return any(question in said(reply) for question in ASKED)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("订阅", None),
        ("subscribe", None),
        ("有优惠叫我", "opt_in"),
        ("can you email me when its in", "opt_in"),
        ("id like the same cat food again as i always get", "opt_in"),
        ("also my email changed to anna@example.com", "opt_in"),
    ],
)
async def test_no_words_agree_to_anything_by_themselves(chat: Chat, text: str, meaning: str | None) -> None:
    assert asks(await chat.says(text, meaning))
    assert await ledger(chat) == []


async def test_nor_does_a_command(chat: Chat) -> None:
    assert asks(await chat.commands("subscribe"))
    assert await ledger(chat) == []


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_yes_is_kept_with_the_question_as_it_was_read(
    new_chat: Callable[..., Chat], language: str
) -> None:
    chat = new_chat(language=language)
    question = await chat.commands("subscribe")
    reply = await chat.presses(action(question, "news:yes"))
    assert await ledger(chat) == [(True, said(question))]
    assert action(reply, "news:off")
    assert "stop" in said(question) or "退订" in said(question)


@pytest.mark.parametrize(("text", "meaning"), [("好的", "affirm"), ("可以，发给我", None)])
async def test_a_yes_in_words_is_one(chat: Chat, text: str, meaning: str | None) -> None:
    question = await chat.says("有优惠叫我", "opt_in")
    await chat.says(text, meaning)
    assert await ledger(chat) == [(True, said(question))]


async def test_half_a_yes_is_asked_about_once_more(chat: Chat) -> None:
    shrug = Meaning(intents=(("affirm", 0.53), ("deny", 0.2)))
    await chat.says("有优惠叫我", "opt_in")
    assert asks(await chat.says("随便", shrug))
    assert not asks(await chat.says("随便", shrug))
    assert await ledger(chat) == []


async def test_who_says_something_else_has_not_agreed(chat: Chat) -> None:
    await chat.says("有优惠叫我", "opt_in")
    await chat.says("龙井茶多少钱", "price_question")
    assert await ledger(chat) == []


@pytest.mark.parametrize("how", ["button", "words"])
async def test_a_no_to_the_question_is_kept_too(chat: Chat, how: str) -> None:
    question = await chat.says("有优惠叫我", "opt_in")
    if how == "button":
        await chat.presses(action(question, "news:off"))
    else:
        await chat.says("不用", "deny")
    assert await ledger(chat) == [(False, None)]


async def test_an_old_button_agrees_to_nothing(chat: Chat) -> None:
    """A messenger keeps them for ever, and anybody can send one that was never shown."""
    question = await chat.commands("subscribe")
    yes = action(question, "news:yes")
    chat.now += timedelta(hours=1)
    for old in (yes, "news:on", "news:yes:0123456789abcdef", "news:yes"):
        assert asks(await chat.presses(old)), old
    assert await ledger(chat) == []


async def test_a_button_belongs_to_the_question_it_stands_below(chat: Chat) -> None:
    await chat.commands("subscribe")
    assert asks(await chat.presses("news:yes:0123456789abcdef"))
    assert await ledger(chat) == []


async def test_pressing_yes_twice_is_one_yes(chat: Chat) -> None:
    yes = action(await chat.commands("subscribe"), "news:yes")
    await chat.presses(yes)
    reply = await chat.presses(yes)
    assert len(await ledger(chat)) == 1
    assert "已经订阅" in said(reply)


async def test_who_has_stopped_is_asked_again_before_anything_is_sent(chat: Chat) -> None:
    await chat.presses(action(await chat.commands("subscribe"), "news:yes"))
    again = action(await chat.commands("stop"), "news:on")
    assert asks(await chat.presses(again))
    assert [granted for granted, _ in await ledger(chat)] == [True, False]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("退订", None),
        ("stop!", None),
        ("Please unsubscribe, thanks", None),
        ("别再给我发广告了", "opt_out"),
        ("please don't send me any more offers", "opt_out"),
    ],
)
async def test_a_plain_stop_needs_no_second_message(chat: Chat, text: str, meaning: str | None) -> None:
    reply = said(await chat.says(text, meaning))
    assert "不再给您发" in reply or "no more promotions" in reply
    assert await ledger(chat) == [(False, None)]


NEAR = [
    ("晚上有人回复吗", "opt_out"),
    ("别再发错了", "opt_out"),
    ("stop sending me reminders about the delivery", "opt_out"),
    ("no more emails about order A1024?", "opt_out"),
]


@pytest.mark.parametrize(("text", "meaning"), NEAR)
async def test_what_only_resembles_one_is_asked_about(chat: Chat, text: str, meaning: str) -> None:
    reply = await chat.says(text, meaning)
    assert await ledger(chat) == []
    assert {button.action for button in buttons(reply)} == {"news:off", "news:keep"}


@pytest.mark.parametrize(
    ("answer", "stored"),
    [("对，别发了", [False]), ("是的", [False]), ("退订", [False]), ("不是", []), ("我是问快递", [])],
)
async def test_and_stored_only_when_it_was_meant(chat: Chat, answer: str, stored: list[bool]) -> None:
    await chat.says("别再发错了", "opt_out")
    meaning = {"是的": "affirm", "我是问快递": "order_status"}.get(answer)
    await chat.says(answer, meaning)
    assert [granted for granted, _ in await ledger(chat)] == stored


async def test_the_buttons_below_it_do_what_they_say(chat: Chat) -> None:
    reply = await chat.says("别再发错了", "opt_out")
    assert "跟原来一样" in said(await chat.presses(action(reply, "news:keep")))
    assert await ledger(chat) == []
    await chat.presses(action(reply, "news:off"))
    assert await ledger(chat) == [(False, None)]


async def test_words_for_no_more_are_about_the_order_while_one_is_spoken_of(chat: Chat) -> None:
    await chat.link()
    await chat.says("A1024 到哪了", "order_status")
    assert action(await chat.says("别发了", "opt_out"), "news:keep")
    assert await ledger(chat) == []


async def test_else_they_are_about_the_offers(chat: Chat) -> None:
    await chat.says("别发了", "opt_out")
    assert await ledger(chat) == [(False, None)]


async def test_whoever_picks_the_meaning_has_said_it(chat: Chat) -> None:
    unsure = Meaning(intents=(("opt_out", 0.3), ("cancel_order", 0.28)))
    reply = await chat.says("别弄了", unsure)
    await chat.presses(action(reply, "ask:opt_out"))
    assert await ledger(chat) == [(False, None)]


async def test_a_stop_beside_another_wish_is_heard_and_both_are_answered(chat: Chat) -> None:
    await chat.link()
    text = "别再给我发广告了。A1024 到哪了？"
    chat.understander.script["别再给我发广告了"] = means("opt_out")
    chat.understander.script["A1024 到哪了"] = means("order_status")
    both = (("opt_out", "别再给我发广告了"), ("order_status", "A1024 到哪了"))
    reply = said(await chat.says(text, does(wishes=both)))
    assert "不再给您发" in reply
    assert "A1024" in reply
    assert await ledger(chat) == [(False, None)]


async def test_nor_does_an_answer_to_something_else_swallow_it(chat: Chat) -> None:
    await chat.link()
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    chat.understander.script["别再给我发广告了"] = means("opt_out")
    both = does(Act.ASKS_STATE, wishes=(("opt_out", "别再给我发广告了"),))
    await chat.says("取消好了吗？别再给我发广告了", both)
    assert await ledger(chat) == [(False, None)]


async def test_a_stop_that_belongs_to_something_else_is_not(chat: Chat) -> None:
    chat.understander.script["Stop"] = means("opt_out")
    chat.understander.script["that's the wrong one"] = means("deny")
    await chat.says("Stop. that's the wrong one", Meaning(intents=(("deny", 0.9), ("opt_out", 0.05))))
    assert await ledger(chat) == []
