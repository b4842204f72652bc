"""Which messages may not have been understood, and what is kept of where they were said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.conversation.answer import Answer, HandOver
from bot.conversation.routing import Reading
from bot.conversation.turn import Turn
from nlu.acts import Acts, DialogueState
from nlu.types import Understanding

NO_WISH = ("greeting", "menu", "talk", "human", "danger")
"""Skills whose answers leave nothing to be understood: a person who comes after them tells nothing of the bot."""
_UNPLEASED = frozenset({"asked", "upset", "complaint"})
"""Reasons for a person that may lie in what the bot had answered before."""
_ASKED_BACK = "clarify"
_RATHER = 0.5
_MOST_TASKS = 4


def why(turn: Turn, reading: Reading, skills: Sequence[str], answer: Answer) -> str | None:
    """Why a message may not have been understood, one of `storage.missed.WHY`; None where nothing tells so.

    Args:
        turn: as it was before the answer.
        reading: what was read of it.
        skills: that answered.
        answer: all that they say together.
    """
    if reading.whole is None:
        return None
    memory = answer.memory or turn.memory
    gave_up = "fallback" in skills and answer.hand_over is not None and answer.hand_over.reason in _UNPLEASED
    if memory.misses > turn.memory.misses or gave_up:
        asked = memory.pending is not None and memory.pending.kind == _ASKED_BACK
        return "asked_back" if asked and answer.hand_over is None else "unclear"
    return "repeated" if answer.again else None


def tells_of_before(over: HandOver | None) -> bool:
    """Whether a person is wanted for what the bot may have misunderstood before."""
    return over is not None and over.reason in _UNPLEASED


def summary(reading: Reading) -> dict[str, Any] | None:
    """What staff, reports and later lessons need of what was read; None where nothing was."""
    whole = reading.whole
    if whole is None:
        return None
    kept = {**_meaning(whole), "acts": likely(whole.acts), "where": _where(reading.where)}
    return {name: value for name, value in kept.items() if name not in ("acts", "where") or value}


def _meaning(whole: Understanding) -> dict[str, Any]:
    return {
        "intents": [[score.intent, round(float(score.probability), 4)] for score in whole.intents[:3]],
        "sentiment": whole.sentiment.value,
        "strength": round(float(whole.sentiment_strength), 3),
        "urgent": bool(whole.urgent),
        "understood": bool(whole.understood),
        "language": whole.language,
        "words": [[word.word, round(float(word.contribution), 3)] for word in whole.deciding_words[:5]],
    }


def likely(acts: Acts) -> list[str]:
    """What a message rather does than not."""
    return [act.value for act, probability in acts.acts.items() if probability >= _RATHER]


def _where(state: DialogueState) -> dict[str, Any]:
    """Where a message was said, as `nlu/corpus/dialogues` writes it; orders by their places, and not their numbers."""
    kept = {
        "asked": _asked(state),
        "tasks": list(state.tasks[:_MOST_TASKS]),
        "filed": list(state.filed[:_MOST_TASKS]),
        "shown": [
            f"{one.kind}{f' {place}' if one.number else ''}: {one.text}"
            for place, one in enumerate(state.shown, start=1)
        ],
    }
    return {name: value for name, value in kept.items() if value}


def _asked(state: DialogueState) -> str:
    question = state.question
    if question is None:
        return ""
    if question.slot in ("", "meaning"):
        return f"{question.kind} {question.task or question.slot}".strip()
    return f"{question.kind} {question.task}.{question.slot}"
