"""One long conversation that touches every table, on each database."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.linking.linker import Linker
from bot.messages import Incoming, IncomingKind
from storage import Conflict, NotFound, Store, erasure
from storage.drafts import Drafts, SkillSwitches
from storage.escalations import Escalations
from storage.person import find_account
from storage.requests import Requests
from storage.schema import staff
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, said


async def test_a_conversation_from_first_word_to_forgetting(any_store: Store) -> None:
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    await chat.says("A1024 到哪了", "order_status")
    assert "顺丰" in said(await chat.says("5678"))
    assert "¥115.20" in said(await chat.says("龙井茶便宜点", "discount_request"))
    await chat.store.write(lambda c: shop.add_order(c, "o8", "A8000", "paid"))
    await chat.presses("change:cancel-yes:o8")
    await chat.does(IncomingKind.EDIT, text="A1019 到哪了", message_ref="1")
    li = await any_store.write(_colleague)

    async with any_store.read() as connection:
        (asked,) = await Requests(connection).find()
    decided = await any_store.write(
        lambda c: Requests(c).decide(
            asked.id, seen_state="asked", state="accepted", staff_id=li, note="", now=chat.now
        )
    )
    assert decided.state == "accepted"
    with pytest.raises(Conflict):
        await any_store.write(
            lambda c: Requests(c).decide(
                asked.id, seen_state="asked", state="done", staff_id=li, note="", now=chat.now
            )
        )

    await any_store.write(lambda c: SkillSwitches(c).set("price", "shadow", chat.now))
    assert "转给人工" in said(await chat.says("龙井茶多少钱", "price_question"))
    async with any_store.read() as connection:
        (case,) = await Escalations(connection).find()
        (draft,) = await Drafts(connection).of_conversation(case.conversation_id)
    await any_store.write(lambda c: ownership.answer(c, case.id, li, "小李", "您好", chat.now))
    await any_store.write(lambda c: Drafts(c).judge(draft.id, "agreed", li, chat.now))
    await any_store.write(lambda c: ownership.end(c, case.id, li, chat.now, owner="closed"))
    async with any_store.read() as connection:
        (agreement,) = await Drafts(connection).agreement()
        assert (await Escalations(connection).get(case.id)).first_answer_at is not None
    assert agreement.rate == 1.0
    assert await any_store.write(lambda c: _forget(c, chat)) > 5


async def _forget(connection: AsyncConnection, chat: Chat) -> int:
    person = await find_account(connection, chat.channel, chat.address)
    return await erasure.erase(connection, person, chat.now)


async def test_two_colleagues_who_take_at_once_do_not_both_get_it(any_store: Store) -> None:
    await any_store.write(shop.fill)
    chat = Chat(store=any_store, linker=await Linker.open(any_store, "secret"))
    await chat.says("转人工", "human_agent")
    li, wang = await any_store.write(_colleague), await any_store.write(lambda c: _colleague(c, "wang"))
    async with any_store.read() as connection:
        (case,) = await Escalations(connection).find()
    outcomes = await asyncio.gather(
        any_store.write(lambda c: ownership.take(c, case.id, li, chat.now)),
        any_store.write(lambda c: ownership.take(c, case.id, wang, chat.now)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 1
    with pytest.raises(NotFound):
        await any_store.write(lambda c: ownership.take(c, 999, li, chat.now))


async def test_two_first_messages_at_once_open_one_conversation(any_store: Store) -> None:
    await any_store.write(shop.fill)
    linker = await Linker.open(any_store, "secret")
    chats = [Chat(store=any_store, linker=linker) for _ in range(3)]
    works = await asyncio.gather(*(chat.engine.handle(_hello(chat, n)) for n, chat in enumerate(chats)))
    outcomes = await asyncio.gather(*(any_store.write(work) for work in works), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1, "the others are decided again"
    assert all(outcome is None or isinstance(outcome, Conflict) for outcome in outcomes)


def _hello(chat: Chat, number: int) -> Incoming:
    return Incoming(
        channel="telegram",
        address="7",
        update_id=str(number),
        kind=IncomingKind.TEXT,
        text="你好",
        at=chat.now,
    )


async def _colleague(connection: object, login: str = "li") -> int:
    row = (
        await connection.execute(  # type: ignore[attr-defined]
            insert(staff)
            .values(login=login, name=login, password_hash="-", role="agent", created_at=shop.NOW)
            .returning(staff.c.id)
        )
    ).one()
    return int(row.id)
