"""A member of staff at a page, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot.conversation.texts import Texts
from bot.staff import console
from bot.staff.console.frame import Visit
from bot.staff.console.words import Words
from storage.staff import StaffMember


@dataclass
class Visitor:
    """Somebody at a page; `here` is who they are found to be when it is looked at again."""

    member: StaffMember
    here: StaffMember | None = None
    left: list[None] = field(default_factory=list)
    """One for each time that the page sent them to the sign-in page."""

    def __post_init__(self) -> None:
        self.here = self.member

    async def _look(self) -> StaffMember | None:
        return self.here

    async def _leave(self) -> None:
        self.left.append(None)

    def visit(self) -> Visit:
        """What a page is given, in English."""
        return Visit(
            member=self.member,
            words=Words(Texts.load(package=console.__name__), "en"),
            zone=ZoneInfo("UTC"),
            demo=False,
            still=self._look,
            use=self._look,
            leave=self._leave,
            sign_out=self._leave,
            switch_language=lambda: None,
        )
