"""What is said to a message that was not understood for sure: what answers it most likely, or a question back."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation import phrases, routing, waiting
from bot.conversation.answer import Answer
from bot.conversation.registry import REGISTRY
from bot.conversation.skills import fallback, pages, recommending
from bot.conversation.turn import Turn
from nlu.acts import Act
from nlu.types import Understanding

# Asked back about though the model calls the message none of its business.
_WORTH_ASKING = 0.2
# A meaning that is so much likelier than the next is answered, where answering does nothing else.
_STANDS_OUT = 2.0


async def likeliest(turn: Turn, whole: Understanding) -> str | None:
    """The intent to answer after all: a page is near to the words, or its answer tells something and does nothing."""
    told = bool(turn.memory.topic)
    asks_on = told and phrases.asks(turn.text)
    # Who is upset after an entry seldom asks on of it.
    if (
        not (told and turn.negative)
        and await pages.passage_for(turn, at_least=pages.STILL if asks_on else pages.SURE) is not None
    ):
        return "usage_help"
    if turn.in_queue or turn.negative or not whole.understood:
        return None
    plausible = _plausible(whole)
    if not plausible or routing.none_of_ours(whole):
        return None
    chances = [score.probability for score in whole.intents if score.intent in plausible] + [0.0]
    stands_out = chances[0] >= _STANDS_OUT * chances[1]
    return plausible[0] if stands_out and REGISTRY.by_intent[plausible[0]].only_tells else None


async def answered(turn: Turn, whole: Understanding, *, search: bool) -> tuple[str, Answer]:
    """The skill that speaks and what it says: products that the words name, the nearest page, or a question back.

    Args:
        turn: of the message.
        whole: what was understood.
        search: products may be looked for.
    """
    if turn.in_queue:
        return "waiting", await waiting.noted(turn)
    about_us = not (turn.negative or routing.none_of_ours(whole))
    looks = about_us and search and not routing.fairly_of_task(whole)
    found = await recommending.by_words(turn) if looks else None
    if found is not None:
        # A limit that follows narrows down what was looked for.
        return "search", replace(found, memory=(found.memory or turn.memory).heard("product_search"))
    plausible = _plausible(whole)
    near = await _near(turn) if about_us and len(plausible) < 2 else None
    return (
        ("policy", near) if near is not None else ("fallback", fallback.ask_back(turn, tuple(plausible[:2])))
    )


async def _near(turn: Turn) -> Answer | None:
    """The passage nearest to the words; not as an answer for sure, and not twice in a row."""
    if turn.memory.misses or turn.does(Act.ASIDE) or turn.memory.pending is not None:
        return None
    passage = await pages.passage_for(turn, at_least=pages.NEAR)
    if passage is None:
        return None
    memory = replace(turn.memory, misses=turn.memory.misses + 1)
    text = f"{turn.say('pages-nearest')}\n{pages.passage_text(turn, passage)}"
    return Answer(text=text, buttons=turn.human, memory=memory)


def _plausible(whole: Understanding) -> list[str]:
    """Meanings worth asking about, the likeliest first."""
    least = _WORTH_ASKING if whole.intent == "out_of_scope" else 0.0
    return [score.intent for score in whole.intents if routing.askable(score) and score.probability >= least]
