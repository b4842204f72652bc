"""The same words are not said twice: whoever asks again hears that nothing is new, or what is still needed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.conversation.answer import Answer
from bot.conversation.decisions import Decision
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import order_asked
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Skill, Turn

_KEPT = 8
_AS_OFTEN = 3
"""So often one answer is said again to questions in other words."""


_SHOWS_GOODS = frozenset({"search", "recommend"})


def not_twice(decision: Decision, turn: Turn) -> Decision:
    """An answer, in other words where the same was said before and needs no repeating."""
    if decision.shadow:
        return decision
    if _may_be_said_again(decision.skill, decision.answer):
        return replace(decision, answer=decision.answer.changed(partial(_kept, turn)))
    return replace(decision, answer=decision.answer.changed(partial(_told_anew, turn, decision.skill)))


def block_again(decision: Decision, turn: Turn) -> bool:
    """Whether an answer would tell once more, to another question, what was told of nothing in particular."""
    known = REGISTRY.by_name.get(decision.skill)
    memory = decision.answer.memory or turn.memory
    particular = known is None or known.about_order or memory.product is not None
    if decision.shadow or decision.answer.effects or particular or memory.pending is not None:
        return False
    return decision.answer.mark in memory.said


def _may_be_said_again(skill: str, answer: Answer) -> bool:
    """Whether an answer of a skill may be in the same words: small talk, what was done, what is asked for again."""
    known = REGISTRY.by_name.get(skill)
    asks = answer.memory is not None and answer.memory.pending is not None
    if skill == "fallback":
        return False
    if known is None or known.repeats or known.always or TALK.issuperset(known.intents):
        return True
    if answer.cards and known.name in _SHOWS_GOODS:
        # What still fits after more was told is shown again.
        return True
    return bool(known.tasks) and not asks


def _told_anew(turn: Turn, skill: str, answer: Answer) -> Answer:
    """The answer, in other words where the same was said before in this conversation; kept to compare with."""
    memory = answer.memory or turn.memory
    said = answer.mark
    if not answer.text or answer.hand_over is not None:
        return answer
    if said in memory.said:
        answer = replace(_again(turn, skill, answer), again=True)
        said = answer.mark
    return replace(answer, memory=replace(memory, said=(*memory.said, said)[-_KEPT:]))


def _kept(turn: Turn, answer: Answer) -> Answer:
    """The answer, kept to compare with where it tells something."""
    memory = answer.memory or turn.memory
    if not answer.text or answer.hand_over is not None or memory.pending is not None:
        return answer
    return replace(answer, memory=replace(memory, said=(*memory.said, answer.mark)[-_KEPT:]))


def _again(turn: Turn, skill: str, answer: Answer) -> Answer:
    pending = answer.memory.pending if answer.memory is not None else turn.memory.pending
    if pending is not None:
        again = replace(answer, text=turn.say("still-needed", text=answer.text))
        asked_twice = again.mark in turn.memory.said
        return replace(again, text=turn.say("unclear-again"), buttons=turn.human) if asked_twice else again
    known = REGISTRY.by_name.get(skill)
    if turn.memory.misses < (answer.memory or turn.memory).misses:
        text_id = "unclear-again"
    else:
        text_id = "said-before" if _of_order(known, answer) else "said-before-else"
        again = replace(answer, text=turn.say("said-again", text=answer.text))
        # What is asked in other words, or of another order meanwhile, is answered all the same.
        if _is_asked_anew(turn, known, answer) and turn.memory.said.count(again.mark) < _AS_OFTEN:
            return again
    told = replace(answer, text=turn.say(text_id), cards=(), buttons=turn.human)
    return replace(told, text=turn.say("said-before-again")) if told.mark in turn.memory.said else told


def _is_asked_anew(turn: Turn, skill: Skill | None, answer: Answer) -> bool:
    """Whether what was told before is asked for by a question of its own."""
    if skill is None or not skill.only_tells:
        return False
    if _of_order(skill, answer):
        now = answer.memory.intents[:1] if answer.memory is not None else turn.memory.intents[:1]
        return bool(order_asked.facts(turn)) or now != turn.memory.intents[:1]
    return not answer.cards and turn.text not in turn.memory.before[:-1]


def _of_order(skill: Skill | None, answer: Answer) -> bool:
    """Whether an answer tells of an order, and not what the pages say of all."""
    of_pages = answer.memory is not None and bool(answer.memory.topic)
    return skill is not None and skill.about_order and not of_pages
