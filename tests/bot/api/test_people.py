"""Customers by the API with their addresses, consents and birthdays, and the history of their points."""

from __future__ import annotations

from typing import Any

import pytest

from storage.customers import Consents, Customers
from storage.points import Points
from tests.bot.api.shop import CUSTOMER, NOW, Shop


async def test_customers_come_with_all_that_is_theirs(any_shop: Shop) -> None:
    said = {
        **CUSTOMER, "birthday": "05-17", "points": 40, "updated_at": "2026-11-10T00:00:00Z",
        "addresses": {"a1": {"label": "home", "city": "杭州", "line": "文三路 1 号"}}, "default_address": "a1",
        "consents": {"telegram": {"granted": True, "at": "2026-11-01T00:00:00Z"}, "sms": {"granted": False}},
    }  # fmt: skip
    assert (await any_shop.send("customers", said))["changed"] == 1
    assert (await any_shop.send("customers", said))["changed"] == 0
    bought = {"id": "t1", "customer_id": "c1", "at": "2026-11-12T00:00:00Z", "change": 9, "reason_zh": "购物"}
    assert await any_shop.send("points", bought) == {"received": 1, "changed": 1, "ignored": 0}
    assert (await any_shop.send("points", bought))["changed"] == 0
    async with any_shop.store.read() as connection:
        kept = await Customers(connection).get("c1")
        consents = Consents(connection)
        agreed = [
            await consents.granted("marketing", customer_id="c1", channel=one) for one in ("telegram", "web")
        ]
        balance = await Points(connection).balance("c1", NOW)
    assert kept is not None
    assert (kept.birthday, list(kept.addresses), kept.default_address) == ("--05-17", ["a1"], "a1")
    assert (agreed, balance) == ([True, False], 49)


@pytest.mark.parametrize(
    ("name", "said", "place"),
    [
        ("customers", {"id": "c1", "birthday": "17.05.1990"}, "customers.0.birthday"),
        (
            "customers",
            {"id": "c1", "consents": {"telgram": {"granted": False}}},
            "customers.0.consents.telgram",
        ),
        ("customers", {"id": "c1", "addresses": {"a": {"town": "x"}}}, "customers.0.addresses.a.town"),
        ("points", {"customer_id": "c1", "at": "2026-11-12T00:00:00Z"}, "points.0.change"),
    ],
)
async def test_what_makes_no_sense_of_a_customer_is_refused(
    shop: Shop, name: str, said: dict[str, Any], place: str
) -> None:
    refusal = await shop.refused(name, said)
    assert refusal["code"] == "invalid"
    assert refusal["where"][0].startswith(place)


async def test_points_of_somebody_unknown_are_refused_with_the_whole_batch(any_shop: Shop) -> None:
    await any_shop.stocked()
    change = {"customer_id": "c1", "at": "2026-11-12T00:00:00Z", "change": 9}
    refusal = await any_shop.refused("points", change, {**change, "customer_id": "nobody"})
    assert (refusal["code"], refusal["where"]) == (
        "unknown_reference", ["points.1.customer_id: there is no customer 'nobody'"]
    )  # fmt: skip
    async with any_shop.store.read() as connection:
        assert await Points(connection).balance("c1", NOW) == 0
