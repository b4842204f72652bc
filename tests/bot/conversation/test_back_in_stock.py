"""Who asks for it is told once when a product is back: by product and version, and by nobody's leave but theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from bot.delivery.departure import Departure
from bot.messages import Incoming, IncomingKind
from bot.outreach.back_in_stock import RestockLook
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.products import take_products
from bot.shop.intake.records import ProductRecord
from storage.consents import MARKETING
from storage.customers import Accounts, Consents
from storage.outbox import Finish, Outbox, OutboxRow
from storage.requests import Request, Requests
from storage.restock import NOTICE, purpose
from storage.schema import consent, outbox
from tests.bot.conversation import shop
from tests.bot.conversation.chat import TEXTS, Chat, action, said
from tests.bot.conversation.test_one_price import give, offer
from tests.factories import erase_customer

LEASE = timedelta(seconds=15)
LOOK = RestockLook(TEXTS, "Asia/Shanghai", clock=lambda: shop.NOW)
NOON = shop.NOW + timedelta(hours=3)


async def asks(chat: Chat, text: str = "竹茶盘到货了告诉我") -> str:
    return said(await chat.says(text, "stock_question"))


async def notices(chat: Chat) -> list[Request]:
    async with chat.store.read() as connection:
        made = await Requests(connection).of_conversation((await chat.contact()).conversation.id)
    return [one for one in made if one.kind == NOTICE]


async def stock(chat: Chat, count: int) -> None:
    """The shop tells how many there are."""
    record = ProductRecord(id="p3", stock=count)
    await chat.store.write(lambda c: take_products(c, [record], chat.now, Defaults()))


async def rows(chat: Chat) -> list[OutboxRow]:
    async with chat.store.read() as connection:
        found = await connection.execute(select(outbox).where(outbox.c.kind == "restock"))
        return [OutboxRow(**row._mapping) for row in found]


async def leaves(chat: Chat, now: datetime = NOON) -> list[str]:
    """What leaves at a time, by a sender that may be killed after any of its transactions."""

    async def claim(connection: AsyncConnection) -> list[OutboxRow]:
        box = Outbox(connection)
        return await box.claim(await box.ready(["telegram"], "once", "a", now, 100), "a", now + LEASE)

    departure = Departure(lease=LEASE, last_looks={"restock": LOOK}, clock=lambda: now)
    gone = []
    for row in await chat.store.write(claim):
        started = await chat.store.write(lambda c, row=row: departure.start(c, row))
        if started is not None:
            gone.append(started.row.payload["cards"][0]["text"])
    return gone


async def test_who_asks_is_told_once(chat: Chat) -> None:
    answer = await asks(chat)
    (asked,) = await notices(chat)
    assert asked.number in answer
    assert "只发这一次" in answer
    assert not await leaves(chat)
    await stock(chat, 5)
    (told,) = await leaves(chat)
    assert "¥99.00" in told
    assert asked.number in told
    # Neither another delivery nor the next time that it is back tells of it again.
    for count in (4, 0, 9):
        await stock(chat, count)
    assert not await leaves(chat, NOON + timedelta(days=1))
    assert [one.state for one in await notices(chat)] == ["done"]


async def test_it_tells_the_customers_own_price(chat: Chat) -> None:
    await chat.link()
    await asks(chat)
    await give(chat, offer("p3", 8_800, "LKTRAY1", list_price=9_900))
    await stock(chat, 5)
    (told,) = await leaves(chat)
    assert "¥88.00（您的专属价，现价 ¥99.00，11月28日 周六 前有效）" in told
    assert "LKTRAY1" in told


async def test_asking_twice_asks_once(chat: Chat) -> None:
    await asks(chat)
    answer = await asks(chat, "竹茶盘有货了通知我")
    (asked,) = await notices(chat)
    assert asked.number in answer
    await stock(chat, 5)
    await stock(chat, 6)
    assert len(await leaves(chat)) == 1


async def test_it_is_a_consent_to_this_message_alone(chat: Chat) -> None:
    answer = await asks(chat)
    (asked,) = await notices(chat)
    async with chat.store.read() as connection:
        kept = (await connection.execute(select(consent))).all()
        account_id = (await chat.contact()).conversation.account_id
        marketing = await Consents(connection).granted(MARKETING, account_id=account_id)
    assert [(row.purpose, row.granted, row.wording) for row in kept] == [(purpose(asked.id), True, answer)]
    assert not marketing


async def test_the_button_below_a_sold_out_product_asks_for_it(chat: Chat) -> None:
    shown = await chat.says("竹茶盘有货吗", "stock_question")
    answer = said(await chat.presses(action(shown, "restock:ask")))
    (asked,) = await notices(chat)
    assert asked.number in answer


async def test_what_is_there_is_not_asked_for(chat: Chat) -> None:
    assert "现在有货" in said(await chat.says("龙井茶到货了告诉我", "stock_question"))
    assert not await notices(chat)


async def test_what_is_no_longer_sold_is_not_promised(chat: Chat) -> None:
    assert "不会再补货" in said(await chat.says("旧茶壶到货了告诉我", "stock_question"))
    assert not await notices(chat)


async def test_stock_that_came_meanwhile_is_told_at_once(chat: Chat) -> None:
    """The decision is made on what was read before; the transaction looks again."""
    await chat.says("你好", "greeting")
    incoming = Incoming(
        channel="telegram", address=chat.address, update_id="late", kind=IncomingKind.BUTTON, at=chat.now,
        payload="restock:ask:p3", language="zh", sender_name="somebody", message_ref="9", callback_ref="cb",
    )  # fmt: skip
    work = await chat.engine.handle(incoming)
    await stock(chat, 5)
    await chat.store.write(work)
    assert "现在有货" in said(await chat._left())
    assert not await notices(chat)


@pytest.mark.parametrize("words", ["不需要了", "不用通知我到货了"])
async def test_it_can_be_taken_back(chat: Chat, words: str) -> None:
    await asks(chat)
    await stock(chat, 5)
    assert "不再给您发" in said(await chat.says(words, "deny" if words == "不需要了" else "stock_question"))
    assert not await leaves(chat)
    (asked,) = await notices(chat)
    async with chat.store.read() as connection:
        account_id = (await chat.contact()).conversation.account_id
        assert not await Consents(connection).granted(purpose(asked.id), account_id=account_id)


async def test_who_is_no_longer_known_takes_nothing_of_the_customer_back(chat: Chat) -> None:
    await chat.link()
    await asks(chat)
    account_id = (await chat.contact()).conversation.account_id
    await chat.store.write(lambda c: Accounts(c).unlink(account_id))
    assert "竹茶盘" not in said(await chat.says("不用通知我到货了", "stock_question"))
    assert [one.state for one in await notices(chat)] == ["asked"]


async def test_it_is_among_what_was_asked_for(chat: Chat) -> None:
    await asks(chat)
    answer = said(await chat.says("我的申请", "request_status"))
    assert "竹茶盘" in answer
    assert "同事" not in answer


async def test_staff_have_nothing_to_decide(chat: Chat) -> None:
    await asks(chat)
    async with chat.store.read() as connection:
        assert not await Requests(connection).find()
        assert await Requests(connection).count() == 0
        assert len(await Requests(connection).find(kind=NOTICE)) == 1


async def _stops(chat: Chat) -> None:
    await chat.commands("stop")


async def _blocks(chat: Chat) -> None:
    account_id = (await chat.contact()).conversation.account_id
    await chat.store.write(lambda c: Accounts(c).set_blocked(account_id, True))


@pytest.mark.parametrize("happens", [_stops, _blocks])
async def test_who_says_no_is_not_written_to(chat: Chat, happens: Callable[[Chat], Awaitable[None]]) -> None:
    await asks(chat)
    await stock(chat, 5)
    await happens(chat)
    assert not await leaves(chat)
    assert [one.state for one in await notices(chat)] == ["declined"]


async def test_who_wants_no_advertising_may_ask_for_it_all_the_same(chat: Chat) -> None:
    await chat.commands("stop")
    await asks(chat)
    await stock(chat, 5)
    assert len(await leaves(chat)) == 1


async def test_it_waits_for_the_day(chat: Chat) -> None:
    await asks(chat)
    await stock(chat, 5)
    evening = shop.NOW.replace(hour=13)  # 21:00 in Shanghai
    assert not await leaves(chat, evening)
    assert len(await leaves(chat, evening + timedelta(hours=13))) == 1


async def test_it_waits_while_people_have_the_conversation(chat: Chat) -> None:
    await asks(chat)
    await stock(chat, 5)
    conversation = (await chat.contact()).conversation.id
    await chat.store.write(lambda c: ownership.escalate(c, conversation, reason="complaint", now=chat.now))
    assert not await leaves(chat)
    await chat.store.write(lambda c: ownership.withdraw(c, conversation, chat.now))
    assert len(await leaves(chat, NOON + timedelta(hours=2))) == 1


async def test_sold_out_again_it_is_told_the_next_time(chat: Chat) -> None:
    await asks(chat)
    await stock(chat, 5)
    await stock(chat, 0)
    assert not await leaves(chat)
    await stock(chat, 2)
    assert len(await leaves(chat)) == 1


async def test_what_has_not_left_is_open_again(chat: Chat) -> None:
    await asks(chat)
    await stock(chat, 5)
    await leaves(chat)
    (row,) = await rows(chat)

    async def back(connection: AsyncConnection) -> None:
        await Outbox(connection).finish([Finish(row=row, state="ready", not_before=NOON)], NOON)
        await LOOK.not_sent(connection, row)

    await chat.store.write(back)
    assert len(await leaves(chat)) == 1
    # Killed while sending: whether it arrived is unknown, and it doesn't leave again.
    await chat.store.write(lambda c: Outbox(c).reap(NOON + timedelta(minutes=5)))
    assert not await leaves(chat, NOON + timedelta(minutes=5))


async def test_an_erased_person_is_not_written_to(chat: Chat) -> None:
    await chat.link()
    await asks(chat)
    await stock(chat, 5)
    await chat.store.write(lambda c: erase_customer(c, "c1", NOON))
    assert not await leaves(chat)
    (row,) = await rows(chat)
    assert (row.state, row.payload) == ("cancelled", {})


async def test_a_customer_asks_in_any_conversation_and_is_told_in_the_first(
    chat: Chat, new_chat: Callable[..., Chat]
) -> None:
    await chat.link()
    await asks(chat)
    other = new_chat(address="200")
    await other.link()
    await asks(other)
    await stock(chat, 5)
    assert len(await leaves(chat)) == 1
    assert [row.address for row in await rows(chat)] == ["100"]
