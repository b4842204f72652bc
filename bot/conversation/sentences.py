"""Sentences of one message that are each complete: something said or wished, and then a question of its own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.conversation import decisions, phrases, tasks
from bot.conversation.answer import Answer
from bot.conversation.memory import Memory
from bot.conversation.routing import Reading
from bot.conversation.skills import pages
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Turn
from nlu.types import Understanding

_BETWEEN = re.compile(r"(?<=[。！？!?；;\n])|(?<=\.)\s")
_MOST = 4
_RATHER = 0.5
_PLAINLY = 0.8
_SAID_FIRST = frozenset({"thanks", "affirm"})
"""Small talk that a question follows."""


async def apart(
    turn: Turn, reading: Reading, read: Callable[[Turn], Awaitable[Reading]]
) -> tuple[tuple[str, Reading], ...]:
    """The sentences to be answered one after the other, with what each was read as; () where the message is one.

    The first has to be small talk, or wish something done; what follows has to ask, and to wish something else.

    Args:
        turn: of the whole message.
        reading: of the whole message.
        read: understands a part of it as the text of such a turn.
    """
    texts = [one.strip() for one in _BETWEEN.split(turn.text) if any(map(str.isalnum, one))]
    if not 1 < len(texts) <= _MOST or len({wish.text for wish, _ in reading.wishes}) > 1 or _asks(texts[0]):
        return ()
    said = [(text, await read(replace(turn, text=text))) for text in texts]
    if not all(_asks(text) or _is_told(turn, one) for text, one in said[1:]):
        return ()
    done = _done(turn, said[0][1])
    if done and not _is_wished(turn, done, reading, said[0][1]):
        return ()
    if done is None or any(done and done == _done(turn, one) for _, one in said[1:]):
        return ()
    return tuple(said)


async def answered(
    turn: Turn,
    parts: Sequence[tuple[str, Reading]],
    say: Callable[[Turn, Reading], Awaitable[tuple[decisions.Decision, ...]]],
) -> tuple[decisions.Decision, ...]:
    """Every answer to sentences that are each complete, in order; what one isn't understood in is named.

    Args:
        turn: of the whole message.
        parts: the sentences, and what each means.
        say: answers one of them.
    """
    done: tuple[decisions.Decision, ...] = ()
    memory = turn.memory
    for text, reading in parts:
        if text != parts[-1][0] and _is_mere_talk(turn, reading):
            continue
        now = replace(turn.remembering(memory), text=text, understanding=reading.whole, shown=reading.shown)
        told = await pages.of_a_request(now) if done else None
        made = await say(now, reading) if told is None else decisions.only("policy", told)
        if done and (made[-1].skill == "fallback" or _opens(made[-1], text)):
            unanswered = Answer(text=turn.say("question-unanswered", question=text), buttons=turn.human)
            made = decisions.only("fallback", unanswered)
        memory = _having_wished(made[-1].answer.memory or memory, reading)
        made = tuple(one for one in made if not decisions.is_said(one, done))
        done = (*(one for one in done if not decisions.is_said(one, made)), *made)
    return done


def _opens(decision: decisions.Decision, text: str) -> bool:
    """Whether a question behind something wished would begin a task: "yes. but the 6.90?" wishes nothing done."""
    memory = decision.answer.memory
    begins = memory is not None and memory.pending is not None and memory.pending.kind in tasks.QUESTIONS
    return begins and phrases.asks(text)


def _having_wished(memory: Memory, reading: Reading) -> Memory:
    """What is kept in mind after a sentence: what it wished is spoken of, though it is done only when all is said."""
    wished = next((wish.intent for wish, _ in reading.wishes if wish.probability >= _RATHER), None)
    return memory.heard(wished)


def _is_mere_talk(turn: Turn, reading: Reading) -> bool:
    """Whether a sentence says nothing that is answered where a question follows: thanks, or a yes to nothing."""
    whole = reading.whole
    return whole is None or (turn.memory.pending is None and _done(turn, reading) == "")


def _asks(text: str) -> bool:
    return phrases.asks(text) or phrases.asks_a_favour(text)


def _is_told(turn: Turn, reading: Reading) -> bool:
    """Whether a sentence wishes to be told something, in whatever words."""
    skills = (
        turn.skills.by_intent.get(wish.intent) for wish, _ in reading.wishes if wish.probability >= _RATHER
    )
    return any(skill is not None and skill.only_tells for skill in skills)


def _done(turn: Turn, reading: Reading) -> str | None:
    """The task that a sentence plainly wishes, "" where it is small talk or a yes; None for any other."""
    whole = reading.whole
    if whole is None:
        return ""
    wished = [wish.intent for wish in whole.acts.wishes if wish.probability >= _PLAINLY]
    tasks = [turn.skills.tasks_of[intent] for intent in wished if intent in turn.skills.tasks_of]
    if tasks:
        return tasks[0]
    return "" if TALK.issuperset(wished) and _is_talk(whole) else None


def _is_wished(turn: Turn, task: str, whole: Reading, part: Reading) -> bool:
    """Whether the task that a sentence wishes is all that the message wishes; where it is read as wishing nothing, the
    sentence has to be a yes, or wish it in its own words, too."""
    of_whole = {wish.intent for wish, _ in whole.wishes if wish.probability >= _RATHER}
    if of_whole:
        return {turn.skills.tasks_of.get(intent, "") for intent in of_whole} == {task}
    alone = part.whole.intents[:1] if part.whole is not None else ()
    return any(one.intent == "affirm" or turn.skills.tasks_of.get(one.intent) == task for one in alone)


def _is_talk(whole: Understanding) -> bool:
    return whole.intent in _SAID_FIRST and whole.probability >= _RATHER
