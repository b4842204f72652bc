"""Danger comes first, whatever was asked and whoever has the conversation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.conversation.memory import Memory
from bot.conversation.trace import Of, load_trace
from bot.linking.linker import Linker
from nlu.acts import Act, Danger
from storage import Store
from storage.audit import Audit
from storage.conversations import Conversations
from storage.customers import Consents
from storage.escalations import Escalation, Escalations
from storage.requests import Requests
from storage.schema import customer
from storage.staff import Staff
from storage.warnings import Alarm, Alarms
from tests.bot.conversation import shop
from tests.bot.conversation.chat import TEXTS, Chat, action, said
from tests.fakes import Meaning, does, means

SWALLOWED = "宝宝把干燥剂吃了"


NUMBERS = {"zh": (" 120", " 119", " 12356"), "en": ("120", "119", "12356")}
"""Of China, where the shop is."""


def advice(language: str, name: str) -> str:
    """What a customer reads of whom nothing tells where they are."""
    called = dict(zip(("ambulance", "fire", "crisis"), NUMBERS[language], strict=True))
    text = TEXTS.say(language, f"danger-{name}", **called)
    if not any(number in text for number in NUMBERS[language]):
        return text
    return f"{text}{'' if language == 'zh' else ' '}{TEXTS.say(language, 'emergency-elsewhere')}"


def danger(kind: Danger, **more: object) -> Meaning:
    """A message that reads as one wish and holds danger."""
    return replace(means("recommend_request"), danger=kind, **more)  # type: ignore[arg-type]


async def case_of(chat: Chat) -> Escalation:
    """The open case of a conversation."""
    async with chat.store.read() as connection:
        case = await Escalations(connection).open_of((await chat.contact()).conversation.id)
    assert case is not None
    return case


async def alarms(store: Store) -> list[Alarm]:
    async with store.read() as connection:
        return await Alarms(connection).open()


async def filed(chat: Chat) -> int:
    """How many requests were made."""
    async with chat.store.read() as connection:
        return len(await Requests(connection).find())


async def memory_of(chat: Chat) -> Memory:
    return Memory.recall((await chat.contact()).conversation.memory, chat.now)


async def taken_by_a_person(chat: Chat) -> int:
    """A colleague takes the open case."""

    async def work(connection: object) -> int:
        return await Staff(connection).add(  # type: ignore[arg-type]
            login="li", name="小李", role="agent", password_hash="-", language="zh", now=chat.now
        )

    member = await chat.store.write(work)
    case = await case_of(chat)
    await chat.store.write(lambda connection: ownership.take(connection, case.id, member, chat.now))
    return member


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", list(Danger))
async def test_every_kind_is_advised_and_goes_before_everything(
    chat: Chat, kind: Danger, language: str
) -> None:
    words = "刚才出事了" if language == "zh" else "something happened just now"
    text = said(reply := await chat.says(words, danger(kind)))
    assert advice(language, kind) in text
    assert "5 分钟" in text or "5 minutes" in text
    assert reply is not None
    assert not reply.cards
    case = await case_of(chat)
    assert (case.reason, case.priority, case.state) == ("danger", ownership.DANGER, "waiting")
    assert ownership.CaseFacts.read(case.summary).danger == kind
    [alarm] = await alarms(chat.store)
    assert (alarm.kind, alarm.count, alarm.details) == ("danger", 1, {"kind": kind})
    assert await filed(chat) == 0


async def test_a_question_waits_for_later(chat: Chat) -> None:
    await chat.link("c1")
    await chat.says("A1024 的杯子要退", "return_request")
    before = await memory_of(chat)
    assert before.pending is not None
    await chat.says(SWALLOWED, danger(Danger.POISON, acts={Act.GIVES: 0.9, Act.YES: 0.9}))
    after = await memory_of(chat)
    assert (after.pending, after.tasks) == (before.pending, before.tasks)
    assert await filed(chat) == 0


async def test_a_read_back_is_not_confirmed(new_chat: Callable[..., Chat]) -> None:
    ann = new_chat(address="7")
    await ann.link("c2")
    await ann.says("取消 B2001", "cancel_order")
    assert (await memory_of(ann)).pending is not None
    await ann.says("是的，插座冒烟了", danger(Danger.FIRE, acts={Act.YES: 0.9}))
    assert await filed(ann) == 0
    assert (await memory_of(ann)).task("cancel_order") is not None


async def test_a_case_that_waits_is_raised_above_all(chat: Chat, new_chat: Callable[..., Chat]) -> None:
    early = new_chat(address="1", now=chat.now - timedelta(hours=5))
    await early.says("你们太差劲了", means("complaint", negative=True))
    await chat.says("转人工", "human_agent")
    number = (await case_of(chat)).id
    assert advice("zh", "allergy") in said(await chat.says("脸肿了", danger(Danger.ALLERGY)))
    case = await case_of(chat)
    assert (case.id, case.reason, case.priority) == (number, "danger", ownership.DANGER)
    assert ownership.CaseFacts.read(case.summary).words == "脸肿了"
    async with chat.store.read() as connection:
        assert next(one.id for one in await Escalations(connection).find()) == number
        entries = await Audit(connection).of(f"conversation:{case.conversation_id}")
    assert [entry.action for entry in entries] == ["raise", "escalate"]
    # What comes after is no less urgent, and named for no other reason.
    await chat.says("投诉", means("complaint", negative=True))
    assert (await case_of(chat)).reason == "danger"


async def test_the_bot_speaks_even_while_a_person_has_it(chat: Chat) -> None:
    await chat.says("转人工", "human_agent")
    member = await taken_by_a_person(chat)
    assert said(await chat.says("机器冒烟了", danger(Danger.FIRE))) == advice("zh", "fire")
    case = await case_of(chat)
    assert (case.state, case.staff_id, case.reason) == ("taken", member, "danger")
    assert len(await alarms(chat.store)) == 1
    assert await chat.says("好的", "affirm") is None


async def test_the_advice_is_not_said_again_within_minutes(chat: Chat) -> None:
    await chat.says(SWALLOWED, danger(Danger.POISON))
    again = said(await chat.says("怎么办怎么办", danger(Danger.POISON)))
    assert again == advice("zh", "again")
    assert advice("zh", "allergy") in said(await chat.says("脸肿了", danger(Danger.ALLERGY)))
    chat.now += timedelta(minutes=11)
    later = said(await chat.says("又吃了一包", danger(Danger.POISON)))
    assert advice("zh", "poison") in later
    [alarm] = await alarms(chat.store)
    assert alarm.count == 4


async def test_a_stop_in_the_same_words_is_obeyed(chat: Chat) -> None:
    await chat.presses(action(await chat.commands("subscribe"), "news:yes"))
    legal = replace(means("opt_out"), danger=Danger.LEGAL)
    assert advice("zh", "legal") in said(await chat.says("退订", legal))
    contact = await chat.contact()
    async with chat.store.read() as connection:
        agreed = await Consents(connection).granted("marketing", account_id=contact.conversation.account_id)
    assert not agreed


async def test_a_case_of_danger_is_not_left_by_the_customer(chat: Chat) -> None:
    await chat.says(SWALLOWED, danger(Danger.POISON))
    await chat.says("不用人工了", does(Act.WITHDRAWS))
    assert (await case_of(chat)).reason == "danger"


async def test_it_is_the_same_in_every_store(any_store: Store) -> None:
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    await chat.says("转人工", "human_agent")
    await chat.says("被电了一下", danger(Danger.FIRE))
    assert (await case_of(chat)).priority == ownership.DANGER
    assert len(await alarms(any_store)) == 1
    await taken_by_a_person(chat)
    assert said(await chat.says("还在冒烟", danger(Danger.FIRE))) == advice("zh", "again")


@pytest.mark.parametrize(
    ("text", "advised"),
    [
        ("我家猫把香薰蜡烛吃了怎么办", "兽医"),
        ("my dog swallowed a sock", "vet"),
        ("狗把孩子的药吃了", "兽医"),
        ("帐篷里点了炉子 现在头晕想吐", "通风的地方"),
        ("the carbon monoxide alarm is going off", "fresh air"),
        ("my son ate the dog's worming tablet", "rinse mouth"),
        ("孩子误食了狗的驱虫药", "漱口"),
    ],
)
async def test_an_animal_is_for_the_vet_and_who_breathes_gas_gets_out(
    chat: Chat, text: str, advised: str
) -> None:
    told = said(await chat.says(text, danger(Danger.POISON)))
    assert advised in told
    assert ("催吐" in told or "vomit" in told) == ("炉" not in text and "carbon" not in text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("my son swallowed a battery", "poison"), ("儿子把电池吞了", "poison"), ("孩子手划破了", "injury")],
)
async def test_what_was_swallowed_is_no_wound(chat: Chat, text: str, name: str) -> None:
    language = "en" if text.isascii() else "zh"
    assert advice(language, name) in said(await chat.says(text, danger(Danger.INJURY)))


async def test_advice_for_a_person_is_given_after_that_for_an_animal(chat: Chat) -> None:
    await chat.says("狗吞了一块橡胶", danger(Danger.POISON))
    assert advice("zh", "poison") in said(await chat.says("孩子也吃了", danger(Danger.POISON)))


@pytest.mark.parametrize(
    ("zone", "number"),
    [
        ("Europe/London", "999"), ("Europe/Berlin", "112"), ("America/New_York", "911"), ("Asia/Shanghai", "120"),
        ("America/Indiana/Knox", "911"), ("Australia/Sydney", "000"), ("America/Mexico_City", "local emergency number"),
        ("Africa/Lagos", "local emergency number"),
    ],
)  # fmt: skip
async def test_whom_to_call_is_told_for_the_place_of_the_shop(
    new_chat: Callable[..., Chat], zone: str, number: str
) -> None:
    chat = new_chat(time_zone=zone)
    told = said(await chat.says("my lips are swelling up", danger(Danger.ALLERGY)))
    assert f"call {number if number.isdigit() else 'your ' + number} at once" in told
    assert ("another country" in told) == number.isdigit()


async def test_a_number_to_call_is_traced_to_the_advice(chat: Chat) -> None:
    await chat.says("脸肿了", danger(Danger.ALLERGY))
    conversation = (await chat.contact()).conversation
    async with chat.store.read() as connection:
        kept = load_trace((await Conversations(connection).history(conversation.id))[-1].trace)
    assert kept is not None
    assert {fact.of for fact in kept.facts} == {Of.SHOP}
    assert kept.facts[0].said["ambulance"].strip() == "120"


async def test_where_the_customer_is_goes_before_where_the_shop_is(chat: Chat) -> None:
    await chat.link("c2")

    async def moved(connection: AsyncConnection) -> None:
        await connection.execute(
            update(customer).where(customer.c.id == "c2").values(time_zone="Europe/London")
        )

    await chat.store.write(moved)
    told = said(await chat.says("my lips are swelling up", danger(Danger.ALLERGY)))
    assert "call 999 at once" in told
    assert "another country" not in told


async def test_whose_animal_was_spoken_of_just_before_hears_of_the_vet_too(chat: Chat) -> None:
    await chat.says("狗粮换了 狗挺喜欢的", "product_question")
    told = said(await chat.says("刚才他把干燥剂吞了", danger(Danger.POISON)))
    assert "漱口" in told
    assert "兽医" in told


async def test_who_must_not_have_something_is_shown_none_of_it_after_the_emergency(chat: Chat) -> None:
    await chat.says("家里人坚果过敏", danger(Danger.ALLERGY))
    need = (await memory_of(chat)).need
    assert need is not None
    assert need.allergies == ("坚果",)
