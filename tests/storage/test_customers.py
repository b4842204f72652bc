"""Customers, accounts, consent and attempts to link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from storage import NotFound, Store
from storage.customers import Accounts, Consents, Customers, LinkAttempts
from storage.erased import normal_phone
from storage.orders import Orders
from storage.schema import consent
from tests.storage.shop import NOW, a_customer, an_order, stock_shop


async def test_a_phone_number_and_an_e_mail_address_are_kept_in_one_way_however_written(
    any_store: Store,
) -> None:
    await any_store.write(
        lambda c: Customers(c).put_many([a_customer(email="Wang@Example.com ", phone="138 0000-1234")])
    )
    async with any_store.read() as connection:
        known = await Customers(connection).get("c1")
    assert known is not None
    assert (known.email, known.phone, known.created_at) == ("wang@example.com", "13800001234", NOW)


def test_a_phone_number_keeps_its_plus_and_loses_the_rest() -> None:
    assert normal_phone("+86 138-0000-1234") == "+8613800001234"
    assert normal_phone("none") is None


@pytest.mark.parametrize("many", [3, 250])
async def test_putting_the_same_customers_twice_changes_nothing(any_store: Store, many: int) -> None:
    people = [a_customer(f"c{i}", points=i) for i in range(many)]
    assert await any_store.write(lambda c: Customers(c).put_many(people)) == many
    assert await any_store.write(lambda c: Customers(c).put_many(people)) == 0
    renamed = [a_customer("c0", name="李雷", points=0), *people[1:]]
    assert await any_store.write(lambda c: Customers(c).put_many(renamed)) == 1
    async with any_store.read() as connection:
        assert len(await Customers(connection).by_ids([p.id for p in people])) == many


async def test_an_update_keeps_the_customers_own_choice_about_personal_prices(any_store: Store) -> None:
    await any_store.write(lambda c: Customers(c).put_many([a_customer()]))
    await any_store.write(lambda c: Customers(c).set_personal_prices("c1", False))
    await any_store.write(lambda c: Customers(c).put_many([a_customer(name="李雷")]))
    async with any_store.read() as connection:
        known = await Customers(connection).get("c1")
    assert known is not None
    assert known.name == "李雷"
    assert known.personal_prices is False


async def test_the_latest_buyers_come_first(any_store: Store) -> None:
    await any_store.write(stock_shop)
    await any_store.write(lambda c: Customers(c).put_many([a_customer("c2"), a_customer("c3")]))
    later = an_order("o2", customer_id="c2", placed_at=NOW, parcels=(), refunds=())
    await any_store.write(lambda c: Orders(c).put_many([later]))
    async with any_store.read() as connection:
        buyers = await Customers(connection).recent_buyers(5)
    assert [(who.id, number) for who, number in buyers] == [("c2", "10o2"), ("c1", "10o1")]


async def test_nobody_unknown_is_changed(any_store: Store) -> None:
    with pytest.raises(NotFound):
        await any_store.write(lambda c: Customers(c).set_personal_prices("nobody", False))
    with pytest.raises(NotFound):
        await any_store.write(lambda c: Accounts(c).set_blocked(7, True))


async def test_an_account_is_made_once_and_takes_over_a_new_name(any_store: Store) -> None:
    first = await any_store.write(lambda c: Accounts(c).get_or_create("telegram", "7", now=NOW, name="Li"))
    later = NOW + timedelta(days=1)
    again = await any_store.write(
        lambda c: Accounts(c).get_or_create("telegram", "7", now=later, name="Lei", language="en")
    )
    assert again.id == first.id
    assert (again.name, again.language, again.created_at) == ("Lei", "en", NOW)
    async with any_store.read() as connection:
        assert await Accounts(connection).find("telegram", "7") == again
        assert await Accounts(connection).find("web", "7") is None


async def test_an_account_is_linked_and_unlinked(any_store: Store) -> None:
    await any_store.write(stock_shop)
    account = await any_store.write(lambda c: Accounts(c).get_or_create("telegram", "7", now=NOW))
    await any_store.write(lambda c: Accounts(c).link(account.id, "c1", "deep_link", NOW))
    async with any_store.read() as connection:
        assert [item.id for item in await Accounts(connection).by_customer("c1")] == [account.id]
    await any_store.write(lambda c: Accounts(c).unlink(account.id))
    async with any_store.read() as connection:
        assert await Accounts(connection).by_customer("c1") == []


async def test_the_latest_word_of_customer_or_account_counts_and_a_no_wins(any_store: Store) -> None:
    await any_store.write(stock_shop)
    account = await any_store.write(lambda c: Accounts(c).get_or_create("telegram", "7", now=NOW))

    async def say(granted: bool, hours: int, **who: object) -> None:
        at = NOW + timedelta(hours=hours)
        await any_store.write(
            lambda c: Consents(c).record("marketing", granted, source="test", now=at, **who)  # type: ignore[arg-type]
        )

    async def granted(**who: object) -> bool:
        async with any_store.read() as connection:
            return await Consents(connection).granted("marketing", **who)  # type: ignore[arg-type]

    assert not await granted(customer_id="c1")
    await say(True, 0, customer_id="c1")
    assert await granted(customer_id="c1", account_id=account.id)
    await say(False, 1, account_id=account.id)
    assert not await granted(customer_id="c1", account_id=account.id)
    await say(True, 1, customer_id="c1")
    assert not await granted(customer_id="c1", account_id=account.id)
    await say(True, 2, customer_id="c1", account_id=account.id)
    assert await granted(account_id=account.id)
    async with any_store.read() as connection:
        assert not await Consents(connection).granted("profiling", customer_id="c1")
        assert await connection.scalar(select(func.count()).select_from(consent)) == 4


async def test_consent_must_be_somebodys(store: Store) -> None:
    with pytest.raises(ValueError, match="neither"):
        await store.write(lambda c: Consents(c).record("marketing", True, source="t", now=NOW))


async def test_attempts_are_counted_for_account_and_order(any_store: Store) -> None:
    account = await any_store.write(lambda c: Accounts(c).get_or_create("web", "v", now=NOW))
    for hours in (0, 1, 2):
        at = NOW + timedelta(hours=hours)
        await any_store.write(lambda c, at=at: LinkAttempts(c).record(account.id, "h" * 64, False, at))  # type: ignore[misc]
    async with any_store.read() as connection:
        attempts = LinkAttempts(connection)
        assert await attempts.count_for_account(account.id, NOW) == 3
        assert await attempts.count_for_account(account.id, NOW + timedelta(minutes=30)) == 2
        assert await attempts.count_for_order("h" * 64, NOW) == 3
        assert await attempts.count_for_order("i" * 64, NOW) == 0
