"""What is looked for: a customer's words, each with the words that goods of that kind are described with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from nlu.products import lexicon
from nlu.products.needs import ANIMALS, Need

_PURPOSE = 0.7
_STATED_FOR = (*ANIMALS, "baby", "child")
"""Whom goods are stated to be for."""


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
        if one.kinds or not all(_form(word) in named for word in one.words)
    ]
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


def _form(word: str) -> str:
    return " ".join(lexicon.forms(word)) if word.isascii() else word.lower()


def _within(word: str, longer: str) -> bool:
    return f" {word} " in f" {longer} " if word.isascii() else word in longer
