"""A message that only tells a value which nothing but one wish needs."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.read_message import parts_of
from bot.conversation.registry import REGISTRY
from bot.conversation.routing import Reading
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Turn
from nlu.entities.address_parts import may_be_address
from nlu.types import Understanding

_LIKELY = 0.4
_RATHER = 0.5
_PLAINLY = 0.8
_OF_VALUES = {
    "tax_number": "invoice_request", "invoice_title": "invoice_request", "address": "change_address"
}  # fmt: skip
"""What a value by itself is told for, by the reader's slots."""


def wished(turn: Turn, reading: Reading) -> Turn | None:
    """The wish of a message that only tells a value which nothing but that wish needs, such as a tax number or a whole
    address, where its words say nothing: it is asked about. None where something is under way, or takes it."""
    whole, memory = reading.whole, turn.memory
    if whole is None or turn.customer_id is None or memory.pending is not None or memory.tasks:
        return None
    if any(
        wish.probability >= _RATHER and wish.intent not in _OF_VALUES.values() for wish, _ in reading.wishes
    ):
        return None
    if any(one.probability >= _LIKELY and one.intent not in TALK for one in whole.intents[:1]):
        return None
    told = {one.slot: one.text for one in whole.acts.slots if one.probability >= _PLAINLY}
    told = {slot: text for slot, text in told.items() if slot != "address" or may_be_address(text)}
    takes = {slot for filed in memory.filed for slot in _taken_by(filed.task)}
    found = next((slot for slot in _OF_VALUES if slot in told and slot not in takes), None)
    if found is None or (found == "invoice_title" and memory.order is None):
        return None
    told_all = _all_a_value(whole, found)
    return replace(turn, intent=_OF_VALUES[found], understanding=told_all, guessed=True)


def _all_a_value(whole: Understanding, slot: str) -> Understanding:
    """A message of one clause that tells a name is that name, however much of it is read as one."""
    if slot != "invoice_title" or len(parts_of(whole.text)) > 1:
        return whole
    slots = tuple(
        replace(one, text=whole.text.strip()) if one.slot == slot else one for one in whole.acts.slots
    )
    return replace(whole, acts=replace(whole.acts, slots=slots))


def _taken_by(name: str) -> frozenset[str]:
    """What the reader may tell of a task."""
    task = REGISTRY.tasks.get(name)
    slots = task.slots if task is not None else ()
    return frozenset(told for slot in slots for told in slot.told_by)
