"""Each skill's switch and how often staff agreed with its drafts, for the console and the command line alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.turn import Skill
from bot.staff.roles import SWITCHING, permitted
from kernel.times import utc_now
from storage import NotFound, Store
from storage.audit import Audit
from storage.drafts import MODES, Agreement, Drafts, SkillSwitches
from storage.staff import StaffMember


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillState:
    """A skill's switch, and what staff thought of its drafts."""

    skill: Skill
    mode: str
    """on, off or shadow."""
    agreement: Agreement | None
    """None where it has drafted nothing."""


class SkillToggles:
    """The switches of all skills."""

    def __init__(
        self, store: Store, skills: Iterable[Skill], *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """Wire it up; `skills` are all there are, in the order in which they are shown."""
        self._store = store
        self._skills = {skill.name: skill for skill in skills}
        self._clock = clock

    async def skills(self) -> list[SkillState]:
        """Every skill."""
        async with self._store.read() as connection:
            modes = await SkillSwitches(connection).all()
            agreements = {one.skill: one for one in await Drafts(connection).agreement()}
        return [
            SkillState(
                skill=skill,
                mode="on" if skill.always else modes.get(skill.name, "on"),
                agreement=agreements.get(skill.name),
            )
            for skill in self._skills.values()
        ]

    async def set(self, member: StaffMember, name: str, mode: str) -> None:
        """Switch a skill; it holds within seconds in every replica.

        Raises:
            NotAllowed: the member's role is another.
            storage.NotFound: there is no such skill.
            ValueError: there is no such mode, or the skill can't be switched.
        """
        if mode not in MODES:
            raise ValueError(f"a skill is one of {', '.join(MODES)}, not {mode!r}")
        skill = self._skills.get(name)
        if skill is None:
            raise NotFound(f"there is no skill {name!r}; `liuke skills list` shows them")
        if skill.always:
            raise ValueError(f"{name} is always on")
        now = self._clock()

        async def work(connection: AsyncConnection) -> None:
            await SkillSwitches(connection).set(name, mode, now)
            await Audit(connection).add(f"staff:{member.id}", f"skill_{mode}", f"skill:{name}", {}, now)

        await self._store.write(permitted(member, SWITCHING, work))
