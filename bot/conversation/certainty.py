"""How surely a message wishes something that people do: what it is read as where it is said is held against its words
alone, which know nothing of what is on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation import phrases
from bot.conversation.read_message import parts_of
from bot.conversation.turn import Registry
from nlu.acts import Wish
from nlu.intents import INTENTS
from nlu.types import Understanding

_HARDLY = 0.1
_FAIRLY = 0.25
_LIKELIER = 0.5
_STANDS_OUT = 0.6
_RATHER = 0.65
_PLAINLY = 0.8


def is_guessed(skills: Registry, intent: str, read: Understanding, *, placed: bool = True) -> bool:
    """Whether a task that a message is taken to wish is to be asked about before it is done.

    Args:
        skills: whose tasks there are.
        intent: that the message is taken to have.
        read: the words alone, with what they do in their conversation.
        placed: there is something that the message may be about.
    """
    if intent not in skills.tasks_of:
        return False
    if not placed:
        likeliest = [one.probability for one in read.intents[:1] if one.intent == intent]
        wished = [one.probability for one in read.acts.wishes if one.intent == intent]
        return bool(likeliest) and max(likeliest + wished) < _LIKELIER
    wish = next((one for one in read.acts.wishes if one.intent == intent), None)
    if wish is not None:
        return not _is_plain(skills, wish, read)
    return not (_tells_of(skills, intent, read) or _wishes_a_task(skills, read))


def wishes_task(skills: Registry, text: str, wishes: Sequence[Wish]) -> bool:
    """Whether something that only people do is plainly wished where it is said, and nothing asked."""
    plain = any(one.intent in skills.tasks_of and one.probability >= _PLAINLY for one in wishes)
    return plain and not phrases.asks(text)


def _wishes_a_task(skills: Registry, read: Understanding) -> bool:
    return any(one.intent in skills.tasks_of for one in read.acts.wishes)


def _tells_of(skills: Registry, intent: str, read: Understanding) -> bool:
    """Whether words alone rather wish a task and tell something that it needs."""
    task = skills.tasks[skills.tasks_of[intent]]
    needed = {name for slot in task.slots for name in slot.told_by}
    done, _ = _chances(skills, read)
    return done >= _RATHER and any(one.slot in needed for one in read.acts.slots)


def is_asked(skills: Registry, intent: str, read: Understanding | None) -> bool:
    """Whether words that always wish a task are a question that plainly asks to be told something."""
    if intent not in skills.tasks_of or read is None:
        return False
    done, told = _chances(skills, read)
    return _asks(read) and told >= max(_RATHER, done)


def as_asked(skills: Registry, wish: Wish, read: Understanding) -> Wish:
    """A wish for a task, or what its words alone ask to be told where they hardly wish a task at all."""
    done, told = _chances(skills, read)
    known = wish.intent in INTENTS or (told >= wish.probability and wish.probability < _PLAINLY)
    if wish.intent not in skills.tasks_of or not known or done >= _HARDLY or told < _FAIRLY:
        return wish
    return replace(wish, intent=next(one.intent for one in read.intents if _only_tells(skills, one.intent)))


def _is_plain(skills: Registry, wish: Wish, read: Understanding) -> bool:
    """Whether words alone wish a task, too, or a wish that they have no name for stands out and nothing is asked."""
    done, told = _chances(skills, read)
    if wish.intent in INTENTS:
        return done >= _RATHER or (wish.probability >= _PLAINLY and done >= told)
    return wish.probability >= _STANDS_OUT and not (_asks(read) and told >= max(_FAIRLY, done))


def _asks(read: Understanding) -> bool:
    return any(phrases.asks(part) for part in parts_of(read.text))


def _chances(skills: Registry, read: Understanding) -> tuple[float, float]:
    """How likely words alone wish something of people, and how likely they ask to be told something."""
    done = [one.probability for one in read.intents if one.intent in skills.tasks_of]
    told = [one.probability for one in read.intents if _only_tells(skills, one.intent)]
    return max(done, default=0.0), max(told, default=0.0)


def _only_tells(skills: Registry, intent: str) -> bool:
    skill = skills.by_intent.get(intent)
    return skill is not None and skill.only_tells
