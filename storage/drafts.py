"""What a skill in shadow mode would have said, what staff thought of it, and each skill's switch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.errors import Conflict
from storage.schema import draft, skill_switch
from storage.upsert import dialect_insert

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
    """As `bot.conversation.codec.dump_reply` writes it."""
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


class Drafts:
    """Drafts for staff."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, conversation_id: int, message_id: int, skill: str, reply: Mapping[str, Any], now: datetime
    ) -> int:
        """Keep a draft and return its id."""
        row = (
            await self._connection.execute(
                insert(draft)
                .values(
                    conversation_id=conversation_id,
                    message_id=message_id,
                    skill=skill,
                    reply=dict(reply),
                    created_at=now,
                )
                .returning(draft.c.id)
            )
        ).one()
        return int(row.id)

    async def of_conversation(self, conversation_id: int, only_open: bool = True) -> list[Draft]:
        """Drafts of a conversation, newest first."""
        query = select(draft).where(draft.c.conversation_id == conversation_id)
        if only_open:
            query = query.where(draft.c.verdict.is_(None))
        rows = await self._connection.execute(query.order_by(draft.c.id.desc()))
        return [Draft(**row._mapping) for row in rows]

    async def judge(self, draft_id: int, verdict: str, staff_id: int, now: datetime) -> None:
        """Keep what a person thought of a draft; once.

        Raises:
            Conflict: it was judged already.
        """
        if verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {', '.join(VERDICTS)}, not {verdict!r}")
        changed = await self._connection.execute(
            update(draft)
            .where(draft.c.id == draft_id, draft.c.verdict.is_(None))
            .values(verdict=verdict, staff_id=staff_id, decided_at=now)
        )
        if changed.rowcount != 1:
            raise Conflict("somebody judged this draft first")

    async def agreement(self) -> list[Agreement]:
        """Agreement per skill, by the skill's name."""

        def count(verdict: str) -> Any:
            return func.coalesce(func.sum(case((draft.c.verdict == verdict, 1), else_=0)), 0).label(verdict)

        rows = await self._connection.execute(
            select(
                draft.c.skill,
                func.count().label("drafts"),
                func.count(draft.c.verdict).label("judged"),
                *(count(verdict) for verdict in VERDICTS),
            )
            .group_by(draft.c.skill)
            .order_by(draft.c.skill)
        )
        return [Agreement(**row._mapping) for row in rows]


class SkillSwitches:
    """Which skills are on, off, or in shadow; one without a switch is on."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def all(self) -> dict[str, str]:
        """Mode by skill, for the skills that were ever switched."""
        rows = await self._connection.execute(select(skill_switch.c.skill, skill_switch.c.mode))
        return {row.skill: row.mode for row in rows}

    async def set(self, skill: str, mode: str, now: datetime) -> None:
        """Switch a skill."""
        if mode not in MODES:
            raise ValueError(f"a skill is one of {', '.join(MODES)}, not {mode!r}")
        values = {"mode": mode, "updated_at": now}
        await self._connection.execute(
            dialect_insert(self._connection, skill_switch)
            .values(skill=skill, **values)
            .on_conflict_do_update(index_elements=["skill"], set_=values)
        )
