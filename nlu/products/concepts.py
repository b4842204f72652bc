"""What is looked for, as concepts: a customer's words, each with the words that goods of that kind are described with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nlu.products import lexicon
from nlu.products.needs import Need

_PURPOSE = 0.45
_STATED_FOR = ("cat", "dog", "pet", "baby", "child")
"""Whom goods are stated to be for."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One thing wished for."""

    words: tuple[str, ...]
    """The customer's own."""
    kinds: tuple[str, ...] = ()

    @property
    def weight(self) -> float:
        """What it is for counts less than what it is."""
        return _PURPOSE if self.kinds and all(kind[0] == "~" for kind in self.kinds) else 1.0

    @property
    def own(self) -> tuple[str, ...]:
        """Patterns of the customer's words."""
        return tuple(lexicon.pattern(word) for word in self.words)

    @property
    def names(self) -> tuple[str, ...]:
        """All words that it goes by, the customer's own first."""
        return (*self.words, *(word.strip() for word in lexicon.goods_of(*self.kinds)))

    def met_in(self, text: str, *, own: bool = False) -> bool:
        """Whether a `lexicon.field` speaks of it; with `own`, in the customer's own words."""
        return any(word in text for word in self.own) or (
            not own and any(word in text for word in lexicon.goods_of(*self.kinds))
        )


def wanted(need: Need) -> tuple[Concept, ...]:
    """What a need asks for; goods for a pet or a child are looked for as such, too."""
    people = [f"@{one}" for one in _STATED_FOR if one in need.people]
    if need.child and not {"@baby", "@child"} & set(people):
        people += ["@baby", "@child"]
    named = {trigger for trigger in lexicon.asks(need.said, "@")}
    found = [
        one for one in concepts(need.words, need.said) if one.kinds or not all(_form(word) in named for word in one.words)
    ]
    whom = Concept((need.recipient,) if need.recipient else tuple(sorted(named)) or ("",), tuple(people))
    return (*found, *((whom,) if people else ()))


def concepts(words: Sequence[str], said: str = "") -> tuple[Concept, ...]:
    """What words, and the sentence in which they were said, ask for.

    A word of the lexicon brings the kinds that it asks for; of words within one another the longest counts.
    """
    asked = lexicon.asks(f"{said} {' '.join(words)}")
    triggers = sorted(asked, key=len, reverse=True)
    whole = [one for at, one in enumerate(triggers) if not any(_within(one, longer) for longer in triggers[:at])]
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
