"""What is done to the last answer of a message: the sentiment is answered, too, and nothing is said twice."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bot.conversation import decisions, repeats, sentiment
from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import needed, pages
from bot.conversation.skills.talk import overrides
from bot.conversation.turn import Turn


async def finished(decision: decisions.Decision, turn: Turn) -> decisions.Decision:
    """An answer as it is sent; what the pages say to a question, where it would tell something else once more."""
    if repeats.block_again(decision, turn) and (told := await pages.by_the_way(turn)) is not None:
        decision = replace(decision, skill="policy", answer=told)
    return _with_sentiment(repeats.not_twice(with_need(decision, turn), turn), turn)


def with_need(decision: decisions.Decision, turn: Turn) -> decisions.Decision:
    """Keep what was told of a need, whichever skill has answered: it holds for all goods that are shown later."""
    skill = REGISTRY.by_name.get(decision.skill)
    elsewhere = skill is not None and (skill.about_order or bool(skill.tasks))

    def keeping(answer: Answer) -> Answer:
        memory = answer.memory or turn.memory
        if memory.need is not turn.memory.need:
            return answer
        need = needed.kept(turn, of_goods=not elsewhere)
        return answer if need is memory.need else replace(answer, memory=replace(memory, need=need))

    return replace(decision, answer=decision.answer.changed(keeping))


def _with_sentiment(decision: decisions.Decision, turn: Turn) -> decisions.Decision:
    """Answer the sentiment, too; whoever would talk the bot out of its rules has had no trouble."""
    if turn.understanding is None:
        return decision
    skill = REGISTRY.by_name.get(decision.skill)
    regrets = not decision.shadow and skill is not None and skill.regrets and not overrides(turn.text)
    return replace(decision, answer=decision.answer.changed(partial(sentiment.answered, turn, regrets)))
