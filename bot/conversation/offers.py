"""Buttons are questions, too: what one does is done by its label, written, and by a yes to what it offers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.memory import Offered
from bot.conversation.read_message import first_clause
from bot.conversation.skills import wished_in_words
from bot.conversation.turn import Task, Turn
from nlu.acts import Act, DialogueState, Question
from nlu.context.negation import refused_in
from nlu.types import Understanding

_NOTICE = "restock:"
"""Begins the action of the button that asks to be told when something is back."""
_SURELY = 0.8
_RATHER = 0.5
_AGREES = 0.3
_ONE_WORD = 2
"""Characters of a Chinese label up to which it may be said of anything."""
_BESIDES = 2
"""Words beside those of a label."""
_WORD = re.compile(r"[a-z]{3,}|[\u4e00-\u9fff]{2}")
_BETWEEN = re.compile(r"[\s,，.。!！~～、]+")
_NOTED = frozenset({
    "ok", "okay", "k", "kk", "alright", "fine", "great", "good", "right", "cool", "i", "see", "got", "it", "thanks",
    "thx", "thank", "you", "ta", "cheers", "好", "好的", "好吧", "好滴", "好嘞", "嗯", "嗯嗯", "哦", "噢", "喔",
    "知道了", "明白", "明白了", "了解", "收到", "谢谢", "行吧",
})  # fmt: skip
"""A message of these says that something was read, and agrees to nothing."""


def written(turn: Turn) -> str:
    """The action of a shown button whose label a message is, or of one of the last answer's of which it says each word
    and little else; empty where it is none."""
    said = _bare(turn.text)
    notices = (one.action for one in turn.memory.offered if one.action.startswith(_NOTICE))
    if wished_in_words.takes_notice(turn.text) and (notice := next(notices, "")):
        return notice
    if not (" " in said or (not said.isascii() and len(said) > _ONE_WORD)) or refused_in(turn.text):
        return ""
    words = said.split()
    for one in turn.memory.offered:
        label = _bare(one.label)
        held = set(label.split()) <= set(words) and len(words) <= len(label.split()) + _BESIDES
        if label == said or (one.latest and held and len(label.split()) > 1):
            return one.action
    return ""


def _bare(text: str) -> str:
    return text.casefold().replace("’", "").replace("'", "").strip(" .!。！~～")


async def pressing(turn: Turn) -> Turn:
    """The turn as if a button were pressed in place of what was said: that tells nothing of what is wished."""
    return replace(await turn.about(""), understanding=None)


def without_notes(text: str) -> tuple[str, str]:
    """The first clause of a message that says more than that something was read, and what follows it: "right, do that
    please" agrees with its second. All of the message where no clause says more."""
    lead, rest = first_clause(text)
    while rest and _only_notes(lead):
        lead, rest = first_clause(rest)
    return lead, rest


async def agreed_to(turn: Turn, where: DialogueState, lead: str) -> str:
    """The action of the button that a message takes, where the last answer offered to do something; empty for none.

    Args:
        turn: of the message.
        where: where the conversation stands; the bot asks nothing else.
        lead: its first clause, or all of it.
    """
    offers = [(one, task) for one in turn.memory.offered if one.latest and (task := _task(turn, one))]
    if turn.memory.pending is not None or not offers or _only_notes(lead):
        return ""
    alone = await turn.read(lead, DialogueState())
    named = [pair for pair in offers if _is_named(lead, pair[0], [one for one, _ in offers])]
    wished = _wished(turn, alone)
    meant = [pair for pair in offers if pair[1].name in wished] or named or offers
    if alone is None or len(meant) != 1:
        return ""
    offer, task = meant[0]
    asked = replace(where, question=Question(kind="offer", task=task.name))
    read = await turn.read(lead, asked)
    yes = read.acts.probability(Act.YES) if read is not None else 0.0
    says = any(one.intent == "affirm" and one.probability >= _AGREES for one in alone.intents)
    agrees = yes >= (_RATHER if meant is named else _SURELY) and (says or meant is named)
    return offer.action if agrees else ""


def _task(turn: Turn, offer: Offered) -> Task | None:
    """What a button has the shop do; None where it only shows something, or asks for a person."""
    name, _, rest = offer.action.partition(":")
    skill = turn.skills.by_action.get(name)
    return turn.skills.own_task(skill.name, rest.partition(":")[0]) if skill is not None else None


def _wished(turn: Turn, read: Understanding | None) -> frozenset[str]:
    wishes = read.acts.wishes if read is not None else ()
    return frozenset(turn.skills.tasks_of[one.intent] for one in wishes if one.intent in turn.skills.tasks_of)


def _is_named(text: str, offer: Offered, others: Sequence[Offered]) -> bool:
    """Whether a text has a word of a button's label that no other button has."""
    of_others = {word for one in others if one is not offer for word in _words(one.label)}
    return bool((_words(offer.label) - of_others) & _words(text))


def _words(text: str) -> frozenset[str]:
    lower = text.casefold()
    return frozenset(found[0] for start in range(2) for found in _WORD.finditer(lower, start))


def _only_notes(text: str) -> bool:
    words = _BETWEEN.split(text.casefold().strip())
    return all(word in _NOTED for word in words if word)
