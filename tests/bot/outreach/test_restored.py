"""What may have left, or been answered, since a back-up doesn't leave again; outreach waits for a word."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.outreach.planner import Planner
from bot.staff.campaigns import ACTIVE, ENDED, CampaignService
from storage import Store
from storage.campaigns import Campaigns
from storage.inbox import Inbox, NewUpdate
from storage.leases import Leases
from storage.outbox import Outbox
from storage.restored import Restoration, Restorations
from storage.schema import inbox, lease, outbox, staff_session
from storage.staff import Staff, StaffMember, StaffSessions
from tests.bot.outreach.campaigns import claim, leave, one_planned, planned
from tests.factories import NOW, add_customer

RESTORED = NOW + timedelta(hours=3)
LATER = RESTORED + timedelta(days=15)


@pytest.fixture
async def admin(any_store: Store) -> StaffMember:
    staff_id = await any_store.write(
        lambda c: Staff(c).add(login="a", name="A", role="admin", password_hash="", language="en", now=NOW)
    )
    return StaffMember(id=staff_id, login="a", name="A", role="admin", language="en", active=True)


async def restore(store: Store) -> Restoration:
    return await store.write(lambda connection: Restorations(connection).settle(NOW, RESTORED))


async def waiting(store: Store) -> Restoration | None:
    async with store.read() as connection:
        return await Restorations(connection).waiting()


@pytest.mark.parametrize("in_hand", [False, True])
async def test_a_planned_message_is_never_sent_and_counts_as_sent_today(
    any_store: Store, planner: Planner, last_look, admin: StaffMember, in_hand: bool
) -> None:
    await one_planned(any_store, planner)
    if in_hand:
        await claim(any_store, NOW + timedelta(minutes=1))
    found = await restore(any_store)
    assert (found.campaigns, found.messages) == (["win-back"], 1)
    assert await leave(any_store, last_look, RESTORED) == []
    # Nobody is looked for before somebody says so; and whom it had chosen it doesn't choose again.
    await any_store.write(lambda connection: add_customer(connection, "new", telegram="2", risk=0.9))
    assert await planner.run_active(RESTORED) == {}
    await CampaignService(any_store).set_state(admin, "win-back", ACTIVE)
    assert await planner.run_active(LATER) == {"win-back": {"message": 1}}
    assert await planned(any_store) == ["c", "new"]


async def test_who_was_to_be_written_to_is_left_alone_by_other_campaigns_for_the_time_of_the_cap(
    any_store: Store, planner: Planner
) -> None:
    await one_planned(any_store, planner)
    await restore(any_store)
    other = await any_store.write(
        lambda c: Campaigns(c).ensure("other", "win_back", holdout=0.0, settings={}, seed=1, now=NOW)
    )
    assert await planner.run(other, "s1", RESTORED + timedelta(days=1)) == {}
    assert await planner.run(other, "s2", LATER) == {"message": 1}


async def test_replies_on_their_way_and_what_waited_for_an_answer_are_left_alone(any_store: Store) -> None:
    async def prepare(connection: AsyncConnection) -> None:
        for number in range(3):
            await Outbox(connection).put(
                channel="telegram", address=str(number), kind="reply", policy="retry", reply={}, now=NOW,
                not_before=NOW + timedelta(days=number),
            )  # fmt: skip
        update = NewUpdate(channel="telegram", address="1", update_id="7", payload={"text": "hi"})
        await Inbox(connection).add([update], NOW)
        await Leases(connection).acquire("prepare", "x", NOW, timedelta(days=30))
        member = await Staff(connection).add(
            login="b", name="B", role="agent", password_hash="", language="en", now=NOW
        )
        await StaffSessions(connection).add("k", staff_id=member, version=0, now=NOW)

    await any_store.write(prepare)
    found = await restore(any_store)
    assert (found.campaigns, found.messages, found.updates) == ([], 3, 1)
    async with any_store.read() as connection:
        assert not await Outbox(connection).any_ready(["telegram"], "retry", LATER)
        assert await Inbox(connection).waiting(LATER, 10) == []
        assert (await connection.execute(select(outbox.c.state, outbox.c.error).distinct())).all() == [
            ("unknown", "restored")
        ]
        kept = (await connection.execute(select(inbox.c.state, inbox.c.payload))).one()
        assert tuple(kept) == ("failed", {"text": "hi"})
        for table in (lease, staff_session):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0
    assert await waiting(any_store) is None
    # Telegram delivers what it had not been told was kept: it is known.
    again = NewUpdate(channel="telegram", address="1", update_id="7", payload={"text": "hi"})
    assert await any_store.write(lambda connection: Inbox(connection).add([again], LATER)) == {}


@pytest.mark.parametrize("state", [ACTIVE, ENDED])
async def test_it_is_told_until_somebody_decides(
    any_store: Store, planner: Planner, admin: StaffMember, state: str
) -> None:
    await one_planned(any_store, planner)
    await restore(any_store)
    assert await waiting(any_store) == Restoration(
        made_at=NOW, restored_at=RESTORED, campaigns=["win-back"], messages=1, updates=0
    )
    await CampaignService(any_store).set_state(admin, "win-back", state)
    assert await waiting(any_store) is None
