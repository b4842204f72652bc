"""Whether goods can be somewhere by a day, by what the shop's pages say of delivery: nothing else is promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.conversation.answer import Answer
from bot.conversation.skills import needed, pages
from bot.conversation.turn import Turn
from nlu.products import places
from nlu.products.needs import Need

_DAYS = re.compile(
    r"(?<![\d.月])(?P<low>\d{1,2})\s?(?:(?:[–—~～至到-]|to)\s?(?P<high>\d{1,2}))?\s?"
    r"(?P<unit>(?:个)?工作日|天|日(?!前)|(?:working |business )?days?)",
    re.IGNORECASE,
)
"""How long a page says that something takes; no day of a month."""
_SENTENCE = re.compile(r"(?<=[。！!？?])|(?<=\.)\s|\n")
_UNTIL_SENT = 1
"""Days until it leaves, where it is ordered too late for today."""
_WEEKEND = 2
"""Days that a page need not count."""


@dataclass(frozen=True, slots=True)
class _Takes:
    """How long a page says that the way takes, in days, and the sentence that says it."""

    low: int
    high: int
    text: str
    around: str
    """What is said of it: where to."""


async def line(turn: Turn, need: Need) -> str:
    """What a page says of the way to a place, and whether that is in time; empty where neither is told."""
    if not (need.by or need.place):
        return ""
    passage = await pages.passage_for(turn, turn.say("page-question-delivery_time"))
    found = list(_takes(passage.text)) if passage is not None and passage.language == turn.language else []
    takes = _meant(found, places.region(need.place)) if found else None
    day = date.fromisoformat(need.by) if need.by else None
    if takes is None:
        return turn.say("arrive-unknown", day=_day(turn, day)) if day is not None else ""
    if day is None:
        return turn.say("arrive-says", text=takes.text)
    today = turn.now.astimezone(turn.zone).date()
    if today + timedelta(days=takes.low) > day:
        faster = await _faster(turn)
        text_id = "arrive-late-but" if faster else "arrive-late"
        return turn.say(text_id, day=_day(turn, day), text=takes.text, faster=faster)
    sure = today + timedelta(days=_UNTIL_SENT + takes.high + _WEEKEND) <= day
    return turn.say("arrive-likely" if sure else "arrive-unsure", day=_day(turn, day), text=takes.text)


async def asked_again(turn: Turn) -> Answer | None:
    """Another day, or place, for what is looked for by a day."""
    before = turn.memory.need
    last = turn.memory.intents[0] if turn.memory.intents else ""
    if before is None or not (before.by or before.place) or last not in needed.LOOKS_FOR:
        return None
    now = needed.told(turn)
    if not (now.by or now.place) or not needed.of_delivery(turn):
        return None
    need = needed.needed(turn, now)
    text = await line(turn, need)
    return Answer(text=text, memory=replace(turn.memory, need=need)) if text else None


async def _faster(turn: Turn) -> str:
    """The first sentence of what a page says of a faster way."""
    passage = await pages.passage_for(turn, turn.say("express-question"), at_least=pages.NEAR)
    if passage is None or passage.language != turn.language:
        return ""
    found = next((one.strip() for one in _SENTENCE.split(passage.text) if one.strip()), "")
    return found if any(word in found.lower() for word in ("day", "日", "天")) else ""


def _takes(text: str) -> Iterator[_Takes]:
    for sentence in filter(None, (one.strip() for one in _SENTENCE.split(text))):
        matches = list(_DAYS.finditer(sentence))
        for place, match in enumerate(matches):
            end = matches[place + 1].start() if place + 1 < len(matches) else len(sentence)
            start = matches[place - 1].end() if place else 0
            # In Chinese the place stands before the days, in English after them.
            latin = "day" in match["unit"].lower()
            around = sentence[match.end() : end] if latin else sentence[start : match.start()]
            low = int(match["low"])
            yield _Takes(low, int(match["high"] or low), sentence, around)


def _meant(found: list[_Takes], region: str) -> _Takes | None:
    """What is said of a region, else what is said of none."""
    if region:
        own = [one for one in found if places.speaks_of(one.around, region)]
        if own:
            return own[0]
    return next((one for one in found if not places.named(one.around)), None)


def _day(turn: Turn, day: date) -> str:
    noon = turn.now.astimezone(turn.zone).replace(year=day.year, month=day.month, day=day.day, hour=12)
    return turn.day(noon)
