"""Takes in what the shop says of its customers' consents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.shop.intake.people import CustomerRecord
from storage.consents import MARKETING, ConsentWord
from storage.repository import columns_of, portions
from storage.schema import account, consent

_SHOP = frozenset({"shop", "import"})
"""Sources of words that the shop tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A word as a record has it."""

    customer_id: str
    channel: str | None
    """None: all of them."""
    granted: bool
    at: datetime | None


async def take_consents(
    connection: AsyncConnection, records: Sequence[CustomerRecord], now: datetime
) -> list[ConsentWord]:
    """Add what customers agreed to or refused to the ledger; return what was added.

    A word with its time is added unless it is there, and holds by its time. One without is added if it is news, as of
    now. A yes without its time is none where they refused by themselves, in a chat or by an erasure: it may be what
    they took back by that.
    """
    told = [word for record in records for word in _words_of(record)]
    known = await _known(connection, {word.customer_id for word in told})
    rows = [
        {
            "customer_id": word.customer_id,
            "purpose": MARKETING,
            "channel": word.channel,
            "granted": word.granted,
            "source": "shop",
            "at": at,
        }
        for word in told
        if (at := _since(word, known.get(word.customer_id, ()), now)) is not None
    ]
    if not rows:
        return []
    added = await connection.execute(insert(consent).returning(*columns_of(consent, ConsentWord)), rows)
    return [ConsentWord(**row._mapping) for row in added]


def _words_of(record: CustomerRecord) -> Iterator[_Told]:
    said = record.model_fields_set
    if "marketing" in said:
        yield _Told(customer_id=record.id, channel=None, granted=record.marketing, at=record.marketing_at)
    if "consents" in said:
        for channel, word in record.consents.items():
            yield _Told(customer_id=record.id, channel=channel, granted=word.granted, at=word.at)


def _since(told: _Told, known: Sequence[ConsentWord], now: datetime) -> datetime | None:
    """The moment from which a word is to be added to those that are known; None: it is not."""
    own = [word for word in known if word.channel == told.channel]
    last = own[-1] if own else None
    if told.at is not None and told.at <= now:
        there = any((word.granted, word.at) == (told.granted, told.at) for word in own)
        return None if there else told.at
    if last is not None and last.granted == told.granted:
        return None
    if told.at is None and told.granted:
        general = [word for word in known if word.channel is None]
        latest = [words[-1] for words in (own, general) if words]
        if any(not word.granted and word.source not in _SHOP for word in latest):
            return None
    # A clock that runs ahead must not make a yes that no later no could take back.
    return now


async def _known(connection: AsyncConnection, customer_ids: set[str]) -> Mapping[str, Sequence[ConsentWord]]:
    """What each said about marketing, or an account of theirs did, in the order in which it holds."""
    found: dict[str, list[ConsentWord]] = defaultdict(list)
    words = columns_of(consent, ConsentWord)
    for part in portions(customer_ids):
        own = select(consent.c.customer_id.label("whose"), *words).where(consent.c.customer_id.in_(part))
        of_accounts = (
            select(account.c.customer_id.label("whose"), *words)
            .join(account, account.c.id == consent.c.account_id)
            .where(account.c.customer_id.in_(part))
            .where(consent.c.customer_id.is_distinct_from(account.c.customer_id))
        )
        for statement in (own, of_accounts):
            for row in await connection.execute(statement.where(consent.c.purpose == MARKETING)):
                values = {name: value for name, value in row._mapping.items() if name != "whose"}
                found[row.whose].append(ConsentWord(**values))
    return {
        whose: sorted(said, key=lambda word: (word.at, not word.granted)) for whose, said in found.items()
    }
