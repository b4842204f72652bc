"""What a message means for the task that the bot's question is about."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from bot.conversation import phrases
from bot.conversation.read_message import parts_of
from bot.conversation.turn import Slot, Task, Turn
from nlu.acts import Act, DialogueState
from nlu.context.negation import refused_in
from nlu.types import Understanding
from storage.orders import Order

_IN_ITS_WORDS = 0.3
_WITH_THANKS = 0.1
"""A yes to a question that is asked, beside thanks."""
_PART_OF = dict.fromkeys(("return", "exchange", "cancel_order", "item_problem"), ("refund",))
"""Wishes that are part of a task: whoever returns something wants the money back."""
_RATHER = 0.5
_PLAINLY = 0.8
_denies = phrases.word_test("^不是 ^不对 ^不，", "^no ^nope ^not")
BY_FORM = frozenset({"name", "phone", "email", "address", "address_part", "tax_number", "payment_method"})
"""What tells a value of one thing and is no word about another."""


def turns_down(turn: Turn) -> bool:
    """A no, or that it is no longer wanted; not one that says how it should be instead."""
    instead = any(turn.does(act) for act in (Act.CORRECTS, Act.GIVES, Act.ADDS)) or bool(turn.acts.wishes)
    return turn.does(Act.WITHDRAWS) if instead else turn.does(Act.WITHDRAWS) or turn.denies


def contradicts(turn: Turn) -> bool:
    """Whether the two readings of a message contradict each other, a no and the plain word for what is asked about: it
    is asked once more."""
    return turn.denies and _wishes_alone(turn)


def _wishes_alone(turn: Turn) -> bool:
    """Whether the words by themselves plainly wish what is asked about, and refuse nothing."""
    wished = {
        turn.skills.tasks_of.get(intent) for intent, chance in _alone(turn).items() if chance >= _PLAINLY
    }
    return bool(wished & answered(turn)) and not refused_in(turn.text)


def has_none(turn: Turn) -> bool:
    """Whether a message says that there is nothing to tell; not that all of it is no longer wanted."""
    return turn.denies and not turn.surely(Act.WITHDRAWS)


def agrees(turn: Turn) -> bool:
    """Whether a message plainly says yes: in its own words, too, or by wishing again what is asked about.

    Where both readings don't say so, what is asked about is asked once more: it can't be undone.
    """
    if not turn.answers:
        return False
    alone = _alone(turn)
    wished = any(
        turn.skills.tasks_of.get(intent) in answered(turn) and chance >= _RATHER
        for intent, chance in alone.items()
    )
    pending = turn.memory.pending
    if (
        wished
        and pending is not None
        and pending.tries
        and _wishes_alone(turn)
        and not phrases.asks(turn.text)
    ):
        # Whoever was asked once more, and says it again, wishes it.
        return len(parts_of(turn.text)) == 1
    doubts = _doubts(turn)
    if wished:
        # Its words may be those that take something back: "ok, cancel" answers "Cancel it?".
        return turn.affirms and turn.acts.probability(Act.YES) > doubts
    yes, no = alone.get("affirm", 0.0), alone.get("deny", 0.0)
    said = yes >= _IN_ITS_WORDS or (
        turn.surely(Act.YES) and yes >= _WITH_THANKS and next(iter(alone)) == "thanks"
    )
    return turn.affirms and said and yes > no and doubts < _RATHER


async def agrees_first(turn: Turn) -> bool:
    """Whether a message plainly says yes, or begins with a plain yes and then neither refuses nor wishes anything else:
    it asks something besides, or says the yes once more in words of its own."""
    first, *others = parts_of(turn.text) or [""]
    asked = {phrases.asks(turn.text[turn.text.find(other) :]) for other in others}
    if agrees(turn) or not turn.surely(Act.YES) or not asked:
        return agrees(turn)
    if asked != {True} and (turn.acts.wishes or refused_in(turn.text) or _doubts(turn) >= _RATHER):
        return False
    read = await turn.read(first, DialogueState())
    return read is not None and agrees(replace(turn, text=first, understanding=replace(read, acts=turn.acts)))


def _doubts(turn: Turn) -> float:
    """How likely a message says no, or takes something back."""
    return max(turn.acts.probability(act) for act in (Act.NO, Act.WITHDRAWS))


def _alone(turn: Turn) -> dict[str, float]:
    """What the words mean by themselves, the likeliest first."""
    scores = turn.understanding.intents if turn.understanding is not None else ()
    return {score.intent: score.probability for score in scores}


def only_agrees(turn: Turn) -> bool:
    """Whether a message says yes or thanks by itself and nothing else: it is no value."""
    best = next(iter(_alone(turn).items()), ("", 0.0))
    plain = best[0] in ("affirm", "thanks") and best[1] >= _RATHER
    return plain and not any(character.isdigit() for character in turn.text)


def wished_instead(turn: Turn) -> str:
    """The intent of another task that a no also names, read by its own words; empty where it names none."""
    alone = turn.understanding.intents if turn.understanding is not None else ()
    others = (
        score.intent
        for score in alone
        if score.probability >= _RATHER
        and turn.skills.tasks_of.get(score.intent, "") not in {"", *answered(turn)}
    )
    return next(others, "") if not turn.surely(Act.WITHDRAWS) else ""


def wishes_another(turn: Turn) -> bool:
    """Whether a message wishes another task than the one that is asked about."""
    return bool(_wished(turn) - answered(turn)) and not wished_again(turn)


def plainly_wishes_another(turn: Turn) -> bool:
    """Whether the words by themselves, too, wish another task, and not just report a trouble."""
    alone = {
        turn.skills.tasks_of.get(intent, "") for intent, chance in _alone(turn).items() if chance >= _PLAINLY
    }
    troubles = {kind.name for kind in turn.skills.requests if kind.trouble}
    return bool(alone - answered(turn) - troubles - {""})


def wishes_of_others(turn: Turn, task: Task, *, by_words: bool) -> bool:
    """Whether a message wishes another task than one that was asked of the shop already.

    Args:
        turn: of the message.
        task: that was asked for.
        by_words: what its words wish by themselves counts, too.
    """
    alone = turn.understanding.intents if turn.understanding is not None and by_words else ()
    wished = {score.intent for score in alone if score.probability >= _RATHER}
    wished |= {wish.intent for wish in turn.acts.wishes}
    others = {turn.skills.tasks_of[intent] for intent in wished if intent in turn.skills.tasks_of}
    return bool(others - {task.name, *_PART_OF.get(task.name, ())}) and not wished & set(task.wished_by)


def wished_again(turn: Turn) -> bool:
    """Whether a message wishes what the bot's question is about: it answers, in a whole sentence."""
    return bool(answered(turn) & _wished(turn))


def _wished(turn: Turn) -> set[str]:
    return {
        turn.skills.tasks_of[wish.intent] for wish in turn.acts.wishes if wish.intent in turn.skills.tasks_of
    }


def may_give(turn: Turn, asked: Slot, task: Task, told: Collection[str]) -> bool:
    """Whether what is told answers the question, though the message isn't read as an answer."""
    if asked.name not in told:
        # A name or a phone number beside the address that is asked for is told of nothing else.
        by_form = any(slot.name in told and set(slot.told_by) <= BY_FORM for slot in task.slots)
        return by_form and turn.answers and not turn.acts.wishes
    if asked.sentence:
        # "Can I have the blue one?"; what is told of in words of any kind may be told of something else.
        plain = any(
            chance >= _RATHER for intent, chance in _alone(turn).items() if intent not in answered(turn)
        )
        return turn.answers and not (turn.acts.wishes or plain)
    return not (asked.free or turn.acts.wishes)


def only_asks(turn: Turn) -> bool:
    """Whether a message of one part is a question that by its words alone plainly asks to be told something: it is no
    answer in free words, however it is read where one is awaited."""
    asks = len(parts_of(turn.text)) == 1 and phrases.asks(turn.text)
    return asks and any(
        chance >= _PLAINLY and intent not in turn.skills.tasks_of for intent, chance in _alone(turn).items()
    )


def is_answer(turn: Turn) -> bool:
    """Whether a message gives, adds or puts right something, or says yes."""
    return turn.answers and any(turn.does(act) for act in (Act.GIVES, Act.ADDS, Act.CORRECTS, Act.YES))


def says_more(turn: Turn) -> bool:
    """Whether a yes or no to nothing asks or corrects something: "oh ok, so who pays?", "no, I meant the blue one"."""
    if turn.memory.pending is not None:
        return False
    corrects = turn.acts.probability(Act.CORRECTS) >= _IN_ITS_WORDS or phrases.means_instead(turn.text)
    return corrects or phrases.asks(turn.text)


def means_another_order(turn: Turn, order: Order) -> bool:
    """Whether a message says that it is about another order than the one that was taken."""
    named = names_another_order(turn, order)
    if turn.does(Act.CORRECTS) and (named or turn.wants_others or _points_elsewhere(turn, order)):
        return True
    return named and (
        turn.affirms or turn.denies or only_names(turn, turn.order_number) or wished_again(turn)
    )


def denies_it(turn: Turn) -> bool:
    """Whether a message begins by saying that what was taken isn't what is meant."""
    return _denies(turn.text.strip())


def names_another_order(turn: Turn, order: Order) -> bool:
    """Whether a message names an order by its number, and not the one that was taken; what it asks besides, in words of
    its own, doesn't count."""
    number, whole = turn.order_number, len(turn.text.strip())
    besides = any(
        number in wish.text.upper()
        for wish in turn.acts.wishes
        if len(wish.text.strip()) < whole and turn.skills.tasks_of.get(wish.intent) not in answered(turn)
    )
    return bool(number) and number != order.number.upper() and not besides


def _points_elsewhere(turn: Turn, order: Order) -> bool:
    return order.id not in turn.pointed_at and any(":" not in thing for thing in turn.pointed_at)


def only_points_at(turn: Turn, order: Order) -> bool:
    """Whether a message only says that it is about that order, and asks and wishes nothing."""
    return turn.pointed_at == (order.id,) and not (turn.acts.wishes or phrases.asks(turn.text))


def names_part_of(order: Order, value: str) -> bool:
    """Whether a value stands in the name of something that an order has."""
    names = "\n".join(f"{line.name_zh}\n{line.name_en}" for line in order.lines)
    return value.casefold() in names.casefold()


def only_names(turn: Turn, number: str) -> bool:
    """Whether a message is nothing but a number."""
    return turn.text.strip().strip("#＃").casefold() == number.casefold()


def answered(turn: Turn) -> frozenset[str]:
    """The task that the engine's own question is about, and what it turns into: no new wish of the same message."""
    pending = turn.memory.pending
    task = turn.skills.tasks.get(pending.data.get("task", "")) if pending is not None else None
    if task is None:
        return frozenset()
    return frozenset({task.name, task.becomes(turn, None) if task.becomes is not None else ""} - {""})


def is_aside(turn: Turn, meant: str) -> bool:
    """Whether words only seem to wish something else than what is asked about, where they aren't read as a wish: that
    is asked once more."""
    plain = _alone(turn).get(meant, 0.0) >= _PLAINLY
    return bool(answered(turn)) and meant in turn.skills.tasks_of and not (plain or turn.acts.wishes)


def only_gives(whole: Understanding) -> bool:
    """Whether a message is only what was asked for: an address or a name is in no language of its own."""
    acts = whole.acts
    gives = max(acts.probability(act) for act in (Act.GIVES, Act.CORRECTS, Act.ADDS))
    return gives >= _RATHER and bool(acts.slots) and not acts.wishes
