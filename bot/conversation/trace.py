"""Where an answer comes from, as values that are kept with it: staff see them, and `liuke ask --why` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.messages import from_json, to_json


class Of(StrEnum):
    """What a fact is a fact of."""

    ORDER = "order"
    REQUEST = "request"
    CODE = "code"
    """A coupon, or a personal price."""
    PRODUCT = "product"
    SHOP = "shop"
    """Its rules: none of the others is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a text of the bot's says."""

    of: Of
    text: str
    """The text's id."""
    which: str = ""
    """An order's or request's number, a code, a product's name."""
    said: Mapping[str, str] = field(default_factory=dict)
    """The values in the text by their names, the attributes of a product by theirs; personal data is left empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the shop's pages."""

    page: str
    title: str
    language: str
    chance: float
    """With which it was taken for the answer."""
    by_before: bool = False
    """It was found by what was said before, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A product on a card."""

    product: str
    title: str
    policy: str = ""
    """What chose it, where it was recommended."""
    reasons: tuple[str, ...] = ()
    """Codes of `retention.types.Reason`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule that shaped a price."""

    code: str
    """As in `retention.types.Reason`."""
    share: float = 0.0
    """Of the price, that it takes off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price that was decided for one customer."""

    product: str
    policy: str
    personal: bool
    """It is below that for everybody."""
    rules: tuple[Rule, ...] = ()
    """In the order in which they were applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAs:
    """What the message was taken for."""

    intent: str = ""
    """The likeliest by its words; empty where they say nothing known."""
    chance: float = 0.0
    wishes: tuple[str, ...] = ()
    """Intents of what it wishes where it was said."""
    acts: tuple[str, ...] = ()
    """What it does to what is asked, under way or asked of the shop."""
    danger: str = ""
    pressed: str = ""
    """The button or the command, where it was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Everything that an answer was taken from."""

    read: ReadAs = field(default_factory=ReadAs)
    skills: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    facts: tuple[Fact, ...] = ()
    """In the order in which they are said."""
    shown: tuple[Shown, ...] = ()
    prices: tuple[Price, ...] = ()


def dump_trace(trace: Trace) -> dict[str, Any]:
    """A JSON-able dict that `load_trace` turns back into the same value."""
    return dict(to_json(trace))


def load_trace(dumped: Mapping[str, Any] | None) -> Trace | None:
    """The trace of `dump_trace`; None for anything else: a message of before, or one that nobody can read any more."""
    if dumped is None:
        return None
    try:
        trace: Trace = from_json(Trace, dumped)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return trace
