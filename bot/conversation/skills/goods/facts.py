"""What a question of a product's qualities is answered with: yes or no where the shop's facts settle it, and the fact.

A fact is found by its name, by the quality that the question asks about, by what it holds, or by meaning. What the
shop doesn't state is said to be not stated; of what may harm somebody nothing is concluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversation.skills import product_words, qualities, variants
from bot.conversation.skills.goods import values
from bot.conversation.skills.qualities import Fact, Quality
from bot.conversation.turn import Turn
from nlu.products.needs import Need
from nlu.types import Language
from storage.catalogue import Catalogue, Product

_MOST = 2
_SAID = 3
_LOOKED_AT = 24
SURE = 0.5
"""From this chance on a line is what answers a question …"""
PERHAPS = 0.3
"""… and from here on it may be that."""
_NEAREST = 12
ADDS = 0.1
"""So much has a line to be nearer to a question than the name alone."""
_HOLDS = frozenset({"capacity", "fits", "water", "battery", "heat", "load"})
"""Qualities of which more than is needed is enough …"""
_HOLDING = (
    "hold", "fit", "take", "carry", "support", "bear", "last", "keep", "stay",
    "装", "放", "撑", "承", "用", "坐", "防", "保",
)  # fmt: skip
"""… where this is asked."""
_UNDER_WATER = (
    "swim", "swimming", "dive", "diving", "underwater", "submerge", "游泳", "潜水", "泡", "水下", "水里",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What a question asks of a product."""

    facts: tuple[Fact, ...] = ()
    """Those that answer it; none: it isn't stated."""
    verdict: bool | None = None
    """None: it is no question of yes and no, or the facts don't settle it."""
    unguessed: bool = False
    """It is about what may harm somebody: all that is stated is shown, and nothing concluded."""
    words: str = ""
    """What is asked about, in the customer's words."""
    of_quality: bool = False
    """It is about something that goods have or haven't, whether or not it is stated."""
    sentence: str = ""
    """Of the description, where no attribute says it."""
    asks: bool = True
    """False: it asks nothing in particular."""
    guessed: bool = False
    """What answers it is only the nearest of what is written."""
    held: bool = False
    """The facts only hold a word of the question: it may ask something else of that."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read as the answer, with its chance: a fact, or a sentence of the description."""

    chance: float = 0.0
    fact: Fact | None = None
    sentence: str = ""


_NOTHING = _Read()


async def found(turn: Turn, product: Product, *, by_meaning: bool = True) -> Found:
    """What a message asks of a product, and what the shop states of it, by its words and by meaning, or not."""
    text = without_name(turn, product)
    told = qualities.facts_of(product, turn.language)
    asked = qualities.asked(text)
    content = _content(turn, text)
    named = tuple(dict.fromkeys((*_by_name(text, told), *_by_quality(asked, told))))
    held = _by_value(content, told)
    unguessed = [fact for fact in dict.fromkeys((*named, *held)) if fact.unguessed]
    if unguessed or any(quality.name in qualities.UNGUESSED for quality in asked):
        return Found(tuple(unguessed[:_MOST]), unguessed=True, words=_listed(turn, content))
    facts = list(dict.fromkeys((*named, *_by_number(text, told), *held)))
    if not (facts or asked or content):
        # "Is the cotton shirt cotton?" Nothing but words of the name is said.
        facts = [one for one in _by_value(_content(turn, turn.text), told) if not one.unguessed]
    read = await _read(turn, product, told) if by_meaning and not facts and (content or asked) else _NOTHING
    if read.chance >= SURE and read.fact is not None:
        facts = [read.fact]
    if any(fact.unguessed for fact in facts):
        return Found(tuple(facts[:1]), unguessed=True, words=_listed(turn, content))
    if not facts:
        if read.fact is not None:
            words = _listed(turn, content)
            return Found((read.fact,), unguessed=read.fact.unguessed, words=words, guessed=True)
        sentence = read.sentence or _sentence(turn, product, content)
        # What stands on the card is not said to be unknown.
        content = [word for word in content if not product_words.is_called(product, "", word)]
        asks = bool(content or asked)
        words = _listed(turn, content)
        guessed = bool(sentence) and sentence == read.sentence and read.chance < SURE
        return Found(sentence=sentence, asks=asks, of_quality=bool(asked), words=words, guessed=guessed)
    judged = await _judged(turn, product, text, facts, asked)
    return replace(
        judged, held=judged.verdict is None and not set(judged.facts).isdisjoint(held) and not named
    )


def without_name(turn: Turn, product: Product) -> str:
    """What a message says besides the name of a product."""
    own = set(product_words.latin(variants.title(product, "en").lower()))
    title, text = variants.title(product, "zh").lower(), turn.text.lower()
    # 音箱 is the end of 便携蓝牙音箱.
    said = (title[start:] for start in range(len(title) - 1))
    text = next((text.replace(end, " ") for end in said if end in text and not end.isascii()), text)
    return " ".join(word for word in text.split() if not own.intersection(product_words.latin(word)))


def _by_name(text: str, told: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts whose label or key stands in a text, the longest first."""
    hits = [
        (max(map(len, said)), fact)
        for fact in told
        if (said := [name for name in fact.names if len(name) > 1 and product_words.says(text, (name,))])
    ]
    most = max((length for length, _ in hits), default=0)
    return tuple(fact for length, fact in hits if length == most)


def _by_quality(asked: Sequence[Quality], told: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts of the qualities that are asked about, those of the one asked about most plainly first."""
    return tuple(dict.fromkeys(fact for quality in asked for fact in told if fact.has(quality)))


def _by_number(text: str, told: Sequence[Fact]) -> tuple[Fact, ...]:
    """The facts that a number or size in a text can be compared with."""
    return tuple(
        fact for fact in told if values.settles(text, fact.values, holds=True, asked=False) is not None
    )


def _by_value(content: Sequence[str], told: Sequence[Fact]) -> tuple[Fact, ...]:
    """Facts in whose value something stands that is asked about."""
    return tuple(
        fact for fact in told if any(product_words.says(value, content) for value in fact.values) and content
    )


async def _read(turn: Turn, product: Product, told: Sequence[Fact]) -> _Read:
    """What is likeliest to answer a message of all that is written of a product, where it may be that."""
    description = product.description(turn.language)
    lines = [*map(line_of, told), *([description] if description else [])]
    if not lines:
        return _NOTHING
    chances = await turn.services.reader.read_lines(turn.text, lines)
    chance, place = max(zip(chances, range(len(lines)), strict=True))
    if chance < PERHAPS:
        return _NOTHING
    if place < len(told):
        return _Read(chance, fact=told[place])
    return _Read(chance, sentence=description)


async def nearest(turn: Turn, product: Product) -> str:
    """The line of what is written of a product that a question is nearest to; empty where none is near."""
    if not qualities.in_question(turn.text):
        return ""
    spoken: Language = "zh" if turn.language == "zh" else "en"
    found = await turn.services.reader.search_goods(Need(said=turn.said), spoken, _NEAREST)
    return next((one.line for one in found or () if one.id == product.id and one.adds >= ADDS), "")


def line_of(fact: Fact) -> str:
    """An attribute as it is written for the search."""
    return f"{fact.label}: {fact.value}"


def _content(turn: Turn, text: str) -> list[str]:
    """What a text names that may stand in a value."""
    words = product_words.naming_words(replace(turn, text=text))
    return [word.lower() for word in words if len(word) > 1 and product_words.says(text, (word.lower(),))]


def _listed(turn: Turn, content: Sequence[str]) -> str:
    asking = {word for quality in qualities.QUALITIES for word in quality.asked}
    return turn.say("items-comma").join(
        [word for word in dict.fromkeys(content) if word not in asking][:_SAID]
    )


def _sentence(turn: Turn, product: Product, content: Sequence[str]) -> str:
    """The first sentence of a description in which something stands that is asked about."""
    parts = product.description(turn.language).replace("。", "。\n").replace(". ", ".\n").split("\n")
    return next((part.strip() for part in parts if product_words.says(part, content)), "")


async def _judged(
    turn: Turn, product: Product, text: str, facts: Sequence[Fact], asked: Sequence[Quality]
) -> Found:
    """The fact that settles a question, else the first of them."""
    names = {quality.name for quality in asked}
    if not qualities.is_open(turn.text):
        for fact in facts:
            verdict = await _verdict(turn, product, text, fact, names)
            if verdict is not None:
                return Found((fact,), verdict)
    return Found((facts[0],))


async def _verdict(turn: Turn, product: Product, text: str, fact: Fact, asked: set[str]) -> bool | None:
    own = [one.name for one in qualities.QUALITIES if fact.has(one)]
    holds = not _HOLDS.isdisjoint(own) and product_words.says(text, _HOLDING)
    number = values.settles(text, fact.values, holds=holds, asked=not asked.isdisjoint(own))
    if number is not None:
        return number
    said = values.stated(fact.values)
    if said is not None:
        return said
    kept_out = next(filter(None, map(values.water_class, fact.values)), "")
    if kept_out and "water" in asked:
        if product_words.says(text, _UNDER_WATER):
            return None if kept_out in ("under", "deep") else False
        return kept_out != "drops" or None
    called = {word for name in fact.names for word in (name, *name.split())}
    content = [
        word
        for word in _content(turn, turn.text)
        if word not in called and any(product_words.says(said, (word,)) for said in (text, *fact.values))
    ]
    if values.denies(turn.text.lower(), content, fact.values):
        return False
    if any(map(values.is_limited, fact.values)):
        return None
    if values.states(turn.text.lower(), content, fact.values):
        return True
    return await _ruled_out(turn, fact, content)


async def _ruled_out(turn: Turn, fact: Fact, content: Sequence[str]) -> bool | None:
    """False where other goods have what is asked about, and this has something else alone: linen is no cotton."""
    words = [*content, *qualities.words_for(fact.names, turn.text)]
    if not words or not all(map(values.is_single, fact.values)):
        return None
    others = await Catalogue(turn.connection).search(words, now=turn.now, limit=_LOOKED_AT)
    known = {value.lower() for other in others for value in variants.value_of(other.facts, fact.key)}
    different = known.difference(fact.values)
    return False if any(values.says_only(turn.text.lower(), value) for value in different) else None


def worded(turn: Turn, product: Product, answer: Found) -> str:
    """The verdict first, then the facts."""
    facts = turn.say("list-comma").join(_worded(turn, fact) for fact in answer.facts)
    name = product.name(turn.language)
    if answer.verdict is None:
        return turn.say("fact", facts=facts, name=name)
    verb = _verb(turn.text)
    return turn.say("fact-yes" if answer.verdict else "fact-no", verb=verb, facts=facts, name=name)


def not_guessed(turn: Turn, answer: Found) -> str:
    """What is stated of what may harm somebody, and that nothing is to be concluded of it."""
    facts = turn.say("list-comma").join(_worded(turn, fact) for fact in answer.facts)
    said = turn.say("fact-unguessed-of" if answer.words else "fact-unguessed", asked=answer.words)
    return f"{turn.say('fact-stated', facts=facts)}\n{said}" if facts else said


def _worded(turn: Turn, fact: Fact) -> str:
    kept_out = next(filter(None, map(values.water_class, fact.values)), "")
    value = f"{fact.value}{turn.say(f'water-{kept_out}')}" if kept_out else fact.value
    return turn.say("attribute", label=fact.label, value=value)


def _verb(text: str) -> str:
    """What a Chinese yes or no repeats of a question."""
    verbs = (("can", "能可会"), ("have", "有"))
    places = [(min((text.find(c) for c in all_ if c in text), default=-1), name) for name, all_ in verbs]
    return min(((place, name) for place, name in places if place >= 0), default=(0, "is"))[1]
