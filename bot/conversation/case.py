"""What a case is about, in facts: whoever shows them puts them into words, in the reader's language."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from bot.conversation.turn import Turn
from nlu.types import Understanding

_WORDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """The first things a colleague should see of a conversation that was handed over."""

    wish: str = ""
    """An intent's name."""
    mood: str = ""
    """negative, neutral, positive."""
    urgent: bool = False
    order: str = ""
    words: str = ""
    """The customer's last words."""

    @classmethod
    def of(cls, turn: Turn, understanding: Understanding | None) -> CaseFacts:
        """The wish, the mood, the order, the last words of a turn."""
        words = turn.incoming.text.strip()[:_WORDS]
        order = turn.memory.order or ""
        if understanding is None or understanding.intent is None:
            earlier = turn.memory.intents[0] if turn.memory.intents else ""
            return cls(wish=earlier, order=order, words=words)
        return cls(
            wish=understanding.intent,
            mood=understanding.sentiment.value,
            urgent=understanding.urgent,
            order=order,
            words=words,
        )

    @classmethod
    def read(cls, text: str) -> CaseFacts:
        """What `written` wrote; anything else is taken for the customer's words."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return cls(words=text)

    def written(self) -> str:
        """For the case's `summary` in the store."""
        return json.dumps({name: value for name, value in asdict(self).items() if value}, ensure_ascii=False)
