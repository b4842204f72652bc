"""Units in which goods are measured, as people and shops write them, and what each is counted in."""

from __future__ import annotations

from decimal import Decimal

_WRITTEN = (
    ("mm", "1", "mm millimetres millimetre millimeters millimeter 毫米"),
    ("mm", "10", "cm centimetres centimetre centimeters centimeter 厘米 公分"),
    ("mm", "1000", "m metres metre meters meter 米"),
    ("mm", "25.4", "inches inch 英寸 ″"),
    ("ml", "1", "ml millilitres millilitre milliliters milliliter 毫升"),
    ("ml", "10", "cl"),
    ("ml", "1000", "l litres litre liters liter 升 公升"),
    ("g", "1", "g grams gram grammes gramme 克"),
    ("g", "1000", "kg kgs kilograms kilogram kilos kilo 公斤 千克"),
    ("g", "500", "斤"),
    ("m²", "1", "m² m2 sqm sq\\sm sq\\smetres square\\smetres square\\smeters 平方米 平米 平方 平(?!均)"),
    ("v", "1", "v volts volt 伏"),
    ("ah", "1", "ah amp\\shours 安时"),
    ("ah", "0.001", "mah 毫安时 毫安"),
    ("w", "1", "w watts watt 瓦"),
    ("w", "1000", "kw kilowatts kilowatt 千瓦"),
    ("db", "1", "db decibels decibel 分贝"),
    ("lm", "1", "lm lumens lumen 流明"),
    ("gb", "1", "gb"),
    ("gb", "1024", "tb"),
    ("person", "1", "people persons person guests servings portions 人份 个人 人 位"),
)
_UNITS = {
    word.replace("\\s", " ").split("(")[0]: (unit, Decimal(times))
    for unit, times, words in _WRITTEN
    for word in words.split()
}
EXACT = frozenset({"v"})
"""Of what is counted in these, another quantity doesn't do instead: 18 volts are no 12."""
FITTED = frozenset({"mm", "g"})
"""Of what is counted in these a span is what something fits: 134 to 143 cm is for nobody of 127 cm."""
PATTERN = "|".join(
    f"{word}(?![a-z0-9])" if word[0].isascii() else word
    for word in sorted({one for *_, words in _WRITTEN for one in words.split()}, key=len, reverse=True)
)
"""Matches each of them, the longest first; to be compiled without regard to case."""


def counted(written: str) -> tuple[str, Decimal]:
    """What a unit, as `PATTERN` matched it, is counted in, and how many of that it is."""
    return _UNITS[" ".join(written.lower().split())]
