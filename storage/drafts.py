"""What skills in shadow mode would have said, what staff say of that and of the understanding, and the switches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, insert, select, update

from storage.errors import Conflict, NotFound
from storage.repository import Repository, columns_of
from storage.schema import conversation, correction, draft, message, skill_switch
from storage.upsert import upsert

MODES = ("on", "off", "shadow")
VERDICTS = ("agreed", "edited", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer that was not sent."""

    id: int
    conversation_id: int
    message_id: int
    """The customer's message it answers."""
    skill: str
    reply: Mapping[str, Any]
    """As `bot.messages.dump_reply` writes it."""
    created_at: datetime
    verdict: str | None
    staff_id: int | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How often staff agreed with one skill's drafts."""

    skill: str
    drafts: int
    judged: int
    agreed: int
    edited: int
    rejected: int

    @property
    def rate(self) -> float | None:
        """Share of judged drafts that were sent unchanged; None before the first judgement."""
        return self.agreed / self.judged if self.judged else None


class Drafts(Repository):
    """Drafts for staff."""

    async def add(
        self, conversation_id: int, message_id: int, skill: str, reply: Mapping[str, Any], now: datetime
    ) -> int:
        """Keep a draft and return its id."""
        return await self._add(
            draft,
            conversation_id=conversation_id,
            message_id=message_id,
            skill=skill,
            reply=dict(reply),
            created_at=now,
        )

    async def of_conversation(self, conversation_id: int) -> list[Draft]:
        """Drafts of a conversation that nobody has judged, newest first."""
        theirs = select(draft).where(draft.c.conversation_id == conversation_id, draft.c.verdict.is_(None))
        return await self._list(Draft, theirs.order_by(draft.c.id.desc()))

    async def judge(self, draft_id: int, verdict: str, staff_id: int, now: datetime) -> None:
        """Keep what a person thought of a draft; once.

        Raises:
            Conflict: it was judged already.
        """
        if verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}, not {verdict!r}")
        if not await self._changed(
            update(draft)
            .where(draft.c.id == draft_id, draft.c.verdict.is_(None))
            .values(verdict=verdict, staff_id=staff_id, decided_at=now)
        ):
            raise Conflict("somebody judged this draft first")

    async def agreement(self) -> list[Agreement]:
        """Agreement per skill, by the skill's name."""

        def count(verdict: str) -> Any:
            return func.coalesce(func.sum(case((draft.c.verdict == verdict, 1), else_=0)), 0).label(verdict)

        return await self._list(
            Agreement,
            select(
                draft.c.skill,
                func.count().label("drafts"),
                func.count(draft.c.verdict).label("judged"),
                *(count(verdict) for verdict in VERDICTS),
            )
            .group_by(draft.c.skill)
            .order_by(draft.c.skill),
        )


class SkillSwitches(Repository):
    """Which skills are on, off, or in shadow; one without a switch is on."""

    async def all(self) -> dict[str, str]:
        """Mode by skill, for the skills that were ever switched."""
        return await self._pairs(select(skill_switch.c.skill, skill_switch.c.mode))

    async def set(self, skill: str, mode: str, now: datetime) -> None:
        """Switch a skill."""
        if mode not in MODES:
            raise ValueError(f"a skill is one of {', '.join(MODES)}, not {mode!r}")
        await upsert(self._connection, skill_switch, [{"skill": skill, "mode": mode, "updated_at": now}])


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One message and what it meant."""

    message_id: int
    text: str
    label: str
    """An intent; empty where `act` is said."""
    act: str | None
    """What it does to what the bot asked."""
    staff_id: int | None
    at: datetime


class Corrections(Repository):
    """At most one a message: the latest says how it stands."""

    async def put(
        self,
        message_id: int,
        label: str = "",
        *,
        staff_id: int,
        now: datetime,
        text: str | None = None,
        act: str | None = None,
    ) -> None:
        """Say what a customer's message meant.

        Args:
            message_id: of the message.
            label: an intent; empty where `act` is said.
            staff_id: who says so.
            now: when.
            text: what is kept of the message, by default all.
            act: what it does to what the bot asked.

        Raises:
            NotFound: there is no such message of a customer, or it has no words (any more).
        """
        said = await self._connection.scalar(
            select(message.c.text).where(message.c.id == message_id, message.c.direction == "in")
        )
        if not said:
            raise NotFound(f"there is no message {message_id} of a customer with words in it")
        await self.drop(message_id)
        await self._connection.execute(
            insert(correction).values(
                message_id=message_id, text=text or said, label=label, act=act, staff_id=staff_id, at=now
            )
        )

    async def drop(self, message_id: int) -> None:
        """Take a correction back, where there is one."""
        await self._connection.execute(delete(correction).where(correction.c.message_id == message_id))

    async def of_conversation(self, conversation_id: int) -> dict[int, str]:
        """Intents by message."""
        return await self._pairs(
            select(correction.c.message_id, correction.c.label)
            .join(message, message.c.id == correction.c.message_id)
            .where(message.c.conversation_id == conversation_id, correction.c.label != "")
        )

    async def of_account(self, account_id: int) -> Sequence[Correction]:
        """Those of one account's messages, oldest first."""
        return await self._list(
            Correction,
            _ALL.join(message, message.c.id == correction.c.message_id)
            .join(conversation, conversation.c.id == message.c.conversation_id)
            .where(conversation.c.account_id == account_id),
        )

    async def all(self) -> Sequence[Correction]:
        """Every correction, of acts too, oldest first."""
        return await self._list(Correction, _ALL)


_ALL = select(*columns_of(correction, Correction)).order_by(correction.c.id)
