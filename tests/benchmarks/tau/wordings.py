"""How customers put things: items, versions, and each piece of what they want, in the words of several styles."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from tests.benchmarks.tau.templates import (
    AFTER,
    ANSWERS,
    ANY_REASON,
    GREETING,
    LEAD_INS,
    MONEY,
    OPENINGS,
    REASONS,
    VAGUE,
    WATER,
    WHAT,
)
from tests.benchmarks.tau.wishes import Item, Wish, street_of


def voice(style: str) -> str:
    """The tone that a style speaks in."""
    return style if style in ("terse", "chatty") else "plain"


def option(key: str, value: str, draw: random.Random, *, clear: bool = True) -> str:
    """One option of a version, as it is said.

    Args:
        key: what the option is called.
        value: what it is.
        draw: chooses the words.
        clear: whether the value alone tells which option is meant.
    """
    name = key.casefold()
    if name in WATER and value in ("yes", "no"):
        return f"not {WATER[name]}" if value == "no" else WATER[name]
    if value == "none":
        return f"{draw.choice(('without', 'no'))} {key}"
    if name == "size":
        return f"size {value}"
    if name == "color" and clear:
        return value
    if clear and not VAGUE.match(value) and draw.random() < 0.5:
        return value
    return f"{value} {key}" if name in AFTER and draw.random() < 0.5 else f"{key} {value}"


def marks(key: str, value: str) -> tuple[str, ...]:
    """What of an option has to stand in a request: one of these."""
    name = key.casefold()
    if name in WATER and value in ("yes", "no"):
        return (f"not {WATER[name]}",) if value == "no" else (WATER[name],)
    return (f"no {name}", f"without {name}") if value == "none" else (value.casefold(),)


def _said(item: Item, key: str, value: str, draw: random.Random) -> str:
    return option(key, value, draw, clear=value not in item.shared)


def named(item: Item, draw: random.Random) -> str:
    """An item by its name, and by what tells it from others of that name in its order."""
    if set(item.near) == {"color"}:
        return f"{item.near['color']} {item.name}"
    apart = joined([_said(item, key, value, draw) for key, value in item.near.items()])
    return f"{item.name} with {apart}" if apart else item.name


def joined(words: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def listed(items: Sequence[Item], tone: str, draw: random.Random) -> str:
    """Several items in one phrase."""
    if tone == "terse":
        return joined([named(item, draw) for item in items])
    return joined([f"the {named(item, draw)}" for item in items])


def versions(items: Sequence[Item], tone: str, draw: random.Random) -> str:
    """What each item should be instead; by name where there are several."""
    said = []
    for item in items:
        told = joined([_said(item, key, value, draw) for key, value in item.wanted.items()])
        if len(items) == 1:
            said.append(told)
        elif tone == "terse":
            said.append(f"{named(item, draw)}: {told}")
        else:
            said.append(f"{told} for the {named(item, draw)}")
    return "; ".join(said) if tone == "terse" else joined(said)


def opening(wish: Wish, style: str, draw: random.Random) -> tuple[str, set[str]]:
    """The first words of a wish, and which pieces they tell."""
    template = draw.choice(OPENINGS[wish.kind][voice(style)])
    told = {name for name in ("order", "items") if f"{{{name}}}" in template}
    return _filled(template, wish, style, draw), told


def ungreeted(text: str) -> str:
    """The words without a greeting."""
    return GREETING.sub("", text, count=1)


def lead_in(wish: Wish, style: str, draw: random.Random) -> str:
    """What says that something unasked belongs to what has just been asked for."""
    return draw.choice(LEAD_INS[voice(style)]).format(what=WHAT[wish.kind])


def piece(name: str, wish: Wish, style: str, draw: random.Random) -> str:
    """One piece of what is wanted, told by itself."""
    tone = voice(style)
    table = MONEY.get(wish.kind, MONEY[""]) if name == "payment" else ANSWERS[name]
    return _filled(draw.choice(table[tone]), wish, style, draw)


def everything(wish: Wish, pieces: Sequence[str], draw: random.Random) -> str:
    """All of a wish in one message."""
    whole = [one for one in OPENINGS[wish.kind]["plain"] if "{order}" in one]
    items = [one for one in whole if "{items}" in one]
    first = draw.choice(items or whole or OPENINGS[wish.kind]["plain"])
    rest = [piece(name, wish, "plain", draw) for name in pieces if f"{{{name}}}" not in first]
    return " ".join([_filled(first, wish, "plain", draw), *rest])


def reason(wish: Wish, tone: str, draw: random.Random) -> str:
    """Why; where the task says nothing of it, any reason."""
    known = REASONS.get(wish.reason, ANY_REASON)
    return known[0] if tone == "terse" and wish.reason else draw.choice(known[1:] if wish.reason else known)


def _filled(template: str, wish: Wish, style: str, draw: random.Random) -> str:
    tone = voice(style)
    text = template.format(
        order=wish.order,
        items=listed(wish.items, tone, draw),
        it="them" if len(wish.items) > 1 else "it",
        way=wish.kind,
        reason=reason(wish, tone, draw) if "{reason}" in template else "",
        version=versions(wish.items, tone, draw) if "{version}" in template else "",
        address=street_of(wish.address) if wish.address else "",
        payment=wish.payment,
    )
    return text if tone == "terse" else text[:1].upper() + text[1:]


def slipped(name: str, wish: Wish, orders: Sequence[str], draw: random.Random) -> tuple[Wish, str] | None:
    """The wish with one piece wrong, and the words that put it right; None where there is nothing to mistake it for.

    Args:
        name: of the piece.
        wish: as it is.
        orders: numbers that may be told instead of the right one.
        draw: chooses what is wrong.
    """
    if name == "order":
        others = [one for one in orders if one != wish.order]
        if not others:
            return None
        wrong = draw.choice(others)
        return replace(wish, order=wrong), f"Sorry, wrong number: I meant #{wish.order}, not #{wrong}."
    if name == "items" and wish.others and wish.items:
        other = draw.choice(wish.others)
        meant, said = named(wish.items[0], draw), named(other, draw)
        text = f"Wait, not the {said}, I meant the {meant}."
        return replace(wish, items=(other, *wish.items[1:])), text
    if name == "wanted":
        return _slipped_version(wish, draw)
    if name == "address" and wish.address:
        street = wish.address["address1"]
        house, _, rest = street.partition(" ")
        wrong = f"{int(house) + 2} {rest}" if house.isdecimal() else f"2 {street}"
        text = f"Oops, the house number is wrong: it's {street}, not {wrong}."
        return replace(wish, address={**wish.address, "address1": wrong}), text
    if name == "payment":
        wrong = "gift card" if wish.payment != "gift card" else "PayPal"
        return replace(wish, payment=wrong), f"Sorry, not {wrong}, I meant my {wish.payment}."
    return None


def _slipped_version(wish: Wish, draw: random.Random) -> tuple[Wish, str] | None:
    for place, item in enumerate(wish.items):
        for key, value in item.wanted.items():
            if item.choices.get(key) and "none" not in (value, *item.choices[key]):
                wrong = draw.choice(item.choices[key])
                changed = replace(item, wanted={**item.wanted, key: wrong})
                items = (*wish.items[:place], changed, *wish.items[place + 1 :])
                text = f"Sorry, I meant {key} {value}, not {wrong}."
                return replace(wish, items=items), text
    return None


def holds(text: str, ways: Sequence[str]) -> bool:
    """Whether one of some wordings stands in a text, by itself and not as a part of a word."""
    return any(re.search(rf"(?<!\w){re.escape(way)}(?!\w)", text) for way in ways)
