"""Who waits for a person isn't left alone: the bot answers what is safe, takes additions, and lets go."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.conversation import ownership
from bot.conversation.hours import OpeningHours
from nlu.acts import Act
from storage import Conflict
from storage.audit import Audit
from storage.drafts import SkillSwitches
from storage.escalations import Escalations
from storage.requests import Requests
from tests.bot.conversation.chat import TEXTS, Chat, action, buttons, said
from tests.bot.conversation.test_danger import case_of, filed, memory_of, taken_by_a_person
from tests.fakes import ScriptedUnderstander, does, means

DAILY = OpeningHours.parse("09:00-21:00", ZoneInfo("Asia/Shanghai"))
ADDED = TEXTS.say("zh", "waiting-added")


@pytest.fixture
async def waiting(chat: Chat) -> Chat:
    """A known customer in the queue."""
    await chat.link()
    await chat.says("转人工", "human_agent")
    return chat


async def test_what_is_safe_is_answered(waiting: Chat) -> None:
    waiting.pages.passages = {"运费": "满 99 元包邮。"}
    assert "顺丰" in said(await waiting.says("A1024 到哪了", "order_status"))
    assert "龙井茶" in said(await waiting.says("龙井茶多少钱", "price_question"))
    assert "包邮" in said(await waiting.says("运费怎么算", "shipping_fee"))
    assert "320" in said(await waiting.says("我有多少积分", "membership_points"))
    assert (await case_of(waiting)).state == "waiting"
    assert not [one for one in buttons(waiting.last) if one.action == "human:ask"]


@pytest.mark.parametrize("unread", [False, True])
async def test_additions_are_taken_and_never_met_by_silence(waiting: Chat, unread: bool) -> None:
    first = None if unread else does(Act.ADDS)
    assert said(await waiting.says("对了，杯子是红色的那只", first)) == ADDED
    assert "也加上了" in said(await waiting.says("外箱也压坏了", first))
    assert "也加上了" in said(await waiting.sends("photo"))
    assert await filed(waiting) == 0
    # Another case is another one to add to.
    await waiting.presses("human:leave")
    await waiting.says("还是转人工吧", "human_agent")
    assert said(await waiting.sends("photo")) == ADDED


@pytest.mark.parametrize("intent", ["cancel_order", "return_request", "change_address", "discount_request"])
async def test_what_people_may_be_about_to_do_is_left_to_them(waiting: Chat, intent: str) -> None:
    text = said(await waiting.says("A1024 和龙井茶的事", intent))
    assert TEXTS.say("zh", f"ask-{intent}") in text
    assert await filed(waiting) == 0
    assert (await memory_of(waiting)).pending is None


async def test_a_request_that_is_safe_is_taken(waiting: Chat) -> None:
    await waiting.says("导出我的数据", "my_data")
    await waiting.presses("data:export")
    async with waiting.store.read() as connection:
        assert [one.kind for one in await Requests(connection).find()] == ["data_export"]
    await waiting.presses("data:erase-yes")
    assert await filed(waiting) == 1


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("人工还要多久", does(Act.ASKS_STATE)),
        ("人呢", means("human_agent")),
        ("在吗", means("greeting")),
        ("还没处理？", does(wishes=(("request_status", "还没处理？"),))),
    ],
)
async def test_the_wait_is_told(waiting: Chat, text: str, meaning: object) -> None:
    waiting.now += timedelta(minutes=10)
    assert "同事20 分钟内会回复您" in said(await waiting.says(text, meaning))  # type: ignore[arg-type]
    waiting.now += timedelta(minutes=25)
    assert said(await waiting.says("人呢？", "human_agent")) == TEXTS.say("zh", "waiting-long")


async def test_out_of_hours_the_wait_is_until_the_shop_opens(new_chat: Callable[..., Chat]) -> None:
    late = new_chat(hours=DAILY, now=datetime(2026, 11, 25, 22, tzinfo=ZoneInfo("Asia/Shanghai")))
    await late.says("转人工", "human_agent")
    assert "明天（11月26日 周四）9:00上班" in said(await late.says("人呢", "human_agent"))
    assert "龙井茶" in said(await late.says("龙井茶多少钱", "price_question"))


@pytest.mark.parametrize("act", [Act.WITHDRAWS, Act.NO])
async def test_the_customer_may_leave_the_queue(waiting: Chat, act: Act) -> None:
    case = await case_of(waiting)
    assert said(await waiting.says("不用人工了", does(act))) == TEXTS.say("zh", "waiting-left")
    assert (await waiting.contact()).conversation.owner == "bot"
    async with waiting.store.read() as connection:
        assert (await Escalations(connection).get(case.id)).state == "back"
        entry, _ = await Audit(connection).of(f"conversation:{case.conversation_id}")
    assert (entry.actor, entry.action) == ("customer", "withdraw")
    assert entry.details == {"case": case.id, "reason": "customer_withdrew"}


async def test_the_button_leaves_the_queue_too(waiting: Chat) -> None:
    await waiting.says("人呢", "human_agent")
    leave = action(waiting.last, "human:leave")
    await waiting.presses(leave)
    assert (await waiting.contact()).conversation.owner == "bot"
    assert said(await waiting.presses(leave)) == TEXTS.say("zh", "button-stale")


async def test_a_stop_is_no_leaving(waiting: Chat) -> None:
    await waiting.says("退订", does(Act.NO, wishes=(("opt_out", "退订"),)))
    assert (await case_of(waiting)).state == "waiting"


async def test_a_person_who_takes_it_at_the_same_moment_keeps_it(waiting: Chat) -> None:
    conversation = (await waiting.contact()).conversation
    await taken_by_a_person(waiting)
    with pytest.raises(Conflict):
        await waiting.store.write(
            lambda connection: ownership.withdraw(connection, conversation.id, waiting.now)
        )
    assert await waiting.says("不用人工了", does(Act.WITHDRAWS)) is None
    assert await waiting.says("龙井茶多少钱", "price_question") is None


async def test_the_upset_become_more_urgent_and_are_told_the_wait(waiting: Chat) -> None:
    text = said(await waiting.says("我要投诉", means("complaint", negative=True)))
    assert TEXTS.say("zh", "complaint-waiting") in text
    assert TEXTS.say("zh", "waiting-within", within="5 分钟") in text
    case = await case_of(waiting)
    assert (case.reason, case.priority) == ("complaint", 0)
    assert case.due_at - waiting.now == timedelta(minutes=5)


async def test_a_skill_on_trial_drafts_for_whoever_answers(waiting: Chat) -> None:
    await waiting.store.write(lambda c: SkillSwitches(c).set("price", "shadow", waiting.now))
    assert "30 分钟" in said(await waiting.says("龙井茶多少钱", "price_question"))


async def test_the_reader_knows_that_a_person_was_asked_for(waiting: Chat) -> None:
    seen: list[tuple[str, ...]] = []

    class Noting(ScriptedUnderstander):
        def understand(self, texts, dialogue=None):  # type: ignore[no-untyped-def]
            seen.append(dialogue.state.filed)
            return super().understand(texts, dialogue)

    waiting.understander = Noting(waiting.understander.script, waiting.understander.products)
    waiting.__post_init__()
    await waiting.says("好的", "affirm")
    assert seen == [("human",)]
