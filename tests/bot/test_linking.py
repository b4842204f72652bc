"""Who may see an order: each proof works once, in time, for one; and a wrong one says nothing."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.linking.linker import (
    ATTEMPTS_PER_ACCOUNT,
    ATTEMPTS_PER_ORDER,
    LINK_VALIDITY,
    Linker,
    LinkRefusal,
    LinkRefused,
    LinkResult,
    matches,
    second_fact,
)
from storage import Store
from storage.customers import Accounts, Customer, Customers
from storage.orders import Order, Orders
from storage.schema import link_attempt

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
LINKER = Linker(b"k" * 32, "s" * 32)


@pytest.fixture
async def shop(any_store: Store) -> Store:
    """Two customers with an order each, and nobody linked."""

    async def fill(connection: AsyncConnection) -> None:
        await Customers(connection).put_many(
            [
                Customer(id="c1", name="A", phone="+86 13800001234", email="a@example.org", created_at=NOW),
                Customer(id="c2", name="B", email="b@example.org", created_at=NOW),
            ]
        )
        orders = [("o1", "1024", "c1", {"phone": "13911115678"}), ("o2", "A-7", "c2", {})]
        await Orders(connection).put_many(
            [
                Order(
                    id=key, number=number, customer_id=owner, status="paid", placed_at=NOW, total=1,
                    currency="CNY", ship_to=ship_to, updated_at=NOW,
                )
                for key, number, owner, ship_to in orders
            ]
        )  # fmt: skip

    await any_store.write(fill)
    return any_store


async def account(store: Store, address: str = "v-1") -> int:
    made = await store.write(lambda connection: Accounts(connection).get_or_create("web", address, now=NOW))
    return made.id


async def owner(store: Store, account_id: int) -> str | None:
    async with store.read() as connection:
        found = await Accounts(connection).get(account_id)
    assert found is not None
    return found.customer_id


async def link_for(store: Store, customer: str = "c1", linker: Linker = LINKER) -> str:
    token, _ = await store.write(lambda connection: linker.deep_link_token(connection, customer, NOW))
    return token


async def redeem(store: Store, account_id: int, token: str, now: datetime = NOW) -> str:
    return await store.write(lambda connection: LINKER.redeem(connection, account_id, token, now))


async def refusal(store: Store, account_id: int, token: str, now: datetime = NOW) -> LinkRefusal:
    with pytest.raises(LinkRefused) as refused:
        await redeem(store, account_id, token, now)
    return refused.value.reason


async def prove(store: Store, account_id: int, number: str, fact: str, now: datetime = NOW) -> LinkResult:
    return await store.write(lambda connection: LINKER.prove(connection, account_id, number, fact, now))


async def test_a_deep_link_links_whoever_opens_it_first(shop: Store) -> None:
    mine, theirs = await account(shop), await account(shop, "v-2")
    token = await link_for(shop)
    assert len(token) <= 64
    assert await redeem(shop, mine, token) == "c1"
    assert await owner(shop, mine) == "c1"
    # Pressing one's own link again changes nothing; nobody else can use it.
    assert await redeem(shop, mine, token) == "c1"
    assert await refusal(shop, theirs, token) is LinkRefusal.USED
    assert await owner(shop, theirs) is None


async def test_a_deep_link_ends(shop: Store) -> None:
    mine = await account(shop)
    token = await link_for(shop)
    assert await refusal(shop, mine, token, NOW + LINK_VALIDITY) is LinkRefusal.EXPIRED
    assert await redeem(shop, mine, token, NOW + LINK_VALIDITY - timedelta(seconds=1)) == "c1"


async def test_a_link_of_another_installation_is_no_link(shop: Store) -> None:
    mine = await account(shop)
    foreign = await link_for(shop, linker=Linker(b"x" * 32, "s" * 32))
    assert await refusal(shop, mine, foreign) is LinkRefusal.INVALID


async def test_a_link_that_was_never_given_out_is_no_link(shop: Store) -> None:
    """Even one with a right signature: the table is what counts."""
    mine = await account(shop)
    token = await link_for(shop)
    await shop.write(lambda connection: connection.exec_driver_sql("DELETE FROM link_token"))
    assert await refusal(shop, mine, token) is LinkRefusal.INVALID


async def test_what_a_link_is_kept_as_does_not_open_anything(shop: Store) -> None:
    token = await link_for(shop)
    async with shop.read() as connection:
        kept = (await connection.exec_driver_sql("SELECT token_hash FROM link_token")).scalar_one()
    assert token not in kept
    assert await refusal(shop, await account(shop), kept) is LinkRefusal.INVALID


@given(st.one_of(st.text(max_size=80), st.binary(max_size=60).map(
    lambda raw: "l-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")
)))  # fmt: skip
def test_no_made_up_token_has_an_expiry(token: str) -> None:
    with pytest.raises(LinkRefused) as refused:
        LINKER._expiry(token)
    assert refused.value.reason is LinkRefusal.INVALID


@given(st.integers(0, 50), st.characters(codec="ascii", categories=["L", "N"]))
def test_one_changed_character_breaks_a_token(place: int, other: str) -> None:
    body = b"n" * 16 + int(NOW.timestamp()).to_bytes(5, "big")
    token = "l-" + base64.urlsafe_b64encode(body + LINKER._mac(b"link", body)).decode().rstrip("=")
    assert LINKER._expiry(token) == NOW
    place = 2 + place % (len(token) - 3)  # the last one carries bits that mean nothing
    if token[place] == other:
        return
    with pytest.raises(LinkRefused):
        LINKER._expiry(token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize(
    ("number", "fact"),
    [
        ("1024", "5678"),  # the phone on the parcel
        ("1024", "1234"),  # the customer's own
        (" #1024 ", "139 1111 5678"),
        ("＃1024", "a@EXAMPLE.org "),
        ("a-7", "b@example.org"),
    ],
)
async def test_an_order_and_a_second_fact_link(shop: Store, number: str, fact: str) -> None:
    mine = await account(shop)
    assert await prove(shop, mine, number, fact) is LinkResult.LINKED
    assert await owner(shop, mine) in ("c1", "c2")


@pytest.mark.parametrize(
    ("number", "fact"),
    [
        ("1024", "0000"),  # a wrong fact
        ("1024", ""),
        ("1024", "678"),
        ("1024", "b@example.org"),  # somebody else's
        ("9999", "5678"),  # a wrong order
        ("", ""),
        ("1024' OR '1'='1", "5678"),
        ("\x00", "5678"),
        ("1024", "\ud800@example.org"),
    ],
)
async def test_what_is_wrong_is_not_told(store: Store, number: str, fact: str) -> None:
    """The same answer and the same traces, whether the order exists or not."""
    await fill_one(store)
    mine = await account(store)
    assert await prove(store, mine, number, fact) is LinkResult.WRONG
    assert await owner(store, mine) is None
    async with store.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(link_attempt)) == 1


async def fill_one(store: Store) -> None:
    async def fill(connection: AsyncConnection) -> None:
        await Customers(connection).put_many([Customer(id="c1", email="a@example.org", created_at=NOW)])
        await Orders(connection).put_many(
            [
                Order(
                    id="o1", number="1024", customer_id="c1", status="paid", placed_at=NOW, total=1,
                    currency="CNY", ship_to={"phone": "13911115678"}, updated_at=NOW,
                )
            ]
        )  # fmt: skip

    await store.write(fill)


async def test_an_account_has_few_attempts_and_the_right_answer_comes_too_late(shop: Store) -> None:
    mine = await account(shop)
    for number in range(ATTEMPTS_PER_ACCOUNT):
        assert await prove(shop, mine, f"{number}", "0000") is LinkResult.WRONG
    assert await prove(shop, mine, "1024", "5678") is LinkResult.TOO_MANY
    assert await owner(shop, mine) is None
    later = NOW + timedelta(hours=1, seconds=1)
    assert await prove(shop, mine, "1024", "5678", later) is LinkResult.LINKED


async def test_an_order_has_few_attempts_from_all_accounts_however_it_is_written(shop: Store) -> None:
    ways = ("1024", "#1024", " 1024", "##1024", "＃1024")
    for number in range(ATTEMPTS_PER_ORDER):
        guesser = await account(shop, f"guesser-{number}")
        assert await prove(shop, guesser, ways[number % len(ways)], f"{number:04}") is LinkResult.WRONG
    late = await account(shop, "late")
    assert await prove(shop, late, "1024", "5678") is LinkResult.TOO_MANY
    assert await prove(shop, late, "A-7", "b@example.org") is LinkResult.LINKED


@given(
    st.text(alphabet="0123456789 -+()", max_size=20), st.text(alphabet="0123456789", min_size=8, max_size=12)
)
def test_a_phone_is_proven_by_its_last_digits_alone(said: str, phone: str) -> None:
    digits = "".join(character for character in said if character.isdigit())
    assert matches(said, phone) == (len(digits) >= 4 and phone.endswith(digits))


def test_the_second_fact_is_the_phone_else_the_email() -> None:
    assert second_fact("+86 138-0000-1234", "a@example.org") == "1234"
    assert second_fact("12", " A@example.org ") == "a@example.org"
    assert second_fact(None, None) is None
