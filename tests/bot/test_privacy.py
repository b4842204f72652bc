"""A customer can have what is held about them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.privacy.export import export_customer
from storage import NotFound, Store
from storage.audience import Candidate
from storage.campaigns import Campaigns
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts, Consents, Customers
from storage.drafts import Corrections
from storage.escalations import Escalations
from storage.outbox import Outbox
from storage.points import PointChange, Points
from storage.staff import Staff
from storage.warnings import NewWarning, Warnings
from tests.factories import NOW, add_customer, add_product, add_purchase

SECRET = "my name is Rumpelstiltskin"


async def somebody(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    await add_customer(connection, "c1", telegram="77")
    await add_purchase(connection, "c1", "p1", NOW - timedelta(days=3))
    account = await Accounts(connection).find("telegram", "77")
    assert account is not None
    await Conversations(connection).open("telegram", "77", account.id, "en", NOW)
    contact = await Conversations(connection).contact("telegram", "77")
    assert contact is not None
    await Conversations(connection).append(
        NewMessage(
            conversation_id=contact.conversation.id,
            direction="in",
            author="customer",
            kind="text",
            text=SECRET,
            at=NOW,
        )
    )
    (said,) = await Conversations(connection).history(contact.conversation.id)
    await Staff(connection).add(
        login="ann", name="Ann", role="agent", password_hash="-", language="en", now=NOW
    )
    (ann,) = await Staff(connection).all()
    await Conversations(connection).append(
        NewMessage(
            conversation_id=contact.conversation.id,
            direction="out",
            author="bot",
            kind="reply",
            text="Noted.",
            trace={"skills": ["talk"], "facts": [{"of": "shop", "text": "noted-by-the-miller"}]},
            at=NOW,
        )
    )
    await Corrections(connection).put(said.id, "their_name", staff_id=ann.id, now=NOW)
    known = await Customers(connection).get("c1")
    assert known is not None
    more = replace(known, birthday="--05-17", addresses={"a": {"line": "12 Spindle Lane"}})
    await Customers(connection).put_many([more])
    visit = PointChange(id="v1", customer_id="c1", at=NOW, change=5, reason_en="For spinning straw")
    await Points(connection).append([visit])
    await Outbox(connection).put(
        channel="telegram",
        address="77",
        kind="reply",
        policy="retry",
        reply={"text": SECRET},
        now=NOW,
        customer_id="c1",
    )


async def _judged(connection: AsyncConnection) -> None:
    """A warning was given of them, and a campaign left them alone."""
    reasons = [{"code": "silence", "value": 90, "weight": 1.5}]
    warning = NewWarning(
        customer_id="c1", at=NOW, was="low", band="high", probability=0.9, lead_days=None,
        expected_loss=4_711, currency="CNY", reasons=reasons, policy="test",
    )  # fmt: skip
    await Warnings(connection).add([warning])
    campaigns = Campaigns(connection)
    campaign = await campaigns.ensure("win-back", "win_back", holdout=1.0, settings={}, seed=1, now=NOW)
    run = await campaigns.start_run(campaign.id, "s1", NOW)
    candidate = Candidate(
        customer_id="c1", time_zone="UTC", channel="telegram", address="77", risk=0.9,
        expected_value=8_150, at_stake=7_335, currency="CNY", reasons=reasons,
    )  # fmt: skip
    await campaigns.add_contact(
        candidate, campaign_id=campaign.id, run_id=run.id, arm="holdout", probability=1.0, now=NOW
    )


async def _asked(connection: AsyncConnection) -> None:
    """They waited for a person, and left an address, before anybody knew who they were."""
    contact = await Conversations(connection).contact("telegram", "77")
    assert contact is not None
    case = await Escalations(connection).add(
        contact.conversation.id, reason="asked", priority=1, summary="", due_at=NOW, now=NOW
    )
    assert await Escalations(connection).keep_email(case, "rump@example.org", "for this answer")


async def test_an_export_holds_all_of_it(any_store: Store) -> None:
    await any_store.write(somebody)
    await any_store.write(_asked)
    await any_store.write(_judged)
    async with any_store.read() as connection:
        told = json.dumps(await export_customer(connection, "c1"), default=str)
    for what in (
        "Name c1",
        "marketing",
        "purchase",
        SECRET,
        "77",
        "their_name",
        "rump@example.org",
        "4711",
        "7335",
        "holdout",
        "--05-17",
        "12 Spindle Lane",
        "For spinning straw",
        "noted-by-the-miller",
    ):
        assert what in told


async def test_an_export_holds_the_question_that_was_agreed_to(any_store: Store) -> None:
    """Also where it was said before the account was linked."""
    await any_store.write(somebody)

    async def agree(connection: AsyncConnection) -> None:
        own = await Accounts(connection).find("telegram", "77")
        assert own is not None
        await Consents(connection).record(
            "marketing",
            True,
            source="conversation:telegram",
            now=NOW,
            account_id=own.id,
            wording="May we write?",
        )

    await any_store.write(agree)
    async with any_store.read() as connection:
        held = (await export_customer(connection, "c1"))["consents"]
    assert [(one["source"], one["granted"], one["wording"]) for one in held] == [
        ("test", True, None),
        ("conversation:telegram", True, "May we write?"),
    ]


async def test_somebody_unknown_is_said_so(any_store: Store) -> None:
    async with any_store.read() as connection:
        with pytest.raises(NotFound):
            await export_customer(connection, "nobody")
