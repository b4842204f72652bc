"""What may not have been understood is found with what was said around it, and bounded; on both stores alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import Store, erasure
from storage.conversations import Conversations, NewMessage
from storage.drafts import Corrections
from storage.missed import MissedTurn, MissedTurns
from storage.person import find_account
from storage.schema import account, message
from tests.storage.shop import NOW
from tests.storage.test_corrections import written


async def said(
    connection: AsyncConnection, conversation: int, words: str, direction: str = "in", **told: Any
) -> int:
    at = told.pop("at", NOW)
    author = "customer" if direction == "in" else "bot"
    return await Conversations(connection).append(
        NewMessage(
            conversation_id=conversation,
            direction=direction,
            author=author,
            kind=told.pop("kind", "text"),
            text=words,
            at=at,
            **told,
        )
    )


async def talk(connection: AsyncConnection, address: str = "v-1") -> tuple[int, int, int]:
    """A conversation with one marked turn; its id, the marked message's, that of a member of staff."""
    _, conversation, _, ann = await written(connection, "hi", address=address)
    await said(connection, conversation, "hello", "out")
    await said(connection, conversation, "about my kettle")
    await said(connection, conversation, "which order?", "out")
    marked = await said(
        connection,
        conversation,
        "the steel one",
        missed="unclear",
        understanding={"where": {"asked": "choice return.order"}},
        at=NOW + timedelta(minutes=1),
    )
    await said(connection, conversation, "Sorry?", "out")
    await said(connection, conversation, "never mind", at=NOW + timedelta(minutes=2))
    return conversation, marked, ann


async def found(store: Store, **how: Any) -> list[MissedTurn]:
    async with store.read() as connection:
        return await MissedTurns(connection).find(
            how.pop("since", NOW - timedelta(days=1)), limit=how.pop("limit", 100), **how
        )


async def test_a_turn_comes_with_what_was_said_around_it(any_store: Store) -> None:
    conversation, marked, _ = await any_store.write(talk)
    (turn,) = await found(any_store)
    assert (turn.message_id, turn.conversation_id, turn.why) == (marked, conversation, "unclear")
    assert (turn.bot_said, turn.text, turn.answered) == ("which order?", "the steel one", "Sorry?")
    assert [one.text for one in turn.before] == ["hi", "about my kettle"]
    assert turn.understanding == {"where": {"asked": "choice return.order"}}
    assert (turn.language, turn.intent, turn.act) == ("en", "", None)


async def test_conversations_are_kept_apart_and_the_newest_are_found(any_store: Store) -> None:
    await any_store.write(talk)
    conversation, _, _ = await any_store.write(lambda connection: talk(connection, "v-2"))
    late = NOW + timedelta(hours=1)
    await any_store.write(
        lambda connection: said(connection, conversation, "pardon", missed="repeated", at=late)
    )
    assert [turn.text for turn in await found(any_store)] == ["pardon", "the steel one", "the steel one"]
    assert [turn.text for turn in await found(any_store, limit=1)] == ["pardon"]
    assert [turn.text for turn in await found(any_store, since=late)] == ["pardon"]
    assert await found(any_store, language="zh") == []
    (first, *_) = await found(any_store)
    assert first.answered == ""


async def test_what_staff_said_of_it_is_told(any_store: Store) -> None:
    _, marked, ann = await any_store.write(talk)
    await any_store.write(lambda c: Corrections(c).put(marked, act="gives", staff_id=ann, now=NOW))
    (turn,) = await found(any_store)
    assert (turn.intent, turn.act) == ("", "gives")
    assert await found(any_store, taught=False) == []
    assert len(await found(any_store, taught=True)) == 1
    async with any_store.read() as connection:
        assert [one.message_id for one in await MissedTurns(connection).taught()] == [marked]
        assert await Corrections(connection).of_conversation(turn.conversation_id) == {}


async def test_what_was_written_before_a_person_was_wanted_is_marked(any_store: Store) -> None:
    async def write(connection: AsyncConnection) -> tuple[int, int]:
        conversation, _, _ = await talk(connection)
        await said(connection, conversation, "where is it", skill="order_status", at=NOW)
        await said(connection, conversation, "on its way", "out")
        return conversation, await said(connection, conversation, "a person please", skill="human")

    conversation, last = await any_store.write(write)

    async def mark(connection: AsyncConnection, since: timedelta, *skills: str) -> None:
        await MissedTurns(connection).before_hand_over(
            conversation, last, since=NOW - since, passing_over=skills
        )

    await any_store.write(lambda connection: mark(connection, timedelta(minutes=-1)))
    await any_store.write(lambda connection: mark(connection, timedelta(minutes=1), "order_status"))
    assert [turn.text for turn in await found(any_store)] == ["the steel one"]
    await any_store.write(lambda connection: mark(connection, timedelta(minutes=1), "greeting"))
    marked = {turn.text: turn.why for turn in await found(any_store)}
    assert marked == {"the steel one": "unclear", "where is it": "handed_over"}


async def test_it_goes_with_its_words(any_store: Store) -> None:
    _, marked, _ = await any_store.write(talk)
    async with any_store.read() as connection:
        (place,) = (await connection.execute(select(account.c.channel, account.c.address))).all()

    async def forget(connection: AsyncConnection) -> None:
        await erasure.erase(connection, await find_account(connection, *place), NOW)

    await any_store.write(forget)
    assert await found(any_store) == []
    async with any_store.read() as connection:
        assert await connection.scalar(select(message.c.missed).where(message.c.id == marked)) is None


async def test_an_edited_message_says_something_else(any_store: Store) -> None:
    conversation, marked, _ = await any_store.write(talk)
    async with any_store.read() as connection:
        history = await Conversations(connection).history(conversation)
    (seen,) = [one for one in history if one.id == marked]
    await any_store.write(lambda connection: Conversations(connection).edit(seen, "the copper one", NOW))
    assert await found(any_store) == []


async def test_it_is_found_by_the_index(store: Store) -> None:
    plan = "EXPLAIN QUERY PLAN SELECT id FROM message WHERE missed IS NOT NULL AND at >= 0 ORDER BY at DESC LIMIT 9"
    async with store.read() as connection:
        rows = (await connection.execute(text(plan))).all()
    assert any("ix_message_missed" in row.detail for row in rows)
