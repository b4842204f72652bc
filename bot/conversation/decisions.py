"""Runs the skill that answers: switched off or in the shadow where staff want it so, with an answer whatever fails."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.exc import SQLAlchemyError

from bot.conversation import done_by, waiting
from bot.conversation.answer import Answer, HandOver
from bot.conversation.skills import order_asked, order_match, pages, recommending, which_order
from bot.conversation.skills.talk import TALK
from bot.conversation.turn import Skill, Turn
from bot.delivery.faults import describe
from bot.delivery.ports import TookTooLong
from storage.errors import StorageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One skill's answer."""

    skill: str
    answer: Answer
    shadow: bool = False
    """Drafted for staff and not sent."""


async def wish(turn: Turn, skill: Skill, intent: str, modes: Mapping[str, str]) -> tuple[Decision, ...]:
    """Answer one wish, and remember that it was heard."""
    turn = replace(turn, intent=intent)
    instead = await _told_instead(turn, skill)
    decisions = await run(skill, turn, modes) if instead is None else only("policy", instead)
    found = None if decisions[-1].shadow else await recommending.in_place_of(turn, decisions[-1].answer)
    if found is not None and modes.get("search", "on") == "on":
        decisions, intent = (*decisions[:-1], *only("search", found)), "product_search"
    decisions = await of_pages(turn, decisions)
    if decisions[-1].skill == "policy":
        told = await done_by.offered(turn, intent, decisions[-1].answer)
        decisions = (*decisions[:-1], *only("policy", told))
    wish = None if intent in TALK else intent

    def heard(answer: Answer) -> Answer:
        return replace(answer, memory=(answer.memory or turn.memory).heard(wish))

    return (*decisions[:-1], replace(decisions[-1], answer=decisions[-1].answer.changed(heard)))


async def _told_instead(turn: Turn, skill: Skill) -> Answer | None:
    """What the pages say before a skill does: of the entry told last, or to a question that only its own words may make
    a wish."""
    if skill.only_tells:
        return await pages.more_of_told(turn)
    if not turn.guessed:
        return None
    return await (pages.of_a_request if turn.memory.filed else pages.by_the_way)(turn)


async def of_pages(turn: Turn, made: tuple[Decision, ...]) -> tuple[Decision, ...]:
    """What was decided; what the pages say in place of an answer that only tells what comes nearest, or what was told
    before; and what they surely state to a question that it was taken for another."""
    last = made[-1]
    if last.shadow:
        return made
    skill = turn.skills.by_name.get(last.skill)
    # Who asks for a fact of an order that was told before wants to hear that fact.
    of_order = skill is not None and skill.about_order
    asks_again = of_order and (bool(order_asked.facts(turn)) or turn.intent == "refund_status")
    told_before = last.answer.mark in turn.memory.said and not asks_again
    told = await pages.in_place_of(turn, last.answer, told_before=told_before)
    if told is not None:
        return (*made[:-1], *only("policy", told))
    if skill is None:
        return made
    named = of_order and await _names_its_order(turn, last.answer)
    beside = await pages.besides(turn, skill, last.answer, named=named)
    return made if beside is None else (*made[:-1], replace(last, answer=beside))


async def _names_its_order(turn: Turn, answer: Answer) -> bool:
    """Whether a message names something in the order that the answer to it tells of."""
    told_of = answer.memory.order if answer.memory is not None else None
    order = await which_order.own(turn, told_of) if told_of is not None else None
    return order is not None and bool(order_match.by_items(turn, [order]))


async def run(skill: Skill, turn: Turn, modes: Mapping[str, str]) -> tuple[Decision, ...]:
    """What a skill answers, as its switch allows; a fault in it gives the case to a colleague.

    Raises:
        StorageError: the store is away or in conflict; likewise SQLAlchemyError and TookTooLong: the dispatcher tries
            again.
    """
    if turn.in_queue and not skill.while_waiting:
        return only("waiting", await waiting.left_to_people(turn))
    mode = "on" if skill.always else modes.get(skill.name, "on")
    if mode == "off":  # people do it
        return only("fallback", Answer(text=turn.say("skill-off"), buttons=turn.human))
    try:
        answer = await skill.answer(turn)
    except (StorageError, SQLAlchemyError, TookTooLong):
        raise  # the dispatcher tries again, or gives up
    except Exception as error:  # noqa: BLE001 - an answer is owed whatever we got wrong; a colleague gets the case
        log.error("skill %s failed: %s", skill.name, describe(error))
        answer = Answer(text=turn.say("skill-failed"), hand_over=HandOver(reason="error"))
    if mode == "shadow":
        return (
            Decision(skill=skill.name, answer=answer, shadow=True),
            *only("fallback", Answer(hand_over=HandOver(reason="shadow"))),
        )
    return only(skill.name, answer)


def is_said(decision: Decision, done: Sequence[Decision]) -> bool:
    """Whether an answer says nothing but what another of the same message says, and does nothing."""
    answer = decision.answer
    does = decision.shadow or answer.effects or answer.cards or answer.hand_over is not None
    lines = answer.text.splitlines()
    return not does and bool(lines) and any(all(line in one.answer.text for line in lines) for one in done)


def only(skill: str, answer: Answer) -> tuple[Decision, ...]:
    """One answer, of a skill or of the dialogue itself."""
    return (Decision(skill=skill, answer=answer),)
