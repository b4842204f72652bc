"""What is held about a customer: handing it over, and erasing it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.understanding import KIND
from nlu import modelfiles
from storage.conversations import Conversations
from storage.corrections import Corrections
from storage.customers import Account, Accounts, Customers
from storage.errors import NotFound
from storage.events import Events
from storage.orders import Orders
from storage.schema import (
    campaign_contact,
    churn_warning,
    consent,
    conversation,
    inbox,
    offer,
    outbox,
    shown,
)
from storage.scores import Scores
from storage.settings import SettingStore

_EVERYTHING = 1_000_000


async def export_customer(connection: AsyncConnection, customer_id: str) -> dict[str, Any]:
    """Everything that is held about a customer, ready to be written as JSON.

    Raises:
        NotFound: there is no such customer.
    """
    customer = await Customers(connection).get(customer_id)
    if customer is None:
        raise NotFound(f"there is no customer {customer_id!r}")
    accounts = await Accounts(connection).by_customer(customer_id)
    score = await Scores(connection).get(customer_id, "churn")
    return {
        "customer": asdict(customer),
        "accounts": [asdict(account) for account in accounts],
        "consents": await _rows(connection, select(consent).where(consent.c.customer_id == customer_id)),
        "orders": [
            asdict(order) for order in await Orders(connection).by_customer(customer_id, limit=_EVERYTHING)
        ],
        "events": [
            asdict(event) for event in await Events(connection).by_customer(customer_id, limit=_EVERYTHING)
        ],
        "offers": await _rows(connection, select(offer).where(offer.c.customer_id == customer_id)),
        "shown": await _rows(connection, select(shown).where(shown.c.customer_id == customer_id)),
        "campaigns": await _rows(
            connection, select(campaign_contact).where(campaign_contact.c.customer_id == customer_id)
        ),
        "churn_warnings": await _rows(
            connection, select(churn_warning).where(churn_warning.c.customer_id == customer_id)
        ),
        "churn_score": None if score is None else asdict(score),
        "conversations": [
            {
                "channel": account.channel,
                "messages": await _messages(connection, account),
                "corrections": [
                    {"at": one.at, "text": one.text, "meant": one.label}
                    for one in await Corrections(connection).of_account(account.id)
                ],
            }
            for account in accounts
        ],
    }


async def said_by(connection: AsyncConnection, customer_id: str) -> list[str]:
    """Everything that a customer wrote, also what they changed later, and what was kept of it to learn from."""
    said: list[str] = []
    for account in await Accounts(connection).by_customer(customer_id):
        said += [one.text for one in await Corrections(connection).of_account(account.id)]
        found = await _conversation_of(connection, account)
        if found is None:
            continue
        conversations = Conversations(connection)
        history = await conversations.history(found, limit=_EVERYTHING)
        said += [message.text for message in history if message.direction == "in" and message.text]
        said += [edit.old_text for edit in await conversations.edits(found)]
    return said


def forget_lessons(home: Path, said: Collection[str]) -> int:
    """Take messages out of what each version of the understanding was taught with; return how many rows that were.

    To be called before `erase_customer`: afterwards nobody knows the words any more, and it can't be made up for.

    Raises:
        nlu.NluError: the messages of a version can't be read; those of others may be gone already.
    """
    from nlu.teaching.labelled import forget_taught

    taught = sorted((home / "models" / KIND).glob(f"*/{modelfiles.TAUGHT}"))
    return sum(forget_taught(path, said) for path in taught)


async def erase_customer(connection: AsyncConnection, customer_id: str, now: datetime) -> int:
    """Erase a customer and every word of their conversations; return how many messages were blanked.

    Sales stay, under an id that leads to nobody. Hashes stay, so that nobody writes to the person again.

    Raises:
        NotFound: there is no such customer.
    """
    key = await SettingStore(connection).get_or_create("erasure.key", secrets.token_hex(32))
    accounts = await Customers(connection).erase(customer_id, key=bytes.fromhex(str(key)), now=now)
    blanked = 0
    for account in accounts:
        blanked += await Conversations(connection).forget(account.id)
        await _forget_deliveries(connection, account)
    return blanked


async def _forget_deliveries(connection: AsyncConnection, account: Account) -> None:
    """What arrived and what left carries words too; what has not left yet does not leave."""
    for table in (inbox, outbox):
        await connection.execute(
            update(table)
            .where(table.c.channel == account.channel, table.c.address == account.address)
            .where(table.c.state.in_(("done", "sent", "failed", "unknown", "cancelled")))
            .values(payload={})
        )
    await connection.execute(
        update(outbox)
        .where(outbox.c.channel == account.channel, outbox.c.address == account.address)
        .where(outbox.c.state == "ready")
        .values(state="cancelled", payload={}, error="erased")
    )


async def _messages(connection: AsyncConnection, account: Account) -> list[dict[str, Any]]:
    found = await _conversation_of(connection, account)
    if found is None:
        return []
    history = await Conversations(connection).history(found, limit=_EVERYTHING)
    return [{"at": m.at, "from": m.author, "text": m.text} for m in history]


async def _conversation_of(connection: AsyncConnection, account: Account) -> int | None:
    return await connection.scalar(select(conversation.c.id).where(conversation.c.account_id == account.id))


async def _rows(connection: AsyncConnection, statement: Any) -> list[Mapping[str, Any]]:
    return [dict(row._mapping) for row in await connection.execute(statement)]
