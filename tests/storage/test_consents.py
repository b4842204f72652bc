"""Whoever said no is not written to, on a channel or at all; whatever else was said before or after."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store
from storage.audience import Audience
from storage.campaigns import Campaigns
from storage.consents import MARKETING
from storage.customers import Accounts, Consents
from tests.factories import NOW, add_customer

CHANNELS = ("telegram", "web")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Word:
    """What somebody said on a day."""

    granted: bool
    channel: str | None = None
    """None: of all channels."""
    day: int = 0
    by_account: bool = False
    """Said from a messenger before anybody knew who they were."""


def agrees(words: Sequence[Word], channel: str) -> bool:
    """The rule, said another way than in the store."""
    own = _last([word for word in words if word.channel == channel])
    general = _last([word for word in words if word.channel is None])
    if own is not None and not own.granted:
        return False
    if general is None:
        return own is not None
    return general.granted or (own is not None and own.day > general.day)


def _last(words: Sequence[Word]) -> Word | None:
    return max(words, key=lambda word: (word.day, not word.granted), default=None)


class People:
    """Customers at risk, with an account in each channel, and a campaign."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._campaign: int | None = None

    async def say(self, words: Sequence[Word]) -> str:
        """A new customer who has said these words; returns the id."""
        name = f"c{next(_numbers)}"

        async def work(connection: AsyncConnection) -> None:
            await add_customer(connection, name, marketing=None, risk=0.9)
            accounts = {}
            for channel in CHANNELS:
                accounts[channel] = await Accounts(connection).get_or_create(channel, name, now=NOW)
                await Accounts(connection).link(accounts[channel].id, name, "test", NOW)
            for word in words:
                account = accounts[word.channel or "web"].id if word.channel != "email" else None
                by_account = word.by_account and account is not None
                await Consents(connection).record(
                    MARKETING,
                    word.granted,
                    source="test",
                    now=NOW - timedelta(days=9 - word.day),
                    customer_id=None if by_account else name,
                    account_id=account if by_account else None,
                    channel=word.channel,
                )

        await self._store.write(work)
        return name

    async def reached(self, name: str, channels: Sequence[str] = CHANNELS) -> str | None:
        """The channel that a campaign would write to somebody on."""
        if self._campaign is None:
            made = await self._store.write(
                lambda c: Campaigns(c).ensure("w", "win_back", holdout=0.0, settings={}, seed=1, now=NOW)
            )
            self._campaign = made.id
        async with self._store.read() as connection:
            found = await Audience(connection).candidates(
                self._campaign, channels=channels, after="", limit=1_000, contacted_since=NOW
            )
        return next((one.channel for one in found if one.customer_id == name), None)

    async def granted(self, name: str, channel: str) -> bool:
        async with self._store.read() as connection:
            return await Consents(connection).granted(MARKETING, customer_id=name, channel=channel)


@pytest.fixture
async def people(any_store: Store) -> People:
    return People(any_store)


@pytest.mark.parametrize(
    ("words", "agreed"),
    [
        ([], False),
        ([Word(True)], True),
        ([Word(True, "telegram")], True),
        ([Word(True, "email")], False),
        ([Word(True), Word(False, "telegram", 1)], False),
        ([Word(True), Word(False, "email", 1)], True),
        # Agreeing in general takes no refusal of a channel back; agreeing on the channel does.
        ([Word(False, "telegram"), Word(True, None, 1)], False),
        ([Word(False, "telegram"), Word(True, None, 1), Word(True, "telegram", 2)], True),
        # Stopping altogether ends what was agreed to on a channel; a later yes there begins anew.
        ([Word(True, "telegram"), Word(False, None, 1)], False),
        ([Word(False), Word(True, "telegram", 1)], True),
        ([Word(True, "telegram"), Word(False, None, 1), Word(True, None, 2)], True),
        # Of two words at one moment the no counts.
        ([Word(True), Word(False)], False),
        ([Word(True, "telegram"), Word(False)], False),
    ],
)
async def test_the_channel_and_all_channels(people: People, words: list[Word], agreed: bool) -> None:
    name = await people.say(words)
    assert agrees(words, "telegram") is agreed
    assert await people.granted(name, "telegram") is agreed
    assert await people.reached(name, ["telegram"]) == ("telegram" if agreed else None)


_WORDS = st.lists(
    st.builds(
        Word,
        granted=st.booleans(),
        channel=st.sampled_from([None, "telegram", "web", "email"]),
        day=st.integers(0, 4),
        by_account=st.booleans(),
    ),
    max_size=7,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=_WORDS)
async def test_whatever_was_said_in_whichever_order(people: People, words: list[Word]) -> None:
    name = await people.say(words)
    allowed = [channel for channel in CHANNELS if agrees(words, channel)]
    assert [channel for channel in CHANNELS if await people.reached(name, [channel])] == allowed
    # The account that was linked last comes first.
    assert await people.reached(name) == (allowed[-1] if allowed else None)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=_WORDS)
async def test_a_stop_ends_everything_and_nothing_in_general_lifts_a_no_to_a_channel(
    people: People, words: list[Word]
) -> None:
    stopped = await people.say([*words, Word(False, None, 5)])
    refused = await people.say([*words, Word(False, "telegram", 5), Word(True, None, 6)])
    assert await people.reached(stopped) is None
    assert await people.reached(refused, ["telegram"]) is None
