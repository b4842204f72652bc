"""Codes at the till: found however they are typed, used for whom they were promised, by those who may."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.customers import take_customers
from bot.shop.intake.defaults import Defaults
from bot.shop.intake.orders import take_orders
from bot.shop.intake.people import CustomerRecord
from bot.shop.intake.records import OrderRecord
from bot.staff.audit_log import read_audit_log
from bot.staff.roles import NotAllowed
from bot.staff.till import CodeCard, NotTheirs, OrderNeeded, Till, UnknownCode, as_code, masked
from storage import Store
from storage.offers import NewOffer, Offers
from storage.redemptions import CodeRefused
from storage.schema import coupon
from storage.staff import Staff, StaffMember
from tests.factories import NOW, add_product

HOUR = timedelta(hours=1)
CODE = "LK7K2MX4AC"


def order(number: str, customer: str | None = "c1", **more: object) -> OrderRecord:
    lines = [{"product_id": "p1", "quantity": 1, "unit_price": 8_000}]
    said = {
        "id": f"id-{number}",
        "number": number,
        "customer_id": customer,
        "currency": "CNY",
        "lines": lines,
    }
    return OrderRecord.model_validate({**said, "placed_at": NOW, **more})


async def fill(connection: AsyncConnection) -> None:
    await add_product(connection)
    people = [
        {"id": "c1", "name": "王芳", "phone": "13800001234", "email": "fang@example.org"},
        {"id": "c2", "name": "李雷", "phone": "13900005678"},
    ]
    records = [CustomerRecord.model_validate(one) for one in people]
    await take_customers(connection, records, NOW, Defaults())
    new = NewOffer(
        code=CODE, customer_id="c1", product_id="p1", price=8_000, list_price=10_000, floor=1, currency="CNY",
        reason="asked", reasons=[], policy="p", probability=1.0, valid_until=NOW + HOUR,
    )  # fmt: skip
    await Offers(connection).reserve(new, NOW - HOUR)
    values = {
        "code": "Summer", "text_zh": "减五元", "text_en": "5 off", "amount": 500, "currency": "CNY",
        "valid_from": NOW - HOUR, "valid_until": NOW + HOUR,
    }  # fmt: skip
    await connection.execute(insert(coupon).values(values))
    orders = [order("A1"), order("A2"), order("B1", "c2"), order("N1", None), order("1234", "c2")]
    await take_orders(connection, orders, NOW, Defaults())


class Desk:
    """A till, and who stands there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.till = Till(store, clock=lambda: self.now)
        self.members: dict[str, StaffMember] = {}

    async def member(self, role: str = "agent") -> StaffMember:
        if role not in self.members:
            add = partial(_member, role)
            self.members[role] = await self.store.write(add)
        return self.members[role]

    async def use(self, said: str = "", code: str = CODE) -> CodeCard:
        return await self.till.use(await self.member(), code, said)

    async def give_back(self, code: str = CODE, number: str = "") -> CodeCard:
        return await self.till.give_back(await self.member(), code, number)

    async def log(self) -> list[tuple[str, str]]:
        return [(one.action, one.subject) for one in (await read_audit_log(self.store)).entries]


async def _member(role: str, connection: AsyncConnection) -> StaffMember:
    staff = Staff(connection)
    number = await staff.add(login=role, name=role, role=role, password_hash="", language="en", now=NOW)
    return next(one for one in await staff.all() if one.id == number)


@pytest.fixture
async def desk(any_store: Store) -> Desk:
    await any_store.write(fill)
    return Desk(any_store)


@pytest.mark.parametrize(
    "typed", [CODE, "lk7k2mx4ac", " LK7K 2MX4 AC\n", "ＬＫ７Ｋ２ＭＸ４ＡＣ", "lk7k　2mx4ac"]
)
async def test_case_and_spaces_do_not_matter(desk: Desk, typed: str) -> None:
    card = await desk.till.look(typed)
    assert (card.promise.code, card.state, card.order_number) == (CODE, "live", None)
    assert card.customer is not None
    assert card.product is not None
    assert (card.customer.name, card.contact, card.product.id) == ("王芳", "138****1234", "p1")


@pytest.mark.parametrize("typed", ["", "NONE", "LK7K2MX4A", "\0", "\ud800", "x" * 500])
async def test_what_is_no_code_is_said_to_be_none(desk: Desk, typed: str) -> None:
    with pytest.raises(UnknownCode):
        await desk.till.look(typed)
    with pytest.raises(UnknownCode):
        await desk.use("A1", typed)


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("A1", "A1"),
        (" #a1 ", "A1"),
        ("c1", None),
        ("1234", None),
        ("138 0000 1234", None),
        ("FANG@example.org", None),
    ],
)
async def test_it_is_used_for_whom_it_was_promised(desk: Desk, said: str, number: str | None) -> None:
    card = await desk.use(said)
    assert (card.state, card.order_number) == ("used", number)
    assert await desk.log() == [("code_used", f"offer:{getattr(card.promise, 'id')}")]  # noqa: B009


@pytest.mark.parametrize("said", ["", "B1", "N1", "5678", "c2", "0000", "Z9", "\0", "\ud800"])
async def test_nobody_else_uses_it(desk: Desk, said: str) -> None:
    with pytest.raises(NotTheirs):
        await desk.use(said)
    assert ((await desk.till.look(CODE)).state, await desk.log()) == ("live", [])


async def test_of_two_tills_one_gets_it(desk: Desk) -> None:
    await desk.use("1234")
    with pytest.raises(CodeRefused, match="used already"):
        await desk.use("1234")
    # The order that it was for comes later, and takes the use over.
    assert (await desk.use("A1")).order_number == "A1"
    assert (await desk.use("A1")).order_number == "A1"
    with pytest.raises(CodeRefused):
        await desk.use("A2")


async def test_what_has_ended_is_refused_but_for_an_order_that_was_in_time(desk: Desk) -> None:
    desk.now = NOW + 2 * HOUR
    with pytest.raises(CodeRefused, match="ended"):
        await desk.use("1234")
    assert (await desk.use("A1")).state == "used"


@pytest.mark.parametrize("said", ["1234", "A1"])
async def test_a_use_is_given_back(desk: Desk, said: str) -> None:
    await desk.use(said)
    card = await desk.give_back()
    assert (card.state, card.order_number) == ("live", None)
    assert [action for action, _ in await desk.log()] == ["code_given_back", "code_used"]


async def test_everyones_coupon_needs_its_order(desk: Desk) -> None:
    for said in ("", "1111", "c1"):
        with pytest.raises(OrderNeeded):
            await desk.use(said, "summer")
    card = await desk.use("B1", "SUM mer")
    assert (card.state, card.customer, card.contact) == ("live", None, "")
    with pytest.raises(OrderNeeded):
        await desk.give_back("summer")
    await desk.give_back("summer", "B1")
    assert [action for action, _ in await desk.log()] == ["code_given_back", "code_used"]


@pytest.mark.parametrize("role", ["viewer", "campaigner"])
async def test_who_may_only_look_looks(desk: Desk, role: str) -> None:
    member = await desk.member(role)
    with pytest.raises(NotAllowed):
        await desk.till.use(member, CODE, "A1")
    with pytest.raises(NotAllowed):
        await desk.till.give_back(member, CODE)
    assert ((await desk.till.look(CODE)).state, await desk.log()) == ("live", [])


async def test_orders_that_differ_are_shown_until_they_fit(desk: Desk) -> None:
    async def sent(price: int, now: datetime, connection: AsyncConnection) -> None:
        line = {"product_id": "p1", "quantity": 1, "unit_price": price}
        await take_orders(connection, [order("A1", coupon_code=CODE, lines=[line])], now, Defaults())

    assert (await desk.till.differing()).count == 0
    await desk.store.write(partial(sent, 10_000, NOW))
    found = await desk.till.differing()
    assert (found.count, [card.order_number for card in found.cards]) == (1, ["A1"])
    await desk.store.write(partial(sent, 8_000, NOW + HOUR))
    found = await desk.till.differing()
    assert (found.count, found.cards) == (0, ())


@pytest.mark.parametrize(
    ("contact", "shown"),
    [
        ("13800001234", "138****1234"),
        ("fang@example.org", "f***@example.org"),
        ("12345678", "****"),
        ("", ""),
    ],
)
def test_contacts_are_masked(contact: str, shown: str) -> None:
    assert masked(contact) == shown


def test_a_code_as_it_is_typed() -> None:
    assert as_code(" lk 7k\t２ＭＸ ") == "lk7k2MX"
