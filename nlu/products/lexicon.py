"""What kinds of goods are called and good for, and who people are: general words of trade, of no one shop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nlu.datafiles import read_table

_LATIN = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
_LONGEST = 4
"""Latin words of an entry at most."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of goods or people, the words that ask for it, and the words that goods of it are described with."""

    asked: frozenset[str]
    goods: tuple[str, ...]
    """Patterns."""
    free: tuple[str, ...] = ()
    """What goods without it are called."""


def forms(text: str) -> tuple[str, ...]:
    """The Latin words of a text in lower case and in the singular, in order."""
    return tuple(singular(word) for word in _LATIN.findall(text.lower().replace("'s", "")))


def field(text: str) -> str:
    """A text as `pattern` looks into it."""
    return f" {' '.join(forms(text))} | {text.lower()}"


def pattern(word: str) -> str:
    """What stands in a `field` that says a word: a Chinese word anywhere, Latin ones as words of their own."""
    return f" {' '.join(forms(word))} " if word.isascii() else word.lower()


def asks(text: str, prefix: str = "") -> dict[str, tuple[str, ...]]:
    """The words of a text that ask for kinds, and the kinds' names, of those whose name begins with a prefix.

    Without a prefix they are kinds of goods, of which `~` are what goods are for; `@` are of people, `!` of what goods
    touch, `%` of diets, whose goods are what is not eaten.
    """
    lower, lexicon = text.lower(), _lexicon()
    latin = forms(lower)
    runs = {
        " ".join(latin[start : start + length])
        for length in range(1, _LONGEST + 1)
        for start in range(len(latin) - length + 1)
    }
    found = {run: lexicon.latin[run] for run in runs if run in lexicon.latin}
    found |= {word: names for word, names in lexicon.chinese if word in lower}
    kept = {
        word: tuple(name for name in names if (name.startswith(prefix) if prefix else name[0] not in "@!%"))
        for word, names in found.items()
    }
    return {word: names for word, names in kept.items() if names}


def said_of(text: str, prefix: str = "") -> frozenset[str]:
    """Names of the kinds that a text asks for."""
    return frozenset(name for names in asks(text, prefix).values() for name in names)


def asked_of(name: str) -> frozenset[str]:
    """The words that ask for a kind."""
    return _lexicon().kinds[name].asked


def goods_of(*names: str) -> tuple[str, ...]:
    """Patterns of the words that goods of some kinds are described with."""
    kinds = _lexicon().kinds
    return tuple(dict.fromkeys(word for name in names for word in kinds[name].goods))


def free_of(*names: str) -> tuple[str, ...]:
    """Words by which it is stated that goods are free of some kinds; of all kinds, where none is named."""
    kinds = _lexicon().kinds
    asked = tuple(word for name in names for word in sorted(kinds[name].asked))
    return (*asked, *(word for name in names or kinds for word in kinds[name].free))


def other_names(word: str) -> tuple[str, ...]:
    """What goods are called besides, in the same script: of kinds that are asked for by all that goods are called."""
    return _lexicon().names.get(word, ())


def names_in(text: str) -> list[str]:
    """The Chinese names in a text, in small letters, of goods that go by several."""
    return [name for name in _lexicon().names if not name.isascii() and name in text]


@dataclass(frozen=True, slots=True)
class _Lexicon:
    kinds: dict[str, Kind]
    latin: dict[str, tuple[str, ...]]
    chinese: tuple[tuple[str, tuple[str, ...]], ...]
    names: dict[str, tuple[str, ...]]
    """To each of the names of goods that go by several the others."""


@cache
def _lexicon() -> _Lexicon:
    rows = read_table(Path(__file__).with_name("lexicon.tsv"), ["kind"])
    kinds, owners = {}, dict[str, dict[str, None]]()
    for row in rows:
        asked = frozenset(filter(None, row["asked"].split("|")))
        kinds[row["kind"]] = Kind(
            asked,
            tuple(pattern(word) for word in row["goods"].split("|") if word),
            tuple(filter(None, row["free"].split("|"))),
        )
        for word in asked:
            # The singular and the plural ask for it once.
            owners.setdefault(" ".join(forms(word)) if word.isascii() else word, {})[row["kind"]] = None
    return _Lexicon(
        kinds,
        {word: tuple(names) for word, names in owners.items() if word.isascii()},
        tuple((word, tuple(names)) for word, names in owners.items() if not word.isascii()),
        _names(rows),
    )


def _names(rows: Iterable[Mapping[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        asked, goods = ({word.lower() for word in row[part].split("|")} for part in ("asked", "goods"))
        for word in asked if asked == goods and row["kind"][0].isalpha() else ():
            found[word] = tuple(
                sorted(asked_ for asked_ in asked - {word} if asked_.isascii() == word.isascii())
            )
    return found


def singular(word: str) -> str:
    """A Latin word in lower case without the ending of the plural; hoodies and berries end alike here, in y."""
    if len(word) > 4 and word.endswith(("ies", "ie")):
        return f"{word.removesuffix('s')[:-2]}y"
    if len(word) > 4 and word.endswith("es") and word[-3] in "xsh":
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
