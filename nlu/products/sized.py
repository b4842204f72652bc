"""Sizes that a message names without a unit, such as 28, EU 42 or M, and which goods are stated to come in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from nlu.products import bodies, units

_LETTERS = r"(?:[2-6]?X{0,5}[SL]|M)"
_NUMBER = r"\d{2,3}(?:\.5)?"
_NAMED = re.compile(
    rf"(?<![\w.'’/+&-])(?P<letters>{_LETTERS})(?![\w'’&/-])"
    rf"|(?<![\w.,/+-])(?:(?:EU|UK|US)\s?)?(?P<number>{_NUMBER})(?![\w/:+]|[.,]\d)(?!\s?(?:{units.PATTERN}|[%°度块元镑欧天月号日点岁个件只周]))"
    rf"|(?<![A-Za-z\d.,/-])(?P<coded>{_NUMBER}|{_LETTERS})\s?码"
    r"|(?<=[\u4e00-\u9fff])(?P<behind>\d{3})(?![\w/:+]|[.,]\d)"
    r"|(?P<word>加大|特大|小|中|大)(?=[号码])|\b(?P<called>small|medium|large)\b"
)
_CALLED = {
    "SMALL": "S", "MEDIUM": "M", "LARGE": "L", "小": "S", "中": "M", "大": "L", "加大": "XL", "特大": "XXL",
}  # fmt: skip
_COUNTED = re.compile(
    r"\s?(?:[a-z]{1,20}s\b(?<!inches)|st\b|nd\b|rd\b|th\b|percent\b|degrees?\b|days?\b|minutes?\b|quid\b|pounds?\b|euros?\b|yuan\b)",
    re.IGNORECASE,
)
"""What behind a number is counted by it."""
_LABEL = re.compile(
    r"(?<!pack )\bsizes?\b|尺码|码数|鞋码|(?:"
    + "|".join(word for words in bodies.MEASURES.values() for word in words)
    + r")",
    re.IGNORECASE,
)
_ONE = re.compile(
    rf"(?:(?:EU|UK|US|欧码|size|鞋码)\s?){{0,3}}(?P<low>{_NUMBER}|{_LETTERS})(?:\s?[–—~～至到-]\s?(?P<high>{_NUMBER}))?"
    r"\s?(?:码|号|cm|厘米|mm|毫米)?(?:\s?[(（,，].*)?",
    re.IGNORECASE,
)

Span = tuple[str, str]
"""A size, or the first and the last of some."""


@lru_cache(256)
def named(text: str) -> tuple[str, ...]:
    """The sizes that a text may name, the first first: whether they are any is for the goods to tell."""
    found = []
    for match in _NAMED.finditer(text):
        letters = match["letters"]
        if letters is None and match["number"] and _COUNTED.match(text, match.end()):
            continue
        said = next(part for part in match.groups() if part).upper()
        found.append(_CALLED.get(said, said))
    return tuple(dict.fromkeys(found))


@lru_cache(8_192)
def stated(label: str, value: str) -> tuple[Span, ...]:
    """The sizes that a fact states."""
    match = _ONE.fullmatch(value) if _LABEL.search(f"{label} {value}") else None
    if match is None:
        return ()
    return ((match["low"].upper(), (match["high"] or match["low"]).upper()),)


def in_size(text: str, goods: Mapping[str, Sequence[tuple[str, str]]]) -> set[str]:
    """Of goods, with their facts by ids, those that aren't stated to come in other sizes than a text names.

    A number that none of them is stated to come in is no size.
    """
    kept = set(goods)
    for size in named(text):
        known = {one: [span for fact in goods[one] for span in stated(*fact)] for one in kept}
        meant = {one for one, spans in known.items() if any(_holds(span, size) for span in spans)}
        if meant:
            kept = {one for one in kept if one in meant or not any(_alike(s, size) for s in known[one])}
    return kept


def meets(text: str, facts: Sequence[tuple[str, str]]) -> bool:
    """Whether goods with some facts are stated to come in a size that a text names."""
    spans = [span for fact in facts for span in stated(*fact)]
    return any(_holds(span, size) for size in named(text) for span in spans)


def _alike(span: Span, size: str) -> bool:
    """Whether a size is written as a stated one is: 28 and EU 30, not 28 and M."""
    return span[0][0].isdigit() == size[0].isdigit()


def _holds(span: Span, size: str) -> bool:
    low, high = span
    if not (size[0].isdigit() and low[0].isdigit()):
        return size == low
    return Decimal(low) <= Decimal(size) <= Decimal(high)
