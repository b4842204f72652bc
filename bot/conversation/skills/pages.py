"""Questions about how the shop works, answered from its own pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from zlib import crc32

from bot.conversation.answer import Answer, HandOver
from bot.conversation.turn import Skill, Turn
from nlu.types import Language, Passage

_LONGEST = 700
_SHORT = 350
"""Characters up to which an entry is said as it stands, and of a longer one what follows the sentence that answers."""
_SENTENCE_END = re.compile(r"[。！？]|[.!?](?=\s)|\n")
_LOOKED_AT = 8

SURE = 0.6
"""A passage that answers with this chance does so even when nothing else was understood."""
NEAR = 0.25
"""A passage with this chance goes before the general one of the intent, where a question is known to be one for the
pages.

Chances are those of `nlu.pages`; `docs/benchmarks.md` has what they are worth on shops that nothing was learned from.
"""
_GENERAL = 0.1
"""A passage for a question of the bot's own, which is one for the pages in any case."""
_BOTH = 0.3
"""From this chance on a second entry is said beside the first: both apply."""


async def passage_for(
    turn: Turn, question: str | None = None, at_least: float | None = None
) -> Passage | None:
    """The passage that answers the message best, if any does; the customer's own language first.

    `at_least` is the chance that it needs, in place of the model's own threshold.
    """
    return next(iter(await _passages(turn, question, 1, at_least)), None)


async def _passages(turn: Turn, question: str | None, n: int, at_least: float | None = None) -> list[Passage]:
    """The best first, of a message by itself or with the customer's message before it, whichever is nearer to a
    passage; a question of the bot's own stands alone."""
    meaning = turn.understanding
    asked = question or turn.text or (meaning.text if meaning is not None else "")
    if not asked.strip():
        return []  # a button asks no page
    before = "" if question is not None else _said_before(turn)
    # The bot's own questions are ones for the pages.
    at_least = _GENERAL if question is not None and at_least is None else at_least
    language: Language = "zh" if turn.language == "zh" else "en"
    search = turn.services.reader.search
    alone = await search(asked, language, n, "", at_least)
    if not before or (alone and alone[0].score >= SURE):
        return alone
    together = await search(asked, language, n, before, at_least)
    return max(alone, together, key=lambda found: found[0].score if found else 0.0)


def _said_before(turn: Turn) -> str:
    """What the customer said before the words to be answered: in the same message, else the message before."""
    earlier, found, _ = turn.said.partition(turn.text)
    if found and earlier.strip():
        return earlier.strip()
    return turn.memory.before[-2] if len(turn.memory.before) > 1 else ""


def passage_text(turn: Turn, passage: Passage) -> str:
    """A passage for this customer, as a chat can hold it.

    An entry is said as the shop wrote it, of a long one the sentence that answers and then the rest.
    """
    text, answer = passage.text.strip(), _sentence(passage)
    if len(text) <= _SHORT or not answer:
        return _in_language(turn, passage, shortened(text))
    before, _, after = text.partition(answer)
    rest = "\n".join(part.strip() for part in (before, after) if part.strip())
    return _in_language(turn, passage, f"{answer}\n\n{shortened(rest, _SHORT)}".strip())


def _sentence(passage: Passage) -> str:
    """What answers in a passage, with the whole of the sentences that it stands in; empty where that isn't known."""
    text, answer = passage.text.strip(), passage.answer.strip()
    start = text.find(answer) if answer else -1
    if start < 0:
        return ""
    ends = [0, *(end.end() for end in _SENTENCE_END.finditer(text)), len(text)]
    first = max(end for end in ends if end <= start)
    last = min(end for end in ends if end >= start + len(answer))
    return text[first:last].strip()


def _in_language(turn: Turn, passage: Passage, text: str) -> str:
    if passage.language == turn.language:
        return text
    return f"{turn.say('pages-other-language')}\n{text}"


def shortened(text: str, longest: int = _LONGEST) -> str:
    """A passage as a chat can hold it: whole sentences up to a length."""
    text = text.strip()
    if len(text) <= longest:
        return text
    cut = text[:longest]
    end = max(cut.rfind(mark) for mark in ("。", "！", "？", ". ", "\n"))
    return cut[: end + 1].strip() if end > longest // 3 else f"{cut.rstrip()}…"


async def answer(turn: Turn) -> Answer:
    """The page's words, or an honest "I don't know" with a person behind it."""
    found = await _passages(turn, None, 2, NEAR)
    if not found:
        found = await _passages(turn, turn.say(f"page-question-{turn.intent}"), 1)
    if not found:
        return Answer(
            text=turn.say("pages-unknown"),
            buttons=turn.human,
            memory=turn.memory.settled(),
        )
    return said_of(turn, found)


def said_of(turn: Turn, found: Sequence[Passage]) -> Answer:
    """The first of some passages, and the second where both apply; of the entry that was told last just what is new."""
    first, *others = found
    entry = crc32(f"{first.page}\n{first.title}".encode())
    answer = _sentence(first)
    told = bool(answer) and turn.memory.passage == entry
    parts = [_in_language(turn, first, answer) if told else passage_text(turn, first)]
    parts += [
        _in_language(turn, one, _sentence(one) or shortened(one.text))
        for one in others[:1]
        if one.score >= _BOTH
    ]
    return Answer(text="\n\n".join(parts), memory=replace(turn.memory.settled(), passage=entry))


async def answer_own(turn: Turn) -> Answer:
    """An intent that the shop taught: its page if one is named like it, else any that answers; else a person."""
    found = await _passages(turn, None, _LOOKED_AT)
    named = [passage for passage in found if passage.page == turn.intent]
    passage = next(iter(named or found), None)
    if passage is None:
        return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="own_intent"))
    return said_of(turn, [passage])


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
