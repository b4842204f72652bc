"""What the courier is asked to do with a parcel: leave it with the guard, ring before, put it into a locker."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.conversation import tasks
from bot.conversation.answer import Answer
from bot.conversation.memory import OpenTask
from bot.conversation.skills import which_order, wished_in_words
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from storage.orders import Order


def _told(_turn: Turn, order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    on_its_way = "yes" if order is not None and order.status == "shipped" else "no"
    return {"told": opened.values.get("note", ""), "shipped": on_its_way}


DELIVERY_NOTE = Task(
    name="delivery_note",
    request="delivery_note",
    wished_by=("delivery_note", "delivery"),
    slots=(
        Slot(
            name="note",
            question="delivery-note-what",
            words=True,
            free=True,
            by_wish=lambda turn, _order: bool(turn.text.strip()),
            plain=wished_in_words.words_if(wished_in_words.tells_courier),
        ),
        Slot(name="phone", told_by=("phone",)),
    ),
    order=partial(
        which_order.find,
        relevant=which_order.in_status(which_order.ON_ITS_WAY),
        action="note:delivery",
        insist=True,
    ),
    own_order=which_order.own,
    unfit=which_order.only_in(which_order.ON_ITS_WAY, "too-late-over"),
    filed="delivery-note-asked",
    facts=_told,
    while_waiting=True,
)


async def _asked(turn: Turn) -> Answer:
    return await tasks.begin(turn, DELIVERY_NOTE)


SKILLS = (
    Skill(
        name="delivery_note",
        answer=_asked,
        intents=("delivery_note",),
        actions=("note",),
        about_order=True,
        tasks=(DELIVERY_NOTE,),
        requests=(RequestKind(name="delivery_note"),),
        regrets=False,
    ),
)
