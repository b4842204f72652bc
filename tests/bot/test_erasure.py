"""Erasing somebody: in every file beside the store, in the store's own log, and out of the hands of what is running."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from typer.testing import CliRunner

import retention
from bot.cli import app
from bot.conversation import ownership
from bot.delivery.dispatcher import Dispatcher
from bot.delivery.inbox import DurableInbox
from bot.delivery.sender import Sender
from bot.messages import Incoming, Outgoing
from bot.privacy import erasure
from bot.privacy.erasure import Eraser, ErasureFailed
from bot.settings import Settings
from nlu import modelfiles
from nlu.workshop.labelled import read_taught
from retention.recommenders.nightly import FIELDS, NightlyLists
from storage import NotFound, Store
from storage import erasure as stored
from storage.audit import Audit
from storage.conversations import Conversations
from storage.customers import Accounts, Customer, Customers
from storage.drafts import Corrections
from storage.escalations import Escalations
from storage.inbox import Inbox, NewUpdate
from storage.person import find_customer
from storage.schema import conversation, customer, message, outbox
from storage.settings import SettingStore
from tests.bot.delivery.fakes import Answering, FakeChannel, incoming, put, running, sent, until
from tests.bot.test_privacy import SECRET, somebody
from tests.conftest import make_tables
from tests.factories import NOW, add_customer
from tests.storage.test_erasure import KEPT, MARK, marked, plant

SAID = "my name is zq7xkv, and I live at zq7xkv"


def _eraser(store: Store, home: Path) -> Eraser:
    return Eraser(store, home, clock=lambda: NOW)


def _bytes_of(folder: Path, mark: str = MARK) -> set[str]:
    """The files that hold the mark, in whatever bytes."""
    forms = [mark.encode(form) for form in ("utf-8", "utf-16-le", "utf-32-le")]
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(form in path.read_bytes() for form in forms)
    }


def _fill_files(home: Path) -> None:
    imports, console = home / "imports", home / "console"
    imports.mkdir(parents=True)
    console.mkdir()
    rows = (
        "row,reason,Kunde,Name,Mail,Tel,Bestellung\n"
        f"1,price: there is no value,x,,{MARK}@Example.org,,\n"
        "2,price: there is no value,x,,,0086 138 0000 7777,\n"
        f"3,price: there is no value,{MARK},,,,\n"
        f"4,price: there is no value,x,,,,'{MARK}\n"
        "5,price: there is no value,c2,Somebody else,else@example.org,13900001111,9\n"
    )
    (imports / "rejects-customers.csv").write_text(rows, "utf-8-sig")
    for name, facts in (("a", {"staff_id": 1, "open": MARK}), ("b", {"staff_id": 2, "language": "zh"})):
        (console / f"storage-user-{name}.json").write_text(json.dumps(facts))
    taught = home / "models" / "nlu" / "v1" / modelfiles.TAUGHT
    taught.parent.mkdir(parents=True)
    taught.write_text(f"text\tlabel\n{MARK}\ttheir_name\nwrap it up\tgift_wrap\n", "utf-8")


def _version(home: Path) -> Path:
    """A retention model that made lists for them and another."""
    history = retention_history()
    path = home / "models" / "retention" / "v1"
    retention.fit(history, path, now=NOW, judged=False)
    return path


def retention_history() -> Any:
    from kernel.times import to_micros
    from retention.history import History

    events = [
        {"id": f"e{number}", "kind": "purchase", "customer": who, "product": f"p{number % 3}",
         "at": to_micros(NOW - timedelta(days=number)), "quantity": 1, "amount": 100, "currency": "CNY"}
        for number, who in enumerate([MARK, "c2"] * 6)
    ]  # fmt: skip
    return History.from_rows(events)


async def test_nothing_of_the_person_is_left_in_the_home_while_others_read(
    store: Store, tmp_path: Path
) -> None:
    """On SQLite: the file, its log and its index; the files beside it; before and after the program stops."""
    _fill_files(tmp_path)
    version = _version(tmp_path)
    besides = {**KEPT, "conversation_lease.channel": "as of the conversation"}
    # Written in several transactions, so that the log has copies of pages that were changed again.
    await store.write(lambda connection: plant(connection, besides))
    for _ in range(3):
        await store.write(lambda c: c.execute(update(message).values(text=f"{SAID} {'…' * 5_000}")))
    await store.write(lambda c: c.execute(update(customer).values(phone="+8613800007777")))
    await store.write(lambda c: c.execute(update(conversation).values(owner="bot")))
    assert "liuke.db-wal" in _bytes_of(tmp_path)
    beside = Store.open(store.url)
    async with beside.read() as reader, beside.read(long=True) as scanner:
        for connection in (reader, scanner):
            await connection.execute(select(message.c.id))
        erasing = asyncio.create_task(_eraser(store, tmp_path).erase(erasure.customer(MARK), actor="system"))
        await until(lambda: _is_erased(store))
        assert not erasing.done()
        # The server's own traffic goes on meanwhile.
        await beside.write(lambda connection: add_customer(connection, "new"))
    done = await erasing
    assert done.swept
    assert (done.messages, done.rows, done.lessons) == (1, 4, 1)
    assert _bytes_of(tmp_path) == set()
    assert _bytes_of(tmp_path, "13800007777") == set()
    assert set(retention.listed(version)) == {"", "c2"}
    await beside.close()
    await store.close()
    assert _bytes_of(tmp_path) == set()
    assert "else@example.org" in (tmp_path / "imports" / "rejects-customers.csv").read_text("utf-8-sig")
    assert [path.name for path in (tmp_path / "console").iterdir()] == ["storage-user-b.json"]
    (left,) = read_taught(tmp_path / "models" / "nlu" / "v1" / modelfiles.TAUGHT)
    assert left.text == "wrap it up"


async def _is_erased(store: Store) -> bool:
    async with store.read() as connection:
        return await marked(connection) == set()


async def test_what_could_not_be_swept_is_swept_by_night(store: Store, tmp_path: Path) -> None:
    await store.write(lambda connection: add_customer(connection, MARK))
    eraser = _eraser(store, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Store, "scrub", partialmethod(Store.scrub, within=0.1))
        async with store.read() as connection:
            await connection.execute(select(customer.c.id))
            done = await eraser.erase(erasure.customer(MARK), actor="system")
            assert not done.swept
            assert not await erasure.sweep(store)
    assert _bytes_of(tmp_path) != set()
    assert await erasure.sweep(store)
    assert _bytes_of(tmp_path) == set()


async def test_rows_that_moved_leave_nothing_behind(store: Store, tmp_path: Path) -> None:
    """Of an index that was split while it grew, the old halves stay where they were."""
    # In any order, as shops' ids come: the number is prime.
    people = [f"{MARK}-{number * 7919 % 3_000:04}" for number in range(3_000)]
    for start in range(0, len(people), 100):
        rows = [
            Customer(id=one, email=f"{one}@example.org", created_at=NOW)
            for one in people[start : start + 100]
        ]
        await store.write(lambda connection, rows=rows: Customers(connection).put_many(rows))
    gone = people[::8]
    await store.write(lambda connection: _erased(connection, gone))
    assert await store.scrub()
    left = (tmp_path / "liuke.db").read_bytes()
    assert [one for one in gone if one.encode() in left] == []


async def _erased(connection: AsyncConnection, customer_ids: Sequence[str]) -> None:
    for one in customer_ids:
        await stored.erase(connection, await find_customer(connection, one), NOW)


async def test_what_is_deleted_is_overwritten(store: Store, tmp_path: Path) -> None:
    await store.write(lambda c: SettingStore(c).put("x", f"{MARK} {'…' * 5_000}"))
    await store.write(lambda c: SettingStore(c).delete("x"))
    await store.close()  # the last to go copies the log into the file
    assert _bytes_of(tmp_path) == set()


async def test_postgresql_has_remains_of_its_own(any_store: Store) -> None:
    assert await any_store.scrub(within=0.1)


async def test_a_version_of_the_models_forgets_a_name_and_stays_whole(tmp_path: Path) -> None:
    version = _version(tmp_path)
    before = retention.load(version).lists
    assert set(before.customers) == {MARK, "c2"}
    assert retention.forget(version, {MARK, "nobody"}) == 1
    after = retention.load(version).lists
    assert set(after.customers) == {"", "c2"}
    assert isinstance(after, NightlyLists)
    for name in FIELDS:
        assert (getattr(before, name) == getattr(after, name)).all()
    assert retention.forget(version, {MARK}) == 0


# --- what is running -----------------------------------------------------------------------------------------


async def test_a_message_in_hand_is_not_handled_any_more(any_store: Store, tmp_path: Path) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(what: Incoming) -> None:
        begun.set()
        await go_on.wait()

    async def known(connection: AsyncConnection) -> None:
        await add_customer(connection, "c1", telegram="77")

    await any_store.write(known)
    dispatcher = Dispatcher(any_store, Answering(wait).handle, owner="a")
    async with running(dispatcher):
        await DurableInbox(any_store, dispatcher).put([incoming(1, address="77", text=MARK)])
        await asyncio.wait_for(begun.wait(), 10)
        await _eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="system")
        go_on.set()
        await until(lambda: not dispatcher._queues)
    async with any_store.read() as connection:
        assert await marked(connection) == set()
        assert (await connection.execute(select(outbox))).all() == []


async def test_a_message_that_is_just_being_written_down_is_waited_for(
    any_store: Store, tmp_path: Path
) -> None:
    """Neither waits for the other for ever: each takes hold of the same things in the same order."""
    await any_store.write(somebody)
    here = ("telegram", "77")
    arrived = NewUpdate(channel=here[0], address=here[1], update_id="9", payload={"text": MARK})
    await any_store.write(lambda c: Inbox(c).add([arrived], NOW))
    await any_store.write(lambda c: Inbox(c).lease([here], "a", NOW, NOW + timedelta(minutes=1)))
    async with any_store.read() as connection:
        (row,) = await Inbox(connection).new([here], 1)
        seen = (await Conversations(connection).contact_of(1)).conversation
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handle(connection: AsyncConnection) -> None:
        assert await Inbox(connection).complete(row, "a", NOW)
        begun.set()
        await go_on.wait()
        await Conversations(connection).advance(seen, memory={"said": MARK}, language="en", now=NOW)
        await put(connection, MARK, address="77")

    handling = asyncio.create_task(any_store.write(handle))
    await asyncio.wait_for(begun.wait(), 10)
    erasing = asyncio.create_task(_eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="system"))
    done, _ = await asyncio.wait({erasing}, timeout=0.3)
    assert not done
    go_on.set()
    await handling
    await erasing
    async with any_store.read() as connection:
        assert await marked(connection) == set()
        assert {row.state for row in await connection.execute(select(outbox.c.state))} == {"cancelled"}


async def test_a_place_that_is_linked_meanwhile_is_erased_with_them(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(somebody)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def link(connection: AsyncConnection) -> None:
        also = await Accounts(connection).get_or_create("web", f"v-{MARK}", now=NOW)
        await Accounts(connection).link(also.id, "c1", "order", NOW)
        begun.set()
        await go_on.wait()

    linking = asyncio.create_task(any_store.write(link))
    await asyncio.wait_for(begun.wait(), 10)
    erasing = asyncio.create_task(_eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="system"))
    await asyncio.wait({erasing}, timeout=0.3)
    go_on.set()
    await linking
    await erasing
    async with any_store.read() as connection:
        assert await marked(connection) == set()


async def test_a_reply_behind_a_slow_one_does_not_leave(any_store: Store, tmp_path: Path) -> None:
    slow, go_on = asyncio.Event(), asyncio.Event()

    async def deliver(what: Outgoing) -> Any:
        if what.reply.text == "first":
            slow.set()
            await go_on.wait()
        return sent(what)

    async def both(connection: AsyncConnection) -> None:
        await add_customer(connection, "c1", telegram="77")
        for words in ("first", MARK):
            await put(connection, words, address="77")

    await any_store.write(both)
    channel = FakeChannel(script=deliver)
    sender = Sender(any_store, [channel], owner="a")
    async with running(sender):
        await asyncio.wait_for(slow.wait(), 10)
        await _eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="system")
        go_on.set()
        await until(lambda: not sender._in_hand)
    assert [what.reply.text for what in channel.sent] == ["first"]


async def test_a_case_that_is_open_ends(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(somebody)
    case = await any_store.write(lambda c: ownership.escalate(c, 1, reason="asked", now=NOW))
    await _eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="staff:1")
    async with any_store.read() as connection:
        assert (await Escalations(connection).get(case)).state == "closed"
        assert (await Conversations(connection).get(1)).owner == "closed"
        actions = [(entry.actor, entry.action) for entry in await Audit(connection).latest()]
    assert actions[:2] == [("staff:1", "person_erased"), ("staff:1", "close")]


# --- by the command line -------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with somebody in it who was quoted to a model."""
    monkeypatch.setenv("LIUKE_HOME", str(tmp_path))
    url = Settings(home=tmp_path).store_url

    async def fill() -> None:
        await make_tables(url)
        store = Store.open(url)
        await store.write(somebody)
        await store.write(lambda c: Accounts(c).get_or_create("web", "v-stranger", now=NOW))
        await store.close()

    asyncio.run(fill())
    taught = tmp_path / "models" / "nlu" / "v1" / modelfiles.TAUGHT
    taught.parent.mkdir(parents=True)
    taught.write_text(f"text\tlabel\n{SECRET}\ttheir_name\n", "utf-8")
    return tmp_path


def _held(home: Path) -> dict[str, Any]:
    """What is known of accounts and customers."""

    async def look() -> dict[str, Any]:
        store = Store.open(Settings(home=home).store_url)
        async with store.read() as connection:
            known = {
                "customers": {row.id for row in await connection.execute(select(customer.c.id))},
                "accounts": [
                    await Accounts(connection).find(*place) is not None
                    for place in (("telegram", "77"), ("web", "v-stranger"))
                ],
                "corrections": len(await Corrections(connection).all()),
            }
        await store.close()
        return known

    return asyncio.run(look())


def test_the_command_erases_a_customer(home: Path) -> None:
    run = CliRunner()
    assert run.invoke(app, ["customer", "erase", "c1"], input="n\n").exit_code == 1
    assert _held(home)["customers"] == {"c1"}
    done = run.invoke(app, ["customer", "erase", "c1"], input="y\n")
    assert done.exit_code == 0
    assert "2 messages were blanked" in done.output
    assert "were taught with: 1." in done.output
    held = _held(home)
    assert re.fullmatch(r"erased-\w+", held["customers"].pop())
    assert (held["accounts"], held["corrections"]) == ([False, True], 0)
    assert SECRET not in (home / "models" / "nlu" / "v1" / modelfiles.TAUGHT).read_text("utf-8")
    assert run.invoke(app, ["customer", "erase", "c1", "--yes"]).exit_code == 1


@pytest.mark.parametrize("place", [0, 1])
def test_the_command_erases_whoever_writes_from_a_place(home: Path, place: int) -> None:
    account = ("telegram:77", "web:v-stranger")[place]
    done = CliRunner().invoke(app, ["customer", "erase", "--account", account, "--yes"])
    assert done.exit_code == 0, done.output
    held = _held(home)
    assert held["accounts"][place] is False
    assert held["accounts"][1 - place] is True
    assert ("c1" in held["customers"]) is (place == 1)


@pytest.mark.parametrize("words", [[], ["c1", "--account", "telegram:77"], ["--account", "77"], ["nobody"]])
def test_the_command_wants_one_person_who_is_there(home: Path, words: list[str]) -> None:
    assert CliRunner().invoke(app, ["customer", "erase", *words, "--yes"]).exit_code != 0
    assert _held(home)["customers"] == {"c1"}


def test_nobody_is_erased_where_not_everything_can_be(home: Path) -> None:
    taught = home / "models" / "nlu" / "v1" / modelfiles.TAUGHT
    taught.write_bytes(b"\xff\xfe")
    done = CliRunner().invoke(app, ["customer", "erase", "c1", "--yes"])
    assert done.exit_code == 1
    assert modelfiles.TAUGHT in done.output.replace("\n", "")
    assert _held(home)["customers"] == {"c1"}


async def test_a_damaged_model_is_named(store: Store, tmp_path: Path) -> None:
    await store.write(lambda c: Customers(c).put_many([Customer(id=MARK, created_at=NOW)]))
    (_version(tmp_path) / "lists.json").write_text("{}")
    with pytest.raises(ErasureFailed, match="v1"):
        await _eraser(store, tmp_path).erase(erasure.customer(MARK), actor="system")
    with pytest.raises(NotFound):
        await _eraser(store, tmp_path).erase(erasure.customer("nobody"), actor="system")


async def test_what_comes_first_must_succeed(any_store: Store, tmp_path: Path) -> None:
    await any_store.write(lambda c: add_customer(c, "c1", telegram="77"))

    async def fail(connection: AsyncConnection) -> None:
        raise NotFound

    with pytest.raises(NotFound):
        await _eraser(any_store, tmp_path).erase(erasure.customer("c1"), actor="system", first=fail)
    async with any_store.read() as connection:
        assert await Customers(connection).present(["c1"]) == {"c1"}
        assert (await connection.execute(select(outbox))).first() is None
