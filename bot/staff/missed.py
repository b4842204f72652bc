"""Where the bot fails: turns that it may not have understood, alike ones together, and what staff teach from them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.staff.corrections import asked_before, correct, without_personal_data
from bot.staff.roles import ANSWERING, permitted
from kernel.times import utc_now
from nlu.acts import Act
from nlu.alike import alike
from storage import Store
from storage.missed import MissedTurn, MissedTurns
from storage.staff import StaffMember

DAYS = 30
"""How far back is looked where nothing else is said."""
MOST = 2_000
"""Turns that are looked at, the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A turn without personal data."""

    message_id: int
    conversation_id: int
    at: datetime
    language: str
    why: str
    """One of `storage.missed.WHY`."""
    asked: str
    """What the bot waited for, as `nlu/corpus/dialogues` writes it; empty: nothing."""
    tasks: tuple[str, ...]
    filed: tuple[str, ...]
    shown: tuple[str, ...]
    bot: str
    """What the bot had said before."""
    before: tuple[str, ...]
    """The customer's last messages before, the latest last."""
    say: str
    """The message."""
    read: Mapping[str, float]
    """The likeliest intents."""
    acts: tuple[str, ...]
    """What it was read to do."""
    answered: str
    """What the bot answered."""
    meant: str
    """The intent that staff said; empty: none."""
    act: str
    """What staff said that it does; empty: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Messages that say much the same in answer to the same question."""

    size: int
    taught: int
    """Of how many staff have said what they mean."""
    asked: str
    examples: tuple[Example, ...]
    """Those that nobody has said the meaning of come first, the most typical before others."""


class Missed:
    """Gathers the turns, and takes what staff say of them."""

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._store, self._clock = store, clock

    async def groups(
        self, *, days: int = DAYS, language: str | None = None, examples: int | None = None
    ) -> list[Group]:
        """Groups of turns, the largest first.

        Args:
            days: how far back.
            language: of the conversations; None for all.
            examples: so many of each; None for all.
        """
        async with self._store.read(long=True) as connection:
            turns = await MissedTurns(connection).find(
                self._clock() - timedelta(days=days), limit=MOST, language=language
            )
        # Beside the loop, on which messages are answered.
        return await asyncio.to_thread(_grouped, turns, examples)

    async def taught(self) -> list[Example]:
        """All turns of which staff have said what they mean, oldest first."""
        async with self._store.read(long=True) as connection:
            turns = await MissedTurns(connection).taught()
        return await asyncio.to_thread(lambda: [without_person(turn) for turn in turns])

    async def teach(
        self, member: StaffMember, example: Example, *, intent: str = "", act: Act | None = None
    ) -> None:
        """Say what a message meant: an intent, or what it does to what the bot asked; neither takes it back.

        Raises:
            ValueError: the intent can't be one's name, or both are said.
            storage.NotFound: the message is gone.
        """

        async def work(connection: AsyncConnection) -> None:
            await correct(
                connection,
                member,
                example.message_id,
                example.conversation_id,
                text=example.say,
                label=intent,
                act=act,
                now=self._clock(),
            )

        await self._store.write(permitted(member, ANSWERING, work))


def _grouped(turns: Sequence[MissedTurn], examples: int | None) -> list[Group]:
    asked = [asked_before(turn.understanding) for turn in turns]
    found = []
    for places in alike([(question, turn.text) for question, turn in zip(asked, turns, strict=True)]):
        members = sorted((turns[place] for place in places), key=_is_taught)
        found.append(
            Group(
                size=len(members),
                taught=sum(map(_is_taught, members)),
                asked=asked[places[0]],
                examples=tuple(without_person(turn) for turn in members[:examples]),
            )
        )
    return found


def _is_taught(turn: MissedTurn) -> bool:
    return bool(turn.intent or turn.act)


def without_person(turn: MissedTurn) -> Example:
    """A turn without personal data: 1 to 2 ms."""
    read = turn.understanding or {}
    where = read.get("where") or {}

    def clean(text: str, asked: str = "") -> str:
        return without_personal_data(text, asked, turn.names)

    return Example(
        message_id=turn.message_id,
        conversation_id=turn.conversation_id,
        at=turn.at,
        language="zh" if turn.language == "zh" else "en",
        why=turn.why,
        asked=asked_before(read),
        tasks=tuple(where.get("tasks", ())),
        filed=tuple(where.get("filed", ())),
        shown=tuple(clean(text) for text in where.get("shown", ())),
        bot=clean(turn.bot_said),
        before=tuple(clean(one.text, asked_before(one.understanding)) for one in turn.before),
        say=clean(turn.text, asked_before(read)),
        read={str(intent): float(share) for intent, share in read.get("intents", ())},
        acts=tuple(read.get("acts", ())),
        answered=clean(turn.answered),
        meant=turn.intent,
        act=turn.act or "",
    )
