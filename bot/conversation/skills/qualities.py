"""What goods are asked about: their qualities, as customers and shops call them, and whether more or less is wanted."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

from bot.conversation import phrases
from bot.conversation.skills import product_words
from bot.shop.sizes import without_table
from storage.catalogue import Product, label_and_value

PRICE = "price"
VALUE = "value"
"""What a piece, 100 g or 100 ml cost."""
UNGUESSED = frozenset({"contents", "safety"})
"""What may harm somebody: nothing is concluded of it."""
_open = re.compile(
    r"\b(?:(?:what|how)(?:['’]?s)?(?! about)|which|where|when|who|why)\b"
    r"|什么|啥|多少|几|哪|怎么|多[大久重长高宽厚深远]|还是",
    re.IGNORECASE,
).search
"""A question that yes or no doesn't answer."""
_yes_or_no = re.compile(
    r"^\W*(?:can|could|will|would|should|is|are|was|do|does|did|has|have)\b(?!\s(?:you|i|we)\s(?:recommend|suggest|get))"
    r"|(?P<said>[\u4e00-\u9fff])不(?P=said)|[不没吗么][\s了啊呀吧?？]*$|没有[?？]*$",
    re.IGNORECASE,
).search
"""A question of yes or no, with or without its mark."""
_LESS = ("less", "least", "fewer", "lower", "lowest", "shorter", "shortest", "短", "少", "低", "小")
_MORE = ("最", "更", "再")
_HOW_MUCH = ("how ", "grams ", "多", "几")
_CHOOSING = ("which", "哪", "最")
_PICKING = (
    "which one", "which of", "which is", "which are", "which has", "which have", "which lasts",
    "哪个", "哪款", "哪一", "哪种更",
)  # fmt: skip
_superlative = re.compile(r"\b\w{3,}est\b|\bmost\b", re.IGNORECASE).search


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Something that goods have more or less of, or that is said of them."""

    name: str
    label: Sequence[str]
    """What shops call it."""
    asked: Sequence[str]
    """What customers ask for it with."""
    more: Sequence[str]
    less: Sequence[str]
    said: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By language: what has less of it is called, and what has more."""

    def is_called(self, names: Iterable[str]) -> bool:
        """Whether one of an attribute's names is one of this quality's."""
        return any(product_words.says(name, [word]) for name in names for word in self.label)


def _read() -> tuple[Quality, ...]:
    text = (resources.files(__package__) / "qualities.toml").read_text(encoding="utf-8")
    return tuple(Quality(name=name, **told) for name, told in tomllib.loads(text).items())


QUALITIES = _read()
_BY_NAME = {one.name: one for one in QUALITIES}


def named(name: str) -> Quality:
    """The quality of that name."""
    return _BY_NAME[name]


@dataclass(frozen=True, slots=True)
class Fact:
    """An option or attribute of a product."""

    key: str
    label: str
    value: str
    """In the customer's language, as far as it is known in it."""
    names: frozenset[str]
    """The key and the labels in both languages, folded."""
    values: tuple[str, ...]
    """In every language, folded."""

    def has(self, quality: Quality) -> bool:
        """Whether this is what the quality is called."""
        return quality.is_called(self.names)

    @property
    def unguessed(self) -> bool:
        """Whether nothing may be concluded of it."""
        return any(self.has(one) for one in QUALITIES if one.name in UNGUESSED)


def facts_of(product: Product, language: str) -> list[Fact]:
    """Options first, in the shop's order."""
    return [
        Fact(
            key,
            *shown,
            frozenset(
                {key.replace("_", " ").casefold(), *(str(pair[0]).casefold() for pair in faces.values())}
            ),
            tuple(str(pair[-1]).casefold() for pair in faces.values()),
        )
        for key, faces in without_table(product.facts).items()
        if (shown := label_and_value(faces, language)) is not None
    ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quality that goods are compared by, and whether more or less of it is wanted."""

    quality: Quality
    more: bool


def asked(text: str) -> list[Quality]:
    """The qualities that a text asks about, by the longest of its words for them."""
    found = [(_longest(text, (*one.asked, *one.label, *one.more, *one.less)), one) for one in QUALITIES]
    most = sorted(found, key=lambda pair: -pair[0])
    return [one for length, one in most if length]


def compared(text: str) -> list[Wanted]:
    """The qualities of whose comparatives a text has one, such as "lighter", the longest first."""
    if says_per_unit(text):
        # Cheaper by what one gets of it, whatever else is compared.
        return [Wanted(named(VALUE), False)]
    found: list[tuple[int, Wanted]] = []
    for one in QUALITIES:
        more, less = _longest(text, one.more), _longest(text, one.less)
        if more or less:
            found.append((max(more, less), Wanted(one, more >= less)))
    return [wanted for _, wanted in sorted(found, key=lambda pair: -pair[0])]


def says_per_unit(text: str) -> bool:
    """Whether a text compares what goods cost by how much there is in them."""
    return product_words.says(text, named(VALUE).asked)


def compares_worth(text: str) -> bool:
    """Whether a text asks what is cheaper by how much there is in it, by a unit or as the better value."""
    return product_words.says(text, (*named(VALUE).asked, *named(VALUE).less))


@dataclass(frozen=True, slots=True)
class Superlative(Wanted):
    """A quality of which most or least is wanted."""

    word: str
    """As the customer says it, without 最."""


def superlatives(text: str) -> list[Superlative]:
    """What a text wants most or least of, such as "lightest" or 最贵, the longest words first."""
    found = [
        (len(said), Superlative(one, more, said))
        for one in QUALITIES
        for words, more in ((one.more, True), (one.less, False))
        for word in words
        if (said := _superlative_of(text, word))
    ]
    return [one for _, one in sorted(found, key=lambda pair: -pair[0])]


def _superlative_of(text: str, word: str) -> str:
    if word.isascii():
        ways = (word,) if word.endswith("est") or word.startswith("best ") else (f"most {word}",)
        return next((way for way in ways if product_words.says(text, (way,))), "")
    bare = word.strip("最更").removesuffix("的")
    # "最大一点" is no word; what is only said of two is no superlative either.
    plain = not bare.endswith(("点", "些", "一号")) and not bare.startswith("哪")
    return bare if plain and f"最{bare}" in text else ""


def is_comparative(word: str) -> bool:
    """Whether a word only says that more or less of something is wanted: it names no goods."""
    return (word.isascii() or word[:1] in _MORE) and bool(compared(word))


def comparable(text: str) -> list[Wanted]:
    """The qualities that a text which compares goods asks about: by comparatives, else by any of their words."""
    less = product_words.says(text, _LESS)
    return compared(text) or [Wanted(one, not less and one.name != PRICE) for one in asked(text)]


def words_for(names: Iterable[str], text: str) -> list[str]:
    """The words of a text that ask about an attribute of these names."""
    own = (one for one in QUALITIES if one.is_called(names))
    return [word for one in own for word in one.asked if product_words.says(text, (word,))]


def asks_how_much(text: str) -> bool:
    """Whether a text asks in whole words how much of something goods have, and not what they cost: "多少克"."""
    asked_ = asked(text)
    words = (word for one in asked_ for word in one.asked if word.startswith(_HOW_MUCH))
    return all(one.name != PRICE for one in asked_) and product_words.says(text, words)


def chooses(text: str) -> bool:
    """Whether a text that compares asks which of several, or for the one that has most or least."""
    return product_words.says(text, _CHOOSING) or _superlative(text) is not None


def picks(text: str) -> bool:
    """Whether a text wants one of several to be picked out, and not to hear which there are."""
    return product_words.says(text, _PICKING)


def in_question(text: str) -> bool:
    """Whether a text is a question by its form."""
    return phrases.asks(text) or is_open(text) or _yes_or_no(text.strip()) is not None


def is_open(text: str) -> bool:
    """Whether yes or no would answer nothing."""
    return _open(text) is not None


def _longest(text: str, words: Iterable[str]) -> int:
    return max((len(word) for word in words if product_words.says(text, (word,))), default=0)
