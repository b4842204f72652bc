"""What a message tells beside what the model reads: words and forms that always mean the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from nlu.acts import Act, Acts, DialogueState, SlotValue, Wish
from nlu.context.alone import address_part, end_told, name_beside, slot_of
from nlu.entities.corrections import is_tax_number
from nlu.types import Entity

_RATHER = 0.5
_PERHAPS = 0.01
"""A probability of danger below which words that name one are said of something else."""
_BY_FORM = frozenset({"order", "phone", "email", "address"})
"""Values that are found by their form."""
_SURE_FORM = 0.7
_SAID = 0.9
_HASHES = ("#", "＃")
"""Before the number of an order."""
_NAMES = frozenset({"name", "invoice_title"})
_NAMED = re.compile(r"(?<![\w&'’.-])[A-Z][\w&'’-]{0,30}+(?:\s(?:&\s)?[A-Z][\w&'’-]{0,30}+){1,4}")
"""Several words with capitals: a name of which the model may read a part."""
_IN_WORDS = frozenset({"reason", "version", "colour", "item", "invoice_title", "name"})
"""Values in words: the model may begin or end them within one."""
_ADDRESSES = frozenset({"change_address", "account_address"})
_OF_ACCOUNT = re.compile(
    r"[账帐][户号]|默认地址|地址簿|个人资料|\b(?:account|profile|default address|address book)\b",
    re.IGNORECASE,
)
"""It is said that an address is the account's, and no order's."""
_LONG = 7
"""Digits from which on a number beside an address may be a phone's, one of them left out."""
_NO_ORDER = frozenset({"old", "tax_number", "tracking", "code"})
"""Values that look like the number of an order and are none."""


def with_plain_words(
    message: str, state: DialogueState, acts: Acts, alone: Acts, entities: Sequence[Entity]
) -> Acts:
    """What the model reads, and what words and forms tell that always mean the same: a place in a list, numbers and
    addresses, dangers."""
    slots = _as_asked(_joined_slots(acts.slots, entities), state)
    corrects = acts.probability(Act.CORRECTS) >= _RATHER
    corrects = corrects and not any(one.slot == "payment_method" for one in slots)
    part = (end_told(message, state) or address_part(message, state)) if corrects else ()
    if part and not any(one.slot == "address" and _within(part[0], one) for one in slots):
        told_old = any(one.slot == "old" for one in part)
        kept = (one for one in slots if not any(_overlap(one, new) for new in part))
        olds = (one for one in slots if one.slot == "old" and not told_old)
        slots = tuple(dict.fromkeys((*part, *kept, *olds)))
    slots = (
        *slots,
        *(one for one in name_beside(message, slots) if "name" not in {slot.slot for slot in slots}),
    )
    slots = tuple(_without_old(slots))
    acts = replace(acts, slots=tuple(sorted(slots, key=lambda value: value.start)))
    acts = replace(acts, wishes=_of_one_address(message, acts))
    if any(alone.pointing.shown):
        acts = replace(acts, pointing=alone.pointing, acts={**acts.acts, **alone.acts})
    agreed = acts.danger_probability >= _PERHAPS or alone.danger_probability >= 1.0
    if alone.danger is not None and acts.danger is None and agreed:
        acts = replace(acts, danger=alone.danger, danger_probability=alone.danger_probability)
    return acts


def _of_one_address(message: str, acts: Acts) -> tuple[Wish, ...]:
    """The wishes, where one for another address is either about an order or, where it is named, about the account."""
    account = _OF_ACCOUNT.search(message) is not None
    wished = {wish.intent for wish in acts.wishes}
    told = any(value.slot == "address" for value in acts.slots) and any(
        acts.probability(act) >= _RATHER for act in (Act.ADDS, Act.CORRECTS)
    )
    if account and told and not wished & _ADDRESSES:
        whole = Wish(intent="account_address", probability=_SAID, text=message, start=0, end=len(message))
        return (*acts.wishes, whole)
    if not account and not wished >= _ADDRESSES:
        return acts.wishes
    right = "account_address" if account else "change_address"
    several = len(acts.wishes) > len(wished & _ADDRESSES)
    wishes = [
        replace(wish, intent=right) if wish.intent in _ADDRESSES and not (account and several) else wish
        for wish in acts.wishes
    ]
    return tuple({wish.intent: wish for wish in reversed(wishes)}.values())[::-1]


def _joined_slots(read: Sequence[SlotValue], entities: Sequence[Entity]) -> tuple[SlotValue, ...]:
    """What the model reads, and what is found by its form: that is surer of numbers and addresses, and the model of the
    rest."""
    formed = [slot_of(entity) for entity in entities]
    read = [value for value in read if value.slot != "tax_number" or is_tax_number(value.text)]
    hashes = {value.end for value in read if value.text in _HASHES}
    read = [
        value
        for value in read
        if value.text not in _HASHES and not (value.slot == "tracking" and value.start in hashes)
    ]
    replaced = [
        value
        for value in read
        if value.slot in _NO_ORDER and (value.slot != "tracking" or value.probability >= _RATHER)
    ]
    formed = [
        value
        for value in formed
        if value.slot != "order" or not any(_overlap(value, one) for one in replaced)
    ]
    sure = [value for value in formed if value.slot in _BY_FORM and value.probability >= _SURE_FORM]
    kept = [value for value in read if not any(_overlap(value, one) for one in sure)]
    more = [value for value in formed if value not in sure and not any(_overlap(value, one) for one in kept)]
    return tuple(sorted((*kept, *sure, *more), key=lambda value: value.start))


def _without_old(slots: Sequence[SlotValue]) -> list[SlotValue]:
    """The values without what is to be replaced, where another of its kind takes its place: flat 3c, not 3b."""
    old = [value for value in slots if value.slot == "old"]

    def is_replaced(value: SlotValue) -> bool:
        others = any(one.slot == value.slot and not any(_overlap(one, gone) for gone in old) for one in slots)
        return value.slot != "old" and others and any(_overlap(value, gone) for gone in old)

    return [value for value in slots if not is_replaced(value)]


def _as_asked(slots: Sequence[SlotValue], state: DialogueState) -> tuple[SlotValue, ...]:
    """A number beside an address, where that was asked for, is a phone's and no order's."""
    told = {value.slot for value in slots}
    asked = state.question.slot if state.question is not None else ""
    beside = asked in ("address", "phone") and "address" in told and "phone" not in told
    return tuple(
        replace(value, slot="phone")
        if beside and value.slot == "order" and len(value.text) >= _LONG
        else value
        for value in slots
    )


def _within(one: SlotValue, other: SlotValue) -> bool:
    return other.start <= one.start and one.end <= other.end and other.end - other.start > one.end - one.start


def _overlap(one: SlotValue, other: SlotValue) -> bool:
    return one.start < other.end and other.start < one.end


def whole_words(message: str, acts: Acts, words: Sequence[tuple[int, int]]) -> Acts:
    """The same acts, with values that begin or end within a Chinese word told by the whole of it.

    Args:
        message: as received.
        acts: read from it.
        words: start and end of each word of it.
    """
    return replace(acts, slots=tuple(_in_words(message, value, words) for value in acts.slots))


def _in_words(message: str, value: SlotValue, words: Sequence[tuple[int, int]]) -> SlotValue:
    if value.slot not in _IN_WORDS:
        return value
    if value.slot in _NAMES:
        named = next(
            (one for one in _NAMED.finditer(message) if one.start() <= value.start < one.end()), None
        )
        if named is not None and value.end <= named.end():
            start = value.start if value.slot == "name" else named.start()
            return replace(value, start=start, end=named.end(), text=message[start : named.end()])
    cut = [(a, b) for a, b in words if a < value.end and value.start < b and not message[a:b].isascii()]
    start = min([value.start, *(a for a, _ in cut)])
    end = max([value.end, *(b for _, b in cut)])
    return replace(value, start=start, end=end, text=message[start:end].strip())
