"""Values of options, such as a colour, a size or a volume: as people write them, and in the order that they expect."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

_OF_LITRES = ("ml", 1_000)
_OF_GRAMS = ("g", 1)
_UNITS: dict[str, tuple[str, int]] = {
    "ml": ("ml", 1), "毫升": ("ml", 1), "cl": ("ml", 10), "l": _OF_LITRES, "升": _OF_LITRES, "公升": _OF_LITRES,
    "litre": _OF_LITRES, "litres": _OF_LITRES, "liter": _OF_LITRES, "liters": _OF_LITRES,
    "g": _OF_GRAMS, "克": _OF_GRAMS, "gram": _OF_GRAMS, "grams": _OF_GRAMS, "kg": ("g", 1_000), "公斤": ("g", 1_000),
    "千克": ("g", 1_000), "kilo": ("g", 1_000), "kilos": ("g", 1_000), "斤": ("g", 500),
    "mm": ("mm", 1), "毫米": ("mm", 1), "cm": ("mm", 10), "厘米": ("mm", 10), "公分": ("mm", 10), "m": ("mm", 1_000),
    "米": ("mm", 1_000), "gb": ("gb", 1), "tb": ("gb", 1_024), "w": ("w", 1), "瓦": ("w", 1), "watt": ("w", 1),
    "watts": ("w", 1), "mah": ("mah", 1), "毫安时": ("mah", 1), "毫安": ("mah", 1), "inch": ("inch", 1),
    "inches": ("inch", 1), "英寸": ("inch", 1), "寸": ("inch", 1),
}  # fmt: skip
"""What a unit is called to the one that it is counted in, and how many of that it is."""
_MEASURE = re.compile(
    r"(?<![\d.])(\d{1,7}(?:\.\d{1,3})?)[\s-]?("
    + "|".join(sorted(_UNITS, key=len, reverse=True))
    + r")(?![a-z])"
)
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,3})?")
_LETTERS = re.compile(r"(?:(\d)x|(x{0,5}))(s|m|l)(?![a-z])")
_WORDS = {
    "nb": -9,
    "small": -1,
    "medium": 0,
    "large": 1,
    "小": -1,
    "均": 0,
    "中": 0,
    "大": 1,
    "加大": 2,
    "特大": 3,
}


def folded(words: str) -> str:
    """Words in which the same amount is always written the same way: 500 毫升, 0.5 L and ５００ml are 500ml."""
    return _MEASURE.sub(lambda match: f" {_amount(match)} ", _plain(words))


def amounts(words: str) -> Iterator[tuple[str, str]]:
    """Amounts with a unit as they are written, and as `folded` writes them."""
    for match in _MEASURE.finditer(_plain(words)):
        yield match[0], _amount(match)


def _plain(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold()


def _amount(match: re.Match[str]) -> str:
    unit, factor = _UNITS[match[2]]
    return f"{(Decimal(match[1]) * factor).normalize():f}{unit}"


def in_order(values: Iterable[str]) -> list[str]:
    """Each value once: sizes from small to large, numbers and amounts from little to much, others as they come."""
    once = list(dict.fromkeys(values))
    for rank in (size, _number):
        ranks = {value: rank(value) for value in once}
        if None not in ranks.values():
            return sorted(once, key=lambda value: ranks[value] or 0)
    return once


def size(value: str) -> Decimal | None:
    """Where a size such as XL stands from small to large; None where it is none."""
    words = _plain(value).strip()
    letters = _LETTERS.match(words)
    if letters is not None:
        extra = int(letters[1] or len(letters[2] or ""))
        return Decimal({"s": -1 - extra, "m": 0, "l": 1 + extra}[letters[3]])
    known = next(
        (rank for word, rank in sorted(_WORDS.items(), reverse=True) if words.startswith(word)), None
    )
    return None if known is None else Decimal(known)


def _number(value: str) -> Decimal | None:
    found = _NUMBER.match(folded(value).strip())
    return None if found is None else Decimal(found[0])


def without(name: str, parts: Sequence[str]) -> str:
    """A name without the parts that stand at its beginning or end as words of their own; itself if nothing is left."""
    left, before = name, None
    while left != before:
        before = left
        for part in sorted(filter(None, parts), key=len, reverse=True):
            left = _without_end(left, part)
    return left or name


def _without_end(name: str, part: str) -> str:
    low, end = name.casefold(), part.casefold()
    if len(low) != len(name) or len(low) <= len(end):
        return name
    if low.endswith(end) and not _joined(name[-len(end) - 1], part[0]):
        return name[: -len(end)].rstrip(_SEPARATORS)
    if low.startswith(end) and not _joined(part[-1], name[len(end)]):
        return name[len(end) :].lstrip(_SEPARATORS)
    return name


_SEPARATORS = " \u3000,，、;；:：-–—/|·("


def _joined(one: str, other: str) -> bool:
    """Whether two characters that follow each other are of one word, in a script that writes words apart."""
    return all(character.isascii() and character.isalnum() for character in (one, other))
