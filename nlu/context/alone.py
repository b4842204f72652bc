"""What a message does, as far as it can be told from its own words: for a model that doesn't read conversations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from nlu.acts import Act, Acts, DialogueState, Pointing, SlotValue, Wish
from nlu.context.dangers import danger_in, leaves_no_doubt
from nlu.entities.address_parts import part_in
from nlu.entities.corrections import contrast_in, tail_in
from nlu.entities.numerals import LAST, PLACES
from nlu.intents import OUT_OF_SCOPE
from nlu.types import Entity, EntityKind, IntentScore

SLOT_OF: Mapping[EntityKind, str] = {
    EntityKind.ORDER_NUMBER: "order",
    EntityKind.PRODUCT: "item",
    EntityKind.QUANTITY: "quantity",
    EntityKind.SIZE: "size",
    EntityKind.COLOUR: "colour",
    EntityKind.AMOUNT: "amount",
    EntityKind.DATE: "date",
    EntityKind.PHONE: "phone",
    EntityKind.EMAIL: "email",
    EntityKind.ADDRESS: "address",
}
"""What an entity tells."""
_ANSWERS: Mapping[str, Act] = {"affirm": Act.YES, "deny": Act.NO}
_CERTAIN = 0.7
_SAID = 0.9
_SHORT = 60
_BARE = 16
_ABOUT_ADDRESSES = (("change_address",), ("account_address",))
_ENDED = {"invoice": "tax_number", "change_address": "phone", "account_address": "phone"}
"""The number that a task has, whose end may be put right."""
_NAME = re.compile(
    r"(?:^|[\s,，、;；:：])([\u4e00-\u9fff]{2,4}|[A-Z][a-z'’-]{1,20}(?: [A-Z][a-z'’-]{1,20}){1,2})(?=$|[\s,，、;；:：])"
)
_LABEL = re.compile(
    r"收件人?|收货人?|姓名|名字|电话|手机|手机号|联系电话|地址|新地址|邮编|改成|改到|寄到|改为"
)
_asks = re.compile(
    r"[?？]\s{0,3}$|[吗么]\s{0,3}$"
    r"|^(\W{0,3}(wait|and|but|ok|so|hm)\b\W{0,3}){0,2}"
    r"(would|what|how|when|why|who|where|which|can|could|do|does|will|should)\b",
    re.IGNORECASE,
).search
_PLACE = re.compile(
    r"^\W{0,3}(?:我?(?:要|选|说的?是|指的?是)|就|是|那|(?:i )?(?:mean|want|take)\b|(?:what|how) about\b)?\s?(?:the\s)?"
    r"(?:第\s?([一二三四五六1-6])|(first|second|third|fourth|fifth|sixth|last)|(?:number|option|no\.?)\s?([1-6])|([1-6一二三四五六])"
    r"|(最后))\s?(?:one|个|种|项|条|款|件|单|一个)?\s?(?:吧|的|呢|,?\s?please)?\W{0,3}$",
    re.IGNORECASE,
)


def acts_alone(
    message: str, intents: Sequence[IntentScore], entities: Sequence[Entity], state: DialogueState
) -> Acts:
    """A yes, a no, a wish that is certain, and a place in a list; to a question, the rest answers it."""
    best = intents[0] if intents else None
    slots = tuple(slot_of(entity) for entity in entities)
    danger = danger_in(message)
    if danger is not None:
        sure = 1.0 if leaves_no_doubt(message) else _SAID
        return Acts(slots=slots, danger=danger, danger_probability=sure)
    pointing = place_in(message, state)
    slots = (*slots, *name_beside(message, slots))
    part = address_part(message, state)
    if part and not _is_sure_of_else(best):
        return Acts(acts={Act.CORRECTS: _SAID}, slots=(*slots, *part), pointing=pointing)
    if best is not None and best.intent in _ANSWERS:
        return Acts(acts=_answers(message, best, state), slots=slots, pointing=pointing)
    wishes = _wishes(message, best)
    if state.question is None:
        return Acts(wishes=wishes, slots=slots, pointing=pointing)
    if best is not None and state.question.kind == "confirm" and best.intent == state.question.task:
        return Acts(acts={Act.YES: best.probability}, slots=slots, pointing=pointing)
    if any(chance >= _CERTAIN for chance in pointing.shown):
        return Acts(acts={Act.GIVES: _SAID}, slots=slots, pointing=pointing)
    if best is not None and best.probability >= _CERTAIN and not _is_a_value(message, best, state):
        return Acts(acts={Act.ASIDE: best.probability}, wishes=wishes, slots=slots, pointing=pointing)
    if state.question.kind == "value" and not slots and _asks(message):
        return Acts(acts={Act.ASIDE: _CERTAIN}, wishes=wishes, pointing=pointing)
    return Acts(acts={Act.GIVES: _CERTAIN}, slots=slots, pointing=pointing)


def _answers(message: str, best: IntentScore, state: DialogueState) -> dict[Act, float]:
    """A no to something that was asked of the shop takes it back, unless it may say how it should be instead."""
    if state.question is not None:
        return {_ANSWERS[best.intent]: best.probability}
    bare = len(message) <= _BARE and not any(character.isdigit() for character in message)
    return {Act.WITHDRAWS: best.probability} if best.intent == "deny" and state.filed and bare else {}


def _is_a_value(message: str, best: IntentScore, state: DialogueState) -> bool:
    """Whether words that are none of a shop's business are the numbers or names that were asked for."""
    asked = state.question is not None and state.question.kind == "value"
    return asked and best.intent == OUT_OF_SCOPE and any(character.isdigit() for character in message)


def _wishes(message: str, best: IntentScore | None) -> tuple[Wish, ...]:
    if best is None:
        return ()
    return (Wish(intent=best.intent, probability=best.probability, text=message, start=0, end=len(message)),)


def address_part(message: str, state: DialogueState) -> tuple[SlotValue, ...]:
    """The part of an address in a short message, where an address was the last thing asked of the shop."""
    if state.question is not None or len(message) > _SHORT or state.filed[:1] not in _ABOUT_ADDRESSES:
        return ()
    contrast = contrast_in(message)
    places = (
        {"old": contrast[0], "address_part": contrast[1]} if contrast else {"address_part": part_in(message)}
    )
    return tuple(
        SlotValue(slot=slot, probability=_SAID, text=message[slice(*span)], start=span[0], end=span[1])
        for slot, span in places.items()
        if span is not None
    )


def end_told(message: str, state: DialogueState) -> tuple[SlotValue, ...]:
    """The new end of a number, where one was told for what is under way or asked of the shop."""
    found = tail_in(message)
    about = next((_ENDED[task] for task in (*state.tasks[:1], *state.filed[:1]) if task in _ENDED), "")
    if found is None or not (found[0] or about):
        return ()
    slot, start, end = found
    return (SlotValue(slot=slot or about, probability=_SAID, text=message[start:end], start=start, end=end),)


def _is_sure_of_else(best: IntentScore | None) -> bool:
    beyond = best is None or best.intent in ("change_address", OUT_OF_SCOPE, *_ANSWERS)
    return not beyond and best is not None and best.probability >= _CERTAIN


def name_beside(message: str, slots: Sequence[SlotValue]) -> Iterator[SlotValue]:
    """The name that stands beside an address and a phone number, where nothing else does."""
    if not {"address", "phone"} <= {slot.slot for slot in slots}:
        return
    rest = message
    for slot in slots:
        rest = rest[: slot.start] + "\n" * (slot.end - slot.start) + rest[slot.end :]
    names = [found for found in _NAME.finditer(rest) if not _LABEL.fullmatch(found[1])]
    if len(names) == 1:
        start, end = names[0].span(1)
        yield SlotValue(slot="name", probability=_SAID, text=message[start:end], start=start, end=end)


def place_in(message: str, state: DialogueState) -> Pointing:
    """The place in a list that a message is little more than."""
    found = _PLACE.match(message)
    if not state.shown or found is None:
        return Pointing(shown=(0.0,) * len(state.shown))
    word = next((group for group in found.groups() if group), "").casefold()
    place = len(state.shown) - 1 if word in LAST else PLACES.get(word, -1)
    return Pointing(shown=tuple(_SAID if number == place else 0.0 for number in range(len(state.shown))))


def slot_of(entity: Entity) -> SlotValue:
    """What an entity tells, as the customer wrote it."""
    return SlotValue(
        slot=SLOT_OF[entity.kind],
        probability=entity.score,
        text=entity.text,
        start=entity.start,
        end=entity.end,
    )
