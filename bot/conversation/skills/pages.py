"""Questions about how the shop works, answered from its own pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from zlib import crc32

from bot.conversation import phrases
from bot.conversation.answer import Answer, HandOver
from bot.conversation.memory import Memory
from bot.conversation.skills import order_asked, page_or_goods
from bot.conversation.skills.page_search import (
    CERTAIN,
    FAR,
    GENERAL,
    LIKELY,
    LOOKED_AT,
    NEAR,
    OF_A_SUBJECT,
    STILL,
    SURE,
    asked,
    nearest,
    of_parts,
    of_the_place,
    of_the_spoken,
    passage_for,
    passages,
    plainly,
    said_before,
    stated,
    sure_of_itself,
)
from bot.conversation.turn import Skill, Turn
from nlu.acts import Act
from nlu.types import EntityKind, Passage

__all__ = [
    "FAR", "NEAR", "SKILLS", "STILL", "SURE", "answer", "answer_own", "asked", "asked_on", "before", "besides",
    "by_the_way", "entry_that_says", "general", "having_told", "in_place_of", "likely", "may_be_about", "more_of_told",
    "of_a_request", "passage_for", "passage_text", "said_of", "shortened", "stated", "surely", "that_says",
]  # fmt: skip
_LONGEST = 700
_SHORT = 350
"""Characters up to which an entry is said as it stands, and of a longer one what follows the sentence that answers."""
_ASKED = 200
_TOLD = 2
"""Entries that are told at once."""
_NEVER = 2.0
_GOODS = frozenset(
    {"product_question", "stock_question", "price_question", "product_search", "recommend_request"}
)
"""What may be read of a question that the pages answer: it names goods, or words that goods are found by."""
_OF_GOODS = frozenset({"product_question", "stock_question", "price_question", "product_compare"})
_SHOW_GOODS = frozenset({"search", "recommend"})
"""Skills whose answers do nothing but keep what was shown."""
_ENDS = {"；": "。", ";": "."}
_BOTH = 0.3
"""From this chance on a second entry is said beside the first: both apply."""


async def likely(turn: Turn, question: str, n: int, at_least: float) -> list[Passage]:
    """The entries in the customer's language that are nearest to a question of the bot's own."""
    return [one for one in await passages(turn, question, n, at_least) if one.language == turn.language]


async def may_be_about(turn: Turn, at_least: float) -> list[Passage]:
    """Entries that a message may be about, by its own words, the likeliest first."""
    return await passages(turn, turn.text, LOOKED_AT, at_least)


async def that_says(turn: Turn, question: str, says: Callable[[Passage], bool]) -> str:
    """The nearest of the entries that may be about a question of the bot's own and that say such a thing, for this
    customer; empty where there is none."""
    passage = await entry_that_says(turn, question, says)
    return "" if passage is None else passage_text(turn, passage)


async def entry_that_says(
    turn: Turn, question: str, says: Callable[[Passage], bool], at_least: float = FAR
) -> Passage | None:
    """As `that_says`, the entry itself, of which nothing is said yet."""
    return next((one for one in await passages(turn, question, LOOKED_AT, at_least) if says(one)), None)


def passage_text(turn: Turn, passage: Passage) -> str:
    """A passage for this customer, as a chat can hold it.

    An entry is said as the shop wrote it, of a long one the sentences that answer and then the rest.
    """
    text = passage.text.strip()
    if passage.placed:
        return _in_language(turn, passage, passage.answer)
    if len(text) <= _SHORT or not passage.answer:
        return _in_language(turn, passage, shortened(text))
    rest = text
    for said in passage.answer.splitlines():
        rest = rest.replace(said, "\n", 1)
    rest = "\n".join(line.strip() for line in rest.splitlines() if line.strip())
    return _in_language(turn, passage, f"{passage.answer}\n\n{shortened(rest, _SHORT)}".strip())


def _in_language(turn: Turn, passage: Passage, text: str) -> str:
    text = "\n".join(
        f"{line[:-1]}{_ENDS.get(line[-1], line[-1])}" if line else "" for line in text.splitlines()
    )
    turn.sources.passage(passage, text)
    if passage.language == turn.language:
        return text
    return f"{turn.say('pages-other-language')}\n{text}"


def _sentence(line: str) -> str:
    """A line as a sentence: what stands before a semicolon on a page is cut off there, or begins behind one."""
    return f"{line[:1].upper()}{line[1:-1]}{_ENDS.get(line[-1], line[-1])}" if len(line) > 1 else line


def shortened(text: str, longest: int = _LONGEST) -> str:
    """A passage as a chat can hold it: whole sentences up to a length."""
    text = text.strip()
    if len(text) <= longest:
        return text
    cut = text[:longest]
    end = max(cut.rfind(mark) for mark in ("。", "！", "？", ". ", "\n"))
    return cut[: end + 1].strip() if end > longest // 3 else f"{cut.rstrip()}…"


async def general(turn: Turn, question: str) -> Passage | None:
    """What answers a question of the bot's own that stands for the customer's: their words, by themselves or with those
    before, may be answered by that entry, too: what they ask may be of that kind, and nothing that is written. What is
    plainly to be done goes by its rule, in whatever words."""
    likely = await passages(turn, question, LOOKED_AT)
    found = next(iter(likely), None)
    to_be_done = turn.intent in turn.skills.tasks_of and plainly(turn)
    if found is None or turn.chosen or to_be_done or not turn.text.strip() or found.placed:
        return found
    if (there := next((one for one in likely if of_the_place(turn, one)), None)) is not None:
        return there
    contexts = dict.fromkeys(("", said_before(turn, turn.text), turn.memory.topic))
    search = turn.services.reader.search
    own = [await search(turn.text, found.language, LOOKED_AT, context, 0.0) for context in contexts]
    # What names its subject may be said in words that are near to no entry, only to the page.
    by_page = turn.intent in OF_A_SUBJECT
    for near in own:
        its = [one for one in near if _entry(one) == _entry(found)]
        states = [one for one in (near if by_page else its) if one.stated and one.page == found.page]
        if sum(one.score for one in states) >= GENERAL:
            return found
    plain = {
        _entry(one)
        for near in own
        for one in near
        if one.score >= NEAR and (turn.memory.topic or stated(turn, one))
    }
    return next((one for one in likely if _entry(one) in plain), None)


async def answer(turn: Turn) -> Answer:
    """The page's words, or an honest "I don't know" with a person behind it."""
    found = await passages(turn, None, _TOLD, NEAR)
    if not found or found[0].score < SURE:
        found = await of_parts(turn) or found
    if not found:
        passage = await general(turn, turn.say(f"page-question-{turn.intent}"))
        found = [] if passage is None else [passage]
    if found:
        return said_of(turn, found)
    unknown = Answer(
        text=turn.say("pages-unknown"), buttons=turn.human, memory=turn.memory.settled(), tells_nothing=True
    )
    return await _all_that_is_said(turn) or unknown


async def _all_that_is_said(turn: Turn) -> Answer | None:
    """The entry that a question is surely about though none of its sentences answers, as all that is said of it."""
    found = await nearest(turn, SURE)
    if found is None:
        return None
    text = turn.say("pages-not-stated", text=passage_text(turn, found))
    # Who asks on hears all of it, once it answers.
    memory = replace(having_told(turn, found), passage=turn.memory.passage)
    return Answer(text=text, buttons=turn.human, memory=memory, lacks=True)


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
        _in_language(turn, one, one.answer or shortened(one.text)) for one in others if one.score >= _BOTH
    ]
    return Answer(text="\n\n".join(parts), memory=having_told(turn, first))


def having_told(turn: Turn, passage: Passage, memory: Memory | None = None) -> Memory:
    """What is kept in mind, else of the turn's, once an entry was told: what is asked next in few words is of it."""
    kept = memory or turn.memory.settled()
    first = turn.memory.topic_asked if turn.memory.topic == passage.title else turn.text[:_ASKED]
    return replace(kept, passage=_entry(passage), topic=passage.title, topic_asked=first)


def _entry(passage: Passage) -> int:
    return crc32(f"{passage.page}\n{passage.title}".encode())


async def asked_on(turn: Turn) -> Answer | None:
    """What the pages say to a question that follows an entry of theirs; None where none was told, or none answers."""
    if not turn.memory.topic:
        return None
    found = await passages(turn, None, 1, STILL if phrases.asks(turn.text) else SURE)
    return said_of(turn, found) if found else None


async def by_the_way(turn: Turn) -> Answer | None:
    """What the pages say to a question while the bot waits for something else, or has told all else that it knows; None
    where no entry states it."""
    if not phrases.asks(turn.text):
        return None
    found = await passages(turn, None, 1, STILL if turn.memory.topic else SURE)
    return said_of(turn, found) if found and stated(turn, found[0]) else None


async def before(turn: Turn, answer: Answer, at_least: float, question: str = "") -> Answer | None:
    """An answer that asks something, and before it what the pages state, else in general to a question of the bot's own
    that stands for the message; None where they state nothing."""
    passage = await passage_for(turn, at_least=at_least)
    if passage is None and question:
        passage = await general(turn, question)
    if passage is None:
        return None
    text = f"{passage_text(turn, passage)}\n\n{answer.text}"
    memory = having_told(turn, passage, answer.memory)
    return replace(answer, text=text, memory=memory, lacks=False, tells_nothing=False)


def surely(turn: Turn) -> float:
    """The chance from which an entry answers though something else does, too: what is no question has to be nearer."""
    return SURE if phrases.asks(turn.text) else CERTAIN


async def in_place_of(turn: Turn, answer: Answer, *, told_before: bool = False) -> Answer | None:
    """What the pages say in place of an answer that tells nothing, only what comes nearest, or what was told before;
    None where they don't state it."""
    if answer.effects or answer.hand_over is not None:
        return None
    if told_before and _questions(turn):
        passage = await of_the_spoken(turn, SURE)
        return said_of(turn, [passage]) if passage is not None else None
    if _asks_which_is_meant(answer):
        found = await passages(turn, None, 1, LIKELY) if await _rather_of_pages(turn) else []
        return said_of(turn, found) if found and stated(turn, found[0]) else None
    if not (answer.lacks or answer.tells_nothing):
        return None
    # After a request was made "any news?" is asked of that, whatever was said before it.
    alone = turn.text if turn.memory.filed else None
    found = await passages(turn, alone, 1, NEAR if answer.tells_nothing else surely(turn))
    return said_of(turn, found) if found and stated(turn, found[0]) else None


def _asks_which_is_meant(answer: Answer) -> bool:
    return (
        answer.memory is not None
        and answer.memory.pending is not None
        and answer.memory.pending.kind == "clarify"
    )


async def _rather_of_pages(turn: Turn) -> bool:
    chance = await page_or_goods.of_pages(turn)
    return chance is not None and chance >= page_or_goods.RATHER


def _questions(turn: Turn) -> bool:
    """Whether a message asks something, be it in the form of a request for it."""
    return phrases.asks(turn.text) or phrases.asks_a_favour(turn.text)


async def besides(turn: Turn, skill: Skill, answer: Answer, *, named: bool) -> Answer | None:
    """What the pages surely state to a question that was taken for one of an order or of goods: below what is told of
    the order that is spoken of or `named`, in place of what is told of goods; None where they don't."""
    asks_back = answer.memory is not None and answer.memory.pending is not None
    files = bool(answer.effects) and skill.name not in _SHOW_GOODS
    does = files or answer.hand_over is not None or answer.tells_nothing or asks_back
    may_be_else = skill.about_order or not _GOODS.isdisjoint(skill.intents)
    if does or not (skill.only_tells and may_be_else) or turn.memory.topic:
        return None
    if skill.about_order and not _questions(turn):
        return None
    own = turn.order_number or order_asked.of_an_own_order(turn.text) or order_asked.mine(turn.text)
    memory = answer.memory or turn.memory
    spoken = turn.memory.order is not None and turn.memory.order == memory.order
    wished = any(wish.intent == turn.intent for wish in turn.acts.wishes)
    beside = skill.about_order and (named or own or spoken or not wished or plainly(turn))
    passage = await sure_of_itself(turn, CERTAIN if beside else await _sure_enough(turn, skill))
    if passage is None or _entry(passage) == memory.passage:
        return None
    if not beside:
        return said_of(turn, [passage])
    told = _in_language(turn, passage, passage.answer or shortened(passage.text))
    if told in answer.text:
        return None
    memory = replace(memory, passage=_entry(passage), said=(*memory.said, answer.mark))
    return replace(answer, text=f"{answer.text}\n\n{told}", memory=memory)


async def _sure_enough(turn: Turn, skill: Skill) -> float:
    """The chance from which an entry answers what was taken for a question about goods: little where the message is
    rather for the pages."""
    if skill.about_order:
        return SURE
    if len(turn.text) < len(turn.said):
        return _NEVER  # a part of a message leans on the rest: "and what do they cost"
    rather = await page_or_goods.of_pages(turn)
    if rather is None:
        # What a product on the screen states is the answer; where it states nothing the pages were asked before.
        of_the_shown = skill.name == "product" and bool(turn.memory.product or turn.memory.products)
        plain = turn.intent in _OF_GOODS and plainly(turn)
        return _NEVER if of_the_shown or not _questions(turn) else CERTAIN if plain else SURE
    return NEAR if rather >= page_or_goods.RATHER else _NEVER


async def of_a_request(turn: Turn) -> Answer | None:
    """What the pages say to a question that follows what was asked of the shop: it is answered rather than kept for
    people. None where it tells more of that, or may ask how that stands, or no entry states it."""
    if turn.acts.slots or turn.does(Act.WITHDRAWS) or turn.surely(Act.ASKS_STATE) or not _questions(turn):
        return None
    told = None if turn.does(Act.ASKS_STATE) else await by_the_way(turn)
    if told is not None:
        return told
    passage = await of_the_spoken(turn, SURE)
    return said_of(turn, [passage]) if passage is not None else None


async def more_of_told(turn: Turn) -> Answer | None:
    """What the entry told last says, in a sentence of its own, to what would else be asked of an order or of goods;
    where that is plain, only if the entry answers for certain."""
    named = bool(turn.named(EntityKind.ORDER_NUMBER)) or order_asked.mine(turn.text)
    if not turn.memory.topic or named:
        return None
    asks, plain = phrases.asks(turn.text), plainly(turn)
    if plain and not asks:
        return None
    found = await passages(turn, None, 1, CERTAIN if plain else STILL if asks else SURE)
    of_it = [one for one in found if one.title == turn.memory.topic and one.stated and one.answer]
    return said_of(turn, of_it) if of_it else None


async def answer_own(turn: Turn) -> Answer:
    """An intent that the shop taught: its page if one is named like it, else any that answers; else a person."""
    found = await passages(turn, None, LOOKED_AT)
    named = [passage for passage in found if passage.page == turn.intent]
    passage = next(iter(named or found), None)
    if passage is None:
        return Answer(memory=turn.memory.settled(), hand_over=HandOver(reason="own_intent"))
    return said_of(turn, [passage])


SKILLS = (
    Skill(
        name="policy",
        only_tells=True,
        of_rules=True,
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
