"""Signing in: passwords, few attempts, and members who may no longer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from bot.staff.accounts import ATTEMPTS, WINDOW, SignInRefused, StaffAccounts
from storage import Conflict, NotFound, Store
from storage.schema import rate_bucket
from storage.staff import Staff

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.fixture
async def accounts(store: Store) -> StaffAccounts:
    made = StaffAccounts(store)
    await made.add("ann", "Ann", "agent", "correct horse", "en", NOW)
    return made


async def too_many(accounts: StaffAccounts, login: str, password: str, now: datetime = NOW) -> bool:
    with pytest.raises(SignInRefused) as refused:
        await accounts.sign_in(login, password, now)
    return refused.value.too_many


async def test_the_right_password_opens(accounts: StaffAccounts) -> None:
    member = await accounts.sign_in("ann", "correct horse", NOW)
    assert (member.login, member.name, member.role) == ("ann", "Ann", "agent")


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("ann", "wrong"),
        ("nobody", "correct horse"),
        ("", ""),
        ("ann", ""),
        ("ann", "x" * 10_000),
        ("ann\x00", "\ud800"),
    ],
)
async def test_a_wrong_one_says_nothing_more(accounts: StaffAccounts, login: str, password: str) -> None:
    assert not await too_many(accounts, login, password)


async def test_few_wrong_attempts_then_a_pause(accounts: StaffAccounts) -> None:
    for _ in range(ATTEMPTS):
        assert not await too_many(accounts, "ann", "wrong")
    assert await too_many(accounts, "ann", "correct horse")
    await accounts.sign_in("ann", "correct horse", NOW + WINDOW + timedelta(seconds=1))


async def test_replicas_count_attempts_together(accounts: StaffAccounts, store: Store) -> None:
    replicas = [accounts, StaffAccounts(store)]
    for number in range(ATTEMPTS):
        assert not await too_many(replicas[number % 2], "ann", "wrong")
    for replica in replicas:
        assert await too_many(replica, "ann", "correct horse")


async def test_guesses_sent_side_by_side_are_counted(accounts: StaffAccounts) -> None:
    refused = await asyncio.gather(*(too_many(accounts, "ann", f"wrong {n}") for n in range(ATTEMPTS + 3)))
    assert sorted(refused) == [False] * ATTEMPTS + [True] * 3


async def test_the_right_password_makes_good_for_the_wrong_ones(accounts: StaffAccounts) -> None:
    for _ in range(3):
        for _ in range(ATTEMPTS - 1):
            assert not await too_many(accounts, "ann", "wrong")
        await accounts.sign_in("ann", "correct horse", NOW)


async def test_what_was_typed_as_a_login_is_kept_as_a_hash(accounts: StaffAccounts, store: Store) -> None:
    assert not await too_many(accounts, "correct horse", "ann")
    async with store.read() as connection:
        (kept,) = (await connection.execute(select(rate_bucket.c.key))).scalars()
    assert "horse" not in kept


async def test_attempts_are_counted_for_logins_that_do_not_exist_too(accounts: StaffAccounts) -> None:
    for _ in range(ATTEMPTS):
        assert not await too_many(accounts, "nobody", "wrong")
    assert await too_many(accounts, "nobody", "wrong")


async def test_who_left_can_not_sign_in(accounts: StaffAccounts, store: Store) -> None:
    member = await accounts.sign_in("ann", "correct horse", NOW)
    assert await accounts.active(member.id) == member
    await store.write(lambda connection: Staff(connection).set_active("ann", False))
    assert await accounts.active(member.id) is None
    assert not await too_many(accounts, "ann", "correct horse")


async def test_a_password_is_kept_as_a_hash_and_can_be_replaced(
    accounts: StaffAccounts, store: Store
) -> None:
    async with store.read() as connection:
        found = await Staff(connection).by_login("ann")
    assert found is not None
    assert found[1].startswith("$argon2id$")
    await accounts.set_password("ann", "another one")
    await accounts.sign_in("ann", "another one", NOW)
    with pytest.raises(NotFound):
        await accounts.set_password("nobody", "another one")
    with pytest.raises(ValueError, match="8"):
        await accounts.set_password("ann", "short")
    with pytest.raises(Conflict):
        await accounts.add("ann", "Ann", "agent", "another one", "en", NOW)
