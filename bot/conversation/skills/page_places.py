"""The place that a question is about, and which entry of the pages speaks of it: an entry that names other places
alone answers nothing of it, one that names what it is part of does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from bot.conversation.turn import Turn
from nlu import areas
from nlu.pages.parts import sentences_of
from nlu.types import Passage

_OF_SENDING = frozenset({"shipping_fee", "shipping_options", "delivery_time"})
_LATIN = re.compile("[a-z]{4,}")
_NEAR = 0.1
"""From this chance on an entry of another page may be the one that speaks of the place."""


def asked_of(turn: Turn) -> frozenset[str]:
    """The areas that a message names, else that were named before, while the pages or sending are spoken of."""
    named = areas.named(turn.text)
    on = turn.memory.topic or _OF_SENDING.intersection((turn.intent, *turn.memory.intents[:1]))
    if not named and on:
        named = areas.named(turn.memory.place)
    return frozenset().union(*(one.areas for one in named))


def nearness(passage: Passage, place: frozenset[str]) -> int | None:
    """How near an entry comes to a place, as `nlu.areas.nearness`."""
    return areas.nearness(f"{passage.title}\n{passage.text}", place)


def there_first(turn: Turn, found: Sequence[Passage]) -> list[Passage]:
    """What was found, the best first; where that speaks of other places than the one asked of, the entry beside it that
    speaks of this has its chance."""
    place, first = asked_of(turn), next(iter(found), None)
    if not place or first is None or not _speaks_of_others(first, place):
        return [_told_of(turn, one, place) for one in found]
    reached = [
        (near, -one.score, one)
        for one in found
        if (one.page == first.page or one.score >= _NEAR) and (near := nearness(one, place)) is not None
    ]
    if not reached:
        return list(found)
    *_, nearest = min(reached, key=lambda one: one[:2])
    others = [
        replace(one, score=nearest.score) if one is first else one for one in found if one is not nearest
    ]
    first_now = _told_of(turn, replace(nearest, score=max(first.score, nearest.score)), place)
    return [first_now, *sorted(others, key=lambda one: -one.score)]


def _speaks_of_others(passage: Passage, place: frozenset[str]) -> bool:
    return nearness(passage, place) is None and bool(areas.named(f"{passage.title}\n{passage.text}"))


def _told_of(turn: Turn, passage: Passage, place: frozenset[str]) -> Passage:
    """An entry whose answer is what it says of a place, where it speaks of several: the sentences that name it most
    nearly, and those that have another word of the question."""
    if not place:
        return passage
    said = [passage.text[start:end] for start, end in sentences_of(passage.text)]
    steps = [areas.nearness(one, place) for one in said]
    nearest = min((step for step in steps if step is not None), default=None)
    if nearest is None or not any(
        step is None and areas.named(one) for step, one in zip(steps, said, strict=True)
    ):
        return passage
    asked = _words(turn.text) - set().union(
        *(_words(turn.text[one.start : one.end]) for one in areas.named(turn.text))
    )
    kept = [one for step, one in zip(steps, said, strict=True) if step == nearest or asked & _words(one)]
    return replace(passage, answer="\n".join(kept), stated=True, placed=True)


def _words(text: str) -> set[str]:
    """The longer Latin words of a text, and each two Chinese characters that stand together."""
    folded = text.casefold()
    pairs = (one + other for one, other in pairwise(folded))
    return set(_LATIN.findall(folded)) | {
        pair for pair in pairs if all("\u4e00" <= one <= "\u9fff" for one in pair)
    }
