"""What a message tells of the slots of a task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from bot.conversation import heard, phrases
from bot.conversation.made import theirs
from bot.conversation.memory import OpenTask
from bot.conversation.read_message import parts_of
from bot.conversation.turn import Slot, Task, Turn
from nlu.acts import Act, DialogueState, Question
from nlu.entities.numbers import quantities
from nlu.types import EntityKind
from storage.orders import Order

_VALUE = 500
_PARTS = 4
_LAST = 2
"""Place from the end of the message before this one."""
_PLAINLY = 0.8
_RATHER = 0.5
_OF_AN_ORDER = (EntityKind.ORDER_NUMBER, EntityKind.DATE)
"""What says which order is meant."""
NONE = "–"
"""The value of something that there is none of."""


def values_in(
    turn: Turn, task: Task, opened: OpenTask, order: Order | None, asked: Slot | None = None
) -> dict[str, str]:
    """What the message tells of a task's slots; to a question that any words answer, the message as it is."""
    none_in_words = heard.only_asks(turn)
    found = {
        slot.name: _told(turn, slot, opened, order)
        for slot in task.slots
        if not (slot.free and none_in_words)
    }
    found = {name: value[:_VALUE] for name, value in found.items() if value}
    read = any(_counting(slot, turn.told_each(*slot.told_by)) for slot in task.slots)
    # That something stays as it is tells nothing of the rest.
    leaves = len(parts_of(turn.text)) == 1 and spares(turn, task, opened, order)
    owns = asked is not None and _says_own(turn, asked, opened, order)
    free = asked is not None and not owns and (asked.sentence or not (read or asked.name in found))
    if asked is not None and asked.words and free and not leaves:
        words = _words_alone(turn, task, asked, opened)
        for other in () if asked.sentence else found.values():
            words = words.replace(other, "").strip()
        before = opened.values.get(asked.name, "")
        joined = asked.join(before, words, turn.told("old")) if asked.join is not None and words else words
        found = {**found, asked.name: joined or found.get(asked.name, "")}
    return {name: value for name, value in found.items() if value}


def _told(turn: Turn, slot: Slot, opened: OpenTask, order: Order | None) -> str:
    told = _counting(slot, _stretches(turn, slot, opened, order))
    if told and slot.is_new is not None and order is not None and not slot.is_new(turn, order):
        return ""
    before = opened.values.get(slot.name, "")
    if slot.read is not None:
        return slot.read(turn, before)
    if not told:
        # What follows a wish belongs to it: "an invoice, please. Personal".
        words = turn.said[max(turn.said.find(turn.text), 0) :]
        plain = slot.plain(words) if slot.plain is not None else ""
        beside = slot.free and before and plain and plain not in before and not turn.does(Act.CORRECTS)
        return f"{before}\n{plain}" if beside else plain
    if slot.join is not None:
        held = (
            slot.holds(turn, order, told)
            if slot.holds is not None and order is not None and not before
            else ""
        )
        old = turn.told("old")
        join = slot.join
        return reduce(lambda known, new: join(known, new, old), told, before or held)
    own = _says_own(turn, slot, opened, order)
    said = turn.told_in(*slot.told_by) if slot.sentence else turn.told_about(*slot.told_by)
    now = (said if slot.free and not own else "") or " ".join(told)
    adds = slot.free and turn.does(Act.ADDS) and not turn.does(Act.CORRECTS)
    # Who says how many says it anew; two numbers can't both hold.
    adds = adds and not (_is_count(before) and _is_count(now))
    return f"{before}\n{now}" if before and adds and now not in before else now


def _counting(slot: Slot, stretches: Iterable[str]) -> tuple[str, ...]:
    """Those that can be its value at all."""
    return tuple(one for one in stretches if slot.counts is None or slot.counts(one))


def _is_count(value: str) -> bool:
    """Whether a value says how many and nothing else: 15, 14 boxes."""
    found = next(quantities(value), None)
    rest = value if found is None else value.replace(value[found.start : found.end], "")
    return value.strip().isdecimal() or (found is not None and not rest.strip())


def _stretches(turn: Turn, slot: Slot, opened: OpenTask, order: Order | None) -> tuple[str, ...]:
    """What a message tells of a slot: what the reader takes for it, and of an address all that belongs to it; not what
    the order has already."""
    if slot.grown is not None:
        return slot.grown(turn)
    is_own = slot.is_own
    if is_own is None or order is None:
        return turn.told_each(*slot.told_by)
    likely = [one for one in turn.acts.slots if one.slot in slot.told_by and one.probability >= _RATHER]
    others = [one for one in likely if not is_own(turn, order, opened, one)]
    return turn.told_each(*slot.told_by) if others == likely else tuple(one.text for one in others)


def _says_own(turn: Turn, slot: Slot, opened: OpenTask, order: Order | None) -> bool:
    """Whether a message says what the order has already: only what else it tells is a value."""
    return slot.is_own is not None and _stretches(turn, slot, opened, order) != turn.told_each(*slot.told_by)


def reads_asked(turn: Turn) -> bool:
    """Whether a message tells what was asked for by more than a reader's slots, such as a day and a time."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    asked = task.slot(pending.data.get("slot", "")) if task is not None and pending is not None else None
    return asked is not None and asked.read is not None and bool(asked.read(turn, ""))


def told_by_wish(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> dict[str, str]:
    """What the wish itself tells, where its words say enough."""
    return {
        slot.name: turn.text.strip()[:_VALUE]
        for slot in task.slots
        if slot.by_wish is not None and slot.name not in opened.values and slot.by_wish(turn, order)
    }


async def told_earlier(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> dict[str, str]:
    """What the messages before this one told of a task that only now begins: a name, a number or an address, which
    things of the order are meant, and what is asked of no order, which tells its goods and numbers in whichever message
    comes first."""
    found: dict[str, str] = {}
    lines = next((slot for slot in task.slots if slot.lists_lines and slot.question), None)
    for text in reversed(turn.memory.before[:-1] if lines is not None and order is not None else ()):
        if lines is None or order is None or lines.resolve is None or opened.values.get(lines.name) or found:
            break
        said = await replace(turn, shown=(), incoming=replace(turn.incoming, text=text)).about(text)
        found = {lines.name: lines.resolve(said, order, opened)}
    free = [
        slot
        for slot in task.slots
        if slot.name not in opened.values
        and ((slot.told_by and set(slot.told_by) <= heard.BY_FORM) or (task.order is None and slot.read))
    ]
    for text in reversed(turn.memory.before[:-1] if free and not turn.memory.filed else ()):
        for slot in free:
            asked = Question(kind=slot.asked_as.kind, task=task.name, slot=slot.asked_as.slot)
            read = await turn.read(text, DialogueState(question=asked)) if slot.name not in found else None
            sure = read is not None and any(
                one.slot in slot.told_by and one.probability >= _PLAINLY for one in read.acts.slots
            )
            if read is not None and (sure or slot.read is not None):
                said = replace(
                    turn, incoming=replace(turn.incoming, text=text), text=text, understanding=read
                )
                found[slot.name] = _told(said, slot, opened, order)
    return {name: value for name, value in found.items() if value}


async def told_by_parts(turn: Turn, task: Task, slot: Slot, order: Order | None) -> str:
    """The part of a message that would plainly answer a slot's question, were it asked, or of the message before, where
    nothing was asked of the shop by it; empty where none does."""
    if slot.by_parts is None:
        return ""
    parts = parts_of(turn.text)
    before = turn.memory.before[-_LAST] if len(turn.memory.before) >= _LAST else ""
    asked_for = [one.details.get("text", "") for one in await theirs(turn)] if turn.memory.filed else []
    spent = any(before in one for one in asked_for)
    parts = [*(parts if len(parts) > 1 else ()), *([] if spent else parts_of(before))]
    asked = DialogueState(
        question=Question(kind=slot.asked_as.kind, task=task.name, slot=slot.asked_as.slot),
        tasks=(task.name,),
        before=(turn.text,),
    )
    for part in parts[:_PARTS]:
        read = await turn.read(part, asked)
        if read is None:
            continue
        said = replace(turn, text=part, understanding=read)
        tells = any(one.slot in slot.told_by and one.probability >= _PLAINLY for one in read.acts.slots)
        gives = read.acts.probability(Act.GIVES) >= (_RATHER if tells else _PLAINLY)
        if not gives or not slot.by_parts(said, order):
            continue
        left_out = spares(said, task, OpenTask(name=task.name), order)
        if not left_out and not any(read.first(kind) is not None for kind in _OF_AN_ORDER):
            return part[:_VALUE]
    return ""


def spares(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> bool:
    """Whether the message leaves out a part of what a task may be about, which takes nothing back."""
    return order is not None and any(
        slot.spares is not None and slot.spares(turn, order, opened) for slot in task.slots
    )


def _words_alone(turn: Turn, task: Task, asked: Slot, opened: OpenTask) -> str:
    """The message as an answer; a yes, the number of an order, or what belongs to something else is none."""
    gives = turn.answers and any(turn.does(act) for act in (Act.GIVES, Act.ADDS, Act.CORRECTS))
    gives = (gives or heard.wished_again(turn)) and not heard.only_agrees(turn)
    gives = gives and not turn.surely(Act.WITHDRAWS)
    # "Why so small?" may be a reason; most questions are none.
    gives = gives and (not phrases.asks(turn.text) or (turn.surely(Act.GIVES) and not heard.only_asks(turn)))
    known = {name for slot in task.slots for name in slot.told_by}
    of_others = bool(turn.told(*(heard.BY_FORM - known)))
    only_number = heard.only_names(turn, turn.order_number)
    goes_on = asked.join is not None and bool(opened.values.get(asked.name))
    words = turn.text.strip()
    for one in turn.order_numbers:
        words = words.replace(one.text, "")
    fits = asked.fits is None or (not heard.plainly_wishes_another(turn) and (goes_on or asked.fits(words)))
    return turn.text.strip()[:_VALUE] if gives and fits and not (only_number or of_others) else ""


def resolved(turn: Turn, task: Task, opened: OpenTask, order: Order | None) -> OpenTask:
    """The task with what the message means among what the order has."""
    if order is None:
        return opened
    for slot in task.slots:
        for means in (slot.resolve, slot.kept):
            if means is not None and (meant := means(turn, order, opened)):
                opened = opened.with_values({slot.name: meant})
    return opened
