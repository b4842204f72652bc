"""A patient person with a task, who reads what the bot writes and answers it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.benchmarks.tau.reading import Reading, read
from tests.benchmarks.tau.templates import ASIDES, YES
from tests.benchmarks.tau.wishes import NEEDS, Goal, Wish
from tests.benchmarks.tau.wordings import (
    everything,
    lead_in,
    listed,
    opening,
    piece,
    slipped,
    ungreeted,
    voice,
)

_TOLD_AT_MOST = 2
_AT_ONCE = 2
"""Pieces that somebody of few words tells in one message."""
_REPHRASED_AT_MOST = 2
_OBJECTED_AT_MOST = 2
_SLIPPING = 0.7
_INLINE = 0.4
_WANDERING = 0.8
_PRESSING = 0.4
_FURTHER = ("Also: ", "One more thing: ", "And then: ")
_LABELS = {
    "cancel_order": ("cancel",),
    "change_order": ("change my order",),
    "change_address": ("change the address", "address"),
    "account_address": ("address in my account", "address"),
    "change_payment": ("pay another way", "pay"),
    "return": ("return or exchange", "return"),
    "exchange": ("exchange something", "exchange"),
    "human": ("person",),
}
"""What a button for each wish says, best first."""
_WANTS = {
    "cancel_order": "have the order cancelled",
    "change_order": "change the order",
    "change_address": "change the order's address",
    "account_address": "change the address in my account",
    "change_payment": "pay another way",
    "return": "return something",
    "exchange": "exchange something",
    "human": "talk to a person",
}


class Move(NamedTuple):
    """What a customer does next."""

    text: str
    press: bool = False
    """Whether it is the label of a button, which is pressed."""


@dataclass(slots=True)
class _Progress:
    """How far a wish has come, as its owner sees it."""

    told: Counter[str] = field(default_factory=Counter)
    asked: tuple[str, ...] = ()
    """What was asked before something else came in between."""
    requests: set[str] = field(default_factory=set)
    """Numbers of requests that were named meanwhile."""
    filed: bool = False
    added: bool = False
    settled: bool = False
    objected: int = 0
    rephrased: int = 0


@dataclass(slots=True)
class Customer:
    """Says what is wanted, a piece at a time, until it is all asked for."""

    goal: Goal
    style: str
    draw: random.Random
    place: int = 0
    retracted: dict[int, Wish] = field(default_factory=dict)
    """By the place of a wish: how it was told by mistake."""
    _progress: _Progress = field(default_factory=_Progress)
    _numbers: set[str] = field(default_factory=set)
    """Of requests that they were told of, for an earlier wish."""
    _correction: str = ""
    _asided: bool = False
    _slipped: bool = False

    @property
    def wish(self) -> Wish:
        """What is being asked for now."""
        return self.goal.wishes[self.place]

    def opens(self) -> Move:
        """The first message about a wish."""
        self._progress = _Progress()
        slip = self._slip("order")
        if self.style == "at once":
            text = self._all()
        else:
            text, told = opening(self.wish if slip is None else slip[0], self.style, self.draw)
            text = self._with_slip(text, slip) if slip is not None and "order" in told else text
            self._tell(told)
        if self.place and self.style != "terse":
            text = self.draw.choice(_FURTHER) + ungreeted(text)
        return Move(text)

    def replies(self, answer: str) -> Move | None:
        """The next message; None when there is nothing more to say."""
        reading, now = read(answer), self._progress
        self._notice(reading)
        asks = reading.asks or (() if reading.unclear or reading.refused else now.asked)
        now.asked = ()
        if self._correction:
            text, self._correction = self._correction, ""
            now.asked = asks
            return Move(text)
        if now.filed:
            return self._after(reading)
        if self._wanders(reading):
            now.asked = asks
            return Move(self.draw.choice(ASIDES).format(product="Bicycle"))
        if reading.made:
            return self._objects(reading)
        if reading.confirms is not None:
            return self._confirms(reading)
        if reading.choices:
            return self._chooses(reading)
        mistaken = self._mistaken(reading)
        if mistaken and now.objected < _OBJECTED_AT_MOST:
            now.objected += 1
            return Move(f"{mistaken} {self._all()}")
        return self._answers(asks, reading) if asks else self._again(reading)

    def _mistaken(self, reading: Reading) -> str:
        """What to say to a question about something else than they want, or about another order."""
        wish = self.wish
        fit = ("", wish.kind, "return or exchange" if wish.kind in ("return", "exchange") else "")
        if reading.about not in fit:
            return {
                "item_problem": "Nothing is wrong with it.",
                "refund": "No, it's not about a refund alone.",
                "exchange": "No, not an exchange.",
            }.get(reading.about, "No, it's not a return.")
        elsewhere = reading.orders and wish.order not in reading.orders
        if reading.asks and elsewhere and wish.order and "order" not in reading.asks:
            return f"No, not that order, it's about #{wish.order}."
        return ""

    def _notice(self, reading: Reading) -> None:
        """Whether the wish is asked for now; "that was asked for already" will do, unless it is of an earlier one."""
        kind, order, now = self.wish.kind, self.wish.order, self._progress
        fits = any(made == kind and number in (order, "") for made, number in reading.made)
        if fits:
            now.told["order"] += 1
        now.filed |= fits or (kind == "human" and reading.handed_over)
        now.filed |= reading.added and not reading.made and not self._numbers & set(reading.requests)
        now.requests |= set(reading.requests)

    def _after(self, reading: Reading) -> Move | None:
        """It was asked for: object to what was not wanted, add what nobody asked about, go on."""
        now = self._progress
        extra = [one for one, _ in reading.made if one != self.wish.kind]
        if extra and now.objected < _OBJECTED_AT_MOST:
            now.objected += 1
            wanted = _WANTS[self.wish.kind]
            return Move(f"No, I didn't want that. I only want to {wanted}, please take the other back.")
        left = [name for name in NEEDS[self.wish.kind] if not now.told[name]]
        if left and not now.added:
            now.added = True
            return Move(lead_in(self.wish, self.style, self.draw) + self._say(left))
        if now.added and (reading.asks or reading.confirms is not None) and not now.settled:
            now.settled = True
            return Move("No, that was only about the request I've just made. Nothing else.")
        return self._next()

    def _next(self) -> Move | None:
        if self.place + 1 == len(self.goal.wishes):
            return None
        self._numbers |= self._progress.requests
        self.place += 1
        return self.opens()

    def _objects(self, reading: Reading) -> Move | None:
        """Something else was asked for than they want."""
        now, wish = self._progress, self.wish
        if now.objected >= _OBJECTED_AT_MOST:
            return self._next()
        now.objected += 1
        kind, number = reading.made[-1]
        if kind == wish.kind:
            return Move(f"That's the wrong order: I meant #{wish.order}, not #{number}.")
        return Move(f"No, that's not what I want: I'd like to {_WANTS[wish.kind]}. {self._all()}")

    def _confirms(self, reading: Reading) -> Move | None:
        now, wish = self._progress, self.wish
        if now.objected > _OBJECTED_AT_MOST:
            return self._next()
        if wish.kind != "cancel_order":
            now.objected += 1
            return Move(f"No, please don't cancel anything. {self._all()}")
        if reading.confirms not in (wish.order, ""):
            now.objected += 1
            return Move(f"No, I mean order #{wish.order}.")
        now.told["order"] += 1
        yes = [label for label in reading.labels if label.casefold().startswith("yes")]
        if yes and self.draw.random() < _PRESSING:
            return Move(yes[0], press=True)
        text = self.draw.choice(YES[voice(self.style)])
        if now.told["reason"] or self.style == "terse":
            return Move(text)
        return Move(f"{text} {self._say(['reason'])}")

    def _chooses(self, reading: Reading) -> Move | None:
        """A question back, whether they mean this or that; its answers are on buttons, too."""
        now = self._progress
        for label in _LABELS[self.wish.kind]:
            for choice in reading.choices:
                if label in choice.casefold() and now.rephrased <= _REPHRASED_AT_MOST:
                    now.rephrased += 1
                    return Move(choice, press=choice in reading.labels)
        return self._again(reading)

    def _answers(self, asks: tuple[str, ...], reading: Reading) -> Move | None:
        now, wish = self._progress, self.wish
        if "wanted" in asks and wish.kind == "return":
            items = listed(wish.items, "plain", self.draw)
            return Move(f"Nothing else instead, I just want to return {items}.")
        button = f"Order {wish.order}"
        if "order" in asks and button in reading.labels and self.draw.random() < _PRESSING:
            now.told["order"] += 1
            return Move(button, press=True)
        ways = ("way",) if wish.kind in ("return", "exchange") else ()
        known = [name for name in asks if name in (*NEEDS[wish.kind], *ways, "reason")]
        fresh = [name for name in known if not now.told[name]]
        saying = fresh[:_AT_ONCE] if self.style == "terse" and fresh else known
        if not saying or any(now.told[name] > _TOLD_AT_MOST for name in saying):
            return self._again(reading)
        return Move(self._say(saying))

    def _again(self, reading: Reading) -> Move | None:
        """Say it all once more, in other words."""
        now = self._progress
        now.rephrased += 1
        if now.rephrased > _REPHRASED_AT_MOST:
            return self._next()
        yes = f"Yes, I want to {reading.offers} it. " if reading.offers == self.wish.kind else ""
        return Move(yes + self._all())

    def _all(self) -> str:
        needs = NEEDS[self.wish.kind]
        self._tell(needs)
        return everything(self.wish, needs, self.draw)

    def _tell(self, names: Iterable[str]) -> None:
        for name in names:
            self._progress.told[name] += 1

    def _say(self, names: Sequence[str]) -> str:
        said = []
        for name in names:
            slip = self._slip(name)
            wish = self.wish if slip is None else slip[0]
            text = piece(name, wish, self.style, self.draw)
            said.append(text if slip is None else self._with_slip(text, slip))
        self._tell(names)
        return self.draw.choice((". ", ", ")).join(said) if self.style == "terse" else " ".join(said)

    def _slip(self, name: str) -> tuple[Wish, str] | None:
        """A piece told wrongly, once in a conversation, by those who put themselves right."""
        if self.style != "corrects" or self._slipped or self._progress.told[name]:
            return None
        if self.draw.random() > _SLIPPING:
            return None
        taken = {wish.order for wish in self.goal.wishes}
        others = [order for order in self.goal.orders if order not in taken]
        return slipped(name, self.wish, others, self.draw)

    def _with_slip(self, text: str, slip: tuple[Wish, str]) -> str:
        """The words with something wrong in them, put right at once or in the next message."""
        wrong, right = slip
        self._slipped = True
        self.retracted[self.place] = wrong
        if self.draw.random() < _INLINE:
            return f"{text} {right}"
        self._correction = right
        return text

    def _wanders(self, reading: Reading) -> bool:
        if self.style != "wanders" or self._asided or not (reading.asks or reading.confirms is not None):
            return False
        self._asided = self.draw.random() < _WANDERING
        return self._asided
