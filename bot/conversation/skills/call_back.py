"""A call by a person: to which number and when, within the hours in which people are there, read back before it is
asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from bot.conversation import tasks
from bot.conversation.answer import Answer, Rows, row
from bot.conversation.memory import OpenTask
from bot.conversation.phrases import word_test
from bot.conversation.turn import RequestKind, Skill, Slot, Task, Turn
from nlu.entities.clock import clock
from nlu.entities.corrections import is_phone, with_end
from nlu.types import EntityKind
from storage.customers import Customers
from storage.orders import Order

_any_time = word_test(
    "随时 都可以 都行 尽快 现在 马上 立刻",
    "any_time anytime whenever now asap as_soon_as_possible right_away soon",
)


def _when(turn: Turn, before: str) -> str:
    """When a message wants to be called, ISO: a day, a time of day or both, or as soon as somebody can. What it doesn't
    say of the two stays as it was."""
    day, at = turn.named(EntityKind.DATE), clock(turn.text)
    if day is None and at is None:
        return _written(turn, turn.now) if _any_time(turn.text) else ""
    here, known = turn.now.astimezone(turn.zone), _moment(before)
    last = known.astimezone(turn.zone) if known is not None else None
    wanted = date.fromisoformat(day) if day is not None else (last or here).date()
    moment = datetime.combine(wanted, at or (last.time() if last is not None else time(0)), turn.zone)
    if moment < here and day is None:
        moment += timedelta(days=1)
    return _written(turn, max(moment, here))


def _written(turn: Turn, moment: datetime) -> str:
    return moment.astimezone(turn.zone).isoformat(" ", "minutes")


def _read_back(turn: Turn, _order: Order | None, opened: OpenTask) -> Mapping[str, str]:
    """The number, and the moment: the next at which people are there."""
    asked = _moment(opened.values.get("when", "")) or turn.now
    there = turn.services.shop.hours.next_open(asked)
    return {
        "phone": opened.values.get("phone", ""),
        "at": turn.near_moment(there),
        "asked": turn.near_moment(asked),
        "moved": "yes" if there > asked and asked > turn.now else "no",
    }


def _shown(turn: Turn, value: str) -> str:
    moment = _moment(value)
    return value if moment is None else turn.near_moment(moment)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _buttons(turn: Turn, _order: Order | None) -> Rows:
    return row(turn.button("button-call-yes", "call:yes"), turn.button("button-call-no", "call:no"))


CALL_BACK = Task(
    name="call_back",
    request="call_back",
    wished_by=("call_back",),
    slots=(
        Slot(
            name="phone",
            told_by=("phone",),
            question="call-back-number",
            words=True,
            fits=is_phone,
            join=lambda before, told, _old: with_end(before, told),
            whole=is_phone,
            again="phone-again",
        ),
        Slot(name="when", read=_when, shown=_shown, question="call-back-when"),
    ),
    confirm="call-back-confirm",
    buttons=_buttons,
    filed="call-back-asked",
    facts=_read_back,
    while_waiting=True,
)


async def _call(turn: Turn) -> Answer:
    if turn.intent in ("yes", "no"):
        opened = turn.memory.task(CALL_BACK.name)
        if opened is None or CALL_BACK.asks(opened) is not None:
            return Answer(text=turn.say("button-stale"))
        if turn.intent == "yes":
            return await tasks.confirmed(turn, CALL_BACK, None)
        memory = turn.memory.settled().without_task(CALL_BACK.name)
        return Answer(text=turn.say("deny-nothing"), memory=memory)
    return await tasks.begin(turn, CALL_BACK, await _known_number(turn))


async def _known_number(turn: Turn) -> Mapping[str, str]:
    """The number that the shop has of the customer, where the message tells none: it is read back."""
    opened = turn.memory.task(CALL_BACK.name)
    if turn.customer_id is None or turn.told("phone") or (opened is not None and "phone" in opened.values):
        return {}
    customer = await Customers(turn.connection).get(turn.customer_id)
    number = (customer.phone if customer is not None else None) or ""
    return {"phone": number} if is_phone(number) else {}


SKILLS = (
    Skill(
        name="call_back",
        answer=_call,
        intents=("call_back",),
        actions=("call",),
        tasks=(CALL_BACK,),
        requests=(RequestKind(name="call_back"),),
        regrets=False,
    ),
)
