"""The last look: what happened since the plan counts, and what a message says is true when it leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.outreach.last_look import LastLook
from bot.outreach.planner import Planner
from storage import Store
from storage.budgets import Budgets
from storage.campaigns import Campaigns
from storage.customers import Accounts, Consents
from storage.outbox import EndState, Finish, Outbox
from storage.schema import account, campaign, campaign_contact, offer, outbox, product
from tests.bot.outreach.campaigns import SOON, claim, ended, leave, one_planned, open_case, start
from tests.factories import NOW, add_budget, add_customer, add_product, add_purchase, erase_customer

Happens = Callable[[AsyncConnection], Awaitable[None]]
LIST_PRICE = 10_000
VALID = timedelta(hours=72)


@pytest.fixture
async def outbox_id(any_store: Store, planner: Planner) -> int:
    """A message planned for the customer `c`, who bought long ago, about the product `p1`; the shop has a budget."""

    async def prepare(connection: AsyncConnection) -> None:
        await add_budget(connection, 100_000)
        await add_product(connection, "p1")
        await add_customer(connection, "c")
        await add_purchase(connection, "c", "p1", NOW - timedelta(days=200))

    await any_store.write(prepare)
    return await one_planned(any_store, planner)


async def reserved(store: Store) -> int:
    """What the budget has promised away."""
    async with store.read() as connection:
        budget = await Budgets(connection).running("CNY", NOW)
    assert budget is not None
    return budget.reserved


async def offers(store: Store) -> list[tuple[str, str]]:
    """Reason and state of every offer, in order."""
    async with store.read() as connection:
        rows = await connection.execute(select(offer.c.reason, offer.c.state).order_by(offer.c.id))
        return [(row.reason, row.state) for row in rows]


def price(said: str) -> int:
    return int(said.split()[2])


def until(said: str) -> str:
    return said.split(maxsplit=3)[3]


async def change(store: Store, **values: Any) -> None:
    await store.write(lambda c: c.execute(update(product).where(product.c.id == "p1").values(**values)))


async def test_an_offer_is_made_when_its_message_leaves(
    any_store: Store, outbox_id: int, last_look: LastLook
) -> None:
    assert await offers(any_store) == []
    evening, morning = NOW + timedelta(hours=9), NOW + timedelta(hours=22)  # 21:00 and 10:00 in Shanghai
    assert await leave(any_store, last_look, evening) == []
    assert await ended(any_store) == [("ready", None)]
    (said,) = await leave(any_store, last_look, morning)
    assert price(said) < LIST_PRICE
    assert until(said) == f"{morning + VALID:%m-%d %H:%M}", "not an hour of it went by in the night"
    assert await reserved(any_store) == LIST_PRICE - price(said)


async def _opts_out(connection: AsyncConnection) -> None:
    await Consents(connection).record("marketing", False, source="t", now=NOW, customer_id="c")


async def _opts_out_as_an_account(connection: AsyncConnection) -> None:
    reached = await Accounts(connection).find("telegram", "1")
    assert reached is not None
    await Consents(connection).record("marketing", False, source="t", now=NOW, account_id=reached.id)


async def _refuses_this_channel(connection: AsyncConnection) -> None:
    await Consents(connection).record(
        "marketing", False, source="t", now=NOW, customer_id="c", channel="telegram"
    )


async def _refuses_profiling(connection: AsyncConnection) -> None:
    await Consents(connection).record("profiling", False, source="t", now=NOW, customer_id="c")


async def _is_erased(connection: AsyncConnection) -> None:
    await erase_customer(connection, "c")


async def _blocks(connection: AsyncConnection) -> None:
    await connection.execute(update(account).values(blocked=True))


async def _links_another_messenger_instead(connection: AsyncConnection) -> None:
    reached = await Accounts(connection).find("telegram", "1")
    other = await Accounts(connection).get_or_create("telegram", "2", now=NOW)
    assert reached is not None
    await Accounts(connection).unlink(reached.id)
    await Accounts(connection).link(other.id, "c", "deep_link", NOW)


async def _buys(connection: AsyncConnection) -> None:
    await add_purchase(connection, "c", "p1", NOW + timedelta(minutes=2))


async def _complains(connection: AsyncConnection) -> None:
    await open_case(connection, "1")


async def _hears_from_another_campaign(connection: AsyncConnection) -> None:
    other = await Outbox(connection).put(
        channel="telegram", address="1", kind="campaign", policy="once", reply={}, now=NOW, customer_id="c"
    )
    await connection.execute(update(outbox).where(outbox.c.id == other).values(state="sent", finished_at=NOW))


async def _is_paused(connection: AsyncConnection) -> None:
    await connection.execute(update(campaign).values(state="paused"))


async def _goes_with_the_demo(connection: AsyncConnection) -> None:
    await connection.execute(campaign_contact.delete())


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (_opts_out, "opted_out"),
        (_opts_out_as_an_account, "opted_out"),
        (_refuses_this_channel, "opted_out"),
        (_refuses_profiling, "profiling"),
        (_is_erased, "erased"),
        (_blocks, "unreachable"),
        (_links_another_messenger_instead, "unreachable"),
        (_buys, "bought"),
        (_complains, "complaint"),
        (_hears_from_another_campaign, "cap"),
        (_is_paused, "campaign_paused"),
        (_goes_with_the_demo, "erased"),
    ],
)
@pytest.mark.parametrize("claimed", [False, True], ids=["waiting", "claimed"])
async def test_what_happens_meanwhile_stops_the_message(
    any_store: Store, outbox_id: int, last_look: LastLook, happens: Happens, reason: str, claimed: bool
) -> None:
    """However late it happens: also to a message that waits in a sender's hands for its turn."""
    rows = await claim(any_store, SOON) if claimed else []
    await any_store.write(happens)
    for row in rows or await claim(any_store, SOON):
        assert await start(any_store, last_look, row, SOON) is None
    async with any_store.read() as connection:
        kept = await Outbox(connection).get(outbox_id)
        dropped = await connection.scalar(select(campaign_contact.c.dropped))
    assert kept is not None
    assert (kept.state, kept.error) == ("cancelled", reason)
    assert dropped in (reason, None)
    assert (dropped is None) == (happens is _goes_with_the_demo)
    assert await reserved(any_store) == 0


async def test_a_yes_that_holds_on_another_channel_alone_does_not_let_it_leave_here(
    any_store: Store, outbox_id: int, last_look: LastLook
) -> None:
    await any_store.write(_refuses_this_channel)
    assert await leave(any_store, replace(last_look, channels=("telegram", "web"))) == []
    assert await ended(any_store) == [("cancelled", "opted_out")]


async def test_what_is_refused_on_another_channel_stops_nothing_here(
    any_store: Store, outbox_id: int, last_look: LastLook
) -> None:
    await any_store.write(
        lambda c: Consents(c).record(
            "marketing", False, source="t", now=NOW, customer_id="c", channel="email"
        )
    )
    assert len(await leave(any_store, last_look)) == 1


@pytest.mark.parametrize(
    ("values", "everybodys"),
    [({"list_price": 7_000}, 7_000), ({"list_price": 12_000}, 12_000), ({"sale_price": 8_000}, 8_000)],
)
async def test_a_price_that_has_changed_is_told_as_it_is(
    any_store: Store, outbox_id: int, last_look: LastLook, values: dict[str, int], everybodys: int
) -> None:
    await change(any_store, **values)
    (said,) = await leave(any_store, last_look)
    assert 0.8 * everybodys <= price(said) < everybodys


@pytest.mark.parametrize("values", [{"stock": 0}, {"active": False}])
async def test_what_is_not_sold_any_more_gives_way_to_something_else(
    any_store: Store, outbox_id: int, last_look: LastLook, values: dict[str, Any]
) -> None:
    await any_store.write(lambda c: add_product(c, "p2"))
    await change(any_store, **values)
    (said,) = await leave(any_store, last_look)
    assert said.startswith("c p2 ")
    async with any_store.read() as connection:
        contact = (await connection.execute(select(campaign_contact))).one()
    assert (contact.product_id, contact.arm, contact.outbox_id) == ("p2", "message", outbox_id)


async def test_where_nothing_is_left_to_say_nothing_is_said_and_later_it_is(
    any_store: Store, outbox_id: int, last_look: LastLook, planner: Planner
) -> None:
    await change(any_store, stock=0)
    assert await leave(any_store, last_look) == []
    assert await ended(any_store) == [("cancelled", "nothing_to_say")]
    async with any_store.read() as connection:
        win_back = await Campaigns(connection).named("win-back")
    assert await planner.run(win_back, "s2", SOON) == {"nothing_to_say": 1}
    await change(any_store, stock=5)
    assert await planner.run(win_back, "s3", SOON) == {"message": 1}
    assert len(await leave(any_store, last_look)) == 1


async def asked_for(store: Store, decisions: Decisions, at: datetime) -> None:
    """The customer gets an offer for the product in a conversation."""

    async def ask(connection: AsyncConnection) -> None:
        offered = await decisions.offer(connection, customer_id="c", product_id="p1", reason="asked", now=at)
        await decisions.reserve(connection, offered, reason="asked", now=at)

    await store.write(ask)


@pytest.fixture
async def loyal(any_store: Store, outbox_id: int) -> int:
    """The customer of the planned message bought often enough to be offered something on asking."""
    for months in range(2, 14):
        await any_store.write(lambda c, m=months: add_purchase(c, "c", "p1", NOW - timedelta(days=27 * m)))  # type: ignore[misc]
    return outbox_id


async def test_an_offer_made_in_a_conversation_is_told_again(
    any_store: Store, loyal: int, last_look: LastLook, decisions: Decisions
) -> None:
    await asked_for(any_store, decisions, NOW)
    (said,) = await leave(any_store, last_look)
    assert until(said) == f"{NOW + VALID:%m-%d %H:%M}"
    assert await offers(any_store) == [("asked", "live")]


async def test_one_that_is_about_to_end_is_waited_out(
    any_store: Store, loyal: int, last_look: LastLook, decisions: Decisions
) -> None:
    await asked_for(any_store, decisions, NOW - timedelta(hours=60))
    assert await leave(any_store, last_look) == []
    async with any_store.read() as connection:
        row = await Outbox(connection).get(loyal)
    assert row is not None
    assert (row.state, row.not_before) == ("ready", NOW + timedelta(hours=12))


async def finish(store: Store, last_look: LastLook, state: EndState | str) -> None:
    """Let the message leave, and its attempt end so."""
    (row,) = await claim(store, SOON)
    started = await start(store, last_look, row, SOON)
    assert started is not None

    async def end(connection: AsyncConnection) -> None:
        await Outbox(connection).finish([Finish(row=started.row, state=state, not_before=SOON)], SOON)  # type: ignore[arg-type]
        if state in ("ready", "failed"):
            await last_look.not_sent(connection, started.row)

    await store.write(end)


@pytest.mark.parametrize(
    ("state", "kept"), [("sent", True), ("unknown", True), ("failed", False), ("ready", False)]
)
async def test_only_an_offer_that_may_have_been_seen_holds(
    any_store: Store, outbox_id: int, last_look: LastLook, state: str, kept: bool
) -> None:
    await finish(any_store, last_look, state)
    assert await offers(any_store) == [("win_back", "live" if kept else "withdrawn")]
    assert (await reserved(any_store) > 0) == kept


async def test_a_message_that_is_tried_again_makes_its_offer_anew(
    any_store: Store, outbox_id: int, last_look: LastLook
) -> None:
    await finish(any_store, last_look, "ready")
    later = SOON + timedelta(hours=1)
    (said,) = await leave(any_store, last_look, later)
    assert until(said) == f"{later + VALID:%m-%d %H:%M}"
    assert await offers(any_store) == [("win_back", "withdrawn"), ("win_back", "live")]
    assert await reserved(any_store) == LIST_PRICE - price(said)


async def test_what_was_promised_in_a_conversation_is_not_taken_back(
    any_store: Store, loyal: int, last_look: LastLook, decisions: Decisions
) -> None:
    await asked_for(any_store, decisions, NOW)
    await finish(any_store, last_look, "failed")
    assert await offers(any_store) == [("asked", "live")]
