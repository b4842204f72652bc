"""Numbers written as words."""

from __future__ import annotations

import re
from decimal import Decimal

DIGIT_ZH = "零〇一幺二两俩仨三四五六七八九"
FORMAL_ZH = "壹贰叁肆伍陆柒捌玖"
"""The digits as cheques have them, and people who hide a telephone number."""
NUMERAL_ZH = f"[{DIGIT_ZH}十百千万]"
_DIGITS_ZH = {c: i for i, c in enumerate("零一二三四五六七八九")} | {
    "两": 2,
    "俩": 2,
    "仨": 3,
    "〇": 0,
    "幺": 1,
    **{character: value for value, character in enumerate(FORMAL_ZH, start=1)},
}
UNITS_ZH = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_SCALES = {**UNITS_ZH, "k": 1000, "w": 10000}
_MIXED = re.compile(r"(\d+)([十百千万]?)")

_BELOW_TWENTY = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL_EN = {
    **{word: value for value, word in enumerate(_BELOW_TWENTY)},
    **{word: 10 * value for value, word in enumerate(_TENS, start=2)},
    "a": 1,
    "an": 1,
    "dozen": 12,
}
NUMERALS_EN = (*_BELOW_TWENTY[1:], *_TENS, "hundred", "thousand")
"""The words of which English numbers are made, without the article."""

_ORDINALS = ("first 一 1", "second 二 2", "third 三 3", "fourth 四 4", "fifth 五 5", "sixth 六 6")
PLACES = {word: place for place, words in enumerate(_ORDINALS) for word in words.split()}
"""What the places in a list are called, from 0."""
LAST = frozenset({"last", "最后"})


def chinese_number(text: str) -> int | None:
    """The value of a Chinese numeral up to 万, or None: 两百五 is 250, 一千二 is 1200."""
    total, section, digit, last_unit = 0, 0, 0, 1
    for character in text:
        if character in _DIGITS_ZH:
            digit = digit * 10 + _DIGITS_ZH[character] if last_unit == 0 else _DIGITS_ZH[character]
            if character in "零〇":
                last_unit = 1
        elif character in UNITS_ZH:
            unit = UNITS_ZH[character]
            if unit == 10000:
                total += (section + digit) * unit
                section = 0
            else:
                section += (digit or 1) * unit
            digit, last_unit = 0, unit
        else:
            return None
    return total + section + digit * (last_unit // 10 if last_unit >= 100 else 1)


def chinese_digits(text: str) -> str:
    """Chinese digits read out one by one, as Arabic ones; everything else is left out: 一三八 is 138."""
    return "".join(
        str(_DIGITS_ZH[c]) if c in _DIGITS_ZH else c for c in text if c in _DIGITS_ZH or c.isdigit()
    )


def english_number(text: str) -> int | None:
    """The value of an English numeral below a million, or None: "a hundred and fifty" is 150."""
    total, section = 0, 0
    words = text.lower().replace("-", " ").split()
    for place, word in enumerate(words):
        if word in ("a", "an") and words[place + 1 :] and words[place + 1] in _SMALL_EN:
            continue  # "a fifty quid rug"
        if word in _SMALL_EN:
            section += _SMALL_EN[word]
        elif word == "hundred":
            section = (section or 1) * 100
        elif word == "thousand":
            total, section = total + (section or 1) * 1000, 0
        elif word != "and":
            return None
    return total + section


def scaled(number: str, unit: str) -> Decimal:
    """Arabic digits and what follows them: 1.5 and 万 make 15000."""
    return Decimal(number.replace(",", "")) * _SCALES.get(unit.lower(), 1)


def mixed_number(text: str) -> int:
    """Arabic digits between Chinese units: 1千2百 is 1200, and so is 1千2."""
    total, unit = 0, 10
    for digits, written in _MIXED.findall(text):
        unit = UNITS_ZH[written] if written else unit // 10
        total += int(digits) * unit
    return total


def plain(value: Decimal) -> str:
    """A decimal string without an exponent and without zeros at the end of a fraction."""
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
