"""Staff look at campaigns, and some of them may stop one."""

from __future__ import annotations

import pytest

from bot.staff.campaigns import ACTIVE, ENDED, PAUSED, CampaignService, Share, lift
from bot.staff.roles import NotAllowed
from storage import Conflict, NotFound, Store
from storage.audit import Audit
from storage.campaigns import Campaigns
from storage.staff import Staff, StaffMember
from tests.factories import NOW


async def member(store: Store, role: str) -> StaffMember:
    staff_id = await store.write(
        lambda c: Staff(c).add(login=role, name=role, role=role, password_hash="", language="en", now=NOW)
    )
    return StaffMember(id=staff_id, login=role, name=role, role=role, language="en", active=True)


async def campaign(store: Store) -> int:
    made = await store.write(
        lambda c: Campaigns(c).ensure("win-back", "win_back", holdout=0.1, settings={}, seed=1, now=NOW)
    )
    return made.id


@pytest.mark.parametrize("role", ["viewer", "agent"])
async def test_others_may_only_look(store: Store, role: str) -> None:
    await campaign(store)
    campaigns = CampaignService(store, clock=lambda: NOW)
    with pytest.raises(NotAllowed):
        await campaigns.set_state(await member(store, role), "win-back", PAUSED)
    (report,) = await campaigns.reports()
    assert report.campaign.state == ACTIVE
    assert report.lift is None


@pytest.mark.parametrize("role", ["campaigner", "admin"])
async def test_pausing_is_written_down_and_an_end_is_for_good(store: Store, role: str) -> None:
    campaign_id = await campaign(store)
    campaigns = CampaignService(store, clock=lambda: NOW)
    who = await member(store, role)
    for state in (PAUSED, ACTIVE, ENDED):
        await campaigns.set_state(who, "win-back", state)
        (report,) = await campaigns.reports()
        assert report.campaign.state == state
    with pytest.raises(Conflict):
        await campaigns.set_state(who, "win-back", ACTIVE)
    async with store.read() as connection:
        done = await Audit(connection).of(f"campaign:{campaign_id}")
    assert [one.action for one in done] == ["campaign_ended", "campaign_active", "campaign_paused"]
    assert {one.actor for one in done} == {f"staff:{who.id}"}


async def test_a_campaign_that_is_not_there(store: Store) -> None:
    campaigns = CampaignService(store, clock=lambda: NOW)
    with pytest.raises(NotFound):
        await campaigns.set_state(await member(store, "admin"), "spring", PAUSED)
    with pytest.raises(NotFound):
        await campaigns.contacts("spring")


def test_the_lift_of_a_published_example() -> None:
    found = lift(Share(hits=56, count=70), Share(hits=48, count=80))
    assert found is not None
    # Newcombe 1998, table II, contrast (a), method 10.
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert found.certain


def test_few_customers_tell_nothing() -> None:
    found = lift(Share(hits=2, count=9), Share(hits=0, count=1))
    assert found is not None
    assert not found.certain
    assert lift(Share(hits=2, count=9), Share(hits=0, count=0)) is None
