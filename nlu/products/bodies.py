"""Measures of somebody's body that a message tells: height, weight, chest, waist, hips, feet, and the size of shoes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

MEASURES: Mapping[str, tuple[str, ...]] = {
    "height": ("height", "body height", "身高"),
    "weight": ("weight", "body weight", "体重"),
    "chest": ("chest", "bust", "胸围"),
    "waist": ("waist", "腰围"),
    "hips": ("hips", "hip", "臀围"),
    "foot": ("foot length", "foot", "feet", "脚长", "脚"),
    "head": ("head circumference", "head size", "head", "头围"),
}
"""What each is called; centimetres, of weight kilograms."""
WORN = "worn"
"""The size of shoes that is worn."""
_N = r"(?P<n>\d{2,3}(?:\.\d{1,2})?)"
_UNIT = r"(?P<unit>cm|厘米|公分|in\b|inch(?:es)?|\"|kg|kgs|kilos?|公斤|千克|斤|lbs?|pounds)?"
_IS = r"(?:['’]s)?(?:\s?(?:是|有|大概|about|is|are|of|measures|:|：|,|，|=|around)){0,3}\s?"
ROOM = {"foot": (Decimal(10), Decimal(16))}
"""By how much the inside of shoes is to be longer than the foot, at least and at most, millimetres."""
INSIDE = {"foot": ("inner", "inside", "insole", "内长")}
"""What shops call the inside of what is worn."""
_WORDS = "|".join(sorted((word for words in MEASURES.values() for word in words), key=len, reverse=True))
_NAMED = re.compile(rf"(?P<name>{_WORDS}){_IS}(?<!\d){_N}\s?{_UNIT}(?![\d.])", re.IGNORECASE)
_AFTER = re.compile(rf"(?<![\d.]){_N}\s?(?:cm|厘米)\s(?P<name>chest|bust|waist|hips?|feet|foot)\b", re.I)
_TALL = re.compile(rf"(?<![\d.]){_N}\s?(?:cm\s)?tall\b", re.I)
_SAID_ZH = re.compile(
    r"(?P<m>[一两二])米(?P<tens>[一二三四五六七八九])(?P<ones>[一二三四五六七八九])?(?![十百])"
)
_SAID = re.compile(r"(?<![\d.])(?P<m>[12])米(?P<n>\d{1,2})(?![\d.])")
_DIGITS = "零一二三四五六七八九"
_METRES = re.compile(r"(?<![\d.])1(?:\s?米\s?|\.(?=\d{1,2}\s?(?:m\b|米)))(?P<n>\d{1,2})(?!\d)", re.I)
_FEET = re.compile(r"(?<!\d)(?P<feet>[4-6])\s?(?:'|’|ft|foot|feet)\s?(?P<n>\d{1,2})?\s?(?:\"|”|in\b)?", re.I)
_BOTH = re.compile(
    r"(?<![\d.])(?P<n>1[2-9]\d|2[01]\d)\s?(?:cm|厘米)?\s?[/／、]\s?(?P<kg>\d{2,3})(?![\d.])\s?(?:kg|公斤)?"
)
_HEIGHT = re.compile(r"(?<![\d.])(?P<n>1[2-9]\d|2[01]\d)\s?(?:cm|厘米|公分)(?![a-z])", re.I)
_MASSES = re.compile(rf"(?<![\d.]){_N}\s?(?P<unit>kg|kgs|kilos?|公斤|千克|斤|lbs?|pounds)(?![a-z])", re.I)
_SHOE = re.compile(
    r"\b(?:EU|eur|size|wear)\s?(?:a\s)?(?P<n>3[3-9]|4[0-9])(?:\.5)?(?!\s?(?:cm|kg|\d))|(?<!\d)(?P<zh>3[3-9]|4[0-9])码",
    re.I,
)
_COUNTED = re.compile(
    r"\d{2,3}(?:\.\d{1,2})?\s?(?:cm|kgs?|厘米|公分|公斤|千克|斤|lbs?|码)?(?![a-z])", re.IGNORECASE
)
_TIMES = {
    "斤": Decimal("0.5"),
    "lb": Decimal("0.4536"),
    "lbs": Decimal("0.4536"),
    "pounds": Decimal("0.4536"),
}
_INCH = Decimal("2.54")
_FOOT = 12


def read(text: str) -> dict[str, float]:
    """The measures that a text tells, by the names of `MEASURES`, and `worn`."""
    found: dict[str, Decimal] = {}
    rest = text
    for name, value, (start, end) in named(text):
        found.setdefault(name, value)
        rest = rest[:start] + " " * (end - start) + rest[end:]
    both = _BOTH.search(rest)
    if both is not None and not {"height", "weight"} & set(found):
        found |= {"height": Decimal(both["n"]), "weight": Decimal(both["kg"])}
        rest = _without(rest, both)
    for name, pattern in (("height", _HEIGHT), ("height", _METRES), ("weight", _MASSES)):
        alone = pattern.search(rest) if name not in found else None
        if alone is not None:
            metres = Decimal(100) + Decimal(alone["n"].ljust(2, "0")) if pattern is _METRES else None
            found[name] = metres or _value(alone["n"], alone.groupdict().get("unit"))
            rest = _without(rest, alone)
    feet = _FEET.search(rest) if "height" not in found else None
    if feet is not None:
        found["height"] = (Decimal(feet["feet"]) * _FOOT + Decimal(feet["n"] or 0)) * _INCH
        rest = _without(rest, feet)
    shoe = _SHOE.search(rest)
    if shoe is not None:
        found[WORN] = Decimal(shoe["n"] or shoe["zh"])
    return {name: float(round(value, 1)) for name, value in found.items()}


def named(text: str) -> list[tuple[str, Decimal, tuple[int, int]]]:
    """The measures that a text calls by their names, and where they stand in it."""
    found, rest = list[tuple[str, Decimal, tuple[int, int]]](), text
    for match in _NAMED.finditer(text):
        found.append((_called(match["name"]), _value(match["n"], match["unit"]), match.span()))
        rest = _without(rest, match)
    for match in _AFTER.finditer(rest):
        found.append((_called(match["name"]), Decimal(match["n"]), match.span()))
    for match in _TALL.finditer(rest):
        found.append(("height", Decimal(match["n"]), match.span()))
    return found


def in_centimetres(text: str) -> str:
    """A text with metres and what is over as people say them, 1米27 and 一米二七, in centimetres."""
    said = _SAID_ZH.sub(
        lambda match: f"{_digit(match['m'])}米{_digit(match['tens'])}{_digit(match['ones'] or '零')}", text
    )
    return _SAID.sub(lambda match: f"{match['m']}{match['n'].ljust(2, '0')}厘米", said)


def hidden(text: str) -> str:
    """A text without the measures that it calls by their names, of the same length: they are no sums."""
    for _, _, (start, end) in named(text):
        text = text[:start] + "," * (end - start) + text[end:]
    return text


def _digit(character: str) -> int:
    return 2 if character == "两" else _DIGITS.index(character)


def without(text: str) -> str:
    """A text without its numbers of two digits and more with what they count: they name no goods."""
    return _COUNTED.sub(" ", text)


def _called(word: str) -> str:
    """What a measure is called here."""
    return next(name for name, words in MEASURES.items() if word.lower() in words)


def _value(number: str, unit: str | None) -> Decimal:
    written = (unit or "").lower()
    if written.startswith(("in", '"')):
        return Decimal(number) * _INCH
    return Decimal(number) * _TIMES.get(written, Decimal(1))


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]}{';' * len(match.group())}{text[match.end() :]}"
