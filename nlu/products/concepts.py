"""What is looked for: a customer's words, each with the words that goods of that kind are described with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlu.products import lexicon
from nlu.products.needs import ANIMALS, Need

_PURPOSE = 0.7
_BESIDE_BEFORE = re.compile(
    r"(?:(?<!looking )(?<!searching )\bfor|\bfits?|\bon|\bin)\s(?:my|our|his|her|their|your|the)\s"
    r"(?:(?!(?:an?|the|some|who|that|and|to|i|we)\s)[^\s,.;!?]+\s){0,3}$"
    r"|(?:\b(?:i|we|he|she|they)\s(?:have|has|got|own|use)|\b(?:i|we|they)['’]ve|^got)\s"
    r"(?:(?!\b(?:need|want|look|like|just|only)\b)[^,.;!?])*$"
    r"|(?:[我他她]们?|家里|已经)有(?!没)[^,，。;；!！?？]{0,12}$",
    re.IGNORECASE,
)
"""What stands before goods that are there already, or that others are for."""
_BESIDE_AFTER = re.compile(r"(?:上|里)?(?:用|配)?的(?=[^\s,，。;；!！?？吗])")
_STATED_FOR = (*ANIMALS, "baby", "child")
"""Whom goods are stated to be for."""
_WISHED_BEFORE = re.compile(
    r"\b(?:needs?|wants?|wanted|looking for|searching for|buy|get|after|just)\s"
    r"(?:(?!(?:for|to|who|that|and|in|on|with)\s)[^\s,.;!?]+\s){0,4}$"
    r"|(?:求|想要|要|想买|买|想找|找|缺|来)[个件块款把点只条台副一]{0,2}[^,，。;；!！?？\s]{0,4}$",
    re.IGNORECASE,
)
"""What stands before goods that are wished for."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing wished for."""

    words: tuple[str, ...]
    """The customer's own."""
    kinds: tuple[str, ...] = ()

    @property
    def whom(self) -> bool:
        """Whether it is whom goods are for."""
        return bool(self.kinds) and self.kinds[0][0] == "@"

    @property
    def weight(self) -> float:
        """What it is for counts less than what it is."""
        return _PURPOSE if self.kinds and all(kind[0] in "~@" for kind in self.kinds) else 1.0

    @property
    def own(self) -> tuple[str, ...]:
        """Patterns of the customer's words; who is cold wants nothing cold, so purposes have none."""
        return tuple(lexicon.pattern(word) for word in self.words) if self.weight == 1.0 else ()

    @property
    def names(self) -> tuple[str, ...]:
        """All words that it goes by, the customer's own first."""
        return (*self.words, *(word.strip() for word in lexicon.goods_of(*self.kinds)))

    def met_in(self, text: str, *, own: bool = False) -> bool:
        """Whether a `lexicon.field` speaks of it; with `own`, in the customer's own words."""
        return any(word in text for word in self.own) or (
            not own and any(word in text for word in lexicon.goods_of(*self.kinds))
        )


def is_beside(one: Concept, said: str) -> bool:
    """Whether a sentence names something only as what the goods are for, go with or come with: for my kettle."""
    lower = said.lower()
    places = [place for word in one.words for place in _places(word.lower(), lower)]
    return bool(places) and all(
        _BESIDE_BEFORE.search(lower[:start]) or _BESIDE_AFTER.match(lower, end) for start, end in places
    )


def is_wished(one: Concept, said: str) -> bool:
    """Whether a sentence plainly wishes for something, and doesn't only name it."""
    lower = said.lower()
    return any(
        _WISHED_BEFORE.search(lower[:start])
        for word in one.words
        for start, _ in _places(word.lower(), lower)
    )


def _places(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a word stands in a text."""
    start = text.find(word) if word else -1
    while start >= 0:
        yield start, start + len(word)
        start = text.find(word, start + len(word))


@lru_cache(256)
def wanted(need: Need) -> tuple[Concept, ...]:
    """What a need asks for; goods for a pet or a child are looked for as such, too."""
    people = [f"@{one}" for one in _STATED_FOR if one in need.people]
    if need.child and not {"@baby", "@child"} & set(people):
        people += ["@baby", "@child"]
    named = set(lexicon.asks(need.said, "@"))
    found = [
        one
        for one in concepts(need.words, need.said)
        if not all(
            any(_form(word) != whom and _within(_form(word), whom) for whom in named) for word in one.words
        )
    ]
    found = [one for one in found if one.kinds or not all(_only_says(word, named) for word in one.words)]
    whom = Concept((), tuple(people))
    return (*found, *((whom,) if people else ()))


def concepts(words: Sequence[str], said: str = "") -> tuple[Concept, ...]:
    """What words, and the sentence in which they were said, ask for.

    A word of the lexicon brings the kinds that it asks for; of words within one another the longest counts.
    """
    asked = lexicon.asks(f"{said} {' '.join(words)}")
    # One Chinese character asks for something as a word of its own: 茶水间 asks for no 茶.
    asked = {
        one: kinds
        for one, kinds in asked.items()
        if one.isascii() or len(one) > 1 or any(word.endswith(one) for word in words)
    }
    triggers = sorted(asked, key=len, reverse=True)
    whole = [
        one
        for at, one in enumerate(triggers)
        if one in words or not any(_within(one, longer) for longer in triggers[:at])
    ]
    found: dict[tuple[str, ...], list[str]] = {}
    for trigger in whole:
        found.setdefault(tuple(sorted(asked[trigger])), []).append(trigger)
    named = [Concept(tuple(sorted(own)), kinds) for kinds, own in sorted(found.items())]
    rest = [word for word in words if not any(_within(_form(word), one) for one in whole)]
    return (*named, *(Concept((word,)) for word in dict.fromkeys(rest)))


def _only_says(word: str, named: set[str]) -> bool:
    """Whether a word only says whom or what occasion goods are for: a little present, 小礼物; 猫粮 says more."""
    form = _form(word)
    return form in named or any(
        not one.isascii() and 1 < len(one) >= len(form) - 1 and one in form for one in named
    )


def _form(word: str) -> str:
    return " ".join(lexicon.forms(word)) if word.isascii() else word.lower()


def _within(word: str, longer: str) -> bool:
    return f" {word} " in f" {longer} " if word.isascii() else word in longer
