"""What is asked of goods in words that mean one thing, whatever else a message may be taken for: it is answered first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.skills.goods import arriving, sizing, superlatives
from bot.conversation.turn import Turn

_OPEN = frozenset({"clarify", "product", "measures"})
"""Questions of the bot's that what is asked here may leave open."""


async def answered(turn: Turn, modes: Mapping[str, str]) -> tuple[str, Answer] | None:
    """The skill that answers, and its answer; None where a message says no such thing, or answers a question."""
    pending = turn.memory.pending
    if pending is not None and pending.kind not in _OPEN:
        return None
    if modes.get("product", "on") == "on":
        size = await sizing.answered(turn)
        if size is not None:
            return "product", size
    if modes.get("search", "on") == "on":
        again = await arriving.asked_again(turn)
        if again is not None:
            return "search", _heard(turn, again, "product_search")
        best = await superlatives.answered(turn)
        if best is not None:
            return "search", _heard(turn, best, "product_search")
    return None


def _heard(turn: Turn, answer: Answer, intent: str) -> Answer:
    return replace(answer, memory=(answer.memory or turn.memory).heard(intent))
