"""What a message says is not wanted. A wish that stands inside a negation is none, however much its words are those of
that wish: what the refused words mean by themselves is no wish of the message, and refuses what they mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.conversation import filed, phrases
from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import wished_in_words
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Turn
from nlu.acts import Act
from nlu.context.negation import Refused, refused_in
from nlu.types import IntentScore, Understanding

Read = Callable[[Sequence[str]], Awaitable[list[Understanding]]]
"""Understands texts by themselves."""

_MEANT = 0.6
_STILL = 0.4
"""From here on the rest of a message wishes what one of its clauses refuses: "not the tin, cancel the jar"."""
_SAID = 0.9
_CLOSES = frozenset({"affirm", "deny", "thanks", "goodbye", "greeting"})
_BACK = frozenset({"return", "refund"})
_TROUBLES = frozenset(kind.name for kind in REGISTRY.requests if kind.trouble)
_WISHES = frozenset(
    wish
    for wish, name in REGISTRY.tasks_of.items()
    if REGISTRY.tasks[name].request not in _TROUBLES and name != "restock_notice"
)
"""What can be refused: a trouble that is denied is another trouble, and a notice is taken back by its own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heeded:
    """A message, with what it refuses taken out of what it wishes."""

    whole: Understanding
    tasks: frozenset[str] = frozenset()
    """What it says is not to be done; not where only a part of it is meant."""
    denies: bool = False
    """It says that something was never wished."""
    unclear: bool = False
    """What it says besides isn't understood by itself."""
    rest: str = ""
    """What it says besides; empty where it refuses nothing, or nothing else is said."""


async def heeded(whole: Understanding, text: str, read: Read) -> Heeded:
    """Take what a message refuses out of its wishes.

    Args:
        whole: the message as it was read.
        text: its words.
        read: understands texts by themselves.
    """
    clauses = refused_in(text)
    if not clauses:
        return Heeded(whole=whole)
    rest = _without(text, clauses)
    *inner, besides = await read([*(one.text for one in clauses), rest or text])
    wished = _wished(besides, _STILL) if rest else frozenset[str]()
    each = [_wished(one, _MEANT) - wished for one in inner]
    refused = frozenset[str]().union(*each)
    denies = any(one.denies for one in clauses)
    if not refused:
        return Heeded(whole=whole, denies=denies, rest=rest if denies else "")
    says_more = bool(rest) and besides.intent not in TALK and besides.probability >= _STILL
    likely = besides.intents if says_more else (IntentScore(intent="deny", probability=_SAID),)
    known = {score.intent for score in likely}
    intents = (*likely, *(score for score in whole.intents if score.intent not in known))
    acts = replace(
        whole.acts,
        wishes=tuple(wish for wish in whole.acts.wishes if wish.intent not in refused),
        # It takes back what it refuses, and nothing else.
        acts={act: chance for act, chance in whole.acts.acts.items() if act is not Act.WITHDRAWS},
    )
    of_a_part = any(
        value.slot == "item" and one.start <= value.start < one.end
        for one, meant in zip(clauses, each, strict=True)
        if meant
        for value in whole.acts.slots
    )
    if of_a_part:
        # What is refused of one thing may be wished of the other: the reader knows better what that does.
        return Heeded(whole=whole)
    return Heeded(
        whole=replace(whole, intents=_ranked(intents, refused), acts=acts),
        tasks=frozenset(REGISTRY.tasks_of[intent] for intent in refused),
        denies=denies,
        unclear=bool(rest) and not (says_more or phrases.asks(rest) or _closes(besides)),
        rest=rest,
    )


def _closes(read: Understanding) -> bool:
    """Whether words only agree, decline or part."""
    return read.intent in _CLOSES and read.probability >= _STILL


def _without(text: str, clauses: Sequence[Refused]) -> str:
    for one in reversed(clauses):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text.strip(" ,，。.!！;；、~～") if any(map(str.isalnum, text)) else ""


def _wished(read: Understanding, least: float) -> frozenset[str]:
    """The wishes for tasks that words have by themselves."""
    plain = wished_in_words.meant(read)
    likely = {score.intent for score in read.intents if score.probability >= least}
    return frozenset(likely | {plain}) & _WISHES


def _ranked(intents: Sequence[IntentScore], refused: frozenset[str]) -> tuple[IntentScore, ...]:
    left = [score for score in intents if score.intent not in refused]
    return tuple(sorted(left, key=lambda score: -score.probability))


async def let_go(turn: Turn, said: Heeded) -> Answer | None:
    """Let go of what a message refuses: what is asked about, under way, or asked of the shop in this conversation; None
    where none of that is."""
    pending, memory = turn.memory.pending, turn.memory
    asked = pending.data.get("task", "") if pending is not None else ""
    # Who sends nothing back wants no money back, and the other way round.
    tasks = said.tasks | (_BACK if said.tasks & _BACK else frozenset())
    under_way = [one.name for one in memory.tasks if one.name in tasks]
    if under_way or asked in tasks:
        for name in under_way:
            memory = memory.without_task(name)
        return Answer(text=turn.say("cancel-kept"), memory=memory.settled())
    if turn.does(Act.CORRECTS) or turn.does(Act.ADDS):
        # What was asked of the shop is put right, and not taken back.
        return None
    meant = [one.request for one in memory.filed if one.task in tasks]
    latest = [one.request for one in memory.filed[:1] if said.denies and not meant]
    return await filed.refused(turn, (*meant, *latest), plainly=bool(meant) and not said.unclear)
