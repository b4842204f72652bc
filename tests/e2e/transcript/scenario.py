"""What a conversation of the transcript consists of. Patterns are regular expressions, case ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["stranger", "late", "in_transit", "delivered", "unsent", "unpaid", "refund"]
"""Who writes: nobody the shop knows, or a customer by what their newest order is up to."""


@dataclass(frozen=True, slots=True)
class Say:
    """The customer writes. `{order}`, `{fact}` and `{name}` stand for the customer's own."""

    text: str
    expect: str = ""
    """What the answer must hold somewhere."""
    never: str = ""
    """What it must not hold."""
    understood: bool = True
    """False where asking back, or owning up to not understanding, is the right answer."""


@dataclass(frozen=True, slots=True)
class Press:
    """The customer presses the latest button whose label holds this."""

    label: str
    expect: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """The customer sends something without words, or a picture with some."""

    what: Literal["sticker", "voice", "photo"]
    note: str = ""
    """A sticker's emoji, a picture's caption."""
    expect: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """The customer opens the deep link that `liuke customer link` made for them."""

    expect: str = ""
    never: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The customer writes while a person has the conversation: the bot is silent, and staff see it."""

    text: str


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff uses `liuke staff`: take, answer, back, or decide (accepted, declined, done)."""

    act: Literal["take", "answer", "back", "decide"]
    words: str = ""
    """The answer, or the decision."""
    note: str = ""
    """What is said to the customer with a decision."""
    expect: str = ""


Step = Say | Press | Send | OpenLink | Unanswered | Staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One conversation."""

    title: str
    steps: tuple[Step, ...]
    who: Role = "stranger"
    linked: bool = True
    """Whether the messenger is linked to the customer already; a stranger's never is."""
