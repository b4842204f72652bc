"""What a message tells: its acts, values and what it points at, as they were read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from bot.messages import Incoming
from nlu.acts import Act, Acts, SlotValue
from nlu.entities.corrections import is_denied, is_of_no_order
from nlu.normalise import folded
from nlu.types import Entity, EntityKind, Sentiment, Understanding

ANSWERING = (Act.YES, Act.NO, Act.GIVES, Act.CORRECTS, Act.ADDS, Act.WITHDRAWS)
"""What may be done to a question, to what is under way and to what was asked of the shop."""
_RATHER = 0.5
_SURE = 0.8
_LIKELY = 0.4
NUMBER_SURE = 0.7
"""A number that is found with less may be a price, a house or a year."""
_HARMLESS = frozenset({Act.WAITS, Act.ASKS_ABOUT, Act.ASKS_STATE})
"""Acts that change nothing: they need less to be heard."""

_SENTENCE = re.compile(r"[。！？!?；;\n]+|\.(?=\s|$)")
_CLAUSE = re.compile(r"[。！？!?；;\n，,、]+|\.(?=\s|$)|(?<=[\u4e00-\u9fff])\s|\s(?=[\u4e00-\u9fff])")
_FIRST_END = re.compile(
    r"[。！？!?；;\n，,…]++\s*+|(?<!\.)\.+(?:\s+|$)|(?<=[\u4e00-\u9fff])\s+|(?<!\s)\s+(?=[\u4e00-\u9fff])"
    r"|(?<!\s)\s+[-–—]\s+"
)
_A_WORD = 2
_OF_TAXES = ("vat", "tin", "ein", "gst")


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, without the marks behind them."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def parts_of(text: str) -> list[str]:
    """The clauses of a text, without the marks between them."""
    return [part.strip() for part in _CLAUSE.split(text) if part.strip()]


def first_clause(text: str) -> tuple[str, str]:
    """The first clause of a text and what follows it, if anything."""
    end = next((mark for mark in _FIRST_END.finditer(text) if text[: mark.start()].strip()), None)
    return (text[: end.start()].strip(), text[end.end() :].strip()) if end is not None else (text.strip(), "")


def parts_around(text: str, places: Sequence[tuple[int, int]], ends: re.Pattern[str]) -> list[str]:
    """The parts of a text, between such ends, in which one of the places begins."""
    cuts = [0, *(end.end() for end in ends.finditer(text)), len(text)]
    return [
        text[start:end].strip(" ,，。.、;；")
        for start, end in pairwise(cuts)
        if any(start <= first < end for first, _ in places)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMessage:
    """A message and what was understood of it."""

    incoming: Incoming
    text: str = ""
    """The words to be answered, folded: the message, or the part of it that is this wish."""
    understanding: Understanding | None = None
    shown: tuple[str, ...] = ()
    """What `Acts.pointing` speaks of: ids, in its order."""

    @property
    def said(self) -> str:
        """The whole message, folded, where `text` is a part of it; else `text`, words said before."""
        whole = folded(self.incoming.text)
        return whole if self.text and self.text in whole else self.text

    @property
    def negative(self) -> bool:
        """Whether the message feels bad."""
        return self.understanding is not None and self.understanding.sentiment is Sentiment.NEGATIVE

    @property
    def acts(self) -> Acts:
        """What the message does in the conversation; a button's nothing but what it stands for."""
        return self.understanding.acts if self.understanding is not None else Acts()

    def does(self, act: Act) -> bool:
        """Whether the message rather does this than not."""
        return self.acts.probability(act) >= (_LIKELY if act in _HARMLESS else _RATHER)

    def surely(self, act: Act) -> bool:
        """Whether the message does this plainly enough for something that can't be undone."""
        return self.acts.probability(act) >= _SURE

    @property
    def affirms(self) -> bool:
        """Whether the message says yes to what the bot asked."""
        return self.does(Act.YES)

    @property
    def denies(self) -> bool:
        """Whether the message says no to what the bot asked."""
        return self.does(Act.NO)

    @property
    def answers(self) -> bool:
        """Whether the message rather answers what is asked, or is about what was asked of the shop, than leaves it."""
        aside = self.acts.probability(Act.ASIDE)
        return aside < _RATHER or any(self.acts.probability(act) >= aside for act in ANSWERING)

    @property
    def pointed_at(self) -> tuple[str, ...]:
        """Ids of the things shown that the message means."""
        chances = zip(self.shown, self.acts.pointing.shown, strict=False)
        return tuple(thing for thing, chance in chances if chance >= _RATHER)

    def told(self, *slots: str) -> str:
        """The surest value that the message tells of any of these slots; empty where it tells none."""
        values = [value for value in self.acts.slots if value.slot in slots and value.probability >= _RATHER]
        return max(values, key=lambda value: value.probability).text if values else ""

    def told_each(self, *slots: str) -> tuple[str, ...]:
        """What the message tells of each of these slots, in the order of its words."""
        return tuple(value.text for value in self.surest(*slots))

    def surest(self, *slots: str) -> tuple[SlotValue, ...]:
        """The likeliest value that the message tells of each of these slots, in the order of its words."""
        surest: dict[str, SlotValue] = {}
        for value in self.acts.slots:
            known = surest.get(value.slot)
            if value.slot in slots and value.probability >= _RATHER:
                surest[value.slot] = (
                    value if known is None or value.probability > known.probability else known
                )
        return tuple(
            self._with_number(value) for value in sorted(surest.values(), key=lambda value: value.start)
        )

    def _with_number(self, value: SlotValue) -> SlotValue:
        """How many, with the figures that stand right before a word that counts."""
        before = self.said[: value.start]
        figures = before[len(before.rstrip("0123456789")) :]
        if value.slot != "quantity" or not figures or any(map(str.isdigit, value.text)):
            return value
        return replace(value, text=figures + value.text, start=value.start - len(figures))

    def told_in(self, *slots: str) -> str:
        """What the message tells of these slots; of several values the sentences, since what stands beside a value says
        what it belongs to.

        A value within the name of a product only names it: "exchange the blue ones".
        """
        places = self._places(_RATHER, *slots)
        if len(places) == 1:
            return self.said[slice(*places[0])]
        return " ".join(parts_around(self.said, places, _SENTENCE))

    def told_about(self, *slots: str) -> str:
        """What the message tells of these slots, in the clauses that tell it where a word alone says too little."""
        places = self._places(_RATHER, *slots)
        if not places:
            return ""
        told = self.said[slice(*places[0])]
        if len(places) == 1 and (" " in told or (len(told) > _A_WORD and not told.isascii())):
            return told
        return " ".join(parts_around(self.said, self._places(_LIKELY, *slots), _CLAUSE))

    def _places(self, least: float, *slots: str) -> list[tuple[int, int]]:
        likely = [self._with_number(value) for value in self.acts.slots if value.probability >= least]
        items = [value for value in likely if value.slot == "item"]
        return [
            (value.start, value.end)
            for value in likely
            if value.slot in slots and not any(one.start <= value.start < one.end for one in items)
        ]

    @property
    def order_numbers(self) -> tuple[Entity, ...]:
        """What may be numbers of orders, without those said not to be meant; of two where one puts the other right the
        later one."""
        if self.understanding is None:
            return ()
        text, of_others = self.understanding.text, self.told("phone", "tax_number")
        read = [one for one in self.understanding.entities if one.kind is EntityKind.ORDER_NUMBER]
        denied = {one.value for one in read if is_denied(text, one.start)}
        meant = [
            one
            for one in read
            if one.value not in denied
            and one.text not in of_others
            and not is_of_no_order(text, one.start)
            and not one.text.casefold().startswith(_OF_TAXES)
        ]
        latest = max(meant, key=lambda one: one.start, default=None)
        return (latest,) if latest is not None and self.does(Act.CORRECTS) else tuple(meant)

    @property
    def order_number(self) -> str:
        """The number of the order that the message names, in upper case; empty where it names none."""
        found = next((one.value for one in self.order_numbers if one.score >= NUMBER_SURE), "")
        return found or self.told("order").lstrip("#＃").upper()

    @property
    def wants_others(self) -> bool:
        """Whether the message wants others than those shown."""
        return self.acts.pointing.other >= _RATHER

    def named(self, kind: EntityKind) -> str | None:
        """The normalised value of the first entity of a kind in the message."""
        entity = self.understanding.first(kind) if self.understanding is not None else None
        return entity.value if entity is not None else None
