"""What a skill gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from zlib import crc32

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.memory import Memory
from bot.messages import Button, Card

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The conversation should go to a person."""

    reason: str
    priority: int = 1
    """0 is the most urgent; `ownership.DANGER` stands above it."""
    told: bool = False
    """The answer itself says what there is to say of it."""


Effect = Callable[[AsyncConnection], Awaitable["Answer | None"]]
"""What a skill puts off to the transaction that commits the message: it writes, and where only the transaction can
know the answer (a code, a proof), gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a skill gives back."""

    text: str = ""
    buttons: Rows = ()
    cards: tuple[Card, ...] = ()
    memory: Memory | None = None
    """The memory afterwards; None leaves it as it was."""
    language: str | None = None
    """Set when the customer chose another language."""
    hand_over: HandOver | None = None
    lacks: bool = False
    """What was asked isn't known, and it says that, or what comes nearest: what the shop's pages say goes before it."""
    tells_nothing: bool = False
    """It only asks what is meant, or says that nothing is known: what the pages are likely to state takes its place."""
    again: bool = False
    """The same was said before, and these are other words for that."""
    leaves_queue: bool = False
    """The customer doesn't want to wait for a person any more."""
    effects: tuple[Effect, ...] = ()
    """Run in order, in the transaction; an answer that one of them gives takes the place of this one."""

    @property
    def mark(self) -> int:
        """Check sum of what it says."""
        shown = "\n".join(card.title for card in self.cards)
        return crc32(f"{self.text}\n{shown}".encode())

    async def settled(self, connection: AsyncConnection) -> Answer:
        """Run the effects; the answer that holds then has none."""
        answer = replace(self, effects=())
        for effect in self.effects:
            given = await effect(connection)
            if given is not None:
                answer = await given.settled(connection)
        return answer

    def changed(self, change: Callable[[Answer], Answer]) -> Answer:
        """This answer, or the one that its effects will give, changed."""
        if not self.effects or self.text or self.cards:
            return change(self)

        async def later(connection: AsyncConnection) -> Answer:
            return change(await self.settled(connection))

        return Answer(effects=(later,))


def row(*buttons: Button) -> Rows:
    """One row of buttons."""
    return (buttons,) if buttons else ()


def column(*buttons: Button) -> Rows:
    """One button a row."""
    return tuple(line for item in buttons for line in row(item))
