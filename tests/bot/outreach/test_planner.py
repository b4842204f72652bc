"""Who gets a win-back message, who is left alone, and that it happens once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.models.decisions import Decisions
from bot.outreach.planner import CONTACT_CAP, HOLDOUT, MESSAGE, Planner, arm_of
from storage import Store
from storage.customers import Accounts, Consents
from storage.outbox import Outbox
from storage.responses import Responses
from storage.schema import campaign_contact, offer, outbox
from tests.bot.outreach.campaigns import TIME_ZONE, campaign, one_planned, open_case, planned
from tests.factories import NOW, add_customer, add_product, add_score

PEOPLE = 60
Setup = Callable[[AsyncConnection], Awaitable[None]]


async def everybody(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    for number in range(PEOPLE):
        await add_customer(connection, f"c{number:03}", telegram=str(1000 + number), risk=0.9)


async def test_a_tenth_is_left_alone_and_the_rest_get_one_message_each(
    any_store: Store, planner: Planner
) -> None:
    await any_store.write(everybody)
    won = await campaign(any_store)
    counts = await planner.run(won, "s1", NOW)
    expected = {f"c{n:03}" for n in range(PEOPLE) if arm_of(won, f"c{n:03}") == MESSAGE}
    assert sorted(await planned(any_store)) == sorted(expected)
    assert counts[MESSAGE] == len(expected)
    assert counts[HOLDOUT] == PEOPLE - len(expected)
    assert 0 < counts[HOLDOUT] < PEOPLE / 3


async def test_planning_again_changes_nothing(any_store: Store, planner: Planner) -> None:
    await any_store.write(everybody)
    won = await campaign(any_store)
    await planner.run(won, "s1", NOW)
    before = sorted(await planned(any_store))
    await planner.run(won, "s1", NOW)
    again = await planner.run(won, "s2", NOW + timedelta(minutes=10))
    assert sorted(await planned(any_store)) == before
    assert again[MESSAGE] == 0
    async with any_store.read() as connection:
        offers = await connection.scalar(select(func.count()).select_from(offer))
        contacts = await connection.scalar(select(func.count()).select_from(campaign_contact))
    assert contacts == PEOPLE
    assert offers == 0, "an offer is made when its message leaves"


STAKES = {"long-gone": 20, "dear": 90_000, "cheap": 900, "unknown": None, "as-dear": 90_000}


async def _differing(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    for number, (customer, value) in enumerate(STAKES.items()):
        await add_customer(connection, customer, telegram=str(number))
        await add_score(connection, customer, 0.99 if customer == "long-gone" else 0.8, value)


@pytest.mark.parametrize("chunk", [1, 2, 200])
async def test_who_still_has_much_to_spend_comes_first(
    any_store: Store, planner: Planner, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("bot.outreach.planner._CHUNK", chunk)
    await any_store.write(_differing)
    won = await campaign(any_store, holdout=0.0)
    await planner.run(won, "s1", NOW)
    assert await planned(any_store) == ["as-dear", "dear", "cheap", "long-gone", "unknown"]
    async with any_store.read() as connection:
        why = {one.customer_id: one for one in await Responses(connection).contacts(won.id)}
    assert (why["dear"].risk, why["dear"].expected_value, why["dear"].at_stake) == (0.8, 90_000, 72_000)
    assert (why["unknown"].expected_value, why["unknown"].at_stake) == (None, 0)


async def test_nobody_is_asked_about_for_ever(
    any_store: Store, planner: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can't be decided for keeps no place in the campaign; the run passes on all the same."""
    monkeypatch.setattr("bot.outreach.planner._CHUNK", 1)

    async def without_products(connection: AsyncConnection) -> None:
        for number, (customer, value) in enumerate(STAKES.items()):
            await add_customer(connection, customer, telegram=str(number))
            await add_score(connection, customer, 0.8, value)

    await any_store.write(without_products)
    counts = await planner.run(await campaign(any_store), "s1", NOW)
    assert counts == {"nothing_to_say": len(STAKES)}


async def _said_no(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    await Consents(connection).record("marketing", False, source="test", now=NOW, customer_id="c")


async def _account_said_no(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    account = await Accounts(connection).find("telegram", "1")
    assert account is not None
    await Consents(connection).record("marketing", False, source="test", now=NOW, account_id=account.id)


async def _said_no_to_profiling(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    await Consents(connection).record("profiling", False, source="sign-up", now=NOW, customer_id="c")


async def _hears_from_another_campaign(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    await Outbox(connection).put(
        channel="telegram", address="1", kind="campaign", policy="once", reply={}, now=NOW, customer_id="c"
    )


async def _never_asked(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9, marketing=None)


async def _blocked(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    account = await Accounts(connection).find("telegram", "1")
    assert account is not None
    await Accounts(connection).set_blocked(account.id, True)


async def _unreachable(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", risk=0.9)


async def _content(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.2)


async def _complaining(connection: AsyncConnection) -> None:
    await add_customer(connection, "c", telegram="1", risk=0.9)
    await open_case(connection, "1")


@pytest.mark.parametrize(
    "setup",
    [
        _said_no,
        _account_said_no,
        _said_no_to_profiling,
        _never_asked,
        _blocked,
        _unreachable,
        _content,
        _complaining,
        _hears_from_another_campaign,
    ],
    ids=lambda setup: setup.__name__.strip("_"),
)
async def test_some_are_never_written_to(any_store: Store, planner: Planner, setup: Setup) -> None:
    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await setup(connection)

    await any_store.write(prepare)
    before = await planned(any_store)
    counts = await planner.run(await campaign(any_store, holdout=0.0), "s1", NOW)
    assert counts == {}
    assert await planned(any_store) == before


async def test_the_night_is_waited_for(any_store: Store, planner: Planner) -> None:
    async def prepare(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        await add_customer(connection, "c", telegram="1", risk=0.9, time_zone="America/New_York")

    await any_store.write(prepare)
    await planner.run(await campaign(any_store, holdout=0.0), "s1", NOW)
    async with any_store.read() as connection:
        row = (await connection.execute(select(outbox))).one()
    # 04:00 UTC is 23:00 in New York; the next day begins there at 15:00 UTC.
    assert row.not_before == NOW.replace(hour=15)
    assert row.policy == "once"


async def test_the_cap_holds_over_campaigns(any_store: Store, planner: Planner) -> None:
    outbox_id = await one_planned(any_store, planner)
    await any_store.write(
        lambda c: c.execute(
            update(outbox).where(outbox.c.id == outbox_id).values(state="sent", finished_at=NOW)
        )
    )
    other = await campaign(any_store, holdout=0.0, name="spring")
    assert await planner.run(other, "s1", NOW + timedelta(days=1)) == {}
    later = NOW + CONTACT_CAP + timedelta(days=1)
    assert await planner.run(other, "s2", later) == {MESSAGE: 1}


async def test_every_channel_that_may_write_first_is_used(any_store: Store, decisions: Decisions) -> None:
    async def shop(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        for customer, channel in (("c1", "telegram"), ("c2", "hook"), ("c3", "web")):
            await add_customer(connection, customer, risk=0.9)
            account = await Accounts(connection).get_or_create(channel, customer, now=NOW)
            await Accounts(connection).link(account.id, customer, "order", NOW)

    await any_store.write(shop)
    planner = Planner(any_store, decisions, TIME_ZONE, channels=["telegram", "hook"])
    await planner.run(await campaign(any_store, holdout=0.0), "s1", NOW)
    assert sorted(await planned(any_store)) == ["c1", "c2"]
