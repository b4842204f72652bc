"""Cases and requests put straight into the running program's database: more than customers could make in a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TypeVar

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation import ownership
from storage import Store
from storage.conversations import Conversations, NewMessage
from storage.customers import Accounts
from storage.escalations import Escalations
from storage.requests import NewRequest, Requests, new_number
from storage.schema import escalation
from storage.staff import Staff
from tests.e2e.browser.conftest import Site

T = TypeVar("T")
_NUMBERS = count(1)


def words(conversation: int) -> str:
    """What the list says of a case that was put into it."""
    return f"about conversation {conversation}."


@dataclass
class WaitingRoom:
    """The queue of a running program."""

    site: Site
    cases: dict[int, int] = field(default_factory=dict)
    """What was put into it: conversation to case."""

    def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something in the program's database."""

        async def run() -> T:
            store = Store.open(f"sqlite:///{self.site.program.home / 'liuke.db'}")
            try:
                return await store.write(work)
            finally:
                await store.close()

        # In a thread of its own: Playwright's loop runs in this one.
        with ThreadPoolExecutor(1) as other:
            return other.submit(asyncio.run, run()).result()

    def fill(self, number: int, *, due: timedelta = timedelta(days=30)) -> list[int]:
        """Let so many customers wait, by default behind everybody else; their conversations."""

        async def work(connection: AsyncConnection) -> list[tuple[int, int]]:
            return [await self._case(connection, due) for _ in range(number)]

        made = self.write(work)
        self.cases |= dict(made)
        return [conversation for conversation, _ in made]

    async def _case(self, connection: AsyncConnection, due: timedelta) -> tuple[int, int]:
        now, name = datetime.now(UTC), f"made-{next(_NUMBERS):05}"
        account = await Accounts(connection).get_or_create("web", name, now=now)
        await Conversations(connection).open("web", name, account.id, "en", now)
        contact = await Conversations(connection).contact("web", name)
        assert contact is not None
        conversation = contact.conversation.id
        case = await ownership.escalate(
            connection, conversation, reason="asked", now=now, summary=words(conversation)
        )
        await connection.execute(update(escalation).where(escalation.c.id == case).values(due_at=now + due))
        return conversation, case

    def say(self, conversation: int, *texts: str) -> None:
        """Let a customer have said this."""

        async def work(connection: AsyncConnection) -> None:
            for text in texts:
                await Conversations(connection).append(
                    NewMessage(
                        conversation_id=conversation,
                        direction="in",
                        author="customer",
                        kind="text",
                        text=text,
                        payload={},
                        at=datetime.now(UTC),
                    )
                )

        self.write(work)

    def ask(self, conversation: int, kind: str = "refund") -> str:
        """Let a customer ask for something; the request's number."""
        number = new_number(datetime.now(UTC))
        new = NewRequest(
            number=number,
            kind=kind,
            conversation_id=conversation,
            customer_id=None,
            order_id=None,
            details={},
        )
        self.write(lambda connection: Requests(connection).add(new, datetime.now(UTC)))
        return number

    def hand_over(self, conversation: int, login: str) -> None:
        """Let another member have a case that somebody has taken."""
        case, now = self.cases[conversation], datetime.now(UTC)

        async def work(connection: AsyncConnection) -> None:
            (other,) = [one.id for one in await Staff(connection).all() if one.login == login]
            holder = (await Escalations(connection).get(case)).staff_id
            assert holder is not None
            await ownership.release(connection, case, holder, now)
            await ownership.take(connection, case, other, now)

        self.write(work)

    def said(self, conversation: int) -> list[str]:
        """What staff have said to the customer."""

        async def work(connection: AsyncConnection) -> list[str]:
            messages = await Conversations(connection).history(conversation, limit=100)
            return [one.text for one in messages if one.author.startswith("staff:")]

        return self.write(work)

    def empty(self) -> None:
        """End the cases that were put into it and are still open."""

        async def work(connection: AsyncConnection) -> None:
            for case in self.cases.values():
                if (await Escalations(connection).get(case)).state in ("waiting", "taken"):
                    await ownership.end(connection, case, 1, datetime.now(UTC), owner="closed", force=True)

        self.write(work)
