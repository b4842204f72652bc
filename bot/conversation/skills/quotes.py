"""An offer for many of one product: which, how many, until when and for whom; from the number that the shop's pages
state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.conversation import tasks
from bot.conversation.answer import Answer
from bot.conversation.memory import OpenTask
from bot.conversation.skills import pages, variants, which_product
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from nlu.acts import DialogueState
from nlu.products.budgets import sums
from nlu.types import EntityKind
from storage.orders import Order

_SEVERAL = 2


def _how_many(turn: Turn, _before: str) -> str:
    """How many a message speaks of, in figures; to the question for it a number alone will do, in words, too."""
    named = turn.named(EntityKind.QUANTITY)
    pending = turn.memory.pending
    if named is not None or pending is None or pending.data.get("slot") != "quantity":
        return named or ""
    numbers = {int(one.value) for one in sums(turn.text)}
    return str(numbers.pop()) if len(numbers) == 1 else ""


def _day(turn: Turn, _before: str) -> str:
    return turn.named(EntityKind.DATE) or ""


async def _too_few(turn: Turn, opened: OpenTask) -> Answer | None:
    """Below the number that the pages state there are the offers for everybody."""
    count = opened.values.get("quantity", "")
    if not count.isdecimal() or int(count) >= (least := await _least(turn)):
        return None
    others = replace(turn, intent="discount_request", memory=turn.memory.settled())
    answer = await turn.skills.by_intent["discount_request"].answer(others)
    few = turn.say("quote-too-few", least=least)
    return answer.changed(lambda given: replace(given, text=f"{few}\n\n{given.text}".strip()))


async def _least(turn: Turn) -> int:
    """The number of pieces from which the shop makes an offer, as its pages say; 0 where they don't."""
    passage = await pages.passage_for(turn, turn.say("quote-question"))
    read = await turn.read(passage.text, DialogueState()) if passage is not None else None
    counts = [
        int(one.value)
        for one in (read.entities if read is not None else ())
        if one.kind is EntityKind.QUANTITY and one.value.isdecimal()
    ]
    return next((count for count in counts if count >= _SEVERAL), 0)


def _told(turn: Turn, _order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    order = ("item", "quantity", "date", "company")
    return {
        "told": turn.say("list-comma").join(opened.values[name] for name in order if name in opened.values)
    }


QUOTE = Task(
    name="quote",
    request="quote",
    wished_by=("quote",),
    slots=(
        Slot(name="item", told_by=("item",), question="quote-what", words=True),
        Slot(name="quantity", read=_how_many, question="quote-how-many"),
        Slot(name="date", read=_day),
        Slot(name="company", told_by=("invoice_title",)),
        Slot(name="email", told_by=("email",)),
        Slot(name="phone", told_by=("phone",)),
    ),
    refuses=_too_few,
    filed="quote-asked",
    facts=_told,
    while_waiting=True,
)


async def _quote(turn: Turn) -> Answer:
    product = (await which_product.meant(turn)).one
    if product is None:
        return await tasks.begin(turn, QUOTE)
    one = await variants.names_one(turn, product)
    name = product.name(turn.language) if one else variants.title(product, turn.language)
    return await tasks.begin(turn, QUOTE, {"item": name})


SKILLS = (
    Skill(
        name="quote",
        answer=_quote,
        intents=("quote",),
        tasks=(QUOTE,),
        requests=(RequestKind(name="quote"),),
        regrets=False,
    ),
)
