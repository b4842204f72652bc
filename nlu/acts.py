"""What a message does in its conversation: the state that it is read in, and the acts that are read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

Asking = Literal["confirm", "value", "choice", "offer", "contact", "link"]
ShownKind = Literal["order", "product", "version", "line", "page", "meaning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the bot's last message waits for."""

    kind: Asking
    """confirm: shall I do it? offer: would you like me to? value, choice: of a slot. contact: where to answer to.
    link: who somebody is."""
    task: str = ""
    slot: str = ""
    words: str = ""
    """The question itself, without what is particular to this customer: it tells a reader what it never met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Something on the customer's screen, or spoken of."""

    kind: ShownKind
    text: str
    """What a customer can know it by: name, version, status, day."""
    number: str = ""
    """Of an order."""
    price: int | None = None
    """Minor units."""
    at: datetime | None = None
    """When it was ordered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialogueState:
    """Where a conversation stands when a message comes."""

    question: Question | None = None
    tasks: tuple[str, ...] = ()
    """Under way, the latest first."""
    filed: tuple[str, ...] = ()
    """What was asked of the shop in this conversation, the latest first."""
    shown: tuple[Shown, ...] = ()
    before: tuple[str, ...] = ()
    """The customer's last messages, the latest last."""


class Act(StrEnum):
    """What a message does to what is asked, under way or asked of the shop."""

    YES = "yes"
    NO = "no"
    GIVES = "gives"
    """The value asked for, or which of the candidates."""
    CORRECTS = "corrects"
    """Something said, chosen or asked of the shop before."""
    ADDS = "adds"
    WITHDRAWS = "withdraws"
    WAITS = "waits"
    """For time: to look, to ask somebody."""
    ASKS_ABOUT = "asks_about"
    """What the question means, or why it is asked."""
    ASKS_STATE = "asks_state"
    """How something under way, or asked of the shop, stands."""
    ASIDE = "aside"
    """Leaves it, and does something else."""


class Danger(StrEnum):
    """Something that comes before everything else."""

    POISON = "poison"
    ALLERGY = "allergy"
    FIRE = "fire"
    INJURY = "injury"
    SELF_HARM = "self_harm"
    FRAUD = "fraud"
    DOUBLE_CHARGE = "double_charge"
    LEGAL = "legal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Something to be answered or done, and the words that wish it."""

    intent: str
    probability: float
    text: str
    start: int
    """First character in the message as received."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotValue:
    """A value, as the customer wrote it."""

    slot: str
    probability: float
    text: str
    start: int
    """First character in the message as received."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointing:
    """How likely each thing on the screen is meant."""

    shown: tuple[float, ...] = ()
    """In the order of `DialogueState.shown`."""
    none: float = 0.0
    """That the customer says it is none of them."""
    other: float = 0.0
    """That others are wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Everything that a message does, with probabilities."""

    acts: Mapping[Act, float] = field(default_factory=dict)
    wishes: tuple[Wish, ...] = ()
    slots: tuple[SlotValue, ...] = ()
    pointing: Pointing = field(default_factory=Pointing)
    danger: Danger | None = None
    """The likeliest, from the threshold on."""
    danger_probability: float = 0.0

    def probability(self, act: Act) -> float:
        """Of one act."""
        return self.acts.get(act, 0.0)
