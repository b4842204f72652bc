"""What a message does, as far as it can be told from its own words: for a model that doesn't read conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nlu.acts import Act, Acts, DialogueState, SlotValue, Wish
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


def acts_alone(
    message: str, intents: Sequence[IntentScore], entities: Sequence[Entity], state: DialogueState
) -> Acts:
    """A yes, a no, a wish that is certain; to a question, everything else is its answer."""
    best = intents[0] if intents else None
    slots = tuple(slot_of(entity) for entity in entities)
    if best is not None and best.intent in _ANSWERS:
        if state.question is not None:
            return Acts(acts={_ANSWERS[best.intent]: best.probability}, slots=slots)
        withdraws = best.intent == "deny" and bool(state.filed)
        return Acts(acts={Act.WITHDRAWS: best.probability} if withdraws else {}, slots=slots)
    wishes = (
        (Wish(intent=best.intent, probability=best.probability, text=message, start=0, end=len(message)),)
        if best is not None
        else ()
    )
    if state.question is None:
        return Acts(wishes=wishes, slots=slots)
    if best is not None and best.probability >= _CERTAIN:
        return Acts(acts={Act.ASIDE: best.probability}, wishes=wishes, slots=slots)
    return Acts(acts={Act.GIVES: _CERTAIN}, slots=slots)


def slot_of(entity: Entity) -> SlotValue:
    """What an entity tells, as the customer wrote it."""
    return SlotValue(
        slot=SLOT_OF[entity.kind],
        probability=entity.score,
        text=entity.text,
        start=entity.start,
        end=entity.end,
    )
