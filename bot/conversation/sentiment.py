"""What a customer's mood adds to an answer: a word of regret, and the offer of a person when it stays negative."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.turn import Turn
from nlu.types import Sentiment, Understanding

# So many negative messages in a row are more than a bad mood.
_UPSET = 2
_STRONG = 0.5


def answered(turn: Turn, regrets: bool, answer: Answer) -> Answer:
    """The answer to a message, with what its mood adds.

    Args:
        turn: with the message understood.
        regrets: whether a word of regret may stand before this answer.
        answer: to what was said.
    """
    whole = turn.understanding
    if whole is None:
        return answer
    memory = answer.memory or turn.memory
    negatives = _negatives(memory, whole)
    answer = replace(answer, memory=replace(memory, negatives=negatives))
    if whole.sentiment is not Sentiment.NEGATIVE or answer.hand_over is not None:
        return answer
    if answer.text and whole.sentiment_strength >= _STRONG and regrets and not turn.memory.negatives:
        answer = replace(answer, text=f"{turn.say('sorry-first')}{answer.text}")
    if negatives < _UPSET or _offers_person(answer) or turn.in_queue:
        return answer
    return replace(answer, buttons=(*answer.buttons, *turn.human))


def _offers_person(answer: Answer) -> bool:
    return any(button.action == "human:ask" for line in answer.buttons for button in line)


def _negatives(memory: Memory, whole: Understanding) -> int:
    if whole.sentiment is Sentiment.NEGATIVE:
        return memory.negatives + 1
    return 0 if whole.sentiment is Sentiment.POSITIVE else max(0, memory.negatives - 1)
