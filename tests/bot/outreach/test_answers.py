"""Who has answered a campaign's message, bought again, or wants no more of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.planner import note_answers
from storage import Store
from storage.audience import Audience, Candidate
from storage.campaigns import Campaigns
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts, Consents
from storage.outbox import Outbox
from storage.responses import RETURNED_WITHIN, ArmResult, Responses
from storage.schema import campaign_contact, outbox
from storage.signals import ANSWERED_WITHIN
from tests.factories import NOW, add_customer, add_product, add_purchase, add_score

SENT = NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Contact:
    """One customer of one campaign."""

    campaign_id: int
    customer_id: str


async def chosen(connection: AsyncConnection, customer_id: str, *, arm: str = "message") -> Contact:
    """A customer whom a campaign chose; in the arm `message` theirs has been sent."""
    await add_product(connection, "p1")
    address = f"t-{customer_id}"
    await add_customer(connection, customer_id, telegram=address)
    await add_score(connection, customer_id, 0.9, expected_value=1_000)
    campaigns = Campaigns(connection)
    campaign = await campaigns.ensure("win-back", "win_back", holdout=0.1, settings={}, seed=1, now=NOW)
    run = await campaigns.start_run(campaign.id, "s1", NOW)
    (candidate,) = await _candidates(connection, campaign.id, customer_id)
    outbox_id = await _message(connection, address, customer_id) if arm == "message" else None
    added = await campaigns.add_contact(
        candidate, campaign_id=campaign.id, run_id=run.id, arm=arm, probability=0.9, now=NOW,
        outbox_id=outbox_id,
    )  # fmt: skip
    assert added
    return Contact(campaign.id, customer_id)


async def _candidates(connection: AsyncConnection, campaign_id: int, customer_id: str) -> list[Candidate]:
    found = await Audience(connection).candidates(
        campaign_id, channels=["telegram"], after="", limit=100, contacted_since=NOW
    )
    return [one for one in found if one.customer_id == customer_id]


async def _message(connection: AsyncConnection, address: str, customer_id: str) -> int:
    outbox_id = await Outbox(connection).put(
        channel="telegram", address=address, kind="campaign", policy="once", reply={}, now=NOW,
        customer_id=customer_id,
    )  # fmt: skip
    assert outbox_id is not None
    await connection.execute(
        update(outbox).where(outbox.c.id == outbox_id).values(state="sent", finished_at=SENT)
    )
    return outbox_id


async def writes(connection: AsyncConnection, customer_id: str, at: datetime) -> None:
    """A message of the customer's."""
    account = await Accounts(connection).find("telegram", f"t-{customer_id}")
    assert account is not None
    await Conversations(connection).open("telegram", f"t-{customer_id}", account.id, "zh", NOW)
    contact = await Conversations(connection).contact("telegram", f"t-{customer_id}")
    assert contact is not None
    await Conversations(connection).append(
        NewMessage(
            conversation_id=contact.conversation.id, direction="in", author="customer", kind="text",
            text="hello", at=at,
        )
    )  # fmt: skip


async def answered(store: Store, customer_id: str = "c") -> datetime | None:
    await note_answers(store, LATER)
    async with store.read() as connection:
        return await connection.scalar(
            select(campaign_contact.c.responded_at).where(campaign_contact.c.customer_id == customer_id)
        )


@pytest.mark.parametrize(
    ("after", "counts"),
    [
        (timedelta(seconds=-1), False),
        (timedelta(minutes=1), True),
        (ANSWERED_WITHIN, True),
        (ANSWERED_WITHIN + timedelta(seconds=1), False),
    ],
)
async def test_a_message_soon_after_ours_is_an_answer(
    any_store: Store, after: timedelta, counts: bool
) -> None:
    await any_store.write(lambda c: chosen(c, "c"))
    await any_store.write(lambda c: writes(c, "c", SENT + after))
    assert await answered(any_store) == (SENT + after if counts else None)


async def test_so_is_a_purchase_and_the_first_of_both_is_kept(any_store: Store) -> None:
    await any_store.write(lambda c: chosen(c, "c"))
    bought = SENT + timedelta(days=2)
    await any_store.write(lambda c: add_purchase(c, "c", "p1", bought))
    assert await answered(any_store) == bought
    # An answer that is known stays; what comes to light afterwards adds no second one.
    await any_store.write(lambda c: writes(c, "c", SENT + timedelta(days=3)))
    assert await note_answers(any_store, LATER) == 0
    await any_store.write(lambda c: Responses(c).note({1: LATER}))
    assert await answered(any_store) == bought


async def test_who_got_no_message_can_answer_none_but_can_come_back(any_store: Store) -> None:
    contact = await any_store.write(lambda c: chosen(c, "c", arm="holdout"))
    await any_store.write(lambda c: writes(c, "c", SENT + timedelta(days=1)))
    await any_store.write(lambda c: add_purchase(c, "c", "p1", SENT + timedelta(days=1)))
    assert await answered(any_store) is None
    async with any_store.read() as connection:
        (arm,) = await Responses(connection).results(contact.campaign_id)
    assert arm == ArmResult(arm="holdout", customers=1, sent=0, responded=0, returned=1, stopped=0)


async def test_the_figures_of_an_arm(any_store: Store) -> None:
    async def happen(connection: AsyncConnection) -> int:
        for customer in ("silent", "writes", "buys", "late", "stops"):
            contact = await chosen(connection, customer)
        await writes(connection, "writes", SENT + timedelta(hours=2))
        await add_purchase(connection, "buys", "p1", SENT + timedelta(days=3))
        await add_purchase(connection, "late", "p1", NOW + RETURNED_WITHIN + timedelta(days=1))
        await Consents(connection).record(
            "marketing", False, source="t", now=SENT + timedelta(hours=1), customer_id="stops"
        )
        return contact.campaign_id

    campaign_id = await any_store.write(happen)
    await note_answers(any_store, LATER)
    async with any_store.read() as connection:
        (arm,) = await Responses(connection).results(campaign_id)
        latest = await Responses(connection).contacts(campaign_id, limit=3)
    assert arm == ArmResult(arm="message", customers=5, sent=5, responded=2, returned=1, stopped=1)
    assert [one.customer_id for one in latest] == ["buys", "late", "silent"]
    assert {(one.risk, one.expected_value, one.at_stake, one.currency) for one in latest} == {
        (0.9, 1_000, 900, "CNY")
    }
