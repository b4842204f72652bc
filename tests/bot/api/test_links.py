"""Links that connect messengers, made for many customers at once: each works, once, as long as was said."""

from __future__ import annotations

import asyncio
import base64
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from bot.linking.linker import Linker, LinkRefused
from storage import Store
from storage.customers import Accounts
from storage.erasure import erase
from storage.links import Links
from storage.person import find_customer
from storage.schema import link_given, link_token
from tests.bot.api.shop import CUSTOMER, NOW, Shop

LINKER = Linker(b"k" * 32, "s" * 32)
HOUR = timedelta(hours=1)


@pytest.fixture
async def mailer(any_shop: Shop) -> Shop:
    """Five customers, the first of whom is linked in Telegram."""
    await any_shop.send("customers", *({**CUSTOMER, "id": f"c{number}"} for number in range(1, 6)))
    await linked(any_shop.store, "c1")
    return any_shop


async def linked(store: Store, customer_id: str, channel: str = "telegram") -> None:
    account = await store.write(lambda c: Accounts(c).get_or_create(channel, customer_id, now=NOW))
    await store.write(lambda c: Accounts(c).link(account.id, customer_id, "deep_link", NOW))


async def links(shop: Shop, **body: Any) -> dict[str, Any]:
    answer = await shop.client.post("/links", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def ids(made: dict[str, Any]) -> list[str]:
    return [one["customer_id"] for one in made["links"]]


async def opens(shop: Shop, address: str, at: timedelta = timedelta(), place: str = "v-1") -> str:
    """Whose the link is."""
    _, _, token = address.partition("?start=")
    account = await shop.store.write(lambda c: Accounts(c).get_or_create("web", place, now=NOW))
    return await shop.store.write(lambda c: LINKER.redeem(c, account.id, token, NOW + at))


async def test_the_web_chat_has_a_link_and_telegram_where_it_is_served(mailer: Shop) -> None:
    (made,) = (await links(mailer, customer_ids=["c2"]))["links"]
    assert made["telegram"] is None
    assert made["web"].startswith("https://bot.test/chat?start=l-")
    assert made["expires_at"] == "2026-11-26T04:00:00Z"
    mailer.clock.bot = "shop_bot"
    (made,) = (await links(mailer, customer_ids=["c2"]))["links"]
    assert made["telegram"].startswith("https://t.me/shop_bot?start=l-")
    # Each opens its own channel: who opened one can still open the other.
    assert await opens(mailer, made["web"]) == await opens(mailer, made["telegram"], place="v-2") == "c2"
    with pytest.raises(LinkRefused):
        await opens(mailer, made["web"], place="v-3")


async def test_they_hold_as_long_as_is_said(mailer: Shop) -> None:
    (made,) = (await links(mailer, customer_ids=["c2"], lifetime_hours=48))["links"]
    assert made["expires_at"] == "2026-11-27T04:00:00Z"
    with pytest.raises(LinkRefused):
        await opens(mailer, made["web"], 48 * HOUR)
    assert await opens(mailer, made["web"], 47 * HOUR) == "c2"


async def test_all_who_have_none_get_one_page_by_page(mailer: Shop) -> None:
    first = await links(mailer, limit=2)
    assert (ids(first), first["next"], first["missing"]) == (["c2", "c3"], "c3", [])
    rest = await links(mailer, limit=2, after=first["next"])
    assert (ids(rest), rest["next"]) == (["c4", "c5"], None)
    addresses = {one["web"] for made in (first, rest) for one in made["links"]}
    assert len(addresses) == 4
    # They have one that holds.
    assert ids(await links(mailer)) == []
    assert ids(await links(mailer, everybody=True)) == ["c1", "c2", "c3", "c4", "c5"]
    mailer.clock.now = NOW + 25 * HOUR
    assert ids(await links(mailer)) == ["c2", "c3", "c4", "c5"]


async def test_a_link_that_holds_longer_is_remembered(mailer: Shop) -> None:
    await links(mailer, customer_ids=["c2"], lifetime_hours=100)
    await links(mailer, customer_ids=["c2"], lifetime_hours=1)
    mailer.clock.now = NOW + 99 * HOUR
    assert "c2" not in ids(await links(mailer))


ID = "0c3d4ef2-5a53-4c5b-9f0e-6d1d4b7a8e21"


async def test_after_a_lost_answer_the_same_request_gets_the_same_links(mailer: Shop) -> None:
    mailer.clock.bot = "shop_bot"
    for body, others in (
        ({"customer_ids": ["c3", "c2", "c9"]}, {"customer_ids": ["c3", "c2", "c9"], "id": ID[::-1]}),
        ({"limit": 2, "everybody": True, "after": "c1"}, {"limit": 2, "everybody": True, "after": "c1"}),
    ):
        said = {**body, "id": f"{ID}-{len(body)}"}
        lost = await links(mailer, **said)
        mailer.clock.now += HOUR
        assert await links(mailer, **said) == lost
        made = await links(mailer, **others)
        assert ids(made) == ids(lost)
        for one, other in zip(lost["links"], made["links"], strict=True):
            assert one["web"] != other["web"]
            assert one["telegram"] != one["web"]
    assert await opens(mailer, lost["links"][0]["web"]) == "c2"


async def test_the_next_customers_are_not_passed_over_by_a_lost_answer(mailer: Shop) -> None:
    lost = await links(mailer, limit=2, id=ID)
    assert await links(mailer, limit=2, id=ID) == lost
    assert (ids(lost), lost["next"]) == (["c2", "c3"], "c3")
    rest = await links(mailer, limit=2, after="c3", id=ID[::-1])
    assert await links(mailer, limit=2, after="c3", id=ID[::-1]) == rest
    assert (ids(rest), rest["next"]) == (["c4", "c5"], None)
    await mailer.store.write(partial(_erase, "c2"))
    assert ids(await links(mailer, limit=2, id=ID)) == ["c3"]


async def test_the_same_request_twice_at_once_makes_one(mailer: Shop) -> None:
    first, *rest = await asyncio.gather(*(links(mailer, customer_ids=["c2"], id=ID) for _ in range(4)))
    assert rest == [first] * 3


async def test_who_is_not_here_is_said(mailer: Shop) -> None:
    await mailer.store.write(partial(_erase, "c3"))
    made = await links(mailer, customer_ids=["c3", "c2", "c2", "c9"])
    assert (ids(made), made["missing"], made["next"]) == (["c2"], ["c3", "c9"], None)
    assert ids(await links(mailer, everybody=True)) == ["c1", "c2", "c4", "c5"]


async def _erase(customer_id: str, connection: Any) -> None:
    await erase(connection, await find_customer(connection, customer_id), NOW)


@pytest.mark.parametrize(
    "body",
    [
        {"customer_ids": []}, {"customer_ids": ["c1"], "after": "c1"}, {"customer_ids": ["c1"], "everybody": True},
        {"id": "short"}, {"lifetime_hours": 0}, {"lifetime_hours": 8_785}, {"limit": 1_001}, {"qr": "gif"},
        {"customer_ids": [f"c{number}" for number in range(1_001)]},
    ],
)  # fmt: skip
async def test_what_can_not_be_asked_for_is_said(shop: Shop, body: dict[str, Any]) -> None:
    answer = await shop.client.post("/links", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


async def test_a_link_may_come_as_a_picture(mailer: Shop) -> None:
    mailer.clock.bot = "shop_bot"
    (made,) = (await links(mailer, customer_ids=["c2"], qr="png"))["links"]
    for name in ("telegram", "web"):
        kind, _, content = made["qr"][name].partition("base64,")
        assert kind == "data:image/png;"
        assert base64.b64decode(content).startswith(b"\x89PNG")
    mailer.clock.bot = None
    (made,) = (await links(mailer, customer_ids=["c2"], qr="svg"))["links"]
    assert made["qr"]["telegram"] is None
    assert made["qr"]["web"].startswith("data:image/svg+xml")


async def test_only_hashes_of_them_are_kept(mailer: Shop, caplog: pytest.LogCaptureFixture) -> None:
    made = await links(mailer, id=ID)
    tokens = [one["web"].partition("?start=")[2] for one in made["links"]]
    async with mailer.store.read() as connection:
        kept = str([list(await connection.execute(select(table))) for table in (link_token, link_given)])
    assert ID not in kept
    assert not [token for token in tokens if token in kept or token in caplog.text]


async def test_how_many_are_linked_is_counted(mailer: Shop) -> None:
    async def reach() -> tuple[int, int, int, int]:
        async with mailer.store.read() as connection:
            found = await Links(connection).reach()
        channels.update(found.channels)
        return found.customers, found.linked, found.given, found.linked_of_given

    channels: dict[str, tuple[int, int]] = {}
    assert await reach() == (5, 1, 0, 0)
    assert channels == {"telegram": (1, 0)}
    made = await links(mailer, limit=3)
    assert await reach() == (5, 1, 3, 0)
    for number, one in enumerate(made["links"][:2]):
        await opens(mailer, one["web"], place=f"v-{number}")
    # A second place of one of them is no second customer.
    for channel in ("telegram", "web"):
        await linked(mailer.store, "c2", channel)
    assert await reach() == (5, 3, 3, 2)
    assert channels == {"telegram": (2, 1), "web": (2, 2)}
    # What a link was is forgotten after its end; that one was given is not.
    await mailer.store.write(lambda c: c.execute(link_token.delete()))
    await mailer.store.write(partial(_erase, "c4"))
    assert await reach() == (4, 3, 2, 2)
