"""Pausing drops what was planned; going on chooses anew, and both arms are still measured alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.last_look import LastLook
from bot.outreach.planner import HOLDOUT, MESSAGE, Planner
from bot.staff.campaigns import ACTIVE, ENDED, PAUSED, CampaignService
from storage import Store
from storage.campaigns import Campaigns
from storage.customers import Consents
from storage.offers import NewOffer, Offers
from storage.responses import ArmResult, Responses
from storage.schema import budget, campaign_contact, offer, outbox
from storage.staff import Staff, StaffMember
from tests.bot.outreach.campaigns import SOON, campaign, claim, ended, leave, start
from tests.factories import NOW, add_budget, add_customer, add_product, add_purchase

PEOPLE = 20
RESUMED = NOW + timedelta(days=2)
Switch = Callable[[str], Awaitable[int]]


@pytest.fixture
async def switch(any_store: Store) -> Switch:
    """Sets the state of the campaign as an admin; returns how many messages that dropped."""
    staff_id = await any_store.write(
        lambda c: Staff(c).add(login="a", name="A", role="admin", password_hash="", language="en", now=NOW)
    )
    admin = StaffMember(id=staff_id, login="a", name="A", role="admin", language="en", active=True)
    campaigns = CampaignService(any_store, clock=lambda: SOON)
    return lambda state: campaigns.set_state(admin, "win-back", state)


@pytest.fixture
async def arms(any_store: Store, planner: Planner) -> dict[str, str]:
    """The arm of each of the customers of a campaign that has just planned."""

    async def everybody(connection: AsyncConnection) -> None:
        await add_product(connection, "p1")
        for number in range(PEOPLE):
            await add_customer(connection, f"c{number:02}", telegram=str(1000 + number), risk=0.9)

    await any_store.write(everybody)
    await planner.run(await campaign(any_store, holdout=0.3), "s1", NOW)
    return await decided(any_store)


async def decided(store: Store) -> dict[str, str]:
    async with store.read() as connection:
        rows = await connection.execute(select(campaign_contact.c.customer_id, campaign_contact.c.arm))
        return {row.customer_id: row.arm for row in rows}


async def results(store: Store) -> list[ArmResult]:
    async with store.read() as connection:
        return await Responses(connection).results((await Campaigns(connection).named("win-back")).id)


@pytest.mark.parametrize("state", [PAUSED, ENDED])
async def test_what_was_planned_is_dropped_also_what_a_sender_has_in_hand(
    any_store: Store, arms: dict[str, str], switch: Switch, last_look: LastLook, state: str
) -> None:
    in_hand = (await claim(any_store, SOON))[:3]
    messages = [arm for arm in arms.values() if arm == MESSAGE]
    assert await switch(state) == len(messages)
    assert [await start(any_store, last_look, row, SOON) for row in in_hand] == [None] * 3
    assert await leave(any_store, last_look) == []
    assert sorted(await ended(any_store), key=str) == sorted(
        [("cancelled", "campaign_paused") if arm == MESSAGE else (None, None) for arm in arms.values()],
        key=str,
    )


async def test_what_is_being_sent_at_that_moment_goes_on(
    any_store: Store, arms: dict[str, str], switch: Switch, last_look: LastLook
) -> None:
    row, *_ = await claim(any_store, SOON)
    assert await start(any_store, last_look, row, SOON) is not None
    assert await switch(PAUSED) == len([arm for arm in arms.values() if arm == MESSAGE]) - 1
    assert [state for state, dropped in await ended(any_store) if not dropped and state] == ["sending"]


async def test_going_on_brings_nothing_back_by_itself(
    any_store: Store, arms: dict[str, str], switch: Switch, last_look: LastLook
) -> None:
    await switch(PAUSED)
    assert await switch(ACTIVE) == 0
    assert await leave(any_store, last_look, SOON) == []
    assert await leave(any_store, last_look, RESUMED) == []


async def test_whoever_was_dropped_is_chosen_again_in_the_same_arm(
    any_store: Store, arms: dict[str, str], switch: Switch, last_look: LastLook, planner: Planner
) -> None:
    await switch(PAUSED)
    await switch(ACTIVE)
    no_more = next(customer for customer, arm in arms.items() if arm == MESSAGE)
    await any_store.write(
        lambda c: Consents(c).record("marketing", False, source="t", now=SOON, customer_id=no_more)
    )
    counts = await planner.run(await campaign(any_store), "s2", RESUMED)
    wanted = sorted(customer for customer, arm in arms.items() if arm == MESSAGE and customer != no_more)
    assert counts == {MESSAGE: len(wanted)}, "who was left alone stays so and isn't decided about again"
    assert await decided(any_store) == arms
    assert sorted(said.split()[0] for said in await leave(any_store, last_look, RESUMED)) == wanted


async def test_both_arms_are_measured_from_the_first_decision_on(
    any_store: Store, arms: dict[str, str], switch: Switch, last_look: LastLook, planner: Planner
) -> None:
    before = {arm.arm: arm.customers for arm in await results(any_store)}
    await switch(PAUSED)
    await switch(ACTIVE)
    await planner.run(await campaign(any_store), "s2", RESUMED)
    # Each buys a month after the first decision, which is less than a month after the second.
    for customer in arms:
        bought = NOW + timedelta(days=31)
        await any_store.write(lambda c, who=customer, at=bought: add_purchase(c, who, "p1", at))  # type: ignore[misc]
    after = await results(any_store)
    assert {arm.arm: arm.customers for arm in after} == before
    assert {arm.arm: arm.returned for arm in after} == {HOLDOUT: 0, MESSAGE: 0}


@pytest.mark.parametrize(
    ("reason", "state", "left"), [("win_back", "withdrawn", 0), ("asked", "live", 1_000)]
)
async def test_offers_that_were_reserved_while_planning_are_given_back(
    any_store: Store, arms: dict[str, str], switch: Switch, reason: str, state: str, left: int
) -> None:
    """As versions before did, which also named offers that a conversation had made: those are promised."""
    customer = next(customer for customer, arm in arms.items() if arm == MESSAGE)

    async def reserve(connection: AsyncConnection) -> None:
        await add_budget(connection, 100_000)
        made = await Offers(connection).reserve(
            NewOffer(
                code="LK1", customer_id=customer, product_id="p1", price=9_000, list_price=10_000, floor=5_000,
                currency="CNY", reason=reason, reasons=[], policy="t", probability=1.0,
                valid_until=NOW + timedelta(hours=72),
            ),
            NOW,
        )  # fmt: skip
        await connection.execute(
            update(campaign_contact)
            .where(campaign_contact.c.customer_id == customer)
            .values(offer_id=made.id)
        )

    await any_store.write(reserve)
    await switch(PAUSED)
    async with any_store.read() as connection:
        assert await connection.scalar(select(offer.c.state)) == state
        assert await connection.scalar(select(budget.c.reserved)) == left
        assert (await connection.scalars(select(outbox.c.state).distinct())).all() == ["cancelled"]


async def test_pressing_twice_drops_nothing_that_goes_on(
    any_store: Store, arms: dict[str, str], switch: Switch
) -> None:
    assert await switch(ACTIVE) == 0
    assert ("ready", None) in await ended(any_store)
