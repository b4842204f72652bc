"""Sessions: begun once, over when the member's access changes, after twelve hours without use, or at sign-out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.staff.accounts import ENTER_WITHIN, IDLE, Sessions
from bot.staff.people import People
from storage import Store
from storage.schema import staff_session
from storage.staff import Staff, StaffMember
from tests.factories import NOW

SECOND = timedelta(seconds=1)


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> object:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(any_store: Store, clock: Clock) -> Sessions:
    return Sessions(any_store, clock=clock)  # type: ignore[arg-type]


@pytest.fixture
async def ann(any_store: Store) -> StaffMember:
    await any_store.write(
        lambda connection: Staff(connection).add(
            login="ann", name="Ann", role="agent", password_hash="-", language="en", now=NOW
        )
    )
    async with any_store.read() as connection:
        (member,) = await Staff(connection).all()
    return member


async def signed_in(sessions: Sessions, member: StaffMember, before: str = "") -> str:
    token = await sessions.enter(await sessions.begin(member, "browser"), "browser", before)
    assert token
    return token


async def test_a_ticket_is_good_once_soon_and_in_its_browser(
    sessions: Sessions, ann: StaffMember, clock: Clock
) -> None:
    ticket = await sessions.begin(ann, "browser")
    assert (await sessions.look(ticket)).member is None
    assert await sessions.enter(ticket, "another", "") is None
    token = await sessions.enter(ticket, "browser", "")
    assert token not in (None, ticket)
    assert await sessions.enter(ticket, "browser", "") is None
    assert await sessions.enter(token or "", "browser", "") is None
    assert (await sessions.look(token or "")).member == ann
    late = await sessions.begin(ann, "browser")
    clock.now += ENTER_WITHIN + SECOND
    assert await sessions.enter(late, "browser", "") is None


async def test_whoever_signs_in_gets_a_token_that_nobody_had(
    sessions: Sessions, ann: StaffMember, any_store: Store
) -> None:
    """What a browser held before is nobody's any more."""
    first = await signed_in(sessions, ann)
    second = await signed_in(sessions, ann, first)
    assert first != second
    assert (await sessions.look(first)).member is None
    assert (await sessions.look(second)).member == ann
    async with any_store.read() as connection:
        keys = (await connection.execute(select(staff_session.c.key))).scalars().all()
    assert len(keys) == 1
    assert second not in keys


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.give_password(None, "ann"),
        lambda people: people.set_role(None, "ann", "viewer"),
        lambda people: people.deactivate(None, "ann"),
    ],
)
async def test_a_change_of_access_ends_all_sessions(
    sessions: Sessions, ann: StaffMember, any_store: Store, change: Callable[[People], Awaitable[object]]
) -> None:
    tokens = [await signed_in(sessions, ann) for _ in range(2)]
    open_ticket = await sessions.begin(ann, "browser")
    await change(People(any_store))
    tokens.append(await sessions.enter(open_ticket, "browser", "") or "")
    for token in tokens:
        for standing in (await sessions.look(token), await sessions.use(token)):
            assert (standing.member, standing.over) == (None, "changed")
    await People(any_store).activate(None, "ann")
    assert (await sessions.look(tokens[0])).member is None


async def test_a_session_ends_after_twelve_hours_without_use(
    sessions: Sessions, ann: StaffMember, clock: Clock
) -> None:
    token = await signed_in(sessions, ann)
    for _ in range(3):
        clock.now += IDLE - SECOND
        assert (await sessions.use(token)).member == ann
    # A page that is merely open looks again and again.
    for _ in range(3):
        clock.now += IDLE / 4
        assert (await sessions.look(token)).member == ann
    clock.now += IDLE / 4
    for standing in (await sessions.look(token), await sessions.use(token), await sessions.look(token)):
        assert (standing.member, standing.over) == (None, "idle")


async def test_whoever_signs_out_is_out_in_every_page(sessions: Sessions, ann: StaffMember) -> None:
    token, elsewhere = await signed_in(sessions, ann), await signed_in(sessions, ann)
    await sessions.end(token)
    standing = await sessions.look(token)
    assert (standing.member, standing.over) == (None, "")
    assert (await sessions.look(elsewhere)).member == ann


@pytest.mark.parametrize("token", ["", "guess", "\ud800\x00"])
async def test_what_nobody_was_given_opens_nothing(sessions: Sessions, ann: StaffMember, token: str) -> None:
    await signed_in(sessions, ann)
    assert (await sessions.look(token)).member is None
    assert (await sessions.use(token)).member is None
    assert await sessions.enter(token, "browser", "") is None
