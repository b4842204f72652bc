"""What the chat shows of the shop: its name and look, the bot's name, and what a visitor may want to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.channels.web.look import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopfront:
    """The shop as its visitors see it; texts are by language."""

    names: Mapping[str, str]
    bot_names: Mapping[str, str] = field(default_factory=dict)
    look: Look = field(default_factory=Look)
    questions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Shown as buttons to whoever has not written yet, and sent as if typed."""
    is_demo: Callable[[], bool] = lambda: False
    """The page says that this is a demonstration."""

    def facts(self) -> dict[str, Any]:
        """What the page is told with each welcome."""
        questions = {language: list(asked) for language, asked in self.questions.items()}
        return {
            "shop": dict(self.names),
            "bot": dict(self.bot_names),
            "demo": self.is_demo(),
            "questions": questions,
        }
