"""What staff say that messages meant: one word a message, gone with the customer."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import NotFound, Store, erasure
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts
from storage.drafts import Corrections
from storage.person import find_account
from storage.schema import account
from storage.staff import Staff
from tests.storage.shop import NOW


async def written(
    connection: AsyncConnection, text: str, direction: str = "in", *, address: str = "v-1"
) -> tuple[int, int, int, int]:
    """A message; returns its id, its conversation's, its account's, and that of a member of staff."""
    account = await Accounts(connection).get_or_create("web", address, now=NOW)
    await Conversations(connection).open("web", address, account.id, "en", NOW)
    contact = await Conversations(connection).contact("web", address)
    assert contact is not None
    said = await Conversations(connection).append(
        NewMessage(
            conversation_id=contact.conversation.id,
            direction=direction,
            author="customer",
            kind="text",
            text=text,
            at=NOW,
        )
    )
    staff = {member.login: member.id for member in await Staff(connection).all()}
    if "ann" not in staff:
        await Staff(connection).add(
            login="ann", name="Ann", role="agent", password_hash="-", language="en", now=NOW
        )
        staff = {member.login: member.id for member in await Staff(connection).all()}
    return said, contact.conversation.id, account.id, staff["ann"]


async def test_the_latest_correction_of_a_message_holds(any_store: Store) -> None:
    said, conversation, account, ann = await any_store.write(lambda c: written(c, "wrap it please"))
    for label in ("change_order", "gift_wrap"):
        await any_store.write(lambda c, to=label: Corrections(c).put(said, to, staff_id=ann, now=NOW))
    async with any_store.read() as connection:
        (kept,) = await Corrections(connection).all()
        assert (kept.text, kept.label, kept.staff_id, kept.at) == ("wrap it please", "gift_wrap", ann, NOW)
        assert await Corrections(connection).of_conversation(conversation) == {said: "gift_wrap"}
        assert list(await Corrections(connection).of_account(account)) == [kept]
    await any_store.write(lambda c: Corrections(c).drop(said))
    async with any_store.read() as connection:
        assert await Corrections(connection).all() == []


async def test_only_words_of_a_customer_can_be_corrected(any_store: Store) -> None:
    wordless, *_, ann = await any_store.write(lambda c: written(c, ""))
    ours, *_ = await any_store.write(lambda c: written(c, "hello", "out"))
    for message_id in (wordless, ours, 10_000):
        with pytest.raises(NotFound):
            await any_store.write(
                lambda c, of=message_id: Corrections(c).put(of, "thanks", staff_id=ann, now=NOW)
            )


async def _forget(connection: AsyncConnection) -> None:
    """Erase whoever said it."""
    (place,) = (await connection.execute(select(account.c.channel, account.c.address))).all()
    await erasure.erase(connection, await find_account(connection, *place), NOW)


async def test_they_go_with_what_was_said(any_store: Store) -> None:
    said, _, _, ann = await any_store.write(lambda c: written(c, "wrap it please"))
    await any_store.write(lambda c: Corrections(c).put(said, "gift_wrap", staff_id=ann, now=NOW))
    await any_store.write(_forget)
    async with any_store.read() as connection:
        assert await Corrections(connection).all() == []
    with pytest.raises(NotFound):
        await any_store.write(lambda c: Corrections(c).put(said, "gift_wrap", staff_id=ann, now=NOW))
