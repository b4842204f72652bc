"""What nothing depends on goes, in portions; what history, lift and customers need stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store, pruning
from storage.pruning import Pruning
from storage.schema import (
    account,
    campaign,
    campaign_contact,
    campaign_run,
    consent,
    conversation,
    escalation,
    inbox,
    link_attempt,
    link_token,
    media,
    message,
    outbox,
)
from tests.factories import add_customer

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=40)
BEFORE = NOW - timedelta(days=30)


async def put(store: Store, table: Table, *rows: dict[str, Any]) -> list[int]:
    """Rows of a table; their ids where it has some."""

    async def work(connection: AsyncConnection) -> list[int]:
        ids = []
        for row in rows:
            added = await connection.execute(insert(table).values(row).returning(*table.primary_key))
            ids.append(added.one()[0])
        return ids

    return await store.write(work)


async def left(store: Store, table: Table, column: str = "id") -> list[Any]:
    async with store.read() as connection:
        found = await connection.execute(select(table.c[column]).order_by(*table.primary_key))
    return list(found.scalars())


def update(number: int, at: datetime, state: str = "done") -> dict[str, Any]:
    handled = None if state == "new" else at
    return {
        "channel": "web", "address": "v-1", "update_id": f"{number}", "payload": {}, "received_at": at,
        "state": state, "handled_at": handled, "attempts": 0,
    }  # fmt: skip


def delivery(at: datetime, state: str = "sent", kind: str = "reply", **more: Any) -> dict[str, Any]:
    return {
        "channel": "web", "address": "v-1", "kind": kind, "policy": "retry", "state": state,
        "payload": {"text": "words"}, "author": "bot", "created_at": at, "not_before": at, "attempts": 1,
        "message_refs": [], "finished_at": at if state in ("sent", "failed", "unknown", "cancelled") else None,
        **more,
    }  # fmt: skip


async def test_updates_that_were_handled_long_ago_go(any_store: Store) -> None:
    rows = [
        update(1, OLD), update(2, OLD, "failed"), update(3, OLD, "new"),
        update(4, OLD) | {"handled_at": NOW}, update(5, NOW),
    ]  # fmt: skip
    await put(any_store, inbox, *rows)
    assert await Pruning(any_store).updates(BEFORE) == 2
    assert await left(any_store, inbox, "update_id") == ["3", "4", "5"]


async def test_portions_find_all_of_it(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_PORTION", 3)
    # Every fifth is not over, so that portions hold both.
    rows = [update(number, OLD, "done" if number % 5 else "new") for number in range(14)]
    await put(any_store, inbox, *rows, update(99, NOW))
    assert await Pruning(any_store).updates(BEFORE) == 11
    assert await left(any_store, inbox, "update_id") == ["0", "5", "10", "99"]
    assert await Pruning(any_store).updates(BEFORE) == 0


async def test_a_number_is_never_given_out_again(any_store: Store) -> None:
    ids = await put(any_store, inbox, update(1, OLD), update(2, OLD))
    await Pruning(any_store).updates(BEFORE)
    (later,) = await put(any_store, inbox, update(3, NOW))
    assert later > max(ids)


async def test_what_left_long_ago_goes_and_of_campaigns_the_words_alone(any_store: Store) -> None:
    await any_store.write(lambda connection: add_customer(connection, "c1"))
    rows = [
        delivery(OLD), delivery(OLD, "failed"), delivery(OLD, "unknown", "staff"), delivery(OLD, "ready"),
        delivery(OLD, kind="campaign"), delivery(NOW), delivery(NOW, kind="campaign"),
    ]  # fmt: skip
    ids = await put(any_store, outbox, *rows)
    (campaign_id,) = await put(
        any_store, campaign, {"name": "x", "kind": "win_back", "holdout": 0.1, "created_at": OLD}
    )
    (run,) = await put(any_store, campaign_run, {"campaign_id": campaign_id, "slot": "1", "started_at": OLD})
    contact = {
        "campaign_id": campaign_id, "run_id": run, "customer_id": "c1", "arm": "message", "probability": 0.9,
        "outbox_id": ids[4], "risk": 0.9, "decided_at": OLD,
    }  # fmt: skip
    await put(any_store, campaign_contact, contact)
    assert await Pruning(any_store).deliveries(BEFORE) == 3
    assert await left(any_store, outbox) == [ids[3], *ids[4:]]
    words = [payload.get("text") for payload in await left(any_store, outbox, "payload")]
    assert words == ["words", None, "words", "words"]
    assert await Pruning(any_store).deliveries(BEFORE) == 0


async def visitor(store: Store, address: str, said: Sequence[str] = (), **more: Any) -> tuple[int, int]:
    """A visitor who was greeted, and perhaps wrote; the account and the conversation."""
    (known,) = await put(
        store, account, {"channel": "web", "address": address, "created_at": OLD, "blocked": False} | more
    )
    (here,) = await put(
        store, conversation,
        {
            "channel": "web", "address": address, "account_id": known, "owner_since": OLD, "language": "en",
            "opened_at": OLD, "owner": "bot", "memory": {}, "version": 0,
        },
    )  # fmt: skip
    words = [("in", "start", ""), ("out", "reply", "Hello!"), *(("in", "text", text) for text in said)]
    messages = await put(
        store, message,
        *(
            {
                "conversation_id": here, "direction": direction, "author": "x", "kind": kind, "text": text,
                "payload": {}, "at": OLD, "trace": {"of": address} if direction == "out" else None,
            }
            for direction, kind, text in words
        ),
    )  # fmt: skip
    await put(store, inbox, update(known, OLD) | {"address": address})
    await put(store, outbox, delivery(OLD, address=address, message_id=messages[1]))
    return known, here


async def test_visitors_who_never_wrote_go_with_all_that_was_kept_of_them(any_store: Store) -> None:
    await any_store.write(lambda connection: add_customer(connection, "c1"))
    silent = [(await visitor(any_store, f"silent-{number}"))[0] for number in range(3)]
    stay = [
        await visitor(any_store, "wrote", ["hi"]),
        await visitor(any_store, "linked", customer_id="c1"),
        await visitor(any_store, "agreed"),
        await visitor(any_store, "with staff"),
        await visitor(any_store, "writing"),
        await visitor(any_store, "being told"),
        await visitor(any_store, "telegram", channel="telegram"),
        await visitor(any_store, "new", created_at=NOW),
    ]
    await put(
        any_store, consent,
        {"account_id": stay[2][0], "purpose": "marketing", "granted": True, "source": "x", "at": OLD},
    )  # fmt: skip
    await put(
        any_store, escalation,
        {"conversation_id": stay[3][1], "reason": "asked", "opened_at": OLD, "due_at": OLD},
    )  # fmt: skip
    await put(any_store, inbox, update(90, OLD, "new") | {"address": "writing"})
    await put(any_store, outbox, delivery(OLD, "ready", address="being told"))
    assert await Pruning(any_store).silent_visitors("web", BEFORE) == len(silent)
    assert await left(any_store, account) == [known for known, _ in stay]
    assert await left(any_store, conversation) == [here for _, here in stay]
    for table in (inbox, outbox, conversation):
        assert not [one for one in await left(any_store, table, "address") if one.startswith("silent")]
    assert len(await left(any_store, message)) == 2 * len(stay) + 1
    told = [trace["of"] for trace in await left(any_store, message, "trace") if trace is not None]
    assert len(told) == len(stay)
    assert not [address for address in told if address.startswith("silent")]


async def test_each_visitor_is_looked_at_once(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "_PORTION", 2)
    for number in range(7):
        await visitor(any_store, f"silent-{number}")
    known, _ = await visitor(any_store, "agreed")
    yes = {"account_id": known, "purpose": "marketing", "granted": True, "source": "x", "at": OLD}
    await put(any_store, consent, yes)
    await visitor(any_store, "new", created_at=NOW)
    assert await Pruning(any_store).silent_visitors("web", BEFORE) == 7
    await any_store.write(lambda connection: connection.execute(delete(consent)))
    assert await Pruning(any_store).silent_visitors("web", BEFORE) == 0
    await visitor(any_store, "newer", created_at=NOW)
    assert await Pruning(any_store).silent_visitors("web", NOW + timedelta(days=1)) == 1
    assert await left(any_store, account, "address") == ["agreed", "newer"]


async def test_attempts_links_and_uploads_go_in_their_time(any_store: Store) -> None:
    await any_store.write(lambda connection: add_customer(connection, "c1"))
    known, _ = await visitor(any_store, "v-1", ["hi"])
    attempt = {"account_id": known, "order_number_hash": "x", "succeeded": False}
    await put(any_store, link_attempt, attempt | {"at": OLD}, attempt | {"at": NOW})
    link = {"customer_id": "c1"}
    await put(
        any_store,
        link_token,
        link | {"token_hash": "a", "expires_at": OLD, "account_id": known, "used_at": OLD},
        link | {"token_hash": "b", "expires_at": NOW},
    )
    upload = {"channel": "telegram:1", "reference": "x"}
    await put(any_store, media, upload | {"picture": "a", "at": OLD}, upload | {"picture": "b", "at": NOW})
    old = Pruning(any_store)
    counts = (await old.attempts(BEFORE), await old.links(BEFORE), await old.uploads(BEFORE))
    assert counts == (1, 1, 1)
    assert await left(any_store, link_attempt, "at") == [NOW]
    assert await left(any_store, link_token, "token_hash") == ["b"]
    assert await left(any_store, media, "picture") == ["b"]


async def test_where_to_write_goes_when_the_case_is_long_over(any_store: Store) -> None:
    (here,) = await put(
        any_store, account, {"channel": "web", "address": "v-1", "name": "", "created_at": OLD}
    )
    (talk,) = await put(
        any_store, conversation,
        {"channel": "web", "address": "v-1", "account_id": here, "owner": "queue", "owner_since": OLD,
         "opened_at": OLD},
    )  # fmt: skip
    case = {
        "conversation_id": talk, "reason": "asked", "opened_at": OLD, "due_at": OLD, "state": "closed",
        "reply_email": "lin@example.com", "reply_wording": "for this answer",
    }  # fmt: skip
    open_still = {**case, "state": "waiting", "ended_at": None}
    await put(any_store, escalation, {**case, "ended_at": OLD}, {**case, "ended_at": NOW}, open_still)
    assert await Pruning(any_store).emails(BEFORE) == 1
    assert await left(any_store, escalation, "reply_email") == [None, "lin@example.com", "lin@example.com"]
    assert (await left(any_store, escalation, "reply_wording"))[0] is None
    assert await Pruning(any_store).emails(BEFORE) == 0
