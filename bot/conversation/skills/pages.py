"""Questions about how the shop works, answered from its own pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import sqrt
from zlib import crc32

from bot.conversation import phrases, price_rules
from bot.conversation.answer import Answer, HandOver
from bot.conversation.memory import Memory
from bot.conversation.skills import order_asked
from bot.conversation.turn import Skill, Turn
from nlu.types import EntityKind, Language, Passage

_LONGEST = 700
_SHORT = 350
"""Characters up to which an entry is said as it stands, and of a longer one what follows the sentence that answers."""
_LOOKED_AT = 8
_ALONE = 0.4
_ASKED = 200
_PLAINLY = 0.65
_OF_A_SUBJECT = {
    **{
        intent: f"page-question-{intent}"
        for intent in (
            "payment_methods",
            "return_policy",
            "store_info",
            "warranty_repair",
            "account_problem",
            "place_order",
        )
    },
    "membership_points": "rule-question-membership_points",
}
"""Intents that name what they ask about, with the text that asks for it in general; "how long?" or "how much?" is asked
of anything."""
_NOT_OF_GOODS = frozenset({"payment_methods", "store_info", "place_order"})
"""Those that nothing of a product asked about before says more of."""

SURE = 0.6
"""A passage that answers with this chance does so even when nothing else was understood."""
NEAR = 0.25
"""A passage with this chance goes before the general one of the intent, where a question is known to be one for the
pages.

Chances are those of `nlu.pages`; `docs/benchmarks.md` has what they are worth on shops that nothing was learned from.
"""
STILL = 0.3
"""A passage with this chance answers a question that follows an entry just told."""
_GENERAL = 0.1
"""A passage for a question of the bot's own, which is one for the pages in any case."""
_FAR = 0.03
"""A passage that is picked by what it says among those that may be about a question of the bot's own."""
_BOTH = 0.3
"""From this chance on a second entry is said beside the first: both apply."""


async def passage_for(
    turn: Turn, question: str | None = None, at_least: float | None = None
) -> Passage | None:
    """The passage that answers the message best, if any does; the customer's own language first.

    `at_least` is the chance that it needs, in place of the model's own threshold.
    """
    return next(iter(await _passages(turn, question, 1, at_least)), None)


async def that_says(turn: Turn, question: str, says: Callable[[Passage], bool]) -> str:
    """The nearest of the entries that may be about a question of the bot's own and that say such a thing, for this
    customer; empty where there is none."""
    found = await _passages(turn, question, _LOOKED_AT, _FAR)
    passage = next((one for one in found if says(one)), None)
    return "" if passage is None else passage_text(turn, passage)


async def _passages(turn: Turn, question: str | None, n: int, at_least: float | None = None) -> list[Passage]:
    """The best first, with the rules for personal prices where an entry leaves room for them."""
    policy = turn.services.decisions.policy
    return [price_rules.filled(turn.part, policy, one) for one in await _found(turn, question, n, at_least)]


async def _found(turn: Turn, question: str | None, n: int, at_least: float | None) -> list[Passage]:
    """The best first, of a message by itself or with the customer's message before it, whichever is nearer to a
    passage; after an entry was told, in the light of that, too. A question of the bot's own stands alone."""
    meaning = turn.understanding
    asked = question or turn.text or (meaning.text if meaning is not None else "")
    if not asked.strip():
        return []  # a button asks no page
    before = "" if question is not None else _said_before(turn, asked)
    # The bot's own questions are ones for the pages.
    at_least = _GENERAL if question is not None and at_least is None else at_least
    language: Language = "zh" if turn.language == "zh" else "en"
    search = turn.services.reader.search
    if question is None and turn.memory.topic:
        contexts = dict.fromkeys(("", turn.memory.topic_asked, turn.memory.topic))
        readings = [await search(asked, language, _LOOKED_AT, context, 0.0) for context in contexts]
        if await _leaves(turn, readings[0], readings[-1], language):
            before = ""
        else:
            least = NEAR if at_least is None else at_least
            # A second entry is as likely after any that was told: it adds nothing.
            found = [passage for passage in _agreed(readings) if passage.score >= least][:1]
            turn.sources.by_before(found)
            return found
    if turn.intent in _NOT_OF_GOODS and _plainly(turn):
        before = ""
    alone = await search(asked, language, n, "", at_least)
    if not before or (alone and alone[0].score >= SURE):
        return alone
    together = await search(asked, language, n, before, at_least)
    nearest = max(alone, together, key=lambda found: found[0].score if found else 0.0)
    if nearest is together:
        turn.sources.by_before(together)
    return nearest


def _plainly(turn: Turn) -> bool:
    """Whether the wish that is answered is plain in its own words."""
    return any(wish.intent == turn.intent and wish.probability >= _PLAINLY for wish in turn.acts.wishes)


async def _leaves(
    turn: Turn, alone: Sequence[Passage], after_it: Sequence[Passage], language: Language
) -> bool:
    """Whether a message plainly asks of another subject than the entry told last: the general entry of what it asks is
    on another page, or is what its words alone find.

    Args:
        turn: of the message.
        alone: what is found by the message by itself.
        after_it: what is found in the light of that entry.
        language: of the pages.
    """
    told = next((one.page for one in after_it if one.title == turn.memory.topic), "")
    if turn.intent not in _OF_A_SUBJECT or not _plainly(turn):
        return False
    general = turn.say(_OF_A_SUBJECT[turn.intent])
    found = await turn.services.reader.search(general, language, 1, "", _GENERAL)
    if not found:
        return False
    by_itself = bool(alone) and alone[0].title == found[0].title != turn.memory.topic
    return by_itself or found[0].page != told


def _agreed(readings: Sequence[Sequence[Passage]]) -> list[Passage]:
    """What several readings of one question find, the best first. A short question may be about what was told, and may
    begin something else: the chance of each entry is the geometric mean of the two readings that think it likeliest,
    so that what the entry told last suggests alone counts little, or half of what the words alone say."""
    found: dict[tuple[str, str, str], list[Passage]] = {}
    alone: dict[tuple[str, str, str], float] = {
        (one.page, one.title, one.language): one.score for one in readings[0]
    }
    for reading in readings:
        for passage in reading:
            found.setdefault((passage.page, passage.title, passage.language), []).append(passage)
    agreed = []
    for entry, passages in found.items():
        best = sorted([*(one.score for one in passages), 0.0], reverse=True)[:2]
        chance = max(sqrt(best[0] * best[1]), _ALONE * alone.get(entry, 0.0))
        agreed.append(replace(passages[0], score=chance))
    return sorted(agreed, key=lambda one: -one.score)


def _said_before(turn: Turn, asked: str) -> str:
    """What the customer said before the words to be answered: in the same message, else the message before."""
    earlier, found, _ = turn.said.partition(asked)
    if found and earlier.strip():
        return earlier.strip()
    return turn.memory.before[-2] if len(turn.memory.before) > 1 else ""


def passage_text(turn: Turn, passage: Passage) -> str:
    """A passage for this customer, as a chat can hold it.

    An entry is said as the shop wrote it, of a long one the sentences that answer and then the rest.
    """
    text = passage.text.strip()
    if len(text) <= _SHORT or not passage.answer:
        return _in_language(turn, passage, shortened(text))
    rest = text
    for said in passage.answer.splitlines():
        rest = rest.replace(said, "\n", 1)
    rest = "\n".join(line.strip() for line in rest.splitlines() if line.strip())
    return _in_language(turn, passage, f"{passage.answer}\n\n{shortened(rest, _SHORT)}".strip())


def _in_language(turn: Turn, passage: Passage, text: str) -> str:
    turn.sources.passage(passage, text)
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
    """The first of some passages, and the second where both apply; of the entry that was told last just the sentences
    that answer now, or come nearest to it."""
    first, *others = found
    told = turn.memory.passage == _entry(first)
    text = _in_language(turn, first, first.answer) if told and first.answer else passage_text(turn, first)
    if told and not first.stated:
        text = turn.say("pages-not-stated", text=text)
        return Answer(text=text, buttons=turn.human, memory=having_told(turn, first))
    parts = [text] + [
        _in_language(turn, one, one.answer or shortened(one.text)) for one in others[:1] if one.score >= _BOTH
    ]
    return Answer(text="\n\n".join(parts), memory=having_told(turn, first))


def having_told(turn: Turn, passage: Passage, memory: Memory | None = None) -> Memory:
    """What is kept in mind, else of the turn's, once an entry was told: what is asked next in few words is of it."""
    kept = memory or turn.memory.settled()
    asked = turn.memory.topic_asked if turn.memory.topic == passage.title else turn.text[:_ASKED]
    return replace(kept, passage=_entry(passage), topic=passage.title, topic_asked=asked)


def _entry(passage: Passage) -> int:
    return crc32(f"{passage.page}\n{passage.title}".encode())


async def asked_on(turn: Turn) -> Answer | None:
    """What the pages say to a question that follows an entry of theirs; None where none was told, or none answers."""
    if not turn.memory.topic:
        return None
    found = await _passages(turn, None, 1, STILL if phrases.asks(turn.text) else SURE)
    return said_of(turn, found) if found else None


async def by_the_way(turn: Turn) -> Answer | None:
    """What the pages say to a question while the bot waits for something else, or has told all else that it knows; None
    where no entry states it."""
    if not phrases.asks(turn.text):
        return None
    found = await _passages(turn, None, 1, STILL if turn.memory.topic else SURE)
    return said_of(turn, found) if found and found[0].stated else None


async def more_of_told(turn: Turn) -> Answer | None:
    """What the entry told last says, in a sentence of its own, to what would else be asked of an order, but not
    plainly."""
    named = bool(turn.named(EntityKind.ORDER_NUMBER)) or order_asked.mine(turn.text)
    if not turn.memory.topic or named or _plainly(turn):
        return None
    found = await _passages(turn, None, 1, STILL if phrases.asks(turn.text) else SURE)
    of_it = [one for one in found if one.title == turn.memory.topic and one.stated and one.answer]
    return said_of(turn, of_it) if of_it else None


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
        ),
    ),
    Skill(name="store_info", only_tells=True, answer=answer, intents=("store_info",)),
    # Intents that only this shop has.
    Skill(name="own", answer=answer_own),
    Skill(name="account", only_tells=True, answer=answer, intents=("account_problem",)),
)
