"""Questions about how the shop works, answered from its own pages."""

from __future__ import annotations

from bot.conversation.answer import Answer, HandOver
from bot.conversation.turn import Skill, Turn
from nlu.types import Passage

_LONGEST = 700
_LOOKED_AT = 8


SURE = 0.56
"""A passage this near to a question answers it even when nothing else was understood."""
NEAR = 0.27
"""A passage this near goes before the general one of the intent where a question is known to be one for the pages.

Chosen on the rows `tune` of `tests/benchmarks/nlu_pages.tsv`; `docs/benchmarks.md` has what it is worth on others.
"""


async def passage_for(
    turn: Turn, question: str | None = None, at_least: float | None = None
) -> Passage | None:
    """The passage that answers the message best, if any does; the customer's own language first.

    `at_least` is the score that it needs, in place of the index's own threshold.
    """
    return next(iter(await _passages(turn, question, 1, at_least)), None)


async def _passages(turn: Turn, question: str | None, n: int, at_least: float | None = None) -> list[Passage]:
    """The best first."""
    meaning = turn.understanding
    asked = question or turn.text or (meaning.text if meaning is not None else "")
    return await turn.services.reader.search(asked, "zh" if turn.language == "zh" else "en", n, at_least)


def passage_text(turn: Turn, passage: Passage) -> str:
    """A passage for this customer: as a chat can hold it, and with a word where it is in the other language."""
    text = shortened(passage.text)
    if passage.language == turn.language:
        return text
    return f"{turn.say('pages-other-language')}\n{text}"


def shortened(text: str) -> str:
    """A passage as a chat can hold it: whole sentences up to a length."""
    text = text.strip()
    if len(text) <= _LONGEST:
        return text
    cut = text[:_LONGEST]
    end = max(cut.rfind(mark) for mark in ("。", "！", "？", ". ", "\n"))
    return cut[: end + 1].strip() if end > _LONGEST // 3 else f"{cut.rstrip()}…"


async def answer(turn: Turn) -> Answer:
    """The page's words, or an honest "I don't know" with a person behind it."""
    passage = await passage_for(turn, at_least=NEAR) or await passage_for(
        turn, turn.say(f"page-question-{turn.intent}")
    )
    if passage is None:
        return Answer(
            text=turn.say("pages-unknown"),
            buttons=turn.human,
            memory=turn.memory.settled(),
        )
    return Answer(text=passage_text(turn, passage), memory=turn.memory.settled())


async def answer_own(turn: Turn) -> Answer:
    """An intent that the shop taught: its page if one is named like it, else any that answers; else a person."""
    found = await _passages(turn, None, _LOOKED_AT)
    named = [passage for passage in found if passage.page == turn.intent]
    passage = next(iter(named or found), None)
    if passage is None:
        return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="own_intent"))
    return Answer(text=passage_text(turn, passage), memory=turn.memory.settled())


SKILLS = (
    Skill(
        name="policy",
        only_tells=True,
        answer=answer,
        intents=(
            "shipping_fee",
            "return_policy",
            "warranty_repair",
            "usage_help",
            "payment_methods",
            "place_order",
        ),
    ),
    Skill(name="store_info", only_tells=True, answer=answer, intents=("store_info",)),
    # Intents that only this shop has.
    Skill(name="own", answer=answer_own),
    Skill(name="account", only_tells=True, answer=answer, intents=("account_problem",)),
)
