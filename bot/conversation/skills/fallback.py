"""Honest answers for what was not understood, can't be read, or is switched off."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.conversation.memory import Pending
from bot.conversation.turn import Answer, HandOver, Turn, column, row

_ORDINALS = {
    "一": 0, "1": 0, "first": 0, "one": 0,
    "二": 1, "两": 1, "2": 1, "second": 1, "two": 1,
    "三": 2, "3": 2, "third": 2, "three": 2,
    "四": 3, "4": 3, "fourth": 3, "four": 3,
    "五": 4, "5": 4, "fifth": 4, "five": 4,
}  # fmt: skip
_ORDINAL = re.compile(
    r"第\s*([一二三四五1-5])|\b(first|second|third|fourth|fifth)\b|(?:number|option|no\.?)\s*([1-5])\b"
    r"|^\s*([1-5一二三四五])\s*[.。!！]?\s*$",
    re.IGNORECASE,
)
# Which of two meanings: said with anything else, a place is one in another list.
_BARE = re.compile(
    r"^\s*(我?(是)?(说的?是|指的?是?|选|要)|就|是|(i )?(mean|meant)\b)?\s*(the\s+)?"
    r"(第\s*[一二三四五1-5]|first|second|third|fourth|fifth|(number|option|no\.?)\s*[1-5]|[1-5一二三四五]|最后(一)?|last)"
    r"\s*(one|个|种|项|条)?\s*(吧|的|,?\s*please)?\s*[.。!！]*\s*$",
    re.IGNORECASE,
)
_LAST = re.compile(r"最后(一)?(个|款|件|单)|\bthe last( one)?\b|后(面)?(那|一)(个|款|件)", re.IGNORECASE)
_FELT = 0.5
_BEYOND = 0.5
_GLAD = set("😀😃😄😁😊🙂😍🥰😘👍👏🙏❤💕🌹🎉😂🤣😆🥳👌💪😋✨")
_SAD = set("😡🤬😠👎😤😞😢😭😣😖😩😫💔🙁☹😔😒🙄")


def ordinal(text: str) -> int | None:
    """Which of several is meant by "the second one" or "第二个": 0 is the first, -1 the last."""
    found = _ORDINAL.search(text)
    if found is not None:
        return _ORDINALS[next(group for group in found.groups() if group).lower()]
    return -1 if _LAST.search(text) else None


def mood(text: str) -> str:
    """glad, sad or none: what emoji without words say."""
    characters = set(text)
    if characters & _SAD:
        return "sad"
    return "glad" if characters & _GLAD else "none"


def ask_back(turn: Turn, intents: tuple[str, ...]) -> Answer:
    """Ask once with the likeliest meanings; the second time offer a person."""
    memory = replace(turn.memory, misses=turn.memory.misses + 1)
    human = turn.button("button-human", "human:ask")
    whole = turn.understanding
    if whole is not None and turn.negative and whole.sentiment_strength >= _FELT:
        return _upset(turn.remembering(memory), urgent=whole.urgent)
    beyond = whole is not None and whole.intent == "out_of_scope" and whole.probability >= _BEYOND
    if beyond and not intents:
        offered = row(human) if memory.misses > 1 else ()
        return Answer(text=turn.say("out-of-scope"), buttons=offered, memory=memory.settled())
    if memory.misses > 1:
        return Answer(text=turn.say("unclear-again"), buttons=row(human), memory=memory.settled())
    if not intents:
        return Answer(text=turn.say("unclear"), memory=memory.settled())
    labels = [turn.say(f"ask-{intent}") for intent in intents]
    text_id = "ask-back-two" if len(labels) > 1 else "ask-back-one"
    names = dict(zip(("first", "second"), labels, strict=False))
    buttons = [turn.button(f"ask-{intent}", f"ask:{intent}") for intent in intents]
    kept = {"text": turn.text[:500], "intents": ",".join(intents)}
    return Answer(
        text=turn.say(text_id, **names),
        buttons=column(*buttons, human),
        memory=memory.asking("clarify", **kept),
    )


def _upset(turn: Turn, *, urgent: bool) -> Answer:
    """Somebody is angry and it isn't clear what about: nobody wants to hear "I don't understand" then."""
    if (urgent and turn.memory.negatives) or turn.memory.misses > 1:
        return Answer(text=turn.say("complaint"), hand_over=HandOver(reason="upset", priority=0))
    human = row(turn.button("button-human", "human:ask"))
    return Answer(text=turn.say("unclear-upset"), buttons=human, memory=turn.memory.settled())


def chosen(turn: Turn, pending: Pending) -> str | None:
    """Which of the offered meanings an answer in words picks, if it does."""
    intents = [intent for intent in pending.data.get("intents", "").split(",") if intent]
    place = ordinal(turn.text) if _BARE.match(turn.text) else None
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


async def wordless(turn: Turn) -> Answer:
    """A message of emoji, punctuation or nothing at all."""
    feeling = mood(turn.incoming.text)
    if feeling == "glad":
        return Answer(text=turn.say("emoji-glad"), memory=turn.memory)
    if feeling == "sad":
        return Answer(text=turn.say("emoji-sad"), buttons=row(turn.button("button-human", "human:ask")))
    return Answer(text=turn.say("emoji-none" if turn.incoming.text.strip() else "nothing-written"))


def stale(turn: Turn) -> Answer:
    """A button of an old keyboard, or one that was never ours."""
    return Answer(text=turn.say("button-stale"))


def unknown_command(turn: Turn) -> Answer:
    """A command that the bot does not have."""
    return Answer(text=turn.say("command-unknown"))


def switched_off(turn: Turn) -> Answer:
    """The shop has switched this skill off: people do it."""
    return Answer(text=turn.say("skill-off"), buttons=row(turn.button("button-human", "human:ask")))
