"""Which entries of the shop's pages answer a message: by itself, in parts, or in the light of what is spoken of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

from bot.conversation import phrases, price_rules
from bot.conversation.read_message import parts_of
from bot.conversation.skills.page_places import asked_of, nearness, there_first
from bot.conversation.turn import Turn
from nlu.types import Language, Passage
from storage.orders import Orders

LOOKED_AT = 8
_ALONE = 0.4
_PLAINLY = 0.65
_PARTS = 4
OF_A_SUBJECT = {
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

_RULES = {
    name: f"rule-question-{rule}"
    for rule, names in {
        "refund_status": "refund_status refund",
        "late": "order_status delivery_time order_facts delivery_problem chase",
        "return": "return",
        "exchange": "exchange",
        "item_problem": "item_problem",
        "cancel_order": "cancel_order",
        "change_order": "change_items",
        "change_address": "change_address redirect",
        "invoice_request": "invoice",
        "repair": "repair",
    }.items()
    for name in names.split()
}
"""By what is wished of an order, its intent or its task: the bot's own question for the rules of that."""
_LATE, _UNSENT = "rule-question-late", "rule-question-unsent"
_NOT_SENT = ("placed", "paid", "packed")

SURE = 0.6
"""A passage that answers with this chance does so even when nothing else was understood."""
NEAR = 0.25
"""A passage with this chance goes before the general one of the intent, where a question is known to be one for the
pages.

Chances are those of `nlu.pages`; `docs/benchmarks.md` has what they are worth on shops that nothing was learned from.
"""
CERTAIN = 0.8
"""A passage with this chance answers what is no question, too."""
_THE_VERY_QUESTION = 0.95
"""With this chance its heading is what is asked."""
LIKELY = 0.41
"""A passage with this chance answers where nothing is known of a question."""
STILL = 0.3
"""A passage with this chance answers a question that follows an entry just told."""
GENERAL = 0.1
"""A passage for a question of the bot's own, which is one for the pages in any case."""
FAR = 0.03
"""A passage that is picked by what it says among those that may be about a question of the bot's own."""


async def passage_for(
    turn: Turn, question: str | None = None, at_least: float | None = None
) -> Passage | None:
    """The passage that answers the message best, if any does; the customer's own language first.

    `at_least` is the chance that it needs, in place of the model's own threshold.
    """
    return next(iter(await passages(turn, question, 1, at_least)), None)


async def passages(turn: Turn, question: str | None, n: int, at_least: float | None = None) -> list[Passage]:
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
    if question is not None:
        # The bot's own questions are ones for the pages.
        return [one for one in await _read(turn, asked) if one.score >= (at_least or GENERAL)][:n]
    before = said_before(turn, asked)
    if turn.memory.topic:
        contexts = dict.fromkeys(("", turn.memory.topic_asked, turn.memory.topic))
        readings = [await _read(turn, asked, context) for context in contexts]
        if await _leaves(turn, readings[0], readings[-1]):
            before = ""
        else:
            least = NEAR if at_least is None else at_least
            # A second entry is as likely after any that was told: it adds nothing.
            likely = [passage for passage in there_first(turn, _agreed(readings)) if passage.score >= least]
            # What is told already is told again, too, where no entry states what is asked.
            states = [one for one in likely if one.stated]
            found = (states or [one for one in likely if one.title == turn.memory.topic])[:1]
            turn.sources.by_before(found)
            return found
    if turn.intent in _NOT_OF_GOODS and plainly(turn):
        before = ""
    least = LIKELY if at_least is None else at_least
    alone = [one for one in await _read(turn, asked) if one.score >= least and stated(turn, one)][:n]
    if alone and alone[0].score >= SURE:
        return alone
    if not before:
        return alone
    together = [one for one in await _read(turn, asked, before) if one.score >= least and stated(turn, one)][
        :n
    ]
    nearest = max(alone, together, key=lambda found: found[0].score if found else 0.0)
    if nearest is together:
        turn.sources.by_before(together)
    return nearest


async def _read(turn: Turn, asked: str, before: str = "") -> list[Passage]:
    """What is found by a question after other words, the best first; of entries about places that of the place asked
    of."""
    language: Language = "zh" if turn.language == "zh" else "en"
    return there_first(turn, await turn.services.reader.search(asked, language, LOOKED_AT, before, 0.0))


def _asking_parts(text: str) -> list[str]:
    """The clauses of a text that ask, where it has several clauses: what is only said leads to the question."""
    parts = parts_of(text)
    asking = [part for part in parts if phrases.asks(part) or phrases.asks_a_favour(part)]
    return asking if 1 < len(parts) <= _PARTS else []


async def nearest(turn: Turn, at_least: float) -> Passage | None:
    """The entry that a message comes nearest to by its words, whether or not it states what is asked."""
    best = next(iter(await _read(turn, turn.text)), None) if turn.text.strip() else None
    if best is None or best.score < at_least:
        return None
    return price_rules.filled(turn.part, turn.services.decisions.policy, best)


async def of_parts(turn: Turn) -> list[Passage]:
    """What the clauses of a message that ask find, each by itself and for sure, in their order."""
    found: dict[tuple[str, str], Passage] = {}
    for part in _asking_parts(turn.text):
        best = next(iter(await _read(turn, part)), None)
        if best is not None and best.score >= SURE and stated(turn, best):
            found.setdefault((best.page, best.title), best)
    policy = turn.services.decisions.policy
    return [price_rules.filled(turn.part, policy, one) for one in found.values()]


async def sure_of_itself(turn: Turn, at_least: float) -> Passage | None:
    """The entry that answers a message by its own words, whatever was said before; None where none does."""
    found = await _read(turn, turn.text) if turn.text.strip() else []
    first = next((one for one in found if one.score >= at_least and one.stated), None)
    return None if first is None else price_rules.filled(turn.part, turn.services.decisions.policy, first)


async def of_the_spoken(turn: Turn, at_least: float) -> Passage | None:
    """The entry that answers a message in the light of what is spoken of: a refund, a parcel, what was asked of the
    shop; None where none does, or where nothing is spoken of that has a rule."""
    rule = await spoken_rule(turn)
    if not rule or not turn.text.strip():
        return None
    readings = [await _read(turn, turn.text, before) for before in ("", rule)]
    sure = [one for one in readings[0][:1] if one.score >= SURE]
    found = [*sure, *readings[1][:1], *_agreed(readings)]
    first = next((one for one in found if one.score >= at_least and one.stated), None)
    if first is None:
        return None
    turn.sources.by_before([first])
    return price_rules.filled(turn.part, turn.services.decisions.policy, first)


async def spoken_rule(turn: Turn) -> str:
    """The bot's own question for the rules of what was wished last; empty where it has none. Of an order that hasn't
    left yet it asks when it does."""
    last = next(iter(turn.memory.intents), "")
    filed = next((one.task for one in turn.memory.filed), "")
    names = (last, turn.skills.tasks_of.get(last, ""), filed)
    text_id = next((_RULES[name] for name in names if name in _RULES), "")
    if text_id == _LATE and turn.memory.order is not None:
        order = await Orders(turn.connection).get(turn.memory.order)
        text_id = _UNSENT if order is not None and order.status in _NOT_SENT else text_id
    return turn.part(text_id) if text_id else ""


def stated(turn: Turn, passage: Passage) -> bool:
    """Whether a sentence of it answers, it speaks of the place asked of, or its heading is the very question; across
    languages that can't be told."""
    known = passage.stated or of_the_place(turn, passage) or passage.score >= _THE_VERY_QUESTION
    return known or passage.language != turn.language


def of_the_place(turn: Turn, passage: Passage) -> bool:
    """Whether an entry speaks of the place that a message asks of."""
    place = asked_of(turn)
    return bool(place) and nearness(passage, place) is not None


def asked(turn: Turn) -> bool:
    """Whether a message plainly asks what a shop writes on its pages, and not of one order or product."""
    return any(wish.intent in OF_A_SUBJECT and wish.probability >= _PLAINLY for wish in turn.acts.wishes)


def plainly(turn: Turn) -> bool:
    """Whether the wish that is answered is plain in its own words: where it is read in its conversation, or, where no
    wish is, by those words alone."""
    if not turn.acts.wishes and turn.understanding is not None:
        return turn.understanding.intent == turn.intent and turn.understanding.probability >= _PLAINLY
    return any(wish.intent == turn.intent and wish.probability >= _PLAINLY for wish in turn.acts.wishes)


async def _leaves(turn: Turn, alone: Sequence[Passage], after_it: Sequence[Passage]) -> bool:
    """Whether a message plainly asks of another subject than the entry told last: the general entry of what it asks is
    on another page, or is what its words alone find.

    Args:
        turn: of the message.
        alone: what is found by the message by itself.
        after_it: what is found in the light of that entry.
    """
    told = next((one.page for one in after_it if one.title == turn.memory.topic), "")
    if turn.intent not in OF_A_SUBJECT or not plainly(turn):
        return False
    general = turn.say(OF_A_SUBJECT[turn.intent])
    found = [one for one in await _read(turn, general) if one.score >= GENERAL]
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


def said_before(turn: Turn, asked: str) -> str:
    """What the customer said before the words to be answered: in the same message, else the message before."""
    earlier, found, _ = turn.said.partition(asked)
    if found and earlier.strip():
        return earlier.strip()
    return turn.memory.before[-2] if len(turn.memory.before) > 1 else ""
