"""Guests are recognised by an e-mail address or a phone number, whichever of their orders comes first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.shop.importing.undoing import undo
from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.guests import Contact, guest_id
from bot.shop.intake.people import CustomerRecord
from kernel.console import quiet
from storage import Store
from tests.bot.shop.test_import_whole import NOW, PRODUCTS, Home
from tests.factories import erase_customer


@pytest.fixture
async def home(any_store: Store, tmp_path: Path) -> Home:
    made = Home(any_store, tmp_path)
    await made.take("products", PRODUCTS)
    return made


GUESTS = (
    "1,socks,14,2026-11-01,,138 0000 2222",
    "2,jacket,129,2026-11-02,Bea@Example.com,+86 13800002222",
    "3,socks,14,2026-11-03,bea@example.com,",
    "4,socks,14,2026-11-04,other@example.com,0086-13800002222",
)
"""Of one person, who gives now this and now that."""


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
async def test_guests_who_share_an_address_or_a_number_are_one(
    store: Store, tmp_path: Path, order: Sequence[int]
) -> None:
    home = Home(store, tmp_path)
    await home.take("products", PRODUCTS)
    for number in order:
        await home.take("orders", f"order,item,price,time,email,buyer_phone\n{GUESTS[number]}\n")
    least = min(guest_id(Contact.of(one, None).keys[0]) for one in ("bea@example.com", "other@example.com"))
    assert {(await home.order(number)).customer_id for number in "1234"} == {least}
    assert len(await home.bought(least)) == 4
    kept = await home.customer(least)
    assert (kept.email in ("bea@example.com", "other@example.com"), kept.phone) == (True, "+8613800002222")
    again = await home.take("orders", "\n".join(["order,item,price,time,email,buyer_phone", *GUESTS]) + "\n")
    assert not any(again.written.values())
    # The address was told with an order alone, and still is known to be theirs.
    await home.take("customers", "customer,name,phone\nc2,Bea,13800002222\n")
    await home.take("orders", "order,item,price,time,email\n5,socks,14,2026-11-05,bea@example.com\n")
    assert {(await home.order(number)).customer_id for number in "12345"} == {"c2"}


async def test_people_known_by_their_ids_stay_two_whatever_a_guest_tells(home: Home) -> None:
    two = [CustomerRecord(id="x1", email="x1@example.com"), CustomerRecord(id="x2", phone="+44 7700 900111")]
    await home.store.write(lambda c: take_customers(c, two, NOW, Defaults()))
    head = "order,item,price,time,email,buyer_phone\n"
    rows = [
        "1,socks,14,2026-11-01,x1@example.com,+447700900111", "2,socks,14,2026-11-02,,+447700900111",
        "3,socks,14,2026-11-03,new@example.com,+447700900111", "4,socks,14,2026-11-04,new@example.com,",
    ]  # fmt: skip
    await home.take("orders", head + "\n".join(rows) + "\n")
    assert [(await home.order(number)).customer_id for number in "1234"] == ["x1", "x2", "x2", "x2"]


async def test_an_import_in_which_guests_turned_out_to_be_one_is_taken_back(home: Home) -> None:
    head = "order,item,price,time,email,buyer_phone\n"
    await home.take("orders", head + GUESTS[0] + "\n")
    before = await home.order("1")
    report = await home.take("orders", head + "\n".join(GUESTS[1:]) + "\n")
    assert (await home.order("1")).customer_id != before.customer_id
    assert report.import_id is not None
    await undo(home.store, report.import_id, NOW, quiet)
    assert replace(await home.order("1"), updated_at=before.updated_at) == before


async def test_all_that_an_erased_guest_was_known_by_is_not_taken_again(home: Home) -> None:
    head = "order,item,price,time,email,buyer_phone\n"
    await home.take("orders", head + "\n".join(GUESTS) + "\n")
    guest = (await home.order("1")).customer_id
    assert guest is not None
    await home.store.write(lambda c: erase_customer(c, guest, NOW))
    await home.take("orders", head + "\n".join(f"1{row}" for row in GUESTS) + "\n")
    assert [(await home.order(f"1{number}")).customer_id for number in "1234"] == [None] * 4
