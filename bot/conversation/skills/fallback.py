"""Honest answers for what was not understood, can't be read, or is switched off; a person, and complaints."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation import phrases
from bot.conversation.memory import Pending
from bot.conversation.skills import which_order
from bot.conversation.turn import Answer, HandOver, Skill, Turn, column

# Which of two meanings: said with anything else, a place is one in another list.
_BARE = re.compile(
    r"^\s?(我?(是)?(说的?是|指的?是?|选|要)|就|是|(i )?(mean|meant)\b)?\s?(the\s)?"
    r"(第\s?[一二三四五1-5]|first|second|third|fourth|fifth|(number|option|no\.?)\s?[1-5]|[1-5一二三四五]|最后(一)?|last)"
    r"\s?(one|个|种|项|条)?\s?(吧|的|,?\s?please)?\s?[.。!！]*+\s?$",
    re.IGNORECASE,
)
_STRONG = 0.5
_BEYOND = 0.5
_MEDIA = {"photo": "picture", "video": "picture", "document": "file", "location": "place"}


def ask_back(turn: Turn, intents: tuple[str, ...]) -> Answer:
    """Ask once with the likeliest meanings; the second time offer a person."""
    memory = replace(turn.memory, misses=turn.memory.misses + 1)
    whole = turn.understanding
    if whole is not None and turn.negative and whole.sentiment_strength >= _STRONG:
        return _upset(turn.remembering(memory), urgent=whole.urgent)
    beyond = whole is not None and whole.intent == "out_of_scope" and whole.probability >= _BEYOND
    if beyond and not intents:
        offered = turn.human if memory.misses > 1 else ()
        return Answer(text=turn.say("out-of-scope"), buttons=offered, memory=memory.settled())
    if memory.misses > 1:
        return Answer(text=turn.say("unclear-again"), buttons=turn.human, memory=memory.settled())
    if not intents:
        return Answer(text=turn.say("unclear"), memory=memory.settled())
    labels = [turn.say(f"ask-{intent}") for intent in intents]
    text_id = "ask-back-two" if len(labels) > 1 else "ask-back-one"
    names = dict(zip(("first", "second"), labels, strict=False))
    buttons = [turn.button(f"ask-{intent}", f"ask:{intent}") for intent in intents]
    kept = {"text": turn.text[:500], "intents": ",".join(intents)}
    return Answer(
        text=turn.say(text_id, **names),
        buttons=(*column(*buttons), *turn.human),
        memory=memory.asking("clarify", **kept),
    )


def _upset(turn: Turn, *, urgent: bool) -> Answer:
    """Somebody is angry and it isn't clear what about: nobody wants to hear "I don't understand" then."""
    if (urgent and turn.memory.negatives) or turn.memory.misses > 1:
        return Answer(text=turn.say("complaint"), hand_over=HandOver(reason="upset", priority=0))
    return Answer(text=turn.say("unclear-upset"), buttons=turn.human, memory=turn.memory.settled())


def chosen(turn: Turn, pending: Pending) -> str | None:
    """Which of the offered meanings an answer in words picks, if it does."""
    intents = [intent for intent in pending.data.get("intents", "").split(",") if intent]
    place = phrases.ordinal(turn.text) if _BARE.match(turn.text) else None
    if place is not None and place < len(intents):
        return intents[place]
    whole = turn.understanding
    if whole is None or not intents:
        return None
    if len(intents) == 1 and turn.affirms:
        return intents[0]
    said = turn.text.strip().casefold()
    for intent in intents:
        if turn.say(f"ask-{intent}").casefold() == said:
            return intent
    return None


async def media(turn: Turn) -> Answer:
    """Pictures, stickers, voice notes and other things without words: say honestly what can't be read, and what
    would help; one answer for a whole album."""
    sent = turn.incoming.media
    memory = replace(turn.memory, album=turn.incoming.album or turn.memory.album)
    if sent is None:
        return Answer(text=turn.say("media-other"), buttons=turn.human, memory=memory)
    if sent.kind == "sticker":
        return replace(await _sticker(turn, sent.emoji or ""), memory=memory)
    if sent.kind in ("voice", "audio"):
        return Answer(text=turn.say("media-voice"), buttons=turn.human, memory=memory)
    picture = sent.kind in ("photo", "video")
    waiting = await which_order.picture_of(turn) if picture else None
    if waiting is not None:
        return replace(waiting, memory=replace(waiting.memory or memory, album=memory.album))
    if turn.memory.order is not None and picture:
        return Answer(text=turn.say("media-picture-kept"), buttons=turn.human, memory=memory)
    text = turn.say(f"media-{_MEDIA.get(sent.kind, 'other')}")
    return Answer(text=text, buttons=turn.human, memory=memory)


async def _sticker(turn: Turn, emoji: str) -> Answer:
    feeling = phrases.mood(emoji)
    if feeling == "sad":
        return await wordless(replace(turn, incoming=replace(turn.incoming, text=emoji)))
    return Answer(text=turn.say("emoji-glad" if feeling == "glad" else "emoji-none"))


async def wordless(turn: Turn) -> Answer:
    """A message of emoji, punctuation or nothing at all."""
    feeling = phrases.mood(turn.incoming.text)
    if feeling == "glad":
        return Answer(text=turn.say("emoji-glad"), memory=turn.memory)
    if feeling == "sad":
        return Answer(text=turn.say("emoji-sad"), buttons=turn.human)
    return Answer(text=turn.say("emoji-none" if turn.incoming.text.strip() else "nothing-written"))


def stale(turn: Turn) -> Answer:
    """A button of an old keyboard, or one that was never ours."""
    return Answer(text=turn.say("button-stale"))


async def _human(turn: Turn) -> Answer:
    urgent = turn.understanding is not None and turn.understanding.urgent
    priority = 0 if urgent and turn.negative else 1
    return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="asked", priority=priority))


async def _complaint(turn: Turn) -> Answer:
    return Answer(
        text=turn.say("complaint"),
        memory=turn.memory.settled(),
        hand_over=HandOver(reason="complaint", priority=0),
    )


SKILLS = (
    Skill(
        name="human",
        answer=_human,
        intents=("human_agent",),
        actions=("human",),
        commands=("human", "agent"),
        regrets=False,
        always=True,
    ),
    Skill(name="complaint", answer=_complaint, intents=("complaint",), regrets=False),
)
