"""How old somebody is, as a message tells it: three and a half, 一岁八个月, turning 4."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlu.entities.numerals import NUMERAL_ZH, chinese_number, english_number
from nlu.products import bodies, units

_AGES_EN = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
_AGE = re.compile(
    rf"""(?<![\d.])(?P<n>\d{{1,3}}|{NUMERAL_ZH}{{1,3}}|半)\s?(?P<unit>个多?月(?!内)|月龄|个月大|周岁|岁|-?\s?(?:month|mo)s?[-\s]?(?:old)|-?\s?(?:year|yr)s?[-\s]?old|\s?y/?o\b)
    | \b(?P<word>{_AGES_EN})
      [-\s](?P<en>month|year)s?[-\s]old
    | (?:['’]s|\bis)\s(?:only\s|just\s|now\s)?(?P<since>\d{{1,2}})[\s-](?P<of>month|year)s?\b
    | \b(?:turns|turning|aged?|(?:s?he|they)(?:['’]s|\sis|['’]re|\sare)(?:\sonly|\snow)?)
      \s(?P<years>\d{{1,2}}|{_AGES_EN})\b(?P<y>\s?(?:months?|mo|weeks?)\b)?(?!\s?(?:%|{units.PATTERN}|kilos?|stone|feet|foot|ft|size|元|块))""",
    re.IGNORECASE | re.VERBOSE,
)
_OVER = re.compile(
    rf"\s?(?:and\s)?(?:(?P<n>\d{{1,2}}|{NUMERAL_ZH}{{1,3}})\s?(?:个多?月|months?\b)|半|a\shalf\b)",
    re.IGNORECASE,
)
"""What is over whole years."""


def read(text: str, told: Sequence[str] = ()) -> int | None:
    """The age that a text tells first, in months; `told` are stretches of it that are known to be one."""
    for match in _AGE.finditer(text):
        if match["word"]:
            number, unit = english_number(match["word"]), match["en"].lower()
        elif match["since"]:
            number, unit = int(match["since"]), match["of"].lower()
        elif match["years"]:
            years, unit = match["years"], "month" if match["y"] else "year"
            number = int(years) if years.isdigit() else english_number(years)
        elif match["n"] == "半":
            if "月" in match["unit"]:
                # So long something lasts, and nobody is so old.
                continue
            return 6
        else:
            number = int(match["n"]) if match["n"].isdigit() else chinese_number(match["n"])
            unit = match["unit"].lower()
        if number is not None:
            months = "month" in unit or "月" in unit or unit.strip(" -").startswith("mo")
            return number if months else number * 12 + _months_over(text[match.end() :])
    said = bodies.hidden(text)
    digits = next((one.strip() for one in told if one.strip().isdigit() and one in said), "")
    return int(digits) * 12 if digits and int(digits) < 120 else None


def hidden(text: str) -> str:
    """A text without the ages that it tells, of the same length."""
    return _AGE.sub(lambda match: "," * len(match.group()), text)


def _months_over(text: str) -> int:
    """The months that a text begins with, behind years: eight of 一岁八个月, six of three and a half."""
    match = _OVER.match(text)
    if match is None:
        return 0
    said = match["n"]
    return 6 if not said else (int(said) if said.isdigit() else chinese_number(said)) or 0
