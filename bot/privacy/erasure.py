"""Erasing a person: in the store, in the files beside it, and in what databases and their logs keep of deleted rows."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncConnection

import retention
from bot.conversation import ownership
from bot.models.retention import KIND as RETENTION
from bot.models.understanding import KIND as UNDERSTANDING
from kernel.times import utc_now
from nlu import NluError, modelfiles
from nlu.datafiles import written_beside
from retention import RetentionError
from retention.artifacts import MANIFEST
from retention.types import CustomerId
from storage import Store, erasure
from storage.audit import Audit
from storage.conversations import Conversations
from storage.customers import Account
from storage.drafts import Corrections
from storage.person import Person, find_account, find_customer, hold
from storage.requests import Request
from storage.settings import SettingStore

Find = Callable[[AsyncConnection], Awaitable[Person]]
"""Finds whom to erase: `customer` or `account`."""

_EVERYTHING = 1_000_000
_UNSWEPT = "erasure.unswept"

_DIGITS = 9


class ErasureFailed(ValueError):
    """A file that may hold something of the person can't be read or changed; nothing of the store was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure came to."""

    messages: int
    """Blanked."""
    lessons: int
    """Rows taken out of what models were taught with."""
    rows: int
    """Taken out of files of rejected rows."""
    swept: bool
    """Whether the database's files hold no remains of it any more; if not, they are swept by night."""


def customer(customer_id: str) -> Find:
    """A customer with all that is theirs."""
    return lambda connection: find_customer(connection, customer_id)


def account(channel: str, address: str) -> Find:
    """Whoever writes from a place in a messenger: a customer, or a stranger."""
    return lambda connection: find_account(connection, channel, address)


def requester(asked: Request) -> Find:
    """Whoever made a request, by what they are known as now."""

    async def find(connection: AsyncConnection) -> Person:
        here = await find_account(connection, asked.channel, asked.address)
        if asked.customer_id is None or (here.customer and here.customer.id == asked.customer_id):
            return here
        known = await find_customer(connection, asked.customer_id)
        # The place may have become nobody's, or somebody else's, since they asked.
        return known if here.customer else replace(known, accounts=(*known.accounts, *here.accounts))

    return find


class Eraser:
    """Erases people, for staff and for the command line."""

    def __init__(self, store: Store, home: Path, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._home = home
        self._clock = clock

    async def erase(
        self,
        find: Find,
        *,
        actor: str,
        first: Callable[[AsyncConnection], Awaitable[object]] | None = None,
    ) -> Erasure:
        """Erase a person for good; nothing of the store is, where the files can't be.

        Args:
            find: whom.
            actor: who decided it, for the record: `system` or `staff:<id>`.
            first: done in the same transaction before; where it fails, nothing of the store is erased.

        Raises:
            storage.NotFound: there is nobody like that.
            ErasureFailed: a file that may hold something of theirs can't be read or changed.
        """
        async with self._store.read() as connection:
            person = await find(connection)
            said = await said_by(connection, person.accounts)
        try:
            lessons, rows = await asyncio.to_thread(self._forget_files, person, said)
        except (NluError, RetentionError, OSError, csv.Error, ValueError) as error:
            raise ErasureFailed(f"nobody was erased, since not every file can be: {error}") from error

        async def work(connection: AsyncConnection) -> int:
            if first is not None:
                await first(connection)
            await SettingStore(connection).put(_UNSWEPT, True)
            await hold(connection, await find(connection))
            return await _erase(connection, await find(connection), actor, self._clock())

        messages = await self._store.write(work)
        return Erasure(messages=messages, lessons=lessons, rows=rows, swept=await sweep(self._store))

    def _forget_files(self, person: Person, said: Sequence[str]) -> tuple[int, int]:
        lessons = forget_lessons(self._home, said)
        forget_lists(self._home, person)
        forget_console_files(self._home, person)
        return lessons, forget_rows(self._home, person)


async def sweep(store: Store) -> bool:
    """See that the database's files hold no remains of anybody who was erased; False: another time."""
    async with store.read() as connection:
        if not await SettingStore(connection).get(_UNSWEPT, False):
            return True
    if not await store.scrub():
        return False
    await store.write(lambda connection: SettingStore(connection).delete(_UNSWEPT))
    return True


async def said_by(connection: AsyncConnection, accounts: Sequence[Account]) -> list[str]:
    """All that was written from some places, also what was changed later, and what was kept of it to learn from."""
    said: list[str] = []
    conversations = Conversations(connection)
    for one in accounts:
        said += [kept.text for kept in await Corrections(connection).of_account(one.id)]
        contact = await conversations.contact(one.channel, one.address)
        if contact is None:
            continue
        here = contact.conversation.id
        history = await conversations.history(here, limit=_EVERYTHING)
        said += [message.text for message in history if message.direction == "in" and message.text]
        said += [edit.old_text for edit in await conversations.edits(here)]
    return said


async def _erase(connection: AsyncConnection, person: Person, actor: str, now: datetime) -> int:
    for one in person.accounts:
        contact = await Conversations(connection).contact(one.channel, one.address)
        if contact is not None:
            await ownership.end_for_good(connection, contact.conversation.id, now, actor=actor)
    blanked = await erasure.erase(connection, person, now)
    await Audit(connection).add(actor, "person_erased", "person", {"messages": blanked}, now)
    return blanked


def forget_lessons(home: Path, said: Collection[str]) -> int:
    """Take messages out of what each version of the understanding was taught with; return how many rows that were.

    Raises:
        nlu.NluError: the messages of a version can't be read; those of others may be gone already.
    """
    taught = sorted((home / "models" / UNDERSTANDING).glob(f"*/{modelfiles.TAUGHT}"))
    return sum(modelfiles.forget_taught(path, said) for path in taught)


def forget_lists(home: Path, person: Person) -> None:
    """Take a customer's name off the lists that versions of the retention models made ahead.

    Raises:
        retention.RetentionError: the files of a version can't be read; remove its folder.
    """
    if person.customer is None:
        return
    names = (CustomerId(person.customer.id),)
    for manifest in sorted((home / "models" / RETENTION).glob(f"*/{MANIFEST}")):
        retention.forget(manifest.parent, names)


def forget_rows(home: Path, person: Person) -> int:
    """Take a customer's rows out of the files of what imports rejected; return how many rows that were."""
    known = _Known(person)
    return sum(_without(path, known) for path in sorted((home / "imports").glob("*.csv")))


def forget_console_files(home: Path, person: Person) -> None:
    """Delete what the console keeps of a browser, such as its language, where it mentions somebody."""
    known = _Known(person)
    for path in sorted((home / "console").glob("*.json")):
        if known.within(_texts(json.loads(path.read_text("utf-8")))):
            path.unlink()


def _without(path: Path, known: _Known) -> int:
    csv.field_size_limit(2**31 - 1)
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    # The number of the row and the reason come first.
    left = [row for row in rows[1:] if not known.within(row[2:])]
    gone = len(rows[1:]) - len(left)
    if gone:
        with written_beside(path) as fresh:
            fresh.write("\ufeff")
            csv.writer(fresh).writerows([rows[0], *left])
    return gone


class _Known:
    """What somebody is known by, to be found in the cells of a table: rather a row too many than one too few."""

    def __init__(self, person: Person) -> None:
        customer = person.customer
        whole = [one.address for one in person.accounts]
        whole += [name for pair in person.orders.items() for name in pair]
        if customer is not None:
            whole += [customer.id, customer.name]
        self._whole = {text.casefold() for text in whole if text}
        self._email = customer.email if customer is not None else None
        self._phone = _digits(customer.phone or "") if customer is not None else ""

    def within(self, cells: Iterable[str]) -> bool:
        """Whether one of the cells names them."""
        return any(self._names(cell.strip().lstrip("'").casefold()) for cell in cells)

    def _names(self, cell: str) -> bool:
        return (
            cell in self._whole
            or bool(self._email and self._email in cell)
            or bool(self._phone and self._phone in _digits(cell))
        )


def _digits(text: str) -> str:
    """The end of a phone number, which is the same with and without the country's code."""
    return "".join(character for character in text if character.isdecimal())[-_DIGITS:]


def _texts(value: object) -> Iterator[str]:
    """Every text in a JSON document."""
    match value:
        case str():
            yield value
        case dict():
            for key, each in value.items():
                yield str(key)
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)
        case int() | float():
            yield str(value)
