"""Signing in: passwords, few attempts, and members who may no longer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

from bot.staff import accounts as module
from bot.staff.accounts import (
    ATTEMPTS,
    ATTEMPTS_FOR_A_LOGIN,
    ATTEMPTS_OF_A_CLIENT,
    CLIENT_WINDOW,
    LOGIN_WINDOW,
    WINDOW,
    SignInRefused,
    StaffAccounts,
    hash_password,
)
from bot.staff.people import People
from storage import Store
from storage.schema import rate_bucket
from storage.staff import Staff

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as ever, in less time."""
    monkeypatch.setattr(module, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def accounts(store: Store, quick: None) -> StaffAccounts:
    await store.write(
        lambda connection: Staff(connection).add(
            login="ann", name="Ann", role="agent", password_hash=hash_password("correct horse"), language="en",
            now=NOW,
        )
    )  # fmt: skip
    return StaffAccounts(store)


async def too_many(
    accounts: StaffAccounts, login: str, password: str, now: datetime = NOW, client: str = "here"
) -> bool:
    with pytest.raises(SignInRefused) as refused:
        await accounts.sign_in(login, password, now, client)
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
    await accounts.sign_in("ann", "correct horse", NOW + WINDOW + timedelta(seconds=1), "here")


async def test_nobody_is_kept_out_from_elsewhere(accounts: StaffAccounts) -> None:
    """However many guess: one attempt of a client that has not been wrong is let pass."""
    guessers = [f"guesser {number}" for number in range(2 * ATTEMPTS_FOR_A_LOGIN // ATTEMPTS)]
    refused = [
        await too_many(accounts, "ann", "wrong", client=guesser)
        for guesser in guessers
        for _ in range(ATTEMPTS)
    ]
    assert 0 < refused.count(False) < len(refused)
    assert (await accounts.sign_in("ann", "correct horse", NOW, "here")).login == "ann"
    assert not await too_many(accounts, "ann", "mistyped", client="there")
    assert await too_many(accounts, "ann", "correct horse", client="there")
    await accounts.sign_in("ann", "correct horse", NOW + WINDOW, "there")


async def test_a_client_that_tries_many_logins_is_held_back_alone(accounts: StaffAccounts) -> None:
    for number in range(ATTEMPTS_OF_A_CLIENT):
        assert not await too_many(accounts, f"login-{number}", "wrong", client="guesser")
    assert await too_many(accounts, "ann", "correct horse", client="guesser")
    await accounts.sign_in("ann", "correct horse", NOW, "here")
    await accounts.sign_in("ann", "correct horse", NOW + CLIENT_WINDOW, "guesser")


async def test_where_clients_cannot_be_told_apart_all_have_one_limit(accounts: StaffAccounts) -> None:
    for _ in range(ATTEMPTS_FOR_A_LOGIN):
        assert not await too_many(accounts, "ann", "wrong", client="")
    assert await too_many(accounts, "ann", "correct horse", client="")
    await accounts.sign_in("ann", "correct horse", NOW + LOGIN_WINDOW, "")


@pytest.mark.parametrize("client", ["here", ""])
async def test_right_passwords_do_not_count(accounts: StaffAccounts, client: str) -> None:
    """As when a whole office begins its day."""
    for _ in range(ATTEMPTS_FOR_A_LOGIN + 10):
        await accounts.sign_in("ann", "correct horse", NOW, client)


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
        await accounts.sign_in("ann", "correct horse", NOW, "here")


async def test_what_was_typed_as_a_login_is_kept_as_a_hash(accounts: StaffAccounts, store: Store) -> None:
    assert not await too_many(accounts, "correct horse", "ann")
    async with store.read() as connection:
        kept = (await connection.execute(select(rate_bucket.c.key))).scalars().all()
    assert kept
    assert not any("horse" in key for key in kept)


async def test_attempts_are_counted_for_logins_that_do_not_exist_too(accounts: StaffAccounts) -> None:
    for _ in range(ATTEMPTS):
        assert not await too_many(accounts, "nobody", "wrong")
    assert await too_many(accounts, "nobody", "wrong")


async def test_who_left_can_not_sign_in(accounts: StaffAccounts, store: Store) -> None:
    await accounts.sign_in("ann", "correct horse", NOW)
    await People(store).deactivate(None, "ann")
    assert not await too_many(accounts, "ann", "correct horse")
    await People(store).activate(None, "ann")
    await accounts.sign_in("ann", "correct horse", NOW)


async def test_a_password_is_kept_as_a_hash_and_can_be_replaced(
    accounts: StaffAccounts, store: Store
) -> None:
    async with store.read() as connection:
        found = await Staff(connection).by_login("ann")
    assert found is not None
    assert found[1].startswith("$argon2id$")
    another = await People(store).give_password(None, "ann")
    await accounts.sign_in("ann", another, NOW)
    assert not await too_many(accounts, "ann", "correct horse")
    with pytest.raises(ValueError, match="8"):
        hash_password("short")
