"""One owner a conversation: who has it answers in it, and nobody else decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from bot.conversation import ownership
from bot.conversation.hours import OpeningHours
from bot.messages import IncomingKind
from nlu.acts import Act
from storage import Conflict
from storage.audit import Audit
from storage.conversations import Conversations
from storage.customers import Consents
from storage.escalations import Escalation, Escalations
from storage.schema import staff
from tests.bot.conversation.chat import TEXTS, Chat, action, buttons, said
from tests.fakes import does, means


@pytest.fixture
async def colleagues(chat: Chat) -> tuple[int, int]:
    """Two members of staff."""

    async def work(connection: object) -> tuple[int, int]:
        ids = []
        for login in ("li", "wang"):
            row = (
                await connection.execute(  # type: ignore[attr-defined]
                    insert(staff)
                    .values(
                        login=login,
                        name=login,
                        password_hash="-",
                        role="agent",
                        active=True,
                        created_at=chat.now,
                    )
                    .returning(staff.c.id)
                )
            ).one()
            ids.append(row.id)
        return ids[0], ids[1]

    return await chat.store.write(work)


async def _case(chat: Chat) -> Escalation:
    async with chat.store.read() as connection:
        (case,) = await Escalations(connection).find()
    return case


DAILY = OpeningHours.parse("09:00-21:00", ZoneInfo("Asia/Shanghai"))


@pytest.mark.parametrize(
    ("clock", "promise", "due"),
    [
        ((20, 15), "30 分钟内会回复您", (20, 45)),
        ((22, 0), "明天（11月26日 周四）9:00上班", (24 + 9, 30)),
        ((3, 0), "今天（11月25日 周三）9:00上班", (9, 30)),
        (
            (20, 50),
            "今天（11月25日 周三）21:00前会回复您；来不及的话，明天（11月26日 周四）9:00起",
            (24 + 9, 20),
        ),
    ],
)
async def test_nobody_is_promised_while_the_shop_is_closed(
    new_chat: Callable[..., Chat], clock: tuple[int, int], promise: str, due: tuple[int, int]
) -> None:
    midnight = datetime(2026, 11, 25, tzinfo=ZoneInfo("Asia/Shanghai"))
    asked = midnight + timedelta(hours=clock[0], minutes=clock[1])
    # Each message comes a second after the one before.
    asking = new_chat(hours=DAILY, now=asked - timedelta(seconds=1))
    assert promise in said(await asking.says("转人工", "human_agent"))
    assert (await _case(asking)).due_at == midnight + timedelta(hours=due[0], minutes=due[1])


async def test_asking_for_a_person_queues_once_and_once_one_has_it_the_bot_is_silent(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    assert "30 分钟内" in said(await chat.says("转人工", "human_agent"))
    assert "30 分钟内" in said(await chat.says("转人工", "human_agent"))
    case = await _case(chat)
    assert case.state == "waiting"
    await chat.store.write(lambda c: ownership.take(c, case.id, colleagues[0], chat.now))
    assert await chat.says("在吗", "greeting") is None
    assert await chat.presses("order:list") is None
    assert await chat.commands("help") is None
    assert await chat.sends("voice") is None
    assert await chat.sends("sticker", emoji="😡") is None
    async with chat.store.read() as connection:
        history = await Conversations(connection).history((await chat.contact()).conversation.id)
    assert [item.kind for item in history if item.direction == "in"] == [
        "text", "text", "text", "button", "command", "media", "media",
    ]  # fmt: skip


async def test_a_case_is_taken_by_one_answered_given_back_and_the_bot_speaks_again(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    li, wang = colleagues
    await chat.says("转人工", "human_agent")
    case = await _case(chat)
    await chat.store.write(lambda c: ownership.take(c, case.id, li, chat.now))
    with pytest.raises(Conflict):
        await chat.store.write(lambda c: ownership.take(c, case.id, wang, chat.now))
    with pytest.raises(Conflict):
        await chat.store.write(lambda c: ownership.answer(c, case.id, wang, "Wang", "你好", chat.now))
    with pytest.raises(Conflict):
        await chat.store.write(lambda c: ownership.end(c, case.id, wang, chat.now, owner="bot"))
    await chat.store.write(lambda c: ownership.answer(c, case.id, li, "小李", "您好，我来看看", chat.now))
    assert "我来看看" in said(await chat._left())
    assert await chat.says("好的", "affirm") is None
    await chat.store.write(lambda c: ownership.end(c, case.id, li, chat.now, owner="bot"))
    assert "龙井茶" in said(await chat.says("龙井茶多少钱", "price_question"))
    async with chat.store.read() as connection:
        entries = await Audit(connection).of(f"conversation:{case.conversation_id}")
    assert [entry.action for entry in entries] == ["give_back", "take", "escalate"]


async def test_a_closed_conversation_opens_again_with_the_bot(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    await chat.says("转人工", "human_agent")
    case = await _case(chat)
    await chat.store.write(lambda c: ownership.end(c, case.id, colleagues[0], chat.now, owner="closed"))
    assert (await chat.contact()).conversation.owner == "closed"
    assert said(await chat.says("你好", "greeting"))
    assert (await chat.contact()).conversation.owner == "bot"


async def test_a_decision_made_before_the_hand_over_is_not_written_after_it(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    from bot.messages import Incoming

    await chat.says("你好", "greeting")
    conversation = (await chat.contact()).conversation
    incoming = Incoming(
        channel=chat.channel,
        address=chat.address,
        update_id="late",
        kind=IncomingKind.COMMAND,
        payload="help",
        at=chat.now,
    )
    work = await chat.engine.handle(incoming)
    await chat.store.write(lambda c: ownership.escalate(c, conversation.id, reason="asked", now=chat.now))
    with pytest.raises(Conflict):
        await chat.store.write(work)
    case = await _case(chat)
    await chat.store.write(lambda c: ownership.take(c, case.id, colleagues[0], chat.now))
    again = await chat.engine.handle(incoming)
    await chat.store.write(again)
    assert await chat._left() is None


async def test_a_complaint_is_offered_a_person_and_a_yes_passes_on(new_chat: Callable[..., Chat]) -> None:
    one = new_chat(address="1")
    reply = await one.says("你们太差劲了，我要投诉", means("complaint", negative=True))
    assert "抱歉" in said(reply)
    assert action(reply, "human:ask")
    assert said(await one.says("气死我了", means("complaint", negative=True))) != said(reply)
    assert (await one.contact()).conversation.owner == "bot"
    await one.says("好的", does(Act.YES))
    assert (await one.contact()).conversation.owner == "queue"
    case = await _case(one)
    assert (case.reason, case.priority) == ("complaint", 0)


async def test_a_no_to_a_person_leaves_it(chat: Chat) -> None:
    await chat.says("太差劲了", means("complaint", negative=True))
    assert said(await chat.says("不用", does(Act.NO)))
    await chat.says("好的", does(Act.YES))
    assert (await chat.contact()).conversation.owner == "bot"


async def test_lasting_anger_is_offered_a_person(chat: Chat) -> None:
    await chat.link()
    text = said(await chat.says("快递到底在哪", means("order_status", negative=True)))
    assert text.startswith("很抱歉")
    again = await chat.says("第二次问了！到底在哪！", means("order_status", negative=True, urgent=True))
    assert action(again, "human:ask")
    assert (await chat.contact()).conversation.owner == "bot"


async def test_a_person_is_only_passed_on_to_by_plain_words(chat: Chat) -> None:
    assert "转给人工" in said(await chat.says("个人", "human_agent"))
    assert (await chat.contact()).conversation.owner == "bot"
    await chat.says("转人工", "human_agent")
    assert (await chat.contact()).conversation.owner == "queue"


@pytest.mark.parametrize(
    ("first", "second", "sorry"),
    [
        ("我的快递几天前就该到了，到底在哪？", "还是没到，你们在干嘛！！", "很抱歉"),
        ("Hi, my parcel should have been here days ago. Where is it?", "Still nothing here!!", "I'm sorry"),
    ],
)
@pytest.mark.parametrize("intent", ["delivery_problem", "order_status", "complaint"])
async def test_a_missed_parcel_is_looked_up_before_a_person_is_called(
    chat: Chat, intent: str, first: str, second: str, sorry: str
) -> None:
    await chat.link()
    upset = means(intent, negative=True, urgent=True)
    upset = replace(upset, intents=((intent, 0.68), ("order_status", 0.2)))
    text = said(reply := await chat.says(first, upset))
    assert sorry in text
    assert "A1024" in text
    if intent == "delivery_problem":
        labels = [button.action for button in buttons(reply)]
        assert {"parcel:chase:o1", "human:ask"} <= set(labels)
    assert (await chat.contact()).conversation.owner == "bot"
    assert action(await chat.says(second, means("complaint", negative=True, urgent=True)), "human:ask")


async def agree(chat: Chat) -> None:
    """Say yes to the question whether the shop may write."""
    await chat.presses(action(await chat.commands("subscribe"), "news:yes"))


async def taken(chat: Chat, member: int) -> None:
    """A colleague has the conversation."""
    await chat.says("转人工", "human_agent")
    case = await _case(chat)
    await chat.store.write(lambda c: ownership.take(c, case.id, member, chat.now))


async def test_stop_is_obeyed_even_while_a_person_owns_the_conversation(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    await agree(chat)
    await taken(chat, colleagues[0])
    assert await _agreed(chat)
    assert await chat.says("别再给我发广告", "opt_out") is None
    assert not await _agreed(chat)


@pytest.mark.parametrize("word", ["TD", "退订", "stop", "Unsubscribe."])
async def test_the_usual_words_for_stop_are_obeyed_while_a_person_owns_the_conversation(
    chat: Chat, colleagues: tuple[int, int], word: str
) -> None:
    await agree(chat)
    await taken(chat, colleagues[0])
    assert await chat.says(word) is None
    assert not await _agreed(chat)


async def test_the_button_for_stop_is_obeyed_while_a_person_owns_the_conversation(
    chat: Chat, colleagues: tuple[int, int]
) -> None:
    await agree(chat)
    stop = action(chat.last, "news:off")
    await taken(chat, colleagues[0])
    assert await chat.presses(stop) is None
    assert not await _agreed(chat)


@pytest.mark.parametrize(
    "text", ["别再发错了", "别发了", "晚上有人回复吗", "stop asking me that", "am I unsubscribed?", "stop it"]
)
async def test_what_only_resembles_a_stop_is_left_to_the_person_who_reads_it(
    chat: Chat, colleagues: tuple[int, int], text: str
) -> None:
    """However sure the model is: nobody is asked here, and nothing is stored."""
    await agree(chat)
    await taken(chat, colleagues[0])
    assert await chat.says(text, "opt_out") is None
    assert await _agreed(chat)


@pytest.mark.parametrize("word", ["TD", "stop"])
async def test_stop_is_obeyed_while_the_customer_waits(chat: Chat, word: str) -> None:
    await agree(chat)
    await chat.says("转人工", "human_agent")
    assert said(await chat.says(word)) == TEXTS.say("zh", "opted-out")
    assert not await _agreed(chat)
    assert (await _case(chat)).state == "waiting"


async def test_blocking_is_an_opt_out_and_unblocking_agrees_to_nothing(chat: Chat) -> None:
    await agree(chat)
    assert await chat.does(IncomingKind.BLOCKED) is None
    assert (await chat.contact()).blocked
    assert await chat.does(IncomingKind.UNBLOCKED) is None
    assert not (await chat.contact()).blocked
    assert not await _agreed(chat)


async def _agreed(chat: Chat) -> bool:
    contact = await chat.contact()
    async with chat.store.read() as connection:
        return await Consents(connection).granted("marketing", account_id=contact.conversation.account_id)
