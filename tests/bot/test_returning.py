"""Whoever was erased and comes again is known at every way in: not brought back, and not written to unasked."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.linker import Linker
from bot.messages import IncomingKind, Reply
from storage import Store, erasure
from storage.audience import Audience
from storage.campaigns import Campaigns
from storage.customers import Accounts, Consents, Customer, Customers
from storage.events import Events
from storage.orders import Orders
from storage.person import find_account, find_customer
from storage.schema import account, customer, event, message, order
from storage.scores import Score, Scores
from tests.bot.channels.webchat import replica, token
from tests.bot.conversation import shop
from tests.bot.conversation.chat import Chat, action, said
from tests.bot.shop.test_importing import FILES, OPTIONS, take
from tests.factories import NOW


async def _erase(store: Store, customer_id: str, now: datetime = NOW) -> None:
    async def work(connection: AsyncConnection) -> None:
        await erasure.erase(connection, await find_customer(connection, customer_id), now)

    await store.write(work)


# --- by import -----------------------------------------------------------------------------------------------


async def test_an_import_leaves_them_out_and_says_so(any_store: Store, tmp_path: Path) -> None:
    for kind, content in FILES.items():
        await take(any_store, tmp_path, kind, content)
    await _erase(any_store, "c1", OPTIONS.now)
    async with any_store.read() as connection:
        before = len((await connection.execute(select(event.c.id))).all())
    left_out = {"customers": 1, "products": 0, "orders": 2, "events": 3}
    for kind, content in FILES.items():
        report = await take(any_store, tmp_path, kind, content)
        assert (report.ignored, report.rejected, report.rejects) == (left_out[kind], 0, []), kind
        assert report.taken + report.ignored == report.rows
        assert not any(report.written.values()), (kind, report)
    async with any_store.read() as connection:
        assert await Customers(connection).get("c1") is None
        assert await Orders(connection).by_number("1001") is None
        assert len((await connection.execute(select(event.c.id))).all()) == before


async def test_a_log_of_sales_leaves_them_out(any_store: Store, tmp_path: Path) -> None:
    log = (
        "order,customer,item,quantity,price,time\n"
        "1,c1,kettle,1,10.00,2026-02-01 10:00\n"
        "2,c2,kettle,1,10.00,2026-02-02 10:00\n"
    )
    await take(any_store, tmp_path, "orders-log", log)
    await _erase(any_store, "c1", OPTIONS.now)
    report = await take(any_store, tmp_path, "orders-log", log + "3,c1,kettle,1,10.00,2026-02-03 10:00\n")
    assert (report.ignored, report.rejected) == (2, 0)
    assert not any(report.written.values())
    async with any_store.read() as connection:
        orders = (await connection.execute(select(order.c.number))).scalars().all()
        assert "2" in orders
        assert not {"1", "3"} & set(orders)


async def test_the_same_e_mail_in_an_import_is_not_written_to(any_store: Store, tmp_path: Path) -> None:
    await take(any_store, tmp_path, "customers", FILES["customers"])
    await _erase(any_store, "c1", OPTIONS.now)
    again = "customer,name,email,phone,language,marketing\nc9,王小明,WANG@example.com,,zh,yes\n"
    await take(any_store, tmp_path, "customers", again)
    async with any_store.read() as connection:
        assert await Customers(connection).get("c9") is not None
        assert not await Consents(connection).granted("marketing", customer_id="c9")


# --- by the shop's site --------------------------------------------------------------------------------------


async def test_a_token_of_theirs_signs_nobody_in(store: Store) -> None:
    await store.write(lambda c: Customers(c).put_many([Customer(id="c1", created_at=NOW)]))
    async with replica(store) as chat:
        async with chat.browser() as page:
            assert (await page.hello(token=token("c1")))["signed_in"]
            await page.say("hello", "a1")
            await page.until_told("you said hello")
        await _erase(store, "c1")
        async with chat.browser() as page:
            welcome = await page.hello(token=token("c1"))
            assert not welcome["signed_in"]
            assert welcome["messages"] == []
            await page.say("hello again", "a2")
            await page.until_told("you said hello again")
        assert chat.clerk.seen[-1].signed_in_as is None
        # Somebody whom the shop has not sent yet is a customer all the same.
        async with chat.browser() as page:
            assert (await page.hello(token=token("c2")))["signed_in"]


async def test_an_open_page_goes_on_as_a_strangers(store: Store) -> None:
    await store.write(lambda c: Customers(c).put_many([Customer(id="c1", created_at=NOW)]))
    async with replica(store) as chat, chat.browser() as page:
        await page.hello(token=token("c1"))
        await _erase(store, "c1")
        await page.say("still me", "a1")
        await page.until("signed_out")
        assert not (await page.hello(token=token("c1")))["signed_in"]
        await page.say("still me", "a1")
        await page.until_told("you said still me")
    assert {incoming.signed_in_as for incoming in chat.clerk.seen if incoming.text == "still me"} == {None}


async def test_an_update_that_vouches_for_them_links_nobody(store: Store) -> None:
    """As one that another replica had taken in already."""
    await store.write(shop.fill)
    chat = Chat(store=store, linker=await Linker.open(store, None), channel="web", address="s-1")
    await chat.does(IncomingKind.TEXT, text="你好", signed_in_as="c1")
    assert (await chat.contact()).customer_id == "c1"
    await _erase(store, "c1")
    await chat.does(IncomingKind.TEXT, text="还在吗", signed_in_as="c1")
    contact = await chat.contact()
    assert (contact.customer_id, contact.customer_name) == (None, "")
    async with store.read() as connection:
        words = (await connection.execute(select(message.c.text, message.c.conversation_id))).all()
    assert {row.conversation_id for row in words if row.text == "还在吗"} == {contact.conversation.id}
    assert "你好" not in {row.text for row in words}


# --- by a messenger, and by an order -------------------------------------------------------------------------


async def test_who_writes_again_is_a_stranger_who_is_answered_and_never_written_to(any_store: Store) -> None:
    await any_store.write(shop.fill)
    linker = await Linker.open(any_store, None)
    chat = Chat(store=any_store, linker=linker)
    assert "顺丰" in said(await _shows_order(chat))
    await _erase(any_store, "c1", chat.now)
    again = Chat(store=any_store, linker=linker, now=chat.now + timedelta(minutes=1))
    # Their old order proves nothing any more.
    assert "对不上" in said(await _shows_order(again))
    contact = await again.contact()
    assert contact.customer_id is None
    assert not await _agreed(any_store, account_id=contact.conversation.account_id)
    # They buy again, as a customer with another number; their no counts for it …
    await any_store.write(_bought_again)
    await any_store.write(
        lambda c: Consents(c).record(
            "marketing", True, source="shop", now=NOW - timedelta(days=900), customer_id="c9"
        )
    )
    await again.says("查订单", "order_status")
    assert "C9001" in said(await again.says("C9001 4321"))
    assert not await _candidate(any_store, again.now)
    # … until they say yes themselves.
    await again.presses(action(await again.says("以后有优惠通知我", "opt_in"), "news:yes"))
    assert await _agreed(any_store, customer_id="c9")
    # Win-back chooses by profiling, and to that they have not agreed.
    assert not await _candidate(any_store, again.now)


async def _shows_order(chat: Chat) -> Reply | None:
    await chat.says("A1024 到哪了", "order_status")
    return await chat.says("5678")


async def _bought_again(connection: AsyncConnection) -> None:
    await Customers(connection).put_many(
        [Customer(id="c9", name="王小明", phone="13811114321", created_at=NOW)]
    )
    await Orders(connection).put_many([shop._order("o9", "C9001", "c9", "paid", days=1)])
    await Scores(connection).replace(
        [
            Score(
                customer_id="c9", kind="churn", value=0.9, band="high", reasons=[], policy="test", as_of=NOW,
                expected_value=None, currency=None,
            )
        ]
    )  # fmt: skip


async def _agreed(store: Store, **who: Any) -> bool:
    async with store.read() as connection:
        return await Consents(connection).granted("marketing", **who)


async def _candidate(store: Store, now: datetime) -> bool:
    """Whether a campaign would write to c9."""
    campaign = await store.write(
        lambda c: Campaigns(c).ensure("x", "win_back", holdout=0.0, settings={}, seed=1, now=now)
    )
    async with store.read() as connection:
        found = await Audience(connection).candidates(
            campaign.id, channels=["telegram"], after="", limit=9, contacted_since=now - timedelta(days=14)
        )
    return "c9" in {one.customer_id for one in found}


async def test_a_link_that_was_given_to_them_opens_nothing(any_store: Store) -> None:
    await any_store.write(shop.fill)
    linker = await Linker.open(any_store, None)
    chat = Chat(store=any_store, linker=linker)
    given, _ = await any_store.write(lambda c: linker.deep_link_token(c, "c1", chat.now))
    await _erase(any_store, "c1", chat.now)
    await chat.does(IncomingKind.START, payload=given)
    assert (await chat.contact()).customer_id is None


async def test_the_places_of_erased_people_stay_apart(any_store: Store) -> None:
    for _ in range(2):
        await any_store.write(shop.fill)
        chat = Chat(store=any_store, linker=await Linker.open(any_store, None))
        await chat.says("你好")

        async def work(connection: AsyncConnection) -> None:
            await erasure.erase(connection, await find_account(connection, "telegram", "100"), NOW)

        await any_store.write(work)
    async with any_store.read() as connection:
        addresses = (await connection.execute(select(account.c.address))).scalars().all()
        assert len(set(addresses)) == 2
        assert all(address.startswith("erased-") for address in addresses)
        assert await Accounts(connection).find("telegram", "100") is None
        assert {"c1", "c2"} == set((await connection.execute(select(customer.c.id))).scalars())
        assert await Events(connection).by_customer("c1") == []
