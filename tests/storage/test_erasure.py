"""After an erasure nothing in any table names the person or repeats their words, save what is listed with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, String, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import NotFound, Store, erasure
from storage.columns import UtcMicros
from storage.customers import Accounts, Consents, Customer, Customers
from storage.erased import Erased, account_identity, email_identities, phone_identities
from storage.inbox import Inbox, NewUpdate
from storage.outbox import Finish, Outbox
from storage.person import find_account, find_customer
from storage.schema import budget, consent, metadata, offer, outbox, request, staff
from tests.factories import NOW, add_customer, add_product, add_purchase

MARK = "zq7xkv"
"""In every place at first: whatever it is, it is theirs."""

KEY = 7_000
"""Of every row; PostgreSQL counts its own from 1."""

NOT_OF_PEOPLE = {
    "alarm": "counts and codes",
    "budget": "the shop's",
    "campaign": "the shop's",
    "category": "the shop's",
    "erased": "hashes, with a key",
    "import_run": "names of files and counts",
    "job_run": "codes and counts",
    "lease": "names of processes",
    "media": "the shop's pictures",
    "model_version": "measures",
    "price_change": "the shop's",
    "price_proposal": "the shop's",
    "product": "the shop's",
    "setting": "the program's own keys and offsets",
    "skill_switch": "the shop's",
    "staff": "the people who answer",
    "staff_session": "hashes, with times",
}
CODES = "a word out of a list of the program's"
KEPT = {
    "account.channel": CODES,
    "audit.action": CODES,
    "audit.actor": "a member of staff, or the program",
    "audit.details": "codes and numbers",
    "campaign_contact.arm": CODES,
    "campaign_contact.dropped": CODES,
    "churn_warning.band": CODES,
    "churn_warning.policy": "the name of a model",
    "churn_warning.was": CODES,
    "campaign_run.counts": "counts",
    "campaign_run.slot": "a moment of the calendar",
    "consent.channel": CODES,
    "consent.purpose": CODES,
    "consent.source": CODES,
    "conversation.channel": CODES,
    "conversation.language": CODES,
    "conversation.owner": CODES,
    "customer.language": CODES,
    "customer.tier": CODES,
    "customer.time_zone": CODES,
    "draft.skill": CODES,
    "draft.verdict": CODES,
    "escalation.reason": CODES,
    "escalation.state": CODES,
    "event.channel": CODES,
    "event.kind": CODES,
    "inbox.channel": CODES,
    "inbox.error": "the kind of an error",
    "inbox.state": CODES,
    "message.author": "customer, bot, or a member of staff",
    "message.kind": CODES,
    "message.skill": CODES,
    "offer.discrepancy": CODES,
    "offer.policy": "the name of a rule",
    "offer.reason": CODES,
    "offer.state": CODES,
    "orders.said_status": CODES,
    "orders.status": CODES,
    "outbox.author": "the name of a member of staff, or the bot",
    "outbox.channel": CODES,
    "outbox.error": CODES,
    "outbox.kind": CODES,
    "outbox.policy": CODES,
    "outbox.state": CODES,
    "refund.status": CODES,
    "request.kind": CODES,
    "request.state": CODES,
    "shown.eligible": "prices and chances, of goods",
    "shown.kind": CODES,
    "shown.policy": "the name of a model",
}
_SPECIAL = {
    "audit.subject": f"customer:{MARK}",
    "import_change.kind": "customers",
    "campaign_run.cursor": f"7335:{MARK}",
    "rate_bucket.key": f"telegram:chat:{MARK}",
    "customer.email": f"{MARK}@example.org",
    "customer.phone": "+8613800007777",
}


def _value(table: Table, column: Column[Any], ours: bool) -> Any:
    key: ForeignKey | None = next(iter(column.foreign_keys), None)
    if key is not None:
        return _value(key.column.table, key.column, key.column.table.name not in NOT_OF_PEOPLE)
    if f"{table.name}.{column.name}" in _SPECIAL:
        return _SPECIAL[f"{table.name}.{column.name}"]
    match column.type:
        case UtcMicros():
            return NOW
        case JSON():
            return {"said": MARK} if ours else {}
        case Boolean():
            return False
        case Float():
            return 0.5
        case Integer():
            return KEY if column.primary_key else 1
        case String():
            shop = not ours or column.name.endswith(("product_id", "category_id", "budget_id"))
            text = "shop" if shop else MARK
            return text[: column.type.length or None]
    raise AssertionError(f"what may {table.name}.{column.name} hold?")


async def plant(connection: AsyncConnection, besides: Mapping[str, str] = {}) -> None:
    """A row in every table, the mark in every text; but in the columns of `besides` only a code."""
    for table in metadata.sorted_tables:
        ours = table.name not in NOT_OF_PEOPLE
        row = {
            column.name: "code" if f"{table.name}.{column.name}" in besides else _value(table, column, ours)
            for column in table.columns
        }
        await connection.execute(insert(table).values(row))


async def marked(connection: AsyncConnection, mark: str = MARK) -> set[str]:
    """The columns that hold the mark."""
    found = set()
    for table in metadata.sorted_tables:
        for row in await connection.execute(select(table)):
            found |= {
                f"{table.name}.{name}"
                for name, value in row._mapping.items()
                if mark in json.dumps(value, default=str)
            }
    return found


async def _erase(connection: AsyncConnection, customer_id: str = MARK) -> int:
    return await erasure.erase(connection, await find_customer(connection, customer_id), NOW)


def test_every_table_is_known() -> None:
    assert set(NOT_OF_PEOPLE) <= set(metadata.tables)


async def test_no_column_keeps_a_name_or_a_word(any_store: Store) -> None:
    await any_store.write(plant)
    async with any_store.read() as connection:
        before = await marked(connection)
    texts = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, String | JSON) and table.name not in NOT_OF_PEOPLE
    }
    short = {
        "message.direction",
        "import_change.kind",
        *(name for name in texts if name.endswith(".currency")),
    }
    shops = {name for name in texts if name.endswith((".product_id", ".category_id", "budget_id"))}
    assert texts - before == short | shops | {"customer.phone"}
    await any_store.write(_erase)
    async with any_store.read() as connection:
        assert await marked(connection) == set(KEPT)
        assert await marked(connection, "13800007777") == set()
        assert await Customers(connection).recent_buyers(9) == []


async def test_a_strangers_place_and_words_go_as_well(any_store: Store) -> None:
    async def stranger(connection: AsyncConnection) -> None:
        await plant(connection)
        await Accounts(connection).unlink(KEY)
        await erasure.erase(connection, await find_account(connection, MARK, MARK), NOW)

    await any_store.write(stranger)
    async with any_store.read() as connection:
        left = await marked(connection)
    talk = ("account.", "conversation.", "message", "escalation.", "request.", "draft.", "inbox.", "outbox.")
    assert {name for name in left if name.startswith((*talk, "rate", "link_a", "correction"))} <= {
        *KEPT,
        # Of the customer whom they once asked about something.
        "outbox.customer_id",
        "request.customer_id",
        "request.order_id",
    }


async def test_what_was_bought_stays_and_leads_to_nobody(any_store: Store) -> None:
    await any_store.write(_shopper)
    await any_store.write(lambda c: _erase(c, "c1"))
    async with any_store.read() as connection:
        assert await Customers(connection).get("c1") is None
        rows = (await connection.execute(select(metadata.tables["event"]))).all()
        assert [(row.amount, row.product_id) for row in rows] == [(10_000, "p1")]
        nameless = await Customers(connection).get(rows[0].customer_id)
        assert nameless is not None
        assert (nameless.name, nameless.erased_at) == ("", NOW)
        assert not await Consents(connection).granted("marketing", customer_id=nameless.id)
        assert await Customers(connection).present([nameless.id, "c1", "c2"]) == {"c2"}


async def _shopper(connection: AsyncConnection) -> None:
    await add_product(connection, "p1")
    await add_customer(connection, "c1", telegram="77")
    await add_customer(connection, "c2", telegram="78")
    await add_purchase(connection, "c1", "p1", NOW - timedelta(days=3))


async def test_personal_prices_end_and_the_budget_gets_them_back(any_store: Store) -> None:
    async def work(connection: AsyncConnection) -> None:
        await plant(connection, besides={"offer.state": "live"})
        live = {"state": "live", "price": 80, "list_price": 100}
        await connection.execute(offer.update().values(live))
        await connection.execute(budget.update().values(reserved=20))
        await _erase(connection)

    await any_store.write(work)
    async with any_store.read() as connection:
        row = (await connection.execute(select(offer.c.state, offer.c.code))).one()
        assert (row.state, row.code) == ("withdrawn", f"erased-{KEY}")
        assert await connection.scalar(select(budget.c.reserved)) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [("ready", "cancelled"), ("claimed", "cancelled"), ("sending", "unknown"), ("sent", "sent")],
)
async def test_what_is_on_its_way_loses_its_words_and_does_not_leave(
    any_store: Store, before: str, after: str
) -> None:
    async def work(connection: AsyncConnection) -> int:
        await add_customer(connection, "c1", telegram="77")
        row = await Outbox(connection).put(
            channel="telegram", address="77", kind="reply", policy="retry", reply={"text": MARK}, now=NOW
        )
        assert row is not None
        await connection.execute(
            outbox.update().values(state=before, owner="me", attempts=1, lease_until=NOW + timedelta(hours=1))
        )
        return row

    row_id = await any_store.write(work)
    async with any_store.read() as connection:
        in_hand = await Outbox(connection).get(row_id)
    assert in_hand is not None
    await any_store.write(lambda c: _erase(c, "c1"))
    # Whoever has it in hand comes back with "not sent, try again", and brings nothing back by that.
    await any_store.write(lambda c: Outbox(c).finish([Finish(row=in_hand, state="ready")], NOW))
    await any_store.write(lambda c: Outbox(c).reap(NOW + timedelta(days=1)))
    async with any_store.read() as connection:
        left = await Outbox(connection).get(row_id)
        assert left is not None
        assert (left.state, left.payload) == (after, {})
        assert left.address.startswith("erased-")
        assert not await Outbox(connection).is_claimed(in_hand)


async def test_what_arrived_and_waits_is_not_handled(any_store: Store) -> None:
    async def arrived(connection: AsyncConnection) -> None:
        await add_customer(connection, "c1", telegram="77")
        inbox = Inbox(connection)
        for channel, address, update_id in (("telegram", "77", "9001"), ("web", "v-1", "v-1:m1")):
            account = await Accounts(connection).get_or_create(channel, address, now=NOW)
            await Accounts(connection).link(account.id, "c1", "order", NOW)
            new = NewUpdate(channel=channel, address=address, update_id=update_id, payload={"text": MARK})
            await inbox.add([new], NOW)
            await inbox.lease([(channel, address)], "me", NOW, NOW + timedelta(minutes=1))

    await any_store.write(arrived)
    async with any_store.read() as connection:
        waiting = await Inbox(connection).new([("telegram", "77"), ("web", "v-1")], 9)
    await any_store.write(lambda c: _erase(c, "c1"))
    for row in waiting:
        assert not await any_store.write(lambda c, row=row: Inbox(c).complete(row, "me", NOW))
    async with any_store.read() as connection:
        assert await Inbox(connection).count("new") == 0
        assert await marked(connection) == set()
        assert await marked(connection, "v-1") == set()
    # What a messenger delivers again is still known by its own number.
    again = NewUpdate(channel="telegram", address="77", update_id="9001", payload={"text": MARK})
    assert await any_store.write(lambda c: Inbox(c).add([again], NOW)) == {}


async def test_what_they_asked_for_ends(any_store: Store) -> None:
    async def work(connection: AsyncConnection) -> None:
        await plant(connection, besides={"request.state": "asked"})
        await connection.execute(request.update().values(state="asked", decided_at=None))
        await _erase(connection)

    await any_store.write(work)
    async with any_store.read() as connection:
        row = (await connection.execute(select(request))).one()
    assert (row.state, row.details, row.note, row.decided_at) == ("declined", {}, "", NOW)


async def test_the_same_person_under_another_id_is_not_written_to(any_store: Store) -> None:
    async def work(connection: AsyncConnection) -> None:
        for who, phone in (("c1", "+86 138 0000 1234"), ("c2", "13800001234"), ("c3", "13900001111")):
            known = Customer(id=who, email=f"{who}@example.org", phone=phone, created_at=NOW)
            await Customers(connection).put_many([known])
            await Consents(connection).record(
                "marketing", True, source="shop", now=NOW - timedelta(days=1), customer_id=who
            )
        await Customers(connection).put_many([Customer(id="c4", email="C1@example.org ", created_at=NOW)])
        await Consents(connection).record("marketing", True, source="shop", now=NOW, customer_id="c4")
        await _erase(connection, "c1")
        # The number of c2 is written otherwise: it is known at the next word from the shop.
        c2 = Customer(id="c2", phone="13800001234", created_at=NOW)
        await Customers(connection).put_many([c2])

    await any_store.write(work)
    async with any_store.read() as connection:
        consents = Consents(connection)
        agreed = [who for who in ("c2", "c3", "c4") if await consents.granted("marketing", customer_id=who)]
        c2 = await Customers(connection).get("c2")
        assert c2 is not None
    assert (agreed, c2.personal_prices) == (["c3"], False)
    # Told again and again by the shop, it is written down once.
    await any_store.write(lambda c: Customers(c).put_many([c2]))
    async with any_store.read() as connection:
        counted = select(func.count()).where(consent.c.source == "erasure", consent.c.customer_id == "c2")
        assert await connection.scalar(counted) == 2


async def test_who_comes_back_is_known_by_hashes_alone(any_store: Store) -> None:
    await any_store.write(lambda c: add_customer(c, "c1", telegram="77"))
    mail = Customer(id="c1", email="W@example.com", phone="+86 138-0000-1234", created_at=NOW)
    await any_store.write(lambda c: Customers(c).put_many([mail]))
    async with any_store.read() as connection:
        assert not await Erased(connection).knows("customer:c1")
    await any_store.write(lambda c: _erase(c, "c1"))
    async with any_store.read() as connection:
        known = Erased(connection)
        for identity in (
            "customer:c1",
            account_identity("telegram", "77"),
            *email_identities(" w@EXAMPLE.com"),
            phone_identities("138 0000 1234")[1],
        ):
            assert await known.knows(identity)
        assert not await known.knows("customer:c2")
        assert (await known.customers(["c1", "c2", None])) == {"c1"}


async def test_rows_that_come_at_the_same_moment_wait_and_find_them_erased(any_store: Store) -> None:
    await any_store.write(lambda c: add_customer(c, "c1"))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(connection: AsyncConnection) -> None:
        person = await find_customer(connection, "c1")
        await Erased(connection).remember(person.identities, NOW)
        begun.set()
        await go_on.wait()
        await erasure.erase(connection, person, NOW)

    erasing = asyncio.create_task(any_store.write(slowly))
    await asyncio.wait_for(begun.wait(), 10)
    coming = asyncio.create_task(any_store.write(lambda c: Erased(c).customers(["c1"])))
    done, _ = await asyncio.wait({coming}, timeout=0.2)
    assert not done
    go_on.set()
    await erasing
    assert await coming == {"c1"}


async def test_nobody_unknown_is_erased(any_store: Store) -> None:
    async with any_store.read() as connection:
        with pytest.raises(NotFound):
            await find_customer(connection, "nobody")
        with pytest.raises(NotFound):
            await find_account(connection, "telegram", "1")
        assert await connection.scalar(select(func.count()).select_from(staff)) == 0
