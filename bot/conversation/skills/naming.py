"""Which goods a text names: the whole name before parts of it, and the thing itself before what only describes it.

"Bluetooth speaker" is no Bluetooth earbuds: a name's last word says what the thing is, those before it which one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.conversation.skills import product_words, variants
from bot.conversation.turn import Turn
from storage.catalogue import Catalogue, Product, each_once

_LOOKED_AT = 40
_PIECES = 12
"""Stretches of a message that are looked at each for itself; what comes after them is one more."""
_HEAD = 0.5
"""What the word that says what a thing is counts besides."""
_CHARACTER = 0.5
"""What a Chinese character counts where a Latin word counts 1."""
_PLAINLY = 2.0
"""From here on a name is said whatever else the message points at."""
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_BUILDS = frozenset(["a", "an", "the", "of", "for", "in", "with", "and", "or", "on", "to", "by", "from"])
_besides = re.compile(r"\s(?:for|with|in|of|without|from)\s")
_JOINTS = frozenset(
    (",", "，", "、", ";", "；", "+", "&", "and", "or", "vs", "vs.", "versus", "plus", "with", "than", "to",
     "还是", "或者", "以及", "和", "跟", "与", "加", "或", "比", "对比")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a message that stands between words that join goods, and the goods that it names."""

    text: str
    products: tuple[Product, ...] = ()
    """Of each line of goods one; of several, which the words fit equally, it is open which is meant."""
    plain: bool = False
    """They are named with more than the one word that many things are called."""
    thing: bool = False
    """It says what they are, and not only which ones."""


def line(product: Product) -> str:
    """What the variants of a product share."""
    return product.group_id or product.id


async def parts(turn: Turn) -> list[Part]:
    """The stretches of a message between words that join goods; one where no two of them name different goods."""
    each = await pieces(turn)
    lines = {frozenset(map(line, part.products)) for part in each if part.products}
    return each if len(lines) > 1 else [await named(turn, turn.text)]


async def pieces(turn: Turn) -> list[Part]:
    """All stretches of a message between words that join goods; "glass pitcher or porcelain" names two pitchers."""
    found: list[Part] = []
    for piece in _pieces(turn):
        part, spoken = replace(turn, text=piece), found[-1].products if found else ()
        version = await variants.other_of(part, spoken[0]) if len(spoken) == 1 else None
        own = await named(turn, piece)
        other = version is not None and version.id != spoken[0].id and not own.thing
        found.append(Part(piece, (version,)) if version is not None and other else own)
    return found


def joins(turn: Turn) -> bool:
    """Whether a message joins goods, or sets one beside another, in words."""
    words = turn.understanding.words if turn.understanding is not None else ()
    return any(word.lower() in _JOINTS and word.isalpha() for word in words)


def _pieces(turn: Turn) -> Iterator[str]:
    start = at = pieces = 0
    for word in turn.understanding.words if turn.understanding is not None else ():
        place = turn.text.find(word, at)
        at = place + len(word) if place >= 0 else at
        if place >= 0 and pieces < _PIECES and word.lower() in _JOINTS:
            yield turn.text[start:place]
            start, pieces = at, pieces + 1
    yield turn.text[start:]


async def named(turn: Turn, text: str) -> Part:
    """The goods that a stretch of a message names best; none where it only says what may describe many."""
    part = replace(turn, text=text)
    words = [word for word in product_words.search_words(part) if word in text or word not in turn.text]
    if not product_words.naming_words(part) or not words:
        return Part(text)
    found = await Catalogue(turn.connection).search(words, now=turn.now, limit=_LOOKED_AT)
    said = [(*_said(turn, product, text), product) for product in each_once(found)]
    most = max((strength + of_version for strength, of_version, _, _ in said), default=0.0)
    best = [
        (thing, product) for strength, of_version, thing, product in said if strength + of_version == most > 0
    ]
    things = tuple(product for thing, product in best if thing)
    plain = max(
        (strength for strength, _, thing, product in said if thing and product in things), default=0.0
    )
    item = turn.told("item")
    alone = len(best) == 1 and bool(item) and most >= 1
    products = things or (
        tuple(product for _, product in best) if alone or (item and most >= _PLAINLY) else ()
    )
    return Part(text, products, plain=plain > _PLAINLY, thing=bool(things))


def strength(turn: Turn, product: Product) -> float:
    """How well a message names a product, with what tells its variants apart."""
    return sum(_said(turn, product, turn.text)[:2])


def _said(turn: Turn, product: Product, text: str) -> tuple[float, float, bool]:
    """How much of a product's name a text says, how much besides of what tells its variants apart, and whether the
    thing itself."""
    return max(_in_name(turn, product, text, language) for language in ("zh", "en"))


def _in_name(turn: Turn, product: Product, text: str, language: str) -> tuple[float, float, bool]:
    words = turn.understanding.words if turn.understanding is not None else ()
    title, version = variants.title(product, language), variants.version(product, language)
    if _CHINESE.search(title):
        said, thing = _in_chinese(title, text.lower(), words, turn.told("item"))
        return said, _CHARACTER * sum(map(len, _shared(version.lower(), text.lower()))), thing
    said, thing = _in_latin(title, text)
    return said, _words_of(version, text), thing


def _words_of(version: str, text: str) -> float:
    own = set(product_words.latin(version.lower())).intersection(product_words.latin(text.lower()))
    return sum(len(word) > 1 and not word.isdecimal() for word in own)


def _in_latin(name: str, text: str) -> tuple[float, bool]:
    own = [word for word in product_words.latin(name.lower()) if word not in _BUILDS]
    said = set(product_words.latin(text.lower()))
    # Brush heads for a toothbrush are no toothbrush.
    first = _besides.split(name.lower())[0]
    things = product_words.latin(first) or own
    thing = bool(things) and things[-1] in said
    return sum(len(word) > 1 for word in said.intersection(own)) + _HEAD * thing, thing


def _in_chinese(name: str, text: str, words: Sequence[str], item: str) -> tuple[float, bool]:
    own = name.lower()
    shared = list(_shared(own, product_words.with_other_names(text)))
    # 伞 and 茶 are things, too.
    alone = own[-1] in words and own[-1] in item
    thing = alone or (bool(shared) and own.endswith(shared[-1]))
    return _CHARACTER * (sum(map(len, shared)) or alone) + _HEAD * thing, thing


def _shared(name: str, text: str) -> Iterator[str]:
    """The stretches of at least two characters that a name shares with a text, in the order of the name."""
    start = 0
    while start < len(name):
        end = start
        while end < len(name) and name[start : end + 1] in text:
            end += 1
        if end - start > 1 and _CHINESE.search(name[start:end]):
            yield name[start:end]
        start = max(end, start + 1)
